"""What fal says of its endpoints: what they cost (to compare with, and to read bills), and how they stand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal

import aiohttp
from yarl import URL

from bot.domain import Micros
from bot.errors import UnreadableAnswer
from bot.money import MICROS_PER_USD, USD_MAX
from bot.providers import http
from bot.providers.endpoints import Endpoint
from bot.providers.fal_addresses import PROTOCOL
from bot.providers.outcomes import expect_ok, is_gone

KEPT_FOR = timedelta(hours=6)
WAIT_S = 5.0
"""A finished clip waits no longer than this to hear what it cost."""


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """The price of one unit (`seconds`, `videos`, …), as finely as it was said."""

    usd: Decimal
    unit: str

    @property
    def is_by_second(self) -> bool:
        return "second" in self.unit.lower() and "compute" not in self.unit.lower()

    def of(self, units: Decimal) -> Micros:
        """What so many units cost, up to the next micro."""
        return Micros(int((units * self.usd * MICROS_PER_USD).to_integral_value(ROUND_CEILING)))


class Prices:
    """Asks for prices, and remembers them for some hours.

    `GET /models/pricing?endpoint_id=…` gives one price for one unit. Where an endpoint is dearer at a higher
    resolution, that shows only in how many units a clip is billed as; so this is no price of an order.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: URL,
        *,
        headers: Mapping[str, str],
        now: Callable[[], datetime],
    ) -> None:
        self._session = session
        self._url = url
        self._headers = headers
        self._now = now
        self._known: dict[str, tuple[datetime, UnitPrice]] = {}

    async def of(self, endpoint: str) -> UnitPrice:
        """An endpoint's price.

        Raises:
            ProviderUnavailable, UnreadableAnswer: there is none to be had.
        """
        kept = self._known.get(endpoint)
        if kept is not None and abs(self._now() - kept[0]) < KEPT_FOR:
            return kept[1]
        url = self._url.with_query(endpoint_id=endpoint)
        answered = await http.call(self._session, "GET", url, headers=self._headers, total_s=WAIT_S)
        expect_ok(answered, PROTOCOL, now=self._now())
        price = _price(answered, endpoint)
        self._known[endpoint] = (self._now(), price)
        return price


async def described(
    session: aiohttp.ClientSession, url: URL, endpoint: str, *, headers: Mapping[str, str], now: datetime
) -> Endpoint:
    """How an endpoint stands: `GET /models?endpoint_id=…` finds it, or finds nothing (a 404, or no rows).

    Raises:
        ProviderUnavailable, UnreadableAnswer: no answer of the API's.
    """
    answered = await http.call(session, "GET", url.with_query(endpoint_id=endpoint), headers=headers)
    if is_gone(answered, PROTOCOL):
        return Endpoint(exists=False)
    expect_ok(answered, PROTOCOL, now=now)
    match answered.body:
        case {"models": []}:
            return Endpoint(exists=False)
        case {"models": [{"endpoint_id": str(named), "metadata": {"status": str(status)}}]} if (
            named == endpoint and status in {"active", "deprecated"}
        ):
            return Endpoint(exists=True, deprecated=status == "deprecated")
        case _:
            raise UnreadableAnswer(PROTOCOL, f"nothing of {endpoint} that is known: {answered.text}")


def _price(answered: http.Answered, endpoint: str) -> UnitPrice:
    match answered.body:
        case {"prices": list(rows)}:
            for row in rows:
                match row:
                    case {
                        "endpoint_id": str(named),
                        "unit_price": Decimal() | int() as usd,
                        "unit": str(unit),
                        "currency": "USD",
                    } if named == endpoint and 0 <= usd <= USD_MAX:
                        return UnitPrice(Decimal(usd), unit)
    raise UnreadableAnswer(PROTOCOL, f"no price in dollars of {endpoint}: {answered.text}")
