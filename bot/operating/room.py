"""Room on our disk: what its end means for orders and duties, and that the operator hears of it in time."""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import DiskFull, NoRoom
from bot.operating.notices import Operator
from storage.disk import failure

__all__ = ("Room", "failure", "kept", "needed")

log = logging.getLogger(__name__)

FREE_BYTES_MIN = 200 << 20
"""One clip of the largest kind, fetched and fitted at once, with the database's log beside it."""

FULL_BYTES = 8 << 20
"""Less than many a clip: what is full then does no work, whatever fits into it still."""

LOOK_EVERY_S = 60.0
AGAIN_S = 30.0

Pause = Callable[[float], Awaitable[None]]


@contextmanager
def needed() -> Iterator[None]:
    """Around an order up to the transaction that writes it, which is the last that it has written.

    Raises:
        NoRoom: the disk is full; nothing was charged.
    """
    try:
        yield
    except Exception as fault:
        if not isinstance(failure(fault), DiskFull):
            raise
        log.error("an order was refused: %s", fault, extra={"code": DiskFull.code})  # noqa: TRY400 - nothing of ours
        raise NoRoom from fault


async def kept(name: str, duty: Callable[[], Awaitable[None]], *, pause: Pause = asyncio.sleep) -> None:
    """Do a duty, and begin it anew where the disk ends it: that passes, and a process that ended would not.

    Each duty begins with what its rows say.
    """
    while True:
        try:
            return await duty()
        except Exception as fault:
            ours = failure(fault)
            if ours is None:
                raise
            log.error("%s waits for the disk: %s", name, ours, extra={"code": ours.code})  # noqa: TRY400
        await pause(AGAIN_S)


class Room:
    """Tells the operator once when little is left, and when there is room again."""

    def __init__(
        self,
        folder: Path,
        operator: Operator,
        *,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._folder = folder
        self._operator = operator
        self._free_bytes = free_bytes
        self._pause = pause
        self._is_short = False

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await self._pause(LOOK_EVERY_S)

    async def look(self) -> None:
        """Tell what has changed since the last look."""
        try:
            free = await asyncio.to_thread(self._free_bytes, self._folder)
        except OSError as fault:  # orders and `/readyz` say so louder
            log.warning("room cannot be told: %s", fault, extra={"code": "room_unknown"})
            return
        if (free < FREE_BYTES_MIN) is self._is_short:
            return
        self._is_short = not self._is_short
        if self._is_short:
            self._operator.tell(
                "disk_full",
                f"{self._folder} has {free >> 20} MB left. When it is full, orders are refused. "
                "See `dailies check`.",
            )
        else:
            self._operator.tell("disk_has_room", f"{self._folder} has {free >> 20} MB left: all goes on.")
