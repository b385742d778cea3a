"""`/settings gates` and `/settings reviews`: what waits for a moderator, and how that is decided."""

from datetime import timedelta
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from bot.domain import ChannelId
from bot.errors import ChangeRefused
from bot.language import _, later
from bot.moderation.gate_settings import GateSettings, Set
from bot.moderation.gates import ANYWHERE, FIRST_MAX, Gate, Mode, ReviewRules, Setting
from bot.moderation.reviewing import Reviewing
from bot.money import format_usd
from bot.places import Places, Purpose
from bot.spend.distributing import amount
from cogs import sentences
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.channel_choice import check_private
from cogs.held_places import Held, held_place
from cogs.whereabouts import member_of

UNSET = "unset"
CHANNELS_UNITS_MAX = 3_300
"""Beside what holds for the whole server."""

_MODES = {
    Mode.OFF.value: later("Off: nothing waits"),
    Mode.FLAGGED.value: later("What screening flags"),
    Mode.FIRST.value: later("The first of each member, and what is flagged"),
    Mode.ALL.value: later("Everything"),
    UNSET: later("As the server has it"),
}


def add_gates(
    tree: app_commands.CommandTree[Any], settings: GateSettings, places: Places, reviewing: Reviewing
) -> None:
    """Add both commands to `/settings`, which is for those who may manage the server."""
    group = tree.get_command("settings")
    if not isinstance(group, app_commands.Group):
        raise TypeError("/settings is added before what stands in it")
    modes = [Choice(name=locale_str(name), value=value) for value, name in _MODES.items()]

    @group.command(name="gates", description="What waits for a moderator, in the server or in one channel")
    @app_commands.describe(
        before_rendering=locale_str("Who waits before anything is made or paid"),
        before_showing=locale_str("Whose clips wait before anybody else sees them"),
        first_n=locale_str("How many of each member wait, where the first do"),
        channel=locale_str("In this channel alone; the whole server if you leave this out"),
    )
    @app_commands.choices(before_rendering=modes, before_showing=modes)
    async def gates(
        interaction: Interaction,
        before_rendering: str | None = None,
        before_showing: str | None = None,
        first_n: Range[int, 1, FIRST_MAX] | None = None,
        channel: app_commands.Transform[app_commands.AppCommandChannel, Held] | None = None,
    ) -> None:
        await acknowledge(interaction)
        by = member_of(interaction)
        channel_id = ANYWHERE if channel is None else held_place(interaction, channel)
        asked = {Gate.RENDERING: before_rendering, Gate.SHOWING: before_showing}
        wanted = {gate: _setting(mode, first_n) for gate, mode in asked.items() if mode is not None}
        if wanted:
            await settings.set_gates(channel_id, wanted, by=by)
        await answer(interaction, said(_gates_listed(await settings.all_of(by.guild_id))))

    @group.command(name="reviews", description="Where and how moderators decide on what waits")
    @app_commands.describe(
        channel=locale_str("The moderators' private channel, where what waits is shown"),
        role=locale_str("Whoever has this role decides too, beside those who may manage messages"),
        refund=locale_str("Whether a clip that is denied is given back, if the moderator does not say"),
        two_above=locale_str("Above this price in dollars two moderators have to approve"),
        remind_after_minutes=locale_str("After how long they are reminded of what waits"),
        prompts_end_after_hours=locale_str("How long an order waits before it is turned down by itself"),
        clips_end_after_hours=locale_str("How long a clip waits before it is turned down by itself"),
        forget=locale_str("Forget the channel, the role and the price for two, before what else is chosen"),
    )
    async def reviews(
        interaction: Interaction,
        channel: discord.TextChannel | None = None,
        role: discord.Role | None = None,
        refund: bool | None = None,  # noqa: FBT001 - an option of a command
        two_above: str | None = None,
        remind_after_minutes: Range[int, 1, 10_080] | None = None,
        prompts_end_after_hours: Range[int, 1, 168] | None = None,
        clips_end_after_hours: Range[int, 1, 672] | None = None,
        forget: bool = False,  # noqa: FBT001, FBT002 - likewise
    ) -> None:
        await acknowledge(interaction)
        by = member_of(interaction)
        if channel is not None:
            check_private(interaction, channel)
        changes: dict[str, Any] = {"two_above_micros": None, "moderator_role_id": None} if forget else {}
        if role is not None:
            changes["moderator_role_id"] = _named(role)
        if refund is not None:
            changes["refunds"] = refund
        if two_above is not None:
            changes["two_above_micros"] = amount(two_above)
        if remind_after_minutes is not None:
            changes["remind_after"] = timedelta(minutes=remind_after_minutes)
        if prompts_end_after_hours is not None:
            changes["prompt_expires"] = timedelta(hours=prompts_end_after_hours)
        if clips_end_after_hours is not None:
            changes["clip_expires"] = timedelta(hours=clips_end_after_hours)
        await settings.change_rules(changes, by=by)
        if forget and channel is None:
            await places.put(Purpose.REVIEWS, None, by=by)
        if channel is not None:
            await places.put(Purpose.REVIEWS, ChannelId(channel.id), by=by)
            await reviewing.show_again(by.guild_id)
        await answer(interaction, said(_reviews_listed(await settings.all_of(by.guild_id))))


def _setting(mode: str, first_n: int | None) -> Setting | None:
    if mode == UNSET:
        return None
    if mode not in {one.value for one in Mode}:
        raise ChangeRefused(_("There is no such setting of a gate."), _("Choose one from the list."))
    known = Mode(mode)
    if known is Mode.FIRST and first_n is None:
        raise ChangeRefused(_("How many of each member wait was not said."), _("Say it with first_n."))
    return Setting(mode=known, first_n=first_n or 0 if known is Mode.FIRST else 0)


def _named(role: discord.Role | discord.Object) -> int:
    if not isinstance(role, discord.Role):  # an id alone, which Discord knows no role by
        raise ChangeRefused(_("There is no such role here."), _("Choose one of this server."))
    if role.is_default():
        raise ChangeRefused(
            _("Everybody has that role, and would be a moderator."), _("Choose one that few have.")
        )
    return role.id


def _gates_listed(known: Set) -> str:
    lines = [
        _("In this server, before an order is made: {mode}.").format(
            mode=_mode(known.default(Gate.RENDERING))
        ),
        _("In this server, before a clip is shown: {mode}.").format(mode=_mode(known.default(Gate.SHOWING))),
    ]
    told = {Gate.RENDERING: _("before an order: {mode}"), Gate.SHOWING: _("before a clip: {mode}")}
    channels = {
        channel_id: [told[gate].format(mode=_mode(setting)) for gate, setting in own.items()]
        for channel_id, own in known.by_channel.items()
        if channel_id != ANYWHERE
    }
    listed = [f"- <#{channel_id}>: {'; '.join(parts)}" for channel_id, parts in channels.items()]
    lines += sentences.as_far_as_fits(listed, CHANNELS_UNITS_MAX)
    if known.channel_id is None:
        lines.append(_no_channel())
    return "\n".join(lines)


def _reviews_listed(known: Set) -> str:
    rules = known.rules
    lines = [
        _("What waits is shown in {channel}.").format(channel=f"<#{known.channel_id}>")
        if known.channel_id is not None
        else _no_channel(),
        _("Who may manage messages decides, and whoever has {role}.").format(
            role=f"<@&{rules.moderator_role_id}>"
        )
        if rules.moderator_role_id is not None
        else _("Who may manage messages decides."),
        _rule_of_money(rules),
        _(
            "They are reminded after {time}; an order ends by itself after {order}, a clip after {clip}."
        ).format(
            time=_time(rules.remind_after),
            order=_time(rules.prompt_expires),
            clip=_time(rules.clip_expires),
        ),
    ]
    return "\n".join(lines)


def _rule_of_money(rules: ReviewRules) -> str:
    refund = (
        _("A clip that is denied is given back, if the moderator does not say otherwise.")
        if rules.refunds
        else _("A clip that is denied stays paid, if the moderator does not say otherwise.")
    )
    if rules.two_above_micros is None:
        return refund
    two = _("Above {price} two have to approve.").format(price=format_usd(rules.two_above_micros))
    return f"{refund} {two}"


def _no_channel() -> str:
    return _(
        "No channel is named for reviews: they go where Discord sends safety alerts, if anywhere. "
        "/review has them all."
    )


def _mode(setting: Setting) -> str:
    match setting.mode:
        case Mode.OFF:
            return _("nothing waits")
        case Mode.FLAGGED:
            return _("what screening flags waits")
        case Mode.FIRST:
            return _("the first {n} of each member wait, and what is flagged").format(n=setting.first_n)
        case Mode.ALL:
            return _("everything waits")


def _time(length: timedelta) -> str:
    hours, minutes = divmod(length // timedelta(minutes=1), 60)
    if minutes:
        return _("{n} min").format(n=60 * hours + minutes)
    return _("{n} h").format(n=hours)
