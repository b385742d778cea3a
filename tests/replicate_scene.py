"""What the tests of the replicate protocol share: wires, orders, a provider."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.domain import Attempt, Job, Kind, Source, Ticket
from bot.providers.http import Timeouts
from bot.providers.protocol import Provider, Taken, Wire
from bot.providers.replicate import ReplicatePredictions
from tests.openai_scene import OFFER, attempt, job
from tests.props import NOON

TOKEN = "r8_never-to-be-seen-in-any-detail"
SORA = Wire(
    endpoint="openai/sora-2",
    aspect_ratios={"16:9": "landscape", "9:16": "portrait"},
    seconds_as="integer",
)
PRO = replace(SORA, endpoint="openai/sora-2-pro", resolutions={"720p": "standard", "1080p": "high"})
ECHOED = replace(SORA, echo_field="tag")

SHORT = Timeouts(submit_s=0.3)
"""For what is made to hang."""

PICTURE = b"\x89PNG\r\n\x1a\n" + b"a small picture"


@asynccontextmanager
async def provider_at(
    url: str,
    *,
    wire: Wire = SORA,
    now: Callable[[], datetime] = lambda: NOON,
    timeouts: Timeouts | None = None,
    cancel_after_s: int | None = None,
    webhook_url: Callable[[Attempt], str] | None = None,
) -> AsyncIterator[ReplicatePredictions]:
    provider = ReplicatePredictions(
        "emulator",
        api_token=TOKEN,
        wires={OFFER: wire},
        now=now,
        base_url=url,
        cancel_after_s=cancel_after_s,
        webhook_url=webhook_url,
        file_hosts={"127.0.0.1"},
        timeouts=timeouts,
    )
    try:
        yield provider
    finally:
        await provider.close()


async def made(provider: Provider, order: Job | None = None) -> Ticket:
    order = order or job()
    match await provider.submit(order, attempt(order)):
        case Taken(ticket):
            return ticket
        case other:
            raise AssertionError(f"not taken: {other}")


def animated(folder: Path, *, data: bytes = PICTURE, media_type: str = "image/png") -> Job:
    """An order that starts from a picture of ours."""
    path = folder / "source"
    path.write_bytes(data)
    source = Source(path=path, media_type=media_type, width=1280, height=720)
    order = job("the boat sets off")
    return replace(order, order=replace(order.order, kind=Kind.ANIMATE, source=source))
