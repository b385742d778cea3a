"""A take-down, whole: everything of a clip goes, step by step over any crash, and it may not come back."""

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from bot.clips.removal import Step
from bot.domain import (
    Clip,
    ClipState,
    GuildId,
    InteractionId,
    Job,
    JobState,
    Kind,
    Member,
    MessageId,
    Source,
    UserId,
)
from bot.errors import NotYours, OrderRefused, ProviderUnavailable
from bot.ids import Ids
from bot.moderation.cases import Outcome
from bot.moderation.comebacks import Comebacks
from bot.moderation.gatehouse import Gatehouse
from bot.moderation.takedowns import Cause
from bot.ordering.material import PICTURES
from bot.ordering.pictures import Picture
from cogs.moderation_reports import told_of
from storage import acts, clip_looks, clips, hashes, pictures, stars, takedowns
from storage.acts import Wanted
from storage.pictures import KeptPicture
from storage.reported import Reason
from tests.library_scene import Shelf, open_shelf
from tests.showing_scene import FILM, Scene, open_scene, place
from tests.stage import open_stage, texts
from tests.test_fingerprints import drawn, filmed
from tests.test_shown import posted


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path) as opened:
        yield opened


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_stage(tmp_path) as stage, open_shelf(stage, tmp_path) as opened:
        yield opened


async def taken_down(scene: Scene, job: Job, cause: Cause = Cause.INTIMATE) -> dict[Step, str | None]:
    """Take it down, and what came of each step."""
    taken = await scene.takedowns.ask(job.id, cause, by=scene.stage.member("Mika"))
    assert job.id in taken
    await scene.removals.settled(taken, within_s=20)
    return {step.step: step.result for step in await scene.removals.steps(job.id)}


async def state(scene: Scene, job: Job) -> ClipState | None:
    return await scene.stage.database.read(partial(clips.state_of, job_id=job.id))


async def one_more(scene: Scene, film: bytes = FILM, **changes: object) -> Job:
    """Another clip of Ada's in the channel."""
    job = scene.stage.job(len(await scene.stage.rows()) + 1)
    job = replace(job, order=replace(job.order, **changes))  # type: ignore[arg-type]  # the fields of an order
    await scene.stage.database.write(partial(place, job))
    await scene.touched(job.id)
    return await scene.post(await scene.job(job.id), film)


async def with_picture(scene: Scene, folder: Path, seed: int = 3) -> Job:
    """A clip that was animated from a picture of Ada's."""
    path = folder / PICTURES / "abcdefgh.png"
    drawn(seed).save(path)
    (folder / PICTURES / "abcdefgh-1280x720-crop.png").write_bytes(path.read_bytes())
    kept = KeptPicture(
        id="abcdefgh",
        member=scene.stage.member("Ada"),
        path=Path(PICTURES) / path.name,
        media_type="image/png",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size_bytes=path.stat().st_size,
        width=320,
        height=180,
        kept_at=scene.stage.clock(),
    )
    await scene.stage.database.write(partial(pictures.insert, picture=kept))
    fitted = Path(PICTURES) / "abcdefgh-1280x720-crop.png"
    source = Source(path=fitted, media_type="image/png", width=1280, height=720)
    return await one_more(scene, kind=Kind.ANIMATE, source=source)


async def test_a_clip_is_chosen_by_words_that_turn_nothing_around_and_are_not_too_long(shelf: Shelf) -> None:
    job = await shelf.clip("\u202ea paper\nboat " + "🎬" * 100)

    mika, channel = shelf.stage.mika, shelf.stage.channel()
    (choice,) = await mika.autocomplete("moderation takedown", "clip", "paper", channel=channel)

    assert choice["value"] == job.id
    assert choice["name"].startswith(f"{job.id} · a paper boat 🎬")
    assert len(choice["name"].encode("utf-16-le")) <= 2 * 100


async def test_everything_of_a_clip_goes_and_each_step_says_so(scene: Scene, tmp_path: Path) -> None:
    job = await with_picture(scene, tmp_path)

    results = await taken_down(scene, job)

    assert set(results) == set(Step)
    assert (results[Step.CLIP_MESSAGE], results[Step.CARD]) == ("deleted", "deleted")
    assert (results[Step.PROVIDER], results[Step.FILE], results[Step.PICTURE]) == ("deleted",) * 3
    assert results[Step.HASHES] == "blocked: 1 by looks, 1 by file alone"  # its film is no film
    assert await scene.stage.ada.messages(scene.stage.channel()) == []
    assert scene.provider.deleted == [job.ticket]
    assert list((tmp_path / PICTURES).iterdir()) == []
    assert list(scene.folder.glob("*.mp4")) == []
    assert await state(scene, job) is ClipState.TAKEN_DOWN
    found = await scene.stage.database.read(partial(takedowns.of, job_id=job.id))
    assert found is not None
    assert found.ended_at == scene.stage.clock()


async def test_a_picture_stays_where_it_is_not_about_who_is_in_it(scene: Scene, tmp_path: Path) -> None:
    job = await with_picture(scene, tmp_path)

    results = await taken_down(scene, job, Cause.RIGHTS)

    assert results[Step.PICTURE] == "kept"
    assert len(list((tmp_path / PICTURES).iterdir())) == 2
    assert [one.kind for one in await scene.stage.database.read(partial(hashes.of_clip, job_id=job.id))] == [
        "clip"
    ]


async def test_a_take_down_goes_on_where_a_dead_process_left_it(scene: Scene) -> None:
    job = await posted(scene)
    scene.provider.deletes = deque([ProviderUnavailable("down"), None])
    await scene.takedowns.ask(job.id, Cause.MINOR, by=scene.stage.member("Mika"))
    await scene.removals.settled([job.id], within_s=0.5)
    begun = await scene.stage.database.read(partial(takedowns.of, job_id=job.id))
    assert begun is not None
    assert begun.ended_at is None
    await scene.removals.stop(within_s=2)

    again = scene.another_removals()
    duty = asyncio.create_task(again.run())
    steps = await again.settled([job.id], within_s=20)
    await again.stop(within_s=2)
    duty.cancel()
    await asyncio.gather(duty, return_exceptions=True)

    assert all(step.done_at for step in steps)
    assert scene.provider.deleted == [job.ticket]


async def test_all_of_it_is_on_record_without_a_word_of_anybody(scene: Scene) -> None:
    job = await posted(scene)

    await taken_down(scene, job)

    wanted = Wanted(subject=f"job:{job.id}")
    found = await scene.stage.database.read(lambda tx: list(acts.every(tx, wanted)))
    assert [act.verb for act in found] == ["takedown.begun", "hash.blocked", "takedown.ended"]
    assert found[0].actor_id == int(scene.stage.mika.id)
    assert json.loads(found[-1].detail)["clip_message"] == "deleted"
    assert job.order.prompt not in "".join(act.detail for act in found)


async def test_the_same_file_is_taken_down_with_it_and_another_servers_is_not(scene: Scene) -> None:
    first, same, other = await one_more(scene), await one_more(scene), await one_more(scene, FILM + b"x")

    await taken_down(scene, first)

    assert [await state(scene, job) for job in (first, same, other)] == [
        ClipState.TAKEN_DOWN,
        ClipState.TAKEN_DOWN,
        ClipState.SHOWN,
    ]


async def test_nobody_takes_down_what_is_not_theirs_to_take_or_twice(scene: Scene) -> None:
    job = await posted(scene)
    elsewhere = Member(guild_id=GuildId(job.order.member.guild_id + 1), user_id=UserId(5))

    with pytest.raises(NotYours, match="not known here"):
        await scene.takedowns.ask(job.id, Cause.OTHER, by=elsewhere)
    await taken_down(scene, job)
    with pytest.raises(NotYours, match="taken down already"):
        await scene.takedowns.ask(job.id, Cause.OTHER, by=scene.stage.member("Mika"))
    with pytest.raises(NotYours, match="No clip of this server"):
        await scene.takedowns.of(job.id, seen_in=elsewhere.guild_id)


async def test_a_reported_clip_that_is_taken_down_by_command_is_decided(scene: Scene) -> None:
    job = await posted(scene)
    await scene.reporting.report(job.id, Reason.OTHER, "", by=scene.stage.member("Bruno"))

    await taken_down(scene, job)

    with pytest.raises(NotYours, match="taken it down"):
        await scene.cases.decide(job.id, Outcome.DISMISSED, by=scene.stage.member("Mika"), moderator=True)
    assert (await scene.cases.waiting(job.order.member.guild_id))[1] == 0


async def test_the_gallery_is_waited_for_and_copies_sent_to_one_person_are_emptied(shelf: Shelf) -> None:
    scene = shelf.scene
    job = await shelf.clip()
    at = scene.stage.clock()
    channel_id = job.order.channel_id
    await scene.stage.database.write(partial(stars.due, job_id=job.id, channel_id=channel_id, at=at))
    post = await scene.stage.database.read(partial(stars.post, job_id=job.id))
    assert post is not None
    hung = partial(
        stars.became, job_id=job.id, old=post.state, new=stars.Hanging.SHOWN, message_id=MessageId(9)
    )
    await scene.stage.database.write(hung)
    sent = await shelf.ask(scene.stage.bruno, "show", clip=job.id)
    asked = await scene.stage.bruno.press(sent, f"lib:get:{job.id}")
    got = await scene.stage.bruno.answer(asked)
    assert len(got["attachments"]) == 1

    await scene.takedowns.ask(job.id, Cause.OTHER, by=scene.stage.member("Mika"))
    await scene.removals.settled([job.id], within_s=1.5)
    before = {step.step: step.result for step in await scene.removals.steps(job.id)}
    await shelf.galleries.look()
    scene.removals.wake(job.id)
    await scene.removals.settled([job.id], within_s=20)
    after = {step.step: step.result for step in await scene.removals.steps(job.id)}

    assert before[Step.GALLERY] is None
    assert after[Step.GALLERY] == "deleted"
    assert after[Step.COPIES] == "deleted: 1"
    emptied = await scene.stage.bruno.wait_for_message(
        lambda one: one["id"] == got["id"] and "not shown" in texts(one), since=asked.mark
    )
    assert (texts(emptied), emptied["attachments"]) == ("This clip is not shown any more.", [])


# what may not come back


async def test_a_blocked_picture_is_refused_before_it_costs_anything(scene: Scene, tmp_path: Path) -> None:
    job = await with_picture(scene, tmp_path)
    await taken_down(scene, job)
    ada = scene.stage.member("Ada")

    for seed, edit in ((3, (320, 180)), (3, (160, 90))):
        with pytest.raises(OrderRefused, match="was taken down here"):
            await scene.hashes.admit_picture(kept(tmp_path, drawn(seed).resize(edit)), ada)
    await scene.hashes.admit_picture(kept(tmp_path, drawn(4)), ada)
    elsewhere = replace(ada, guild_id=GuildId(ada.guild_id + 1))
    await scene.hashes.admit_picture(kept(tmp_path, drawn(3)), elsewhere)

    wanted = Wanted(verb="input.blocked")
    blocked = await scene.stage.database.read(lambda tx: list(acts.every(tx, wanted)))
    assert [(act.subject, json.loads(act.detail)["exact"]) for act in blocked] == [
        (f"member:{ada.user_id}", 1),
        (f"member:{ada.user_id}", 0),
    ]


def kept(folder: Path, picture: Image.Image) -> Picture:
    """A picture as `Pictures` hands it on."""
    path = folder / "given.png"
    picture.save(path)
    return Picture(
        path=path,
        media_type="image/png",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size_bytes=path.stat().st_size,
        width=picture.width,
        height=picture.height,
    )


async def test_a_clip_whose_file_is_blocked_is_not_gone_on_from(scene: Scene) -> None:
    job = await posted(scene)
    sha256 = hashlib.sha256(FILM).hexdigest()
    await scene.hashes.admit_clip(sha256, scene.stage.member("Ada"))

    await taken_down(scene, job)

    with pytest.raises(OrderRefused, match="taken down here"):
        await scene.hashes.admit_clip(sha256, scene.stage.member("Ada"))


async def test_a_finished_clip_that_comes_back_is_never_shown_and_its_member_does_not_pay(
    scene: Scene, tmp_path: Path
) -> None:
    film = filmed(tmp_path / "film.mp4", range(6), width=320, crf="10").read_bytes()
    alike = filmed(tmp_path / "alike.mp4", range(6), width=192, crf="30").read_bytes()
    stranger = filmed(tmp_path / "stranger.mp4", range(60, 66), width=320, crf="10").read_bytes()
    results = await taken_down(scene, await one_more(scene, film))
    assert results[Step.HASHES] == "blocked: 1 by looks, 0 by file alone"
    gatehouse = Gatehouse(
        scene.stage.database, ids=Ids(scene.stage.clock, lambda _: 1), now=scene.stage.clock
    )
    gone, waits = (JobState.REJECTED, ClipState.TAKEN_DOWN), (JobState.WITHHELD, ClipState.SHOWN)
    before = (await scene.stage.money("Ada")).used_micros

    assert await comes_back(scene, film, gatehouse) == gone
    assert await comes_back(scene, alike, None) == gone
    assert (await scene.stage.money("Ada")).used_micros == before
    assert await comes_back(scene, alike, gatehouse) == waits  # what only looks alike, a moderator looks at
    assert await comes_back(scene, stranger, gatehouse) == (JobState.STORED, ClipState.SHOWN)


async def comes_back(
    scene: Scene, film: bytes, gatehouse: Gatehouse | None
) -> tuple[JobState, ClipState | None]:
    """What becomes of a new clip with this film."""
    comebacks = Comebacks(
        scene.stage.database, scene.hashes, gatehouse, now=scene.stage.clock, wake=scene.removals.wake
    )
    job = scene.stage.job(len(await scene.stage.rows()) + 1)
    await scene.stage.database.write(partial(place, job))
    job = await scene.make(await scene.job(job.id), film)
    clip = await scene.stage.database.read(partial(clips.get, job_id=job.id, folder=scene.folder))
    assert isinstance(clip, Clip)
    turned = await comebacks.turned_away(job, clip)
    job = await scene.job(job.id)
    assert turned is (job.state is not JobState.STORED)
    if job.state is JobState.REJECTED:
        await scene.removals.settled([job.id], within_s=20)
        assert not clip.path.exists()
    return job.state, await state(scene, job)


# the commands


async def test_moderators_see_the_queue_and_take_a_clip_down_by_command(shelf: Shelf) -> None:
    stage = shelf.stage
    job = await shelf.clip()
    await shelf.scene.reporting.report(job.id, Reason.INTIMATE, "that is me", by=stage.member("Bruno"))

    async def said(command: str, **options: object) -> str:
        press = await stage.mika.slash(f"moderation {command}", options, channel=stage.channel())
        return texts(await stage.mika.answer(press))

    queue = await said("reports")
    none = await said("reports", reason="rights")
    number = await said("reporters", count=2)
    told = await said("takedown", clip=job.id, reason="intimate")
    steps = await said("steps", clip=job.id)
    unknown = await said("steps", clip="nothing")

    assert queue.startswith("### Reported clips that wait: 1")
    assert "that is me" in queue
    assert "The law's 48 hours end <t:" in queue
    assert "that is me" not in none
    assert number.startswith("A clip is hidden when 2 people have reported it")
    assert told.startswith("Taken down: 7 of 7 steps are done.")
    assert "there was none" not in told
    assert "cannot be called back" in told
    assert "A block of its file and of what it looks like: done" in steps
    assert unknown.startswith("This clip is not known here.")
    assert (await said("reports")).startswith("### Reported clips that wait: 0")


async def test_a_clip_is_reported_from_the_menu_of_its_message(shelf: Shelf) -> None:
    stage = shelf.stage
    job = await shelf.clip()
    message = await shelf.scene.message(job)

    press = await stage.bruno.menu("Report this clip", message["id"], channel=stage.channel())
    modal = await stage.bruno.modal(press)
    answer = await stage.bruno.answer(await stage.bruno.submit(modal, {"reason": "minor", "words": ""}))

    assert texts(answer).startswith("Thank you. The clip is hidden")
    assert await state(shelf.scene, job) is ClipState.HIDDEN


async def test_an_answer_is_known_for_as_long_as_it_can_be_emptied(shelf: Shelf) -> None:
    job = await shelf.clip()

    await shelf.library.sent_alone(job.id, InteractionId(5), "token")

    results = await taken_down(shelf.scene, job)
    assert results[Step.COPIES] == "deleted: 0"  # Discord knows no such answer


# clips that are there already and look like it


async def test_clips_here_that_look_like_it_are_named_and_nothing_is_done_to_them(
    scene: Scene, tmp_path: Path
) -> None:
    film = filmed(tmp_path / "film.mp4", range(6), width=320, crf="10")
    again = filmed(tmp_path / "alike.mp4", range(6), width=192, crf="30")
    stranger = filmed(tmp_path / "stranger.mp4", range(60, 66), width=320, crf="10")
    job, alike, other = [await one_more(scene, each.read_bytes()) for each in (film, again, stranger)]

    results = await taken_down(scene, job)

    assert results[Step.ALIKE] == "looked: 1 alike"
    assert await state(scene, alike) is ClipState.SHOWN
    progress = await scene.takedowns.of(job.id, seen_in=job.order.member.guild_id)
    assert progress.alike == [alike.id]
    told = told_of(progress)
    assert f"1 clip looks like it and can still be seen: `{alike.id}`." in told
    kept = await scene.stage.database.read(
        partial(clip_looks.newest, guild_id=job.order.member.guild_id, but=job.id, limit=9)
    )
    assert {(one.job_id, one.seen is not None) for one in kept} == {(other.id, True), (alike.id, True)}

    await taken_down(scene, alike)

    assert (await scene.takedowns.of(job.id, seen_in=job.order.member.guild_id)).alike == []
    left = await scene.stage.database.read(
        partial(clip_looks.newest, guild_id=job.order.member.guild_id, but=job.id, limit=9)
    )
    assert [one.job_id for one in left] == [other.id], "what it looked like went with its file"
