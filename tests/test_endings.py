"""Orders that fail where no card says so: their member reads it in the answer, or directly if they asked."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.clips.endings import Endings
from bot.domain import Job, JobState
from bot.errors import DeliveryRefused, DeliveryUnavailable
from bot.sandbox.permissions import Permission
from storage import wishes
from storage.wishes import Wishes
from tests.closed_places import failed
from tests.showing_scene import Scene, open_scene
from tests.stage import Json, open_stage, texts

ENDED = "**Your order in <#"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path) as opened:
        yield opened


async def ordered(scene: Scene, **options: Any) -> tuple[Job, Json]:
    """An order of Ada's with its card in the channel, and the answer that she alone sees."""
    answer = await scene.stage.ask(scene.stage.ada, prompt="a paper boat", **options)
    rows = await scene.stage.rows()
    first = max(rows, key=lambda job: (job.order.interaction_id, -job.take))
    await scene.touched(first.id)
    return await scene.job(first.id), answer


async def wants_messages(scene: Scene) -> None:
    who = scene.stage.member("Ada").user_id
    await scene.stage.database.write(partial(wishes.put, user_id=who, wishes=Wishes(direct_messages=True)))


async def said_in(scene: Scene, answer: Json) -> str:
    """What the answer shows now."""
    ada = scene.stage.ada
    last = await ada.say(scene.stage.channel(), "what comes before this has arrived")
    await ada.wait_for_message(lambda one: bool(one["id"] == last["id"]))
    return texts(ada.client.seen[answer["id"]])


async def written(scene: Scene) -> list[str]:
    """What the bot has written to Ada directly."""
    ada = scene.stage.ada
    place = await ada.direct_channel(str(scene.stage.sandbox.world.bot.id))
    return [texts(one) for one in await ada.messages(place)]


async def test_an_order_that_fails_in_a_closed_channel_says_so_in_its_answer(scene: Scene) -> None:
    job, answer = await ordered(scene)
    scene.stage.deny(Permission.VIEW_CHANNEL)

    await failed(scene, job)

    told = await said_in(scene, answer)
    assert told.startswith(f"{ENDED}{job.order.channel_id}>: Failed**\n> a paper boat\n")
    assert "The provider could not make it. Nothing was charged." in told


async def test_it_is_told_in_the_language_of_whom_it_tells(scene: Scene) -> None:
    scene.stage.sandbox.world.user_named("Ada").locale = "de"
    job, answer = await ordered(scene)
    scene.stage.deny(Permission.VIEW_CHANNEL)

    await failed(scene, job)

    told = await said_in(scene, answer)
    assert told.startswith(f"**Deine Bestellung in <#{job.order.channel_id}>: Fehlgeschlagen**")


async def test_who_asked_to_be_written_to_is_told_directly_once_the_answer_is_too_old(scene: Scene) -> None:
    await wants_messages(scene)
    job, answer = await ordered(scene)
    scene.stage.deny(Permission.VIEW_CHANNEL)
    scene.stage.clock.advance(timedelta(minutes=20))

    await failed(scene, job)
    await scene.touched(job.id)

    (told,) = await written(scene)
    assert told.startswith(ENDED)
    assert "Ordered." in await said_in(scene, answer)


async def test_who_did_not_ask_for_it_is_not_written_to(scene: Scene) -> None:
    job, _answer = await ordered(scene)
    scene.stage.deny(Permission.VIEW_CHANNEL)
    scene.stage.clock.advance(timedelta(minutes=20))

    await failed(scene, job)

    assert await written(scene) == []


async def test_what_its_card_says_is_told_nowhere_else(scene: Scene) -> None:
    await wants_messages(scene)
    job, answer = await ordered(scene)

    await failed(scene, job)

    assert "### Failed" in texts(await scene.card(job))
    assert "Ordered." in await said_in(scene, answer)
    assert await written(scene) == []


async def test_an_order_whose_card_was_deleted_says_in_its_answer_that_it_failed(scene: Scene) -> None:
    job, answer = await ordered(scene)
    await scene.stage.delivery.delete_message(job.order.channel_id, job.card_message_id)  # type: ignore[arg-type]  # it has one

    await failed(scene, job)

    assert (await said_in(scene, answer)).startswith(ENDED)


async def test_each_take_that_failed_is_told_directly_since_the_answer_may_show_others(scene: Scene) -> None:
    await wants_messages(scene)
    first, answer = await ordered(scene, takes=2)
    takes = sorted(await scene.stage.rows(), key=lambda job: job.take)
    scene.stage.deny(Permission.VIEW_CHANNEL)

    for job in takes:
        await failed(scene, job)
        await scene.touched(first.id)

    assert [one.splitlines()[0].rpartition(" · ")[2] for one in reversed(await written(scene))] == [
        "take 1 of 2",
        "take 2 of 2",
    ]
    assert "Ordered." in await said_in(scene, answer)


async def test_the_end_alone_is_told_and_once(scene: Scene) -> None:
    job, _answer = await ordered(scene)
    other, _answer = await ordered(scene)
    told: list[JobState] = []

    async def heard(ended: Job) -> None:
        told.append(ended.state)

    scene.cards.untold = heard
    scene.stage.deny(Permission.VIEW_CHANNEL)
    await scene.make(job)  # of which the card cannot tell either
    await scene.touched(job.id)
    assert told == []

    await failed(scene, other)
    await scene.touched(other.id)

    assert told == [JobState.FAILED]


class Voice:
    """Discord, which refuses or cannot be reached."""

    def __init__(self, fault: DeliveryRefused | DeliveryUnavailable) -> None:
        self.fault = fault
        self.ways: list[str | None] = []

    async def tell_end(self, job: Job, token: str | None) -> None:
        del job
        self.ways.append(token)
        raise self.fault


async def token_of(job: Job) -> str:
    return f"token of {job.id}"


async def test_where_the_answer_was_closed_the_other_way_is_tried(scene: Scene) -> None:
    await wants_messages(scene)
    job, _answer = await ordered(scene)
    voice = Voice(DeliveryRefused("10015"))

    await Endings(scene.stage.database, voice, token_of=token_of).tell(job)

    assert voice.ways == [f"token of {job.id}", None]


async def test_while_discord_is_away_it_is_to_be_told_later(scene: Scene) -> None:
    job, _answer = await ordered(scene)
    voice = Voice(DeliveryUnavailable("away"))

    with pytest.raises(DeliveryUnavailable):
        await Endings(scene.stage.database, voice, token_of=token_of).tell(job)

    assert voice.ways == [f"token of {job.id}"]
