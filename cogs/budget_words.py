"""How budgets are named to people: whose each is, how often it begins anew, what a change did."""

from bot.language import _
from bot.money import format_usd
from bot.quoting import escaped, shortened
from bot.spend.distributing import every, value
from bot.spend.standings import Bound, BudgetScope, Change
from cogs import sentences

REASON_UNITS = 80


def whose(scope: BudgetScope, scope_id: int) -> str:
    """Whom a budget binds."""
    match scope:
        case BudgetScope.INSTALLATION:
            return _("The whole bot")
        case BudgetScope.CEILING:
            return _("This server, set by whoever runs this bot")
        case BudgetScope.GUILD:
            return _("This server")
        case BudgetScope.CHANNEL:
            return f"<#{scope_id}>"
        case BudgetScope.ROLE:
            return _("Each member with {role}").format(role=f"<@&{scope_id}>")
        case BudgetScope.MEMBER:
            return f"<@{scope_id}>"
        case BudgetScope.DEFAULT:
            return _("Each member")


def bound(one: Bound) -> str:
    """A limit, and what of it is used and left until when."""
    name = whose(one.scope, one.scope_id)
    limit = format_usd(one.limit_micros)
    if one.used_micros is None:
        return _("**{whose}** {limit} {every}").format(whose=name, limit=limit, every=every(one.period))
    told = _("**{whose}** {limit} {every}: {left} left, {used} used").format(
        whose=name,
        limit=limit,
        every=every(one.period),
        left=format_usd(one.left_micros),
        used=format_usd(one.used_micros),
    )
    if one.resets_at is None:
        return told
    return _("{told}; it starts anew {when}").format(told=told, when=sentences.ago(one.resets_at))


def change(one: Change) -> str:
    """A line of the record: what was changed from what to what, by whom, when and why."""
    who = f"<@{one.changed_by}>" if one.changed_by else _("Whoever runs this bot")
    what = _changed(one)
    told = f"{sentences.ago(one.at)} {who}: {what}, {_value(one.what, one.was)} → {_value(one.what, one.now)}"
    return f"{told} · {escaped(shortened(one.reason, REASON_UNITS))}" if one.reason else told


def _changed(one: Change) -> str:
    """What it was about."""
    match one.what:
        case "time_zone":
            return _("the time zone")
        case "order_max_micros":
            return _("the most that one order may cost")
        case "member_in_flight_max":
            return _("orders on their way of each member")
        case "guild_in_flight_max":
            return _("orders on their way of the server")
        case "alerts":
            return _("the channel for alerts")
        case "grant":
            return _("a grant for {member}").format(member=f"<@{one.scope_id}>")
        case "revoke":
            return _("a grant of {member} taken back").format(member=f"<@{one.scope_id}>")
        case scope:
            name = whose(BudgetScope(scope), one.scope_id)
            return name if one.period is None else f"{name} {every(one.period)}"


def _value(what: str, kept: str | None) -> str:
    if kept is None and what in {"alerts", "grant", "revoke"}:
        return _("none")
    if kept is not None and what == "alerts":
        return f"<#{kept}>"
    return escaped(value(what, kept))
