"""OpenAI's own SDK at the emulator, which proves the emulator; and its requests beside ours."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from openai import (
    AsyncOpenAI,
    AuthenticationError,
    BadRequestError,
    InvalidWebhookSignatureError,
    NotFoundError,
    RateLimitError,
)
from openai.types import Video

from bot.domain import Job, Kind, Ticket
from bot.providers.protocol import Taken, Wire
from tests.emulators.clips import clip
from tests.emulators.faults import Faults
from tests.emulators.openai import OpenAIEmulator, Seen
from tests.emulators.site import Site, read
from tests.openai_scene import KEY, PLAIN, REMIX, REWORK, attempt, from_clip, job, provider_at
from tests.props import Clock
from tests.replicate_scene import PICTURE, animated

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")

FILM = clip(128, 72, 4)
UPLOAD = ("video.mp4", FILM, "video/mp4")


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC))  # the SDK looks at the real time of a webhook


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator(now=clock, api_key=KEY) as running:
        yield running


@pytest.fixture
async def theirs(emulator: OpenAIEmulator) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(api_key=KEY, base_url=emulator.url, max_retries=0) as client:
        yield client


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(FILM)
    return path


async def finished(theirs: AsyncOpenAI) -> Video:
    return await theirs.videos.create_and_poll(
        model="sora-2", prompt="a paper boat", seconds="4", size="1280x720", poll_interval_ms=1
    )


async def test_it_does_a_whole_job(emulator: OpenAIEmulator, theirs: AsyncOpenAI) -> None:
    video = await finished(theirs)
    content = await theirs.videos.download_content(video.id)
    listed = [each.id async for each in theirs.videos.list(limit=1)]
    deleted = await theirs.videos.delete(video.id)
    with pytest.raises(NotFoundError):
        await theirs.videos.retrieve(video.id)

    assert (video.status, video.seconds, video.size, video.progress) == ("completed", "4", "1280x720", 100)
    assert video.expires_at == video.created_at + 3_600
    assert content.content == clip(1280, 720, 4)
    assert listed == [video.id]
    assert deleted.deleted
    assert emulator.billed_micros == 400_000


async def test_it_uploads_a_picture_and_a_clip_and_makes_a_character(
    emulator: OpenAIEmulator, theirs: AsyncOpenAI
) -> None:
    animated_one = await theirs.videos.create(
        model="sora-2",
        prompt="go",
        seconds="4",
        size="1280x720",
        input_reference=("p.png", PICTURE, "image/png"),
    )
    edited = await theirs.videos.edit(prompt="rain", video=UPLOAD)
    twin = await theirs.videos.create_character(name="Mia", video=UPLOAD)
    assert twin.id is not None
    known = await theirs.videos.get_character(twin.id)

    assert [animated_one.status, edited.status] == ["queued", "queued"]
    assert known.name == "Mia"
    assert len(emulator.jobs) == 2


async def test_it_remixes_edits_and_extends(theirs: AsyncOpenAI) -> None:
    source = await finished(theirs)
    remix = await theirs.videos.remix(source.id, prompt="rain")
    # `videos.edit` and `extend` of openai 3.52.0 themselves take no video that is not a file.
    by_id = {"prompt": "rain", "video": {"id": source.id}}
    edited = await theirs.post("/videos/edits", body=by_id, cast_to=Video)
    longer = await theirs.post("/videos/extensions", body=by_id | {"seconds": "8"}, cast_to=Video)

    assert [one.remixed_from_video_id for one in (remix, edited, longer)] == [source.id] * 3
    assert [one.seconds for one in (remix, edited, longer)] == ["4", "4", "12"]


async def test_it_is_told_of_failures(emulator: OpenAIEmulator, theirs: AsyncOpenAI) -> None:
    emulator.blocked_in_job_words = {"boat"}
    failed = await finished(theirs)
    emulator.blocked_words = {"mouse"}
    with pytest.raises(BadRequestError) as moderated:
        await theirs.videos.create(model="sora-2", prompt="a mouse", seconds="4", size="1280x720")
    emulator.credit_micros = 0
    with pytest.raises(RateLimitError) as poor:
        await theirs.videos.create(model="sora-2", prompt="rain", seconds="4", size="1280x720")
    async with AsyncOpenAI(api_key="sk-no", base_url=emulator.url, max_retries=0) as nobody:
        with pytest.raises(AuthenticationError):
            await nobody.videos.retrieve(failed.id)

    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error.code == moderated.value.code == "moderation_blocked"
    assert poor.value.code == "insufficient_quota"
    assert emulator.billed_micros == 0


@pytest.mark.parametrize("ends", ["completed", "failed"])
async def test_a_webhook_is_genuine_to_it_and_to_us(
    emulator: OpenAIEmulator, theirs: AsyncOpenAI, clock: Clock, ends: str
) -> None:
    received: list[str] = []
    if ends == "failed":
        emulator.blocked_in_job_words = {"boat"}

    async with provider_at(emulator.url, webhook_secret=emulator.webhooks.secret, now=clock) as provider:

        async def take(request: web.Request) -> web.Response:
            received.append(await provider.verify(request.headers, await read(request)))
            return web.Response()

        site = Site([web.post("/hook", take)], Faults())
        await site.start()
        emulator.webhook_url = f"{site.url}/hook"
        video = await finished(theirs)
        await emulator.webhooks.all_answered()
        await site.stop()

    assert received == [video.id]
    (seen,) = site.seen
    event = theirs.webhooks.unwrap(seen.body, seen.headers, secret=emulator.webhooks.secret)
    assert event.to_dict() == json.loads(seen.body)
    assert json.loads(seen.body)["type"] == f"video.{ends}"
    with pytest.raises(InvalidWebhookSignatureError):
        theirs.webhooks.verify_signature(seen.body + b" ", seen.headers, secret=emulator.webhooks.secret)


# Its requests beside ours

_OF_THE_CONNECTION = {"host", "connection", "accept-encoding", "user-agent", "content-length"}


def meaning(seen: Seen) -> tuple[str, str, dict[str, str], object]:
    """Method, path, the headers that the API looks at (of a form's type only that it is one), and body."""
    headers = {name.lower(): value for name, value in seen.headers.items()}
    kept = {
        name: value.partition(";")[0]
        for name, value in headers.items()
        if name not in _OF_THE_CONNECTION and not name.startswith("x-stainless-")
    }
    return seen.method, seen.path, kept, seen.body


def as_json(seen: Seen) -> Seen:
    """Where the SDK sends a form without a file, the same as the JSON that the specification also allows."""
    return replace(seen, headers={**seen.headers, "content-type": "application/json"})


async def ours(emulator: OpenAIEmulator, order: Job, *, wire: Wire = PLAIN, forms: bool = False) -> Seen:
    async with provider_at(emulator.url, wire=wire, sends_forms=forms) as provider:
        assert isinstance(await provider.submit(order, attempt(order)), Taken)
    return emulator.seen[-1]


SAID = {"model": "model-1", "prompt": "a paper boat", "seconds": "4", "size": "128x72"}


async def test_our_order_is_its_order_as_json_and_as_a_form(
    emulator: OpenAIEmulator, theirs: AsyncOpenAI
) -> None:
    mine, form = await ours(emulator, job()), await ours(emulator, job(), forms=True)
    await theirs.videos.create(
        model="model-1", prompt="a paper boat", seconds="4", extra_body={"size": "128x72"}
    )
    other = emulator.seen[-1]

    assert meaning(form) == meaning(other)
    assert meaning(mine) == meaning(as_json(other))
    assert mine.body == SAID


async def test_our_picture_is_its_picture(tmp_path: Path) -> None:
    constants = {"deep": {"x": {"y": "z"}}, "flag": True}

    async with OpenAIEmulator(now=Clock(), echo_field="deep", seed_field="flag") as emulator:
        mine = await ours(emulator, animated(tmp_path), wire=replace(PLAIN, constants=constants))
        async with AsyncOpenAI(api_key=KEY, base_url=emulator.url, max_retries=0) as client:
            await client.videos.create(
                model="model-1",
                prompt="the boat sets off",
                seconds="4",
                input_reference=("image.png", PICTURE, "image/png"),
                extra_body={"size": "128x72", **constants},
            )

        assert meaning(mine) == meaning(emulator.seen[-1])


async def test_our_remix_is_its_remix(emulator: OpenAIEmulator, theirs: AsyncOpenAI, film: Path) -> None:
    source = await finished(theirs)
    mine = await ours(emulator, from_clip(film, Kind.REMIX, provider_video_id=source.id), wire=REMIX)
    await theirs.videos.remix(source.id, prompt="now it rains")

    assert meaning(mine) == meaning(emulator.seen[-1])


async def test_our_edits_and_extensions_are_its_own(
    emulator: OpenAIEmulator, theirs: AsyncOpenAI, film: Path
) -> None:
    edit = await ours(emulator, from_clip(film, Kind.REMIX), wire=REWORK)
    await theirs.videos.edit(prompt="now it rains", video=UPLOAD)
    assert meaning(edit) == meaning(emulator.seen[-1])

    longer = await ours(emulator, from_clip(film, Kind.EXTEND), wire=REWORK)
    await theirs.videos.extend(prompt="now it rains", seconds="4", video=UPLOAD)
    assert meaning(longer) == meaning(emulator.seen[-1])


async def test_our_edits_and_extensions_by_id_are_those_of_the_specification(
    emulator: OpenAIEmulator, theirs: AsyncOpenAI, film: Path
) -> None:
    source = await finished(theirs)
    by_id = {"prompt": "now it rains", "video": {"id": source.id}}

    edit = await ours(emulator, from_clip(film, Kind.REMIX, provider_video_id=source.id), wire=REWORK)
    await theirs.post("/videos/edits", body=by_id, cast_to=Video)
    assert meaning(edit) == meaning(emulator.seen[-1])

    longer = await ours(emulator, from_clip(film, Kind.EXTEND, provider_video_id=source.id), wire=REWORK)
    await theirs.post("/videos/extensions", body=by_id | {"seconds": "4"}, cast_to=Video)
    assert meaning(longer) == meaning(emulator.seen[-1])


async def test_our_questions_and_characters_are_its_own(
    emulator: OpenAIEmulator, theirs: AsyncOpenAI, film: Path, tmp_path: Path
) -> None:
    video = await finished(theirs)
    ticket = Ticket(provider_job_id=video.id)
    source = from_clip(film, Kind.REMIX).order.source
    assert source is not None
    emulator.seen.clear()

    async with provider_at(emulator.url) as provider:
        await provider.ask(ticket)
        await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)
        await provider.delete(ticket)
        character = await provider.submit_character(attempt(job()), name="Mia", clip=source)
        assert isinstance(character, Taken)
        await provider.ask(character.ticket)
    emulator.jobs[video.id].deleted = False
    await theirs.videos.retrieve(video.id)
    await theirs.videos.download_content(video.id)
    await theirs.videos.delete(video.id)
    await theirs.videos.create_character(name="Mia", video=UPLOAD)
    await theirs.videos.get_character(character.ticket.provider_job_id)

    said = [meaning(seen) for seen in emulator.seen]
    said[1][2]["accept"] = said[6][2]["accept"]  # ours names the video's type, theirs any binary
    del said[7][2]["content-type"]  # of a DELETE without a body
    assert said[:5] == said[5:]
