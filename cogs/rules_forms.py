"""The two forms of a channel's rules. A form says in its `custom_id` which place it is about."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import discord
from discord import ui

from bot.catalogue import Catalogue
from bot.domain import Kind
from bot.language import _
from bot.moderation.channel_rules import COMMANDS, spell
from bot.moderation.ruling import ANY_MODEL, NONE, Layer, Pictured, Remixing
from bot.offers.rows import ModelRow
from bot.quoting import shortened
from bot.spend.distributing import plain_usd
from cogs.forms import LABEL_UNITS_MAX, OPTION_UNITS_MAX, TITLE_UNITS_MAX

INHERIT = "server"
MODELS_MAX = 24
"""Beside "any": what Discord's list holds."""

ROLES_MAX = 10
TYPED_CHARS_MAX = 20

ROLES, KINDS, MODELS, DURATION, PRICE = "roles", "kinds", "models", "seconds", "price"
PICTURED, REMIXING, QUIET, SLOW = "people", "remix", "quiet", "slow"


def listed_models(catalogue: Catalogue, chosen: Collection[str]) -> list[ModelRow]:
    """As many models as the form has room for: those that are chosen, then those that can be ordered now."""
    on_sale = {row.id for kind in Kind for row in catalogue.models(kind)}
    every = catalogue.all_models()
    return sorted(every, key=lambda row: (row.id not in chosen, row.id not in on_sale))[:MODELS_MAX]


def what_form(custom_id: str, layer: Layer, models: Sequence[ModelRow], *, guild_id: int) -> ui.Modal:
    """Who may, which kinds and models, how long and how dear."""
    modal = ui.Modal(title=shortened(_("Who and what"), TITLE_UNITS_MAX), custom_id=custom_id)
    shown_roles = [guild_id] if layer.roles == () else list(layer.roles or ())
    roles = ui.RoleSelect[ui.Modal](
        custom_id=ROLES,
        min_values=0,
        max_values=ROLES_MAX,
        required=False,
        default_values=[discord.Object(one, type=discord.Role) for one in shown_roles[:ROLES_MAX]],
    )
    modal.add_item(_labelled(_("Who may order"), _("Empty: as the server says"), roles))
    chosen = set(Kind) if layer.kinds == () else set(layer.kinds or ())
    kinds = ui.Select[ui.Modal](
        custom_id=KINDS,
        min_values=0,
        max_values=len(Kind),
        required=False,
        options=[
            discord.SelectOption(label=_(COMMANDS[one]), value=one, default=one in chosen) for one in Kind
        ],
    )
    modal.add_item(_labelled(_("Made from"), _("Empty: as the server says"), kinds))
    listed = [discord.SelectOption(label=_("Any model"), value=ANY_MODEL, default=layer.models == ())]
    for row in models:
        name = shortened(row.name, OPTION_UNITS_MAX)
        on = row.id in (layer.models or ())
        listed.append(discord.SelectOption(label=name, value=row.id, default=on))
    chooser = ui.Select[ui.Modal](
        custom_id=MODELS, min_values=0, max_values=len(listed), required=False, options=listed
    )
    modal.add_item(_labelled(_("Models"), _("Empty: as the server says"), chooser))
    typed = _("Empty: as the server says; - for no limit")
    most = _limit(layer.duration_max_s, str)
    modal.add_item(_labelled(_("Longest clip, in seconds"), typed, _field(DURATION, most)))
    price = _limit(layer.price_max_micros, plain_usd)
    modal.add_item(_labelled(_("Dearest order, in US dollars"), typed, _field(PRICE, price)))
    return modal


def when_form(custom_id: str, layer: Layer) -> ui.Modal:
    """Pictures of people, remixes of others' clips, quiet hours, slow mode."""
    modal = ui.Modal(title=shortened(_("People and times"), TITLE_UNITS_MAX), custom_id=custom_id)
    pictured = {one: pictured_words(one) for one in Pictured}
    remixing = {one: remixing_words(one) for one in Remixing}
    modal.add_item(_choice(_("Pictures of people"), PICTURED, pictured, layer.pictured))
    modal.add_item(_choice(_("Remixes of others' clips"), REMIXING, remixing, layer.remixing))
    quiet = "" if layer.quiet is None else NONE if layer.quiet[0] == layer.quiet[1] else hours(layer.quiet)
    told = _("Such as 22:00-07:00; empty: as the server says; - for none")
    modal.add_item(_labelled(_("Quiet hours"), told, _field(QUIET, quiet)))
    slow = "" if layer.slow_s is None else NONE if layer.slow_s == 0 else spell(layer.slow_s)
    told = _("Such as 10 min; empty: as the server says; - for none")
    modal.add_item(_labelled(_("Slow mode: between a member's orders"), told, _field(SLOW, slow)))
    return modal


def pictured_words(one: Pictured) -> str:
    """A rule about pictures of people."""
    match one:
        case Pictured.OFF:
            return _("None: whoever animates a picture says that nobody real is in it")
        case Pictured.OWN:
            return _("One's own, and of adults who agreed: its member says so")
        case Pictured.ALL:
            return _("All")


def remixing_words(one: Remixing) -> str:
    """A rule about remixes of others' clips."""
    match one:
        case Remixing.OFF:
            return _("None")
        case Remixing.ASKED:
            return _("Where their member allows it, who is asked")
        case Remixing.ON:
            return _("All, but of those who object")


def hours(quiet: tuple[int, int]) -> str:
    """Quiet hours as they are typed."""
    return "-".join(f"{one // 60:02}:{one % 60:02}" for one in quiet)


def _choice(
    label: str, custom_id: str, options: Mapping[Any, str], current: str | None
) -> ui.Label[ui.Modal]:
    listed = [discord.RadioGroupOption(label=_("As the server says"), value=INHERIT, default=current is None)]
    for value, words in options.items():
        told = shortened(words, OPTION_UNITS_MAX)
        listed.append(discord.RadioGroupOption(label=told, value=value, default=value == current))
    return _labelled(label, None, ui.RadioGroup(custom_id=custom_id, options=listed))


def _field(custom_id: str, default: str) -> ui.TextInput[ui.Modal]:
    return ui.TextInput(
        custom_id=custom_id, default=default or None, required=False, max_length=TYPED_CHARS_MAX
    )


def _limit(value: int | None, said: Any) -> str:
    if value is None:
        return ""
    return NONE if value < 0 else str(said(value))


def _labelled(label: str, description: str | None, component: ui.Item[Any]) -> ui.Label[ui.Modal]:
    told = None if description is None else shortened(description, OPTION_UNITS_MAX)
    return ui.Label(text=shortened(label, LABEL_UNITS_MAX), description=told, component=component)
