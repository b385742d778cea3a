"""`dailies status`: how the running bot stands, once or live; and whether it is alive, for a supervisor."""

import argparse
import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import aiohttp
from pydantic import BaseModel, ConfigDict

from bot import settings
from bot.checks import clock
from bot.domain import Micros
from bot.errors import StorageError
from bot.money import format_usd
from bot.operating import reports
from bot.operating.vitals_server import SOCKET
from bot.sockets import address

EVERY_S = 2.0
ANSWER_WITHIN_S = 10.0
BYTES_MAX = 8 << 20

_CLEAR = "\x1b[H\x1b[2J"


class Number(BaseModel):
    """One number of the bot's, with its labels."""

    model_config = ConfigDict(frozen=True)

    name: str
    labels: dict[str, str]
    value: float


class Status(BaseModel):
    """What a running bot says of itself."""

    model_config = ConfigDict(frozen=True)

    ready: bool
    database: str
    gateway: str
    worker: str
    numbers: list[Number]

    def all(self, name: str) -> list[Number]:
        """Every number of a name, but for those that are nothing."""
        return [number for number in self.numbers if number.name == name and number.value]

    def one(self, name: str, **labels: str) -> float:
        """The number of a name with such labels; 0 where there is none."""
        found = (n.value for n in self.numbers if n.name == name and labels.items() <= n.labels.items())
        return next(found, 0.0)


def add_to(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--once", action="store_true", help="say it once; exit code 1 where it is not ready")
    parser.add_argument("--json", action="store_true", help="say it once, as JSON")
    parser.add_argument("--alive", action="store_true", help="say nothing; exit code 1 where it hangs")
    parser.add_argument("--env-file", type=Path, default=Path(".env"))


def run(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Ask the running bot and say it; the exit code is 1 where it is not ready, or none runs.

    Raises:
        StorageError: no bot runs on this data folder, or it does not answer.
    """
    folder = settings.load(env_file=chosen.env_file).data_dir
    if chosen.alive:
        return 0 if asyncio.run(_asked(folder, "/healthz")).strip() == b"ok" else 1
    if chosen.json:
        told = json.loads(asyncio.run(_asked(folder, "/status")))
        say(json.dumps(told, indent=2))
        return 0 if told["ready"] else 1
    if chosen.once or not sys.stdout.isatty():
        status = asyncio.run(_status(folder))
        for line in lines(status, stopped=reports.stopped(folder)):
            say(line)
        return 0 if status.ready else 1
    asyncio.run(live(folder, say))
    return 0


async def live(
    folder: Path,
    say: Callable[[str], None],
    *,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Say it again and again, each time over what was said before, until cancelled."""
    while True:
        status = await _status(folder)
        stopped = await asyncio.to_thread(reports.stopped, folder)
        shown = "\n".join(lines(status, stopped=stopped))
        say(f"{_CLEAR}{shown}\n\nevery {EVERY_S:.0f} s; Ctrl-C ends this")
        await pause(EVERY_S)


async def _status(folder: Path) -> Status:
    return Status.model_validate_json(await _asked(folder, "/status"))


async def _asked(folder: Path, path: str) -> bytes:
    told = bytearray()
    try:
        with address(folder, SOCKET) as socket:
            connector = aiohttp.UnixConnector(path=socket)
            timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
                session.get(f"http://bot{path}") as response,
            ):
                async for chunk in response.content.iter_any():  # one read is what has come by then
                    told += chunk
                    if len(told) > BYTES_MAX:
                        raise StorageError(f"the bot on {folder} says too much of itself")
    except TimeoutError as silent:
        raise StorageError(f"the bot on {folder} does not answer: its loop hangs, or its disk") from silent
    except (aiohttp.ClientError, OSError) as nobody:
        raise StorageError(f"no bot runs on {folder}: python -m bot run") from nobody
    return bytes(told)


def lines(status: Status, *, stopped: Sequence[str] = ()) -> Iterator[str]:
    """What a person reads, one subject a line; `stopped` by the operator, as `resume` takes it."""
    latency = status.one("dailies_gateway_latency_seconds")
    beats = f" ({latency * 1000:.0f} ms)" if status.gateway == "ok" and latency else ""
    ready = "ready" if status.ready else "NOT READY"
    yield f"{ready:<11}database {status.database}, gateway {status.gateway}{beats}, worker {status.worker}"
    ages = {n.labels["state"]: n.value for n in status.all("dailies_oldest_waiting_seconds")}
    jobs = [
        f"{number.labels['state']} {number.value:.0f} (oldest {_age(ages.get(number.labels['state'], 0))})"
        for number in status.all("dailies_jobs")
    ]
    yield f"{'jobs':<11}{', '.join(jobs) or 'none on their way'}"
    yield from _money(status)
    yield from _stops(status, stopped)
    for number in status.all("dailies_breaker"):
        why = number.labels["why"]
        yield f"{'breaker':<11}{number.labels['name']} is {number.labels['circuit']}{why and f': {why}'}"
    yield from _providers(status)
    routes = [
        f"{number.value:.0f} to {number.labels['route']} as {number.labels['form']}"
        for number in status.all("dailies_deliveries_total")
    ]
    if routes:
        yield f"{'deliveries':<11}{', '.join(routes)}"
    limited = sum(number.value for number in status.all("dailies_discord_rate_limited_total"))
    left = status.one("dailies_gateway_identifies_left")
    yield (
        f"{'discord':<11}{limited:.0f} times limited, "
        f"{status.one('dailies_discord_invalid_requests_total'):.0f} invalid requests"
        + (f", {left:.0f} sessions left" if left else "")
    )
    seen, lag = (
        status.one("dailies_event_loop_lag_seconds_count"),
        status.one("dailies_event_loop_lag_seconds_sum"),
    )
    ahead_s = status.one("dailies_clock_ahead_seconds")
    if abs(ahead_s) >= clock.WARNING.total_seconds():
        way = "ahead of" if ahead_s > 0 else "behind"
        yield f"{'CLOCK':<11}{abs(ahead_s):.0f} s {way} Discord's: {clock.MEND}"
    yield (
        f"{'machine':<11}loop late by {1000 * lag / seen if seen else 0:.1f} ms, "
        f"memory {_bytes(status.one('process_resident_memory_bytes'))}, "
        f"database {_bytes(status.one('dailies_database_bytes', file='dailies.db'))}, "
        f"{_bytes(status.one('dailies_disk_free_bytes'))} free"
    )


def _money(status: Status) -> Iterator[str]:
    limit = status.one("dailies_installation_limit_micros")
    yield (
        f"{'money':<11}{_usd(status.one('dailies_spent_month_micros'))} spent and "
        f"{_usd(status.one('dailies_held_month_micros'))} held this month"
        + (f", of {_usd(limit)}" if limit else "")
        + f"; {status.one('dailies_holds_open'):.0f} open holds"
    )


def _stops(status: Status, stopped: Sequence[str]) -> Iterator[str]:
    if status.one("dailies_spending_stopped"):
        yield f"{'STOPPED':<11}paid orders wait: python -m bot resume spending"
    for name in stopped:
        yield f"{'STOPPED':<11}{name}, by the operator: python -m bot resume {name}"
    pauses = [f"{n.value:.0f} of scope {n.labels['scope']}" for n in status.all("dailies_pauses")]
    if pauses:
        yield f"{'paused':<11}{', '.join(pauses)}, by moderators"


def _providers(status: Status) -> Iterator[str]:
    outcomes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for number in status.all("dailies_provider_calls_total"):
        where = number.labels["offer"] or number.labels["provider"], number.labels["call"]
        outcomes[where].append(f"{number.value:.0f} {number.labels['outcome']}")
    for (name, call), counts in sorted(outcomes.items()):
        about = (
            {"call": call, "offer": name} if "/" in name else {"call": call, "offer": "", "provider": name}
        )
        seconds = status.one("dailies_provider_call_seconds_sum", **about)
        count = status.one("dailies_provider_call_seconds_count", **about)
        mean = f", {seconds / count:.2f} s each" if count else ""
        yield f"{'provider':<11}{name} {call}: {', '.join(counts)}{mean}"


def _usd(said: float) -> str:
    """An amount as the exposition format carries it: micro-dollars, all digits of them."""
    return format_usd(Micros(int(said)))


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3600:.0f} h"


def _bytes(size: float) -> str:
    return f"{size / (1 << 30):.1f} GB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MB"
