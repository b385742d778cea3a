"""What `/budget show` shows: limits with what is used of them, rules, grants, and who changed what lately."""

from collections.abc import Sequence

from discord import ui

from bot.language import _
from bot.money import format_usd
from bot.quoting import escaped, shortened, units, whole_lines
from bot.spend.standings import Grant, GuildStanding
from cogs import sentences
from cogs.budget_words import bound, change

LIMITS_SHOWN = 14
GRANTS_SHOWN = 6
CHANGES_SHOWN = 8
REASON_UNITS = 60
TEXT_UNITS_MAX = 3_900
"""Discord takes 4,000 of all texts of a message together."""


def guild_view(standing: GuildStanding) -> ui.LayoutView:
    """All of it on one screen; what does not fit is counted."""
    ceiling = standing.ceiling
    if ceiling is None:
        first = _("Models that cost money are closed to this server: whoever runs this bot can admit it.")
    else:
        first = _(
            "Whoever runs this bot lets this server spend at most {limit} a month; no manager can raise that."
        ).format(limit=format_usd(ceiling.limit_micros))
    parts = [
        [f"### {_('The budgets of this server')}", first],
        _some([f"- {bound(one)}" for one in standing.bounds], LIMITS_SHOWN, _("No limits are set.")),
        [f"**{_('For every order')}**", *(f"- {line}" for line in _rules(standing))],
        [
            f"**{_('Open grants')}**",
            *_some([_grant(one, standing) for one in standing.grants], GRANTS_SHOWN, _("None.")),
        ],
        [
            f"**{_('Latest changes')}**",
            *_some([f"- {change(one)}" for one in standing.changes], CHANGES_SHOWN, _("None.")),
        ],
    ]
    container: ui.Container[ui.LayoutView] = ui.Container()
    room = TEXT_UNITS_MAX
    for number, lines in enumerate(parts):
        text = "\n".join(lines[: whole_lines(lines, room)])
        if not text:
            break
        room -= units(text)
        if number:
            container.add_item(ui.Separator())
        container.add_item(ui.TextDisplay(text))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return view


def _rules(standing: GuildStanding) -> list[str]:
    rules = standing.rules
    any_number = _("any number")
    cap = _("no limit") if rules.order_max_micros is None else format_usd(rules.order_max_micros)
    each = any_number if rules.member_in_flight_max is None else str(rules.member_in_flight_max)
    all_of_them = any_number if rules.guild_in_flight_max is None else str(rules.guild_in_flight_max)
    alerts = _("nowhere") if standing.alerts_in is None else f"<#{standing.alerts_in}>"
    return [
        _("It may cost at most: {cap}").format(cap=cap),
        _("On their way at once: {member} of each member, {server} of the server").format(
            member=each, server=all_of_them
        ),
        _("Days begin at midnight in {zone}").format(zone=escaped(rules.time_zone)),
        _("Alerts go to: {place}").format(place=alerts),
    ]


def _grant(grant: Grant, standing: GuildStanding) -> str:
    until = "" if grant.expires_at is None else " · " + sentences.day(grant.expires_at)
    told = _("{left} of {amount} left").format(
        left=format_usd(grant.left_micros(standing.at)), amount=format_usd(grant.amount_micros)
    )
    why = escaped(shortened(grant.reason, REASON_UNITS))
    return f"- {grant.id}. <@{grant.member.user_id}> {told}{until} · <@{grant.granted_by}> · {why}"


def _some(lines: Sequence[str], most: int, nothing: str) -> list[str]:
    if not lines:
        return [nothing]
    left_out = len(lines) - most
    return [*lines[:most], _("… and {n} more").format(n=left_out)] if left_out > 0 else list(lines)
