"""The gateway: HELLO to READY, heartbeats, RESUME with what was missed, and every code it closes with."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox import gateway as sessions
from bot.sandbox.gateway_socket import ACK_AFTER_S
from bot.sandbox.server import Sandbox
from tests.sandboxes import GUILDS_AND_REACTIONS, Line, line, person, raw_bot, running

IDENTIFY, RESUME, HEARTBEAT = 2, 6, 1
MESSAGE_CONTENT = 1 << 15


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with running(tmp_path) as opened:
        yield opened


def who(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    return {"token": sandbox.bot_token, "intents": GUILDS_AND_REACTIONS, "properties": {}} | more


async def ready(talk: Line, sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    """READY's data, after HELLO and IDENTIFY."""
    await talk.send(IDENTIFY, who(sandbox, **more))
    payload = await talk.until(lambda one: one["t"] == "READY")
    return dict(payload["d"])


async def test_hello_ready_and_the_guild_come_in_order(sandbox: Sandbox) -> None:
    async with line(sandbox) as talk:
        hello = await talk.receive()
        await talk.send(IDENTIFY, who(sandbox))
        first, second = await talk.receive(), await talk.receive()

    assert (hello["op"], hello["d"]["heartbeat_interval"]) == (10, 41250)
    assert (first["t"], first["s"], second["t"], second["s"]) == ("READY", 1, "GUILD_CREATE", 2)
    assert first["d"]["resume_gateway_url"] == sandbox.gateway_url
    assert first["d"]["application"]["id"] == str(sandbox.world.application.id)
    assert not second["d"]["unavailable"]
    assert {channel["name"] for channel in second["d"]["channels"]} >= {"dailies", "mods"}


async def test_a_compressed_connection_says_the_same(sandbox: Sandbox) -> None:
    async with line(sandbox, "v=10&encoding=json&compress=zlib-stream") as talk:
        assert (await talk.receive())["op"] == 10
        assert (await ready(talk, sandbox))["v"] == 10
        await talk.send(HEARTBEAT, 1)
        await talk.until(lambda one: one["op"] == 11)


@pytest.mark.parametrize(
    ("query", "sent", "code"),
    [
        ("v=6&encoding=json", None, 4012),
        ("v=10&encoding=etf", None, 4012),
        ("v=10", "{not json", 4002),
        ("v=10", "[]", 4002),
        ("v=10", {"op": 42, "d": None}, 4001),
        ("v=10", {"op": 3, "d": {}}, 4003),
        ("v=10", {"op": 8, "d": {}}, 4003),
        ("v=10", {"op": 2, "d": {"token": "made up", "intents": 1}}, 4004),
        ("v=10", {"op": 2, "d": None}, 4002),
        ("v=10", {"op": 6, "d": {"token": "made up", "seq": 1, "session_id": "x"}}, 4004),
        ("v=10", {"op": 6, "d": {"seq": None}}, 4002),
    ],
)
async def test_a_broken_rule_has_its_close_code(sandbox: Sandbox, query: str, sent: Any, code: int) -> None:
    async with line(sandbox, query) as talk:
        if sent is not None:
            await talk.socket.send_str(sent if isinstance(sent, str) else json.dumps(sent))

        assert await talk.closed() == code


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"intents": -1}, 4013),
        ({"intents": 1 << 40}, 4013),
        ({"intents": "all"}, 4013),
        ({"intents": MESSAGE_CONTENT}, 4014),
        ({"intents": 1 << 1}, 4014),
        ({"shard": [2, 2]}, 4010),
        ({"shard": "first"}, 4010),
    ],
)
async def test_an_identify_that_asks_for_too_much_is_closed(
    sandbox: Sandbox, more: dict[str, Any], code: int
) -> None:
    async with line(sandbox) as talk:
        await talk.send(IDENTIFY, who(sandbox, **more))

        assert await talk.closed() == code


async def test_a_granted_intent_is_given(tmp_path: Path) -> None:
    async with running(tmp_path, application_flags=1 << 19) as sandbox, person(sandbox) as ada:
        wanted = GUILDS_AND_REACTIONS | 1 << 9 | MESSAGE_CONTENT
        async with raw_bot(sandbox, intents=wanted) as bot, raw_bot(sandbox, intents=1 << 9) as blind:
            await ada.say(ada.channel("dailies"), "in the open")

            assert (await bot.next("MESSAGE_CREATE"))["content"] == "in the open"
            assert (await blind.next("MESSAGE_CREATE"))["content"] == ""


async def test_to_identify_twice_is_closed(sandbox: Sandbox) -> None:
    async with line(sandbox) as talk:
        await ready(talk, sandbox)
        await talk.send(IDENTIFY, who(sandbox))

        assert await talk.closed() == 4005


async def test_a_client_that_does_not_beat_is_closed(tmp_path: Path) -> None:
    async with running(tmp_path, heartbeat_s=0.05) as sandbox, line(sandbox) as talk:
        await ready(talk, sandbox)

        assert await talk.closed() == 4009


async def test_a_heartbeat_is_answered_no_sooner_than_over_a_network(sandbox: Sandbox) -> None:
    loop = asyncio.get_running_loop()
    async with line(sandbox) as talk:
        await ready(talk, sandbox)
        began = loop.time()
        await talk.send(HEARTBEAT, None)
        await talk.until(lambda one: one["op"] == 11)

    assert loop.time() - began >= ACK_AFTER_S


async def test_a_client_that_says_too_much_is_closed(sandbox: Sandbox) -> None:
    async with line(sandbox) as talk:
        for _ in range(121):
            await talk.send(HEARTBEAT, None)

        assert await talk.closed() == 4008


async def test_a_resume_brings_what_was_missed_and_no_more(sandbox: Sandbox) -> None:
    async with line(sandbox) as talk, person(sandbox) as ada:
        session = await ready(talk, sandbox)
        guild = await talk.receive()
        sandbox.faults.switch_on({"name": "drop_gateway", "code": 4000})
        assert await talk.closed() == 4000
        said = await ada.say(ada.channel("dailies"), "meanwhile")
        await ada.react(said, "⭐")

        async with line(sandbox) as again:
            resume = {"token": sandbox.bot_token, "session_id": session["session_id"], "seq": guild["s"]}
            await again.send(RESUME, resume)
            await again.receive()
            missed, resumed = await again.receive(), await again.receive()

    assert (missed["t"], missed["s"]) == ("MESSAGE_REACTION_ADD", 3)
    assert (resumed["t"], resumed["s"]) == ("RESUMED", 4)
    assert isinstance(resumed["d"], dict)


async def test_a_session_that_is_not_known_is_invalid(sandbox: Sandbox) -> None:
    async with line(sandbox) as talk:
        await talk.send(RESUME, {"token": sandbox.bot_token, "session_id": "gone", "seq": 1})
        await talk.receive()
        invalid = await talk.receive()

        assert (invalid["op"], invalid["d"]) == (9, False)
        assert (await ready(talk, sandbox))["v"] == 10


async def test_a_sequence_from_the_future_is_closed(sandbox: Sandbox) -> None:
    async with line(sandbox) as talk:
        session = await ready(talk, sandbox)
        async with line(sandbox) as again:
            resume = {"token": sandbox.bot_token, "session_id": session["session_id"], "seq": 99}
            await again.send(RESUME, resume)

            assert await again.closed() == 4007


async def test_a_client_that_says_goodbye_cannot_resume(sandbox: Sandbox) -> None:
    async with line(sandbox) as talk:
        session = await ready(talk, sandbox)
        await talk.socket.close(code=1000)

        async with line(sandbox) as again:
            await again.send(
                RESUME, {"token": sandbox.bot_token, "session_id": session["session_id"], "seq": 1}
            )
            payload = await again.until(lambda one: one["op"] == 9)

    assert payload["d"] is False


def test_a_session_remembers_only_so_much(sandbox: Sandbox) -> None:
    session = sessions.Session(sandbox.world.bot, intents=1, shard=(0, 1), token="t")
    for _ in range(sessions.REPLAYED_MAX + 2):
        session.dispatch("X", "{}")

    assert not session.can_replay(1)
    assert session.can_replay(2)
    assert session.can_replay(session.seq)


async def test_guilds_are_told_to_their_shard(sandbox: Sandbox) -> None:
    number = (sandbox.world.guild.id >> 22) % 2
    async with line(sandbox) as mine, line(sandbox) as other:
        own = await ready(mine, sandbox, shard=[number, 2])
        foreign = await ready(other, sandbox, shard=[1 - number, 2])

    assert [guild["id"] for guild in own["guilds"]] == [str(sandbox.world.guild.id)]
    assert foreign["guilds"] == []


async def test_members_can_be_asked_for(sandbox: Sandbox) -> None:
    guild = str(sandbox.world.guild.id)
    async with line(sandbox) as talk:
        await ready(talk, sandbox)
        await talk.send(8, {"guild_id": guild, "query": "a", "limit": 5, "nonce": "n"})
        chunk = await talk.until(lambda one: one["t"] == "GUILD_MEMBERS_CHUNK")
        await talk.send(8, {"guild_id": guild, "query": "", "limit": 0})
        code = await talk.closed()

    assert [member["user"]["username"] for member in chunk["d"]["members"]] == ["ada"]
    assert chunk["d"]["nonce"] == "n"
    assert code == 4014  # the whole list needs the privileged intent


async def test_the_bot_is_told_where_the_gateway_is_and_how_often_it_may_begin(sandbox: Sandbox) -> None:
    async with raw_bot(sandbox) as bot:
        told = (await bot.call("GET", "/gateway/bot")).body

    assert told["url"] == sandbox.gateway_url
    assert told["session_start_limit"]["remaining"] == 999
    assert sandbox.gateway.identifies == 1


async def test_an_oversized_message_ends_the_connection(sandbox: Sandbox) -> None:
    async with line(sandbox) as talk:
        await talk.socket.send_str("x" * 20_000)

        assert await talk.closed() in (1009, 4002)


async def test_a_plain_request_to_the_gateway_is_no_websocket(sandbox: Sandbox) -> None:
    url = sandbox.gateway_url.replace("ws", "http", 1)
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 400


async def test_people_are_told_of_the_channels_that_they_see(sandbox: Sandbox) -> None:
    async with person(sandbox, "ada") as ada, person(sandbox, "mika") as mika, raw_bot(sandbox) as bot:
        await bot.post("mods", {"content": "quiet"})
        await bot.post("dailies", {"content": "loud"})
        await ada.wait_for_message(lambda message: message["content"] == "loud")
        await mika.wait_for_message(lambda message: message["content"] == "quiet")

        assert [message["content"] for message in ada.client.seen.values()] == ["loud"]
