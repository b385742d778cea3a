"""The catalogue beside what the providers themselves say now: what is the same, and what is not."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from bot.catalogue import Catalogue
from bot.domain import ChannelId, GuildId, InteractionId, Kind, Member, Micros, Order, UserId
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.money import format_usd
from bot.offers.rows import Offer
from bot.providers.endpoints import Described, Endpoint, Quoting
from bot.providers.protocol import Provider

AT_ONCE_MAX = 4
"""Questions to providers at a time: this is no hurry, and their limits are ours for orders too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found out about one offer, in words. `differs` where somebody should look at it.

    `key` is what of its row says otherwise than the provider; none where nothing does.
    """

    offer: Offer
    words: str
    differs: bool = False
    key: str = ""


async def compared(
    catalogue: Catalogue, providers: Mapping[str, Provider], *, today: date
) -> AsyncIterator[Finding]:
    """A finding for each offer of these providers, in the catalogue's order. Nothing is ordered by it."""
    gate = asyncio.Semaphore(AT_ONCE_MAX)
    tasks = [
        asyncio.create_task(_looked_at(offer, providers[offer.row.provider], today, gate))
        for row in catalogue.all_models()
        for offer in catalogue.offers_of(row.id)
        if offer.row.provider in providers
    ]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()


async def _looked_at(offer: Offer, provider: Provider, today: date, gate: asyncio.Semaphore) -> Finding:
    async with gate:
        if not isinstance(provider, Described):
            return Finding(offer=offer, words="not compared: this provider has no call for models or prices")
        try:
            endpoint = await provider.endpoint(offer.row.endpoint)
            if (lasts := _lasts(offer, endpoint, today)) is not None:
                return lasts
            if not isinstance(provider, Quoting):
                return Finding(offer=offer, words="same; its price is in no call of theirs")
            return await _priced(offer, provider)
        except (ProviderUnavailable, UnreadableAnswer) as error:
            return Finding(offer=offer, words=f"no answer: {error}", differs=True)


def _differs(offer: Offer, key: str, words: str) -> Finding:
    return Finding(offer=offer, words=words, differs=True, key=key)


def _lasts(offer: Offer, endpoint: Endpoint, today: date) -> Finding | None:
    """What there is to say of how long an endpoint lasts; None where it stands as we know it."""
    ours, theirs = offer.row.retires_on, endpoint.retires_on
    is_over = ours is not None and ours <= today
    if endpoint.exists is None:
        return Finding(offer=offer, words="not compared: this server does not list it")
    if not endpoint.exists:
        if is_over:
            return Finding(offer=offer, words=f"same: retired on {ours}, and unknown there")
        name = offer.row.endpoint
        return Finding(
            offer=offer, words=f"the endpoint {name} is unknown there", differs=True, key="endpoint"
        )
    if theirs is not None and theirs != ours:
        known = "" if ours is None else f", ours {ours}"
        return _differs(offer, "retires_on", f"retires on {theirs}{known}")
    if endpoint.deprecated and ours is None:
        return Finding(
            offer=offer, words="deprecated there, with no day named", differs=True, key="retires_on"
        )
    if is_over and theirs is None:
        return Finding(
            offer=offer, words=f"retired here on {ours}, and still there", differs=True, key="retires_on"
        )
    return None


async def _priced(offer: Offer, provider: Quoting) -> Finding:
    if not offer.per_second_micros:
        return Finding(offer=offer, words="same; not sold, since its price is not known")
    if offer.row.kinds == [Kind.GENERATE] or not provider.quotes_resolutions:
        theirs = {order.resolution: await _second(order, offer, provider) for order in _orders(offer)}
    else:
        return Finding(offer=offer, words="same; its price cannot be asked for without a picture")
    if not provider.quotes_resolutions and set(theirs.values()) <= set(offer.per_second_micros.values()):
        return Finding(offer=offer, words="same")  # one price for all: the base that others are told from
    wrong = [
        f"theirs {format_usd(price)}/s, ours {format_usd(ours)}/s at {resolution}"
        for resolution, price in theirs.items()
        if price != (ours := offer.per_second_micros[resolution])
    ]
    if wrong:
        return Finding(
            offer=offer, words=f"price differs: {'; '.join(wrong)}", differs=True, key="usd_per_second"
        )
    return Finding(offer=offer, words="same")


async def _second(order: Order, offer: Offer, provider: Quoting) -> Micros:
    total = await provider.quote(order, offer.id)
    return Micros(-(-total // order.duration_s))


def _orders(offer: Offer) -> Iterator[Order]:
    """The shortest order at each resolution that has a price, to be asked for a price and never placed."""
    for resolution in offer.per_second_micros:
        shape = next(iter(_shapes(offer, resolution)), None)
        seconds = min(offer.row.durations_s or [4])
        if shape is not None:
            yield Order(
                kind=Kind.GENERATE,
                member=Member(guild_id=GuildId(0), user_id=UserId(0)),
                channel_id=ChannelId(0),
                interaction_id=InteractionId(0),
                prompt="a paper boat",
                model=offer.row.model,
                resolution=resolution,
                aspect_ratio=shape,
                duration_s=seconds,
            )


def _shapes(offer: Offer, resolution: str) -> Iterable[str]:
    row = offer.row
    sized = [size.rpartition(" ")[2] for size in row.sizes if size.rpartition(" ")[0] == resolution]
    return sized or (row.aspect_ratios if resolution in row.resolutions else [])
