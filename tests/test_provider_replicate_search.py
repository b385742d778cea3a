"""Looking for a lost submission by the replicate protocol: found, absent, or no telling."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain import Attempt, Ticket
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.providers.protocol import CannotTell, Found, ProvenAbsent, Search, Unknown
from tests.emulators import faults
from tests.emulators.faults import answer
from tests.emulators.replicate import PAGE, ReplicateEmulator
from tests.openai_scene import attempt, job
from tests.props import NOON, Clock
from tests.replicate_scene import ECHOED, SORA, TOKEN, made, provider_at

FIRST = Ticket(provider_job_id=f"{1:026d}")


def hook(of: Attempt) -> str:
    return f"https://bot.example/hooks/replicate/{of.key}?v=1"


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[ReplicateEmulator]:
    """One that gives back an input that changes nothing, and the webhooks' addresses."""
    running = ReplicateEmulator(
        now=clock, api_token=TOKEN, echoes_webhook=True, extra_inputs=frozenset({"tag"}), asks_to_finish=None
    )
    async with running:
        yield running


async def test_a_lost_submission_is_found_by_its_webhook_and_there_is_one_prediction(
    emulator: ReplicateEmulator,
) -> None:
    emulator.faults.next("create", faults.LOST_ANSWER)
    order = job()

    async with provider_at(emulator.url, webhook_url=hook) as provider:
        submission = await provider.submit(order, attempt(order))
        await made(provider, job(number=2))
        found = await provider.find(order, attempt(order))

    assert type(submission) is Unknown
    assert found == Found(FIRST)
    assert len(emulator.predictions) == 2


async def test_a_lost_submission_is_found_by_its_input_pages_down_the_list(
    emulator: ReplicateEmulator, clock: Clock
) -> None:
    lost = job(number=999)
    emulator.faults.next("create", faults.LOST_ANSWER)

    async with provider_at(emulator.url, wire=ECHOED, now=clock) as provider:
        await provider.submit(lost, attempt(lost))
        for number in range(PAGE + 1):
            await made(provider, job(number=number))
        found = await provider.find(lost, attempt(lost))

    assert found == Found(FIRST)
    assert [seen.path for seen in emulator.api.seen if seen.route == "list"] == [
        "/v1/predictions", "/v1/predictions?cursor=MTAw",
    ]  # fmt: skip


async def test_without_an_echo_two_equal_orders_are_never_mistaken_for_one_another(
    emulator: ReplicateEmulator,
) -> None:
    mine, anothers = job(number=1), job(number=2)
    emulator.faults.next("create", faults.RESET_BEFORE_READING)

    async with provider_at(emulator.url) as provider:
        await provider.submit(mine, attempt(mine))
        await made(provider, anothers)
        found = await provider.find(mine, attempt(mine))

    assert isinstance(found, CannotTell)
    assert [seen.route for seen in emulator.api.seen] == ["create", "create"]


async def test_another_attempt_at_the_same_job_is_not_this_one(emulator: ReplicateEmulator) -> None:
    order = job()

    async with provider_at(emulator.url, wire=ECHOED, webhook_url=hook) as provider:
        await provider.submit(order, attempt(order, number=2))
        first = await provider.find(order, attempt(order, number=1))
        twelfth = await provider.find(order, attempt(order, number=22))

    assert isinstance(first, CannotTell)
    assert isinstance(twelfth, CannotTell)


async def test_absent_is_proven_only_by_an_old_search_of_a_list_in_which_every_prediction_says_whose_it_is(
    emulator: ReplicateEmulator, clock: Clock
) -> None:
    lost, other = job(number=1), job(number=2)

    async with provider_at(emulator.url, now=clock, webhook_url=hook) as provider:
        clock.at = NOON + timedelta(hours=2)
        nothing_of_ours = await provider.find(lost, attempt(lost, sent_at=NOON))
        await made(provider, other)
        too_early = await provider.find(lost, attempt(lost, sent_at=clock.at - timedelta(minutes=59)))
        proven = await provider.find(lost, attempt(lost, sent_at=NOON))
        async with provider_at(emulator.url) as without_webhook:
            await made(without_webhook, job(number=3))
        one_is_silent = await provider.find(lost, attempt(lost, sent_at=NOON))

    assert isinstance(nothing_of_ours, CannotTell)
    assert isinstance(too_early, CannotTell)
    assert isinstance(proven, ProvenAbsent)
    assert isinstance(one_is_silent, CannotTell)


async def test_an_input_that_was_removed_after_an_hour_proves_nothing(
    emulator: ReplicateEmulator, clock: Clock
) -> None:
    lost = job(number=1)
    emulator.faults.next("create", faults.LOST_ANSWER)

    async with provider_at(emulator.url, wire=ECHOED, now=clock) as provider:
        await provider.submit(lost, attempt(lost))
        emulator.finish(FIRST.provider_job_id)
        clock.advance(timedelta(hours=2))
        await made(provider, job(number=2))
        found = await provider.find(lost, attempt(lost, sent_at=NOON))

    assert isinstance(found, CannotTell)


def listed(created_at: str, **more: object) -> dict[str, object]:
    return {"id": "p1", "created_at": created_at, "input": {}, **more}


LATE = "2026-11-21T14:00:00Z"
EARLY = "2026-11-21T09:00:00Z"
OURS = hook(attempt(job(number=9)))
WAS_OURS = "https://old.example/hooks/job1-1"

LISTS: dict[str, tuple[object, type[Search] | type[Exception]]] = {
    "ours and a stranger's": (
        {"results": [listed(LATE, webhook="https://x.example/"), listed(EARLY, webhook=OURS)], "next": None},
        ProvenAbsent,
    ),
    "one made by hand on their pages": (
        {"results": [listed(LATE, source="web"), listed(EARLY, webhook=OURS)], "next": None}, ProvenAbsent,
    ),
    "one made by somebody's program": (
        {"results": [listed(LATE, source="api"), listed(EARLY, webhook=OURS)], "next": None}, CannotTell,
    ),
    "one to an address that was ours": (
        {"results": [listed(LATE, webhook=WAS_OURS), listed(EARLY, webhook=OURS)], "next": None}, CannotTell,
    ),
    "a webhook that is none": (
        {"results": [listed(LATE, webhook=7), listed(EARLY, webhook=OURS)], "next": None}, CannotTell,
    ),
    "strangers' alone": ({"results": [listed(LATE, webhook="https://x.example/")], "next": None}, CannotTell),
    "a silent one from before": (
        {"results": [listed(LATE, webhook=OURS), listed(EARLY)], "next": None}, ProvenAbsent,
    ),
    "nothing": ({"results": [], "next": None}, CannotTell),
    "oldest first": (
        {"results": [listed(EARLY, webhook=OURS), listed(LATE)], "next": None}, UnreadableAnswer,
    ),
    "no time": ({"results": [{"id": "p1"}], "next": None}, UnreadableAnswer),
    "a time without a zone": ({"results": [listed("2026-11-21T14:00:00")], "next": None}, UnreadableAnswer),
    "no id": ({"results": [{"created_at": LATE}], "next": None}, UnreadableAnswer),
    "no predictions": ({"results": ["p1"], "next": None}, UnreadableAnswer),
    "no results": ({"results": None, "next": None}, UnreadableAnswer),
    "no next": ({"results": []}, UnreadableAnswer),
    "a next without cursor": (
        {"results": [listed(LATE, webhook=OURS)], "next": "https://x.example/"}, UnreadableAnswer,
    ),
    "a next that is no address": (
        {"results": [listed(LATE, webhook=OURS)], "next": "http://a:b/?cursor=x"}, UnreadableAnswer,
    ),
    "without end": (
        {"results": [listed(LATE, webhook=OURS)], "next": "https://x.example/?cursor=x"}, UnreadableAnswer,
    ),
    "no object": ([], UnreadableAnswer),
}  # fmt: skip


@pytest.mark.parametrize(("page", "outcome"), LISTS.values(), ids=LISTS)
async def test_a_list_proves_what_it_says_and_one_that_cannot_be_read_proves_nothing(
    emulator: ReplicateEmulator, clock: Clock, page: object, outcome: type[Search] | type[Exception]
) -> None:
    emulator.faults.always("list", answer(200, page))
    clock.at = NOON + timedelta(hours=3)

    async with provider_at(emulator.url, now=clock, webhook_url=hook) as provider:
        if issubclass(outcome, Exception):
            with pytest.raises(outcome):
                await provider.find(job(), attempt(job(), sent_at=NOON))
        else:
            assert isinstance(await provider.find(job(), attempt(job(), sent_at=NOON)), outcome)

    assert all(seen.path.startswith("/v1/predictions") for seen in emulator.api.seen)
    assert len(emulator.api.seen) <= 50


async def test_a_list_that_cannot_be_had_now_is_asked_for_again_later(emulator: ReplicateEmulator) -> None:
    emulator.faults.next("list", answer(429, {"detail": "throttled"}, headers={"Retry-After": "9"}))

    async with provider_at(emulator.url, wire=SORA, webhook_url=hook) as provider:
        with pytest.raises(ProviderUnavailable) as busy:
            await provider.find(job(), attempt(job()))

    assert busy.value.retry_after_s == 9
