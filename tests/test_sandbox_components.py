"""Components: every limit of rows and layouts, broken once each."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandboxes import RawBot, raw_bot, running

V2 = 1 << 15


def text(content: str = "hello") -> dict[str, Any]:
    return {"type": 10, "content": content}


def button(custom_id: str | None = "b", **more: Any) -> dict[str, Any]:
    named = {} if custom_id is None else {"custom_id": custom_id}
    return {"type": 2, "style": 1, "label": "Press", **named, **more}


def row(*children: Any) -> dict[str, Any]:
    return {"type": 1, "components": list(children)}


def select(options: int = 2, **more: Any) -> dict[str, Any]:
    listed = [{"label": f"o{number}", "value": str(number)} for number in range(options)]
    return {"type": 3, "custom_id": "s", "options": listed, **more}


def container(*children: Any, **more: Any) -> dict[str, Any]:
    return {"type": 17, "components": list(children), **more}


def section(accessory: Any, *texts: Any) -> dict[str, Any]:
    return {"type": 9, "components": list(texts or [text()]), "accessory": accessory}


def gallery(*urls: str, **more: Any) -> dict[str, Any]:
    return {"type": 12, "items": [{"media": {"url": url}, **more} for url in urls]}


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[RawBot]:
    async with running(tmp_path) as sandbox, raw_bot(sandbox, intents=None) as opened:
        yield opened


C0 = ("components", 0)
IN_ROW = (*C0, "components", 0)

# What is sent as components of a plain message, the path of the fault, and its code.
ROWS: list[tuple[Any, tuple[str | int, ...], str]] = [
    ([button()], C0, "UNION_TYPE_CHOICES"),
    ([text()], C0, "UNION_TYPE_CHOICES"),
    ([row(button(f"{number}")) for number in range(6)], ("components",), "BASE_TYPE_BAD_LENGTH"),
    ([row()], (*C0, "components"), "BASE_TYPE_BAD_LENGTH"),
    ([{"type": 1}], (*C0, "components"), "BASE_TYPE_REQUIRED"),
    ([row(*(button(str(one)) for one in range(6)))], (*C0, "components"), "BASE_TYPE_BAD_LENGTH"),
    ([row(button(None))], (*IN_ROW, "custom_id"), "BASE_TYPE_REQUIRED"),
    ([row(button(""))], (*IN_ROW, "custom_id"), "BASE_TYPE_BAD_LENGTH"),
    ([row(button("x" * 101))], (*IN_ROW, "custom_id"), "BASE_TYPE_BAD_LENGTH"),
    (
        [row(button("same")), row(button("same"))],
        ("components", 1, "components", 0, "custom_id"),
        "COMPONENT_CUSTOM_ID_DUPLICATED",
    ),
    ([row(button(label="x" * 81))], (*IN_ROW, "label"), "BASE_TYPE_MAX_LENGTH"),
    ([row(button(label=None))], (*IN_ROW, "label"), "BASE_TYPE_REQUIRED"),
    ([row(button(style=9))], (*IN_ROW, "style"), "BASE_TYPE_CHOICES"),
    ([row({"type": 2, "custom_id": "b"})], (*IN_ROW, "style"), "BASE_TYPE_REQUIRED"),
    ([row(button(url="https://e.org"))], (*IN_ROW, "url"), "BUTTON_COMPONENT_URL_NOT_ALLOWED"),
    ([row(button(None, style=5))], (*IN_ROW, "url"), "BASE_TYPE_REQUIRED"),
    ([row(button(None, style=5, url="javascript://x"))], (*IN_ROW, "url"), "URL_TYPE_INVALID_SCHEME"),
    ([row(button(None, style=5, url="nowhere"))], (*IN_ROW, "url"), "URL_TYPE_INVALID_URL"),
    (
        [row(button(style=5, url="https://e.org"))],
        (*IN_ROW, "custom_id"),
        "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
    ),
    ([row(button(None, style=6))], (*IN_ROW, "sku_id"), "BASE_TYPE_REQUIRED"),
    ([row(button(emoji={"name": "word"}))], (*IN_ROW, "emoji", "name"), "BUTTON_COMPONENT_INVALID_EMOJI"),
    ([row(button(emoji={"id": "5"}))], (*IN_ROW, "emoji", "id"), "BUTTON_COMPONENT_INVALID_EMOJI"),
    ([row(select(), button())], (*C0, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED"),
    ([row(select(0))], (*IN_ROW, "options"), "BASE_TYPE_BAD_LENGTH"),
    ([row(select(26))], (*IN_ROW, "options"), "BASE_TYPE_BAD_LENGTH"),
    ([row({"type": 3, "custom_id": "s"})], (*IN_ROW, "options"), "BASE_TYPE_REQUIRED"),
    ([row(select(max_values=3))], (*IN_ROW, "max_values"), "SELECT_COMPONENT_MAX_VALUES_TOO_LARGE"),
    ([row(select(min_values=2))], (*IN_ROW, "min_values"), "SELECT_COMPONENT_MIN_VALUES_TOO_LARGE"),
    ([row(select(min_values=26))], (*IN_ROW, "min_values"), "NUMBER_TYPE_MAX"),
    ([row(select(placeholder="x" * 151))], (*IN_ROW, "placeholder"), "BASE_TYPE_MAX_LENGTH"),
    (
        [row(select() | {"options": [{"label": "a", "value": "a"}] * 2})],
        (*IN_ROW, "options", 1, "value"),
        "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
    ),
    (
        [row(select() | {"options": [{"label": "x" * 101, "value": "a"}]})],
        (*IN_ROW, "options", 0, "label"),
        "BASE_TYPE_BAD_LENGTH",
    ),
    (
        [row(select() | {"options": [{"label": x, "value": x, "default": True} for x in "ab"]})],
        IN_ROW,
        "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES",
    ),
    ([row({"type": 5})], (*IN_ROW, "custom_id"), "BASE_TYPE_REQUIRED"),
    ([row("button")], IN_ROW, "DICT_TYPE_CONVERT"),
    ([{}], (*C0, "type"), "BASE_TYPE_REQUIRED"),
    ("rows", ("components",), "LIST_TYPE_CONVERT"),
]

LAYOUTS: list[tuple[Any, tuple[str | int, ...], str]] = [
    ([button()], C0, "UNION_TYPE_CHOICES"),
    ([text() for _ in range(41)], ("components",), "BASE_TYPE_BAD_LENGTH"),
    (
        [container(*(text() for _ in range(20))), container(*(text() for _ in range(20)))],
        ("components",),
        "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
    ),
    ([text("")], (*C0, "content"), "BASE_TYPE_BAD_LENGTH"),
    ([text("x" * 4001)], (*C0, "content"), "BASE_TYPE_BAD_LENGTH"),
    ([{"type": 10}], (*C0, "content"), "BASE_TYPE_REQUIRED"),
    (
        [text("x" * 2000), container(text("x" * 2001))],
        ("components",),
        "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
    ),
    ([container()], (*C0, "components"), "BASE_TYPE_BAD_LENGTH"),
    ([container(container(text()))], (*C0, "components", 0), "UNION_TYPE_CHOICES"),
    ([container(text(), accent_color=1 << 24)], (*C0, "accent_color"), "NUMBER_TYPE_MAX"),
    ([{"type": 9, "components": [text()]}], (*C0, "accessory"), "BASE_TYPE_REQUIRED"),
    ([section(text())], (*C0, "accessory"), "UNION_TYPE_CHOICES"),
    ([section(button(), *(text() for _ in range(4)))], (*C0, "components"), "BASE_TYPE_BAD_LENGTH"),
    ([section(button(), button("c"))], (*C0, "components", 0), "UNION_TYPE_CHOICES"),
    ([gallery()], (*C0, "items"), "BASE_TYPE_BAD_LENGTH"),
    ([gallery(*["https://e.org/a.png"] * 11)], (*C0, "items"), "BASE_TYPE_BAD_LENGTH"),
    (
        [gallery("https://e.org/a.png", description="x" * 1025)],
        (*C0, "items", 0, "description"),
        "BASE_TYPE_BAD_LENGTH",
    ),
    (
        [gallery("attachment://no.mp4")],
        (*C0, "items", 0, "media", "url"),
        "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
    ),
    ([gallery("ftp://e.org/a.png")], (*C0, "items", 0, "media", "url"), "URL_TYPE_INVALID_SCHEME"),
    (
        [{"type": 13, "file": {"url": "https://e.org/a.png"}}],
        (*C0, "file", "url"),
        "UNFURLED_MEDIA_ITEM_ATTACHMENT_REFERENCE_REQUIRED",
    ),
    ([{"type": 14, "spacing": 3}], (*C0, "spacing"), "BASE_TYPE_CHOICES"),
    ([text() | {"id": 7}, text() | {"id": 7}], ("components", 1, "id"), "COMPONENT_ID_DUPLICATED"),
]


@pytest.mark.parametrize(("components", "path", "fault"), ROWS)
async def test_rows_that_discord_refuses(
    bot: RawBot, components: Any, path: tuple[str | int, ...], fault: str
) -> None:
    answer = await bot.post("dailies", {"content": "x", "components": components})

    assert (answer.status, answer.code) == (400, 50035)
    assert answer.fault(*path) == fault


@pytest.mark.parametrize(("components", "path", "fault"), LAYOUTS)
async def test_layouts_that_discord_refuses(
    bot: RawBot, components: Any, path: tuple[str | int, ...], fault: str
) -> None:
    answer = await bot.post("dailies", {"flags": V2, "components": components})

    assert (answer.status, answer.code) == (400, 50035)
    assert answer.fault(*path) == fault


async def test_a_layout_without_its_flag_is_refused(bot: RawBot) -> None:
    answer = await bot.post("dailies", {"components": [container(text())]})

    assert answer.fault("components", 0) == "UNION_TYPE_CHOICES"
    assert answer.body["errors"]["components"]["0"]["_errors"][0]["message"] == (
        'Value of field "type" must be one of (1,).'
    )


async def test_everything_at_its_limit_is_taken(bot: RawBot) -> None:
    full = [row(*(button(f"{line}-{number}") for number in range(5))) for line in range(5)]
    layout = [container(*(text("x" * 102) for _ in range(39)), accent_color=0xFFFFFF)]

    rows = await bot.post("dailies", {"content": "x" * 2000, "components": full})
    cards = await bot.post("dailies", {"flags": V2, "components": layout})

    assert rows.status == 200
    assert cards.status == 200


async def test_components_are_numbered_and_media_resolved(bot: RawBot) -> None:
    layout = [
        container(text(), gallery("attachment://clip.mp4", spoiler=True), row(button())),
        {"type": 13, "file": {"url": "attachment://clip.mp4"}, "id": 2},
        section({"type": 11, "media": {"url": "https://e.org/a.png"}}),
    ]

    sent = await bot.post("dailies", {"flags": V2, "components": layout}, files={"clip.mp4": b"clip"})

    first, file, last = sent.body["components"]
    item = first["components"][1]["items"][0]
    ids = [first["id"], *(child["id"] for child in first["components"]), file["id"], last["id"]]
    assert len(set(ids)) == len(ids)
    assert item["spoiler"]
    assert item["media"]["url"] == sent.body["attachments"][0]["url"]
    assert item["media"]["content_type"] == "video/mp4"
    assert (file["name"], file["size"]) == ("clip.mp4", 4)
    assert last["accessory"]["media"]["url"] == "https://e.org/a.png"


async def test_an_edit_may_point_to_a_file_that_it_keeps_and_not_to_one_that_it_drops(bot: RawBot) -> None:
    card = {"flags": V2, "components": [gallery("attachment://clip.mp4")]}
    sent = (await bot.post("dailies", card, files={"clip.mp4": b"clip"})).body
    one = f"/channels/{sent['channel_id']}/messages/{sent['id']}"

    kept = await bot.call("PATCH", one, {"components": [container(gallery("attachment://clip.mp4"))]})
    dropped = await bot.call("PATCH", one, {"components": card["components"], "attachments": []})

    assert kept.status == 200
    fault = dropped.fault(*C0, "items", 0, "media", "url")
    assert fault == "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
