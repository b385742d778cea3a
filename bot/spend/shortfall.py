"""The refusals of budgets: which said no, by how much, until when, and what to do."""

from datetime import datetime

from bot.domain import FaultKind, Micros
from bot.errors import BudgetExceeded, TooManyInFlight
from bot.language import _
from bot.money import format_usd
from storage.budgets import BudgetScope

ORDER = "order"
"""The scope of a refusal by the most that one order may cost."""


def exceeded(price: int, left: int, scope: BudgetScope, resets_at: datetime | None) -> BudgetExceeded:
    """A budget has less than an order costs.

    Args:
        price: of the whole order.
        left: what the budget has; below zero (where its limit was lowered) is nothing.
        scope: whose budget it is.
        resets_at: when its period ends.
    """
    left = max(0, left)
    short = price - left
    what, do = _until(scope) if resets_at is not None else _for_good(scope)
    return BudgetExceeded(
        what.format(
            price=format_usd(price),
            left=format_usd(left),
            short=format_usd(short),
            when="" if resets_at is None else moment(resets_at),
        ),
        do,
        kind=FaultKind.MEMBER_BUDGET if is_own(scope) else FaultKind.SERVER_BUDGET,
        short_micros=Micros(short),
        left_micros=Micros(left),
        scope=scope.value,
        resets_at=resets_at,
    )


def too_dear(price: int, most: int) -> BudgetExceeded:
    """An order costs more than one order may here."""
    return BudgetExceeded(
        _("This costs {price}, and one order here may cost at most {most}: {short} too much.").format(
            price=format_usd(price), most=format_usd(most), short=format_usd(price - most)
        ),
        _("Choose a shorter clip, a lower resolution, fewer takes or a cheaper model."),
        kind=FaultKind.SERVER_BUDGET,
        short_micros=Micros(price - most),
        left_micros=Micros(most),
        scope=ORDER,
    )


def too_many(there: int, most: int, takes: int, kind: FaultKind) -> TooManyInFlight:
    """So many jobs may be on their way at once, of a member or of a server, and more would be."""
    told = _("This server has {n} of at most {most} orders on their way, and this would be {takes} more.")
    if kind is FaultKind.MEMBER_BUDGET:
        told = _("You have {n} of at most {most} orders on their way, and this would be {takes} more.")
    return TooManyInFlight(
        told.format(n=there, most=most, takes=takes),
        _("Order again when one of them has ended, or with fewer takes."),
        kind=kind,
    )


def moment(at: datetime) -> str:
    """A time that Discord writes in every reader's own time zone and language."""
    return f"<t:{int(at.timestamp())}:f>"


def is_own(scope: BudgetScope) -> bool:
    """Whether a budget counts one member's spending, and not that of a pool."""
    return scope in {BudgetScope.MEMBER, BudgetScope.ROLE, BudgetScope.DEFAULT}


def _until(scope: BudgetScope) -> tuple[str, str]:
    """What is said where the budget comes back."""
    match scope:
        case BudgetScope.MEMBER | BudgetScope.ROLE | BudgetScope.DEFAULT:
            return (
                _("This costs {price} and your budget has {left} left until {when}: {short} too little."),
                _("Choose a shorter clip, a lower resolution or a cheaper model."),
            )
        case BudgetScope.CHANNEL:
            return (
                _("This costs {price}, {short} more than this channel's budget has left until {when}."),
                _("Choose a cheaper order, or order in another channel."),
            )
        case BudgetScope.GUILD:
            return (
                _("This costs {price}, {short} more than this server's budget has left until {when}."),
                _("Choose a cheaper order, or ask those who manage this server to raise its budget."),
            )
        case BudgetScope.CEILING:
            return (
                _("This costs {price}, {short} more than this server's budget has left until {when}."),
                _("Choose a cheaper order, or ask whoever runs this bot to raise the server's ceiling."),
            )
        case BudgetScope.INSTALLATION:
            return (
                _("This costs {price}, {short} more than the bot's own budget has left until {when}."),
                _("Choose a cheaper order, or ask whoever runs this bot to raise its budget."),
            )


def _for_good(scope: BudgetScope) -> tuple[str, str]:
    """What is said where the budget never comes back by itself."""
    match scope:
        case BudgetScope.MEMBER | BudgetScope.ROLE | BudgetScope.DEFAULT:
            return (
                _("This costs {price} and your budget has {left} left: {short} too little."),
                _("Choose a shorter clip, a lower resolution or a cheaper model."),
            )
        case BudgetScope.CHANNEL:
            return (
                _("This costs {price}, {short} more than this channel's budget has left."),
                _("Choose a cheaper order, or order in another channel."),
            )
        case BudgetScope.GUILD:
            return (
                _("This costs {price}, {short} more than this server's budget has left."),
                _("Choose a cheaper order, or ask those who manage this server to raise its budget."),
            )
        case BudgetScope.CEILING:
            return (
                _("This costs {price}, {short} more than this server's budget has left."),
                _("Choose a cheaper order, or ask whoever runs this bot to raise the server's ceiling."),
            )
        case BudgetScope.INSTALLATION:
            return (
                _("This costs {price}, {short} more than the bot's own budget has left."),
                _("Choose a cheaper order, or ask whoever runs this bot to raise its budget."),
            )
