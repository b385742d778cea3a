"""The running totals that a hold counts in: a purse for each scope and period, by the day it was placed."""

from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain import ChannelId, GuildId, HoldId, JobId, Member, Micros, Period, Purse, Scope

_EVER = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Money set aside for a job, and the days that decide its purses."""

    id: HoldId
    job_id: JobId
    bearer: Scope
    member: Member
    channel_id: ChannelId
    guild_day: date
    utc_day: date
    amount_micros: Micros


def starts_on(period: Period, day: date) -> date:
    """The first day of the period that `day` lies in; weeks begin on Monday."""
    match period:
        case Period.DAY:
            return day
        case Period.WEEK:
            return day - timedelta(days=day.weekday())
        case Period.MONTH:
            return day.replace(day=1)
        case Period.TOTAL:
            return _EVER


def of_member(member: Member, period: Period, day: date) -> Purse:
    """The purse of one member of one guild."""
    return Purse(
        scope=Scope.MEMBER,
        scope_id=f"{member.guild_id}:{member.user_id}",
        period=period,
        starts_on=starts_on(period, day),
    )


def of_guild(guild_id: GuildId, period: Period, day: date) -> Purse:
    """The purse of a whole guild."""
    return Purse(scope=Scope.GUILD, scope_id=str(guild_id), period=period, starts_on=starts_on(period, day))


def of_installation(period: Period, day: date) -> Purse:
    """The purse of the whole installation."""
    return Purse(scope=Scope.INSTALLATION, scope_id="", period=period, starts_on=starts_on(period, day))


def of_hold(held: Hold, bearer: Scope) -> list[Purse]:
    """Every purse that carries a hold: the bearer's, and the installation's always."""
    own = house(held) if bearer is Scope.HOUSE else shared(held)
    return own + [of_installation(period, held.utc_day) for period in Period]


def shared(held: Hold) -> list[Purse]:
    """The purses of the member, the channel and the guild."""
    day = held.guild_day
    ids = (
        (Scope.MEMBER, f"{held.member.guild_id}:{held.member.user_id}"),
        (Scope.CHANNEL, str(held.channel_id)),
        (Scope.GUILD, str(held.member.guild_id)),
    )
    return [
        Purse(scope=scope, scope_id=scope_id, period=period, starts_on=starts_on(period, day))
        for scope, scope_id in ids
        for period in Period
    ]


def house(held: Hold) -> list[Purse]:
    """The purses of the house."""
    return [
        Purse(scope=Scope.HOUSE, scope_id="", period=period, starts_on=starts_on(period, held.utc_day))
        for period in Period
    ]
