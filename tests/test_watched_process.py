"""A whole run of the real process, watched: its numbers, its status, and a log without a secret in it."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.commands import status as command
from bot.domain import JobState
from bot.errors import StorageError
from bot.operating.vitals_server import SOCKET
from bot.sockets import address
from tests.household import Household, household

PROMPT_CANARY = "a heron named Quillfeather"
KEY_CANARY = "sk-canary-of-the-key-0123456789"


async def asked(home: Household, path: str) -> str:
    with address(home.data_dir, SOCKET) as socket:
        connector = aiohttp.UnixConnector(path=socket)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get(f"http://b{path}") as it,
        ):
            return await it.text()


async def status(home: Household, *arguments: str) -> tuple[int, str]:
    """What the command says, from a loop of its own beside ours."""
    said: list[str] = []
    parser = argparse.ArgumentParser()
    command.add_to(parser)
    chosen = parser.parse_args([*arguments, "--env-file", str(home.folder / "status.env")])
    try:
        code = await asyncio.to_thread(command.run, chosen, say=said.append)
    except StorageError as fault:
        return 1, str(fault)
    return code, "\n".join(said)


async def lived(home: Household, *, times: int) -> list[str]:
    """What the live view has shown after so many looks."""
    shown: list[str] = []

    async def pause(_: float) -> None:
        if len(shown) == times:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await command.live(home.data_dir, shown.append, pause=pause)
    return shown


async def test_a_clip_from_press_to_post_is_seen_in_the_numbers_and_no_secret_in_the_log(
    tmp_path: Path,
) -> None:
    async with household(tmp_path, api_key=KEY_CANARY) as home:
        home.more |= {
            "DAILIES_OPENAI_API_KEY": KEY_CANARY,
            "DAILIES_LOG_FORMAT": "json",
            "DAILIES_INSTALLATION_MONTHLY_USD": "100",
        }
        (tmp_path / "status.env").write_text(f"DAILIES_DATA_DIR={home.data_dir}\n")
        await home.start()
        await home.generate(PROMPT_CANARY)
        job = await home.until_state(JobState.POSTED)
        metrics = await asked(home, "/metrics")
        ready = json.loads(await asked(home, "/readyz"))
        alive, _ = await status(home, "--alive")
        code, said = await status(home, "--once")
        json_code, as_json = await status(home, "--json")
        shown = await lived(home, times=2)
        await home.terminate()
        stopped_code, stopped = await status(home, "--once")

    world, offer = home.sandbox.world, job.quote.offer_id
    assert ready["ready"]
    assert (alive, code, json_code) == (0, 0, 0)
    for number in (
        f'dailies_provider_calls_total{{provider="openai",offer="{offer}",call="submit",outcome="taken"}} 1',
        f'dailies_provider_calls_total{{provider="openai",offer="{offer}",call="fetch",outcome="ok"}} 1',
        'dailies_deliveries_total{route="channel",form="file"} 1',
        'dailies_ledger_entries_total{kind="capture"} 1',
        f"dailies_spent_month_micros {job.quote.price_micros}",
        "dailies_gateway_connected 1",
        'dailies_jobs{state="running"} 0',
    ):
        assert number in metrics
    people = (job.id, world.guild.id, world.user_named("ada").id, job.order.channel_id, PROMPT_CANARY)
    for told in (metrics, said, as_json):
        assert not any(str(secret) in told for secret in (*people, KEY_CANARY, home.sandbox.bot_token))
    assert said.startswith("ready      database ok, gateway ok")
    assert f"{offer} submit: 1 taken" in said
    assert json.loads(as_json)["ready"]
    assert len(shown) == 2
    assert all(said.startswith("\x1b[H\x1b[2Jready") and "Ctrl-C ends this" in said for said in shown)
    assert stopped_code == 1
    assert f"no bot runs on {home.data_dir}" in stopped

    lines: list[dict[str, Any]] = [json.loads(line) for line in home.log_text().splitlines()]
    log = home.log_text()
    for secret in (PROMPT_CANARY, "Quillfeather", KEY_CANARY, home.sandbox.bot_token):
        assert secret not in log
    assert not any(mark in log for mark in ("&hm=", "?mark=", "Bearer ", "Authorization"))
    assert any(line.get("job") == job.id for line in lines)
    assert all(line.get("job") == job.id for line in lines if job.id in json.dumps(line))
