"""A member takes back what they said of people in pictures: what rests on it ends, in every state."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain import ClipState, EntryKind, InteractionId, Job, JobState, Kind, Member
from bot.errors import NotYours, OrderRefused
from bot.moderation.comebacks import Comebacks
from bot.moderation.consent import Consents
from bot.moderation.fingerprints import Fingerprints
from bot.moderation.gates import Gate, Mode
from bot.moderation.hashes import Hashes
from bot.moderation.withdrawing import Withdrawing
from bot.ordering.material import PICTURES, source_of
from storage import acts, channel_rules, clips, ledger, pictures, withdrawals
from storage.acts import Wanted
from storage.channel_rules import WHOLE_SERVER, Layer, Pictured
from storage.database import Database
from storage.objections import Statement
from storage.pictures import KeptPicture
from tests.bookkeeping import drive
from tests.props import ANN, BEN, Clock, asked, job_of
from tests.review_scene import OLGA, Bench, clip_of
from tests.stage import open_stage, texts

HOLD, CAPTURE, RELEASE = EntryKind.HOLD, EntryKind.CAPTURE, EntryKind.RELEASE
STATES = (
    JobState.REVIEW,
    JobState.QUEUED,
    JobState.SUBMITTING,
    JobState.RUNNING,
    JobState.STORED,
    JobState.WITHHELD,
    JobState.POSTED,
)
WITH_CLIP = frozenset({JobState.STORED, JobState.WITHHELD, JobState.POSTED})


class Studio:
    """Ann's animations of one picture each, and what is done about them."""

    def __init__(self, database: Database, clock: Clock, folder: Path) -> None:
        self.bench = Bench(database, clock)
        self.database, self.clock, self.folder = database, clock, folder
        self.consents = Consents(database, now=clock)
        self.taken: list[str] = []
        self.withdrawing = Withdrawing(
            database,
            folder=folder,
            now=clock,
            moved=self.bench.moved.append,
            taken=self.taken.extend,
        )
        self._count = 0

    async def order(
        self,
        state: JobState = JobState.QUEUED,
        *,
        said: Statement | None = Statement.AGREED,
        of: Member = ANN,
    ) -> Job:
        """An order from a picture of which this was said, brought to a state."""
        self._count += 1
        picture = KeptPicture(
            id=f"picture{self._count:08d}x",
            member=of,
            path=Path(PICTURES) / f"picture{self._count:08d}x.png",
            media_type="image/png",
            sha256=f"{self._count:02x}" * 32,
            size_bytes=9,
            width=64,
            height=64,
            kept_at=self.clock(),
        )
        (self.folder / picture.path).write_bytes(b"a picture")
        await self.database.write(partial(pictures.insert, picture=picture))
        press = replace(asked(of), kind=Kind.ANIMATE, picture=picture.id, people=said)
        await self.consents.check(press, Pictured.ALL)
        job = job_of(self._count, member=of, at=self.clock())
        order = replace(
            job.order,
            kind=Kind.ANIMATE,
            source=source_of(picture),
            interaction_id=InteractionId(press.interaction_id),
        )
        job = replace(job, order=order)
        await self.database.write(partial(drive, job, state, self.clock()))
        if state in WITH_CLIP:
            clip = replace(clip_of(job), sha256=f"{self._count + 100:02x}" * 32)
            await self.database.write(partial(clips.insert, clip=clip))
        self.clock.advance(timedelta(seconds=1))
        return await self.bench.job(job.id)

    def has_picture(self, job: Job) -> bool:
        assert job.order.source is not None
        return (self.folder / job.order.source.path).exists()

    async def clip(self, job: Job) -> ClipState | None:
        return await self.database.read(partial(clips.state_of, job_id=job.id))


@pytest.fixture
def studio(database: Database, clock: Clock, tmp_path: Path) -> Studio:
    (tmp_path / PICTURES).mkdir()
    return Studio(database, clock, tmp_path)


async def test_what_rests_on_a_statement_ends_with_it_in_every_state(studio: Studio) -> None:
    jobs = {state: await studio.order(state) for state in STATES}

    done = await studio.withdrawing.withdraw(ANN)

    after = {state: (await studio.bench.job(job.id)).state for state, job in jobs.items()}
    assert after == {
        **{state: state for state in STATES},
        JobState.REVIEW: JobState.CANCELLED,
        JobState.QUEUED: JobState.CANCELLED,
        JobState.WITHHELD: JobState.CANCELLED,
    }
    assert done.statements == len(STATES)
    assert set(done.taken_down) == {jobs[JobState.WITHHELD].id, jobs[JobState.POSTED].id} == set(studio.taken)
    assert {job.id for state, job in jobs.items() if state is not JobState.POSTED} == set(done.ended)
    assert studio.bench.moved == list(done.ended)
    for state in (JobState.REVIEW, JobState.QUEUED):
        assert await studio.bench.entries(jobs[state]) == [HOLD, RELEASE]
        assert not studio.has_picture(jobs[state])
    assert (await studio.bench.job(jobs[JobState.RUNNING].id)).cancel_asked_at is not None
    assert studio.has_picture(jobs[JobState.SUBMITTING]), "it is being sent"
    assert await studio.clip(jobs[JobState.POSTED]) is ClipState.TAKEN_DOWN
    assert studio.has_picture(jobs[JobState.POSTED]), "the take-down says what it looks like, and deletes it"
    assert await studio.database.read(ledger.verify) == []


async def test_a_clip_that_comes_all_the_same_is_shown_to_nobody_and_stays_paid(studio: Studio) -> None:
    job, other = await studio.order(JobState.STORED), await studio.order(JobState.STORED, of=BEN)
    await studio.withdrawing.withdraw(ANN)
    woken: list[str] = []
    hashes = Hashes(
        studio.database, Fingerprints(), folder=studio.folder, data=studio.folder, now=studio.clock
    )
    comebacks = Comebacks(studio.database, hashes, None, now=studio.clock, wake=woken.append)

    turned = [await comebacks.turned_away(one, clip_of(one)) for one in (job, other)]

    assert turned == [True, False]
    assert woken == [job.id]
    assert (await studio.bench.job(job.id)).state is JobState.CANCELLED
    assert await studio.clip(job) is ClipState.TAKEN_DOWN
    assert await studio.bench.entries(job) == [HOLD, CAPTURE]


async def test_what_rests_on_nothing_of_the_kind_goes_on(studio: Studio) -> None:
    others = [
        await studio.order(said=Statement.NOBODY),
        await studio.order(said=None),
        await studio.order(of=BEN),
    ]

    done = await studio.withdrawing.withdraw(ANN)

    assert (done.statements, done.ended, done.taken_down, done.pictures) == (0, (), (), ())
    assert [(await studio.bench.job(one.id)).state for one in others] == [JobState.QUEUED] * 3
    kept = await studio.database.read(partial(acts.newest, wanted=Wanted(), limit=9))
    assert "consent.withdrawn" not in [one.verb for one in kept]


async def test_it_is_on_record_once_and_what_is_said_anew_counts(studio: Studio) -> None:
    await studio.order(JobState.POSTED)
    await studio.withdrawing.withdraw(ANN)

    again = await studio.withdrawing.withdraw(ANN)

    assert (again.statements, again.taken_down) == (0, ())
    kept = await studio.database.read(partial(acts.newest, wanted=Wanted(), limit=9))
    assert [one.detail for one in kept if one.verb == "consent.withdrawn"] == [
        '{"clips":1,"orders":0,"statements":1}'
    ]
    studio.clock.advance(timedelta(seconds=1))
    anew = await studio.order()
    assert (
        await studio.database.read(partial(withdrawals.said_with, interaction_id=anew.order.interaction_id))
        is Statement.AGREED
    )


async def test_a_quote_from_before_is_not_accepted_after(studio: Studio) -> None:
    await studio.order()
    press = replace(
        asked(ANN, interaction_id=123), kind=Kind.ANIMATE, picture=f"picture{1:08d}x", people="agreed"
    )
    await studio.consents.check(press, Pictured.OWN)
    studio.clock.advance(timedelta(seconds=1))
    await studio.database.write(partial(withdrawals.withdraw, member=ANN, at=studio.clock()))

    with pytest.raises(OrderRefused, match="was taken back"):
        await studio.consents.check(press, Pictured.OWN)
    studio.clock.advance(timedelta(seconds=1))
    await studio.consents.check(replace(press, interaction_id=124), Pictured.OWN)


async def test_an_approval_asks_for_what_is_said_of_the_picture_by_the_rule_of_today(studio: Studio) -> None:
    bench = studio.bench
    await bench.gate(Gate.RENDERING, Mode.ALL)
    order, quote, _ = await bench.desk.price(asked(ANN))
    source = (await studio.order(JobState.CANCELLED, said=None)).order.source
    silent = await bench.desk.orders.place(replace(order, kind=Kind.ANIMATE, source=source), quote)

    async def approve(rule: Pictured) -> None:
        put = partial(
            channel_rules.put, guild_id=ANN.guild_id, channel_id=WHOLE_SERVER, layer=Layer(pictured=rule)
        )
        await studio.database.write(put)
        await bench.reviews.approve((await bench.review(silent)).id, OLGA, spoiler=False)

    for rule in (Pictured.OWN, Pictured.OFF):
        with pytest.raises(NotYours, match="asks who is in a picture"):
            await approve(rule)
    await approve(Pictured.ALL)


async def test_a_member_takes_it_back_with_the_command(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        press = await stage.ada.slash("consent", {"pictures": "take_back"}, channel=stage.channel())
        told = texts(await stage.ada.answer(press))
        assert told.startswith("You have said nothing of people in pictures here that counts.")

        studio = Studio(stage.database, stage.clock, tmp_path)
        await studio.order(JobState.POSTED, of=stage.member("Ada"))
        await studio.order(JobState.QUEUED, of=stage.member("Ada"))
        press = await stage.ada.slash("consent", {"pictures": "take_back"}, channel=stage.channel())
        told = texts(await stage.ada.answer(press))

    assert told.splitlines() == [
        "What you said of people in pictures here counts no more.",
        "1 order ends by that.",
        "1 clip is taken down everywhere we can reach.",
        "What was made before stays paid; what was only set aside is free again.",
    ]
    assert (len(stage.moderated.ended), len(stage.moderated.taken)) == (1, 1)
