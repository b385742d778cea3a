"""A duty that tells somebody in Discord of every row that nobody was told of yet, each until it is told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from bot.errors import DeliveryUnavailable

log = logging.getLogger(__name__)

RETRY_S = 30.0

T = TypeVar("T")


class Telling(Generic[T]):
    """See the module.

    Args:
        untold: the rows of which nobody was told.
        tell: tells of one and writes that it did.
    """

    def __init__(
        self, untold: Callable[[], Awaitable[Sequence[T]]], tell: Callable[[T], Awaitable[None]]
    ) -> None:
        self._untold = untold
        self._tell = tell
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is a new row."""
        self._woken.set()

    async def run(self) -> None:
        """Tell, until cancelled; begins with what a past process left."""
        while True:
            self._woken.clear()
            left = False
            for one in await self._untold():
                left |= not await self._told(one)
            try:
                async with asyncio.timeout(RETRY_S if left else None):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _told(self, one: T) -> bool:
        """One row; False where it is to be tried again."""
        try:
            await self._tell(one)
        except DeliveryUnavailable as later:
            log.warning("not told yet: %s", later, extra={"code": "not_told_yet"})
            return False
        except Exception:  # one row's fault, whatever it is, stops no other
            log.exception("telling failed", extra={"code": "telling_failed"})
            return False
        return True
