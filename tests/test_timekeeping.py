"""A clock that is off is heard in Discord's answers and said: by the running bot, its status, and `check`."""

import argparse
import asyncio
import itertools
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol

import aiohttp
import pytest
from aiohttp import web

from bot import rehearsal
from bot.clock import Clock
from bot.commands import check as check_command
from bot.commands import status as status_command
from bot.domain import JobState
from bot.operating.meters import Meters
from bot.operating.timekeeping import ANSWERED_WITHIN_S, Timekeeping
from tests.household import household
from tests.props import NOON

TOLD = "this machine's clock is 600 s behind Discord's: the bot goes by Discord's, others here are wrong"


class Told:
    """The operator, who notes what is said."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.sentences: list[str] = []

    def tell(self, code: str, sentence: str) -> None:
        self.codes.append(code)
        self.sentences.append(sentence)


def date(off: timedelta) -> str:
    """What Discord says where this machine, at noon, is so far ahead of it."""
    return format_datetime(NOON - off, usegmt=True)


def of_the_machine(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was said in the log of this machine's clock, without what became of the bot's own."""
    return [record.message for record in caplog.records if record.name == "bot.operating.timekeeping"]


def timekeeping(told: Told, meters: Meters, *, seconds: Iterator[float] | None = None) -> Timekeeping:
    ticks = iter(()) if seconds is None else seconds
    clock = Clock(machine=lambda: NOON, seconds=lambda: 0.0)
    return Timekeeping(told, meters, clock=clock, seconds=lambda: next(ticks))


def test_the_operator_is_told_once_that_it_is_wrong_and_the_log_that_it_is_right_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told, meters = Told(), Meters()
    heard = timekeeping(told, meters)

    with caplog.at_level(logging.INFO):
        for off in (timedelta(0), -timedelta(minutes=10), -timedelta(minutes=10), timedelta(0)):
            heard.heard(date(off))
        heard.heard(date(timedelta(0)))

    assert told.codes == ["clock_wrong"]
    assert told.sentences == [f"{TOLD}. Set it right: timedatectl set-ntp true"]
    assert of_the_machine(caplog) == ["this machine's clock is right again"]
    assert meters.clock_off_s == 0


def test_a_minute_is_said_in_the_log_alone_and_no_date_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    told, meters = Told(), Meters()
    heard = timekeeping(told, meters)

    heard.heard(date(timedelta(minutes=1)))
    heard.heard(None)
    heard.heard("yesterday")

    assert told.codes == []
    assert of_the_machine(caplog) == ["this machine's clock is 60 s ahead of Discord's"]
    assert meters.clock_off_s == 60


@pytest.fixture
async def wrong_clock() -> AsyncIterator[str]:
    """The address of a server whose clock is ten minutes ahead of noon."""

    async def answer(request: web.Request) -> web.Response:
        aged = {"Age": "600"} if "cached" in request.query else {}
        return web.Response(headers={"Date": date(-timedelta(minutes=10)), **aged})

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def test_an_answer_that_waited_in_a_frozen_process_says_nothing(wrong_clock: str) -> None:
    told, meters = Told(), Meters()
    heard = timekeeping(told, meters, seconds=iter((0.0, ANSWERED_WITHIN_S + 1, 50.0, 51.0)))

    async with aiohttp.ClientSession(trace_configs=[heard.listen(meters.discord_trace())]) as session:
        async with session.get(wrong_clock):
            late = list(told.codes)
        async with session.get(wrong_clock):
            pass

    assert late == []
    assert told.codes == ["clock_wrong"]
    assert meters.discord_answers.family().samples[0].value == 2


async def test_an_answer_out_of_a_cache_says_nothing(wrong_clock: str) -> None:
    told, meters = Told(), Meters()
    heard = timekeeping(told, meters, seconds=itertools.count(0.0))

    async with aiohttp.ClientSession(trace_configs=[heard.listen(meters.discord_trace())]) as session:
        async with session.get(f"{wrong_clock}?cached"):
            cached = list(told.codes)
        async with session.get(wrong_clock):
            pass

    assert cached == []
    assert told.codes == ["clock_wrong"]


class Command(Protocol):
    """A module of `bot/commands` with one command."""

    def add_to(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int: ...


async def said_by(command: Command, option: str, env_file: Path) -> str:
    """What a command says, from a thread and a loop of its own."""
    parser, said = argparse.ArgumentParser(), list[str]()
    command.add_to(parser)
    chosen = parser.parse_args([option, "--env-file", str(env_file)])
    await asyncio.to_thread(command.run, chosen, say=said.append)
    return "\n".join(said)


async def test_ten_minutes_are_said_by_the_running_bot_its_status_and_check_and_it_works_all_the_same(
    tmp_path: Path,
) -> None:
    async with household(tmp_path, asks_to_finish=1) as home:
        home.sandbox.faults.switch_on({"name": "clock_off", "seconds": 600})
        await home.start()
        await home.generate()
        await home.until_state(JobState.POSTED)
        env = tmp_path / ".env"
        settings = rehearsal.settings_for(home.sandbox, home.data_dir) | home.more
        env.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        status, check = await asyncio.gather(
            said_by(status_command, "--once", env), said_by(check_command, "--online", env)
        )
        home.sandbox.faults.switch_off()
        await home.generate("another boat")
        await home.until_all(JobState.POSTED, count=2)
        clips, log = await home.clips(), home.log_text()
        tried_at = {job.order.prompt: job.clip_tried_at for job in home.jobs()}

    assert log.count("code=clock_wrong") == 1
    behind = "(59[0-9]|600) s behind Discord's"  # a date has whole seconds, and a request takes its time
    assert re.search(f"this machine's clock is {behind}: the bot goes by Discord's", log)
    assert "code=clock_right" in log
    assert log.count("code=time_set") == 2  # it goes by Discord's, and back with it
    assert re.search(f"CLOCK      {behind}: timedatectl set-ntp true", status)
    assert re.search(f"ERROR   clock_wrong: this machine's clock is {behind}", check)
    assert len(clips) == 2
    # By Discord's time, which was ten minutes ahead when the first was posted, and right afterwards.
    first_at, second_at = tried_at["a paper boat"], tried_at["another boat"]
    assert first_at is not None
    assert second_at is not None
    assert timedelta(minutes=9) < first_at - second_at < timedelta(minutes=10)
