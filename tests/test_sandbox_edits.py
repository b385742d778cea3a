"""Edits: whose they may be, what they keep, and what they cannot undo."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.errors import DiscordRefusal
from bot.sandbox.person import PersonError
from bot.sandbox.ratelimits import GENEROUS, Rate, Rates
from bot.sandbox.uploads import Upload
from tests.sandboxes import Clock, RawBot, files_in, path_of, person, raw_bot, running

V2 = 1 << 15
TEXT = {"type": 10, "content": "hello"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def bot(tmp_path: Path, clock: Clock) -> AsyncIterator[RawBot]:
    async with running(tmp_path, now=clock) as sandbox, raw_bot(sandbox) as opened:
        yield opened


async def test_only_ones_own_messages_can_be_edited(bot: RawBot) -> None:
    async with person(bot.sandbox) as ada:
        said = await ada.say(ada.channel("dailies"), "mine")
        one = f"/channels/{said['channel_id']}/messages/{said['id']}"

        assert (await bot.call("PATCH", one, {"content": "yours"})).code == 50005
        assert (await bot.call("DELETE", one)).code == 50013
        assert (await bot.call("PATCH", one, {"flags": 4})).code == 50013
        mine = await bot.post("dailies", {"content": "x"})
        with pytest.raises(PersonError) as refused:
            await ada.delete(mine.body)

    assert refused.value.code == 50013


async def test_an_edit_keeps_the_files_that_it_names(bot: RawBot, tmp_path: Path) -> None:
    files = {"a.txt": b"a", "b.txt": b"b"}
    sent = (await bot.post("dailies", {"content": "x"}, files=files)).body
    one = f"/channels/{sent['channel_id']}/messages/{sent['id']}"

    untouched = (await bot.call("PATCH", one, {"content": "y"})).body
    entries = [{"id": sent["attachments"][1]["id"], "description": "b"}, {"id": 0, "filename": "c.txt"}]
    edited = (await bot.call("PATCH", one, {"attachments": entries}, files={"c.txt": b"c"})).body
    added = (await bot.call("PATCH", one, {}, files={"d.txt": b"d"})).body
    spoiler = [{"id": edited["attachments"][0]["id"], "is_spoiler": True}]
    hidden = (await bot.call("PATCH", one, {"attachments": spoiler})).body

    assert [file["filename"] for file in untouched["attachments"]] == ["a.txt", "b.txt"]
    assert [file["filename"] for file in edited["attachments"]] == ["b.txt", "c.txt"]
    assert edited["attachments"][0]["description"] == "b"
    assert [file["filename"] for file in added["attachments"]] == ["b.txt", "c.txt", "d.txt"]
    assert [file["flags"] for file in hidden["attachments"]] == [1 << 5]
    assert files_in(tmp_path) == [1]


async def test_an_edit_may_not_empty_a_message(bot: RawBot) -> None:
    one = await path_of(bot, {"content": "x"})

    assert (await bot.call("PATCH", one, {"content": ""})).code == 50006


async def test_a_plain_message_becomes_a_layout_once_and_for_all(bot: RawBot) -> None:
    one = await path_of(bot, {"content": "x"})
    layout: dict[str, Any] = {"flags": V2, "components": [TEXT]}

    kept = await bot.call("PATCH", one, layout)
    moved = await bot.call("PATCH", one, layout | {"content": None})
    back = await bot.call("PATCH", one, {"flags": 0, "content": "x", "components": []})
    mixed = await bot.call("PATCH", one, {"content": "x"})
    changed = await bot.call("PATCH", one, {"components": [{"type": 10, "content": "changed"}]})

    assert kept.fault("content") == "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
    assert moved.status == 200
    assert back.fault("flags") == "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG"
    assert mixed.fault("content") == "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
    assert changed.body["components"][0]["content"] == "changed"


async def test_old_messages_are_edited_seldom(tmp_path: Path, clock: Clock) -> None:
    rates = Rates(default=GENEROUS.default, overall=GENEROUS.overall, buckets={"old-edit": Rate(1, 60)})
    async with running(tmp_path, now=clock, rates=rates) as sandbox, raw_bot(sandbox) as bot:
        one = await path_of(bot, {"content": "x"})
        clock.now += timedelta(hours=1)

        assert (await bot.call("PATCH", one, {"content": "y"})).status == 200
        refused = await bot.call("PATCH", one, {"content": "z"})

    assert (refused.status, refused.code) == (429, 30046)
    assert refused.headers["Via"]
    assert 0 < refused.body["retry_after"] <= 60


async def test_a_message_that_is_deleted_while_its_file_arrives_stays_deleted(
    bot: RawBot, tmp_path: Path
) -> None:
    messages, world = bot.sandbox.messages, bot.sandbox.world
    sent = (await bot.post("dailies", {"content": "x"})).body
    message = messages.find(int(sent["channel_id"]), int(sent["id"]), world.bot)
    path = tmp_path / "upload-late"
    path.write_bytes(b"late")
    upload = Upload(index=0, filename="late.txt", path=path, size=4)

    edit = messages.edit(message, {}, [upload], may_mention_everyone=False)
    edited, _ = await asyncio.gather(edit, messages.delete(message), return_exceptions=True)

    assert isinstance(edited, DiscordRefusal)
    assert edited.body["code"] == 10008
    assert files_in(tmp_path) == []
