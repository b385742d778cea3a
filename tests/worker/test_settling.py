"""A person's word on uncertain jobs: what may be decided, what becomes of it, and that it is on record."""

from functools import partial

import pytest

from bot.domain import Job, JobState, Scope
from bot.errors import StorageError
from bot.providers.protocol import Unknown
from bot.spend import settling
from bot.spend.settling import Case
from storage.verdicts import Verdict, uncertain
from tests.books import verdicts_of
from tests.workbench import KEYLESS, TOLD, Bench


def case(job: Job, verdict: Verdict, ticket: str | None = None) -> Case:
    return Case(job_id=job.id, verdict=verdict, ticket=ticket, by="ann at the shell", why="looked there")


def settle(bench: Bench, wanted: Case) -> str:
    said = bench.write(partial(settling.settle, wanted, bench.clock()))
    bench.running.worker.wake(wanted.job_id)
    return said


async def lost(bench: Bench) -> Job:
    """A job whose submission's answer was lost."""
    bench.told.submissions.append(Unknown("the answer was lost"))
    job = await bench.place(TOLD)
    if bench.process is None:
        await bench.start()
    return await bench.until_state(job, JobState.UNCERTAIN)


async def test_uncertain_jobs_are_listed_with_what_is_known_of_them(bench: Bench) -> None:
    job = await lost(bench)

    (listed,) = uncertain(bench.connection)

    assert (listed.job_id, listed.offer_id, listed.key) == (job.id, "told/told", f"{job.id}-1")
    assert (listed.held_micros, listed.bearer, listed.has_ticket) == (400_000, Scope.MEMBER, False)
    assert listed.detail == "the answer was lost"


async def test_what_was_found_is_followed_and_delivered(bench: Bench) -> None:
    job = await lost(bench)

    said = settle(bench, case(job, Verdict.FOUND, "theirs-1"))

    job = await bench.until_state(job, JobState.POSTED)
    assert (
        said == f"job {job.id} is asked for at its provider again; its member pays it when its clip is there"
    )
    assert job.ticket is not None
    assert job.ticket.provider_job_id == "theirs-1"
    assert bench.attempts(job) == ["taken"]
    (decision,) = verdicts_of(bench.connection, job.id)
    assert (decision.verdict, decision.ticket) == (Verdict.FOUND, "theirs-1")
    assert (decision.by, decision.why) == ("ann at the shell", "looked there")


async def test_what_was_never_there_is_ordered_again(bench: Bench) -> None:
    job = await lost(bench)

    assert settle(bench, case(job, Verdict.ABSENT)) == f"job {job.id} is in line again"

    await bench.until_state(job, JobState.POSTED)
    assert bench.attempts(job) == ["not_taken", "taken"]


async def test_what_is_sent_again_under_its_key_is_not_called_absent_while_that_may_make_it(
    bench: Bench,
) -> None:
    bench.told.has_keys = True
    job = await lost(bench)
    await bench.until(lambda: bench.told.searched > 0)
    before = bench.told.searched

    with pytest.raises(StorageError, match="under its own key, which finds it or makes it, once: wait"):
        settle(bench, case(job, Verdict.ABSENT))

    assert bench.job(job.id).state is JobState.UNCERTAIN
    bench.told.has_keys = False  # as when the provider may have forgotten the key
    bench.clock.advance(settling.STILL_SENT)
    await bench.until(lambda: bench.told.searched > before)
    assert settle(bench, case(job, Verdict.ABSENT)) == f"job {job.id} is in line again"
    await bench.until_state(job, JobState.POSTED)
    assert bench.attempts(job) == ["not_taken", "taken"]


async def test_what_is_sent_again_under_its_key_can_be_called_lost(bench: Bench) -> None:
    bench.told.has_keys = True
    job = await lost(bench)
    await bench.until(lambda: bench.told.searched > 0)

    said = settle(bench, case(job, Verdict.LOST))

    assert said.startswith(f"job {job.id} has failed; its member pays nothing")


async def test_what_was_never_there_and_is_no_longer_wished_is_cancelled(bench: Bench) -> None:
    job = await lost(bench)
    await bench.cancel(job)

    said = settle(bench, case(job, Verdict.ABSENT))

    assert said == f"job {job.id} is cancelled, as its member wished; nothing was charged"
    assert bench.job(job.id).state is JobState.CANCELLED
    assert len(bench.told.submitted) == 1


async def test_what_has_a_ticket_was_taken_and_is_never_ordered_again(bench: Bench) -> None:
    job = await bench.leave(JobState.UNCERTAIN, KEYLESS, ticket=True)
    before = (bench.job(job.id), bench.entries(job))

    with pytest.raises(StorageError, match="so the provider took it"):
        bench.write(partial(settling.settle, case(job, Verdict.ABSENT), bench.clock()))
    with pytest.raises(StorageError, match="is known to be the provider's"):
        bench.write(partial(settling.settle, case(job, Verdict.FOUND, "another"), bench.clock()))

    assert (bench.job(job.id), bench.entries(job), verdicts_of(bench.connection, job.id)) == (*before, [])
    bench.write(partial(settling.settle, case(job, Verdict.FOUND), bench.clock()))
    assert bench.job(job.id).state is JobState.RUNNING


async def test_what_cannot_be_is_refused_and_changes_nothing(bench: Bench) -> None:
    known = await bench.place(TOLD)
    await bench.start()
    known = await bench.until_state(known, JobState.POSTED)
    assert known.ticket is not None
    job = await lost(bench)
    before = (bench.job(job.id), bench.entries(job))

    for wanted, why in (
        (case(job, Verdict.FOUND), "name the provider's id"),
        (case(job, Verdict.FOUND, known.ticket.provider_job_id), f"is our job {known.id}"),
        (case(job, Verdict.LOST, "a ticket"), "only with `found`"),
        (case(known, Verdict.LOST), "is posted, so there is nothing to decide"),
    ):
        with pytest.raises(StorageError, match=why):
            bench.write(partial(settling.settle, wanted, bench.clock()))

    assert (bench.job(job.id), bench.entries(job), verdicts_of(bench.connection, job.id)) == (*before, [])
    assert len(verdicts_of(bench.connection, known.id)) == 0
