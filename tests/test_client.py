import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bot.errors import DeliveryRefused, DeliveryUnavailable, SettingsError
from bot.sandbox.faults import Fault
from cogs.client import use_endpoints
from tests.stage import Stage, new_client, open_stage, texts


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def test_the_invite_asks_for_exactly_what_is_needed(stage: Stage) -> None:
    query = parse_qs(urlsplit(stage.client.invite_url).query)

    asked = discord.Permissions(int(query["permissions"][0]))
    assert {name for name, wanted in asked if wanted} == {
        "attach_files",
        "read_message_history",
        "read_messages",
        "send_messages",
        "send_messages_in_threads",
    }
    assert query["scope"] == ["bot applications.commands"]
    assert query["client_id"] == [str(stage.sandbox.world.application.id)]


async def test_the_invite_is_not_known_before_signing_in(stage: Stage) -> None:
    with pytest.raises(RuntimeError):
        _ = new_client(stage).invite_url


async def test_a_refused_token_is_named_and_never_shown(stage: Stage) -> None:
    client = new_client(stage)

    with pytest.raises(SettingsError, match="DAILIES_DISCORD_TOKEN") as refused:
        await client.sign_in("a-wrong-token")

    assert "a-wrong-token" not in str(refused.value)
    await client.close()


async def test_one_client_signs_in_once_a_discord_that_was_away_is_back(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    client = new_client(stage)
    away = Fault(name="lost_answer", route="GET /users/@me")
    stage.sandbox.faults.switch_on(away.wire())

    with pytest.raises(DeliveryUnavailable, match="Discord cannot be reached"):
        await client.sign_in(stage.sandbox.bot_token)
    stage.sandbox.faults.switch_off()
    await client.sign_in(stage.sandbox.bot_token)

    assert client.invite_url == stage.client.invite_url
    await client.close()
    gc.collect()
    assert "Unclosed" not in caplog.text


async def test_what_answers_and_is_not_discord_is_named_in_a_line(stage: Stage) -> None:
    client = new_client(stage)
    stage.sandbox.faults.switch_on(Fault(name="server_error", route="GET /users/@me", status=404).wire())

    with pytest.raises(DeliveryRefused, match=r"is not Discord \(404\): look at DAILIES_DISCORD_API_URL"):
        await client.sign_in(stage.sandbox.bot_token)

    await client.close()


async def test_nothing_privileged_is_listened_to(stage: Stage) -> None:
    listened = {name for name, wanted in stage.client.intents if wanted}

    assert listened == {"guilds", "guild_reactions"}


async def test_readiness_can_be_waited_for(stage: Stage) -> None:
    async with asyncio.timeout(60):
        await stage.client.ready.wait()

    assert stage.client.is_ready()


async def test_a_gateway_that_is_away_at_the_very_start_is_come_back_to(stage: Stage) -> None:
    client = new_client(stage)
    await client.sign_in(stage.sandbox.bot_token)
    use_endpoints(stage.sandbox.api_url, "ws://127.0.0.1:1/")  # nobody listens there

    connected = asyncio.create_task(client.connect())
    async with asyncio.timeout(60):
        await client.wait_for("disconnect")
        use_endpoints(stage.sandbox.api_url, stage.sandbox.gateway_url)
        await client.ready.wait()

    assert client.is_ready()
    await client.close()
    await connected


async def test_the_bot_comes_back_after_a_dropped_connection(stage: Stage) -> None:
    stage.sandbox.faults.switch_on({"name": "reconnect"})

    answer = texts(await stage.ask(stage.ada, prompt="a paper boat"))

    assert "Ordered." in answer
