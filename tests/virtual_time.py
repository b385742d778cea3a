"""An event loop whose time passes only when nothing else can happen: hours in milliseconds, always the same.

Sockets on this machine and threads of an executor are real, and time stands still while either has
something to say. A loop that would wait for ever raises instead.
"""

import asyncio
import selectors
import socket
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tests.props import NOON

T = TypeVar("T")

GRACE_S = 0.001
"""Of real time, in which the kernel may still bring what was sent on the loopback interface.

Only where something was sent: of a hundred timers that are jumped to, ninety-seven send nothing."""

SENDING = ("write", "writelines", "write_eof", "close", "abort")
"""What of a transport may send something."""

THREAD_WITHIN_S = 30.0
"""Of real time, for what a thread does."""


class NothingWillEverHappen(RuntimeError):
    """Every task waits, and no timer, socket or thread will wake one."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its `time()` begins at 0 and jumps to the next timer as soon as everything else is at rest."""

    def __init__(self) -> None:
        self._at_s = 0.0
        self._threads = 0
        self._is_under_way = False
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self._at_s

    def pass_time(self, seconds: float) -> None:
        """Called by the selector alone."""
        self._at_s += seconds

    def has_sent(self) -> None:
        """Something may be under way in the kernel."""
        self._is_under_way = True

    def nothing_came(self) -> None:
        """Whatever was sent has had its time."""
        self._is_under_way = False

    @property
    def is_under_way(self) -> bool:
        return self._is_under_way

    @property
    def awaits_a_thread(self) -> bool:
        return self._threads > 0

    # The type of the standard library's own stubs cannot be met by an override.
    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._threads += 1
        future.add_done_callback(self._thread_done)
        return future

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        self.has_sent()
        await super().sock_connect(sock, address)

    # Not in the standard library's stubs: every plain connection, ours and those that come in, is made here.
    def _make_socket_transport(self, *args: Any, **kwargs: Any) -> asyncio.Transport:
        made: asyncio.Transport = super()._make_socket_transport(*args, **kwargs)  # type: ignore[misc]
        for name in SENDING:
            setattr(made, name, self._noting(getattr(made, name)))
        return made

    def _noting(self, send: Callable[..., None]) -> Callable[..., None]:
        def sent(*args: Any, **kwargs: Any) -> None:
            self.has_sent()
            send(*args, **kwargs)

        return sent

    def _thread_done(self, _future: asyncio.Future[T]) -> None:
        self._threads -= 1

    async def shutdown_default_executor(self) -> None:
        self._threads += 1  # the thread that joins the others
        try:
            await super().shutdown_default_executor()
        finally:
            self._threads -= 1


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events:
            self._loop.has_sent()  # or will, in its answer to them
        if events or timeout == 0:
            return events
        if self._loop.awaits_a_thread:
            self._loop.has_sent()
            events = super().select(THREAD_WITHIN_S)
            if not events:
                raise NothingWillEverHappen(f"a thread has been at it for {THREAD_WITHIN_S:.0f} s")
            return events
        if self._loop.is_under_way and (events := super().select(GRACE_S)):
            return events
        self._loop.nothing_came()
        if timeout is None:
            raise NothingWillEverHappen
        self._loop.pass_time(timeout)
        return []


class WallClock:
    """A `now` that goes with the running loop's time, and can be set forward or back beside it."""

    def __init__(self) -> None:
        self._set_by = timedelta()

    def __call__(self) -> datetime:
        return NOON + timedelta(seconds=asyncio.get_running_loop().time()) + self._set_by

    def advance(self, by: timedelta) -> None:
        """Set the clock forward (or back), while the loop's time stays where it is."""
        self._set_by += by
