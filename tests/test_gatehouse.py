"""What stops at the gates when it is placed or made, and whose gates hold."""

from dataclasses import replace
from functools import partial

import pytest

from bot.domain import NOWHERE, ChannelId, JobState, Member
from bot.errors import OrderRefused
from bot.moderation.gatehouse import moderated, reviewed
from bot.moderation.gates import Found, Gate, Mode, Why
from bot.moderation.people import Measure, People
from bot.screening.classifier import Subject
from bot.screening.screening import Screening
from bot.screening.verdict import Verdict, unavailable
from storage import places, review_queue
from storage.database import Database
from storage.places import Purpose
from tests.props import ANN, BEN, SHORTEST_MICROS, Clock, Desk, asked, used
from tests.review_scene import CHANNEL, OLGA, Bench


@pytest.fixture
async def bench(database: Database, clock: Clock) -> Bench:
    made = Bench(database, clock)
    await made.gate(Gate.RENDERING, Mode.ALL)
    await made.gate(Gate.SHOWING, Mode.ALL)
    return made


async def test_an_order_at_an_open_gate_goes_on_by_itself(database: Database, clock: Clock) -> None:
    bench = Bench(database, clock)

    job = await bench.place()

    assert job.state is JobState.QUEUED
    assert await database.read(partial(review_queue.waiting, guild_id=ANN.guild_id)) == []


async def test_an_order_at_a_closed_gate_waits_with_its_money_set_aside(bench: Bench) -> None:
    job = await bench.place(takes=3)

    review = await bench.review(job)
    assert {take.state for take in await bench.takes(job)} == {JobState.REVIEW}
    assert (review.why, review.price_micros, review.needed) == (Why.ALL, 3 * SHORTEST_MICROS, 1)
    assert await used(bench.database, bench.clock()) == 3 * SHORTEST_MICROS
    assert await bench.recorded(f"job:{job.id}") == [("review.asked", None)]


async def test_a_channels_own_gate_goes_before_that_of_the_server(bench: Bench) -> None:
    await bench.gate(Gate.RENDERING, Mode.OFF, channel=CHANNEL)

    here, elsewhere = await bench.place(), await bench.place(gated_by=31)

    assert (here.state, elsewhere.state) == (JobState.QUEUED, JobState.REVIEW)


async def test_a_thread_has_the_gates_of_its_channel_before_rendering_and_before_showing(
    bench: Bench,
) -> None:
    await bench.gate(Gate.RENDERING, Mode.OFF)
    await bench.gate(Gate.SHOWING, Mode.OFF)
    await bench.gate(Gate.SHOWING, Mode.ALL, channel=99)

    assert (await bench.place(gated_by=99)).state is JobState.QUEUED
    assert not await bench.holds(await bench.stored())
    assert await bench.holds(await bench.stored(2, gated_by=99))


async def test_what_screening_flagged_in_the_prompt_waits_at_the_later_gate_too(
    database: Database, clock: Clock
) -> None:
    bench = Bench(database, clock)
    await bench.gate(Gate.RENDERING, Mode.OFF)
    found = Found(reasons=("score:openai:violence",), scores={"violence": 0.6})
    job = await bench.place(found=found)
    stored = replace(await bench.stored(2), order_id=job.id)

    assert job.state is JobState.QUEUED
    assert await bench.holds(stored)
    review = await bench.review(stored, Gate.SHOWING)
    assert (review.why, review.found) == (Why.FLAGGED, found)


async def test_only_the_first_of_a_member_wait_and_only_approved_ones_count(
    database: Database, clock: Clock
) -> None:
    bench = Bench(database, clock)
    await bench.gate(Gate.RENDERING, Mode.FIRST, first_n=2)

    async def waits_then(decide: str) -> bool:
        job = await bench.place()
        if decide == "approve":
            await bench.reviews.approve((await bench.review(job)).id, OLGA, spoiler=False)
        if decide == "deny":
            await bench.reviews.deny((await bench.review(job)).id, OLGA, "no", refund=False)
        return job.state is JobState.REVIEW

    waited = [await waits_then(one) for one in ("approve", "deny", "approve", "nothing")]
    assert waited == [True, True, True, False]
    assert (await bench.place(member=BEN)).state is JobState.REVIEW
    assert (await bench.place(gated_by=31)).state is JobState.REVIEW


@pytest.mark.parametrize("gate", list(Gate))
async def test_everything_of_a_member_on_probation_waits_at_both_gates(
    database: Database, clock: Clock, gate: Gate
) -> None:
    bench = Bench(database, clock)
    await bench.gate(gate, Mode.OFF)
    people = People(database, ids=bench.ids, now=clock)
    await people.sanction(ANN, Measure.PROBATION, by=OLGA.member.user_id, reason="new here")

    if gate is Gate.RENDERING:
        job = await bench.place()
        assert job.state is JobState.REVIEW
        assert (await bench.place(member=BEN)).state is JobState.QUEUED
    else:
        job = await bench.withheld()
    assert (await bench.review(job, gate)).why is Why.PROBATION


async def test_outside_servers_what_somebody_would_have_to_look_at_is_refused(
    database: Database, clock: Clock
) -> None:
    bench = Bench(database, clock)
    alone = Member(guild_id=NOWHERE, user_id=ANN.user_id)

    assert (await bench.place(member=alone)).state is JobState.QUEUED
    with pytest.raises(OrderRefused, match="there is none here"):
        await bench.place(member=alone, found=Found(reasons=("score:openai:violence",)))


@pytest.mark.parametrize(
    ("gate", "mode", "expected"),
    [
        (Gate.RENDERING, Mode.OFF, False),
        (Gate.RENDERING, Mode.FLAGGED, True),
        (Gate.SHOWING, Mode.FLAGGED, True),
    ],
)
async def test_a_channel_with_any_gate_is_a_moderated_one(
    database: Database, clock: Clock, gate: Gate, mode: Mode, *, expected: bool
) -> None:
    bench = Bench(database, clock)
    order = (await bench.stored()).order
    for every in Gate:
        await bench.gate(every, Mode.OFF)
    await bench.gate(gate, mode)

    assert await moderated(database, order) is expected


async def test_what_a_classifier_gave_no_answer_to_waits_where_moderators_look_and_is_refused_elsewhere(
    database: Database, clock: Clock
) -> None:
    class Away:
        name = "away"
        sees_pictures = True

        async def look(self, subject: Subject) -> Verdict:
            assert subject.text
            return unavailable(self.name)

    desk = Desk(database, clock, screening=Screening([Away()], reviewed=partial(reviewed, database)))
    with pytest.raises(OrderRefused, match="could not be checked"):
        await desk.orders.propose(asked())
    channel = partial(places.put, guild_id=ANN.guild_id, purpose=Purpose.REVIEWS, channel_id=ChannelId(77))
    await database.write(channel)

    proposal = await desk.orders.propose(asked())
    job = await desk.orders.order(asked(), proposal)

    assert proposal.verdict.undecided
    assert job.state is JobState.REVIEW
