"""Reported clips: who hides one, the limits of false reports, the law's clock, and what moderators decide."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain import ClipState, Job, Member, UserId
from bot.errors import ChangeRefused, NotYours
from bot.moderation.cases import Outcome
from bot.moderation.deadlines import MARKS_HOURS, Deadlines
from bot.moderation.reporting import (
    ALONE_A_DAY_MAX,
    CLOCK,
    DISMISSED_MAX,
    REPORTERS_TO_HIDE,
    REPORTS_A_DAY_MAX,
)
from bot.sandbox.permissions import Permission
from storage import acts, cases, clips, reported
from storage.acts import Wanted
from storage.cases import Case
from storage.reported import Reason, Report
from tests.showing_scene import Scene, open_scene, place
from tests.stage import Json, open_stage, texts
from tests.test_shown import media, name_channel, posted, press, report, until_told


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path) as opened:
        yield opened


class Told:
    """The operator, who remembers what they were told."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def tell(self, code: str, sentence: str) -> None:
        assert "job" in sentence
        self.codes.append(code)


def somebody(scene: Scene, number: int) -> Member:
    return Member(guild_id=scene.stage.member("Ada").guild_id, user_id=UserId(9_000 + number))


async def another(scene: Scene) -> Job:
    """One more clip of Ada's in the channel."""
    job = scene.stage.job(len(await scene.stage.rows()) + 1)
    await scene.stage.database.write(partial(place, job))
    await scene.touched(job.id)
    return await scene.post(await scene.job(job.id))


async def says(scene: Scene, job: Job, number: int, reason: Reason = Reason.OTHER) -> bool:
    """Somebody reports a clip; whether it is hidden then."""
    made = await scene.reporting.report(job.id, reason, "", by=somebody(scene, number))
    assert made.hidden is ((await state(scene, job)) is ClipState.HIDDEN)
    return made.hidden


async def state(scene: Scene, job: Job) -> ClipState | None:
    return await scene.stage.database.read(partial(clips.state_of, job_id=job.id))


async def case_of(scene: Scene, job: Job) -> Case:
    found = await scene.stage.database.read(partial(cases.newest_of, job_id=job.id))
    assert found is not None
    return found


async def decide(scene: Scene, job: Job, outcome: Outcome, by: str = "Mika") -> None:
    await scene.cases.decide(job.id, outcome, by=scene.stage.member(by), moderator=True)


async def verbs(scene: Scene, job: Job) -> list[str]:
    wanted = Wanted(subject=f"job:{job.id}")
    return [act.verb for act in await scene.stage.database.read(lambda tx: list(acts.every(tx, wanted)))]


# who hides a clip


async def test_enough_people_hide_a_clip_together_and_one_fewer_does_not(scene: Scene) -> None:
    job = await posted(scene)

    hidden = [await says(scene, job, number) for number in range(REPORTERS_TO_HIDE)]

    assert hidden == [False] * (REPORTERS_TO_HIDE - 1) + [True]
    case = await case_of(scene, job)
    assert (case.reports, case.hidden_at, case.due_at) == (REPORTERS_TO_HIDE, scene.stage.clock(), None)
    assert await verbs(scene, job) == ["report.made"] * REPORTERS_TO_HIDE + ["clip.hidden"]


async def test_a_server_says_how_many_hide_a_clip(scene: Scene) -> None:
    mika = scene.stage.member("Mika")
    job = await posted(scene)

    await scene.cases.set_reporters_to_hide(2, by=mika)

    assert await scene.cases.reporters_to_hide(mika.guild_id) == 2
    assert [await says(scene, job, number) for number in range(2)] == [False, True]
    with pytest.raises(ChangeRefused, match="no number of people"):
        await scene.cases.set_reporters_to_hide(51, by=mika)


@pytest.mark.parametrize("reason", [Reason.MINOR, Reason.INTIMATE])
async def test_the_gravest_reasons_hide_at_once_and_start_the_clock(scene: Scene, reason: Reason) -> None:
    job = await posted(scene)

    assert await says(scene, job, 1, reason)

    case = await case_of(scene, job)
    assert case.due_at == scene.stage.clock() + CLOCK == scene.stage.clock() + timedelta(hours=48)


async def test_a_graver_reason_starts_the_clock_and_a_milder_one_does_not_stop_it(scene: Scene) -> None:
    job = await posted(scene)
    await says(scene, job, 1, Reason.RIGHTS)
    scene.stage.clock.advance(timedelta(hours=1))

    await says(scene, job, 2, Reason.INTIMATE)
    due_at = (await case_of(scene, job)).due_at
    scene.stage.clock.advance(timedelta(hours=1))
    await says(scene, job, 3, Reason.VIOLENCE)

    case = await case_of(scene, job)
    assert (case.reason, case.due_at) == (Reason.INTIMATE, due_at)
    assert case.due_at == scene.stage.clock() - timedelta(hours=1) + CLOCK


# false reports


async def test_who_was_wrong_too_often_hides_nothing_alone_and_does_not_count(scene: Scene) -> None:
    for _ in range(DISMISSED_MAX):
        job = await another(scene)
        assert await says(scene, job, 1, Reason.MINOR)
        await decide(scene, job, Outcome.DISMISSED)
    job = await another(scene)

    assert not await says(scene, job, 1, Reason.MINOR)
    assert not await says(scene, job, 2)
    assert not await says(scene, job, 3)
    assert await says(scene, job, 4)  # the third that counts

    scene.stage.clock.advance(timedelta(days=91))
    assert await says(scene, await another(scene), 1, Reason.MINOR)  # long ago


async def test_who_was_right_more_often_than_wrong_is_believed(scene: Scene) -> None:
    for number in range(2 * DISMISSED_MAX + 1):
        job = await another(scene)
        await says(scene, job, 1)
        await decide(scene, job, Outcome.KEPT_HIDDEN if number % 2 == 0 else Outcome.DISMISSED)

    assert await says(scene, await another(scene), 1, Reason.INTIMATE)


async def test_one_persons_word_hides_so_many_clips_a_day(scene: Scene) -> None:
    clips_of_ada = [await another(scene) for _ in range(ALONE_A_DAY_MAX + 2)]

    hidden = [await says(scene, job, 1, Reason.MINOR) for job in clips_of_ada[:-1]]
    scene.stage.clock.advance(timedelta(days=1, seconds=1))

    assert hidden == [True] * ALONE_A_DAY_MAX + [False]
    assert await says(scene, clips_of_ada[-1], 1, Reason.MINOR)


async def test_one_person_who_gives_two_reasons_is_one_person_still(scene: Scene) -> None:
    job = await another(scene)
    assert REPORTERS_TO_HIDE == 3
    assert not await says(scene, job, 1)
    assert not await says(scene, job, 1, Reason.VIOLENCE)

    assert not await says(scene, job, 2)
    assert (await case_of(scene, job)).reports == 2
    with pytest.raises(NotYours, match="You have reported this clip before"):
        await says(scene, job, 1, Reason.RIGHTS)
    assert await says(scene, job, 3)


async def test_two_reasons_for_one_clip_are_wrong_once_when_they_are_dismissed(scene: Scene) -> None:
    for _ in range(DISMISSED_MAX - 1):
        job = await another(scene)
        await says(scene, job, 1)
        await says(scene, job, 1, Reason.VIOLENCE)
        await decide(scene, job, Outcome.DISMISSED)

    assert await says(scene, await another(scene), 1, Reason.MINOR)


async def test_one_person_reports_so_many_clips_a_day(scene: Scene) -> None:
    for number in range(1, REPORTS_A_DAY_MAX):
        await scene.stage.database.write(partial(has_reported, scene, number))
    last, one_more = await another(scene), await another(scene)
    await says(scene, last, 1)

    with pytest.raises(NotYours, match="within a day, which is the most"):
        await says(scene, one_more, 1)
    assert await says(scene, last, 1, Reason.MINOR)  # graver, of one of these

    scene.stage.clock.advance(timedelta(days=1, seconds=1))
    await says(scene, one_more, 1)


def has_reported(scene: Scene, number: int, tx: sqlite3.Connection) -> None:
    """The row of an earlier report by the first of `somebody`."""
    job = scene.stage.job(number)
    place(job, tx)
    by = somebody(scene, 1)
    made = Report(
        id=f"r{number}",
        job_id=job.id,
        guild_id=by.guild_id,
        reporter_id=by.user_id,
        reason=Reason.OTHER,
        words="",
        at=scene.stage.clock(),
        hidden=False,
    )
    assert reported.insert(tx, made)
    reported.told(tx, made.id, "of old", at=made.at)


async def test_what_a_moderator_let_be_is_not_hidden_again_by_one_word(scene: Scene) -> None:
    job = await posted(scene)
    assert await says(scene, job, 1, Reason.MINOR)
    await decide(scene, job, Outcome.DISMISSED)

    assert not await says(scene, job, 2, Reason.MINOR)
    assert not await says(scene, job, 3)
    assert await says(scene, job, 4)
    assert (await case_of(scene, job)).reports == 3  # a new case: what was decided stays decided


# decisions


async def test_the_second_moderator_reads_who_decided(scene: Scene) -> None:
    job = await posted(scene)
    await says(scene, job, 1, Reason.MINOR)

    results = await asyncio.gather(
        decide(scene, job, Outcome.DISMISSED),
        decide(scene, job, Outcome.TAKEN_DOWN, by="Bruno"),
        return_exceptions=True,
    )

    (refused,) = [one for one in results if one is not None]
    assert isinstance(refused, NotYours)
    assert f"<@{scene.stage.mika.id}> has looked already, and shown it again." in refused.sentence
    assert await state(scene, job) is ClipState.SHOWN


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_nobody_decides_about_their_own_clip_or_without_being_a_moderator(
    scene: Scene, outcome: Outcome
) -> None:
    job = await posted(scene)
    await says(scene, job, 1)

    with pytest.raises(NotYours, match="own clip"):
        await decide(scene, job, outcome, by="Ada")
    with pytest.raises(NotYours, match="Only a moderator"):
        await scene.cases.decide(job.id, outcome, by=scene.stage.member("Bruno"), moderator=False)
    elsewhere = Member(guild_id=job.order.member.guild_id + 1, user_id=UserId(5))  # type: ignore[arg-type]  # an id
    with pytest.raises(NotYours, match="not known here"):
        await scene.cases.decide(job.id, outcome, by=elsewhere, moderator=True)
    assert (await case_of(scene, job)).decided_at is None


async def test_a_clip_that_is_kept_hidden_can_be_taken_down_by_anybody_and_shown_by_who_hid_it(
    scene: Scene,
) -> None:
    job = await posted(scene)
    await says(scene, job, 1)
    await decide(scene, job, Outcome.KEPT_HIDDEN)
    assert await state(scene, job) is ClipState.HIDDEN

    with pytest.raises(NotYours, match="kept it hidden"):
        await decide(scene, job, Outcome.DISMISSED, by="Bruno")  # from a message that shows the old state
    await decide(scene, job, Outcome.DISMISSED)

    assert await state(scene, job) is ClipState.SHOWN
    other = await another(scene)
    await says(scene, other, 1)
    await decide(scene, other, Outcome.KEPT_HIDDEN)
    scene.stage.clock.advance(timedelta(hours=1))
    await decide(scene, other, Outcome.DISMISSED, by="Bruno")  # an hour later it is a second look
    third = await another(scene)
    await says(scene, third, 1)
    await decide(scene, third, Outcome.KEPT_HIDDEN)
    await decide(scene, third, Outcome.TAKEN_DOWN, by="Bruno")
    assert await state(scene, third) is ClipState.TAKEN_DOWN


async def test_moderators_hide_a_clip_that_is_still_shown_by_the_button_of_its_notice(scene: Scene) -> None:
    await name_channel(scene)
    job = await posted(scene)
    await report(scene, scene.stage.bruno, await scene.message(job), "rights")
    (notice,) = await until_told(scene)

    done = await press(scene, scene.stage.mika, notice, "hide")

    assert texts(done) == "The clip stays hidden until one of you decides otherwise."
    assert media(await scene.message(job)) == []
    assert await verbs(scene, job) == ["report.made", "report.upheld", "clip.hidden"]


async def test_reports_that_add_nothing_are_not_told_again(scene: Scene) -> None:
    await name_channel(scene)
    await scene.cases.set_reporters_to_hide(50, by=scene.stage.member("Mika"))
    job = await posted(scene)
    reasons = [Reason.OTHER, Reason.OTHER, Reason.RIGHTS, Reason.OTHER]

    for number, reason in enumerate(reasons):
        await says(scene, job, number, reason)
        scene.stage.clock.advance(timedelta(seconds=1))
    await scene.reporting.report(job.id, Reason.OTHER, "look at its end", by=somebody(scene, 9))
    await scene.stage.ada.wait_for_message(lambda one: "look at its end" in texts(one), since=0)

    office = await scene.stage.ada.messages(scene.stage.channel("showcase"))
    assert [texts(one).splitlines()[0] for one in reversed(office)] == [
        "### A clip was reported: Something else",
        "### A clip was reported: Somebody else's work or mark",
        "### A clip was reported: Something else",
    ]


async def test_the_time_from_report_to_hidden_is_on_record(scene: Scene) -> None:
    await name_channel(scene)
    job = await posted(scene)

    await report(scene, scene.stage.bruno, await scene.message(job), "intimate")
    await until_told(scene)

    case = await case_of(scene, job)
    assert case.hidden_at == case.unseen_at == scene.stage.clock()
    assert media(await scene.message(job)) == []


# the clock


async def test_moderators_and_the_operator_are_reminded_once_at_each_mark(scene: Scene) -> None:
    await name_channel(scene)
    told = Told()
    duty = Deadlines(scene.stage.database, scene.stage.delivery, told, now=scene.stage.clock)
    job = await posted(scene)
    await says(scene, job, 1, Reason.INTIMATE)
    await until_told(scene)
    await duty.look()
    assert told.codes == []

    for mark in MARKS_HOURS:
        scene.stage.clock.at = (await case_of(scene, job)).opened_at + CLOCK - timedelta(hours=mark)
        await duty.look()
        await duty.look()

    assert told.codes == ["report_due"] * len(MARKS_HOURS)
    office = [texts(one) for one in await scene.stage.ada.messages(scene.stage.channel("showcase"))]
    assert [one.splitlines()[0].partition(":")[0] for one in reversed(office)] == [
        "### A clip was reported",
        "### Time runs out for a reported clip",
        "### Time runs out for a reported clip",
        "### Time runs out for a reported clip",
        "### Time is up for a reported clip",
    ]
    assert (await verbs(scene, job)).count("report.reminded") == len(MARKS_HOURS)


async def reminded(scene: Scene) -> tuple[Deadlines, Job]:
    """A reported clip of which somebody was reminded twice, in the channel for reports."""
    await name_channel(scene)
    duty = Deadlines(scene.stage.database, scene.stage.delivery, Told(), now=scene.stage.clock)
    job = await posted(scene)
    await says(scene, job, 1, Reason.INTIMATE)
    await until_told(scene)
    for mark in MARKS_HOURS[:2]:
        scene.stage.clock.at = (await case_of(scene, job)).opened_at + CLOCK - timedelta(hours=mark)
        await duty.look()
    return duty, job


async def office(scene: Scene) -> list[Json]:
    """What stands in the channel for reports, the oldest first."""
    return [*reversed(await scene.stage.ada.messages(scene.stage.channel("showcase")))]


async def test_reminders_are_cleared_once_it_is_decided(scene: Scene) -> None:
    duty, job = await reminded(scene)
    notice, *reminders = await office(scene)
    await duty.look()
    assert len(await office(scene)) == 3

    await decide(scene, job, Outcome.KEPT_HIDDEN)
    await duty.look()
    await duty.look()

    assert len(reminders) == 2
    assert [one["id"] for one in await office(scene)] == [notice["id"]]


async def test_the_reminder_on_which_it_was_decided_stays_and_says_so(scene: Scene) -> None:
    duty, _job = await reminded(scene)
    notice, _first, second = await office(scene)

    await scene.stage.press(scene.stage.mika, second, "clip:hide:")
    await duty.look()

    left = await office(scene)
    assert [one["id"] for one in left] == [notice["id"], second["id"]]
    assert "has decided: the clip stays hidden." in texts(left[1])


async def test_reminders_in_a_channel_that_was_closed_are_left_alone(scene: Scene) -> None:
    duty, job = await reminded(scene)
    scene.stage.deny(Permission.VIEW_CHANNEL, "showcase")

    await decide(scene, job, Outcome.DISMISSED)
    await duty.look()

    over = await scene.stage.database.read(partial(cases.reminders_over, limit=9))
    assert over == []


async def test_nobody_is_reminded_of_what_is_decided_or_has_no_clock(scene: Scene) -> None:
    told = Told()
    duty = Deadlines(scene.stage.database, scene.stage.delivery, told, now=scene.stage.clock)
    decided, mild = await another(scene), await another(scene)
    await says(scene, decided, 1, Reason.MINOR)
    await says(scene, mild, 1, Reason.RIGHTS)
    await decide(scene, decided, Outcome.KEPT_HIDDEN)

    scene.stage.clock.advance(CLOCK)
    await duty.look()

    assert told.codes == []
