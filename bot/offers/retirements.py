"""A duty: once a day the providers are asked which of our offers they still have, and until when.

What they say closes offers (`Catalogue.gone`, `Catalogue.retires`), so that nothing is ordered, and no money
held, where nobody would make it. No answer changes nothing: it is logged, and asked for again the next day.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from bot.catalogue import Catalogue
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.offers.rows import Offer
from bot.providers.endpoints import Described, Endpoint
from bot.providers.protocol import Provider

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
FIRST_AFTER = timedelta(minutes=1)
"""A process that is started again and again must not ask each time; and its first orders come first."""


class Retirements:
    """Asks, one endpoint after the other, and tells the catalogue.

    Args:
        providers: those that are open, by name; one without a call for it is left out.
        now: the clock.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        providers: Mapping[str, Provider],
        *,
        now: Callable[[], datetime],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._catalogue = catalogue
        self._providers = {
            name: provider for name, provider in providers.items() if isinstance(provider, Described)
        }
        self._now = now
        self._pause = pause

    async def run(self) -> None:
        """Look once a day. It never ends by itself: a duty that ends, ends the process."""
        await self._pause(FIRST_AFTER.total_seconds())
        while True:
            begun_at = self._now()
            await self.look()
            await self._pause((begun_at + EVERY - self._now()).total_seconds())

    async def look(self) -> None:
        """Ask about every offer that can be ordered now."""
        for model in self._catalogue.all_models():
            for offer in self._catalogue.open_offers(model.id):
                provider = self._providers.get(offer.row.provider)
                if provider is not None:
                    await self._ask(offer, provider)

    async def _ask(self, offer: Offer, provider: Described) -> None:
        about = {"offer": offer.id, "provider": offer.row.provider}
        try:
            endpoint = await provider.endpoint(offer.row.endpoint)
        except (ProviderUnavailable, UnreadableAnswer) as error:
            log.warning("not known whether it lasts: %s", error, extra={**about, "code": error.code})
            return
        except Exception:  # one provider's answer, whatever it is, ends no duty
            log.exception("not known whether it lasts", extra={**about, "code": "retirement_failed"})
            return
        self._tell(offer, endpoint, about)

    def _tell(self, offer: Offer, endpoint: Endpoint, about: Mapping[str, str]) -> None:
        if endpoint.exists is False:
            log.error("no longer there, and no longer sold", extra={**about, "code": "offer_gone"})
            self._catalogue.gone(offer.id)
        elif endpoint.retires_on is not None:
            if endpoint.retires_on != offer.row.retires_on:
                day = f"{endpoint.retires_on:%Y-%m-%d}"
                log.warning("to end on %s", day, extra={**about, "code": "offer_retires"})
            self._catalogue.retires(offer.row.provider, offer.row.endpoint, endpoint.retires_on)
        elif endpoint.deprecated:
            log.warning("deprecated there, with no day named", extra={**about, "code": "offer_deprecated"})
