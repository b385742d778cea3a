"""What the operator has to know at once: said where they read it, once for each thing."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.errors import DeliveryRefused, DeliveryUnavailable

log = logging.getLogger(__name__)

UNSAID_MAX = 100
AGAIN_S = 30.0


class Operator(Protocol):
    """Whoever runs the installation."""

    def tell(self, code: str, sentence: str) -> None:
        """Say it, without waiting. `code` is stable and says what kind of thing it is."""


class LoggedOperator:
    """Says it in the log."""

    def tell(self, code: str, sentence: str) -> None:
        log.error("for the operator: %s", sentence, extra={"code": code})


class Notices:
    """Says it in the log at once, and in the operator's channel as soon as that can be reached."""

    def __init__(self) -> None:
        self._logged = LoggedOperator()
        self._unsaid: deque[str] = deque(maxlen=UNSAID_MAX)  # the log has them all
        self._said_more = asyncio.Event()

    def tell(self, code: str, sentence: str) -> None:
        """As `Operator.tell`."""
        self._logged.tell(code, sentence)
        self._unsaid.append(sentence)
        self._said_more.set()

    async def run(
        self,
        post: Callable[[str], Awaitable[None]],
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Post what was said, in its order, until cancelled.

        Args:
            post: shows one sentence; raises `DeliveryUnavailable` where it is worth trying again.
            pause: waits so many seconds before the next try.
        """
        while True:
            await self._said_more.wait()
            self._said_more.clear()
            while self._unsaid:
                sentence = self._unsaid[0]
                try:
                    await post(sentence)
                except DeliveryUnavailable as fault:
                    log.warning("the operator's channel: %s", fault, extra={"code": fault.code})
                    await pause(AGAIN_S)
                    continue
                except DeliveryRefused as fault:
                    log.error("DAILIES_OPERATOR_CHANNEL_ID: %s", fault, extra={"code": fault.code})  # noqa: TRY400 - a setting, no fault of ours
                if self._unsaid and self._unsaid[0] is sentence:
                    self._unsaid.popleft()
