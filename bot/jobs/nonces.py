"""Whether Discord still gives the same message for the nonce of an earlier try."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

NONCE_HOLDS = timedelta(minutes=2)
"""For so long after a try Discord gives the same message for the same nonce ("the past few minutes")."""

REMEMBERED_MAX = 4_096


class Nonces:
    """Knows the time of tries by the rows, and by a steady clock of those that this process made.

    The rows' clock may be set back while a post is being tried (a machine that was suspended, a server of
    time that was found at last): by it alone an old nonce would look young, and its clip be posted twice.
    """

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._first: dict[str, float] = {}

    def tried(self, nonce: str) -> None:
        """A post with this nonce is about to be made."""
        self._first.setdefault(nonce, asyncio.get_running_loop().time())
        if len(self._first) > REMEMBERED_MAX:
            del self._first[next(iter(self._first))]

    def holds(self, nonce: str, tried_at: datetime | None) -> bool:
        """Whether a post that was first tried then may be made again, and gives the same message."""
        at = self._now()
        if tried_at is None or not at - NONCE_HOLDS < tried_at <= at:
            return False
        first = self._first.get(nonce)
        return first is None or asyncio.get_running_loop().time() - first < NONCE_HOLDS.total_seconds()

    def knows(self, nonce: str) -> bool:
        """Whether this process made the first try, so that `holds` is certain whatever the clock does."""
        return nonce in self._first

    def forget(self, nonce: str) -> None:
        """It is posted."""
        self._first.pop(nonce, None)
