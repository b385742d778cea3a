"""Whether the bot can do its work now: a write of the database, the gateway, the worker."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import DiskFailure, DiskFull
from bot.operating.room import FULL_BYTES
from storage import soundness
from storage.database import Database

LATE_MAX_S = 60.0
"""A step that is due and not begun for so long: the worker hangs, or all its lanes do."""

WRITE_WITHIN_S = 5.0

KEPT_S = 2.0
"""Whoever asks more often hears the same answer again: each costs a write to the disk."""

OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """`ok`, or one word for what is wrong, of each."""

    database: str
    gateway: str
    worker: str

    @property
    def is_ready(self) -> bool:
        return self.database == self.gateway == self.worker == OK


class Vitals:
    """Feels the pulse when asked.

    Args:
        database: is written to.
        gateway_latency_s: of the last heartbeat, None while there is no connection.
        worker_late_s: how long the step that is due first has been due, None while the worker does not run.
        free_bytes: what the disk of the data folder has left.
        clock: seconds of a steady clock.
    """

    def __init__(
        self,
        database: Database,
        *,
        gateway_latency_s: Callable[[], float | None],
        worker_late_s: Callable[[], float | None],
        free_bytes: Callable[[], int],
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self.gateway_latency_s = gateway_latency_s
        self.worker_late_s = worker_late_s
        self._free_bytes = free_bytes
        self._clock = clock
        self._felt: tuple[float, Readiness] | None = None
        self._feeling = asyncio.Lock()

    async def readiness(self) -> Readiness:
        """How it stands, not older than `KEPT_S`."""
        async with self._feeling:
            if self._felt is None or self._clock() - self._felt[0] > KEPT_S:
                readiness = Readiness(
                    database=await self._written(), gateway=self._connected(), worker=self._working()
                )
                self._felt = self._clock(), readiness
            return self._felt[1]

    async def _written(self) -> str:
        try:
            async with asyncio.timeout(WRITE_WITHIN_S):
                await self._database.write(soundness.touch)
            has_room = await asyncio.to_thread(self._free_bytes) >= FULL_BYTES
        except TimeoutError:
            return "slow"
        except DiskFull:
            return "full"
        except (DiskFailure, soundness.DatabaseFault, OSError):
            return "unwritable"
        return OK if has_room else "full"

    def _connected(self) -> str:
        return "disconnected" if self.gateway_latency_s() is None else OK

    def _working(self) -> str:
        late_s = self.worker_late_s()
        if late_s is None:
            return "stopped"
        return "late" if late_s > LATE_MAX_S else OK
