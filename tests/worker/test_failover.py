"""A job that one offer did not take goes to the next, by the real worker over real rows."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import Fault, FaultKind, Job, JobState, Ticket
from bot.errors import OrderRefused, ProviderUnavailable
from bot.providers.protocol import (
    CannotTell,
    Fetched,
    Found,
    NotTaken,
    ProvenAbsent,
    Refused,
    Rendered,
    Rendering,
    Search,
    Submission,
    Taken,
    Unknown,
)
from tests.model_rows import model_row, offer_row
from tests.props import count, dice
from tests.told_provider import ToldProvider
from tests.workbench import MODELS, Bench

MODEL = model_row("many", about="Made by several.")


def offer(name: str, usd: str) -> str:
    return offer_row("many", name, protocol="fal", endpoint=f"{name}/many", usd=usd)


ROUTE = '[[routes]]\nmodel = "many"\nproviders = ["told"]\n'
"""The operator wants it to go there first, though it is not the cheapest."""

PRICES = {"told": 400_000, "ant": 320_000, "bee": 200_000, "cat": 800_000}
"""Of the whole clip; what told asks is the quote, so cat is never asked."""


def not_taken(code: str) -> NotTaken:
    return NotTaken(Fault(kind=FaultKind.PROVIDER, code=code))


BUSY, NO_CREDIT = not_taken("provider_busy"), not_taken("provider_out_of_credit")
GONE = Refused(Fault(kind=FaultKind.PROVIDER, code="model_gone"))
RULES = Refused(Fault(kind=FaultKind.RULES, code="moderation_blocked"))


@pytest.fixture
def many(bench: Bench) -> Bench:
    """The bench with a model that four providers have."""
    bench.others = {name: ToldProvider(name) for name in ("ant", "bee", "cat")}
    bench.reachable = frozenset({"emulator", "told", *bench.others})
    bench.models = MODELS + MODEL + ROUTE
    bench.models += "".join(offer(name, f"0.{price // 40_000:02}") for name, price in PRICES.items())
    return bench


def provider(bench: Bench, name: str) -> ToldProvider:
    return bench.told if name == "told" else bench.others[name]


def tried(bench: Bench, job: Job) -> list[tuple[str, str | None, int]]:
    """Where each submission of a job went, what it proved, and what it would have cost."""
    rows = bench.connection.execute(
        "SELECT provider, outcome, price_micros FROM attempts WHERE job_id = ? ORDER BY number", (job.id,)
    )
    return [tuple(row) for row in rows]


async def test_the_next_one_takes_what_the_first_did_not_and_costs_what_it_costs(many: Bench) -> None:
    many.told.submissions.append(BUSY)
    await many.start()
    job = await many.place("many")

    ended = await many.until_state(job, JobState.POSTED, within_s=60)

    assert job.quote.offer_id == "told/many"
    assert tried(many, job) == [("told", "not_taken", 400_000), ("bee", "taken", 200_000)]
    assert (ended.quote.offer_id, ended.quote.price_micros) == ("bee/many", 400_000)
    assert ended.charged_micros == 200_000


@pytest.mark.parametrize(
    ("refusal", "goes_on"),
    [
        (GONE, "bee"),
        (RULES, ""),
        (Refused(Fault(kind=FaultKind.PROMPT, code="prompt_refused")), ""),
        (Refused(Fault(kind=FaultKind.LIKENESS, code="likeness_refused")), ""),
        (Refused(Fault(kind=FaultKind.PICTURE, code="picture_refused")), ""),
        (Refused(Fault(kind=FaultKind.PROVIDER, code="provider_refused")), ""),
    ],
)
async def test_only_a_refusal_that_says_nothing_of_the_order_goes_on(
    many: Bench, refusal: Refused, goes_on: str
) -> None:
    many.told.submissions.append(refusal)
    await many.start()

    job = await many.until_state(await many.place("many"), JobState.POSTED, JobState.FAILED)

    assert [name for name, *_ in tried(many, job)] == ["told", *filter(None, [goes_on])]
    assert job.charged_micros == (200_000 if goes_on else 0)


async def test_a_model_that_nobody_has_any_more_fails_and_is_sold_no_longer(many: Bench) -> None:
    for name in ("told", "ant", "bee", "cat"):
        provider(many, name).submissions.append(GONE)
    await many.start()

    job = await many.until_state(await many.place("many"), JobState.FAILED)

    assert [name for name, *_ in tried(many, job)] == ["told", "bee", "ant"]
    assert job.fault == GONE.fault
    assert many.operator.told == ["offer_gone"] * 3
    assert (await many.place("many")).quote.offer_id == "cat/many"


async def test_who_has_no_credit_is_left_alone_until_a_probe_is_taken(many: Bench) -> None:
    many.models = MODELS + MODEL + offer("told", "0.10")
    many.told.submissions.extend([NO_CREDIT] * 200)
    jobs = [await many.place("many") for _ in range(20)]
    await many.start()
    await many.passing(minutes=4)
    submissions = len(many.told.submitted)
    with pytest.raises(OrderRefused, match="cannot be ordered at the moment"):
        await many.place("many")

    many.told.submissions.clear()  # topped up
    for job in jobs:
        await many.until_state(job, JobState.POSTED)

    assert submissions <= 20 + 3
    assert many.operator.told == ["provider_out_of_credit", "provider_goes_on"]


async def test_what_waits_for_credit_in_vain_fails_in_ten_minutes_and_costs_nothing(many: Bench) -> None:
    many.models = MODELS + MODEL + offer("told", "0.10")
    many.told.submissions.extend([NO_CREDIT] * 200)
    await many.start()

    job = await many.until_state(await many.place("many"), JobState.FAILED, within_s=1_000)

    assert job.fault == Fault(kind=FaultKind.PROVIDER, code="provider_out_of_credit")
    assert job.charged_micros == 0
    assert len(many.told.submitted) < 6


async def test_a_new_process_asks_a_stopped_account_once(many: Bench) -> None:
    many.models = MODELS + MODEL + offer("told", "0.10")
    many.told.submissions.extend([NO_CREDIT] * 200)
    for _ in range(20):
        await many.place("many")
    await many.start()
    await many.passing(seconds=30)
    await many.kill()
    before = len(many.told.submitted)

    await many.start()
    await many.passing(seconds=30)

    assert len(many.told.submitted) - before == 1
    assert many.operator.told == ["provider_out_of_credit"]


async def test_no_more_than_its_key_allows_are_at_a_provider_and_the_rest_wait_their_turn(
    many: Bench,
) -> None:
    limits = '[[providers]]\nid = "told"\njobs_at_once = 2\nsubmissions_per_minute = 60\n'
    many.models = MODELS + MODEL + offer("told", "0.10") + limits
    at_once: list[int] = []

    async def look() -> None:
        rows = many.connection.execute("SELECT count(*) FROM jobs WHERE state IN ('submitting', 'running')")
        at_once.append(rows.fetchone()[0])

    many.told.meanwhile = look
    many.told.answers.clear()
    many.told.answers.extend([*[Rendering()] * 40, Rendered()])
    jobs = [await many.place("many") for _ in range(8)]
    await many.start()
    await many.passing(seconds=20)
    await many.kill()  # those who are there still count
    await many.start()
    for job in jobs:
        await many.until_state(job, JobState.POSTED)

    assert max(at_once) == 2
    assert {tuple(many.attempts(job)) for job in jobs} == {("taken",)}


class NeverFetched(ToldProvider):
    """Its clips are made, and never to be had."""

    async def fetch(self, ticket: Ticket, into: Path, *, bytes_max: int) -> Fetched:
        del ticket, into, bytes_max
        raise ProviderUnavailable("not now")


async def test_the_place_of_a_job_that_is_made_is_taken_at_once_by_who_waits(many: Bench) -> None:
    many.told = NeverFetched("told")
    limits = '[[providers]]\nid = "told"\njobs_at_once = 1\n'
    many.models = MODELS + MODEL + offer("told", "0.10") + limits
    jobs = [await many.place("many") for _ in range(5)]

    await many.start()
    await many.until(
        lambda: len(many.told.submitted) == len(jobs), within_s=25
    )  # 30 s until a look by itself

    assert {many.job(job.id).attempt for job in jobs} == {1}


async def test_whatever_becomes_of_its_submissions_a_job_is_taken_once_and_never_above_its_quote(
    many: Bench,
) -> None:
    chance = dice("failover")
    outcomes: list[Submission] = [
        BUSY,
        not_taken("provider_unreachable"),
        not_taken("upstream_refused"),
        NO_CREDIT,
        RULES,
        Unknown("502"),
        Taken(Ticket(provider_job_id="")),
    ]
    await many.start()
    ends: set[JobState] = set()
    for _ in range(count(40, 1_000)):
        for name in PRICES:
            told = provider(many, name)
            told.submissions.clear()
            for _ in range(chance.randrange(6)):
                said = chance.choice(outcomes)
                told.submissions.append(said if not isinstance(said, Taken) else _ticket(chance.random()))
            searched: list[Search] = [CannotTell("nothing"), ProvenAbsent()]
            searched.append(Found(Ticket(provider_job_id=f"{name} {chance.random()}")))
            told.searches.clear()
            told.searches.append(chance.choice(searched))
        try:
            job = await many.place("many")
        except OrderRefused:  # every account is stopped; a probe is due soon
            await many.passing(minutes=10)
            continue
        job = await many.until_state(
            job, JobState.POSTED, JobState.FAILED, JobState.UNCERTAIN, within_s=2 * 3_600
        )
        if job.state is JobState.UNCERTAIN:  # found, proven absent, or nobody can tell
            await many.passing(minutes=30)
            job = many.job(job.id)

        attempts = tried(many, job)
        taken = [price for _, outcome, price in attempts if outcome == "taken"]
        assert len(taken) <= 1
        assert all(price == PRICES[name] <= job.quote.price_micros for name, _, price in attempts)
        assert all(outcome == "not_taken" for _, outcome, _ in attempts[:-1])
        if job.state is JobState.POSTED:
            assert [job.charged_micros] == taken
        elif job.state is not JobState.UNCERTAIN:
            assert job.charged_micros == 0
        ends.add(job.state)

    assert {JobState.POSTED, JobState.FAILED, JobState.UNCERTAIN} <= ends


def _ticket(number: float) -> Taken:
    return Taken(Ticket(provider_job_id=f"job {number}"))


async def test_a_clock_that_is_set_forward_opens_no_breaker_early(many: Bench) -> None:
    many.models = MODELS + MODEL + offer("told", "0.10")
    many.told.submissions.extend([NO_CREDIT] * 200)
    await many.start()
    await many.place("many")
    await many.until(lambda: len(many.told.submitted) == 1)

    many.clock.advance(timedelta(minutes=5))
    await many.passing(seconds=50)

    assert len(many.told.submitted) == 1
