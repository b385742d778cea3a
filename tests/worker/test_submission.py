"""What becomes of an order by what its submission proved."""

from datetime import timedelta

import pytest

from bot.domain import EntryKind, Fault, FaultKind, JobState, Period, Scope
from bot.errors import ProviderBusy
from bot.providers.protocol import ProvenAbsent, Unknown
from storage.purses import INSTALLATION, member_key
from tests.books import balance
from tests.channel import Call
from tests.emulators import faults
from tests.emulators.faults import Fault as Mishap
from tests.emulators.faults import answer
from tests.props import SHORTEST_MICROS
from tests.workbench import ECHOED, KEYED, KEYLESS, MODELS, RETIRING, TOLD, Bench

HELD = (EntryKind.HOLD, Scope.MEMBER, SHORTEST_MICROS)
PAID = [HELD, (EntryKind.CAPTURE, Scope.MEMBER, SHORTEST_MICROS)]
GIVEN_BACK = [HELD, (EntryKind.RELEASE, Scope.MEMBER, SHORTEST_MICROS)]
BY_THE_HOUSE = [
    *GIVEN_BACK,
    (EntryKind.HOLD, Scope.HOUSE, SHORTEST_MICROS),
    (EntryKind.CAPTURE, Scope.HOUSE, SHORTEST_MICROS),
]

NO_ROOM = Fault(kind=FaultKind.PROVIDER, code="provider_busy")


def keys_sent(bench: Bench) -> list[str]:
    """The idempotency keys of every submission that reached the provider's code."""
    return [
        seen.body["idempotency_key"]
        for seen in bench.emulator.seen
        if seen.route == "create" and isinstance(seen.body, dict)
    ]


def submissions(bench: Bench) -> int:
    return sum(seen.route == "create" for seen in bench.emulator.seen)


# certainly not taken


async def test_what_was_not_taken_is_ordered_again_as_a_new_attempt(bench: Bench) -> None:
    bench.emulator.faults.next("create", answer(429))
    await bench.start()

    job = await bench.until_state(await bench.place(), JobState.POSTED)

    assert bench.attempts(job) == ["not_taken", "taken"]
    assert keys_sent(bench) == [f"{job.id}-2"]
    assert bench.entries(job) == PAID


async def test_a_provider_that_asks_for_time_is_given_it(bench: Bench) -> None:
    bench.emulator.faults.next("create", answer(429, headers={"Retry-After": "600"}))
    await bench.start()
    job = await bench.place()

    await bench.passing(seconds=590)
    assert submissions(bench) == 1

    await bench.until_state(job, JobState.POSTED)
    assert submissions(bench) == 2


@pytest.mark.parametrize("retry_after", ["0", "-5", None])
async def test_a_provider_without_room_is_not_hammered(bench: Bench, retry_after: str | None) -> None:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    bench.emulator.faults.always("create", answer(429, headers=headers))
    await bench.start()
    job = await bench.place()

    await bench.passing(minutes=10)

    assert bench.job(job.id).state is JobState.QUEUED
    assert 5 < submissions(bench) < 40


async def test_an_unreachable_provider_keeps_no_job_for_ever(bench: Bench) -> None:
    await bench.emulator.stop()
    await bench.start()

    job = await bench.until_state(await bench.place(), JobState.FAILED, within_s=7_200)

    assert job.fault == Fault(kind=FaultKind.PROVIDER, code="queued_too_long")
    assert bench.entries(job) == GIVEN_BACK
    assert set(bench.attempts(job)) == {"not_taken"}


# refused


@pytest.mark.parametrize(
    ("refusal", "kind", "code"),
    [
        (answer(400, {"error": {"code": "moderation_blocked"}}), FaultKind.RULES, "moderation_blocked"),
        (answer(400, {"error": {"param": "prompt"}}), FaultKind.PROMPT, "prompt_refused"),
        (answer(404, {"error": {"code": "model_not_found"}}), FaultKind.PROVIDER, "model_gone"),
        (answer(400, {"error": {"code": "invalid_value"}}), FaultKind.PROVIDER, "provider_refused"),
    ],
    ids=["rules", "prompt", "model gone", "something else"],
)
async def test_what_was_refused_fails_at_once_and_costs_nothing(
    bench: Bench, refusal: Mishap, kind: FaultKind, code: str
) -> None:
    bench.emulator.faults.always("create", refusal)
    await bench.start()

    job = await bench.until_shown(await bench.until_state(await bench.place(), JobState.FAILED))

    assert job.fault is not None
    assert (job.fault.kind, job.fault.code) == (kind, code)
    assert bench.entries(job) == GIVEN_BACK
    assert submissions(bench) == 1
    assert bench.channel.card(job.id).job.state is JobState.FAILED


# nobody knows


@pytest.mark.parametrize(
    "fault",
    [
        faults.LOST_ANSWER,
        faults.HANG_AFTER_WORK,
        faults.PROXY_502_AFTER_WORK,
        faults.CUT_SHORT,
        faults.RESET_BEFORE_READING,
        faults.HANG_BEFORE_WORK,
        faults.PROXY_502_BEFORE_WORK,
    ],
    ids=["lost", "hangs after", "502 after", "cut", "reset before", "hangs before", "502 before"],
)
async def test_a_lost_submission_is_found_by_repeating_its_key(bench: Bench, fault: Mishap) -> None:
    bench.emulator.faults.next("create", fault)
    await bench.start()

    job = await bench.until_state(await bench.place(), JobState.POSTED)

    assert len(bench.emulator.jobs) == 1
    assert set(keys_sent(bench)) == {f"{job.id}-1"}
    assert bench.attempts(job) == ["taken"]
    assert bench.entries(job) == PAID


async def test_a_lost_submission_is_found_by_its_echo_in_the_list(bench: Bench) -> None:
    bench.emulator.faults.next("create", faults.LOST_ANSWER)
    await bench.start()

    job = await bench.until_state(await bench.place(ECHOED), JobState.POSTED)

    assert submissions(bench) == 1
    assert bench.entries(job) == PAID


async def test_without_key_or_echo_a_lost_submission_is_never_repeated(bench: Bench) -> None:
    bench.emulator.faults.next("create", faults.LOST_ANSWER)
    await bench.start()
    job = await bench.until_state(await bench.place(KEYLESS), JobState.UNCERTAIN)

    await bench.passing(hours=1)
    await bench.kill()
    await bench.start()
    await bench.passing(hours=1)

    assert bench.job(job.id).state is JobState.UNCERTAIN
    assert submissions(bench) == 1
    assert bench.entries(job) == [HELD]


async def test_what_is_uncertain_is_looked_for_less_and_less_often(bench: Bench) -> None:
    bench.emulator.faults.always("create", faults.PROXY_502_BEFORE_WORK)
    await bench.start()
    await bench.place()

    await bench.passing(minutes=30)
    first = submissions(bench)
    await bench.passing(hours=2)

    assert 15 < first < 40
    assert 10 <= submissions(bench) - first <= 16


async def test_what_stays_uncertain_is_in_the_log_once_and_not_with_every_look(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.emulator.faults.next("create", faults.LOST_ANSWER)
    await bench.start()
    await bench.until_state(await bench.place(KEYLESS), JobState.UNCERTAIN)

    await bench.passing(hours=2)

    assert sum("still uncertain" in line for line in caplog.messages) == 1


async def test_after_a_day_the_house_holds_what_is_uncertain(bench: Bench) -> None:
    bench.emulator.faults.next("create", faults.LOST_ANSWER)
    await bench.start()
    job = await bench.until_state(await bench.place(KEYLESS), JobState.UNCERTAIN)

    bench.clock.advance(timedelta(hours=23))
    await bench.passing(minutes=20)
    assert bench.holder(job) is Scope.MEMBER

    bench.clock.advance(timedelta(hours=1))
    await bench.until(lambda: bench.holder(job) is Scope.HOUSE)
    await bench.passing(hours=1)

    assert bench.entries(job) == BY_THE_HOUSE[:-1]
    assert bench.job(job.id).state is JobState.UNCERTAIN
    assert submissions(bench) == 1
    today = bench.clock().date()
    member = balance(bench.connection, member_key(job.order.member), Period.TOTAL, today)
    whole = balance(bench.connection, INSTALLATION, Period.TOTAL, today)
    assert member.used_micros == 0
    assert whole.held_micros == SHORTEST_MICROS


async def test_found_after_the_house_took_it_the_member_gets_the_clip_for_nothing(bench: Bench) -> None:
    bench.emulator.faults.next("create", faults.LOST_ANSWER)
    bench.emulator.faults.always("list", faults.PROXY_502_BEFORE_WORK)
    await bench.start()
    job = await bench.until_state(await bench.place(ECHOED), JobState.UNCERTAIN)
    bench.clock.advance(timedelta(hours=25))
    await bench.until(lambda: bench.holder(job) is Scope.HOUSE)

    bench.emulator.faults.always("list", None)
    job = await bench.until_state(job, JobState.POSTED)

    assert bench.entries(job) == BY_THE_HOUSE


async def test_a_process_that_was_away_for_days_looks_before_the_house_pays(bench: Bench) -> None:
    job = await bench.leave(JobState.UNCERTAIN, ECHOED)
    bench.clock.advance(timedelta(days=3))
    bench.emulator.faults.next("list", faults.PROXY_502_BEFORE_WORK)

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert bench.entries(job) == PAID


async def test_what_is_proven_absent_is_ordered_again(bench: Bench) -> None:
    bench.absent_after = timedelta(minutes=1)
    await bench.leave(JobState.RUNNING, ECHOED)  # the list has to show that it is ours
    await bench.start()
    bench.emulator.faults.next("create", faults.RESET_BEFORE_READING)

    job = await bench.until_state(await bench.place(ECHOED), JobState.POSTED)

    assert bench.attempts(job) == ["not_taken", "taken"]
    assert bench.entries(job) == PAID


async def test_a_job_with_a_ticket_is_never_looked_for_nor_ordered_again(bench: Bench) -> None:
    bench.told.searches.append(ProvenAbsent())
    job = await bench.leave(JobState.UNCERTAIN, ECHOED, ticket=True)
    bench.emulator.faults.always("ask", faults.PROXY_502_BEFORE_WORK)

    await bench.start()
    await bench.passing(hours=2)

    assert bench.job(job.id).state is JobState.UNCERTAIN
    assert {seen.route for seen in bench.emulator.seen[1:]} == {"ask"}


async def test_a_fault_of_our_own_while_submitting_proves_nothing(bench: Bench) -> None:
    bench.expects_a_fault_of_ours = True
    bench.told.submissions.append(ZeroDivisionError("ours"))
    await bench.start()

    job = await bench.until_state(await bench.place(TOLD), JobState.UNCERTAIN, within_s=1)
    await bench.passing(hours=1)

    assert len(bench.told.submitted) == 1
    assert bench.told.searched > 5
    assert bench.attempts(job) == ["unknown"]


# not even tried


async def test_an_offer_that_has_retired_fails_before_any_call(bench: Bench) -> None:
    job = await bench.place(RETIRING)
    bench.clock.advance(timedelta(hours=12))

    await bench.start()
    job = await bench.until_state(job, JobState.FAILED)

    assert job.fault == Fault(kind=FaultKind.PROVIDER, code="offer_gone")
    assert bench.entries(job) == GIVEN_BACK
    assert bench.emulator.seen == []
    assert bench.attempts(job) == []


async def test_an_offer_that_nobody_knows_any_more_fails_before_any_call(bench: Bench) -> None:
    job = await bench.place()
    bench.models = bench.models.replace(KEYED, "renamed")

    await bench.start()
    job = await bench.until_state(job, JobState.FAILED)

    assert job.fault == Fault(kind=FaultKind.PROVIDER, code="offer_gone")
    assert bench.entries(job) == GIVEN_BACK
    assert bench.emulator.seen == []


async def test_a_provider_whose_key_was_taken_away_fails_before_any_call(bench: Bench) -> None:
    job = await bench.place()
    bench.reachable = frozenset({"told"})

    await bench.start()
    job = await bench.until_state(job, JobState.FAILED)

    assert job.fault == Fault(kind=FaultKind.PROVIDER, code="offer_gone")
    assert bench.entries(job) == GIVEN_BACK


async def test_an_offer_that_has_become_dearer_than_its_quote_fails_before_any_call(bench: Bench) -> None:
    job = await bench.place()
    bench.models = MODELS.replace("0.10", "0.11")

    await bench.start()
    job = await bench.until_state(job, JobState.FAILED)

    assert job.fault == Fault(kind=FaultKind.PROVIDER, code="offer_dearer")
    assert bench.entries(job) == GIVEN_BACK
    assert bench.emulator.seen == []


async def test_an_offer_that_has_become_cheaper_costs_what_it_costs_now(bench: Bench) -> None:
    job = await bench.place()
    bench.models = MODELS.replace("0.10", "0.05")
    bench.emulator._price_micros //= 2

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert bench.entries(job) == [HELD, (EntryKind.CAPTURE, Scope.MEMBER, SHORTEST_MICROS // 2)]


async def test_an_order_that_waited_for_hours_fails_before_any_call(bench: Bench) -> None:
    job = await bench.place()
    bench.clock.advance(timedelta(hours=2))

    await bench.start()
    job = await bench.until_shown(await bench.until_state(job, JobState.FAILED))

    assert job.fault == Fault(kind=FaultKind.PROVIDER, code="queued_too_long")
    assert bench.entries(job) == GIVEN_BACK
    assert bench.emulator.seen == []
    assert bench.channel.count(Call.POST_CARD) == 1
    assert bench.channel.card(job.id).job.state is JobState.FAILED


async def test_a_provider_that_names_a_time_is_not_searched_before_it(bench: Bench) -> None:
    bench.told.submissions.append(Unknown("lost"))
    bench.told.searches.appendleft(ProviderBusy("429", retry_after_s=300.0))
    await bench.start()
    job = await bench.until_state(await bench.place(TOLD), JobState.UNCERTAIN)

    await bench.passing(seconds=290)
    assert bench.told.searched == 1

    await bench.passing(seconds=60)
    assert bench.told.searched >= 2
    assert bench.job(job.id).state is JobState.UNCERTAIN
