"""Micro-dollars: read them from what people write, and write them for people. Never a float."""

import re
from decimal import Decimal

from bot.domain import Micros

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
        raise ValueError("write dollars as digits with at most six decimals, such as 12 or 0.50")
    amount = Decimal(text)
    if amount > USD_MAX:
        raise ValueError(f"at most {USD_MAX} dollars")
    return Micros(int(amount * MICROS_PER_USD))


def format_usd(micros: int) -> str:
    """Write an amount to the cent, or as fine as it needs: `$1.20`, `$0.0035`, `-$0.10`."""
    sign = "-" if micros < 0 else ""
    whole, rest = divmod(abs(micros), MICROS_PER_USD)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}${whole:,}.{decimals}"
