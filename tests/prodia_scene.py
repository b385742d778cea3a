"""What the tests of the prodia protocol share: wires, orders, a provider."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from bot.providers.http import Timeouts
from bot.providers.prodia import ProdiaJobs
from bot.providers.protocol import Wire
from tests.openai_scene import OFFER
from tests.props import NOON

TOKEN = "prodia-token-never-to-be-seen-in-any-detail"
SORA = Wire(
    endpoint="inference.sora-2.txt2vid.v1",
    aspect_ratios={"16:9": "16:9", "9:16": "9:16"},
    seconds_as="integer",
    seed_field="seed",
)
PRO = replace(
    SORA, endpoint="inference.sora-2.pro.txt2vid.v1", resolutions={"720p": "720p", "1080p": "1080p"}
)
ANIMATE = replace(SORA, endpoint="inference.sora-2.img2vid.v1")


@asynccontextmanager
async def provider_at(
    url: str,
    *,
    wire: Wire = SORA,
    now: Callable[[], datetime] = lambda: NOON,
    timeouts: Timeouts | None = None,
) -> AsyncIterator[ProdiaJobs]:
    provider = ProdiaJobs(
        "emulator", token=TOKEN, wires={OFFER: wire}, now=now, base_url=url, timeouts=timeouts
    )
    try:
        yield provider
    finally:
        await provider.close()
