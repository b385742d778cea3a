"""The forms of budgets: their `custom_id` says whose limit it is, and which value was shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from discord import TextStyle, ui

from bot.budgets import MANAGED, REASON_CHARS_MAX
from bot.domain import Micros, Period
from bot.errors import NotYours
from bot.language import _
from bot.quoting import shortened
from bot.spend.distributing import Shown, ShownDefaults, amount, every, number, plain_usd
from bot.spend.standings import BudgetScope
from cogs.answers import Interaction
from cogs.counted import COUNTED
from cogs.forms import LABEL_UNITS_MAX, TITLE_UNITS_MAX
from cogs.sent import sent_id, sent_values

PREFIX = "budget:"
AMOUNT_CHARS_MAX = 20

_LIMIT, _REASON, _MEMBER, _ORDER, _IN_FLIGHT, _ALL = "limit", "why", "member", "order", "flight", "all"

_PERIODS = "|".join(Period)
_SCOPES = "|".join(sorted(MANAGED - {BudgetScope.DEFAULT}))
_OF_LIMIT = re.compile(
    rf"{PREFIX}limit:(?P<scope>{_SCOPES}):(?P<id>{COUNTED}):(?P<period>{_PERIODS}):(?P<was>{COUNTED}|-)"
)
_OF_DEFAULTS = re.compile(
    rf"{PREFIX}defaults:(?P<period>{_PERIODS}):(?P<member>{COUNTED}|-):(?P<order>{COUNTED}|-)"
    r":(?P<flight>[0-9]{1,9}|-):(?P<all>[0-9]{1,9}|-)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSent:
    """The form of one limit as it was sent in."""

    shown: Shown
    wanted: Micros | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultsSent:
    """The form of the defaults as it was sent in."""

    shown: ShownDefaults
    wanted: ShownDefaults
    reason: str


def limit_form(shown: Shown, name: str) -> ui.Modal:
    """A form with the limit as it stands.

    Args:
        shown: the limit.
        name: whose it is, as plain text.
    """
    about = f"{shown.scope}:{shown.scope_id}:{shown.period}:{_kept(shown.limit_micros)}"
    title = _("{name}, {every}").format(name=name, every=every(shown.period))
    modal = ui.Modal(title=shortened(title, TITLE_UNITS_MAX), custom_id=f"{PREFIX}limit:{about}")
    modal.add_item(_typed(_LIMIT, _("Limit in US dollars"), plain_usd(shown.limit_micros), _empty()))
    modal.add_item(_why())
    return modal


def defaults_form(shown: ShownDefaults) -> ui.Modal:
    """A form with what holds for everybody and every order."""
    kept = (
        _kept(shown.member_micros),
        _kept(shown.order_max_micros),
        _kept(shown.member_in_flight_max),
        _kept(shown.guild_in_flight_max),
    )
    modal = ui.Modal(
        title=shortened(_("What holds for everybody"), TITLE_UNITS_MAX),
        custom_id=f"{PREFIX}defaults:{shown.period}:{':'.join(kept)}",
    )
    each = _("Each member {every}, in US dollars").format(every=every(shown.period))
    modal.add_item(_typed(_MEMBER, each, plain_usd(shown.member_micros), _empty()))
    most = _("One order at most, in US dollars")
    modal.add_item(_typed(_ORDER, most, plain_usd(shown.order_max_micros), _empty()))
    of_member, of_all = _shown_number(shown.member_in_flight_max), _shown_number(shown.guild_in_flight_max)
    modal.add_item(_typed(_IN_FLIGHT, _("Orders at once, of each member"), of_member, _empty()))
    modal.add_item(_typed(_ALL, _("Orders at once, of the server"), of_all, _empty()))
    modal.add_item(_why())
    return modal


def sent(interaction: Interaction) -> LimitSent | DefaultsSent:
    """What was sent in: read, but not yet allowed.

    Raises:
        NotYours: it is no form of ours.
        ChangeRefused: an amount or a number in it cannot be read.
    """
    custom_id = sent_id(interaction)
    values = sent_values(interaction)
    reason = values.get(_REASON, "").strip()[:REASON_CHARS_MAX]
    if (of_limit := _OF_LIMIT.fullmatch(custom_id)) is not None:
        return LimitSent(
            shown=Shown(
                scope=BudgetScope(of_limit["scope"]),
                scope_id=int(of_limit["id"]),
                period=Period(of_limit["period"]),
                limit_micros=_micros(of_limit["was"]),
            ),
            wanted=amount(values.get(_LIMIT, "")),
            reason=reason,
        )
    if (of_defaults := _OF_DEFAULTS.fullmatch(custom_id)) is not None:
        return DefaultsSent(shown=_was(of_defaults), wanted=_wanted(of_defaults, values), reason=reason)
    raise NotYours(_("This form is not known any more."), _("Open it again with /budget."))


def _was(known: re.Match[str]) -> ShownDefaults:
    return ShownDefaults(
        period=Period(known["period"]),
        member_micros=_micros(known["member"]),
        order_max_micros=_micros(known["order"]),
        member_in_flight_max=_number(known["flight"]),
        guild_in_flight_max=_number(known["all"]),
    )


def _wanted(known: re.Match[str], values: Mapping[str, str]) -> ShownDefaults:
    return ShownDefaults(
        period=Period(known["period"]),
        member_micros=amount(values.get(_MEMBER, "")),
        order_max_micros=amount(values.get(_ORDER, "")),
        member_in_flight_max=number(values.get(_IN_FLIGHT, "")),
        guild_in_flight_max=number(values.get(_ALL, "")),
    )


def _typed(custom_id: str, label: str, default: str, description: str) -> ui.Label[ui.Modal]:
    field = ui.TextInput[ui.Modal](
        custom_id=custom_id, default=default or None, required=False, max_length=AMOUNT_CHARS_MAX
    )
    return ui.Label(
        text=shortened(label, LABEL_UNITS_MAX), description=shortened(description, 100), component=field
    )


def _why() -> ui.Label[ui.Modal]:
    field = ui.TextInput[ui.Modal](
        custom_id=_REASON, style=TextStyle.paragraph, required=False, max_length=REASON_CHARS_MAX
    )
    return ui.Label(
        text=_("Why"), description=_("It stands beside the change in /budget show"), component=field
    )


def _empty() -> str:
    return _("Leave it empty for no limit")


def _kept(one: int | None) -> str:
    return "-" if one is None else str(one)


def _shown_number(one: int | None) -> str:
    return "" if one is None else str(one)


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)


def _micros(text: str) -> Micros | None:
    return None if text == "-" else Micros(int(text))
