"""Micro-dollars: read them from what people write, and write them for people. Never a float."""

import re
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bot.domain import Micros
from bot.language import language, number

MICROS_PER_USD = 1_000_000
MICROS_PER_CENT = 10_000

USD_MAX = 1_000_000
"""More than a million dollars in one setting or price is a slip of the hand."""

_AMOUNT = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?", re.ASCII)


def parse_usd(text: str) -> Micros:
    """Read a plain decimal amount of dollars, such as `12`, `0.5` or `0.000125`.

    Signs, exponents, thousands separators, currency signs and digits beyond ASCII are refused: an
    amount that could be read in two ways is not money.

    Raises:
        ValueError: the text is no such amount, or above `USD_MAX`.
    """
    if not _AMOUNT.fullmatch(text):
        raise ValueError(
            f"write dollars as digits with at most six decimals, such as 12 or 0.50, up to {USD_MAX}"
        )
    amount = Decimal(text)
    if amount > USD_MAX:
        raise ValueError(f"at most {USD_MAX} dollars")
    return Micros(int(amount * MICROS_PER_USD))


def format_usd(micros: int) -> str:
    """Write an amount to the cent, or as fine as it needs, as the reader's language does.

    `$1.20`, `$0.0035` and `-$0.10`; in German `1,20 $`.
    """
    whole, rest = divmod(abs(micros), MICROS_PER_USD)
    return _written("$", micros < 0, whole, f"{rest:06d}".rstrip("0").ljust(2, "0"))


@dataclass(frozen=True, slots=True)
class Currency:
    """Another currency, shown beside dollars at a fixed rate; nothing is ever counted in it.

    `rate_micros` is how many millionths of one of it a dollar is.
    """

    code: str
    rate_micros: int

    def about(self, micros: int) -> str:
        """An amount of micro-dollars in it, rounded half up to its smallest coin: `€1.38`, `1,38 €`."""
        decimals = 0 if self.code in _WITHOUT_COINS else 2
        scale = MICROS_PER_USD * MICROS_PER_USD // 10**decimals
        coins = (abs(micros) * self.rate_micros + scale // 2) // scale
        whole, rest = divmod(coins, 10**decimals)
        sign = _SIGNS.get(self.code, self.code)
        return _written(sign, micros < 0, whole, f"{rest:0{decimals}d}" if decimals else "")


_WITHOUT_COINS = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"})
"""ISO 4217's currencies of people that have no smaller unit."""

_SIGNS = {"EUR": "€", "GBP": "£", "JPY": "¥", "KRW": "₩", "INR": "₹", "UAH": "₴", "PLN": "zł", "BRL": "R$"}

displayed: Final[ContextVar[Currency | None]] = ContextVar("displayed", default=None)
"""Set once, before everything else is started; every task and thread that comes of it has it."""


def with_display(micros: int) -> str:
    """An amount in dollars, with what it is about in the currency that the operator has people shown."""
    currency = displayed.get()
    if currency is None or not micros:
        return format_usd(micros)
    return f"{format_usd(micros)} (≈ {currency.about(micros)})"


def _written(sign: str, negative: bool, whole: int, decimals: str) -> str:  # noqa: FBT001
    """A number with its sign as the language of the moment has them."""
    minus = "-" if negative else ""
    if language.get() == "de":
        # A space that does not break, so that no line ends between the number and its sign.
        return f"{minus}{number(whole)}{',' if decimals else ''}{decimals}\u00a0{sign}"
    gap = "\u00a0" if sign.isalpha() and sign.isascii() else ""
    return f"{minus}{sign}{gap}{number(whole)}{'.' if decimals else ''}{decimals}"
