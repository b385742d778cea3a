"""The world's time, and a process's event loop in it: no selector, no thread, to be cut off anywhere.

Whoever holds the loop drives it. It may be left between any two of its steps, for ever: that is a `kill -9`.
A step is what runs between two awaits that really wait.
"""

import asyncio
import heapq
import itertools
from asyncio import events
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context, copy_context
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

NEVER_S = float("inf")

STEPS_MAX = 400_000
"""While no time passes: far more than is ever needed, so that running in circles is found."""


class RunsInCircles(AssertionError):
    """A process works without end and no time passes."""


class Agenda:
    """What happens in the world by itself, in the order of its time."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()

    def at(self, when_s: float, happening: Callable[[], object]) -> None:
        heapq.heappush(self._heap, (when_s, next(self._order), happening))

    @property
    def next_s(self) -> float:
        return self._heap[0][0] if self._heap else NEVER_S

    def take(self) -> Callable[[], object]:
        return heapq.heappop(self._heap)[2]


class _Step(list[Any]):
    """A callback that is due: what runs it, the callback, what it is given, when.

    It does what asyncio's own handles do. A list, since so many are made: that of a class of ours takes
    three times as long. One that is cancelled stays in the heap until its time, without its callback.
    """

    __slots__ = ()

    def cancel(self) -> None:
        self[1] = None

    def cancelled(self) -> bool:
        return self[1] is None

    def when(self) -> float:
        at_s: float = self[3]
        return at_s


class SimulatedLoop(asyncio.BaseEventLoop):
    """The whole of a process's time and tasks.

    Args:
        at_s: the world's time at which the process is started.
        agenda: the world's, which comes before what the process does at the same time.
    """

    def __init__(self, at_s: float, agenda: Agenda) -> None:
        super().__init__()
        self.at_s = at_s
        self.steps = 0
        self.cut_at_step: int | None = None
        self.was_cut = False
        self.faults: list[dict[str, Any]] = []
        self._agenda = agenda
        self._soon: deque[_Step] = deque()
        self._timers: list[tuple[float, int, _Step]] = []
        self._order = itertools.count()
        self._bare = Context().run
        self._tasks: list[asyncio.Task[Any]] = []
        self.set_exception_handler(self._note)

    def time(self) -> float:
        return self.at_s

    def cut(self) -> None:
        """The process dies as soon as the step that is being taken waits for something."""
        self.was_cut = True

    def drive(self, until_s: float) -> None:
        """Take steps and let time pass until then, the world's next happening, or the process's end."""
        soon, timers = self._soon, self._timers
        next_step = soon.popleft
        steps, cut_at_step = self.steps, self.cut_at_step
        events._set_running_loop(self)
        try:
            since = steps
            while not self.was_cut:
                while soon:
                    run, callback, args, _ = next_step()
                    if callback is None:
                        continue
                    try:
                        run(callback, *args)
                    except (SystemExit, KeyboardInterrupt):
                        raise
                    except BaseException as fault:  # noqa: BLE001 - as asyncio does
                        self.call_exception_handler({"message": f"in {callback}", "exception": fault})
                    steps += 1
                    if steps == cut_at_step:
                        self.was_cut = True
                    if self.was_cut:
                        return
                    if steps - since > STEPS_MAX:
                        raise RunsInCircles(f"{steps - since} steps at {self.at_s:.3f} s")
                until = min(until_s, self._agenda.next_s)
                if not timers or timers[0][0] > until:
                    self.at_s = max(self.at_s, until)
                    return
                if timers[0][0] > self.at_s:
                    self.at_s = timers[0][0]
                    since = steps
                while timers and timers[0][0] <= self.at_s:
                    soon.append(heapq.heappop(timers)[2])
        finally:
            self.steps = steps
            events._set_running_loop(None)

    def bury(self) -> None:
        """End what is left of a process that was cut. Only when nobody looks at its world any more."""
        events._set_running_loop(self)
        try:
            for task in self._tasks:
                if task.done():
                    continue
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                try:
                    task.get_coro().close()
                except RuntimeError:
                    continue  # it waits in a `finally`: there is nobody for whom it could
        finally:
            events._set_running_loop(None)
        self._soon.clear()
        self._timers.clear()
        self._tasks.clear()
        self.close()

    # What asyncio asks of a loop

    def create_task(
        self, coro: Any, *, name: object = None, context: Context | None = None
    ) -> asyncio.Task[Any]:
        del name  # nobody reads it here
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, context=context)
        self._tasks.append(task)
        return task

    # Handles of theirs would be three times as dear, and what is made here does the same.

    def call_soon(  # type: ignore[override]
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> _Step:
        step = _Step(((copy_context() if context is None else context).run, callback, args, self.at_s))
        self._soon.append(step)
        return step

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> _Step:
        step = _Step(((copy_context() if context is None else context).run, callback, args, when))
        heapq.heappush(self._timers, (when, next(self._order), step))
        return step

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> _Step:
        return self.call_at(self.at_s + delay, callback, *args, context=context)

    def pause(self, delay_s: float) -> asyncio.Future[None]:
        """Done when so much time has passed: `asyncio.sleep` for those who wait by the dozen."""
        over: asyncio.Future[None] = asyncio.Future(loop=self)
        when = self.at_s + delay_s
        step = _Step((self._bare, _is_over, (over,), when))
        heapq.heappush(self._timers, (when, next(self._order), step))
        return over

    get_debug = staticmethod(bool)
    """Never; asked for every future and task, so by nothing of ours."""

    # The type of the standard library's own stubs cannot be met by an override.
    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """What a thread would do is done at once, and its caller hears of it."""
        del executor
        answer: asyncio.Future[T] = self.create_future()
        try:
            answer.set_result(func(*args))
        except Exception as fault:  # noqa: BLE001 - handed to the caller, as a thread's is
            answer.set_exception(fault)
        return answer

    def _note(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        del loop
        self.faults.append(context)


def _is_over(pause: asyncio.Future[None]) -> None:
    if not pause.done():  # it was cancelled
        pause.set_result(None)
