"""What the tests of the openai protocol share: a clock, an order, a provider, a server that misbehaves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.domain import (
    Attempt,
    ChannelId,
    GuildId,
    InteractionId,
    Job,
    JobId,
    JobState,
    Kind,
    Member,
    Micros,
    OfferId,
    Order,
    Quote,
    Source,
    Ticket,
    UserId,
)
from bot.providers.http import Timeouts
from bot.providers.openai import OpenAIVideos
from bot.providers.protocol import NotTaken, Refused, Submission, Taken, Unknown, Wire
from tests.props import NOON

KEY = "sk-never-to-be-seen-in-any-detail"
OFFER = OfferId("emulator/model-1")
PLAIN = Wire(endpoint="model-1", sizes={("720p", "16:9"): "128x72", ("720p", "9:16"): "72x128"})
KEYED = replace(PLAIN, key_field="idempotency_key")
ECHOED = replace(PLAIN, echo_field="metadata")
REMIX = replace(PLAIN, fields={"video": "video_id", "duration": ""})
REWORK = replace(PLAIN, fields={"video": "video"})

SHORT = Timeouts(submit_s=1)
SHORT_ASK = Timeouts(ask_s=0.5)
SHORT_SILENCE = Timeouts(silence_s=0.5)
"""For what is made to hang."""


@asynccontextmanager
async def provider_at(
    url: str,
    *,
    wire: Wire = PLAIN,
    now: Callable[[], datetime] = lambda: NOON,
    timeouts: Timeouts | None = None,
    can_cancel: bool = True,
    bills_failures: bool = True,
    sends_forms: bool = False,
    webhook_secret: str | None = None,
    file_hosts: Collection[str] = (),
) -> AsyncIterator[OpenAIVideos]:
    provider = OpenAIVideos(
        "emulator",
        base_url=url,
        api_key=KEY,
        wires={OFFER: wire},
        now=now,
        can_cancel=can_cancel,
        bills_failures=bills_failures,
        sends_forms=sends_forms,
        webhook_secret=webhook_secret,
        file_hosts=file_hosts,
        timeouts=timeouts,
    )
    try:
        yield provider
    finally:
        await provider.close()


@asynccontextmanager
async def server_that_says(said: bytes, *, linger: bool = False) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers each connection with these bytes and closes, or keeps it open until the end."""
    heard: list[bytes] = []
    over = asyncio.Event()

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heard.append(await reader.read(1 << 16))
            writer.write(said)
            await writer.drain()
            if linger:
                await over.wait()
        except ConnectionError:
            pass  # the client went first
        finally:
            writer.close()

    server = await asyncio.start_server(on_connection, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", heard
    finally:
        over.set()
        server.close()
        await server.wait_closed()


def job(prompt: str = "a paper boat", *, number: int = 1, seed: int | None = None) -> Job:
    order = Order(
        kind=Kind.GENERATE,
        member=Member(guild_id=GuildId(1), user_id=UserId(2)),
        channel_id=ChannelId(3),
        interaction_id=InteractionId(4),
        prompt=prompt,
        model="model-1",
        resolution="720p",
        aspect_ratio="16:9",
        duration_s=4,
        seed=seed,
    )
    quote = Quote(offer_id=OFFER, price_micros=Micros(400_000), per_second_micros=Micros(100_000))
    return Job(
        id=JobId(f"job{number}"),
        order_id=JobId(f"job{number}"),
        take=1,
        order=order,
        quote=quote,
        state=JobState.SUBMITTING,
        rev=1,
        created_at=NOON,
        state_at=NOON,
    )


def from_clip(path: Path, kind: Kind, *, provider_video_id: str | None = None) -> Job:
    """An order that starts from a clip of ours, or from the provider's own copy of it."""
    source = Source(
        path=path, media_type="video/mp4", width=128, height=72, provider_video_id=provider_video_id
    )
    order = job("now it rains")
    return replace(order, order=replace(order.order, kind=kind, source=source))


def attempt(of: Job, *, number: int = 1, sent_at: datetime = NOON) -> Attempt:
    return Attempt(job_id=of.id, number=number, offer_id=OFFER, sent_at=sent_at)


async def made(provider: OpenAIVideos, prompt: str = "a paper boat") -> Ticket:
    order = job(prompt)
    match await provider.submit(order, attempt(order)):
        case Taken(ticket):
            return ticket
        case other:
            raise AssertionError(f"not taken: {other}")


def error(code: str | None, *, kind: str = "invalid_request_error", param: str | None = None) -> object:
    return {"error": {"message": "It is said so.", "type": kind, "param": param, "code": code}}


def code_of(outcome: Submission) -> str:
    match outcome:
        case NotTaken(fault, _) | Refused(fault):
            return fault.code
        case Taken() | Unknown():
            return ""


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def until(true: Callable[[], bool]) -> None:
    """Let everybody else run until it is so; for what a thread does, of which no event tells."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0)
