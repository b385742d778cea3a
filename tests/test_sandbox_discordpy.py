"""Unmodified discord.py at work; every request that it sends fits Discord's own description."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.sandbox.person import Person
from bot.sandbox.requestlog import Request
from bot.sandbox.server import Sandbox
from tests import openapi
from tests.sandbox_bot import Bot, Card, channel_of
from tests.sandboxes import connected, person, running


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with running(tmp_path, strict=True) as opened:
        yield opened


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    async with connected(sandbox, Bot()) as client:
        yield client


@pytest.fixture
async def ada(sandbox: Sandbox, bot: Bot) -> AsyncIterator[Person]:
    async with person(sandbox, "ada") as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("/channels/1/messages", {"content": 5, "nonce": "n"}, "content"),
        ("/channels/1/messages", {"components": [{"type": 1, "components": []}]}, "components"),
        ("/channels/1/messages", {"content": "fine", "message_reference": {"message_id": 7}}, ""),
        ("/channels/1/nothing", {}, "no such operation"),
    ],
)
def test_discords_own_description_finds_what_is_wrong(path: str, body: Any, wrong: str) -> None:
    request = Request(
        number=1,
        method="POST",
        path=path,
        template="",
        query={},
        body=body,
        files=(),
        status=200,
        at=datetime.now(UTC),
        began=0,
        seconds=0,
    )

    complaints = openapi.description().complaints(request)

    assert wrong in "".join(complaints)
    assert bool(complaints) == bool(wrong)


async def test_a_command_is_deferred_and_then_answered_for_its_asker_alone(
    sandbox: Sandbox, bot: Bot, ada: Person
) -> None:
    async with person(sandbox, "bruno") as bruno:
        press = await ada.slash(
            "generate", {"prompt": "a boat", "seconds": 8}, channel=ada.channel("dailies")
        )
        assert await ada.outcome(press) == "INTERACTION_SUCCESS"
        answer = await ada.answer(press)
        await bruno.say(bruno.channel("dailies"), "anybody here?")
        await bruno.wait_for_message(lambda message: message["content"] == "anybody here?")

    assert answer["content"] == "a boat/None/8/None"
    assert answer["flags"] & 64
    assert answer["id"] not in bruno.client.seen


async def test_a_file_that_comes_with_a_command_reaches_the_bot(
    bot: Bot, ada: Person, tmp_path: Path
) -> None:
    picture = tmp_path / "still life.png"
    picture.write_bytes(b"p" * 70_000)

    press = await ada.slash(
        "generate", {"prompt": "x", "frame": "0"}, channel=ada.channel("dailies"), files=[picture]
    )

    assert (await ada.answer(press))["content"] == "x/None/4/70000"


async def test_an_interaction_tells_what_discord_tells(bot: Bot, ada: Person, sandbox: Sandbox) -> None:
    await ada.slash("generate", {"prompt": "x"}, channel=ada.channel("dailies"))

    asked = await asyncio.wait_for(bot.asked.get(), 60)

    assert asked.filesize_limit == 20 << 20
    assert asked.app_permissions.attach_files
    assert asked.permissions.send_messages
    assert not asked.permissions.manage_guild
    assert asked.context.guild
    assert asked.is_guild_integration()
    assert isinstance(asked.channel, discord.TextChannel)
    assert asked.locale is discord.Locale.american_english


async def test_autocomplete_offers_the_bots_choices(bot: Bot, ada: Person) -> None:
    choices = await ada.autocomplete("generate", "model", "so", channel=ada.channel("dailies"))

    assert choices == [{"name": "sora", "value": "sora"}]


async def test_a_form_goes_there_and_back_with_its_file(bot: Bot, ada: Person, tmp_path: Path) -> None:
    frame = tmp_path / "frame.png"
    frame.write_bytes(b"12345")

    modal = await ada.modal(await ada.slash("brief", channel=ada.channel("dailies")))
    values = {"line": "a boat", "mood": ["loud"], "frame": ["0"]}
    answer = await ada.answer(await ada.submit(modal, values, files=[frame]))

    assert modal["title"] == "Brief"
    assert answer["content"] == "a boat/['loud']/[5]"


async def test_a_menu_command_gets_the_message_and_may_follow_up(bot: Bot, ada: Person) -> None:
    channel = ada.channel("dailies")
    message = await ada.say(channel, "what a clip")

    press = await ada.menu("Remix this", message["id"], channel=channel)

    assert (await ada.answer(press))["content"] == "remix what a clip"
    more = await ada.wait_for_message(lambda one: one["content"] == "and more")
    assert more["flags"] & 64


async def test_a_card_with_a_clip_is_sent_replied_to_and_edited(bot: Bot, ada: Person) -> None:
    channel = channel_of(bot, "dailies")
    card = await channel.send(view=Card("j1"), nonce="cj1")

    file = discord.File(io.BytesIO(b"clip"), "clip.mp4")
    clip = await channel.send(view=Card("j1", "clip.mp4"), file=file, nonce="pj1", reference=card)
    same = await channel.send(view=Card("j1"), nonce="cj1")
    await channel.get_partial_message(clip.id).edit(view=Card("j2", "clip.mp4"))

    shown = await ada.message(str(channel.id), str(clip.id))
    gallery = next(one for one in shown["components"] if one["type"] == 12)
    assert same.id == card.id
    assert shown["referenced_message"]["id"] == str(card.id)
    assert shown["components"][0]["content"] == "Job j2"
    assert gallery["items"][0]["media"]["url"] == shown["attachments"][0]["url"]
    assert await clip.attachments[0].read() == b"clip"


async def test_a_dynamic_button_answers(bot: Bot, ada: Person) -> None:
    sent = await channel_of(bot, "dailies").send(view=Card("j7"))
    message = await ada.message(str(sent.channel.id), str(sent.id))

    answer = await ada.answer(await ada.press(message, "again:j7"))

    assert answer["content"] == "again j7"
    assert answer["interaction_metadata"]["interacted_message_id"] == message["id"]


async def test_a_command_that_nobody_answers_fails_after_its_time(tmp_path: Path) -> None:
    async with (
        running(tmp_path, acknowledge_s=0.1) as sandbox,
        connected(sandbox, Bot()) as bot,
        person(sandbox) as ada,
    ):
        press = await ada.slash("silence", channel=ada.channel("dailies"))
        asked = await asyncio.wait_for(bot.asked.get(), 60)

        assert await ada.outcome(press) == "INTERACTION_FAILURE"
        with pytest.raises(discord.NotFound) as refused:
            await asked.response.defer()

    assert refused.value.code == 10062


async def test_a_star_under_a_clip_is_told_to_the_bot(bot: Bot, ada: Person) -> None:
    sent = await channel_of(bot, "dailies").send("clip")
    message = await ada.message(str(sent.channel.id), str(sent.id))

    await ada.react(message, "⭐")

    star = await asyncio.wait_for(bot.stars.get(), 60)
    assert (star.emoji.name, star.message_id, star.message_author_id) == ("⭐", sent.id, bot.application_id)


async def test_history_direct_messages_and_deletion_work(bot: Bot, ada: Person) -> None:
    channel = channel_of(bot, "dailies")
    sent = [await channel.send(f"number {number}") for number in range(3)]

    found = [message.id async for message in channel.history(limit=2)]
    direct = await (await bot.fetch_user(int(ada.id))).send("your clip is ready")
    await sent[0].delete()

    assert found == [sent[2].id, sent[1].id]
    told = await ada.wait_for_message(lambda message: message["id"] == str(direct.id))
    assert told["content"] == "your clip is ready"
    with pytest.raises(discord.NotFound):
        await channel.fetch_message(sent[0].id)


async def test_a_thread_is_made_written_in_and_closed_for_good(sandbox: Sandbox, bot: Bot) -> None:
    card = await channel_of(bot, "dailies").send("card")

    thread = await card.create_thread(name="takes")
    await thread.send("take 1")
    archived = await thread.edit(archived=True)
    await thread.send("take 2 wakes it")
    found = sandbox.world.channels[thread.id]
    woken, found.archived, found.locked = not found.archived, True, True

    assert thread.id == card.id
    assert archived.archived
    assert woken
    with pytest.raises(discord.HTTPException) as refused:
        await thread.send("take 3")
    assert refused.value.code == 50083
