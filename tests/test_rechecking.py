"""What is asked once more when a moderator approves, of an order that waited while things changed."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain import ChannelId, ClipState, GuildId, Job, JobId, JobState, Kind, UserId
from bot.errors import NotYours
from bot.moderation.consent import Consents
from bot.moderation.fingerprints import Fingerprints
from bot.moderation.gates import Gate, Mode
from bot.moderation.hashes import Hashes
from bot.moderation.people import Measure, People
from bot.moderation.rechecking import Rechecking
from bot.ordering.material import source_of
from bot.reviews import Decision, Passed
from bot.screening.classifier import Subject
from bot.screening.screening import Screening
from bot.screening.verdict import MINORS, PASSED, Outcome, Reason, Verdict, unavailable
from storage import acts, channel_rules, clips, hashes, objections, pictures, remix_asks
from storage.acts import Wanted
from storage.channel_rules import WHOLE_SERVER, Layer, Remixing
from storage.database import Database
from storage.objections import Matter
from storage.pictures import KeptPicture
from storage.remix_asks import RemixAsk
from tests.bookkeeping import drive
from tests.props import ANN, BEN, Clock, asked, job_of
from tests.review_scene import OLGA, PER, Bench, clip_of


class Mood:
    """A classifier that says what it is told to."""

    name = "mood"
    sees_pictures = True

    def __init__(self) -> None:
        self.verdict = PASSED

    async def look(self, subject: Subject) -> Verdict:
        del subject
        return self.verdict


STOPPED = Verdict(outcome=Outcome.BLOCK, reasons=(Reason(code="word", source="server"),))
GRAVEST = Verdict(outcome=Outcome.BLOCK, reasons=(Reason(code="score", source="mood", category=MINORS),))
LOOKED_AT = Verdict(outcome=Outcome.QUEUE, reasons=(Reason(code="word", source="server"),))


@pytest.fixture
def mood() -> Mood:
    return Mood()


@pytest.fixture
async def bench(database: Database, clock: Clock, mood: Mood) -> Bench:
    made = Bench(database, clock, rechecking=Rechecking(Screening([mood])))
    await made.gate(Gate.RENDERING, Mode.ALL)
    await made.gate(Gate.SHOWING, Mode.ALL)
    return made


async def refused(bench: Bench, job: Job, gate: Gate = Gate.RENDERING) -> str:
    """Why it cannot be approved; nothing is decided, noted or moved by it."""
    review, before = await bench.review(job, gate), await bench.job(job.id)
    with pytest.raises(NotYours) as why:
        await bench.reviews.approve(review.id, OLGA, spoiler=False)
    assert await bench.review(job, gate) == review
    assert await bench.job(job.id) == before
    assert bench.moved == []
    return why.value.sentence


async def test_words_that_are_stopped_meanwhile_are_not_approved(bench: Bench, mood: Mood) -> None:
    job = await bench.place(takes=2)
    mood.verdict = STOPPED

    assert await refused(bench, job) == (
        "Screening stops this now, which it did not when it was ordered. Nothing was charged. "
        "It waits on: deny it, or ask for a change."
    )

    mood.verdict = LOOKED_AT  # which a moderator does
    assert await bench.reviews.approve((await bench.review(job)).id, OLGA, spoiler=False) is Passed.PASSED


async def test_where_a_classifier_is_silent_the_moderator_decides(bench: Bench, mood: Mood) -> None:
    job = await bench.place()
    mood.verdict = unavailable("mood")

    assert await bench.reviews.approve((await bench.review(job)).id, OLGA, spoiler=False) is Passed.PASSED


async def test_a_clip_is_judged_as_it_is_but_for_what_nobody_may_allow(bench: Bench, mood: Mood) -> None:
    job = await bench.withheld()
    mood.verdict = GRAVEST

    assert (await refused(bench, job, Gate.SHOWING)).startswith("Screening forbids this, whoever looks")

    mood.verdict = STOPPED
    await bench.reviews.approve((await bench.review(job, Gate.SHOWING)).id, OLGA, spoiler=False)
    assert (await bench.job(job.id)).state is JobState.STORED


async def test_whoever_is_second_reads_who_decided_and_nothing_is_looked_at(bench: Bench, mood: Mood) -> None:
    job = await bench.place()
    review = await bench.review(job)
    await bench.reviews.deny(review.id, OLGA, "no", refund=False)
    mood.verdict = STOPPED

    with pytest.raises(NotYours, match="<@2001> has denied this already"):
        await bench.reviews.approve(review.id, PER, spoiler=False)


@pytest.mark.parametrize("gate", list(Gate))
async def test_who_does_not_want_to_be_depicted_is_not_by_an_order_that_waited(
    bench: Bench, gate: Gate
) -> None:
    consents = Consents(bench.database, now=bench.clock)
    job = await bench.place() if gate is Gate.RENDERING else await bench.withheld()
    await consents.wish(BEN, depict=False, remix=None, known_as=["paper boat"])

    assert await refused(bench, job, gate) == (
        "As things stand now this could not be ordered any more: “The prompt means somebody here who does "
        "not want to be depicted.” Nothing was charged. It waits on: deny it, or ask for a change."
    )

    await consents.wish(BEN, depict=True, remix=None, known_as=[])
    await bench.reviews.approve((await bench.review(job, gate)).id, OLGA, spoiler=False)


async def test_the_order_of_a_member_who_was_blocked_meanwhile_waits_on(bench: Bench) -> None:
    people = People(bench.database, ids=bench.ids, now=bench.clock)
    job = await bench.place()
    block = await people.sanction(ANN, Measure.BLOCK, by=UserId(2001), reason="enough")

    assert "You are blocked from this bot on this server." in await refused(bench, job)

    await people.lift(block.id, guild_id=ANN.guild_id, by=UserId(2001))
    await people.sanction(
        ANN, Measure.COOLDOWN, by=UserId(2001), reason="calm", holds_for=timedelta(hours=1)
    )  # which keeps from new orders alone
    assert await bench.reviews.approve((await bench.review(job)).id, OLGA, spoiler=False) is Passed.PASSED


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        (Layer(kinds=(Kind.ANIMATE,)), "This channel takes orders made from these alone: pictures."),
        (Layer(models=("another",)), "This channel takes these models alone: another."),
        (Layer(duration_max_s=3), "Clips of this channel have 3 seconds at most."),
        (Layer(price_max_micros=1), "An order in this channel costs $0.000001 at most"),
    ],
)
async def test_the_channels_rules_of_today_hold_for_what_waits(bench: Bench, layer: Layer, told: str) -> None:
    job = await bench.place()
    await bench.database.write(
        partial(channel_rules.put, guild_id=ANN.guild_id, channel_id=WHOLE_SERVER, layer=layer)
    )

    assert told in await refused(bench, job)


async def test_what_all_takes_cost_together_is_what_the_rule_is_about(bench: Bench) -> None:
    one, two = await bench.place(), await bench.place(takes=2)
    layer = Layer(price_max_micros=one.quote.price_micros)
    await bench.database.write(
        partial(channel_rules.put, guild_id=ANN.guild_id, channel_id=WHOLE_SERVER, layer=layer)
    )

    assert "costs" in await refused(bench, two)
    assert await bench.reviews.approve((await bench.review(one)).id, OLGA, spoiler=False) is Passed.PASSED


async def remix(bench: Bench) -> tuple[Job, JobId]:
    """A remix of Ben's clip by Ann that waits, and the clip's job."""
    source = job_of(77, member=BEN, at=bench.clock())
    await bench.database.write(partial(drive, source, JobState.POSTED, bench.clock()))
    await bench.database.write(partial(clips.insert, clip=clip_of(source)))
    order, quote, _ = await bench.desk.price(asked(ANN))
    order = replace(order, kind=Kind.REMIX, source_job_id=source.id)
    return await bench.desk.orders.place(order, quote), source.id


async def test_the_remix_of_a_clip_whose_member_objects_meanwhile_waits_on(bench: Bench) -> None:
    job, _ = await remix(bench)
    await bench.database.write(partial(objections.join, member=BEN, matter=Matter.REMIX, at=bench.clock()))

    assert "does not want theirs remixed" in await refused(bench, job)


@pytest.mark.parametrize("state", [ClipState.HIDDEN, ClipState.TAKEN_DOWN])
async def test_what_goes_on_from_a_clip_that_was_taken_away_waits_on(bench: Bench, state: ClipState) -> None:
    job, source = await remix(bench)
    await bench.database.write(
        partial(clips.change_state, job_id=source, to=state, among=frozenset({ClipState.SHOWN}))
    )

    assert "has been deleted or hidden" in await refused(bench, job)


async def test_what_starts_from_a_picture_that_was_taken_down_meanwhile_waits_on(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    hashes_of = Hashes(database, Fingerprints(), folder=tmp_path, data=tmp_path, now=clock)
    bench = Bench(database, clock, rechecking=Rechecking(Screening(), hashes_of))
    await bench.gate(Gate.RENDERING, Mode.ALL)
    job, other = await animation(bench, "p"), await animation(bench, "q")
    await database.write(
        partial(
            hashes.block,
            guild_id=ANN.guild_id,
            sha256=(f"{ord('p'):02x}") * 32,
            kind=hashes.Kind.PICTURE,
            job_id=other.id,
            at=clock(),
        )
    )

    assert "was taken down meanwhile" in await refused(bench, job)
    assert await bench.reviews.approve((await bench.review(other)).id, OLGA, spoiler=False) is Passed.PASSED


async def animation(bench: Bench, letter: str) -> Job:
    """An order of Ann's from a picture of hers, that waits."""
    picture = KeptPicture(
        id=letter * 16,
        member=ANN,
        path=Path(f"pictures/{letter * 16}.png"),
        media_type="image/png",
        sha256=f"{ord(letter):02x}" * 32,
        size_bytes=9,
        width=64,
        height=64,
        kept_at=bench.clock(),
    )
    await bench.database.write(partial(pictures.insert, picture=picture))
    order, quote, _ = await bench.desk.price(asked(ANN))
    order = replace(order, kind=Kind.ANIMATE, source=source_of(picture))
    return await bench.desk.orders.place(order, quote)


async def test_a_yes_to_a_remix_that_held_when_it_was_ordered_holds_for_it(bench: Bench) -> None:
    job, source = await remix(bench)
    asks = Layer(remixing=Remixing.ASKED)
    await bench.database.write(
        partial(channel_rules.put, guild_id=ANN.guild_id, channel_id=WHOLE_SERVER, layer=asks)
    )
    assert "only when its member allows it" in await refused(bench, job)

    ask = RemixAsk(
        id=bench.ids.new(),
        guild_id=GuildId(ANN.guild_id),
        channel_id=ChannelId(30),
        clip_job_id=source,
        owner_id=BEN.user_id,
        asker_id=ANN.user_id,
        asked_at=bench.clock(),
        expires_at=bench.clock() + timedelta(hours=2),
    )
    await bench.database.write(partial(remix_asks.insert, ask=ask))
    await bench.database.write(
        partial(remix_asks.answer, ask_id=ask.id, allowed=True, at=bench.clock(), expires_at=ask.expires_at)
    )
    bench.clock.advance(timedelta(hours=3))

    assert await bench.reviews.approve((await bench.review(job)).id, OLGA, spoiler=False) is Passed.PASSED
    assert (await bench.review(job)).decision is Decision.APPROVED
    kept = await bench.database.read(partial(acts.newest, wanted=Wanted(), limit=9))
    assert "review.approved" in [one.verb for one in kept]
