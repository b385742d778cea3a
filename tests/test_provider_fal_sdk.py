"""fal's own client at the emulator, and our requests beside its own for the same job (fal-client 1.0.3)."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import fal_client
import fal_client.client
import httpx
import pytest
from aiohttp import web
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from yarl import URL

from bot.domain import Kind, Order
from bot.providers.protocol import Unknown, Wire
from tests.emulators import faults
from tests.emulators.clips import clip
from tests.emulators.fal import LOCKED, FalEmulator
from tests.emulators.site import Seen
from tests.fal_scene import (
    KEY,
    KLING,
    ORDER,
    SORA,
    SORA_CHARACTERS,
    SORA_PICTURE,
    SORA_PICTURE_PRO,
    SORA_PRO,
    SORA_REMIX,
    VEO,
    WAN_EDIT,
    attempt,
    job,
    made,
    offer_of,
    picture,
    provider_at,
)
from tests.props import Clock

SOON = 0.001
LARGE = 1 << 20


@pytest.fixture
async def emulator(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FalEmulator]:
    """The emulator, and fal's client turned to it: its hosts are constants with `https://` before them."""
    async with FalEmulator(now=clock, api_key=KEY, asks_to_finish=3) as running:
        monkeypatch.setattr(fal_client.client, "QUEUE_URL_FORMAT", f"{running.queue.url}/")
        monkeypatch.setattr(fal_client.client, "REST_URL", running.rest.url)
        monkeypatch.setattr(fal_client.client, "CDN_URL", running.cdn.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield running


@pytest.fixture
async def sdk() -> AsyncIterator[fal_client.AsyncClient]:
    client = fal_client.AsyncClient(key=KEY)
    yield client
    await (await client._client).aclose()


# The emulator, proven by fal's own client


async def test_fals_client_does_a_whole_job(emulator: FalEmulator, sdk: fal_client.AsyncClient) -> None:
    seen: list[fal_client.Status] = []
    result = await sdk.subscribe(
        SORA_PRO.endpoint,
        {"prompt": "rain", "resolution": "720p"},
        with_logs=True,
        interval=SOON,
        on_queue_update=seen.append,
    )

    async with httpx.AsyncClient() as http:
        file = await http.get(result["video"]["url"])
    assert [type(status) for status in seen] == [
        fal_client.InProgress,
        fal_client.InProgress,
        fal_client.Completed,
    ]
    assert result["video_id"].startswith("video_")
    assert file.content == clip(128, 72, 4)
    assert emulator.books.billed_micros == 1_200_000


async def test_fals_client_sees_the_queue_and_cancels(
    emulator: FalEmulator, sdk: fal_client.AsyncClient
) -> None:
    emulator.asks_to_finish = None
    handle = await sdk.submit(SORA.endpoint, {"prompt": "rain"})
    queued = await handle.status()
    await handle.cancel()
    with pytest.raises(fal_client.FalClientHTTPError) as stopped:
        await handle.get(interval=SOON)
    with pytest.raises(fal_client.FalClientHTTPError) as too_late:
        await sdk.cancel(SORA.endpoint, handle.request_id)

    assert queued == fal_client.Queued(position=0)
    assert (stopped.value.status_code, stopped.value.error_type) == (499, "client_cancelled")
    assert too_late.value.status_code == 400


async def test_fals_client_uploads_a_picture_and_orders_from_it(
    emulator: FalEmulator, sdk: fal_client.AsyncClient, tmp_path: Path
) -> None:
    source = picture(tmp_path, LARGE)

    address = await sdk.upload_file(source.path)
    arguments = {"prompt": "rain", "image_url": address}
    result = await sdk.subscribe(SORA_PICTURE.endpoint, arguments, interval=SOON)

    assert emulator.uploads[address] == ("image/png", source.path.read_bytes())
    assert "video" in result


@pytest.mark.parametrize(
    ("arguments", "error_type"),
    [
        ({"prompt": "a copyrighted mouse"}, "content_policy_violation"),
        ({"prompt": "rain", "takes": 4}, "extra_forbidden"),
        ({"prompt": "rain", "duration": "4"}, "literal_error"),
        ({}, "missing"),
    ],
)
async def test_fals_client_is_told_of_a_failure(
    emulator: FalEmulator, sdk: fal_client.AsyncClient, arguments: dict[str, object], error_type: str
) -> None:
    emulator.books.blocked_words = {"copyrighted"}
    handle = await sdk.submit(SORA.endpoint, arguments)
    with pytest.raises(fal_client.FalClientHTTPError) as failed:
        await handle.get(interval=SOON)
    status = await handle.status()

    assert (failed.value.status_code, failed.value.error_type) == (422, error_type)
    assert isinstance(status, fal_client.Completed)
    assert status.error_type == error_type


async def test_fals_client_is_told_of_an_empty_purse_and_of_a_retired_app(
    emulator: FalEmulator, sdk: fal_client.AsyncClient
) -> None:
    emulator.credit_micros = 0
    with pytest.raises(fal_client.FalClientHTTPError) as locked:
        await sdk.submit(SORA.endpoint, {"prompt": "rain"})
    emulator.gone_apps = {"fal-ai/sora-2"}
    with pytest.raises(fal_client.FalClientHTTPError) as gone:
        await sdk.submit(SORA.endpoint, {"prompt": "rain"})

    assert (locked.value.status_code, locked.value.message) == (403, LOCKED)
    assert gone.value.status_code == 404


async def test_a_webhook_stands_the_check_that_fals_documents_describe(
    emulator: FalEmulator, sdk: fal_client.AsyncClient
) -> None:
    """fal-client 1.0.3 checks no webhooks; its documents (inference/webhooks) say how, in these steps."""
    checked: list[dict[str, object]] = []

    async def receive(request: web.Request) -> web.Response:
        body = await request.read()
        names = ("Request-Id", "User-Id", "Timestamp")
        parts = [request.headers[f"X-Fal-Webhook-{name}"] for name in names]
        message = "\n".join([*parts, hashlib.sha256(body).hexdigest()]).encode()
        signature = bytes.fromhex(request.headers["X-Fal-Webhook-Signature"])
        async with httpx.AsyncClient() as http:
            keys = (await http.get(f"{emulator.rest.url}/.well-known/jwks.json")).json()["keys"]
        fitting = 0
        for key in keys:
            public = base64.urlsafe_b64decode(key["x"] + "=" * (-len(key["x"]) % 4))
            try:
                VerifyKey(public).verify(message, signature)
            except BadSignatureError:
                continue
            fitting += 1
        assert fitting == 1
        checked.append(json.loads(body))
        return web.Response()

    app = web.Application()
    app.router.add_post("/called", receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/called?whose=ours&more=yes"
    try:
        handle = await sdk.submit(SORA.endpoint, {"prompt": "rain"}, webhook_url=url)
        result = await handle.get(interval=SOON)
        statuses = await emulator.call_back(handle.request_id)
    finally:
        await runner.cleanup()

    (said,) = checked
    assert statuses == [200]
    assert emulator.books.jobs[handle.request_id].webhook == url
    assert (said["request_id"], said["status"], said["payload"]) == (handle.request_id, "OK", result)


# Ours beside the client's own


@dataclass(frozen=True, slots=True)
class Request:
    """What of a request matters to fal."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: object


MATTERS = {"authorization", "content-type", "content-length"}


def request_of(seen: Seen, *, apart_from: frozenset[str] = frozenset()) -> Request:
    url = URL(seen.path)
    is_json = seen.headers.get("Content-Type", "").startswith("application/json")
    headers = {
        name.lower(): said
        for name, said in seen.headers.items()
        if name.lower() in MATTERS or name.lower().startswith("x-fal-")
    }
    if is_json:
        headers.pop("content-length")  # spaces in JSON
    return Request(
        seen.method,
        url.path,
        dict(url.query),
        {name: said for name, said in headers.items() if name not in apart_from},
        json.loads(seen.body) if is_json else seen.body,
    )


SHAPES: list[tuple[Wire, Order]] = [
    (SORA, ORDER),
    (replace(SORA, constants={"model": "sora-2-2025-10-06"}), replace(ORDER, characters=("char_1",))),
    (SORA_PRO, replace(ORDER, resolution="1080p", aspect_ratio="9:16", duration_s=20, remixable=True)),
    (SORA_PICTURE, replace(ORDER, kind=Kind.ANIMATE)),
    (SORA_PICTURE_PRO, replace(ORDER, kind=Kind.ANIMATE, blocks_ip=True)),
    (SORA_REMIX, replace(ORDER, kind=Kind.REMIX)),
    (KLING, replace(ORDER, kind=Kind.ANIMATE, duration_s=12)),
    (VEO, replace(ORDER, duration_s=8, seed=7)),
    (WAN_EDIT, replace(ORDER, kind=Kind.REMIX)),
]


@pytest.mark.parametrize(("wire", "order"), SHAPES, ids=[wire.endpoint for wire, _ in SHAPES])
async def test_our_order_is_the_request_that_fals_client_sends_for_it(
    emulator: FalEmulator, sdk: fal_client.AsyncClient, tmp_path: Path, wire: Wire, order: Order
) -> None:
    source = None
    if order.kind is Kind.ANIMATE:
        source = picture(tmp_path, 1 << 10)
    elif order.kind is Kind.REMIX:
        source = replace(picture(tmp_path, 1 << 10, media_type="video/mp4"), provider_video_id="video_1")
    each = job("Étude", wire=wire, order=replace(order, source=source))

    async with provider_at(
        emulator.hosts,
        wires={offer_of(wire): wire},
        start_within_s=900,
        tries_again=False,
        webhook_url=lambda attempt: f"https://bot.example/webhooks/fal/{attempt.key}",
    ) as provider:
        await made(provider, each)
    (ours,) = emulator.queue.seen
    webhook_url = URL(ours.path).query["fal_webhook"]
    await sdk.submit(
        wire.endpoint,
        _as_a_caller_writes_it(each.order, wire),
        webhook_url=webhook_url,
        start_timeout=900,
        headers={"X-Fal-No-Retry": "1"},
    )

    assert request_of(ours) == request_of(emulator.queue.seen[1])


def _as_a_caller_writes_it(order: Order, wire: Wire) -> dict[str, object]:
    """The arguments that somebody who has read fal's pages would give for this order."""
    shape = {"resolution": order.resolution, "aspect_ratio": order.aspect_ratio}
    sora = {**shape, "duration": order.duration_s, "delete_video": not order.remixable}
    sora |= {"detect_and_block_ip": order.blocks_ip, **dict(wire.constants)}
    if order.characters:
        sora["character_ids"] = list(order.characters)
    file = "" if order.source is None else fal_client.encode_file(order.source.path)
    match wire.endpoint.removeprefix("fal-ai/").split("/"):
        case ["sora-2", "text-to-video", *_]:
            rest = sora
        case ["sora-2", "image-to-video", *_]:
            rest = {**sora, "image_url": file}
        case ["sora-2", "video-to-video", "remix"]:
            rest = {"video_id": "video_1", "delete_video": True}
        case ["kling-video", *_]:
            rest = {"start_image_url": file, "duration": str(order.duration_s), "generate_audio": True}
        case ["veo3.1"]:
            rest = {**shape, "duration": f"{order.duration_s}s", "seed": order.seed}
        case _:
            rest = {"video_url": file}
    return {"prompt": order.prompt, **rest}


async def test_our_upload_is_that_of_fals_client_but_for_the_name_of_the_file(
    emulator: FalEmulator, sdk: fal_client.AsyncClient, tmp_path: Path
) -> None:
    source = picture(tmp_path, LARGE)
    order = replace(ORDER, kind=Kind.ANIMATE, source=source)

    async with provider_at(emulator.hosts) as provider:
        await made(provider, job(wire=SORA_PICTURE, order=order))
    await sdk.upload_file(source.path, lifecycle=fal_client.StorageSettings(expires_in="1d"))

    (our_token, their_token), (ours, theirs) = emulator.rest.seen, emulator.cdn.seen
    apart = frozenset({"authorization", "x-fal-file-name"})
    # It repeats the lifecycle under the name that another kind of upload reads it by.
    more = apart | {"x-fal-object-lifecycle-preference"}
    assert request_of(our_token) == request_of(their_token)
    assert request_of(ours, apart_from=apart) == request_of(theirs, apart_from=more)
    assert theirs.headers["X-Fal-File-Name"] == source.path.name


async def test_we_ask_and_cancel_where_fals_client_does(
    emulator: FalEmulator, sdk: fal_client.AsyncClient
) -> None:
    emulator.asks_to_finish = None

    async with provider_at(emulator.hosts) as provider:
        ticket = await made(provider, job(wire=SORA_PRO))
        await provider.cancel(ticket)
        await provider.ask(ticket)
    handle = await sdk.get_handle(SORA_PRO.endpoint, ticket.provider_job_id)
    with pytest.raises(fal_client.FalClientHTTPError):
        await handle.cancel()
    await handle.status()
    with pytest.raises(fal_client.FalClientHTTPError):
        await sdk.result(SORA_PRO.endpoint, ticket.provider_job_id)

    def where(seen: Seen) -> tuple[str, str, str]:
        return seen.method, URL(seen.path).path, seen.headers["Authorization"]

    _, cancelled, asked, answered, *theirs = emulator.queue.seen
    assert [where(seen) for seen in (cancelled, asked, answered)] == [
        where(seen) for seen in (theirs[0], theirs[1], theirs[3])
    ]


async def test_one_lost_answer_is_two_jobs_with_fals_client_and_one_with_ours(
    emulator: FalEmulator, sdk: fal_client.AsyncClient
) -> None:
    order = job()
    emulator.faults.next("submit", faults.LOST_ANSWER)
    async with provider_at(emulator.hosts) as provider:
        submission = await provider.submit(order, attempt(order))
    ours = len(emulator.books.jobs)
    emulator.faults.next("submit", faults.LOST_ANSWER)
    await sdk.submit(SORA.endpoint, {"prompt": "rain"})

    assert isinstance(submission, Unknown)
    assert ours == 1
    assert len(emulator.books.jobs) - ours == 2


async def test_fals_client_makes_a_character(
    emulator: FalEmulator, sdk: fal_client.AsyncClient, tmp_path: Path
) -> None:
    source = picture(tmp_path, LARGE, media_type="video/mp4")
    arguments = {"video_url": await sdk.upload_file(source.path), "name": "Mia"}

    character = await sdk.subscribe(SORA_CHARACTERS.endpoint, arguments, interval=SOON)

    assert character["name"] == "Mia"
    assert character["id"].startswith("char_")
