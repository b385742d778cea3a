"""What becomes of a submission whose ticket a verified webhook brings."""

from bot.domain import Attempt, Fault, FaultKind, JobState, Ticket
from bot.providers.protocol import NotTaken, Taken, Unknown
from tests.props import NOON
from tests.workbench import KEYED, TOLD, Bench, ticket_of

TICKET = Ticket(provider_job_id="theirs-1")


async def test_a_lost_submission_goes_on_by_the_ticket_that_a_webhook_brought(bench: Bench) -> None:
    bench.told.submissions.append(Unknown("lost"))
    process = await bench.start()
    job = await bench.until_state(await bench.place(TOLD), JobState.UNCERTAIN)
    await bench.passing(hours=1)
    searched = bench.told.searched + 1
    await bench.until(lambda: bench.told.searched == searched)  # and not again for minutes

    process.worker.found(bench.told.submitted[0], TICKET)
    job = await bench.until_state(job, JobState.POSTED, within_s=30)

    assert bench.attempts(job) == ["taken"]
    assert ticket_of(job) == TICKET
    assert len(bench.told.submitted) == 1
    assert bench.told.searched == searched


async def test_a_webhook_outweighs_an_answer_that_says_not_taken(bench: Bench) -> None:
    """It may come before the answer to the submission does, and the answer may be a proxy's."""
    busy = Fault(kind=FaultKind.PROVIDER, code="provider_busy")
    bench.told.submissions.append(NotTaken(busy))
    process = await bench.start()

    async def meanwhile() -> None:
        process.worker.found(bench.told.submitted[0], TICKET)
        bench.told.meanwhile = None

    bench.told.meanwhile = meanwhile
    job = await bench.until_state(await bench.place(TOLD), JobState.POSTED)

    assert bench.attempts(job) == ["taken"]
    assert ticket_of(job) == TICKET
    assert len(bench.told.submitted) == 1


async def test_the_ticket_of_the_submissions_own_answer_comes_first(bench: Bench) -> None:
    whole = Ticket(provider_job_id="theirs-1", urls={"upload": "https://files.example/1"})
    bench.told.submissions.append(Taken(whole))
    process = await bench.start()

    async def meanwhile() -> None:
        process.worker.found(bench.told.submitted[0], TICKET)
        bench.told.meanwhile = None

    bench.told.meanwhile = meanwhile
    job = await bench.until_state(await bench.place(TOLD), JobState.POSTED)

    assert ticket_of(job) == whole


async def test_a_ticket_that_another_job_has_is_tried_once_and_moves_nothing(bench: Bench) -> None:
    bench.expects_a_fault_of_ours = True
    bench.told.submissions += [Taken(TICKET), Unknown("lost")]
    process = await bench.start()
    first = await bench.until_state(await bench.place(TOLD), JobState.POSTED)
    second = await bench.until_state(await bench.place(TOLD), JobState.UNCERTAIN)

    process.worker.found(bench.told.submitted[1], TICKET)
    await bench.passing(minutes=5)

    assert bench.job(second.id).state is JobState.UNCERTAIN
    assert bench.job(first.id).state is JobState.POSTED
    assert bench.told.searched > 1


async def test_a_note_about_an_attempt_that_is_over_changes_nothing(bench: Bench) -> None:
    process = await bench.start()
    job = await bench.until_shown(await bench.until_state(await bench.place(KEYED), JobState.POSTED))

    attempt = Attempt(job_id=job.id, number=1, offer_id=job.quote.offer_id, sent_at=NOON)
    process.worker.found(attempt, TICKET)
    await bench.passing(minutes=5)

    assert bench.job(job.id) == job
