"""A duty that looks again and again, and outlives whatever goes wrong in one look."""

import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

Pause = Callable[[float], Awaitable[None]]
"""Waits so many seconds."""


async def repeated(look: Callable[[], Awaitable[None]], *, every_s: float, pause: Pause, code: str) -> None:
    """Look until cancelled. It never ends by itself: a duty that ends, ends the process."""
    while True:
        try:
            await look()
        except Exception:  # whatever it is, the next look may go better, and orders go on meanwhile
            log.exception("a duty failed; it is tried again in %d s", every_s, extra={"code": code})
        await pause(every_s)
