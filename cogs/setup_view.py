"""The one message of `/setup`: what is set now, and what it can be set to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.domain import ChannelId, Micros
from bot.errors import NotYours
from bot.language import _
from bot.moderation.gate_settings import Set
from bot.moderation.gates import Gate, Mode, Setting
from bot.money import format_usd
from bot.quoting import shortened
from bot.spend.distributing import amount, plain_usd
from cogs.answers import Interaction
from cogs.budget_forms import AMOUNT_CHARS_MAX
from cogs.counted import COUNTED
from cogs.forms import LABEL_UNITS_MAX, TITLE_UNITS_MAX
from cogs.sent import sent_id, sent_values
from cogs.setup_controls import (
    Place,
    SetupButton,
    SetupChannelSelect,
    SetupGateSelect,
    SetupRoleSelect,
    Step,
)

FIRST_N = 3
"""How many of each member wait where the first do and nobody has said otherwise with `/settings gates`."""

PREFIX = "setup:budget:"
_FORM = re.compile(rf"{PREFIX}(?P<was>{COUNTED}|-)")
_FIELD = "limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """All that `/setup` sets, as it stands; `member_micros` is what each member may spend a month."""

    channels: Mapping[Place, ChannelId]
    gates: Set
    member_micros: Micros | None


def setup_view(now: Settled, notes: Sequence[str] = ()) -> ui.LayoutView:
    """The message; `notes` say what came of the last press."""
    view = ui.LayoutView(timeout=None)
    head = _("Set up this server")
    how = _(
        "Each choice holds at once, and what you leave alone stays as it is. Nothing here costs anything."
    )
    items: list[ui.Item[Any]] = [ui.TextDisplay(f"### {head}\n{how}")]
    for place in Place:
        items += [
            ui.TextDisplay(place_words(place)),
            ui.ActionRow(SetupChannelSelect(place, now.channels.get(place))),
        ]
    role_words = _("**Moderators**, beside those who may manage messages")
    items += [ui.TextDisplay(role_words), ui.ActionRow(SetupRoleSelect(now.gates.rules.moderator_role_id))]
    for gate in Gate:
        select = SetupGateSelect(gate, _options(now.gates.default(gate)))
        items += [ui.TextDisplay(_gate_words(gate)), ui.ActionRow(select)]
    items.append(ui.TextDisplay(_money(now.member_micros)))
    items.append(ui.ActionRow(*(SetupButton(step) for step in Step)))
    if notes:
        items += [ui.Separator(), ui.TextDisplay("\n".join(notes))]
    view.add_item(ui.Container(*items))
    return view


def place_words(place: Place) -> str:
    """What a channel is for."""
    match place:
        case Place.CLIPS:
            return _("**Clips**: the test clip, and what its own channel no longer takes")
        case Place.REVIEWS:
            return _("**Reviews**: what waits for a moderator; a private channel")
        case Place.ALERTS:
            return _("**Money**: warnings and monthly statements")
        case Place.LOG:
            return _("**Log**: every act of moderation; a private channel")


def budget_form(now: Micros | None) -> ui.Modal:
    """A form with what each member may spend a month."""
    kept = "-" if now is None else str(now)
    modal = ui.Modal(title=shortened(_("Each member's budget"), TITLE_UNITS_MAX), custom_id=f"{PREFIX}{kept}")
    field = ui.TextInput[ui.Modal](
        custom_id=_FIELD, default=plain_usd(now) or None, required=False, max_length=AMOUNT_CHARS_MAX
    )
    label = shortened(_("US dollars a month"), LABEL_UNITS_MAX)
    modal.add_item(ui.Label(text=label, description=_("Leave it empty for no limit"), component=field))
    return modal


def budget_sent(interaction: Interaction) -> tuple[Micros | None, Micros | None]:
    """What the form showed, and what is wanted.

    Raises:
        NotYours: it is no form of ours.
        ChangeRefused: the amount cannot be read.
    """
    known = _FORM.fullmatch(sent_id(interaction))
    if known is None:
        raise NotYours(_("This form is not known any more."), _("Open it again with /setup."))
    typed = sent_values(interaction).get(_FIELD, "")
    return (None if known["was"] == "-" else Micros(int(known["was"]))), amount(typed)


def _options(now: Setting) -> list[discord.SelectOption]:
    first_n = now.first_n if now.mode is Mode.FIRST else FIRST_N
    names = {
        Mode.OFF: _("Off: nothing waits"),
        Mode.FLAGGED: _("What screening flags"),
        Mode.FIRST: _("The first {n} of each member, and what is flagged").format(n=first_n),
        Mode.ALL: _("Everything"),
    }
    return [
        discord.SelectOption(label=shortened(name, 100), value=mode.value, default=mode is now.mode)
        for mode, name in names.items()
    ]


def _gate_words(gate: Gate) -> str:
    match gate:
        case Gate.RENDERING:
            return _("**Before an order is made**, what waits for a moderator")
        case Gate.SHOWING:
            return _("**Before a clip is shown**, what waits for a moderator")


def _money(member_micros: Micros | None) -> str:
    if member_micros is None:
        return _("**Budget**: none is set here for each member, so the bot's own holds")
    return _("**Budget**: {limit} a month for each member").format(limit=format_usd(member_micros))
