"""What may be done with a clip that is there: Spoiler, Delete, Report; and what each of them leaves."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.clips.fitting import Fitted
from bot.delivery import Link
from bot.domain import ChannelId, ClipState, Job, JobId, JobState
from bot.errors import ClipTooLarge, ProviderUnavailable
from bot.moderation.cases import Outcome
from bot.sandbox.person import Person
from cogs.making_buttons import Action
from storage import clips, places, removals, reported, states
from storage.places import Purpose
from storage.removals import Step
from storage.reported import Reason
from tests.making_scene import buttons, pressed
from tests.showing_scene import FILM, Scene, open_scene
from tests.stage import Json, custom_ids, open_stage, texts, walk

OFFICE = "showcase"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path) as opened:
        yield opened


async def posted(scene: Scene) -> Job:
    (job,) = await scene.order()
    return await scene.post(job)


def media(message: Json) -> list[Json]:
    return [item for one in walk(message["components"]) if one["type"] == 12 for item in one["items"]]


def address(item: Json) -> str:
    """Of a file, without what signs it for a day."""
    return str(item["media"]["url"]).partition("?")[0]


async def press(scene: Scene, person: Person, message: Json, act: str) -> Json:
    return await scene.stage.press(person, message, f"clip:{act}:")


async def state(scene: Scene, job: Job) -> ClipState | None:
    return await scene.stage.database.read(partial(clips.state_of, job_id=job.id))


async def messages(scene: Scene, channel: str = "dailies") -> list[Json]:
    return await scene.stage.ada.messages(scene.stage.channel(channel))


# takes


async def test_takes_that_are_all_there_are_shown_together_without_a_second_upload(scene: Scene) -> None:
    takes = await scene.order(takes=3)
    for job in takes:
        last = await scene.post(job)

    card = await scene.card(last)

    assert len(media(card)) == 3
    assert card["attachments"] == []
    assert {item["media"]["url"].partition("?")[0] for item in media(card)} == {
        media(await scene.message(await scene.job(job.id)))[0]["media"]["url"].partition("?")[0]
        for job in takes
    }
    assert texts(card).count("[Done](https://discord.com/channels/") == 3


async def test_a_card_of_takes_says_which_are_there(scene: Scene) -> None:
    takes = await scene.order(takes=2)
    first = await scene.post(takes[0])

    told = texts(await scene.card(first))

    assert told.startswith("### 1 of 2 takes is there")
    assert "1. [Done](" in told
    assert "2. In line" in told
    assert "$0.80 for 2 takes of $0.40" in told


async def test_cancel_on_the_card_cancels_every_take_and_says_what_each_cost(scene: Scene) -> None:
    await scene.stage.ask(scene.stage.ada, prompt="a boat", takes=2)
    first = min(await scene.stage.rows(), key=lambda job: job.take)
    await scene.touched(first.id)
    card = await scene.card(await scene.job(first.id))

    answer = await scene.stage.press(scene.stage.ada, card, "cancel:")

    assert texts(answer) == "**Takes 1, 2** Cancelled. Nothing was charged."
    assert {job.state for job in await scene.stage.rows()} == {JobState.CANCELLED}
    assert (await scene.stage.money("Ada")).used_micros == 0


# spoiler


async def test_a_spoiler_hides_the_clip_until_it_is_clicked_and_comes_off_again(scene: Scene) -> None:
    job = await posted(scene)
    assert not media(await scene.message(job))[0]["spoiler"]

    answer = await press(scene, scene.stage.ada, await scene.message(job), "spoiler")
    hidden = await scene.message(job)
    await press(scene, scene.stage.ada, hidden, "spoiler")

    assert texts(answer) == "The clip is behind a spoiler now."
    assert media(hidden)[0]["spoiler"]
    assert not media(await scene.message(job))[0]["spoiler"]


async def test_nobody_puts_a_spoiler_on_what_is_somebody_elses_but_a_moderator(scene: Scene) -> None:
    job = await posted(scene)

    refused = await press(scene, scene.stage.bruno, await scene.message(job), "spoiler")
    done = await press(scene, scene.stage.mika, await scene.message(job), "spoiler")

    assert "somebody else's" in texts(refused)
    assert texts(done) == "The clip is behind a spoiler now."


# delete


async def erase(scene: Scene, message: Json, act: str = "delete") -> Json:
    asked = await press(scene, scene.stage.ada, message, act)
    (sure,) = [one for one in custom_ids(asked) if not one.startswith("clip:keep:")]
    press_ = await scene.stage.ada.press(asked, sure)
    return await scene.stage.ada.wait_for_message(
        lambda one: bool(one["id"] == asked["id"]), since=press_.mark
    )


async def test_delete_removes_everything_and_says_so_step_by_step(scene: Scene) -> None:
    job = await posted(scene)

    told = texts(await erase(scene, await scene.message(job)))

    assert await messages(scene) == []
    assert not (scene.folder / f"{job.id}.mp4").exists()
    assert await state(scene, job) is ClipState.DELETED
    assert scene.provider.deleted == [job.ticket]
    assert told.splitlines() == [
        "Nobody can see it any more.",
        "- Links to it: done",
        "- Its message: done",
        "- Its card: done",
        "- The provider's copy: done",
        "- The file here: done",
    ]


async def test_who_did_not_mean_it_keeps_the_clip(scene: Scene) -> None:
    job = await posted(scene)
    asked = await press(scene, scene.stage.ada, await scene.message(job), "delete")
    (keep,) = [one for one in custom_ids(asked) if one.startswith("clip:keep:")]

    kept = await scene.stage.ada.press(asked, keep)
    said = await scene.stage.ada.wait_for_message(lambda one: bool(one["id"] == asked["id"]), since=kept.mark)

    assert texts(said) == "Kept. Nothing was deleted."
    assert custom_ids(said) == []
    assert len(media(await scene.message(job))) == 1


async def test_one_take_is_deleted_and_the_card_of_the_others_stays(scene: Scene) -> None:
    takes = await scene.order(takes=2)
    first, second = [await scene.post(job) for job in takes]

    await erase(scene, await scene.message(first))

    card = await scene.card(second)
    assert "1. Deleted by its member" in texts(card)
    assert len(media(card)) == 1
    assert (scene.folder / f"{second.id}.mp4").exists()


async def test_delete_on_the_card_takes_the_clips_of_all_takes(scene: Scene) -> None:
    takes = await scene.order(takes=2)
    for job in takes:
        last = await scene.post(job)

    await erase(scene, await scene.card(last), "delorder")

    assert await messages(scene) == []
    assert list(scene.folder.iterdir()) == []


async def test_nobody_deletes_what_is_somebody_elses(scene: Scene) -> None:
    job = await posted(scene)

    answer = await press(scene, scene.stage.mika, await scene.message(job), "delete")

    assert "somebody else's" in texts(answer)
    assert await state(scene, job) is ClipState.SHOWN


async def test_a_deletion_goes_on_where_a_dead_process_left_it(scene: Scene) -> None:
    job = await posted(scene)
    scene.provider.deletes = deque([ProviderUnavailable("down")])
    await erase_without_waiting(scene, job)
    await scene.removals.settled([job.id], within_s=0.5)
    await scene.removals.stop(within_s=2)
    left = await scene.stage.database.read(removals.to_do)
    steps = {step.step: step.result for step in await scene.removals.steps(job.id)}

    assert left == [job.id]
    assert steps[Step.PROVIDER] is None
    assert steps[Step.FILE] == "deleted"
    scene.provider.deletes = deque([None])
    again = scene.another_removals()
    duty = asyncio.create_task(again.run())
    assert all(step.done_at for step in await again.settled([job.id], within_s=5))
    duty.cancel()
    await asyncio.gather(duty, return_exceptions=True)
    assert scene.provider.deleted == [job.ticket]


async def erase_without_waiting(scene: Scene, job: Job) -> None:
    await scene.removals.ask(job.id, by=job.order.member, whole_order=False)


# report


async def report(scene: Scene, person: Person, message: Json, reason: str, words: str = "") -> Json:
    del scene
    (custom_id,) = [one for one in custom_ids(message) if one.startswith("clip:report")]
    modal = await person.modal(await person.press(message, custom_id))
    return await person.answer(await person.submit(modal, {"reason": reason, "words": words}))


async def name_channel(scene: Scene) -> None:
    stage = scene.stage
    guild_id = stage.member("Ada").guild_id
    channel_id = ChannelId(int(stage.channel(OFFICE)))
    await stage.database.write(
        partial(places.put, guild_id=guild_id, purpose=Purpose.REPORTS, channel_id=channel_id)
    )


async def test_the_gravest_reasons_hide_a_clip_at_once_and_its_managers_are_told(scene: Scene) -> None:
    await name_channel(scene)
    job = await posted(scene)

    answer = await report(scene, scene.stage.bruno, await scene.message(job), "intimate", "that is my sister")
    (notice,) = await until_told(scene)

    assert texts(answer).startswith("Thank you. The clip is hidden")
    hidden = await scene.message(job)
    assert media(hidden) == []
    assert hidden["attachments"] == []
    assert "that is my sister" in texts(notice)
    assert "A real person, naked or sexual, without consent" in texts(notice)


async def until_told(scene: Scene) -> list[Json]:
    office = scene.stage.channel(OFFICE)
    return [await scene.stage.ada.wait_for_message(lambda one: bool(one["channel_id"] == office), since=0)]


async def test_a_clip_that_its_card_carries_is_hidden_with_it(scene: Scene) -> None:
    await name_channel(scene)
    (job,) = await scene.order()
    job = await scene.make(job)
    await scene.cards.carry(job, scene.folder / f"{job.id}.mp4")
    assert job.card_message_id is not None
    posted_there = partial(
        states.posted,
        job_id=job.id,
        channel_id=job.order.channel_id,
        message_id=job.card_message_id,
        at=scene.stage.clock(),
    )
    await scene.stage.database.write(posted_there)
    await scene.touched(job.id)
    assert len(media(await scene.card(job))) == 1

    await scene.reporting.report(job.id, Reason.MINOR, "", by=scene.stage.member("Bruno"))
    await until_told(scene)

    card = await scene.card(job)
    assert media(card) == []
    assert card["attachments"] == []
    assert texts(card).startswith("### Reported")

    mika = scene.stage.member("Mika")
    await scene.cases.decide(job.id, Outcome.DISMISSED, by=mika, moderator=True)
    await scene.touched(job.id)

    (item,) = media(await scene.card(job))
    saved = scene.folder / "saved.mp4"
    await scene.stage.ada.download(item["media"]["url"], saved)
    assert saved.read_bytes() == FILM


async def test_a_report_that_a_dead_process_may_have_told_is_told_once(scene: Scene) -> None:
    await name_channel(scene)
    job = await posted(scene)
    await report(scene, scene.stage.bruno, await scene.message(job), "rights")
    await until_told(scene)
    await scene.stage.database.write(forget_that_it_was_told)
    scene.stage.clock.advance(timedelta(minutes=3))  # the nonce does not hold any more

    (left,) = await scene.stage.database.read(reported.untold)
    assert await scene.reporting._tell(left)

    told = [texts(one) for one in await scene.stage.ada.messages(scene.stage.channel(OFFICE))]
    assert len(told) == 1


def forget_that_it_was_told(tx: sqlite3.Connection) -> None:
    tx.execute("UPDATE reports SET told_at = NULL, told_how = NULL")


async def test_other_reasons_tell_the_managers_and_hide_nothing(scene: Scene) -> None:
    await name_channel(scene)
    job = await posted(scene)

    await report(scene, scene.stage.bruno, await scene.message(job), "rights")
    (notice,) = await until_told(scene)

    assert "It is still shown." in texts(notice)
    assert len(media(await scene.message(job))) == 1


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("rights", "It is in the moderators' list."),
        ("minor", "The clip is hidden until a moderator has looked."),
    ],
)
async def test_a_report_that_nobody_is_told_of_says_so(scene: Scene, reason: str, told: str) -> None:
    job = await posted(scene)

    answer = texts(await report(scene, scene.stage.bruno, await scene.message(job), reason))

    assert told in answer
    assert "told now" not in answer
    assert "so tell one of them too" in answer


async def test_one_person_reports_a_clip_once(scene: Scene) -> None:
    await name_channel(scene)
    job = await posted(scene)
    await report(scene, scene.stage.bruno, await scene.message(job), "rights")

    again = await report(scene, scene.stage.bruno, await scene.message(job), "other")

    assert "You have reported this clip before." in texts(again)
    assert len(media(await scene.message(job))) == 1


async def test_who_reported_a_clip_may_say_later_that_it_is_worse_and_it_is_hidden(scene: Scene) -> None:
    await name_channel(scene)
    job = await posted(scene)
    await report(scene, scene.stage.bruno, await scene.message(job), "other")
    await until_told(scene)

    worse = await report(scene, scene.stage.bruno, await scene.message(job), "minor")
    shown = await scene.stage.ada.wait_for_message(
        lambda one: bool(one["id"] == str(job.clip_message_id)) and "was reported" in texts(one)
    )

    assert "The clip is hidden until a moderator has looked" in texts(worse)
    assert media(shown) == []


async def test_what_hides_a_clip_hides_the_words_that_made_it(scene: Scene) -> None:
    stage = scene.stage
    job = await posted(scene)
    await scene.reporting.report(job.id, Reason.MINOR, "", by=stage.member("Bruno"))
    await scene.touched(job.order_id)
    card = await scene.card(job)

    of_bruno = await stage.press(stage.bruno, card, "details:")
    of_ada = await stage.press(stage.ada, card, "details:")
    of_mika = await stage.press(stage.mika, card, "details:")

    assert "Reported: hidden until a moderator has looked" in texts(card)
    assert job.order.prompt not in str(card)
    assert "Only its member and moderators see what it was." in texts(of_bruno)
    assert job.order.prompt not in str(of_bruno)
    for details in (of_ada, of_mika):
        assert job.order.prompt in texts(details)
        assert "**State** Reported: hidden until a moderator has looked" in texts(details)
        assert "Show the clip" not in str(details)


async def test_a_hidden_clip_is_not_ordered_again(scene: Scene) -> None:
    stage = scene.stage
    job = await posted(scene)
    await scene.reporting.report(job.id, Reason.MINOR, "", by=stage.member("Bruno"))
    old = await buttons(stage, job.id)  # as they stood before

    for person in (stage.ada, stage.bruno):
        answer = await person.answer(await pressed(person, old, Action.AGAIN))

        assert "reported or taken down. Nothing was charged." in texts(answer)
    await scene.touched(job.order_id)
    assert not any(one.startswith("make:again:") for one in custom_ids(await scene.card(job)))
    assert len(await stage.rows()) == 1


async def test_a_moderator_shows_a_hidden_clip_again(scene: Scene) -> None:
    await name_channel(scene)
    job = await posted(scene)
    await report(scene, scene.stage.bruno, await scene.message(job), "minor")
    (notice,) = await until_told(scene)

    refused = await press(scene, scene.stage.bruno, notice, "restore")
    done = await press(scene, scene.stage.mika, notice, "restore")

    assert "Only a moderator" in texts(refused)
    assert texts(done) == "The clip is shown again."
    decided = await scene.stage.mika.wait_for_message(
        lambda one: bool(one["id"] == notice["id"]) and "has decided:" in texts(one)
    )
    assert f"**<@{scene.stage.mika.id}> has decided: the clip is shown again.**" in texts(decided)
    assert "until one of you has decided" not in texts(decided)
    assert custom_ids(decided) == []
    assert "To its message" in str(decided)
    (item,) = media(await scene.message(job))
    saved = scene.folder / "saved.mp4"
    await scene.stage.ada.download(item["media"]["url"], saved)
    assert saved.read_bytes() == FILM


async def test_a_notice_of_a_clip_that_stays_hidden_can_be_decided_on_again(scene: Scene) -> None:
    await name_channel(scene)
    job = await posted(scene)
    await report(scene, scene.stage.bruno, await scene.message(job), "minor")
    (notice,) = await until_told(scene)

    await press(scene, scene.stage.mika, notice, "hide")
    hidden = await scene.stage.mika.wait_for_message(
        lambda one: bool(one["id"] == notice["id"]) and "the clip stays hidden" in texts(one)
    )
    await press(scene, scene.stage.mika, hidden, "restore")
    shown = await scene.stage.mika.wait_for_message(
        lambda one: bool(one["id"] == notice["id"]) and "the clip is shown again" in texts(one)
    )

    assert "the clip stays hidden" not in texts(shown)
    assert texts(shown).startswith("### A clip was reported")


# too large for the place


async def too_large(clip: Path, into: Path, *, limit_bytes: int, comment: str = "") -> Fitted:
    raise ClipTooLarge("nothing would be left of it to look at")


async def test_a_clip_that_no_upload_can_bring_is_linked_and_the_link_can_be_renewed(tmp_path: Path) -> None:
    made: list[Link] = []

    def link(job_id: JobId, size_bytes: int) -> Link:
        until = datetime(2026, 11, 28, 12, len(made), tzinfo=UTC)
        url = f"https://dailies.example/clips/{job_id}/{len(made)}.mp4"
        made.append(Link(url=url, expires_at=until, size_bytes=size_bytes))
        return made[-1]

    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path, fit=too_large, link=link) as scene:
        job = await posted(scene)
        before = await scene.message(job)
        answer = await press(scene, stage.bruno, before, "link")
        after = await scene.message(job)

    assert texts(answer) == "The message has a new link. It cost nothing."
    assert [urls(one)[0] for one in (before, after)] == [made[0].url, made[1].url]
    assert "which is more than this place takes" in texts(before)
    assert before["attachments"] == []


async def test_a_link_is_renewed_also_where_the_file_would_fit_by_now(tmp_path: Path) -> None:
    made = iter(range(9))

    def link(job_id: JobId, size_bytes: int) -> Link:
        until = datetime(2026, 11, 28, 12, tzinfo=UTC)
        url = f"https://dailies.example/clips/{job_id}/{next(made)}.mp4"
        return Link(url=url, expires_at=until, size_bytes=size_bytes)

    async with (
        open_stage(tmp_path, upload_limit=1_000) as stage,
        open_scene(stage, tmp_path, link=link) as scene,
    ):
        job = await posted(scene)
        before = await scene.message(job)
        answer = await press(scene, stage.bruno, before, "link")
        after = await scene.message(job)

    assert texts(answer) == "The message has a new link. It cost nothing."
    assert [urls(one)[0][-5:] for one in (before, after)] == ["0.mp4", "1.mp4"]


async def test_a_post_that_plays_its_clip_is_given_no_link(tmp_path: Path) -> None:
    def link(job_id: JobId, size_bytes: int) -> Link:
        return Link(url="https://dailies.example", expires_at=datetime.now(UTC), size_bytes=size_bytes)

    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path, link=link) as scene:
        job = await posted(scene)
        before = await scene.message(job)
        pressed = await stage.bruno.press(before, f"clip:link:{job.id}", unchecked=True)
        answer = await stage.bruno.answer(pressed)
        after = await scene.message(job)

    assert texts(answer).startswith("This button is not known any more. Nothing was charged.")
    assert after["components"] == before["components"]


def urls(message: Json) -> list[str]:
    return [one["url"] for one in walk(message["components"]) if one["type"] == 2 and "url" in one]
