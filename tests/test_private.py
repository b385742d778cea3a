"""Private orders: what the channel sees of them, what their member sees, and how a clip gets out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.clips.fitting import Fitted, Touch
from bot.clips.packing import MIB
from bot.clips.removal import Step
from bot.domain import Job, JobState
from bot.moderation.takedowns import Cause
from storage import answers, wishes
from storage.wishes import Wishes
from tests.inline import cut_to_fit, linked
from tests.showing_scene import FILM, Scene, open_scene
from tests.stage import Json, custom_ids, open_stage, texts, walk

PROMPT = "a proposal of marriage"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path) as opened:
        yield opened


def media(message: Json) -> list[Json]:
    return [item for one in walk(message["components"]) if one["type"] == 12 for item in one["items"]]


async def ordered(scene: Scene) -> tuple[Job, Json]:
    """A private order of Ada's by command, its answer, and its card in the channel."""
    answer = await scene.stage.ask(scene.stage.ada, prompt=PROMPT, private=True)
    (job,) = await scene.stage.rows()
    await scene.whispers.keep(job)
    await scene.touched(job.id)
    return await scene.job(job.id), answer


async def shown_in(scene: Scene, answer: Json) -> Json:
    """The answer as it reads now."""
    return await scene.stage.ada.wait_for_message(lambda one: bool(one["id"] == answer["id"] and media(one)))


async def messages(scene: Scene) -> list[Json]:
    return await scene.stage.mika.messages(scene.stage.channel())


async def test_the_order_says_what_is_private_and_the_channel_reads_no_prompt(scene: Scene) -> None:
    _, answer = await ordered(scene)
    (card,) = await messages(scene)

    assert "shown here to you alone for 15 minutes, with a button to publish it" in texts(answer)
    assert "in /clips, and are told by direct message only if you asked for that" in texts(answer)
    assert PROMPT not in texts(card)
    assert "A private order" in texts(card)


async def test_a_quote_says_how_a_private_clip_is_shown_before_anything_is_paid(scene: Scene) -> None:
    stage = scene.stage

    quote = await stage.ask(stage.ada, prompt=PROMPT, private=True, duration=20)

    assert await stage.rows() == []
    assert "Nothing is charged until you confirm" in texts(quote)
    assert "shown here to you alone for 15 minutes, with a button to publish it" in texts(quote)


async def test_the_clip_is_shown_in_the_answer_that_its_member_alone_sees(scene: Scene) -> None:
    job, answer = await ordered(scene)

    job = await scene.whisper(job)

    seen = await shown_in(scene, answer)
    assert seen["flags"] & 64
    assert PROMPT in texts(seen)
    saved = scene.folder / "saved.mp4"
    await scene.stage.ada.download(media(seen)[0]["media"]["url"], saved)
    assert saved.read_bytes() == FILM
    assert job.state is JobState.UNDELIVERABLE
    (card,) = await messages(scene)
    assert texts(card).startswith("### Ready, for its member alone")


async def test_what_one_member_alone_reads_is_in_their_language_and_what_all_read_in_the_servers(
    scene: Scene,
) -> None:
    scene.stage.sandbox.world.user_named("Ada").locale = "ja"
    job, answer = await ordered(scene)

    await scene.whisper(job)

    seen = await shown_in(scene, answer)
    (card,) = await messages(scene)
    assert texts(seen).startswith("### 非公開の動画ができました")
    assert media(seen)[0]["description"].startswith("動画")
    assert texts(card).startswith("### Ready, for its member alone")


async def test_keys_that_are_pressed_push_no_order_out_of_mind(scene: Scene) -> None:
    (choice, *_) = await scene.stage.ada.autocomplete("generate", "model", "", channel=scene.stage.channel())

    assert choice["name"]
    assert not scene.whispers._heard
    await scene.stage.ask(scene.stage.ada, prompt=PROMPT, private=True)
    assert len(scene.whispers._heard) == 1


async def test_publish_shows_it_to_all_once(scene: Scene) -> None:
    job, answer = await ordered(scene)
    await scene.whisper(job)
    seen = await shown_in(scene, answer)

    told = [texts(await scene.stage.press(scene.stage.ada, seen, "clip:publish:")) for _ in range(2)]
    await scene.touched(job.id)

    job = await scene.job(job.id)
    clip, card = await messages(scene)
    assert told == [f"Published in <#{job.order.channel_id}>. It cost nothing more."] * 2
    assert job.state is JobState.POSTED
    assert PROMPT in texts(clip)
    assert len(media(clip)) == 1
    assert texts(card).startswith("### Done")


@pytest.mark.parametrize("taken_down", [False, True])
async def test_a_clip_that_is_removed_while_it_is_published_is_nowhere(
    tmp_path: Path, *, taken_down: bool
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    go_on.set()

    async def slowly(clip: Path, into: Path, *, limit_bytes: int, comment: str = "") -> Fitted:
        del limit_bytes, comment
        copy = into.with_name(f"copy-{into.name}")
        await asyncio.to_thread(copy.write_bytes, await asyncio.to_thread(clip.read_bytes))
        begun.set()
        await go_on.wait()
        return Fitted(path=copy, size_bytes=len(FILM), touch=Touch.REMUXED)

    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path, fit=slowly) as scene:
        job, answer = await ordered(scene)
        await scene.whisper(job)
        seen = await shown_in(scene, answer)
        begun.clear()
        go_on.clear()

        publishing = asyncio.create_task(stage.press(stage.ada, seen, "clip:publish:"))
        await begun.wait()
        if taken_down:
            await scene.takedowns.ask(job.id, Cause.LIKENESS, by=stage.member("Mika"))
        else:
            await scene.removals.ask(job.id, by=job.order.member, whole_order=False)
        await scene.removals.settled([job.id], within_s=10)
        go_on.set()

        assert texts(await publishing).startswith("This clip is not here to be published.")
        steps = {step.step: step.result for step in await scene.removals.settled([job.id], within_s=10)}
        assert steps[Step.CLIP_MESSAGE] == "deleted"
        assert not [one for one in await messages(scene) if media(one)]


async def test_after_its_minutes_an_answer_is_left_alone_and_the_clip_is_kept(scene: Scene) -> None:
    job, _ = await ordered(scene)
    scene.stage.clock.advance(timedelta(minutes=15))

    job = await scene.whisper(job)

    assert job.state is JobState.UNDELIVERABLE
    assert len(await messages(scene)) == 1


async def test_who_wants_direct_messages_is_told_when_the_answer_is_too_old(scene: Scene) -> None:
    job, _ = await ordered(scene)
    await scene.stage.database.write(
        partial(wishes.put, user_id=job.order.member.user_id, wishes=Wishes(direct_messages=True))
    )
    scene.stage.clock.advance(timedelta(minutes=15))

    await scene.whisper(job)

    told = await scene.stage.ada.wait_for_message(lambda one: "private clip" in one["content"])
    assert PROMPT not in told["content"]


async def test_a_direct_message_is_in_the_language_of_whom_it_tells(scene: Scene) -> None:
    scene.stage.sandbox.world.user_named("Ada").locale = "de"
    job, _ = await ordered(scene)
    await scene.stage.database.write(
        partial(wishes.put, user_id=job.order.member.user_id, wishes=Wishes(direct_messages=True))
    )
    scene.stage.clock.advance(timedelta(minutes=15))

    await scene.whisper(job)

    place = f"<#{job.order.channel_id}>"
    told = await scene.stage.ada.wait_for_message(lambda one: place in one["content"])
    assert told["content"].startswith("Ein privater Clip, den du in ")


async def test_what_an_answer_is_edited_with_outlives_the_process(scene: Scene) -> None:
    job, _ = await ordered(scene)

    kept = await scene.stage.database.read(
        partial(answers.get, interaction_id=job.order.interaction_id, at=scene.stage.clock())
    )

    assert kept is not None


async def test_details_of_a_private_order_are_its_members(scene: Scene) -> None:
    await ordered(scene)
    (card,) = await messages(scene)

    others = await scene.stage.press(scene.stage.mika, card, "details:")
    own = await scene.stage.press(scene.stage.ada, card, "details:")

    assert PROMPT not in texts(others)
    assert "This order is private." in texts(others)
    assert PROMPT in texts(own)


async def test_nobody_else_publishes_it(scene: Scene) -> None:
    job, answer = await ordered(scene)
    job = await scene.whisper(job)
    seen = await shown_in(scene, answer)
    (custom_id,) = [one for one in custom_ids(seen) if "publish" in one]
    (card,) = await messages(scene)

    await scene.stage.bruno.press(card, custom_id, unchecked=True)
    await scene.touched(job.id)

    assert (await scene.job(job.id)).state is JobState.UNDELIVERABLE


async def test_a_clip_that_a_server_refuses_for_its_size_is_shown_smaller_and_the_size_is_learned(
    tmp_path: Path,
) -> None:
    async with (
        open_stage(tmp_path, upload_limit=5 * MIB // 2) as stage,
        open_scene(stage, tmp_path, fit=cut_to_fit) as scene,
    ):
        job, answer = await ordered(scene)

        await scene.whisper(job, FILM[:8] * (3 * MIB // 8))

        seen = await shown_in(scene, answer)
        assert [one["size"] for one in seen["attachments"]] == [2 * MIB]
        assert await scene.packing.limit(job.order.member.guild_id) == 2 * MIB
        assert [one.name for one in scene.folder.iterdir()] == [f"{job.id}.mp4"]


async def test_a_clip_of_which_no_size_is_taken_is_linked_to_its_member_alone(tmp_path: Path) -> None:
    async with (
        open_stage(tmp_path, upload_limit=10_000) as stage,
        open_scene(stage, tmp_path, link=linked) as scene,
    ):
        job, answer = await ordered(scene)

        job = await scene.whisper(job)

        seen = await stage.ada.wait_for_message(
            lambda one: bool(one["id"] == answer["id"] and "private clip is ready" in texts(one))
        )
        links = [one["url"] for one in walk(seen["components"]) if one.get("url")]
        assert links == [f"https://clips.example/clips/{job.id}"]
        assert seen["attachments"] == []
        assert f"clip:publish:{job.id}" in custom_ids(seen)
