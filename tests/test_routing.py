"""Where a job goes: breakers, accounts that stop, places and turns; on a clock that is set by hand."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.catalogue import Catalogue, load
from bot.domain import (
    ChannelId,
    Fault,
    FaultKind,
    InteractionId,
    Job,
    JobId,
    JobState,
    Kind,
    OfferId,
    Source,
    Ticket,
)
from bot.errors import OrderRefused
from bot.jobs.patience import QUEUED_MAX
from bot.offers.breaker import Circuit
from bot.offers.health import ACCOUNT, Fitness, Health
from bot.offers.models_file import read
from bot.offers.throttle import FOR_A_PLACE_S
from bot.providers.protocol import NotTaken, Refused, Taken, Unknown
from bot.routing import STOPPED_MAX, Go, Later, Nowhere
from storage.attempts import Left
from tests.model_rows import model_row, offer_row
from tests.props import ANN, Clock, job_of
from tests.routes import Remembering, Steady, routing

MODEL = model_row("reel", kinds=["generate", "remix"])


def offer(provider: str, usd: str, route: str = "x") -> str:
    more = {"endpoint": f"{provider}/reel", "kinds": ["generate", "remix"], "route": route}
    return offer_row("reel", provider, protocol="fal", usd=usd, **more)


PRICES = {"ant": "0.10", "bee": "0.10", "cat": "0.30"}
ANT, BEE, CAT = (OfferId(f"{name}/reel@x") for name in PRICES)

BUSY = NotTaken(Fault(kind=FaultKind.PROVIDER, code="provider_busy"))
NO_CREDIT = NotTaken(Fault(kind=FaultKind.PROVIDER, code="provider_out_of_credit"))
NO_KEY = NotTaken(Fault(kind=FaultKind.PROVIDER, code="provider_key_refused"))
TAKEN = Taken(Ticket(provider_job_id="1"))
RULES = Refused(Fault(kind=FaultKind.RULES, code="moderation_blocked"))
GONE = Refused(Fault(kind=FaultKind.PROVIDER, code="model_gone"))
OURS = Refused(Fault(kind=FaultKind.OURS, code="source_unreadable"))


class Desk:
    """Routing with all its parts to look at."""

    def __init__(self, folder: Path, *, more: str = "", order: tuple[str, ...] = (), **prices: str) -> None:
        self.clock = Steady()
        self.operator = Remembering()
        self.health = Health(self.operator, clock=self.clock)
        path = folder / "models.toml"
        offers = (offer(name, usd) for name, usd in (prices or PRICES).items())
        path.write_text(MODEL + "".join(offers) + more)
        self.models: Catalogue = load(
            path,
            providers=frozenset(prices or PRICES),
            now=Clock(),
            provider_order=order,
            fitness=self.health.fitness,
        )
        self.routing = routing(self.models, operator=self.operator, health=self.health, clock=self.clock)
        self.made = 0

    def job(self, **changes: Any) -> Job:
        self.made += 1
        order, quote, _ = self.models.order(
            kind=Kind.GENERATE,
            member=ANN,
            channel_id=ChannelId(30),
            interaction_id=InteractionId(self.made),
            prompt="a boat",
            model="reel",
        )
        return replace(job_of(self.made), order=replace(order, **changes), quote=quote)

    def route(self, job: Job, *, waited: timedelta = timedelta(), **tried: int) -> Go | Later | Nowhere:
        names = {OfferId(f"{name}/reel@x"): times for name, times in tried.items()}
        return self.routing.route(job, names, source_bytes=0, waited=waited)

    def go(self, job: Job, **tried: int) -> Go:
        found = self.route(job, waited=timedelta(), **tried)
        assert isinstance(found, Go), found
        return found

    def ends(self, job: Job, submission: Any, **tried: int) -> str:
        """The job goes somewhere, and it ends so; returns where that was."""
        went = self.go(job, **tried)
        self.routing.ended(job.id, went.offer, submission)
        return went.offer.id

    def later(self, job: Job, **tried: int) -> float:
        found = self.route(job, waited=timedelta(), **tried)
        assert isinstance(found, Later), found
        return found.seconds


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# Which offer


def test_the_cheapest_goes_first_and_the_next_after_it_never_above_the_quote(desk: Desk) -> None:
    job = desk.job()

    assert desk.ends(job, BUSY) == ANT
    assert desk.routing.is_untried_elsewhere(job, {ANT: 1}, source_bytes=0)
    assert desk.ends(job, BUSY, ant=1) == BEE
    assert not desk.routing.is_untried_elsewhere(job, {ANT: 1, BEE: 1}, source_bytes=0)
    assert desk.ends(job, BUSY, ant=2, bee=1) == BEE
    assert desk.go(job, ant=2, bee=2).offer.id == ANT


def test_where_only_the_dearer_is_well_it_is_quoted_and_the_cheaper_may_take_it(desk: Desk) -> None:
    for _ in range(5):
        for offer in (ANT, BEE):
            desk.health.begin(offer)
            desk.health.failed(offer, "provider_busy")
    job = desk.job()

    assert job.quote.offer_id == CAT
    assert desk.go(job).offer.id == CAT
    desk.clock.at += 10.0
    went = desk.go(job)
    assert (went.offer.id, went.price_micros) == (ANT, 400_000)
    assert job.quote.price_micros == 1_200_000


def test_a_job_waits_where_all_within_its_quote_are_at_rest(desk: Desk) -> None:
    probe, other, third = desk.job(), desk.job(), desk.job()
    for _ in range(5):
        for offer in (ANT, BEE):
            desk.health.failed(offer, "provider_busy")

    assert desk.later(probe) == 10.0
    desk.clock.at += 10.0
    assert {desk.go(probe).offer.id, desk.go(other).offer.id} == {ANT, BEE}
    assert desk.later(third) == 2.0  # a probe is out at each
    desk.routing.ended(probe.id, desk.models.takers(probe.order, only_at="ant")[0], TAKEN)
    assert desk.go(third).offer.id == ANT


def test_the_operators_order_is_kept_also_when_it_fails_over(tmp_path: Path) -> None:
    desk = Desk(tmp_path, order=("cat", "bee"))
    job = desk.job()

    assert (job.quote.offer_id, job.quote.price_micros) == (CAT, 1_200_000)
    assert [desk.ends(job, BUSY, cat=n >= 1, bee=n >= 2) for n in range(3)] == [CAT, BEE, ANT]


def test_what_only_one_provider_has_stays_there(desk: Desk) -> None:
    clip = Source(path=Path("c"), media_type="video/mp4", width=1280, height=720, provider_video_id="video_1")
    job = desk.job(kind=Kind.REMIX, source=clip)

    assert desk.ends(job, BUSY) == ANT
    assert not desk.routing.is_untried_elsewhere(job, {ANT: 1}, source_bytes=0)
    assert desk.ends(job, BUSY, ant=9) == ANT
    assert (
        desk.ends(desk.job(kind=Kind.REMIX, source=replace(clip, provider_video_id=None)), BUSY, ant=9) == BEE
    )


def test_what_has_become_dearer_or_is_gone_goes_nowhere(tmp_path: Path, desk: Desk) -> None:
    job = desk.job()
    dearer = Desk(tmp_path, ant="0.11")
    other = Desk(tmp_path, cat="0.30")

    assert dearer.route(job) == Nowhere("offer_dearer")
    assert other.route(job) == Nowhere("offer_gone")
    assert desk.route(job, waited=QUEUED_MAX + timedelta(seconds=1)) == Nowhere("queued_too_long")


def test_an_offer_that_is_gone_is_out_at_once_and_the_operator_hears_of_it_once(desk: Desk) -> None:
    one, two = desk.job(), desk.job()
    going = [desk.go(one), desk.go(two)]
    for job, went in zip((one, two), going, strict=True):
        desk.routing.ended(job.id, went.offer, GONE)

    assert desk.operator.told == ["offer_gone"]
    assert desk.go(one).offer.id == BEE
    assert desk.job().quote.offer_id == BEE
    assert OfferId(ANT) not in [offer.id for offer in desk.models.open_offers("reel")]


@pytest.mark.parametrize("refusal", [RULES, TAKEN])
def test_a_refusal_of_the_order_says_that_the_offer_is_well(desk: Desk, refusal: Any) -> None:
    for _ in range(5):
        desk.health.failed(ANT, "provider_busy")
    desk.clock.at += 10.0

    assert desk.ends(desk.job(), refusal, bee=1) == ANT
    assert desk.health.fitness(ANT) is Fitness.READY


def test_a_fault_of_ours_says_nothing_about_the_offer(desk: Desk) -> None:
    for _ in range(5):
        desk.health.failed(ANT, "provider_busy")
    desk.clock.at += 10.0

    assert desk.ends(desk.job(), OURS, bee=1) == ANT
    assert desk.health.fitness(ANT) is Fitness.RESTING
    assert desk.go(desk.job(), bee=1).offer.id == ANT  # the probe may go again


def test_an_unknown_outcome_counts_as_a_failure(desk: Desk) -> None:
    for _ in range(5):
        assert desk.ends(desk.job(), Unknown("502"), bee=1) == ANT

    assert [(each.name, each.circuit, each.why) for each in desk.health.standings()] == [
        (ANT, Circuit.OPEN, "outcome_unknown")
    ]


def test_a_provider_is_given_the_time_that_it_asks_for(desk: Desk) -> None:
    job = desk.job()

    assert desk.ends(job, replace(BUSY, retry_after_s=600.0)) == ANT
    assert desk.ends(job, replace(BUSY, retry_after_s=1e9)) == BEE
    assert desk.later(job) == 600.0
    desk.clock.at += 3_600.0
    assert desk.go(job, ant=1).offer.id == BEE  # nobody is left alone for longer than an hour


# Accounts


@pytest.mark.parametrize(
    ("said", "code"), [(NO_CREDIT, "provider_out_of_credit"), (NO_KEY, "provider_key_refused")]
)
def test_an_account_that_stops_is_told_once_and_not_once_a_job(desk: Desk, said: Any, code: str) -> None:
    jobs = [desk.job() for _ in range(20)]
    going = [desk.go(job) for job in jobs]
    for job, went in zip(jobs, going, strict=True):
        desk.routing.ended(job.id, went.offer, said)
    elsewhere = desk.go(desk.job()).offer.id
    for _ in range(5):  # probes that fail
        desk.clock.at += ACCOUNT.most_s
        desk.routing.ended(jobs[0].id, desk.go(jobs[0], bee=9).offer, said)
    before = list(desk.operator.told)
    desk.clock.at += ACCOUNT.most_s
    desk.routing.ended(jobs[0].id, desk.go(jobs[0], bee=9).offer, TAKEN)

    assert elsewhere == BEE
    assert before == [code]
    assert desk.operator.told == [code, "provider_goes_on"]
    assert list(desk.health.standings()) == []


def test_a_stopped_account_is_not_quoted_and_what_waits_for_it_is_given_up_in_time(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ant="0.10")
    job, waiting = desk.job(), desk.job()
    desk.ends(job, NO_CREDIT)

    with pytest.raises(OrderRefused, match="Reel cannot be ordered at the moment"):
        desk.job()
    assert desk.later(waiting) == 60.0
    assert desk.route(waiting, waited=STOPPED_MAX + timedelta(seconds=1)) == Nowhere("provider_out_of_credit")
    desk.clock.at += 60.0
    assert desk.job().quote.offer_id == ANT  # its probe is due: somebody has to try


def test_all_offers_of_a_stopped_account_are(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ant="0.10", more=offer("ant", "0.05", route="y"))
    job = desk.job()

    assert desk.ends(job, NO_CREDIT) == "ant/reel@y"
    assert not desk.health.admits(ANT)
    assert not desk.routing.is_untried_elsewhere(job, {}, source_bytes=0)


def test_a_new_process_lets_one_probe_go_to_an_account_that_was_stopped(desk: Desk) -> None:
    left = [
        Left(job_id=JobId("a"), state=JobState.QUEUED, offer_id=ANT, detail="provider_out_of_credit: 402"),
        Left(job_id=JobId("b"), state=JobState.QUEUED, offer_id=BEE, detail="provider_busy: 429"),
    ]
    desk.routing.rebuild(left)
    probe, other = desk.job(), desk.job()

    assert desk.go(probe, bee=1).offer.id == ANT
    assert desk.go(other, bee=1).offer.id == BEE
    desk.routing.ended(probe.id, desk.models.takers(probe.order, only_at="ant")[0], NO_CREDIT)
    assert desk.operator.told == []  # the process before this one said so


# Places


def test_a_job_without_a_place_goes_to_another_that_costs_no_more(tmp_path: Path) -> None:
    desk = Desk(tmp_path, more='[[providers]]\nid = "ant"\njobs_at_once = 1\n')
    first, second, third = desk.job(), desk.job(), desk.job()

    assert [desk.go(job).offer.id for job in (first, second)] == [ANT, BEE]
    desk.routing.left(first.id)
    assert desk.go(third).offer.id == ANT
    desk.routing.withdrawn(third.id, desk.models.takers(third.order, only_at="ant")[0])
    assert desk.go(first).offer.id == ANT


def test_a_job_that_a_provider_may_have_keeps_its_place(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ant="0.10", more='[[providers]]\nid = "ant"\njobs_at_once = 1\n')
    first, second = desk.job(), desk.job()
    offer = desk.go(first).offer

    desk.routing.ended(first.id, offer, Unknown("502"))

    assert desk.later(second) == FOR_A_PLACE_S
    desk.routing.left(first.id)
    assert desk.go(second).offer.id == ANT


def test_who_waits_for_a_place_is_named_when_it_is_free(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ant="0.10", more='[[providers]]\nid = "ant"\njobs_at_once = 1\n')
    first, second = desk.job(), desk.job()
    desk.go(first)

    assert desk.later(second) == FOR_A_PLACE_S
    assert desk.routing.freed() == []
    desk.routing.ended(first.id, desk.models.takers(first.order, only_at=None)[0], BUSY)
    assert desk.routing.freed() == [second.id]
    assert desk.routing.freed() == []
    assert desk.go(second).offer.id == ANT


# The models file


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            '[[routes]]\nmodel = "reel"\nproviders = ["dog"]\n',
            "'dog' does not offer it; allowed: ant, bee, cat",
        ),
        (
            '[[routes]]\nmodel = "rel"\nproviders = ["ant"]\n',
            "allowed: nobody: there is no offer of this model",
        ),
        ('[[routes]]\nmodel = "reel"\nproviders = []\n', "List should have at least 1 item"),
        ('[[routes]]\nmodel = "reel"\nprovider = "ant"\n', "there is no such key; did you mean providers?"),
        ('[[providers]]\nid = "ant"\njobs_at_once = 0\n', "allowed: greater than or equal to 1"),
        ('[[providers]]\nid = "ant"\njobs = 2\n', "there is no such key"),
        ('[[providers]]\nid = "ant"\njobs_at_once = "2"\n', "write a whole number without quotes"),
    ],
)
def test_a_wrong_pin_or_limit_is_named_and_what_it_is_about_is_not_sold(
    tmp_path: Path, more: str, says: str
) -> None:
    path = tmp_path / "models.toml"
    offers = "".join(offer(name, usd) for name, usd in PRICES.items())
    path.write_text(MODEL + offers + more)

    rows = read(path)

    assert any(says in fault and fault.startswith(f"{path}:") for fault in rows.faults)
    sold = {offer.id for offer in rows.offers}
    assert sold == ({BEE, CAT} if "providers]]" in more else set() if '"reel"' in more else {ANT, BEE, CAT})


def test_our_own_file_knows_what_a_key_of_replicate_may_do() -> None:
    models = load(None, providers=frozenset({"replicate"}), now=Clock())

    assert [(row.id, row.submissions_per_minute, row.jobs_at_once) for row in models.limits] == [
        ("replicate", 600, None)
    ]


def test_an_operators_row_of_limits_replaces_ours(tmp_path: Path) -> None:
    desk = Desk(tmp_path, more='[[providers]]\nid = "replicate"\nsubmissions_per_minute = 6\n')

    assert [(row.id, row.submissions_per_minute) for row in desk.models.limits] == [("replicate", 6)]
