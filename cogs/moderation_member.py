"""`/moderation member` and its rule of strikes: what moderators do about members."""

from datetime import timedelta

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from bot.domain import FaultKind, Member, UserId
from bot.errors import ChangeRefused
from bot.language import _, ngettext
from bot.moderation.people import REASON_CHARS_MAX, Discipline, Measure, People, Sanction
from bot.quoting import shortened, whole_lines
from cogs import people_words
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.choices import CHOICE_NAME_UNITS_MAX, CHOICES_MAX
from cogs.presses import member_of

HOURS_MAX = 24 * 30
DAYS_MAX = 3650
TEXT_UNITS_MAX = 4_000
"""Of one message; what was done longest ago is left out."""

Reason = Range[str, 1, REASON_CHARS_MAX]
Days = Range[int, 1, DAYS_MAX]

_WHOM = locale_str("Whom")
_WHY = locale_str("Why; the member reads it")
_DAYS = locale_str("For how many days; until it is lifted if you leave this out")


def add_members(group: app_commands.Group, people: People) -> None:
    """Add `member` with its subcommands, and `strikes`."""
    member = app_commands.Group(name="member", description="Warn, strike, block and more", parent=group)
    _acts(member, people)
    _looks(member, people)
    _rule(group, people)


def _acts(group: app_commands.Group, people: People) -> None:
    @group.command(name="warn", description="Warn a member; nothing follows from it by itself")
    @app_commands.describe(member=_WHOM, reason=_WHY)
    async def warn(interaction: Interaction, member: discord.User, reason: Reason) -> None:
        await _sanction(interaction, people, member, Measure.WARNING, reason)

    @group.command(name="strike", description="Strike a member; several lead to a cool-down, then to a block")
    @app_commands.describe(member=_WHOM, reason=_WHY)
    async def strike(interaction: Interaction, member: discord.User, reason: Reason) -> None:
        await acknowledge(interaction)
        whom = _whom(interaction, member)
        struck = await people.strike(whom, by=member_of(interaction).user_id, reason=reason)
        told = ngettext(
            "{member} has a strike: {n} counts now.", "{member} has a strike: {n} count now.", struck.strikes
        ).format(member=f"<@{whom.user_id}>", n=struck.strikes)
        if struck.led_to is not None:
            told = f"{told}\n{people_words.line(struck.led_to, for_moderators=True)}"
        await answer(interaction, said(told))

    @group.command(name="cooldown", description="Take no orders of a member for some hours")
    @app_commands.describe(member=_WHOM, hours=locale_str("For how many hours"), reason=_WHY)
    async def cooldown(
        interaction: Interaction, member: discord.User, hours: Range[int, 1, HOURS_MAX], reason: Reason
    ) -> None:
        await _sanction(interaction, people, member, Measure.COOLDOWN, reason, timedelta(hours=hours))

    @group.command(name="block", description="Keep a member from ordering and from this bot's buttons")
    @app_commands.describe(member=_WHOM, reason=_WHY, days=_DAYS)
    async def block(
        interaction: Interaction, member: discord.User, reason: Reason, days: Days | None = None
    ) -> None:
        await _sanction(interaction, people, member, Measure.BLOCK, reason, _days(days))

    @group.command(name="probation", description="Have a moderator look at all that a member orders")
    @app_commands.describe(member=_WHOM, reason=_WHY, days=_DAYS)
    async def probation(
        interaction: Interaction, member: discord.User, reason: Reason, days: Days | None = None
    ) -> None:
        await _sanction(interaction, people, member, Measure.PROBATION, reason, _days(days))


def _looks(group: app_commands.Group, people: People) -> None:
    @group.command(name="lift", description="End a sanction of a member before its time")
    @app_commands.describe(member=_WHOM, sanction=locale_str("Which; choose it from the list"))
    async def lift(interaction: Interaction, member: discord.User, sanction: str) -> None:
        await acknowledge(interaction)
        by = member_of(interaction)
        del member  # narrows the list; what is lifted is the sanction
        lifted = await people.lift(sanction, guild_id=by.guild_id, by=by.user_id)
        told = _("Lifted for {member}: {what}.").format(
            member=f"<@{lifted.user_id}>", what=people_words.measure(lifted.measure)
        )
        await answer(interaction, said(told))

    @lift.autocomplete("sanction")
    async def sanctions(interaction: Interaction, typed: str) -> list[Choice[str]]:
        user = getattr(interaction.namespace, "member", None)
        if user is None:
            return []
        whom = Member(guild_id=member_of(interaction).guild_id, user_id=UserId(user.id))
        found = [one for one in await people.open_of(whom) if one.guild_id == whom.guild_id]
        choices = [Choice(name=_choice(one), value=one.id) for one in found]
        return [one for one in choices if typed.casefold() in one.name.casefold()][:CHOICES_MAX]

    @group.command(name="show", description="How a member stands, and all that was done about them")
    @app_commands.describe(member=_WHOM)
    async def show(interaction: Interaction, member: discord.User) -> None:
        await acknowledge(interaction)
        whom = Member(guild_id=member_of(interaction).guild_id, user_id=UserId(member.id))
        standing = await people.standing(whom)
        lines = [
            _("{member}: {standing}.").format(
                member=f"<@{whom.user_id}>", standing=people_words.summary(standing)
            )
        ]
        lines += [people_words.line(one, for_moderators=True) for one in await people.history(whom)]
        await answer(interaction, said("\n".join(lines[: whole_lines(lines, TEXT_UNITS_MAX)])))


def _rule(group: app_commands.Group, people: People) -> None:
    @group.command(name="strikes", description="How long strikes count here, and what they lead to")
    @app_commands.describe(
        count_for_days=locale_str("For how many days a strike counts"),
        cooldown_at=locale_str("At how many strikes a cool-down follows; 0 for never"),
        cooldown_hours=locale_str("For how many hours that cool-down holds"),
        block_at=locale_str("At how many strikes a block follows; 0 for never"),
        block_days=locale_str("For how many days that block holds"),
    )
    async def strikes(
        interaction: Interaction,
        count_for_days: Days | None = None,
        cooldown_at: Range[int, 0, 100] | None = None,
        cooldown_hours: Range[int, 1, HOURS_MAX] | None = None,
        block_at: Range[int, 0, 100] | None = None,
        block_days: Days | None = None,
    ) -> None:
        await acknowledge(interaction)
        given = {
            "strike_days": count_for_days,
            "cooldown_strikes": cooldown_at,
            "cooldown_hours": cooldown_hours,
            "block_strikes": block_at,
            "block_days": block_days,
        }
        changes = {name: number for name, number in given.items() if number is not None}
        await answer(interaction, said(_ruled(await people.discipline(member_of(interaction), **changes))))


async def _sanction(
    interaction: Interaction,
    people: People,
    user: discord.User | discord.Member,
    measure: Measure,
    reason: str,
    holds_for: timedelta | None = None,
) -> None:
    await acknowledge(interaction)
    whom = _whom(interaction, user)
    made = await people.sanction(
        whom, measure, by=member_of(interaction).user_id, reason=reason, holds_for=holds_for
    )
    told = [f"<@{whom.user_id}>", people_words.line(made, for_moderators=True)]
    told.append(_("-# They read it with /standing."))
    await answer(interaction, said("\n".join(told)))


def _whom(interaction: Interaction, user: object) -> Member:
    """The person that is meant; one who has left may come back, and may be named too.

    Raises:
        ChangeRefused: nobody, a bot, or somebody who manages the server, named by one who does not.
    """
    if not isinstance(user, discord.User | discord.Member):  # an id alone, which Discord knows nobody by
        raise ChangeRefused(_("This person is not a member of this server."), _("Choose one who is."))
    if user.bot:
        raise ChangeRefused(_("A bot orders nothing."), _("Choose a person."))
    may = user.resolved_permissions if isinstance(user, discord.Member) else None
    if may is not None and may.manage_guild and not interaction.permissions.manage_guild:
        raise ChangeRefused(
            _("This person manages the server, and you do not."),
            _("Ask another who does."),
            kind=FaultKind.PERMISSIONS,
        )
    return Member(guild_id=member_of(interaction).guild_id, user_id=UserId(user.id))


def _days(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)


def _choice(sanction: Sanction) -> str:
    told = f"{people_words.measure(sanction.measure)} ({sanction.at:%Y-%m-%d}): {sanction.reason}"
    return shortened(told, CHOICE_NAME_UNITS_MAX)


def _ruled(rule: Discipline) -> str:
    lines = [
        ngettext("A strike counts for {n} day.", "A strike counts for {n} days.", rule.strike_days).format(
            n=rule.strike_days
        )
    ]
    if rule.cooldown_strikes:
        lines.append(
            _("From {n} on, a cool-down of {hours} h follows.").format(
                n=rule.cooldown_strikes, hours=rule.cooldown_hours
            )
        )
    if rule.block_strikes:
        lines.append(
            _("From {n} on, a block of {days} d follows.").format(n=rule.block_strikes, days=rule.block_days)
        )
    if not (rule.cooldown_strikes or rule.block_strikes):
        lines.append(_("Nothing follows from them by itself."))
    return " ".join(lines)
