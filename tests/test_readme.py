"""Every command in the README is run here (or by .ci/run); a new one without a test fails this file."""

import asyncio
import json
import os
import re
import shutil
import signal
import sys
import urllib.request
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.settings import Settings

ROOT = Path(__file__).parent.parent

RUN_BY = {
    "make demo": "test_make_demo_posts_a_clip_and_shows_it",
    'make demo PROMPT="waves at night, a lighthouse turning, no music"': (
        "test_make_demo_posts_a_clip_and_shows_it"
    ),
    "make test": ".ci/run",
    "make sandbox": "test_make_sandbox_prints_an_address_that_answers_and_stops_by_sigint",
    "make run": "test_make_run_without_a_token_says_which_variable_is_missing",
    "docker build -t dailies .": "test_what_the_image_copies_is_enough_to_start",
    "docker run --init --env-file .env -v dailies:/data --read-only --tmpfs /tmp --stop-timeout 30 dailies": (
        "test_what_the_image_copies_is_enough_to_start"
    ),
    "python -m bot models": "tests/test_processes.py",
    "python -m bot models --all --kind remix": "tests/test_models.py",
    "python -m bot models show sora-2-pro": "tests/test_models.py",
    "python -m bot models check models.toml": "tests/test_models.py",
    "python -m bot check": "tests/test_check.py",
    "python -m bot status": "tests/test_watched_process.py",
    "python -m bot models --online": "tests/test_comparison.py",
    "python -m bot guilds admit 1198622483471925248 25": "test_an_operator_admits_a_server_and_dismisses_it",
    "python -m bot guilds admit direct 25": "test_an_operator_admits_a_server_and_dismisses_it",
    "python -m bot guilds list": "test_an_operator_admits_a_server_and_dismisses_it",
    "python -m bot guilds dismiss 1198622483471925248": "test_an_operator_admits_a_server_and_dismisses_it",
    "python -m bot ledger show": "tests/test_processes.py",
    "python -m bot ledger verify": "tests/test_processes.py",
    "python -m bot ledger drift": "tests/test_drift.py",
    "python -m bot reports list": "tests/test_reports_command.py",
    "python -m bot takedown start 01K5V3Y7Q2M8D4NA --cause intimate": "tests/test_takedown_command.py",
    "python -m bot takedown show": "tests/test_takedown_command.py",
    "python -m bot blocks list": "tests/test_takedown_command.py",
    "python -m bot audit show": "tests/test_acts.py",
    "python -m bot audit verify": "tests/test_acts.py",
    "python -m bot jobs uncertain": "tests/test_jobs_command.py",
    "python -m bot jobs cost 01K5V3Y7Q2M8D4NA 0.35 --why 'invoice of May'": "tests/test_costing.py",
    "python -m bot pause provider fal": "tests/test_jobs_command.py",
    "python -m bot resume provider fal": "tests/test_jobs_command.py",
    "python -m bot resume spending": "tests/test_surge.py",
    "python -m bot ledger export beancount": "tests/test_journal.py, tests/test_processes.py",
    "python -m bot ledger reconcile fal usage.csv": "tests/test_processes.py",
    "python -m bot backup": "tests/worker/test_backups.py",
    "python -m bot restore": "tests/worker/test_backups.py",
    "python -m bot restore --check": "tests/worker/test_backups.py",
    "python -m bot export all.tar": "tests/worker/test_backups.py",
    "python -m bot import all.tar": "tests/worker/test_backups.py",
    "python -m bot studio": "test_the_studio_serves_by_itself",
}

_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_INLINE = re.compile(r"`((?:make|docker|python -m bot) [^`]+)`")


def without_settings() -> dict[str, str]:
    """The surroundings without any setting of ours, and without the variables that make hands down."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DAILIES_") and name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }


@asynccontextmanager
async def started(*command: str, cwd: Path = ROOT) -> AsyncIterator[Process]:
    """A command with its output piped, in a group of its own; interrupted, then killed, at the end."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=without_settings(), stdout=PIPE, stderr=STDOUT, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def said_by(*command: str, cwd: Path = ROOT) -> tuple[int, str]:
    """The exit code and the whole output of a command."""
    async with asyncio.timeout(120), started(*command, cwd=cwd) as process:
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()


async def line_with(process: Process, pattern: str) -> re.Match[str]:
    """The first line of the output that has this."""
    assert process.stdout is not None
    async with asyncio.timeout(60):
        async for line in process.stdout:
            if found := re.search(pattern, line.decode()):
                return found
    raise AssertionError(f"it ended without a line like {pattern}")


def test_every_command_of_the_readme_is_run_by_a_test() -> None:
    text = (ROOT / "README.md").read_text()
    lines = [line.split("#")[0].strip() for block in _BLOCK.findall(text) for line in block.splitlines()]
    commands = {line for line in lines if line} | set(_INLINE.findall(text))
    # The targets of the Makefile that the README only mentions are commands too.
    assert commands - {"make check", "make lock"} <= RUN_BY.keys()


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"`make ([a-z-]+)", (ROOT / "README.md").read_text()))
    named |= set(re.findall(r"`make ([a-z-]+)", (ROOT / "CONTRIBUTING.md").read_text()))

    assert {target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()


async def test_make_demo_posts_a_clip_and_shows_it(tmp_path: Path) -> None:
    folder = tmp_path / "demo"

    code, said = await said_by(
        sys.executable, "-m", "bot", "demo", "--folder", str(folder), "--prompt", "waves at night, no music"
    )

    assert code == 0, said
    assert "waves at night, no music" in said
    assert "$0.40 (4 s at $0.10 a second), play money" in said
    assert re.search(r"hold +\$0\.40 .*\n.*capture +\$0\.40", said)
    assert len(list(folder.glob("dailies-*.mp4"))) == 1


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on this machine")
async def test_make_demo_is_that_command() -> None:
    code, said = await said_by("make", "--dry-run", "demo", "PROMPT=a quiet sea")

    assert code == 0
    assert 'python -m bot demo --prompt "a quiet sea"' in said


async def test_make_sandbox_prints_an_address_that_answers_and_stops_by_sigint(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot", "sandbox", "--port", "0", "--folder", str(tmp_path / "sandbox")]
    async with started(*command) as process:
        address = (await line_with(process, r"http://127\.0\.0\.1:\d+/"))[0]
        page = await asyncio.to_thread(lambda: urllib.request.urlopen(address).read().decode())
        world = await asyncio.to_thread(lambda: json.load(urllib.request.urlopen(f"{address}sandbox/world")))

        process.send_signal(signal.SIGINT)
        code = await process.wait()

    assert code == 0
    assert "<!doctype html>" in page.lower()
    assert world["application"]["connected"] is True


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on this machine")
async def test_make_run_without_a_token_says_which_variable_is_missing() -> None:
    code, said = await said_by("make", "--dry-run", "run")
    assert "python -m bot run" in said

    code, said = await said_by(sys.executable, "-m", "bot", "run", "--env-file", os.devnull)
    assert code == 78
    assert "DAILIES_DISCORD_TOKEN" in said


async def test_an_operator_admits_a_server_and_dismisses_it(tmp_path: Path) -> None:
    settings = tmp_path / "settings"
    await asyncio.to_thread(settings.write_text, f"DAILIES_DATA_DIR={tmp_path / 'data'}\n")

    async def guilds(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "bot", "guilds", *arguments, "--env-file", str(settings)]
        return await said_by(*command)

    admitted = await guilds("admit", "1198622483471925248", "25")
    listed = await guilds("list")
    dismissed = await guilds("dismiss", "1198622483471925248")
    empty = await guilds("list")
    wrong = await guilds("admit", "here", "1e3")
    outside = await guilds("admit", "direct", "25")

    assert admitted == (0, "server 1198622483471925248 may spend $25.00 a month at paid providers\n")
    assert listed[1].startswith("1198622483471925248: $25.00 a month")
    assert dismissed == (0, "server 1198622483471925248 may spend nothing from now on\n")
    assert empty == (0, "no server is admitted: only the studio is sold\n")
    assert wrong[0] == 2
    assert outside[1] == "use outside servers (direct messages) may spend $25.00 a month at paid providers\n"


async def test_the_studio_serves_by_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot", "studio", "--port", "0", "--folder", str(tmp_path / "studio")]
    async with started(*command) as process:
        address = (await line_with(process, r"http://127\.0\.0\.1:\d+/v1"))[0]
        models = await asyncio.to_thread(lambda: json.load(urllib.request.urlopen(f"{address}/models")))

        process.send_signal(signal.SIGTERM)
        await process.wait()

    assert models["data"]


async def test_what_the_image_copies_is_enough_to_start(tmp_path: Path) -> None:
    """No Docker engine is needed: the tree that the Dockerfile copies, run by its entry point."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    for source in re.findall(r"^COPY (\w+) \./", dockerfile, re.MULTILINE):
        await asyncio.to_thread(
            shutil.copytree, ROOT / source, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__")
        )
    entry = json.loads(re.findall(r"^ENTRYPOINT (.*)$", dockerfile, re.MULTILINE)[0])
    command = json.loads(re.findall(r"^CMD (.*)$", dockerfile, re.MULTILINE)[0])
    assert entry[0] == "python"

    code, said = await said_by(sys.executable, *entry[1:], *command, cwd=tmp_path)

    assert code == 78
    assert "DAILIES_DISCORD_TOKEN is not set" in said


ONLY_FOR_REHEARSALS = {"DAILIES_STUDIO_PLAY_USD_PER_SECOND"}


def test_every_setting_is_in_the_example_and_in_the_readme() -> None:
    known = {f"DAILIES_{name.upper()}" for name in Settings.model_fields} - ONLY_FOR_REHEARSALS
    shown = set(re.findall(r"^#?(DAILIES_\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    told = set(re.findall(r"`(DAILIES_\w+)`", (ROOT / "README.md").read_text()))

    assert shown == known
    assert known <= told
