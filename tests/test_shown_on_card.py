"""A clip on its card, since nobody could look, may have a post of its own: that goes where the clip goes."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.domain import ClipState, Fault, FaultKind, Job
from bot.sandbox.permissions import Permission
from storage import clips, states
from storage.removals import Step
from tests.showing_scene import Scene, open_scene
from tests.stage import Json, open_stage, walk


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path) as opened:
        yield opened


async def posted_unheard(scene: Scene) -> Job:
    """Its post is there, and the answer was lost."""
    (job,) = await scene.order()
    job = await scene.make(job)
    clip = await scene.stage.database.read(partial(clips.get, job_id=job.id, folder=scene.folder))
    assert clip is not None
    await scene.posting.post(job, clip)
    assert await shown(scene) == 1
    return await scene.job(job.id)


async def twice_shown(scene: Scene) -> Job:
    """The history was closed, so that the card carries the clip too."""
    job = await posted_unheard(scene)
    await scene.cards.carry(job, scene.folder / f"{job.id}.mp4")
    assert job.card_message_id is not None
    await scene.stage.database.write(
        partial(
            states.posted,
            job_id=job.id,
            channel_id=job.order.channel_id,
            message_id=job.card_message_id,
            at=scene.stage.clock(),
        )
    )
    await scene.touched(job.id)
    assert await shown(scene) == 2
    return await scene.job(job.id)


async def shown(scene: Scene) -> int:
    """How many messages show a file."""
    messages = await scene.stage.ada.messages(scene.stage.channel("dailies"))
    return sum(bool(_media(message)) for message in messages)


def _media(message: Json) -> list[Json]:
    return [item for one in walk(message["components"]) if one["type"] == 12 for item in one["items"]]


async def deleted(scene: Scene, job: Job) -> str | None:
    """Delete a clip; what came of its post."""
    asked = await scene.removals.ask(job.id, by=job.order.member, whole_order=False)
    steps = await scene.removals.settled(asked, within_s=10)
    return next(step.result for step in steps if step.step is Step.CLIP_MESSAGE)


async def seen_by(scene: Scene, job: Job, state: ClipState) -> None:
    """Let a clip be seen, or not, as moderators do."""
    change = partial(clips.change_state, job_id=job.id, to=state, among=frozenset(ClipState))
    assert await scene.stage.database.write(change)
    await scene.shown.refresh(job.id)


async def test_a_deleted_clip_goes_from_its_own_post_too(scene: Scene) -> None:
    job = await twice_shown(scene)

    assert await deleted(scene, job) == "deleted"
    assert await shown(scene) == 0


async def test_so_does_one_that_is_undeliverable_since_its_card_was_deleted(scene: Scene) -> None:
    job = await posted_unheard(scene)
    fault = Fault(kind=FaultKind.PERMISSIONS, code="message_gone")
    move = partial(states.undeliverable, job_id=job.id, fault=fault, at=scene.stage.clock())
    await scene.stage.database.write(move)

    assert await deleted(scene, await scene.job(job.id)) == "deleted"
    assert await shown(scene) == 0


async def test_where_nobody_can_look_still_a_deletion_says_so(scene: Scene) -> None:
    job = await twice_shown(scene)
    scene.stage.deny(Permission.READ_MESSAGE_HISTORY)

    result = await deleted(scene, job)

    assert result is not None
    assert result.startswith("refused: ")


async def test_a_clip_that_is_hidden_is_hidden_in_its_own_post_too_and_comes_back_once(scene: Scene) -> None:
    job = await twice_shown(scene)

    await seen_by(scene, job, ClipState.HIDDEN)
    hidden = await shown(scene)
    await seen_by(scene, job, ClipState.SHOWN)

    assert (hidden, await shown(scene)) == (0, 1)


async def test_a_clip_that_was_hidden_is_not_uploaded_again_with_what_its_card_says_of_another_take(
    scene: Scene,
) -> None:
    first, second = await scene.order(takes=2)
    second = await scene.make(second)
    await scene.cards.carry(second, scene.folder / f"{second.id}.mp4")
    assert second.card_message_id is not None
    move = partial(
        states.posted,
        job_id=second.id,
        channel_id=second.order.channel_id,
        message_id=second.card_message_id,
        at=scene.stage.clock(),
    )
    await scene.stage.database.write(move)
    await scene.touched(first.id)
    assert await shown(scene) == 1

    await seen_by(scene, second, ClipState.HIDDEN)
    await scene.make(first)
    await scene.touched(first.id)

    assert await shown(scene) == 0
