"""A private clip on its way to its member: into the answer while that holds, else by a direct message."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest

from bot.clips.whispers import ANSWERS_HOLD
from bot.delivery import Post
from bot.domain import Job, JobState
from bot.errors import DeliveryError, DeliveryRefused, DeliveryUnavailable
from storage import answers, wishes
from storage.wishes import Wishes
from tests.workbench import Bench


class Listener:
    """One member, who hears nothing until `faults` are used up; without an end when it is `deaf`."""

    def __init__(self, *faults: DeliveryError, deaf: DeliveryError | None = None) -> None:
        self.faults = list(faults)
        self.deaf = deaf
        self.tries = 0
        self.shown: list[str] = []
        self.told: list[str] = []

    async def show_alone(self, posts: Sequence[Post], token: str) -> None:
        self.tries += 1
        if self.faults:
            raise self.faults.pop(0)
        if self.deaf is not None:
            raise self.deaf
        self.shown += [f"{post.job.id} in {token}" for post in posts]

    async def tell_directly(self, job: Job) -> None:
        self.told.append(job.id)


async def ordered(bench: Bench, *, wants_messages: bool = False) -> Job:
    """A private order, whose answer can be edited for a while."""
    job = await bench.place(private=True)
    order, at = job.order, bench.clock()
    put = partial(
        answers.put, interaction_id=order.interaction_id, token="t", expires_at=at + ANSWERS_HOLD, at=at
    )
    bench.write(put)
    wished = Wishes(direct_messages=wants_messages)
    bench.write(partial(wishes.put, user_id=order.member.user_id, wishes=wished))
    return job


async def test_an_answer_that_cannot_be_reached_for_a_while_shows_the_clip_in_the_end(bench: Bench) -> None:
    bench.ear = ada = Listener(DeliveryUnavailable("away"), DeliveryUnavailable("away"))
    await bench.start()

    job = await bench.until_state(await ordered(bench, wants_messages=True), JobState.UNDELIVERABLE)

    assert ada.shown == [f"{job.id} in t"]
    assert ada.told == []
    assert ada.tries == 3


async def test_who_cannot_be_reached_until_the_answer_is_too_old_is_told_directly(bench: Bench) -> None:
    bench.ear = ada = Listener(deaf=DeliveryUnavailable("away"))
    began = bench.clock()
    await bench.start()

    job = await bench.until_state(await ordered(bench, wants_messages=True), JobState.UNDELIVERABLE)

    assert (ada.shown, ada.told) == ([], [job.id])
    assert ANSWERS_HOLD <= bench.clock() - began < ANSWERS_HOLD + timedelta(minutes=1)


@pytest.mark.parametrize("wants_messages", [True, False])
async def test_whose_answer_is_gone_is_told_directly_only_if_they_asked_for_that(
    bench: Bench, *, wants_messages: bool
) -> None:
    bench.ear = ada = Listener(deaf=DeliveryRefused("gone"))
    await bench.start()

    job = await bench.until_state(await ordered(bench, wants_messages=wants_messages), JobState.UNDELIVERABLE)

    assert (ada.tries, ada.shown) == (1, [])
    assert ada.told == ([job.id] if wants_messages else [])
