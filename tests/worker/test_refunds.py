"""The refund rules: every row of the README's table, walked with the real worker and ledger."""

import random
import re
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain import (
    EntryKind,
    Fault,
    FaultKind,
    Job,
    JobState,
    Micros,
    Scope,
    Ticket,
)
from bot.ids import Ids
from bot.moderation import deciding, gatehouse
from bot.moderation.gates import ANYWHERE, NOTHING_FOUND, Gate, Mode, Setting
from bot.orders import Cancelled
from bot.providers.protocol import Failed, Found, Refused, Rendered, Rendering, Stopped, Unknown, Vanished
from bot.spend import settling
from bot.spend.settling import Case
from bot.spend.surge import SurgeBounds
from storage import gates, ledger, reviews
from storage.reviews import Decision
from storage.verdicts import Verdict
from tests import bookkeeping
from tests.props import ANN, job_of
from tests.review_scene import OLGA
from tests.workbench import RETIRING, TOLD, Bench

PRICE = 400_000
BILLED = 123_456
OVER = 1_000
FAULT = Fault(kind=FaultKind.PROVIDER, code="made_up")

Walk = Callable[[Bench], Awaitable[Job]]


def table() -> dict[str, tuple[str, str]]:
    """What the README says: case to who pays what, member first."""
    text = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")
    section = text.partition("## Who pays when there is no clip")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    return {case: (member, house) for case, member, house in rows if case != "Case"}


@pytest.fixture
def rules() -> dict[str, tuple[str, str]]:
    found = table()
    assert found, "the README has no such table"
    return found


def paid(bench: Bench, job: Job) -> tuple[int, int]:
    """What the member and the house paid for a job, by the entries."""
    member = house = 0
    for kind, bearer, micros in bench.entries(job):
        match kind, bearer:
            case EntryKind.CAPTURE, Scope.MEMBER:
                member += micros
            case EntryKind.CAPTURE | EntryKind.ADJUST, Scope.HOUSE:
                house += micros
            case EntryKind.REFUND, _:
                member -= micros
                house += micros
    return member, house


async def until_ended(bench: Bench, job: Job) -> Job:
    """Until its worker has nothing more to do with it."""
    ends = (JobState.POSTED, JobState.FAILED, JobState.CANCELLED, JobState.UNDELIVERABLE)
    return await bench.until_state(job, *ends, within_s=200_000)


def rendering(answer: Failed | Rendered | Vanished) -> Walk:
    async def walk(bench: Bench) -> Job:
        bench.told.answers = type(bench.told.answers)([answer])
        job = await bench.place(TOLD)
        await bench.start()
        return await until_ended(bench, job)

    return walk


def stopped(billed: Micros | None) -> Walk:
    async def walk(bench: Bench) -> Job:
        bench.told.answers = type(bench.told.answers)([Rendering()])
        job = await bench.place(TOLD)
        await bench.start()
        await bench.until_state(job, JobState.RUNNING)
        assert await bench.cancel(job) is Cancelled.ASKED
        bench.told.answers = type(bench.told.answers)([Stopped(billed)])
        return await bench.until_state(job, JobState.CANCELLED)

    return walk


async def not_taken(bench: Bench) -> Job:
    job = await bench.place(RETIRING)
    bench.clock.advance(timedelta(days=2))
    await bench.start()
    return await until_ended(bench, job)


async def refused(bench: Bench) -> Job:
    bench.told.submissions.append(Refused(FAULT))
    job = await bench.place(TOLD)
    await bench.start()
    return await until_ended(bench, job)


async def cancelled_in_the_queue(bench: Bench) -> Job:
    job = await bench.place(TOLD)
    assert await bench.cancel(job) is Cancelled.DONE
    await bench.start()
    return await until_ended(bench, job)


async def asset_lost(bench: Bench) -> Job:
    job = await bench.leave(JobState.RENDERED)
    assert job.ticket is not None
    bench.emulator.expire(job.ticket.provider_job_id)
    await bench.start()
    return await until_ended(bench, job)


async def undeliverable(bench: Bench) -> Job:
    job = await bench.place(TOLD)
    bench.channel.closed = {job.order.channel_id}
    await bench.start()
    return await until_ended(bench, job)


def gated(bench: Bench, gate: Gate) -> None:
    """Let everything of Ann's server wait at a gate."""
    everything = Setting(mode=Mode.ALL)
    bench.write(partial(gates.put, guild_id=ANN.guild_id, channel_id=ANYWHERE, gate=gate, wanted=everything))


def decide(bench: Bench, job: Job, gate: Gate, decision: Decision, *, refund: bool) -> None:
    """What a moderator decides on what waits."""
    review = bench.write(partial(reviews.of_job, job_id=job.id, gate=gate))
    assert review is not None
    refuse = partial(deciding.refuse, review.id, OLGA, decision, "not here", bench.clock())
    bench.write(partial(refuse, refund=refund, ids=Ids(bench.clock, random.Random(7).getrandbits)))


async def denied_before(bench: Bench) -> Job:
    gated(bench, Gate.RENDERING)
    job = replace(job_of(at=bench.clock()), state=JobState.REVIEW)

    def placed(tx: sqlite3.Connection) -> None:
        review = gatehouse.at_rendering(
            tx, job.order, job.quote, job.id, NOTHING_FOUND, new_id=lambda: "r", at=bench.clock()
        )
        bookkeeping.place(tx, job)
        gatehouse.write(tx, job.id, NOTHING_FOUND, review)

    bench.write(placed)
    decide(bench, job, Gate.RENDERING, Decision.DENIED, refund=True)
    return job


async def withheld(bench: Bench) -> Job:
    gated(bench, Gate.SHOWING)
    job = await bench.place(TOLD)
    await bench.start()
    return await bench.until_state(job, JobState.WITHHELD)


def turned_down(decision: Decision, *, refund: bool) -> Walk:
    async def walk(bench: Bench) -> Job:
        job = await withheld(bench)
        decide(bench, job, Gate.SHOWING, decision, refund=refund)
        return job

    return walk


async def withdrawn(bench: Bench) -> Job:
    job = await withheld(bench)
    assert await bench.cancel(job) is Cancelled.WITHDRAWN
    return job


async def uncertain_at_once(bench: Bench) -> Job:
    bench.told.submissions.append(Unknown("lost"))
    job = await bench.place(TOLD)
    await bench.start()
    return await bench.until_state(job, JobState.UNCERTAIN)


async def uncertain_for_a_day(bench: Bench) -> Job:
    job = await uncertain_at_once(bench)
    await bench.until(lambda: bench.holder(job) is Scope.HOUSE, within_s=100_000)
    return job


async def on_its_way_for_a_day(bench: Bench) -> Job:
    bench.told.answers.clear()
    bench.told.answers.append(Rendering())
    await bench.start()
    job = await bench.place(TOLD)
    await bench.until(lambda: bench.holder(job) is Scope.HOUSE, within_s=100_000)
    return job


async def found_after_a_day(bench: Bench) -> Job:
    job = await uncertain_for_a_day(bench)
    bench.told.searches = type(bench.told.searches)([Found(Ticket(provider_job_id="theirs"))])
    return await until_ended(bench, job)


async def dry_run(bench: Bench) -> Job:
    bench.dry_run = True
    job = await bench.place(TOLD)
    await bench.start()
    return await until_ended(bench, job)


async def stopped_for_a_day(bench: Bench) -> Job:
    bench.surge_bounds = SurgeBounds(floor_micros=Micros(0), times=4)
    job = await bench.place(TOLD)
    await bench.start()
    return await until_ended(bench, job)


def decided(verdict: Verdict, *, ticket: str | None = None, after_a_day: bool = False) -> Walk:
    async def walk(bench: Bench) -> Job:
        job = await (uncertain_for_a_day if after_a_day else uncertain_at_once)(bench)
        case = Case(job_id=job.id, verdict=verdict, ticket=ticket, by="ann", why="their page says so")
        bench.write(partial(settling.settle, case, bench.clock()))
        bench.running.worker.wake(job.id)
        return await until_ended(bench, job)

    return walk


WALKS: dict[str, tuple[Walk, JobState]] = {
    "made and posted": (rendering(Rendered()), JobState.POSTED),
    "failed before taken": (not_taken, JobState.FAILED),
    "refused by the model": (refused, JobState.FAILED),
    "failed while rendering, not billed": (rendering(Failed(FAULT, Micros(0))), JobState.FAILED),
    "failed while rendering, billed": (rendering(Failed(FAULT, Micros(BILLED))), JobState.FAILED),
    "failed while rendering, unknown": (rendering(Failed(FAULT, None)), JobState.FAILED),
    "cancelled in the queue": (cancelled_in_the_queue, JobState.CANCELLED),
    "cancelled while running, not billed": (stopped(Micros(0)), JobState.CANCELLED),
    "cancelled while running, billed": (stopped(Micros(BILLED)), JobState.CANCELLED),
    "cancelled while running, unknown": (stopped(None), JobState.CANCELLED),
    "billed above the price": (rendering(Rendered(Micros(PRICE + OVER))), JobState.POSTED),
    "asset lost": (asset_lost, JobState.FAILED),
    "undeliverable": (undeliverable, JobState.UNDELIVERABLE),
    "denied before rendering": (denied_before, JobState.REJECTED),
    "denied after rendering, refunding": (turned_down(Decision.DENIED, refund=True), JobState.REJECTED),
    "denied after rendering, not refunding": (turned_down(Decision.STRUCK, refund=False), JobState.REJECTED),
    "a change asked for after rendering": (turned_down(Decision.CHANGE, refund=True), JobState.REJECTED),
    "withdrawn after rendering": (withdrawn, JobState.CANCELLED),
    "uncertain for a day": (uncertain_for_a_day, JobState.UNCERTAIN),
    "on its way for a day": (on_its_way_for_a_day, JobState.UNCERTAIN),
    "found after a day": (found_after_a_day, JobState.POSTED),
    "vanished": (rendering(Vanished("gone")), JobState.FAILED),
    "dry run": (dry_run, JobState.FAILED),
    "stopped for a day": (stopped_for_a_day, JobState.FAILED),
    "decided: found": (decided(Verdict.FOUND, ticket="theirs"), JobState.POSTED),
    "decided: absent": (decided(Verdict.ABSENT, after_a_day=True), JobState.FAILED),
    "decided: lost": (decided(Verdict.LOST), JobState.FAILED),
}

AMOUNTS = {"nothing": 0, "the price": PRICE, "what was billed": BILLED, "what is above it": OVER}


def test_every_row_of_the_table_is_walked(rules: dict[str, tuple[str, str]]) -> None:
    assert rules.keys() == WALKS.keys()


@pytest.mark.parametrize("case", WALKS)
async def test_who_pays_is_what_the_table_says(
    bench: Bench, rules: dict[str, tuple[str, str]], case: str
) -> None:
    walk, end = WALKS[case]
    member, house = rules[case]

    job = await walk(bench)

    assert bench.job(job.id).state is end
    assert bench.job(job.id).charged_micros == AMOUNTS[member]
    if house == "set aside":
        assert (paid(bench, job), bench.holder(job)) == ((AMOUNTS[member], 0), Scope.HOUSE)
    else:
        assert (paid(bench, job), bench.holder(job)) == ((AMOUNTS[member], AMOUNTS[house]), None)
    assert ledger.verify(bench.connection) == []
    if case in {"dry run", "stopped for a day"}:
        assert (bench.told.submitted, bench.emulator.seen) == ([], [])
