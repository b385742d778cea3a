"""Cancelled in the same moment in which something else happens: one of the two wins, and nothing is lost."""

from bot.domain import EntryKind, Fault, FaultKind, Job, JobState, Scope, Ticket
from bot.orders import Cancelled
from bot.providers.protocol import Found, NotTaken, ProvenAbsent, Refused, Unknown
from tests.props import SHORTEST_MICROS
from tests.workbench import TOLD, Bench

HELD = (EntryKind.HOLD, Scope.MEMBER, SHORTEST_MICROS)
PAID = [HELD, (EntryKind.CAPTURE, Scope.MEMBER, SHORTEST_MICROS)]
GIVEN_BACK = [HELD, (EntryKind.RELEASE, Scope.MEMBER, SHORTEST_MICROS)]

NO_ROOM = Fault(kind=FaultKind.PROVIDER, code="provider_busy")


async def cancelled_while_asked(bench: Bench) -> Job:
    """An order of the told provider whose member presses Cancel while the provider is being asked."""
    job = await bench.place(TOLD)

    async def press() -> None:
        bench.told.meanwhile = None
        assert await bench.cancel(job) is Cancelled.ASKED

    bench.told.meanwhile = press
    await bench.start()
    return job


async def test_an_order_that_is_cancelled_in_line_is_never_sent(bench: Bench) -> None:
    job = await bench.place()
    assert await bench.cancel(job) is Cancelled.DONE

    await bench.start()
    job = await bench.until_shown(job)
    await bench.passing(minutes=5)

    assert bench.job(job.id).state is JobState.CANCELLED
    assert bench.entries(job) == GIVEN_BACK
    assert bench.emulator.seen == []


async def test_cancelled_while_it_was_handed_over_and_not_taken_it_ends_there(bench: Bench) -> None:
    bench.told.submissions.append(NotTaken(NO_ROOM))

    job = await bench.until_state(await cancelled_while_asked(bench), JobState.CANCELLED)
    await bench.passing(minutes=5)

    assert len(bench.told.submitted) == 1
    assert bench.attempts(job) == ["not_taken"]
    assert bench.entries(job) == GIVEN_BACK


async def test_cancelled_while_uncertain_and_proven_absent_it_ends_there(bench: Bench) -> None:
    bench.told.submissions.append(Unknown("lost"))
    bench.told.searches.append(ProvenAbsent())

    job = await bench.until_state(await cancelled_while_asked(bench), JobState.CANCELLED)
    await bench.passing(minutes=5)

    assert len(bench.told.submitted) == 1
    assert bench.entries(job) == GIVEN_BACK


async def test_cancelled_while_it_was_handed_over_and_refused_it_has_failed(bench: Bench) -> None:
    bench.told.submissions.append(Refused(NO_ROOM))

    job = await bench.until_state(await cancelled_while_asked(bench), JobState.FAILED)

    assert bench.entries(job) == GIVEN_BACK


async def test_cancelled_while_uncertain_and_found_the_provider_is_asked_to_stop(bench: Bench) -> None:
    bench.told.submissions.append(Unknown("lost"))
    bench.told.searches.append(Found(Ticket(provider_job_id="theirs")))

    job = await bench.until_state(await cancelled_while_asked(bench), JobState.POSTED)

    assert bench.told.cancelled == 1
    assert bench.entries(job) == PAID


async def test_of_a_cancel_and_a_submission_in_the_same_moment_one_wins(bench: Bench) -> None:
    for turns in range(12):
        job = await bench.place()
        await bench.start()
        for _ in range(turns):
            await bench.turn()
        outcome = await bench.cancel(job)
        job = await bench.until_state(job, JobState.CANCELLED)
        await bench.kill()

        assert bench.entries(job) == GIVEN_BACK
        assert outcome is (Cancelled.ASKED if bench.attempts(job) else Cancelled.DONE)
        assert [made.status for made in bench.made(job)] in ([], ["cancelled"])
