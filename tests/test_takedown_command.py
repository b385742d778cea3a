"""`dailies takedown` and `dailies blocks`: the operator's take-downs, and what may come back."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.domain import ClipState, Job, JobState
from bot.errors import ChangeRefused, NotYours
from bot.moderation.blocks import Blocks
from bot.operating.control import Change, Control, ResumeTakedown, TakeDown
from storage import acts, cases, clips, hashes, removals, takedowns
from storage.acts import Wanted
from storage.database import Database
from storage.lock import FolderLock
from storage.removals import Step
from storage.takedowns import EVERYWHERE, Cause
from tests.bookkeeping import drive
from tests.props import ANN, BEN, Clock, job_of, noting
from tests.review_scene import clip_of
from tests.shell import typed


async def posted(data: Database, clock: Clock, number: int = 1, sha256: str = "a") -> Job:
    job = job_of(number, at=clock())
    await data.write(partial(drive, job, JobState.POSTED, clock()))
    await data.write(partial(clips.insert, clip=replace(clip_of(job), sha256=sha256 * 64)))
    return job


async def test_the_operator_takes_a_clip_down_and_the_running_bot_is_told(
    tmp_path: Path, data: Database, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    job, same, other = [
        await posted(data, clock, number, sha256) for number, sha256 in ((1, "a"), (2, "a"), (3, "b"))
    ]
    changes: list[Change] = []
    with FolderLock(tmp_path):
        control = Control(tmp_path, data, now=clock, changed=noting(changes))
        await control.start()

        assert await typed("takedown", "start", job.id, "--cause", "intimate") == 0
        assert await typed("takedown", "start", job.id, "--cause", "intimate") == 1
        assert await typed("takedown", "start", "nosuchjob0000000", "--cause", "rights") == 1
        assert await typed("takedown", "show", job.id) == 1, "its steps are to do"
        assert await typed("takedown", "show") == 0

        await control.close()
    out = capsys.readouterr()
    first, *rest = out.out.splitlines()
    assert first == (
        f"{job.id} is taken down, with 1 of the same file, and its hashes are blocked in server 7; "
        f"the running bot takes the steps, see `dailies takedown show {job.id}`"
    )
    assert "already" in out.err
    assert "there is no job nosuchjob0000000" in out.err
    assert any(line.startswith("clip_message") for line in rest)
    assert "what others have forwarded or saved cannot be called back" in rest
    assert [change.model_dump() for change in changes] == [
        {"change": "take_down", "job_id": job.id, "cause": Cause.INTIMATE, "everywhere": False}
    ]
    states = [await data.read(partial(clips.state_of, job_id=one.id)) for one in (job, same, other)]
    assert states == [ClipState.TAKEN_DOWN, ClipState.TAKEN_DOWN, ClipState.SHOWN]
    recorded = await data.read(partial(acts.newest, wanted=Wanted(subject=f"job:{job.id}"), limit=9))
    assert {(one.verb, one.actor_id) for one in recorded} == {
        ("takedown.begun", None),
        ("hash.blocked", None),
    }


async def test_without_a_running_bot_it_is_written_for_the_next_one(
    data: Database, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    job = await posted(data, clock)
    await data.close()

    assert await typed("takedown", "start", job.id, "--cause", "minor", "--everywhere") == 0
    assert "blocked everywhere" in capsys.readouterr().out
    assert await typed("blocks", "list", "--guild", "0") == 0

    assert capsys.readouterr().out.splitlines()[-1] == "blocks: 1"


async def test_what_was_given_up_or_refused_is_taken_again(
    tmp_path: Path, data: Database, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    job = await posted(data, clock)
    changes: list[Change] = []
    with FolderLock(tmp_path):
        control = Control(tmp_path, data, now=clock, changed=noting(changes))
        await control.start()
        await typed("takedown", "start", job.id, "--cause", "rights")
        results = {Step.PROVIDER: "given up: ProviderUnavailable", Step.CLIP_MESSAGE: "refused: forbidden"}
        for step in await data.read(partial(removals.of, job_id=job.id)):
            result = results.get(step.step, "deleted")
            await data.write(partial(removals.done, removal=step, result=result, at=clock()))
        assert await data.write(partial(takedowns.ended, job_id=job.id, at=clock()))
        assert await typed("takedown", "show", job.id) == 1
        capsys.readouterr()

        assert await typed("takedown", "resume", job.id) == 0
        assert await typed("takedown", "resume", "nosuchjob0000000") == 1

        await control.close()
    assert capsys.readouterr().out.splitlines() == [f"{job.id}: 2 steps are taken again, 2 of 12 are to do"]
    assert [type(change) for change in changes] == [TakeDown, ResumeTakedown]
    to_do = [step.step for step in await data.read(partial(removals.of, job_id=job.id)) if not step.done_at]
    assert to_do == [Step.CLIP_MESSAGE, Step.PROVIDER]
    found = await data.read(partial(takedowns.of, job_id=job.id))
    assert found is not None
    assert found.ended_at is None


async def test_a_block_is_listed_lifted_and_on_record(
    tmp_path: Path, data: Database, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    job = await posted(data, clock)
    with FolderLock(tmp_path):
        control = Control(tmp_path, data, now=clock)
        await control.start()
        await typed("takedown", "start", job.id, "--cause", "minor")
        capsys.readouterr()

        assert await typed("blocks", "list") == 0
        assert await typed("blocks", "lift", "1") == 0
        assert await typed("blocks", "lift", "1") == 1
        assert await typed("blocks", "list") == 0

        await control.close()
    line, count, lifted, none = capsys.readouterr().out.splitlines()
    assert line == f"1  clip  minor  server 7  of {job.id}  since 2026-11-21 12:00 UTC  by the operator"
    assert (count, none) == ("blocks: 1", "blocks: 0")
    assert lifted == f"block 1 is lifted: a clip of {job.id} may come back"
    (act,) = await data.read(partial(acts.newest, wanted=Wanted(subject="hash:1"), limit=9))
    assert (act.verb, act.actor_id) == ("hash.unblocked", None)
    assert await data.read(partial(hashes.is_blocked, guild_id=ANN.guild_id, sha256="a" * 64)) is None


@pytest.mark.parametrize(
    ("cause", "by", "blocked_in", "manages", "refused"),
    [
        (Cause.RIGHTS, BEN.user_id, ANN.guild_id, True, None),
        (Cause.RIGHTS, BEN.user_id, ANN.guild_id, False, NotYours),
        (Cause.MINOR, BEN.user_id, ANN.guild_id, True, ChangeRefused),
        (Cause.RIGHTS, cases.OPERATOR, ANN.guild_id, True, ChangeRefused),
        (Cause.RIGHTS, BEN.user_id, EVERYWHERE, True, NotYours),
        (Cause.RIGHTS, BEN.user_id, 8, True, NotYours),
    ],
)
async def test_managers_lift_what_their_own_moderators_blocked(
    data: Database,
    clock: Clock,
    cause: Cause,
    by: int,
    blocked_in: int,
    *,
    manages: bool,
    refused: type[Exception] | None,
) -> None:
    job = await posted(data, clock)

    def block(tx: object) -> None:
        takedowns.begin(tx, job.id, blocked_in, cause, by=by, at=clock())  # type: ignore[arg-type]  # plain ids
        hashes.block(tx, blocked_in, "a" * 64, hashes.Kind.CLIP, job.id, at=clock())  # type: ignore[arg-type]  # likewise

    await data.write(block)
    blocks = Blocks(data, now=clock)

    if refused is None:
        assert (await blocks.lift(1, by=ANN, manages=manages)).blocked.job_id == job.id
        assert await blocks.newest(ANN.guild_id) == []
    else:
        with pytest.raises(refused):
            await blocks.lift(1, by=ANN, manages=manages)
        assert len(await data.read(partial(hashes.newest, guild_id=None, limit=9))) == 1
