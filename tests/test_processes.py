"""Starting and stopping the real process: signals, exit codes, the lock, and what is said and never said."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from bot.__main__ import CONFIG_EXIT
from bot.domain import JobState
from tests.household import household

SECRET = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"


async def dailies(*arguments: str, **variables: str) -> tuple[int, str]:
    """Run the command with these settings alone; its exit code and all that it said."""
    return await python("-m", "bot", *arguments, **variables)


async def python(*arguments: str, **variables: str) -> tuple[int, str]:
    """The same of anything that Python can run."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DAILIES_")}
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, *arguments],
        env=clean | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


async def test_what_the_start_has_made_is_not_looked_through_for_cycles_again(tmp_path: Path) -> None:
    counted = (
        "import atexit, gc, sys; from bot.__main__ import main;"
        "atexit.register(lambda: print('kept', gc.get_freeze_count())); sys.exit(main(sys.argv[1:]))"
    )
    async with household(tmp_path) as house:
        _, said = await python(
            "-c",
            counted,
            "run",
            "--env-file",
            os.devnull,
            DAILIES_DATA_DIR=str(tmp_path / "data"),
            DAILIES_DISCORD_TOKEN=SECRET,
            DAILIES_DISCORD_API_URL=house.sandbox.api_url,  # which refuses that token
            **house.more,
        )

    assert int(said.split("kept ")[1].split()[0]) > 50_000


async def test_without_a_token_it_names_the_variable_and_exits_78(tmp_path: Path) -> None:
    code, said = await dailies("run", "--env-file", os.devnull, DAILIES_DATA_DIR=str(tmp_path / "data"))

    assert code == 78
    assert "DAILIES_DISCORD_TOKEN is not set" in said
    assert "Traceback" not in said


async def test_a_token_that_discord_refuses_exits_78_and_is_never_printed(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        code, said = await dailies(
            "run",
            "--env-file",
            os.devnull,
            DAILIES_DATA_DIR=str(tmp_path / "data"),
            DAILIES_DISCORD_TOKEN=SECRET,
            DAILIES_DISCORD_API_URL=house.sandbox.api_url,
            DAILIES_DISCORD_GATEWAY_URL=house.sandbox.gateway_url,
            **house.more,
        )

    assert code == 78
    assert "DAILIES_DISCORD_TOKEN: Discord does not take this token" in said
    assert SECRET not in said
    assert "Traceback" not in said


async def test_a_discord_that_is_not_there_is_said_in_a_line_and_waited_for_until_the_bot_is_stopped(
    tmp_path: Path,
) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DAILIES_")}
    async with household(tmp_path) as house:
        settings = {
            "DAILIES_DATA_DIR": str(tmp_path / "data"),
            "DAILIES_DISCORD_TOKEN": SECRET,
            "DAILIES_DISCORD_API_URL": "http://127.0.0.1:9/api/v10",
        }
        bot = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run", "--env-file", os.devnull),
            env=clean | settings | dict(house.more),
            stderr=asyncio.subprocess.PIPE,
        )
        assert bot.stderr is not None
        async with asyncio.timeout(60):
            said = (await bot.stderr.readuntil(b"trying again in 2 s")).decode()
            bot.send_signal(signal.SIGTERM)
            said += (await bot.stderr.read()).decode()
            code = await bot.wait()

    assert code == 0
    assert "Discord cannot be reached at http://127.0.0.1:9/api/v10: ClientConnectorError; look at" in said
    assert "trying again in 1 s" in said
    assert SECRET not in said
    assert "Traceback" not in said
    assert "Unclosed" not in said


async def test_a_wrong_setting_is_named_and_its_value_is_not(tmp_path: Path) -> None:
    code, said = await dailies(
        "run", "--env-file", os.devnull, DAILIES_MEMBER_MONTHLY_USD="1e3", DAILIES_DATA_DIR=str(tmp_path)
    )

    assert code == 78
    assert "DAILIES_MEMBER_MONTHLY_USD" in said
    assert "1e3" not in said


async def test_a_second_start_meets_the_lock_of_the_first(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        await house.start()
        assert house.bot is not None

        code, said = await dailies(
            "run",
            "--env-file",
            os.devnull,
            DAILIES_DATA_DIR=str(house.data_dir),
            DAILIES_DISCORD_TOKEN=SECRET,
            **house.more,
        )

    assert code == 1
    assert f"in use by process {house.bot.pid}" in said


async def test_who_reads_no_further_ends_a_command_without_a_traceback(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "bot", "check", "--env-file", os.devnull]

    with os.fdopen(writing) as closed:
        done = await asyncio.to_thread(
            subprocess.run,
            command,
            env=os.environ | {"DAILIES_DATA_DIR": str(tmp_path)},
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


async def test_sigterm_stops_an_idle_bot_at_once_and_well(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        await house.start()

        code, seconds = await house.terminate()

        assert code == 0
        assert seconds < 5


async def test_sigterm_with_jobs_in_hand_stops_within_ten_seconds_and_parks_them(tmp_path: Path) -> None:
    async with household(tmp_path, asks_to_finish=None) as house:
        await house.start()
        await house.generate()
        await house.until_state(JobState.RUNNING)

        code, seconds = await house.terminate()
        parked = house.log_text()
        house.emulator.finish(next(iter(house.emulator.jobs)))
        await house.start()
        await house.until_state(JobState.POSTED)

        assert code == 0
        assert "the next start goes on with: 1 running" in parked
        assert seconds < 10
        assert len(await house.clips()) == 1


async def test_sigterm_while_a_clip_uploads_waits_for_it_and_not_longer_than_25_seconds(
    tmp_path: Path,
) -> None:
    async with household(tmp_path, asks_to_finish=None) as house:
        await house.start()
        await house.generate()
        await house.until_card_says("Being made")
        house.sandbox.faults.switch_on({"name": "slow", "route": "POST", "seconds": 9.0})
        house.emulator.finish(next(iter(house.emulator.jobs)))
        await house.until_state(JobState.STORED)

        code, seconds = await house.terminate()

        assert code == 0
        assert 5 < seconds < 25
        assert house.jobs()[0].state is JobState.POSTED
        assert len(await house.clips()) == 1


async def test_models_and_ledger_are_shown_beside_a_running_bot(tmp_path: Path) -> None:
    async with household(tmp_path, asks_to_finish=1) as house:
        await house.start()
        await house.generate()
        await house.until_state(JobState.POSTED)
        files = {"DAILIES_DATA_DIR": str(house.data_dir), **house.more}

        models = await dailies("models", "--env-file", os.devnull, **files)
        shown = await dailies("ledger", "show", "--env-file", os.devnull, **files)
        verified = await dailies("ledger", "verify", "--env-file", os.devnull, **files)
        exported = await dailies("ledger", "export", "jsonl", "--env-file", os.devnull, **files)
        usage = tmp_path / "usage.csv"
        usage.write_text(f"id,cost\n{json.loads(exported[1].splitlines()[1])['provider_job_id']},0.50\n")
        reconcile = ("ledger", "reconcile", "openai", str(usage), "--env-file", os.devnull)
        reconciled = await dailies(*reconcile, **files)
        too_early = await dailies(*reconcile, "--until", "2026-01-01", **files)
        nobody = await dailies(*("opnai" if word == "openai" else word for word in reconcile), **files)

    assert models[0] == 0
    assert "emulated: Emulated." in models[1]
    assert "$0.10/s" in models[1]
    assert shown[0] == 0
    assert [line.split()[2:4] for line in shown[1].splitlines()] == [["hold", "$0.40"], ["capture", "$0.40"]]
    assert verified == (0, "the ledger is right\n")
    assert [json.loads(line)["kind"] for line in exported[1].splitlines()] == ["hold", "capture"]
    assert reconciled[0] == 1
    assert "is booked at $0.40 and billed at $0.50" in reconciled[1]
    assert too_early[0] == 1
    assert "only at the provider" in too_early[1]
    assert nobody[0] == CONFIG_EXIT
    assert "there is no provider 'opnai'; there are: fal, openai, " in nobody[1]


async def test_who_has_just_come_to_the_server_cannot_order_what_costs_money(tmp_path: Path) -> None:
    async with household(tmp_path, asks_to_finish=1) as house:
        house.more["DAILIES_MEMBERSHIP_AGE_MIN_DAYS"] = "3"
        await house.start()

        press = await house.generate()
        answer = await house.ada.answer(press)

        assert "joined this server at least 3 days ago" in str(answer["components"])
        assert house.jobs() == []
        assert house.emulator.jobs == {}
