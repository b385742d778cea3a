"""What an order costs and what a budget has left, in words, to the one who orders or looks."""

from collections.abc import Sequence

from bot.catalogue import price_line
from bot.domain import Allowance, Job, Micros, Order, Quote
from bot.language import _
from bot.money import format_usd, with_display
from cogs import sentences


def price(quote: Quote, order: Order, *, play_money: bool) -> str:
    """`$0.40 (4 s at $0.10 a second), play money`, or `free`."""
    line = price_line(quote, order.duration_s)
    if play_money and quote.price_micros:
        return _("{price}, play money").format(price=line)
    return line


def order_price(quote: Quote, order: Order, *, play_money: bool) -> str:
    """The price of all takes together, with that of one."""
    one = price(quote, order, play_money=play_money)
    if order.takes == 1 or not quote.price_micros:
        return one
    total = format_usd(Micros(quote.price_micros * order.takes))
    return _("{total} for {n} takes of {price}").format(total=total, n=order.takes, price=one)


def what_was_paid(price: str, takes: Sequence[Job]) -> str:
    """The price of all takes, with what of it was paid where some of them cost less."""
    paid = sum(job.charged_micros for job in takes)
    if paid == sum(job.quote.price_micros for job in takes):
        return price
    return _("{money} paid of {price}").format(money=format_usd(Micros(paid)), price=price)


def left(allowance: Allowance) -> str:
    """What may still be ordered, and until when; the empty text where that is not known."""
    if not allowance.is_known:
        return ""
    if allowance.left_micros is None:
        return _("no limit on the budget")
    money = format_usd(allowance.left_micros)
    if allowance.left_until is None:
        return _("{money} of the budget left").format(money=money)
    return _("{money} of the budget left until {day}").format(
        money=money, day=sentences.day(allowance.left_until)
    )


def left_after(allowance: Allowance, price: Micros) -> str:
    """Which budget has least, what it has left, what after an order at this price, and when it comes back."""
    if allowance.left_micros is None:
        return ""
    told = _("{whose}: {left} left, {after} after this; it starts anew {when}")
    if allowance.left_until is None:
        told = _("{whose}: {left} left, {after} after this; it does not start anew")
    return told.format(
        whose=whose_is(allowance.left_of),
        left=with_display(allowance.left_micros),
        after=with_display(Micros(max(0, allowance.left_micros - price))),
        when="" if allowance.left_until is None else sentences.ago(allowance.left_until),
    )


def whose_is(scope: str) -> str:
    """Whose budget it is that has least, to the one who orders."""
    match scope:
        case "channel":
            return _("This channel's budget")
        case "guild" | "ceiling":
            return _("This server's budget")
        case "installation":
            return _("The bot's own budget")
        case _:
            return _("Your budget")
