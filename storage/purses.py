"""Purses: whose money is counted, in which periods, and which of them a hold counts in."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from bot.domain import (
    NOTHING_MICROS,
    ChannelId,
    GuildId,
    HoldId,
    JobId,
    Member,
    Micros,
    Period,
    Scope,
)

EPOCH = date(1970, 1, 1)
_EPOCH_ORDINAL = EPOCH.toordinal()

Key = tuple[str, int, int]
"""Whose purse it is: scope, scope id, user id."""

INSTALLATION: Key = (Scope.INSTALLATION.value, 0, 0)
HOUSE: Key = (Scope.HOUSE.value, 0, 0)

_MEMBER, _CHANNEL, _GUILD = Scope.MEMBER.value, Scope.CHANNEL.value, Scope.GUILD.value


@dataclass(frozen=True, slots=True)
class GrantPart:
    """What one grant carries of a hold."""

    grant_id: int
    amount_micros: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Money set aside for a job, and the days that decide its purses, for ever.

    `granted_micros` of it is carried by grants, the rest by the member's own budget.
    """

    id: HoldId
    job_id: JobId
    bearer: Scope
    member: Member
    channel_id: ChannelId
    guild_day: date
    utc_day: date
    amount_micros: Micros
    granted_micros: Micros = NOTHING_MICROS

    @property
    def own_micros(self) -> int:
        """What the member's own budget carries of it."""
        return self.amount_micros - self.granted_micros


def to_day(day: date) -> int:
    """A date as the database keeps it: days since 1970."""
    return day.toordinal() - _EPOCH_ORDINAL


def from_day(day: int) -> date:
    """A kept day as a date."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


@lru_cache(maxsize=1_024)
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
            return EPOCH


@lru_cache(maxsize=1_024)
def ends_on(period: Period, day: date) -> date | None:
    """The first day after the period that `day` lies in; None where there is no end."""
    begun = starts_on(period, day)
    match period:
        case Period.DAY:
            return begun + timedelta(days=1)
        case Period.WEEK:
            return begun + timedelta(days=7)
        case Period.MONTH:
            return (begun + timedelta(days=32)).replace(day=1)
        case Period.TOTAL:
            return None


def member_key(member: Member) -> Key:
    """Whose purse a member's is."""
    return (_MEMBER, member.guild_id, member.user_id)


def guild_key(guild_id: GuildId) -> Key:
    """Whose purse a guild's is."""
    return (_GUILD, guild_id, 0)


def channel_key(channel_id: ChannelId) -> Key:
    """Whose purse a channel's is."""
    return (_CHANNEL, channel_id, 0)


def grant_key(grant_id: int) -> Key:
    """Whose purse a grant's is."""
    return (Scope.GRANT.value, grant_id, 0)
