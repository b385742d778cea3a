"""The studio's video API over real HTTP: what it takes, what it answers, what it refuses."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bot.studio.spec import PROMPT_CHARS_MAX
from tests.studios import Visitor, opened

BOAT = "a paper boat crossing a rain puddle"
REQUIRED = {  # of VideoResource in OpenAI's specification
    "id",
    "object",
    "model",
    "status",
    "progress",
    "created_at",
    "completed_at",
    "expires_at",
    "prompt",
    "size",
    "seconds",
    "remixed_from_video_id",
    "error",
}


@pytest.fixture
async def idle(tmp_path: Path) -> AsyncIterator[Visitor]:
    """A studio that takes jobs and draws none."""
    async with opened(tmp_path / "studio", renders_at_once=0) as visitor:
        yield visitor


def form(files: dict[str, tuple[str, bytes, str]], **fields: str) -> aiohttp.FormData:
    data = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        data.add_field(name, value)
    for name, (filename, content, kind) in files.items():
        data.add_field(name, content, filename=filename, content_type=kind)
    return data


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (180, 60, 40)).save(buffer, kind)
    return buffer.getvalue()


async def test_a_clip_and_all_that_is_made_of_it(tmp_path: Path) -> None:
    """One clip, then its remix, its extension, a character and an edit of its file, two at a time."""
    async with opened(tmp_path / "studio") as visitor:
        made = await visitor.order(
            json={
                "prompt": f"{BOAT}, soft rain",
                "size": "1280x720",
                "seconds": "4",
                "seed": 7,
                "metadata": {"a": "b"},
            }
        )
        assert set(made) >= REQUIRED
        assert (made["object"], made["model"], made["status"]) == ("video", "storyboard", "queued")
        assert (made["progress"], made["error"], made["completed_at"]) == (0, None, None)
        assert (made["seconds"], made["size"], made["seed"], made["metadata"]) == (
            "4",
            "1280x720",
            7,
            {"a": "b"},
        )

        clip = await visitor.clip(made["id"], tmp_path / "clip.mp4")
        done = await visitor.video(made["id"])
        assert (done["status"], done["progress"], done["error"]) == ("completed", 100, None)
        assert done["created_at"] <= done["completed_at"] < done["expires_at"]
        await _content_is_served_in_parts(visitor, made["id"], clip.read_bytes())

        mp4 = {"video": ("c.mp4", clip.read_bytes(), "video/mp4")}
        status, character = await visitor.ask("POST", "/videos/characters", data=form(mp4, name="Boat"))
        assert status == 200
        assert (await visitor.ask("GET", f"/videos/characters/{character['id']}")) == (200, character)
        source = {"id": made["id"]}
        remix, longer, edit, still = await asyncio.gather(
            visitor.order(f"/videos/{made['id']}/remix", json={"prompt": "make it night"}),
            visitor.order("/videos/extensions", json={"prompt": "it sinks", "seconds": 4, "video": source}),
            visitor.order("/videos/edits", data=form(mp4, prompt="snow falls")),
            visitor.order(
                data=form(
                    {"input_reference": ("p.webp", picture("WEBP"), "image/webp")},
                    prompt="zoom in on it",
                    size="720x1280",
                    characters=json.dumps([{"id": character["id"]}]),
                )
            ),
        )
        assert (remix["remixed_from_video_id"], remix["seed"], remix["size"]) == (made["id"], 7, "1280x720")
        assert (longer["seconds"], longer["remixed_from_video_id"]) == ("8", None)
        assert (edit["seconds"], edit["size"], still["size"]) == ("4", "1280x720", "720x1280")
        ends = await asyncio.gather(
            *(visitor.until(job["id"], "completed", "failed") for job in (remix, longer, edit, still))
        )
        assert [job["status"] for job in ends] == ["completed"] * 4, ends

        status, page = await visitor.ask("GET", "/videos", params={"limit": "2"})
        assert [job["id"] for job in page["data"]] == [page["first_id"], page["last_id"]]
        assert page["has_more"] is True


async def _content_is_served_in_parts(visitor: Visitor, video_id: str, clip: bytes) -> None:
    url = f"{visitor.base}/videos/{video_id}/content"
    async with visitor.http.get(url, headers={"Range": "bytes=100-199"}) as part:
        assert (part.status, part.content_type) == (206, "video/mp4")
        assert await part.read() == clip[100:200]
    for variant, kind in (("thumbnail", "image/webp"), ("spritesheet", "image/jpeg")):
        async with visitor.http.get(url, params={"variant": variant}) as answer:
            assert (answer.status, answer.content_type) == (200, kind)
            Image.open(io.BytesIO(await answer.read())).verify()
    assert await visitor.refused("GET", f"/videos/{video_id}/content?variant=gif") == (
        400,
        "variant",
        "invalid_value",
    )


async def test_one_key_makes_one_job_however_often_it_comes(idle: Visitor) -> None:
    jobs = await asyncio.gather(
        *(idle.order(json={"prompt": f"{BOAT} {n}", "idempotency_key": "order-1"}) for n in range(5))
    )
    other = await idle.order(json={"prompt": BOAT, "idempotency_key": "order-2"})
    keyless = [await idle.order(json={"prompt": BOAT}) for _ in range(2)]

    assert len({job["id"] for job in jobs}) == 1
    assert len({jobs[0]["id"], other["id"], *(job["id"] for job in keyless)}) == 4
    assert (await idle.ask("GET", "/videos"))[1]["data"][-1]["idempotency_key"] == "order-1"


async def test_a_deleted_job_is_gone_and_its_key_starts_nothing_again(idle: Visitor) -> None:
    job = await idle.order(json={"prompt": BOAT, "idempotency_key": "k"})

    status, answer = await idle.ask("DELETE", f"/videos/{job['id']}")

    assert (status, answer) == (200, {"id": job["id"], "object": "video.deleted", "deleted": True})
    assert (await idle.video(job["id"]))["status"] == "cancelled"
    assert (await idle.ask("GET", "/videos"))[1]["data"] == []
    assert (await idle.order(json={"prompt": BOAT, "idempotency_key": "k"}))["status"] == "cancelled"
    assert await idle.refused("DELETE", f"/videos/{job['id']}") == (404, "video_id", "video_not_found")


async def test_a_full_queue_says_when_to_come_again(tmp_path: Path) -> None:
    async with opened(tmp_path / "studio", renders_at_once=0, queue_max=1) as visitor:
        job = await visitor.order(json={"prompt": BOAT, "idempotency_key": "k"})
        async with visitor.http.post(f"{visitor.base}/videos", json={"prompt": BOAT}) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "10")

        assert (await visitor.order(json={"prompt": BOAT, "idempotency_key": "k"}))["id"] == job["id"]
        await visitor.ask("DELETE", f"/videos/{job['id']}")
        await visitor.order(json={"prompt": BOAT})


async def test_the_list_is_paged_in_both_orders(idle: Visitor) -> None:
    ids = [(await idle.order(json={"prompt": f"{BOAT} {n}"}))["id"] for n in range(5)]

    async def page(**query: str) -> tuple[list[str], bool]:
        _, body = await idle.ask("GET", "/videos", params=query)
        return [job["id"] for job in body["data"]], body["has_more"]

    assert await page() == (ids[::-1], False)
    assert await page(order="asc", limit="2") == (ids[:2], True)
    assert await page(order="asc", after=ids[2]) == (ids[3:], False)
    assert await page(after=ids[1], limit="10") == ([ids[0]], False)
    assert await page(limit="0") == ([], True)
    for much in ("101", "9" * 5_000):
        assert await idle.refused("GET", f"/videos?limit={much}") == (400, "limit", "invalid_value")
    assert await idle.refused("GET", "/videos?after=video_x") == (400, "after", "invalid_value")
    assert await idle.refused("GET", "/videos?order=up") == (400, "order", "invalid_value")


async def test_models_are_listed_and_unknown_ones_refused(idle: Visitor) -> None:
    _, models = await idle.ask("GET", "/models")

    assert [(model["id"], model["object"]) for model in models["data"]] == [("storyboard", "model")]
    assert (await idle.ask("GET", "/models/storyboard"))[1] == models["data"][0]
    assert await idle.refused("GET", "/models/sora-2") == (404, "model", "model_not_found")
    body = {"prompt": BOAT, "model": "sora-2"}
    assert await idle.refused("POST", "/videos", json=body) == (404, "model", "model_not_found")


@pytest.mark.parametrize(
    ("param", "value", "code"),
    [
        ("prompt", None, "missing_required_parameter"),
        ("prompt", "", "invalid_value"),
        ("prompt", " \n\t ", "invalid_value"),
        ("prompt", "x" * (PROMPT_CHARS_MAX + 1), "invalid_value"),
        ("prompt", 7, "invalid_value"),
        ("size", "640x480", "invalid_value"),
        ("size", "720p", "invalid_value"),
        ("size", ["1280x720"], "invalid_value"),
        ("seconds", "3", "invalid_value"),
        ("seconds", 21, "invalid_value"),
        ("seconds", "4.5", "invalid_value"),
        ("seconds", True, "invalid_value"),
        ("seed", -1, "invalid_value"),
        ("seed", "x", "invalid_value"),
        ("seed", 2**31, "invalid_value"),
        ("idempotency_key", "", "invalid_value"),
        ("idempotency_key", "k" * 65, "invalid_value"),
        ("metadata", {"a": 1}, "invalid_value"),
        ("metadata", "words", "invalid_value"),
        ("metadata", "[" * 50_000, "invalid_value"),
        ("metadata", {str(n): "" for n in range(17)}, "invalid_value"),
        ("characters", [{"id": "a"}] * 3, "invalid_value"),
        ("characters", ["char_1"], "invalid_value"),
        ("input_reference", {"file_id": "file-1"}, "invalid_value"),
        ("input_reference", {"image_url": "https://example.com/cat.png"}, "invalid_value"),
        ("input_reference", {"image_url": "data:image/png;base64,!"}, "invalid_value"),
        ("input_reference", {"image_url": "data:image/png;base64,AAAA"}, "invalid_picture"),
        ("aspect_ratio", "16:9", "unknown_parameter"),
    ],
)
async def test_what_cannot_be_drawn_is_refused_by_name(
    idle: Visitor, param: str, value: Any, code: str
) -> None:
    body = {"prompt": BOAT, param: value}

    assert await idle.refused("POST", "/videos", json=body) == (400, param, code)
    assert (await idle.ask("GET", "/videos"))[1]["data"] == []


@pytest.mark.parametrize("record", ["", "{", "[]", '{"id": "char_1"}'])
async def test_a_character_whose_record_a_crash_left_torn_keeps_no_studio_from_starting(
    tmp_path: Path, record: str
) -> None:
    cast = tmp_path / "studio" / "characters"
    whole = {"id": "char_2", "name": "Ava", "created_at": "2026-11-21T12:00:00+00:00"}
    for name, said in (("char_1", record), ("char_2", json.dumps(whole))):
        (cast / name).mkdir(parents=True)
        (cast / name / "character.json").write_text(said)

    async with opened(tmp_path / "studio", renders_at_once=0) as visitor:
        assert (await visitor.ask("GET", "/videos/characters/char_2"))[0] == 200
        assert (await visitor.ask("GET", "/videos/characters/char_1"))[0] == 404


@pytest.mark.parametrize("seconds", [4, "4", 7, "20"])
async def test_seconds_may_be_a_number_or_a_string(idle: Visitor, seconds: int | str) -> None:
    job = await idle.order(json={"prompt": BOAT, "seconds": seconds})

    assert job["seconds"] == str(seconds)
    assert job["size"] == "720x1280"  # the specification's default


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
async def test_pictures_are_known_by_their_content(idle: Visitor, kind: str) -> None:
    data = form({"input_reference": ("picture.bin", picture(kind), "application/octet-stream")}, prompt=BOAT)
    reference = {"image_url": f"data:image/png;base64,{base64.b64encode(picture(kind)).decode()}"}
    named = form({}, prompt=BOAT, input_reference=json.dumps(reference))

    assert (await idle.order(data=data))["status"] == "queued"
    assert (await idle.order(data=named))["status"] == "queued"
    assert (await idle.order(json={"prompt": BOAT, "input_reference": reference}))["status"] == "queued"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        picture()[:60],
        picture("BMP"),
        picture(size=(8, 400)),
        picture(size=(5001, 5000)),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ids=["empty", "text", "cut off", "another kind", "too small", "too many pixels", "svg"],
)
async def test_what_is_no_good_picture_is_refused(idle: Visitor, tmp_path: Path, content: bytes) -> None:
    data = form({"input_reference": ("picture.png", content, "image/png")}, prompt=BOAT)

    assert await idle.refused("POST", "/videos", data=data) == (400, "input_reference", "invalid_picture")
    assert list((tmp_path / "studio" / "uploads").iterdir()) == []


async def test_a_file_that_is_too_large_is_refused_before_it_is_all_read(
    idle: Visitor, tmp_path: Path
) -> None:
    data = form({"input_reference": ("p.png", picture() + bytes(20_000_001), "image/png")}, prompt=BOAT)

    assert await idle.refused("POST", "/videos", data=data) == (400, "input_reference", "file_too_large")
    assert list((tmp_path / "studio" / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"#EXTM3U\nfile:///etc/hostname\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"\0\0\0\x18ftypisom" + bytes(90),
    ],
    ids=["empty", "playlist", "concat", "only a head"],
)
async def test_what_is_no_video_is_refused_and_never_followed(idle: Visitor, content: bytes) -> None:
    files = {"video": ("clip.mp4", content, "video/mp4")}

    assert await idle.refused("POST", "/videos/edits", data=form(files, prompt="x")) == (
        400,
        "video",
        "invalid_video",
    )
    named = form(files, name="Anna")
    assert await idle.refused("POST", "/videos/characters", data=named) == (400, "video", "invalid_video")


async def test_only_a_completed_video_can_be_gone_on_from(idle: Visitor) -> None:
    job = await idle.order(json={"prompt": BOAT})
    remix, source = {"prompt": "again"}, {"prompt": "on", "video": {"id": job["id"]}, "seconds": "4"}

    assert await idle.refused("GET", f"/videos/{job['id']}/content") == (
        400,
        "video_id",
        "video_not_completed",
    )
    path = f"/videos/{job['id']}/remix"
    assert await idle.refused("POST", path, json=remix) == (400, "video_id", "video_not_completed")
    assert await idle.refused("POST", "/videos/extensions", json=source) == (
        400,
        "video",
        "video_not_completed",
    )
    gone = {"prompt": "on", "video": {"id": "video_x"}}
    assert await idle.refused("POST", "/videos/edits", json=gone) == (404, "video_id", "video_not_found")
    assert await idle.refused("GET", "/videos/video_x") == (404, "video_id", "video_not_found")
    assert await idle.refused("POST", "/videos/extensions", json={"prompt": "x", "video": {"id": "v"}}) == (
        400,
        "seconds",
        "missing_required_parameter",
    )
    cast = {"prompt": BOAT, "characters": [{"id": "char_x"}]}
    assert await idle.refused("POST", "/videos", json=cast) == (404, "characters", "character_not_found")


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"{", "application/json", "invalid_json"),
        (b"[]", "application/json", "invalid_json"),
        (b"[" * 100_000, "application/json", "invalid_json"),
        (b"prompt=x", "application/x-www-form-urlencoded", "unsupported_content_type"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", "invalid_form"),
        (b"--x--", "multipart/form-data", "invalid_form"),
    ],
)
async def test_broken_bodies_are_refused(idle: Visitor, body: bytes, kind: str, code: str) -> None:
    answer = await idle.refused("POST", "/videos", data=body, headers={"Content-Type": kind})

    assert (answer[0], answer[2]) == (400, code)


async def test_a_path_that_is_none_answers_in_the_same_shape(idle: Visitor) -> None:
    assert (await idle.refused("GET", "/audio"))[0] == 404
    assert (await idle.refused("PUT", "/videos"))[0] == 405
