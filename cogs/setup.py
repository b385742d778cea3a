"""`/setup`: walks a manager through channels, moderators, gates and budgets, and ends with a clip.

Nothing is kept here: what was chosen stands in the settings themselves, so it can be run again at any time,
and a restart loses nothing. Person and place are checked at every press.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands

from bot.catalogue import Catalogue
from bot.domain import STUDIO, ChannelId, FaultKind, Job, Kind, Member, Micros, Period
from bot.errors import ChangeRefused, NotYours, Refusal
from bot.language import _
from bot.moderation.act_log import ActLog
from bot.moderation.gate_settings import GateSettings
from bot.moderation.gates import ANYWHERE, Gate, Mode, Setting
from bot.moderation.reviewing import Reviewing
from bot.money import format_usd
from bot.places import Places, Purpose
from bot.spend.distributing import Distributing, Shown, every
from bot.spend.standings import BudgetScope
from cogs.answers import Interaction, acknowledge, acknowledge_press, answer, mark_ordering
from cogs.asking import asked_by
from cogs.channel_choice import check_private
from cogs.channel_trial import ChannelTrial
from cogs.forms import show
from cogs.notes import receipt
from cogs.ordering import Ordering
from cogs.sent import chosen
from cogs.setup_controls import Place, Step
from cogs.setup_view import FIRST_N, Settled, budget_form, budget_sent, setup_view
from cogs.whereabouts import is_age_restricted, member_of

_PRIVATE = frozenset({Place.REVIEWS, Place.LOG})


def setup(setting_up: "SettingUp") -> app_commands.Command[Any, ..., None]:
    """The command, for those who may manage the server."""

    async def callback(interaction: Interaction) -> None:
        await setting_up.open(interaction)

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="setup",
        description="Channels, moderators, gates and budgets in one go, and a test clip",
        callback=callback,
    )
    app_commands.default_permissions(discord.Permissions(manage_guild=True))(command)
    app_commands.guild_only(command)
    return command


class SettingUp:
    """The flow."""

    def __init__(
        self,
        ordering: Ordering,
        catalogue: Catalogue,
        places: Places,
        gates: GateSettings,
        distributing: Distributing,
        act_log: ActLog,
        reviewing: Reviewing,
        trial: ChannelTrial,
        *,
        play_money: bool,
    ) -> None:
        self._ordering = ordering
        self._catalogue = catalogue
        self._places = places
        self._gates = gates
        self._distributing = distributing
        self._act_log = act_log
        self._reviewing = reviewing
        self._trial = trial
        self._play_money = play_money

    async def open(self, interaction: Interaction) -> None:
        """`/setup`: what is set now."""
        await acknowledge(interaction)
        await self._show(interaction, _server_of(interaction))

    async def choose_channel(self, interaction: Interaction, place: Place) -> None:
        """A channel was chosen. It is tried before it is named."""
        by = _manager(interaction)
        await acknowledge_press(interaction)
        try:
            channel = _chosen_channel(interaction)
            if place in _PRIVATE:
                check_private(interaction, channel)
            fault = await self._trial.fault(channel, nonce=_nonce(interaction, place))
            if fault is not None:
                note = _("{channel} was not chosen. {fault}").format(channel=channel.mention, fault=fault)
            else:
                await self._name(place, ChannelId(channel.id), by)
                note = _("{channel} is chosen: posting, files, reading and deleting work there.").format(
                    channel=channel.mention
                )
        except Refusal as refused:
            note = refused.sentence
        await self._show(interaction, by, [note])

    async def choose_role(self, interaction: Interaction) -> None:
        """The moderators' role was chosen."""
        by = _manager(interaction)
        await acknowledge_press(interaction)
        guild = interaction.guild
        role = None if guild is None else guild.get_role(_chosen_id(interaction))
        if role is None:
            note = _("This role is not there any more. Nothing was changed. Choose one of this server.")
        elif role.is_default():
            note = _(
                "Everybody has that role, and would be a moderator. Nothing was changed. "
                "Choose one that few have."
            )
        else:
            await self._gates.change_rules({"moderator_role_id": role.id}, by=by)
            note = _("Whoever has {role} moderates here now.").format(role=role.mention)
        await self._show(interaction, by, [note])

    async def choose_gate(self, interaction: Interaction, gate: Gate) -> None:
        """How a gate stands was chosen."""
        by = _manager(interaction)
        await acknowledge_press(interaction)
        now = (await self._gates.all_of(by.guild_id)).default(gate)
        try:
            mode = Mode(chosen(interaction))
        except ValueError:
            note = _("There is no such setting of a gate. Nothing was changed. Choose one from the list.")
        else:
            first_n = (now.first_n or FIRST_N) if mode is Mode.FIRST else 0
            wanted = Setting(mode=mode, first_n=first_n)
            if wanted != now:
                await self._gates.set_gates(ANYWHERE, {gate: wanted}, by=by)
            note = _("That holds in every channel that has no setting of its own.")
        await self._show(interaction, by, [note])

    async def press(self, interaction: Interaction, step: Step) -> None:
        """One of the buttons."""
        match step:
            case Step.BUDGET:  # a form must be the first answer
                by = _manager(interaction)
                await show(interaction, budget_form((await self._limit(by)).limit_micros))
            case Step.CHECK:
                by = _manager(interaction)
                await acknowledge_press(interaction)
                await self._show(interaction, by, await self._checked(interaction, by))
            case Step.FINISH:
                by = _manager(interaction)
                await acknowledge_press(interaction)
                try:
                    note = await self._test_clip(interaction, by)
                except Refusal as refused:
                    note = refused.sentence
                await self._show(interaction, by, [note])

    async def submitted(self, interaction: Interaction) -> None:
        """The form of the budget was sent in."""
        by = _manager(interaction)
        await acknowledge_press(interaction)
        try:
            was, wanted = budget_sent(interaction)
            if was != wanted:
                shown = _default_limit(was)
                await self._distributing.set_limit(by.guild_id, shown, wanted, by=by.user_id, reason="")
            note = _("Each member: no limit {every} any more.").format(every=every(Period.MONTH))
            if wanted is not None:
                note = _("Each member: {limit} {every}, from now on.").format(
                    limit=format_usd(wanted), every=every(Period.MONTH)
                )
        except Refusal as refused:
            note = refused.sentence
        await self._show(interaction, by, [note])

    async def _name(self, place: Place, channel_id: ChannelId, by: Member) -> None:
        match place:
            case Place.CLIPS:
                await self._places.put(Purpose.CLIPS, channel_id, by=by)
            case Place.REVIEWS:
                await self._places.put(Purpose.REVIEWS, channel_id, by=by)
                await self._reviewing.show_again(by.guild_id)
            case Place.ALERTS:
                await self._distributing.choose_alerts(by.guild_id, channel_id, by=by.user_id)
            case Place.LOG:
                await self._act_log.choose(channel_id, by=by)

    async def _channels(self, by: Member) -> dict[Place, ChannelId]:
        named = await self._places.named(by.guild_id)
        log = await self._act_log.channel_of(by.guild_id)
        found = {
            Place.CLIPS: named.get(Purpose.CLIPS),
            Place.REVIEWS: named.get(Purpose.REVIEWS),
            Place.ALERTS: await self._distributing.alerts_channel(by.guild_id),
            Place.LOG: None if log is None else log.channel_id,
        }
        return {place: channel_id for place, channel_id in found.items() if channel_id is not None}

    async def _limit(self, by: Member) -> Shown:
        return await self._distributing.shown(by.guild_id, BudgetScope.DEFAULT, 0, Period.MONTH)

    async def _show(self, interaction: Interaction, by: Member, notes: Sequence[str] = ()) -> None:
        settled = Settled(
            channels=await self._channels(by),
            gates=await self._gates.all_of(by.guild_id),
            member_micros=(await self._limit(by)).limit_micros,
        )
        await answer(interaction, setup_view(settled, notes))

    async def _checked(self, interaction: Interaction, by: Member) -> list[str]:
        """A line for every channel that is named; each is tried once, whatever it is named for."""
        named = await self._channels(by)
        if not named:
            return [_("No channel is chosen yet, so there is nothing to check.")]
        lines = []
        for number, channel_id in enumerate(dict.fromkeys(named.values())):
            channel = None if interaction.guild is None else interaction.guild.get_channel(channel_id)
            if not isinstance(channel, discord.TextChannel):
                fault: str | None = _("It is not there any more, or this bot cannot see it. Choose another.")
            else:
                fault = await self._trial.fault(channel, nonce=_nonce(interaction, str(number)))
            works = _("Posting, files, reading and deleting work.")
            lines.append(f"{'✅' if fault is None else '❌'} <#{channel_id}> {fault or works}")
        return lines

    async def _test_clip(self, interaction: Interaction, by: Member) -> str:
        """Order a clip that is free in the chosen channel, as the manager's own order."""
        channel_id = (await self._channels(by)).get(Place.CLIPS)
        if channel_id is None:
            raise _unfit(_("No channel is chosen for clips."), _("Choose one above."))
        channel = _visible(interaction, channel_id)
        # Tried again, since it may have been closed to us meanwhile, and the order is to end there.
        fault = await self._trial.fault(channel, nonce=_nonce(interaction, "f"))
        if fault is not None:
            return _("Nothing was ordered in {channel}. {fault}").format(channel=channel.mention, fault=fault)
        model = self._cheapest()
        if model is None:
            raise _unfit(_("No model can be ordered now."), _("Ask whoever runs this bot."))
        mark_ordering(interaction)
        asked = replace(
            asked_by(interaction, _("A paper boat crosses a rain puddle"), model=model, draft=True),
            channel_id=channel.id,
            parent_id=None,
            age_restricted=is_age_restricted(channel),
        )
        placed = await self._ordering.ask_free(asked)
        if isinstance(placed, Job):
            return receipt(placed, play_money=self._play_money)
        return _(
            "Everything is set. No model is free here, so nothing was ordered: a clip of {model} "
            "would cost {price}. Order it with /generate."
        ).format(model=self._catalogue.describe(model).name, price=format_usd(placed.price_micros))

    def _cheapest(self) -> str | None:
        """The studio, else a model that is free, else the one whose shortest clip costs least."""
        prices: list[tuple[bool, Micros, str]] = [
            (
                offer.row.provider != STUDIO,
                Micros(min(offer.per_second_micros.values()) * min(row.durations_s)),
                row.id,
            )
            for row in self._catalogue.models(Kind.GENERATE)
            for offer in self._catalogue.open_offers(row.id)
            if Kind.GENERATE in offer.row.kinds and offer.per_second_micros
        ]
        free = [one for one in prices if not one[0] or not one[1]]
        chosen = min(free) if free else min(prices, key=lambda one: one[1:], default=None)
        return None if chosen is None else chosen[2]


def _server_of(interaction: Interaction) -> Member:
    by = member_of(interaction)
    if not by.in_server:
        raise NotYours(_("This works in servers only."), _("Use it in a channel of a server with this bot."))
    return by


def _manager(interaction: Interaction) -> Member:
    """Who presses, if they may manage this server, by what Discord says with this press."""
    by = _server_of(interaction)
    if not interaction.permissions.manage_guild:
        raise NotYours(_("Setting up is for those who may manage this server."), _("Ask one of them."))
    return by


def _chosen_id(interaction: Interaction) -> int:
    value = chosen(interaction)
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 20 else 0


def _chosen_channel(interaction: Interaction) -> discord.TextChannel:
    return _visible(interaction, ChannelId(_chosen_id(interaction)))


def _visible(interaction: Interaction, channel_id: ChannelId) -> discord.TextChannel:
    """A text channel of this server that the presser sees too: else it would show them that it is there.

    Raises:
        ChangeRefused: there is none.
    """
    guild, user = interaction.guild, interaction.user
    channel = None if guild is None else guild.get_channel(channel_id)
    if (
        isinstance(channel, discord.TextChannel)
        and isinstance(user, discord.Member)
        and channel.permissions_for(user).view_channel
    ):
        return channel
    raise _unfit(_("There is no such channel here."), _("Choose one of this server."))


def _default_limit(micros: Micros | None) -> Shown:
    return Shown(scope=BudgetScope.DEFAULT, scope_id=0, period=Period.MONTH, limit_micros=micros)


def _nonce(interaction: Interaction, which: str) -> str:
    """Of one trial of one press; a press's id has at most 19 digits and Discord takes 25 characters."""
    return f"s{interaction.id}{which}"[:25]


def _unfit(what: str, do: str) -> ChangeRefused:
    return ChangeRefused(what, do, kind=FaultKind.PERMISSIONS)
