"""Bugs that are planted into the real code, a line each, to see that the simulator finds them.

A line of a module is rewritten, the module's source compiled, and the functions that became others get the
new code, in place and for a while. So nothing is loaded twice, and everybody who has the function calls it.
"""

import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One bug: a line of a module (or a part of it that stands there once), and what it becomes.

    `within` is the number of seeds, from the first one on, in which it is found.
    """

    name: str
    module: str
    line: str
    becomes: str
    within: int

    def source(self) -> str:
        """The module's source with the bug.

        Raises:
            AssertionError: the line does not stand there exactly once.
        """
        source = inspect.getsource(importlib.import_module(self.module))
        assert source.count(self.line) == 1, f"{self.name}: {source.count(self.line)} such lines"
        assert self.line.count("\n") == self.becomes.count("\n")
        return source.replace(self.line, self.becomes)


@contextmanager
def planted(bug: Planted) -> Iterator[None]:
    """The bug is there inside the `with`."""
    module = importlib.import_module(bug.module)
    was = _codes(compile(inspect.getsource(module), inspect.getfile(module), "exec"))
    now = _codes(compile(bug.source(), inspect.getfile(module), "exec"))
    changed = {name: code for name, code in now.items() if "<locals>" not in name and code != was[name]}
    functions = {name: function for name in changed if (function := _function(module, name)) is not None}
    assert functions, f"{bug.name} is in no function"
    before = {name: function.__code__ for name, function in functions.items()}
    try:
        for name, function in functions.items():
            function.__code__ = changed[name]
        yield
    finally:
        for name, function in functions.items():
            function.__code__ = before[name]


def _codes(code: CodeType) -> dict[str, CodeType]:
    """All code of a module, by its qualified name."""
    found = {code.co_qualname: code}
    for const in code.co_consts:
        if isinstance(const, CodeType):
            found |= _codes(const)
    return found


def _function(module: ModuleType, name: str) -> FunctionType | None:
    """The function of a qualified name; None where that is a class or the module itself."""
    found: object = module
    for part in name.split("."):
        found = inspect.getattr_static(found, part, None)
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    return found if isinstance(found, FunctionType) else None


BUGS = (
    Planted(
        name="a start submits again what may be submitted",
        module="bot.jobs.handover",
        line='partial(states.uncertain, attempt=attempt, detail="found at start-up", at=self._now())',
        becomes='partial(states.queued_again, attempt=attempt, fault=Fault(kind=FaultKind.OURS, code="x"), '
        "at=self._now())",
        within=200,
    ),
    Planted(
        name="what is not in the list yet is absent",
        module="bot.providers.listing",
        line="    if not ours or now - attempt.sent_at < absent_after:",
        becomes="    if not ours:",
        within=200,
    ),
    Planted(
        name="a clip is posted without a note that it may be there",
        module="bot.clips.posting",
        line="            wished = await self._written(place, job)",
        becomes="            wished = Wishes()",
        within=200,
    ),
    Planted(
        name="nobody looks for a clip that an earlier try may have posted",
        module="bot.clips.posting",
        line="        tried = job.clip_tried_at is not None and job.clip_channel_id == place.channel_id",
        becomes="        tried = False",
        within=200,
    ),
    Planted(
        name="the machine's clock is believed whenever it jumps",
        module="bot.clock",
        line="        return self._at + timedelta(seconds=self._seconds() - self._at_s)",
        becomes="        return self.machine()",
        within=200,
    ),
    Planted(
        name="what Discord says of the time is not heard",
        module="bot.clock",
        line="        off = said - self()",
        becomes="        off = said - said",
        within=200,
    ),
    Planted(
        name="a card is posted without a note that it may be there",
        module="bot.clips.cards",
        line="            await self._database.write(partial(jobs.card_tried, job_id=first.id, at=at))",
        becomes="            pass",
        within=200,
    ),
    Planted(
        name="cards stay as they were",
        module="bot.clips.cards",
        line="        if anew or differs:",
        becomes="        if anew:",
        within=200,
    ),
    Planted(
        name="a refused order keeps its money held",
        module="bot.jobs.moves",
        line="    ledger.release(tx, attempt.job_id, at=at)",
        becomes="    pass",
        within=200,
    ),
    Planted(
        name="a cancelled order keeps its money held",
        module="bot.jobs.cancelling",
        line="        ledger.release(tx, job_id, at=at)",
        becomes="        pass",
        within=200,
    ),
    Planted(
        name="a lost clip is not refunded",
        module="bot.jobs.moves",
        line="    states.asset_lost(tx, job_id, fault, at=at)\n    ledger.refund(tx, job_id, at=at)",
        becomes="    states.asset_lost(tx, job_id, fault, at=at)\n    pass",
        within=200,
    ),
    Planted(
        name="a member pays what a provider bills above the hold",
        module="storage.ledger",
        line="    charged = Micros(min(billed, held.amount_micros))",
        becomes="    charged = Micros(billed)",
        within=300,
    ),
    Planted(
        name="an overrun is in nobody's book",
        module="storage.ledger",
        line="    if overrun:\n",
        becomes="    if False:\n",
        within=200,
    ),
    Planted(
        name="a provider that does not know a new job yet has lost it",
        module="bot.jobs.asking",
        line="isinstance(answer, Vanished) and at - question.running_at < KNOWN_AFTER:",
        becomes="isinstance(answer, Vanished) and at < question.running_at:",
        within=200,
    ),
    Planted(
        name="the first bad file is the last try",
        module="bot.jobs.retrieval",
        line="        if tries >= BAD_FILES_MAX:",
        becomes="        if tries >= 1:",
        within=1_000,
    ),
    Planted(
        name="what a dead process had rendered is left alone",
        module="storage.jobs",
        line="              OR state = 'rendered' OR state = 'stored'\n        ORDER BY state_at",
        becomes="              OR state = 'stored'\n        ORDER BY state_at",
        within=300,
    ),
    Planted(
        name="a press that comes twice is two orders",
        module="bot.orders",
        line="    return None if made is None else jobs.of_order(tx, made.id)",
        becomes="    return None",
        within=200,
    ),
    Planted(
        name="a batch that was rolled back is still counted",
        module="storage.database",
        line="    forget(connection)\n    if connection.in_transaction:  #",
        becomes="    pass\n    if connection.in_transaction:  #",
        within=200,
    ),
    Planted(
        name="a clip's file outlives its deletion",
        module="bot.clips.removal_steps",
        line="                return await asyncio.to_thread(_unlinked, self._folder, job.id)",
        becomes='                return "deleted"',
        within=200,
    ),
    Planted(
        name="a deleted clip is left where nobody could see that it was posted",
        module="bot.clips.showing",
        line="        await screen.delete_message(job.clip_channel_id, message_id)",
        becomes="        pass",
        within=1_000,
    ),
    Planted(
        name="clips pass their gate without a look",
        module="bot.worker",
        line="        if self._gatehouse is not None and await self._gatehouse.withholds(job, clip):",
        becomes="        if self._gatehouse is None:",
        within=200,
    ),
    Planted(
        name="orders pass their gate without a look",
        module="bot.orders",
        line="                state=JobState.QUEUED if review is None else JobState.REVIEW,",
        becomes="                state=JobState.QUEUED,",
        within=200,
    ),
    Planted(
        name="a clip that is turned down is not refunded",
        module="bot.jobs.moves",
        line="    elif refund:",
        becomes="    elif not refund:",
        within=200,
    ),
)
