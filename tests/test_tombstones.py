"""What was forgotten after a backup was made stays so when that backup is put back."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.clips.link_key import key_in
from bot.domain import ChannelId, ClipState, EntryKind, Job, JobId, JobState, Micros, UserId
from bot.moderation.takedowns import begin
from bot.operating import backups, restoring
from bot.operating.restoring import Restored
from bot.operating.retention import Retention
from bot.privacy.tombstones import NAME, Tombstones, pseudonym, read
from storage import clips, erasures, grants, hashes, jobs, ledger, remix_asks, removals, takedowns
from storage.database import open_database
from storage.remix_asks import RemixAsk
from storage.takedowns import Cause
from tests.bookkeeping import drive
from tests.books import entries_of
from tests.privacy_scene import SECRET, People, opened
from tests.props import ANN, BEN, job_of

KEPT = timedelta(days=30)


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    async with opened(tmp_path) as scene:
        try:
            yield scene
        finally:
            await scene.database.close()  # which may be another by now, that a restore has opened


def stones(people: People) -> Tombstones:
    return Tombstones(
        people.database,
        folder=people.folder,
        into=people.folder / "backups",
        kept_for=KEPT,
        now=people.clock,
    )


async def erased(people: People, user_id: UserId = ANN.user_id) -> None:
    await people.erasing().ask(user_id)


async def deleted(people: People, job: Job) -> None:
    def delete(tx: sqlite3.Connection) -> None:
        clips.change_state(tx, job.id, ClipState.DELETED, among=frozenset({ClipState.SHOWN}))
        removals.begin(tx, job.id, by=ANN.user_id, at=people.clock())

    await people.database.write(delete)


async def taken_down(people: People, job: Job) -> None:
    await people.database.write(
        partial(
            begin,
            job=job,
            cause=Cause.INTIMATE,
            by=UserId(9),
            blocked_in=ANN.guild_id,
            at=people.clock(),
        )
    )


async def put_back(people: People) -> Restored:
    """Lose the database, and put the newest backup in its place, as `dailies restore` does."""
    await people.database.close()
    for file in people.folder.glob("dailies.db*"):
        file.unlink()
    into = people.folder / "backups"
    restored = restoring.restore(backups.listed(into)[-1].path, people.folder, at=people.clock(), beside=into)
    people.database = await open_database(people.folder / "dailies.db")
    return restored


def backed_up(people: People) -> None:
    backups.make(people.folder, people.folder / "backups", at=people.clock())
    people.clock.advance(timedelta(hours=1))


async def state(people: People, job: Job) -> tuple[JobState, ClipState | None]:
    clip = await people.database.read(partial(clips.state_of, job_id=job.id))
    return (await people.job(job.id)).state, clip


async def test_a_person_who_was_erased_since_is_erased_again(people: People) -> None:
    job, of_ben = await people.clip(), await people.clip(BEN, prompt="a kite")
    await stones(people).note()
    backed_up(people)
    await erased(people)
    assert await stones(people).note() == 1

    restored = await put_back(people)

    assert (restored.again.people, restored.again.clips) == (1, 0)
    assert (await people.job(job.id)).order.prompt == SECRET, "its steps are the bot's"
    duty = people.erasing()
    for _ in range(4):
        await duty.once()
        await people.take_removals()
        people.clock.advance(timedelta(minutes=15))
    progress = await duty.progress(ANN.user_id)
    assert progress is not None
    assert progress.is_over
    assert SECRET.encode() not in people.bytes_of_database()
    assert (await people.job(of_ben.id)).order.prompt == "a kite"


async def test_somebody_of_whom_a_grant_or_a_question_alone_is_kept_is_erased_again(people: People) -> None:
    granted, asker, owner = UserId(1_101), UserId(1_102), UserId(1_103)
    member = replace(ANN, user_id=granted)
    job, at = await people.clip(), people.clock()
    ask = RemixAsk(
        id="ask",
        guild_id=ANN.guild_id,
        channel_id=ChannelId(30),
        clip_job_id=job.id,
        owner_id=owner,
        asker_id=asker,
        asked_at=at,
        expires_at=at + timedelta(days=1),
    )
    give = partial(grants.give, member=member, amount_micros=Micros(1), by=UserId(9), reason=SECRET, at=at)
    await people.database.write(give)
    await people.database.write(partial(remix_asks.insert, ask=ask))
    backed_up(people)
    for user_id in (granted, asker, owner):
        await erased(people, user_id)
    await stones(people).note()

    restored = await put_back(people)

    assert restored.again.people == 3


async def test_clips_that_were_taken_away_since_are_away_again(people: People) -> None:
    deleted_one, down, other = [await people.clip() for _ in range(3)]
    backed_up(people)
    await deleted(people, deleted_one)
    await taken_down(people, down)
    await stones(people).note()

    restored = await put_back(people)

    assert (restored.again.people, restored.again.clips) == (0, 2)
    assert await state(people, deleted_one) == (JobState.POSTED, ClipState.DELETED)
    assert await state(people, down) == (JobState.POSTED, ClipState.TAKEN_DOWN)
    assert await state(people, other) == (JobState.POSTED, ClipState.SHOWN)
    assert await people.database.read(removals.to_do) == sorted([deleted_one.id, down.id])
    found = await people.database.read(partial(takedowns.of, job_id=down.id))
    assert found is not None
    assert (found.cause, found.guild_id) == (Cause.INTIMATE, ANN.guild_id)
    blocked = await people.database.read(partial(hashes.of_clip, job_id=down.id))
    assert [one.guild_id for one in blocked] == [ANN.guild_id]


@pytest.mark.parametrize(
    ("then", "after"),
    [
        (JobState.SUBMITTING, JobState.FAILED),
        (JobState.UNCERTAIN, JobState.FAILED),
        (JobState.RUNNING, JobState.FAILED),
        (JobState.RENDERED, JobState.FAILED),
        (JobState.STORED, JobState.CANCELLED),
        (JobState.WITHHELD, JobState.CANCELLED),
    ],
)
async def test_what_was_on_its_way_in_the_backup_does_not_show_its_clip_once_more(
    people: People, then: JobState, after: JobState
) -> None:
    job = job_of(at=people.clock())
    await people.database.write(partial(drive, job, then, people.clock()))
    backed_up(people)
    await people.database.write(partial(removals.begin, job_id=job.id, by=ANN.user_id, at=people.clock()))
    await stones(people).note()

    restored = await put_back(people)

    assert restored.again.clips == 1
    assert (await people.job(job.id)).state is after
    assert await people.database.read(ledger.verify) == []
    entries = await people.database.read(partial(entries_of, job_id=job.id))
    assert EntryKind.HOLD in [entry.kind for entry in entries]


async def test_what_the_backup_knows_itself_is_not_asked_for_twice(people: People) -> None:
    job = await people.clip()
    await erased(people)
    await deleted(people, job)
    await stones(people).note()
    backed_up(people)

    restored = await put_back(people)

    assert (restored.again.people, restored.again.clips) == (0, 0)
    newest = await people.database.read(partial(erasures.newest_of, user_id=ANN.user_id))
    assert newest is not None


async def test_nobodys_id_stands_in_the_file_and_each_wish_once(people: People) -> None:
    job = await people.clip()
    await erased(people)
    await deleted(people, job)
    duty = stones(people)

    assert [await duty.note(), await duty.note(), await stones(people).note()] == [2, 0, 0]

    file = people.folder / "backups" / NAME
    assert file.stat().st_mode & 0o777 == 0o600
    assert str(ANN.user_id) not in file.read_text()
    assert {stone.who or stone.job for stone in read(file)} == {
        pseudonym(key_in(people.folder), ANN.user_id),
        job.id,
    }


async def test_what_no_backup_is_old_enough_for_is_let_go_and_a_cut_line_is_passed_over(
    people: People,
) -> None:
    await people.clip()
    await erased(people)
    await stones(people).note()
    file = people.folder / "backups" / NAME
    file.write_text(file.read_text() + '{"at": "2026-')
    assert len(read(file)) == 1
    people.clock.advance(KEPT + timedelta(days=3))

    assert await stones(people).note() == 0

    assert read(file) == []


async def test_behind_a_line_that_a_crash_has_cut_short_the_next_one_stands_whole(people: People) -> None:
    await people.clip()
    await erased(people)
    file = people.folder / "backups" / NAME
    file.parent.mkdir()
    file.write_bytes(b'{"at": "2026-\xff')

    assert await stones(people).note() == 1

    assert [stone.who for stone in read(file)] == [pseudonym(key_in(people.folder), ANN.user_id)]
    assert await stones(people).note() == 0


async def test_a_clip_that_only_ran_out_of_its_time_is_not_deleted_by_a_restore(people: People) -> None:
    job = await people.clip()
    backed_up(people)
    duty = Retention(
        people.database,
        keep_for=timedelta(minutes=1),
        bytes_max=None,
        wake=people.removed.append,
        now=people.clock,
    )
    await duty.once()
    assert people.removed == [job.id]
    assert await stones(people).note() == 0

    restored = await put_back(people)

    assert restored.again.clips == 0
    assert await state(people, job) == (JobState.POSTED, ClipState.SHOWN)


async def test_a_clip_younger_than_the_backup_is_passed_over(people: People) -> None:
    backed_up(people)
    job = await people.clip()
    await deleted(people, job)
    await stones(people).note()

    restored = await put_back(people)

    assert restored.again.clips == 0
    assert await people.database.read(partial(jobs.get, job_id=JobId(job.id))) is None
