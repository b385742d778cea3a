"""What becomes of a job that a provider has, by what the provider says and what it does not say."""

from datetime import timedelta

import pytest

from bot.domain import EntryKind, Fault, FaultKind, Job, JobState, Micros, Period, Scope
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.orders import Cancelled
from bot.providers.protocol import Failed, Rendered, Rendering, Stopped, Vanished, Waiting
from storage.purses import INSTALLATION
from tests.books import balance
from tests.emulators import faults
from tests.emulators.faults import answer
from tests.props import SHORTEST_MICROS
from tests.workbench import KEYED, KEYLESS, TOLD, Bench, ticket_of

HELD = (EntryKind.HOLD, Scope.MEMBER, SHORTEST_MICROS)
PAID = [HELD, (EntryKind.CAPTURE, Scope.MEMBER, SHORTEST_MICROS)]
GIVEN_BACK = [HELD, (EntryKind.RELEASE, Scope.MEMBER, SHORTEST_MICROS)]
BY_THE_HOUSE = [
    *GIVEN_BACK,
    (EntryKind.HOLD, Scope.HOUSE, SHORTEST_MICROS),
    (EntryKind.CAPTURE, Scope.HOUSE, SHORTEST_MICROS),
]
BROKEN = Fault(kind=FaultKind.PROVIDER, code="provider_failed")


def asks(bench: Bench) -> int:
    return sum(seen.route == "ask" for seen in bench.emulator.seen)


async def running(bench: Bench, model: str = KEYED) -> Job:
    """A job that the provider works on until it is told otherwise, and a process that follows it."""
    bench.emulator.asks_to_finish = None
    await bench.start()
    return await bench.until_state(await bench.place(model), JobState.RUNNING)


# the provider's word


async def test_what_the_provider_could_not_make_costs_nothing(bench: Bench) -> None:
    job = await running(bench)

    bench.emulator.fail(ticket_of(job).provider_job_id)
    job = await bench.until_shown(await bench.until_state(job, JobState.FAILED))

    assert job.fault is not None
    assert job.fault.code == "provider_failed"
    assert bench.entries(job) == GIVEN_BACK
    assert bench.channel.card(job.id).job.fault == job.fault


async def test_what_the_model_will_not_show_fails_by_its_rules(bench: Bench) -> None:
    job = await running(bench)

    bench.emulator.fail(ticket_of(job).provider_job_id, "moderation_blocked")
    job = await bench.until_state(job, JobState.FAILED)

    assert job.fault is not None
    assert job.fault.kind is FaultKind.RULES
    assert bench.entries(job) == GIVEN_BACK


async def test_a_failure_that_the_provider_bills_is_paid_as_billed(bench: Bench) -> None:
    bench.told.answers.clear()
    bench.told.answers.append(Failed(BROKEN, billed_micros=Micros(150_000)))
    await bench.start()

    job = await bench.until_state(await bench.place(TOLD), JobState.FAILED)

    assert bench.entries(job) == [HELD, (EntryKind.CAPTURE, Scope.MEMBER, 150_000)]


@pytest.mark.parametrize(
    ("said", "wished", "ends"),
    [
        (Failed(BROKEN), False, JobState.FAILED),
        (Stopped(), False, JobState.FAILED),
        (Stopped(), True, JobState.CANCELLED),
    ],
)
async def test_an_end_of_which_nobody_says_what_it_cost_is_carried_by_the_house(
    bench: Bench,
    said: Failed | Stopped,
    wished: bool,  # noqa: FBT001 - given by name in the table
    ends: JobState,
) -> None:
    bench.told.answers.clear()
    bench.told.answers.extend([Rendering(), Rendering()] if wished else [said])
    await bench.start()
    job = await bench.place(TOLD)
    if wished:
        await bench.cancel(await bench.until_state(job, JobState.RUNNING))
        bench.told.answers.append(said)

    job = await bench.until_state(job, ends)

    assert bench.entries(job) == BY_THE_HOUSE
    assert job.charged_micros == 0
    day = bench.clock().date()
    whole = balance(bench.connection, INSTALLATION, Period.TOTAL, day)
    assert (whole.spent_micros, whole.held_micros) == (400_000, 0)


@pytest.mark.parametrize(
    "said",
    [
        Rendered(billed_micros=Micros(500_000)),
        Failed(BROKEN, billed_micros=Micros(500_000)),
        Stopped(billed_micros=Micros(500_000)),
    ],
    ids=["rendered", "failed", "stopped"],
)
async def test_what_is_billed_above_the_hold_is_the_houses_and_the_operator_hears_of_it(
    bench: Bench, said: Rendered | Failed | Stopped, caplog: pytest.LogCaptureFixture
) -> None:
    bench.told.answers.clear()
    bench.told.answers.append(said)
    await bench.start()

    job = await bench.until_state(await bench.place(TOLD), JobState.POSTED, JobState.FAILED)

    assert bench.entries(job) == [*PAID, (EntryKind.ADJUST, Scope.HOUSE, 100_000)]
    assert [record for record in caplog.records if getattr(record, "code", None) == "overrun"]
    whole = balance(bench.connection, INSTALLATION, Period.TOTAL, bench.clock().date())
    assert whole.spent_micros == 500_000


async def test_what_is_billed_below_the_hold_is_paid_as_billed(bench: Bench) -> None:
    bench.told.answers.clear()
    bench.told.answers.append(Rendered(billed_micros=Micros(300_000)))
    await bench.start()

    job = await bench.until_state(await bench.place(TOLD), JobState.POSTED)

    assert bench.entries(job) == [HELD, (EntryKind.CAPTURE, Scope.MEMBER, 300_000)]


# cancelled


async def test_a_wish_to_cancel_ends_the_job_on_the_providers_word(bench: Bench) -> None:
    job = await running(bench)

    assert await bench.cancel(job) is Cancelled.ASKED
    job = await bench.until_shown(await bench.until_state(job, JobState.CANCELLED))

    assert [made.status for made in bench.made(job)] == ["cancelled"]
    assert bench.entries(job) == GIVEN_BACK
    assert bench.channel.card(job.id).job.state is JobState.CANCELLED
    assert bench.channel.clips(job.id) == []


async def test_a_stop_that_the_provider_bills_is_paid_as_billed(bench: Bench) -> None:
    bench.told.answers.clear()
    bench.told.answers.extend([Rendering(), Stopped(billed_micros=Micros(200_000))])
    await bench.start()
    job = await bench.until_state(await bench.place(TOLD), JobState.RUNNING)

    await bench.cancel(job)
    job = await bench.until_state(job, JobState.CANCELLED)

    assert bench.told.cancelled >= 1
    assert bench.entries(job) == [HELD, (EntryKind.CAPTURE, Scope.MEMBER, 200_000)]


async def test_a_job_that_the_provider_stopped_unasked_has_failed(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    job = await running(bench)

    bench.made(job)[0].status, bench.made(job)[0].billed_micros = "cancelled", 0
    job = await bench.until_state(job, JobState.FAILED)

    assert job.fault == Fault(kind=FaultKind.PROVIDER, code="stopped_by_provider")
    assert bench.entries(job) == GIVEN_BACK
    assert "stopped, and its member had not asked" in caplog.messages


async def test_what_cannot_be_stopped_is_delivered_in_spite_of_the_wish(bench: Bench) -> None:
    job = await running(bench, KEYLESS)

    assert await bench.cancel(job) is Cancelled.ASKED
    await bench.passing(minutes=1)
    assert [seen for seen in bench.emulator.seen if seen.route == "delete"] == []
    bench.emulator.finish(ticket_of(job).provider_job_id)
    job = await bench.until_state(job, JobState.POSTED)

    assert bench.entries(job) == PAID


async def test_a_wish_that_comes_too_late_is_refused_and_the_clip_delivered(bench: Bench) -> None:
    job = await running(bench)
    bench.emulator.finish(ticket_of(job).provider_job_id)
    job = await bench.until_state(job, JobState.RENDERED, JobState.STORED, JobState.POSTED)

    assert await bench.cancel(job) is Cancelled.TOO_LATE
    job = await bench.until_state(job, JobState.POSTED)

    assert bench.entries(job) == PAID


async def test_a_wish_and_a_finished_clip_in_the_same_moment_end_the_job_once(bench: Bench) -> None:
    for turns in range(0, 60, 4):
        job = await running(bench)
        bench.emulator.finish(ticket_of(job).provider_job_id)
        bench.running.worker.wake(job.id)
        for _ in range(turns):
            await bench.turn()

        await bench.cancel(job)
        job = await bench.until_state(job, JobState.POSTED, JobState.CANCELLED)
        await bench.kill()

        assert bench.entries(job) == PAID
        assert job.state is JobState.POSTED


async def test_a_provider_that_cannot_be_told_to_stop_is_asked_how_it_stands_all_the_same(
    bench: Bench,
) -> None:
    bench.told.cancels.clear()
    bench.told.cancels.append(ProviderUnavailable("no"))
    bench.told.answers.clear()
    bench.told.answers.extend([Rendering(), Rendering(), Rendered()])
    await bench.start()
    job = await bench.until_state(await bench.place(TOLD), JobState.RUNNING)

    await bench.cancel(job)
    job = await bench.until_state(job, JobState.POSTED, within_s=300)

    assert bench.told.cancelled >= 1
    assert bench.entries(job) == PAID


# no word, or none that can be read

UNREADABLE = [
    pytest.param(answer(200, {"id": "{id}", "status": "done"}), id="a state in no document"),
    pytest.param(answer(200, {"id": "another", "status": "completed"}), id="another job"),
    pytest.param(
        answer(200, {"id": "{id}", "status": "in_progress", "progress": -1}), id="a negative progress"
    ),
    pytest.param(answer(200, {"status": "completed", "error": {"code": "x"}}), id="done, with an error"),
    pytest.param(answer(200, ["completed"]), id="a list"),
    pytest.param(answer(200, b"<html>completed</html>"), id="a page"),
    pytest.param(answer(204), id="nothing"),
    pytest.param(answer(500, {"status": "completed"}), id="done, says an error"),
    pytest.param(answer(401, {"error": {"code": "invalid_api_key"}}), id="our key is refused"),
    pytest.param(faults.PROXY_404, id="a proxy's own 404"),
    pytest.param(faults.HANG_BEFORE_WORK, id="silence"),
]


@pytest.mark.parametrize("fault", UNREADABLE)
async def test_what_cannot_be_read_is_neither_success_nor_failure(bench: Bench, fault: faults.Fault) -> None:
    job = await running(bench)
    bench.emulator.faults.always("ask", fault)

    await bench.passing(minutes=10)

    assert bench.job(job.id).state is JobState.RUNNING
    assert bench.entries(job) == [HELD]
    bench.emulator.faults.always("ask", None)
    bench.emulator.finish(ticket_of(job).provider_job_id)
    assert bench.entries(await bench.until_state(job, JobState.POSTED)) == PAID


async def test_a_job_of_which_nothing_is_heard_for_hours_is_uncertain_and_runs_when_heard_of_again(
    bench: Bench,
) -> None:
    job = await running(bench)
    bench.emulator.faults.always("ask", faults.PROXY_502_BEFORE_WORK)

    bench.clock.advance(timedelta(hours=5))
    await bench.passing(minutes=5)
    assert bench.job(job.id).state is JobState.RUNNING
    bench.clock.advance(timedelta(hours=1))
    await bench.until_state(job, JobState.UNCERTAIN)
    assert bench.entries(job) == [HELD]

    bench.emulator.faults.always("ask", None)
    await bench.until_state(job, JobState.RUNNING)
    bench.emulator.finish(ticket_of(job).provider_job_id)
    job = await bench.until_state(job, JobState.POSTED)
    assert bench.entries(job) == PAID


async def test_one_lost_answer_after_hours_of_good_ones_is_no_silence(bench: Bench) -> None:
    job = await running(bench, KEYLESS)
    bench.clock.advance(timedelta(hours=12))
    await bench.passing(minutes=1)

    bench.emulator.faults.next("ask", faults.PROXY_502_BEFORE_WORK)
    await bench.passing(minutes=5)

    assert bench.job(job.id).state is JobState.RUNNING
    assert bench.job(job.id).rev == job.rev


async def test_a_process_that_was_away_for_days_asks_for_a_while_before_it_gives_a_job_up(
    bench: Bench,
) -> None:
    job = await bench.leave(JobState.RUNNING)
    bench.emulator.finish(ticket_of(job).provider_job_id)
    bench.clock.advance(timedelta(days=2))
    bench.emulator.faults.next("ask", faults.PROXY_502_BEFORE_WORK, faults.PROXY_502_BEFORE_WORK)

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert bench.entries(job) == PAID
    assert job.rev == 5


async def test_a_job_whose_provider_has_no_key_any_more_ends_with_the_house(bench: Bench) -> None:
    job = await bench.leave(JobState.RUNNING)
    bench.reachable = frozenset({"told"})
    await bench.start()

    bench.clock.advance(timedelta(hours=7))
    await bench.until_state(job, JobState.UNCERTAIN)
    bench.clock.advance(timedelta(hours=25))
    await bench.until(lambda: bench.holder(job) is Scope.HOUSE)

    assert bench.entries(job) == BY_THE_HOUSE[:-1]


# vanished


async def test_what_the_provider_forgot_is_paid_by_the_house(bench: Bench) -> None:
    job = await running(bench)
    await bench.passing(minutes=5)

    bench.emulator.forget(ticket_of(job).provider_job_id)
    job = await bench.until_state(job, JobState.FAILED)

    assert job.fault == Fault(kind=FaultKind.PROVIDER, code="vanished")
    assert bench.entries(job) == BY_THE_HOUSE


async def test_what_was_forgotten_while_nothing_was_heard_is_paid_by_the_house(bench: Bench) -> None:
    job = await bench.leave(JobState.UNCERTAIN, ticket=True)
    bench.emulator.forget(ticket_of(job).provider_job_id)

    await bench.start()
    job = await bench.until_state(job, JobState.FAILED)

    assert bench.entries(job) == BY_THE_HOUSE


async def test_what_was_forgotten_after_the_house_took_it_is_paid_once(bench: Bench) -> None:
    job = await bench.leave(JobState.UNCERTAIN, ticket=True)
    bench.emulator.faults.always("ask", faults.PROXY_502_BEFORE_WORK)
    await bench.start()
    bench.clock.advance(timedelta(hours=25))
    await bench.until(lambda: bench.holder(job) is Scope.HOUSE)

    bench.emulator.forget(ticket_of(job).provider_job_id)
    bench.emulator.faults.always("ask", None)
    job = await bench.until_state(job, JobState.FAILED)

    assert bench.entries(job) == BY_THE_HOUSE


async def test_a_provider_that_does_not_know_yet_what_it_has_just_taken_is_asked_again(
    bench: Bench,
) -> None:
    bench.told.answers.clear()
    bench.told.answers.extend([Vanished("not found"), Vanished("not found"), Waiting(), Rendered()])
    await bench.start()

    job = await bench.until_state(await bench.place(TOLD), JobState.POSTED)

    assert bench.entries(job) == PAID


# how often, and how long


async def test_a_job_is_asked_for_less_and_less_often(bench: Bench) -> None:
    await running(bench)

    await bench.passing(minutes=1)
    first = asks(bench)
    await bench.passing(minutes=1)
    second = asks(bench) - first

    assert 3 <= second < first <= 15


@pytest.mark.parametrize(("told", "at_least", "at_most"), [("40", 2, 4), ("0", 30, 62)])
async def test_the_providers_word_on_when_to_ask_again_is_followed_within_reason(
    bench: Bench, told: str, at_least: int, at_most: int
) -> None:
    body = {"status": "queued"}
    bench.emulator.faults.always("ask", answer(200, body, headers={"Retry-After": told}))
    await running(bench)

    await bench.passing(minutes=2)

    assert at_least <= asks(bench) <= at_most


async def test_an_overdue_job_is_asked_to_stop_and_ends_only_on_the_providers_word(bench: Bench) -> None:
    bench.told.answers.clear()
    bench.told.answers.append(Rendering())
    await bench.start()
    job = await bench.until_state(await bench.place(TOLD), JobState.RUNNING)

    await bench.passing(minutes=50)
    assert bench.told.cancelled == 0
    await bench.passing(minutes=30)
    assert bench.told.cancelled > 10
    assert bench.job(job.id).state is JobState.RUNNING
    assert bench.entries(job) == [HELD]

    bench.told.answers.append(Stopped(Micros(0)))
    job = await bench.until_state(job, JobState.FAILED)
    assert bench.entries(job) == GIVEN_BACK


async def test_a_job_that_is_on_its_way_for_ever_is_the_houses_after_a_day_and_its_clip_is_free(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.told.answers.clear()
    bench.told.answers.append(Rendering())
    await bench.start()
    job = await bench.until_state(await bench.place(TOLD), JobState.RUNNING)

    await bench.passing(hours=23)
    assert bench.job(job.id).state is JobState.RUNNING
    assert bench.holder(job) is Scope.MEMBER
    job = await bench.until_state(job, JobState.UNCERTAIN, within_s=2 * 3_600)
    assert bench.holder(job) is Scope.HOUSE
    asked, revision = bench.told.asked, job.rev
    await bench.passing(hours=3)
    assert 10 < bench.told.asked - asked < 60  # now and then, and its card stays as it is
    assert bench.job(job.id).rev == revision
    assert caplog.text.count("on its way for a day") == 1

    bench.told.answers.append(Rendered())
    job = await bench.until_state(job, JobState.POSTED)
    assert job.charged_micros == 0
    assert len(bench.told.submitted) == 1


@pytest.mark.parametrize("end", [Failed(BROKEN, Micros(0)), Stopped(Micros(0)), Vanished("gone")])
async def test_a_job_that_was_on_its_way_for_a_day_ends_by_its_providers_word(
    bench: Bench, end: Failed | Stopped | Vanished
) -> None:
    bench.told.answers.clear()
    bench.told.answers.append(Waiting())
    await bench.start()
    job = await bench.until_state(await bench.place(TOLD), JobState.UNCERTAIN, within_s=100_000)

    bench.told.answers.append(end)
    job = await bench.until_state(job, JobState.FAILED)

    assert bench.holder(job) is None
    assert job.charged_micros == 0


async def test_an_unreadable_answer_is_said_to_the_operator(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.told.answers.appendleft(UnreadableAnswer("told", "strange"))
    await bench.start()

    await bench.until_state(await bench.place(TOLD), JobState.POSTED)

    assert "no answer: told: strange" in caplog.text


async def test_an_answer_that_stays_unreadable_is_said_once_until_one_is_read_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    strange, odd = UnreadableAnswer("told", "strange"), UnreadableAnswer("told", "odd")
    bench.told.answers.clear()
    bench.told.answers.extend((*(strange,) * 40, odd, odd, Rendering(), odd, Rendered()))
    await bench.start()

    job = await bench.until_state(await bench.place(TOLD), JobState.POSTED)

    said = [record.getMessage() for record in caplog.records if vars(record).get("job") == job.id]
    assert [line for line in said if line.startswith("no answer")] == [
        "no answer: told: strange",
        "no answer: told: odd",
        "no answer: told: odd",
    ]
    assert bench.told.asked == 45


async def test_a_wish_to_stop_that_stays_unheard_is_said_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.told.answers.clear()
    bench.told.answers.append(Rendering())
    bench.told.cancels.append(UnreadableAnswer("told", "no"))
    bench.told.cancels.popleft()
    await bench.start()
    job = await bench.until_state(await bench.place(TOLD), JobState.RUNNING)

    await bench.cancel(job)
    await bench.until(lambda: bench.told.cancelled > 5)

    assert caplog.text.count("not stopped: told: no") == 1
