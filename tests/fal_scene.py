"""What the tests of the fal protocol share: orders, wires in fal's words, a provider, a server to call."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from aiohttp import web

from bot.domain import Attempt, Job, JobState, Micros, OfferId, Order, Quote, Source, Ticket
from bot.providers.fal import FalQueue
from bot.providers.fal_addresses import Hosts
from bot.providers.http import Timeouts
from bot.providers.protocol import Taken, Wire
from bot.providers.standard_webhooks import WebhookRefused
from tests.props import NOON, job_of

KEY = "key-id:never-to-be-seen-in-any-detail"

_LANDSCAPE_OR_TALL = {"16:9": "16:9", "9:16": "9:16"}
_SORA_FIELDS = {
    "characters": "character_ids",
    "remixable": "delete_video",
    "blocks_ip": "detect_and_block_ip",
}
SORA = Wire(
    endpoint="fal-ai/sora-2/text-to-video",
    resolutions={"720p": "720p"},
    aspect_ratios=_LANDSCAPE_OR_TALL,
    seconds_as="integer",
    fields=_SORA_FIELDS,
)
SORA_PRO = replace(
    SORA, endpoint="fal-ai/sora-2/text-to-video/pro", resolutions={"720p": "720p", "1080p": "1080p"}
)
SORA_PICTURE = replace(SORA, endpoint="fal-ai/sora-2/image-to-video")
SORA_PICTURE_PRO = replace(SORA_PRO, endpoint="fal-ai/sora-2/image-to-video/pro")
SORA_REMIX = Wire(
    endpoint="fal-ai/sora-2/video-to-video/remix",
    fields={"video": "video_id", "duration": "", "remixable": "delete_video"},
)
SORA_CHARACTERS = Wire(endpoint="fal-ai/sora-2/characters")
KLING = Wire(
    endpoint="fal-ai/kling-video/v3/standard/image-to-video",
    seconds_as="string",
    fields={"picture": "start_image_url"},
    constants={"generate_audio": True},
)
VEO = Wire(
    endpoint="fal-ai/veo3.1",
    resolutions={"720p": "720p", "1080p": "1080p"},
    aspect_ratios=_LANDSCAPE_OR_TALL,
    seconds_as="suffixed",
    seed_field="seed",
)
WAN_EDIT = Wire(endpoint="fal-ai/wan/v2.7/edit-video", fields={"duration": ""}, seed_field="seed")

OFFERS: dict[OfferId, Wire] = {
    OfferId(f"fal/{wire.endpoint.removeprefix('fal-ai/')}"): wire
    for wire in (
        SORA, SORA_PRO, SORA_PICTURE, SORA_PICTURE_PRO, SORA_REMIX, SORA_CHARACTERS, KLING, VEO, WAN_EDIT
    )
}  # fmt: skip

ORDER = job_of().order

SHORT = Timeouts(submit_s=0.5)
SHORT_ASK = Timeouts(ask_s=0.5)


def offer_of(wire: Wire) -> OfferId:
    return next(offer_id for offer_id, each in OFFERS.items() if each.endpoint == wire.endpoint)


@asynccontextmanager
async def provider_at(
    hosts: Hosts,
    *,
    now: Callable[[], datetime] = lambda: NOON,
    wires: Mapping[OfferId, Wire] = OFFERS,
    webhook_url: Callable[[Attempt], str] | None = None,
    start_within_s: float | None = None,
    tries_again: bool = True,
    timeouts: Timeouts | None = None,
) -> AsyncIterator[FalQueue]:
    provider = FalQueue(
        "fal",
        api_key=KEY,
        wires=wires,
        now=now,
        hosts=hosts,
        webhook_url=webhook_url,
        start_within_s=start_within_s,
        tries_again=tries_again,
        timeouts=timeouts,
    )
    try:
        yield provider
    finally:
        await provider.close()


def job(prompt: str = "a paper boat", *, wire: Wire = SORA, number: int = 1, order: Order = ORDER) -> Job:
    """A job at the offer of this wire."""
    quote = Quote(offer_id=offer_of(wire), price_micros=Micros(400_000), per_second_micros=Micros(100_000))
    return replace(
        job_of(number), order=replace(order, prompt=prompt), quote=quote, state=JobState.SUBMITTING
    )


def attempt(of: Job, *, number: int = 1) -> Attempt:
    return Attempt(job_id=of.id, number=number, offer_id=of.quote.offer_id, sent_at=NOON)


async def made(provider: FalQueue, order: Job | None = None) -> Ticket:
    order = order or job()
    match await provider.submit(order, attempt(order)):
        case Taken(ticket):
            return ticket
        case other:
            raise AssertionError(f"not taken: {other}")


def picture(folder: Path, size_bytes: int, *, media_type: str = "image/png") -> Source:
    """A source of so many bytes, which nobody here looks into."""
    path = folder / f"source.{media_type.partition('/')[2]}"
    path.write_bytes(bytes(range(256)) * (size_bytes // 256))
    return Source(path=path, media_type=media_type, width=1280, height=720)


class Called:
    """What came to a server like the bot's own, at `/webhooks/fal/{attempt key}`, and was believed."""

    def __init__(self) -> None:
        self.found: list[tuple[str, Ticket]] = []
        self.url = ""

    def address_of(self, attempt: Attempt) -> str:
        return f"{self.url}/webhooks/fal/{attempt.key}"


@asynccontextmanager
async def called_provider(
    hosts: Hosts, now: Callable[[], datetime]
) -> AsyncIterator[tuple[FalQueue, Called]]:
    """A provider that asks for webhooks, and what comes of them."""
    called = Called()

    async def receive(request: web.Request) -> web.Response:
        key, body = request.match_info["key"], await request.read()
        try:
            ticket = await provider.received(key, request.query, request.headers, body)
        except WebhookRefused:
            return web.Response(status=401)
        called.found.append((key, ticket))
        return web.Response(status=204)

    app = web.Application()
    app.add_routes([web.post("/webhooks/fal/{key}", receive)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    called.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with provider_at(hosts, now=now, webhook_url=called.address_of) as provider:
            yield provider, called
    finally:
        await runner.cleanup()
