"""All the numbers of a running bot, for Prometheus and for `dailies status`."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.domain import EntryKind, Micros
from bot.offers.health import Health
from bot.operating.exposition import Family, Sample, gauge
from bot.operating.meters import Meters
from bot.operating.vitals import Vitals
from bot.release import RELEASE
from storage import gauges
from storage.database import open_for_reading
from storage.gauges import Waiting
from storage.halts import HaltScope

STATES = (
    "queued",
    "submitting",
    "uncertain",
    "running",
    "rendered",
    "stored",
    "review_rendering",
    "review_showing",
)

FILES = ("dailies.db", "dailies.db-wal")

_STATM = Path("/proc/self/statm")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What one look at the rows found."""

    waiting: list[Waiting]
    spent_month: Micros
    held_month: Micros
    holds: int
    held: Micros
    is_stopped: bool
    halted: Mapping[HaltScope, int]
    paused: tuple[int, int]
    file_bytes: Mapping[str, int]
    free_bytes: int


class Instruments:
    """Reads everything when asked.

    The rows and the disk are read on a thread, through a connection that never writes; the book's sums are
    kept, so that each of its lines is read once.

    Args:
        folder: the data folder.
        limit_micros: what the installation may spend in a month.
        now: the clock.
    """

    def __init__(
        self,
        folder: Path,
        meters: Meters,
        health: Health,
        vitals: Vitals,
        *,
        limit_micros: Micros | None,
        now: Callable[[], datetime],
    ) -> None:
        self._folder = folder
        self._meters = meters
        self._health = health
        self._vitals = vitals
        self._limit_micros = limit_micros
        self._now = now
        self._began_at = now()
        self._last_entry = 0
        self._entered = {kind: [0, 0] for kind in EntryKind}
        self._reading = asyncio.Lock()

    async def families(self) -> list[Family]:
        """Every number as it is now."""
        async with self._reading:
            read = await asyncio.to_thread(self._rows)
        return [
            *self._of_jobs(read),
            *self._of_money(read),
            *self._of_stops(read),
            *self._of_the_outside(),
            *self._of_the_process(read),
            *self._meters.families(),
        ]

    def _rows(self) -> _Read:
        with closing(open_for_reading(self._folder / "dailies.db")) as connection:
            self._last_entry, entered = gauges.entered_after(connection, self._last_entry)
            for line in entered:
                sums = self._entered[line.kind]
                sums[0] += line.entries
                sums[1] += line.micros
            spent, held_month = gauges.of_the_month(connection, self._now().date())
            holds, held = gauges.held(connection)
            return _Read(
                waiting=[*gauges.in_hand(connection), *gauges.in_review(connection)],
                spent_month=spent,
                held_month=held_month,
                holds=holds,
                held=held,
                is_stopped=gauges.is_stopped(connection),
                halted=gauges.halted(connection),
                paused=gauges.paused(connection),
                file_bytes={file: _size(self._folder / file) for file in FILES},
                free_bytes=shutil.disk_usage(self._folder).free,
            )

    def _of_jobs(self, read: _Read) -> Iterator[Family]:
        found = {waiting.state: waiting for waiting in read.waiting}
        counts = {state: found[state].jobs if state in found else 0 for state in STATES}
        yield gauge(
            "dailies_jobs", "Jobs on their way, by state.", [({"state": s}, n) for s, n in counts.items()]
        )
        now = self._now()
        ages = {
            state: max(0.0, (now - found[state].since).total_seconds()) if state in found else 0.0
            for state in STATES
        }
        yield gauge(
            "dailies_oldest_waiting_seconds",
            "How long the job has been in its state that has been in it longest.",
            [({"state": state}, age) for state, age in ages.items()],
        )

    def _of_money(self, read: _Read) -> Iterator[Family]:
        yield _by_kind("dailies_ledger_entries_total", "Lines of the book, by kind.", self._entered, place=0)
        yield _by_kind(
            "dailies_ledger_micros_total",
            "Millionths of a dollar in the lines of the book, by kind.",
            self._entered,
            place=1,
        )
        yield _one("dailies_spent_month_micros", "Spent this month, by everybody.", read.spent_month)
        yield _one("dailies_held_month_micros", "Set aside this month, by everybody.", read.held_month)
        yield _one("dailies_holds_open", "Holds that have not ended.", read.holds)
        yield _one("dailies_held_micros", "What those set aside.", read.held)
        if self._limit_micros is not None:
            yield _one(
                "dailies_installation_limit_micros", "What may be spent in a month.", self._limit_micros
            )

    def _of_stops(self, read: _Read) -> Iterator[Family]:
        yield _one(
            "dailies_spending_stopped", "Whether the breaker has stopped paid orders.", read.is_stopped
        )
        yield gauge(
            "dailies_halts",
            "What the operator has stopped and not let go on, by scope.",
            [({"scope": scope.value}, read.halted.get(scope, 0)) for scope in HaltScope],
        )
        channels, servers = read.paused
        yield gauge(
            "dailies_pauses",
            "What moderators have paused and not let go on, by scope.",
            [({"scope": "channel"}, channels), ({"scope": "server"}, servers)],
        )

    def _of_the_outside(self) -> Iterator[Family]:
        standings = [
            ({"name": standing.name, "circuit": standing.circuit.value, "why": standing.why}, 1.0)
            for standing in self._health.standings()
        ]
        yield gauge("dailies_breaker", "Offers and accounts that are not ordered from now.", standings)
        latency_s = self._vitals.gateway_latency_s()
        yield _one("dailies_gateway_connected", "Whether the gateway is connected.", latency_s is not None)
        if latency_s is not None:
            yield _one("dailies_gateway_latency_seconds", "Of the last heartbeat.", latency_s)

    def _of_the_process(self, read: _Read) -> Iterator[Family]:
        late_s = self._vitals.worker_late_s()
        yield _one("dailies_worker_running", "Whether the worker runs.", late_s is not None)
        yield _one(
            "dailies_worker_late_seconds", "How long the step that is due first is due.", late_s or 0.0
        )
        yield gauge(
            "dailies_database_bytes",
            "The database's files.",
            [({"file": file}, size) for file, size in read.file_bytes.items()],
        )
        yield _one("dailies_disk_free_bytes", "Room for more.", read.free_bytes)
        yield gauge("dailies_build_info", "The release.", [({"version": RELEASE}, 1)])
        yield _one("process_start_time_seconds", "When it began, since 1970.", self._began_at.timestamp())
        if _STATM.is_file():
            resident = int(_STATM.read_text("ascii").split()[1]) * _PAGE_BYTES
            yield _one("process_resident_memory_bytes", "Memory in use.", resident)


def _one(name: str, about: str, value: float) -> Family:
    return gauge(name, about, [({}, float(value))])


def _by_kind(name: str, about: str, sums: Mapping[EntryKind, list[int]], *, place: int) -> Family:
    samples = [Sample(value=both[place], labels={"kind": kind.value}) for kind, both in sums.items()]
    return Family(name=name, kind="counter", about=about, samples=samples)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
