"""What a provider says that something costs, in micros: never by way of a float, never less than it says."""

from decimal import ROUND_CEILING, Decimal

from bot.domain import Micros
from bot.money import MICROS_PER_USD, USD_MAX


def micros_of(said: object, *, unit_micros: int = MICROS_PER_USD) -> Micros | None:
    """An amount as the JSON number that it was, up to the next micro; None for what is no amount.

    Args:
        said: as http.py reads numbers: an `int` or a `Decimal`.
        unit_micros: what one of it is; a dollar, or 1 where micros are said.
    """
    if isinstance(said, bool) or not isinstance(said, int | Decimal):
        return None
    if not 0 <= said <= USD_MAX * MICROS_PER_USD // unit_micros:
        return None
    return Micros(int((Decimal(said) * unit_micros).to_integral_value(ROUND_CEILING)))
