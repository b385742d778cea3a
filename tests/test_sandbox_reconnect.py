"""discord.py through bad days: lost connections, rate limits, lost answers, refusals at the door."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from tests.sandbox_bot import Bot, channel_of
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
    "fault",
    [
        {"name": "drop_gateway", "code": 4000},
        {"name": "drop_gateway"},
        {"name": "reconnect"},
        {"name": "invalid_session", "resumable": True},
    ],
    ids=["closed", "cut", "op 7", "op 9, resumable"],
)
async def test_a_lost_connection_is_resumed_and_nothing_is_missed(
    sandbox: Sandbox, bot: Bot, ada: Person, fault: dict[str, Any]
) -> None:
    sandbox.faults.switch_on(fault)
    press = await ada.slash("generate", {"prompt": "meanwhile"}, channel=ada.channel("dailies"))
    await asyncio.wait_for(bot.resumed.wait(), 60)

    assert (await ada.answer(press))["content"] == "meanwhile/None/4/None"
    assert sandbox.gateway.identifies == 1


async def test_a_session_that_is_gone_is_begun_anew(sandbox: Sandbox, bot: Bot, ada: Person) -> None:
    sandbox.faults.switch_on({"name": "invalid_session", "resumable": False})
    await bot.wait_for("ready", timeout=60)

    press = await ada.slash("generate", {"prompt": "anew"}, channel=ada.channel("dailies"))

    assert (await ada.answer(press))["content"] == "anew/None/4/None"
    assert sandbox.gateway.identifies == 2


async def test_a_rate_limit_is_waited_out_and_the_message_sent_once(
    sandbox: Sandbox, bot: Bot, ada: Person
) -> None:
    sandbox.faults.switch_on({"name": "rate_limit", "route": "/messages", "count": 1, "retry_after": 0.05})

    await channel_of(bot, "dailies").send("after the rain")

    listed = await ada.messages(ada.channel("dailies"))
    statuses = [one.status for one in sandbox.log.since(0) if one.template.endswith("/messages")]
    assert [message["content"] for message in listed] == ["after the rain"]
    assert statuses == [429, 200]


async def test_a_lost_answer_and_a_repeat_with_its_nonce_are_one_message(
    sandbox: Sandbox, bot: Bot, ada: Person
) -> None:
    channel = channel_of(bot, "dailies")
    sandbox.faults.switch_on({"name": "lost_answer", "route": "POST /channels", "count": 1})

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await channel.send("once", nonce="cj9")
    again = await channel.send("once", nonce="cj9")

    assert [one["id"] for one in await ada.messages(str(channel.id))] == [str(again.id)]


async def test_a_wrong_token_is_refused_at_login(sandbox: Sandbox) -> None:
    client = discord.Client(intents=discord.Intents(guilds=True))
    base, discord.http.Route.BASE = discord.http.Route.BASE, sandbox.api_url
    try:
        with pytest.raises(discord.LoginFailure):
            await client.login("made-up")
    finally:
        await client.close()
        discord.http.Route.BASE = base


async def test_an_intent_that_was_not_granted_ends_the_connection(sandbox: Sandbox) -> None:
    client = discord.Client(intents=discord.Intents(guilds=True, message_content=True))

    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with connected(sandbox, client):
            pass
