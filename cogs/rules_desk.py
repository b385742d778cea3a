"""`/moderation rules`: what may be ordered in a channel, as it holds, with the two forms that change it."""

import re
from functools import partial
from typing import Any

from discord import app_commands, ui
from discord.app_commands import locale_str

from bot.catalogue import Catalogue
from bot.domain import ChannelId, Kind
from bot.errors import NotYours
from bot.language import _, ngettext
from bot.moderation.channel_rules import COMMANDS, spell
from bot.moderation.ruling import UNSET, WHOLE_SERVER, Layer, Rules, Ruling, Shown, what, when
from bot.money import format_usd
from cogs.answers import Interaction, acknowledge, answer
from cogs.desk_buttons import DeskAct, DeskButton
from cogs.forms import show
from cogs.held_places import Held, held_place
from cogs.presses import member_of
from cogs.rules_forms import (
    DURATION,
    KINDS,
    MODELS,
    PICTURED,
    PRICE,
    QUIET,
    REMIXING,
    ROLES,
    SLOW,
    hours,
    listed_models,
    pictured_words,
    remixing_words,
    what_form,
    when_form,
)
from cogs.sent import sent_id, sent_lists, sent_values

PREFIX = "desk:rules:"
_FORM = re.compile(rf"{PREFIX}(?P<which>what|when):(?P<place>[0-9]{{1,20}})")


class RulesDesk:
    """Shows rules and takes their forms. Who presses is checked by whoever calls."""

    def __init__(self, ruling: Ruling, catalogue: Catalogue) -> None:
        self._ruling = ruling
        self._catalogue = catalogue

    def add(self, group: app_commands.Group) -> None:
        """Add `rules`."""

        @group.command(name="rules", description="What may be ordered in a channel, by whom and when")
        @app_commands.describe(
            channel=locale_str("Which channel, with its threads; this one if you leave this out"),
            server=locale_str("The whole server"),
        )
        async def rules(
            interaction: Interaction,
            channel: app_commands.Transform[app_commands.AppCommandChannel, Held] | None = None,
            server: bool = False,  # noqa: FBT001, FBT002 - an option of a command
        ) -> None:
            await acknowledge(interaction)
            place = WHOLE_SERVER if server else held_place(interaction, channel)
            await self._answer(interaction, place)

    async def open(self, interaction: Interaction, act: DeskAct, about: str) -> None:
        """One of the two buttons: its form, with the rules as they are."""
        place = self._there(interaction, about)
        guild_id = member_of(interaction).guild_id
        layer = (await self._ruling.shown(guild_id, place)).own
        if act is DeskAct.RULES_WHAT:
            models = listed_models(self._catalogue, layer.models or ())
            modal = what_form(f"{PREFIX}what:{place}", layer, models, guild_id=guild_id)
        else:
            modal = when_form(f"{PREFIX}when:{place}", layer)
        await show(interaction, modal)

    async def submitted(self, interaction: Interaction) -> None:
        """A form was sent in.

        Raises:
            Refusal: with the sentence for the moderator; nothing was changed.
        """
        known = _FORM.fullmatch(sent_id(interaction))
        if known is None:
            raise NotYours(_("This form is not known any more."), _("Open it again."))
        place = self._there(interaction, known["place"])
        by = member_of(interaction)
        values = sent_values(interaction)
        if known["which"] == "what":
            lists = sent_lists(interaction)
            changed = partial(
                what,
                guild_id=by.guild_id,
                roles=self._roles(interaction, lists.get(ROLES, [])),
                kinds=[one for one in lists.get(KINDS, []) if one in set(Kind)],
                models=lists.get(MODELS, []),
                duration=values.get(DURATION, ""),
                price=values.get(PRICE, ""),
            )
        else:
            changed = partial(
                when,
                pictured=values.get(PICTURED, ""),
                remixing=values.get(REMIXING, ""),
                quiet=values.get(QUIET, ""),
                slow=values.get(SLOW, ""),
            )
        changed(UNSET)  # what cannot be read is refused before anything is written
        await self._ruling.change(place, changed, by=by)
        await self._answer(interaction, place)

    async def _answer(self, interaction: Interaction, place: ChannelId) -> None:
        shown = await self._ruling.shown(member_of(interaction).guild_id, place)
        names = {row.id: row.name for row in self._catalogue.all_models()}
        await answer(interaction, rules_view(place, shown, names))

    def _there(self, interaction: Interaction, about: str) -> ChannelId:
        place = ChannelId(int(about)) if about.isdecimal() else None
        guild = interaction.guild
        here = place == WHOLE_SERVER or (
            place is not None and guild is not None and guild.get_channel(place) is not None
        )
        if place is None or not here:
            raise NotYours(_("There is no such channel here."), _("Choose one of this server."))
        return place

    def _roles(self, interaction: Interaction, listed: list[str]) -> list[int]:
        guild = interaction.guild
        found = [int(one) for one in listed if one.isascii() and one.isdecimal() and len(one) <= 20]
        return [one for one in found if guild is not None and guild.get_role(one) is not None]


def rules_view(place: ChannelId, shown: Shown, names: dict[str, str]) -> ui.LayoutView:
    """What holds in a place, which of it is its own, and the two ways to change it."""
    title = (
        _("### Rules of this server")
        if place == WHOLE_SERVER
        else _("### Rules of {channel}").format(channel=f"<#{place}>")
    )
    lines = _lines(shown.holds, shown.own, names, of_server=place == WHOLE_SERVER)
    buttons = ui.ActionRow[Any](
        DeskButton(DeskAct.RULES_WHAT, str(place)), DeskButton(DeskAct.RULES_WHEN, str(place))
    )
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(ui.TextDisplay("\n".join([title, *lines])), buttons))
    return view


def _lines(rules: Rules, own: Layer, names: dict[str, str], *, of_server: bool) -> list[str]:
    def line(name: str, label: str, told: str) -> str:
        inherited = "" if of_server or getattr(own, name) is not None else _(" (as the server says)")
        return f"- {label}: {told}{inherited}"

    kinds = [_(COMMANDS[one]) for one in Kind if one in rules.kinds]
    longest, dearest = rules.duration_max_s, rules.price_max_micros
    return [
        line("roles", _("Who may order"), _joined([f"<@&{one}>" for one in rules.roles], _("everybody"))),
        line("kinds", _("Made from"), _joined(kinds, _("anything"))),
        line("models", _("Models"), _joined([names.get(one, one) for one in rules.models], _("any"))),
        line("duration_max_s", _("Longest clip"), _("any") if longest is None else _seconds(longest)),
        line("price_max_micros", _("Dearest order"), _("any") if dearest is None else format_usd(dearest)),
        line("pictured", _("Pictures of people"), pictured_words(rules.pictured)),
        line("remixing", _("Remixes of others' clips"), remixing_words(rules.remixing)),
        line("quiet", _("Quiet hours"), _("none") if rules.quiet is None else hours(rules.quiet)),
        line("slow_s", _("Slow mode"), _("none") if not rules.slow_s else spell(rules.slow_s)),
    ]


def _joined(names: list[str], otherwise: str) -> str:
    return ", ".join(names) or otherwise


def _seconds(n: int) -> str:
    return ngettext("{n} second", "{n} seconds", n).format(n=n)
