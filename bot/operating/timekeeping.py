"""Whether this machine's clock is right, by the `Date` of the answers that Discord gives anyway."""

import logging
from collections.abc import Callable
from types import SimpleNamespace

import aiohttp

from bot.checks.clock import clock, offset
from bot.checks.finding import Severity
from bot.clock import Clock
from bot.operating.meters import Meters
from bot.operating.notices import Operator

log = logging.getLogger(__name__)

ANSWERED_WITHIN_S = 10.0
"""An answer that took longer may have waited here, in a process that was frozen: its date is an old one."""


class Timekeeping:
    """Hears each answer, and says once when the clock goes wrong, and once when it is right again.

    Args:
        notices: are told when it is so wrong that others on this machine go wrong by it.
        meters: have by how much it is off.
        clock: is told what Discord says.
        seconds: a steady clock.
    """

    def __init__(
        self,
        notices: Operator,
        meters: Meters,
        *,
        clock: Clock,
        seconds: Callable[[], float],
    ) -> None:
        self._notices = notices
        self._meters = meters
        self._clock = clock
        self._seconds = seconds
        self._said = ""

    def listen(self, trace: aiohttp.TraceConfig) -> aiohttp.TraceConfig:
        """Hear the answers of whatever session has this trace."""

        async def began(
            _session: aiohttp.ClientSession, context: SimpleNamespace, _start: aiohttp.TraceRequestStartParams
        ) -> None:
            context.asked_at_s = self._seconds()

        async def ended(
            _session: aiohttp.ClientSession, context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
        ) -> None:
            is_new = "Age" not in end.response.headers  # else a cache had it (RFC 9111, 5.1)
            if is_new and self._seconds() - context.asked_at_s <= ANSWERED_WITHIN_S:
                self.heard(end.response.headers.get("Date"))

        trace.on_request_start.append(began)
        trace.on_request_end.append(ended)
        return trace

    def heard(self, said: str | None) -> None:
        """An answer has come just now, with this header."""
        now = self._clock.machine()
        off = offset(said, now)
        if off is None:
            return
        self._clock.heard(now - off)
        self._meters.clock_off_s = off.total_seconds()
        finding = next(clock(said, now), None)
        code = "" if finding is None else finding.code
        if code == self._said:
            return
        self._said = code
        if finding is None:
            log.info("this machine's clock is right again", extra={"code": "clock_right"})
        elif finding.severity is Severity.ERROR:
            self._notices.tell(code, f"{finding.cause}. Set it right: {finding.mend}")
        else:
            log.warning("%s", finding.cause, extra={"code": code})
