"""The way of an order from its row to its clip, from wherever a process left it."""

import pytest

from bot.delivery import Card, Post
from bot.domain import EntryKind, JobState, Scope
from bot.providers.protocol import Rendering
from tests.channel import Call
from tests.props import SHORTEST_MICROS
from tests.workbench import KEYLESS, Bench

PAID = [
    (EntryKind.HOLD, Scope.MEMBER, SHORTEST_MICROS),
    (EntryKind.CAPTURE, Scope.MEMBER, SHORTEST_MICROS),
]


async def test_an_order_is_held_made_paid_and_posted_once(bench: Bench) -> None:
    await bench.start()

    job = await bench.until_state(await bench.place(), JobState.POSTED)

    assert bench.entries(job) == PAID
    assert bench.attempts(job) == ["taken"]
    assert len(bench.made(job)) == 1
    (clip,) = bench.channel.clips(job.id)
    assert clip.id == job.clip_message_id
    assert job.clip_channel_id == job.order.channel_id


async def test_a_clip_replies_to_its_card_and_says_what_it_is(bench: Bench) -> None:
    await bench.start()

    job = await bench.until_state(await bench.place(), JobState.POSTED)

    (clip,) = bench.channel.clips(job.id)
    assert clip.reply_to == job.card_message_id == bench.channel.cards(job.id)[0].id
    post = clip.shown
    assert isinstance(post, Post)
    assert (post.model_name, post.label, post.play_money) == ("Keyed", "AI-generated", True)
    assert (post.clip.width, post.clip.height, post.clip.duration_ms) == (128, 72, 4_000)
    assert post.clip.has_sound
    assert post.job.order == job.order


async def test_a_card_is_posted_once_and_ends_with_the_job(bench: Bench) -> None:
    await bench.start()

    job = await bench.until_shown(await bench.until_state(await bench.place(), JobState.POSTED))

    card = bench.channel.card(job.id)
    assert card.job.state is JobState.POSTED
    assert card.job.clip_message_id == job.clip_message_id
    assert (card.model_name, card.label, card.play_money) == ("Keyed", "AI-generated", True)
    assert card.takes[0].can_cancel
    assert card.takes[0].clip_here is None
    assert card.allowance.balance.spent_micros == SHORTEST_MICROS
    assert bench.channel.count(Call.POST_CARD) == 1


async def test_a_card_shows_the_providers_own_progress(bench: Bench) -> None:
    bench.emulator.asks_to_finish = 4
    await bench.start()

    job = await bench.until_shown(await bench.until_state(await bench.place(), JobState.POSTED))

    shown = [card.takes[0].progress for card in bench.channel.cards(job.id)[0].edits]
    assert Rendering(percent=50) in shown


async def test_no_edit_of_a_card_says_what_the_one_before_said(bench: Bench) -> None:
    bench.emulator.asks_to_finish = 5
    await bench.start()

    job = await bench.until_shown(await bench.until_state(await bench.place(), JobState.POSTED))
    await bench.passing(minutes=5)

    edits = bench.channel.cards(job.id)[0].edits
    said = [(card.job.state, card.takes[0].progress) for card in edits]
    assert said == sorted(set(said), key=said.index)


async def test_what_the_provider_cannot_stop_has_a_card_that_says_so(bench: Bench) -> None:
    await bench.start()

    job = await bench.until_shown(await bench.until_state(await bench.place(KEYLESS), JobState.POSTED))

    assert not bench.channel.card(job.id).takes[0].can_cancel


LEFT = [
    pytest.param(JobState.QUEUED, False, False, id="queued"),
    pytest.param(JobState.SUBMITTING, False, False, id="submitting, not sent"),
    pytest.param(JobState.SUBMITTING, True, False, id="submitting, sent"),
    pytest.param(JobState.UNCERTAIN, False, False, id="uncertain, not sent"),
    pytest.param(JobState.UNCERTAIN, True, False, id="uncertain, sent"),
    pytest.param(JobState.UNCERTAIN, True, True, id="uncertain, with a ticket"),
    pytest.param(JobState.RUNNING, True, True, id="running"),
    pytest.param(JobState.RENDERED, True, True, id="rendered"),
    pytest.param(JobState.STORED, True, True, id="stored"),
]


@pytest.mark.parametrize(("state", "sent", "ticket"), LEFT)
async def test_a_job_that_a_dead_process_left_goes_on_to_its_end(
    bench: Bench, state: JobState, *, sent: bool, ticket: bool
) -> None:
    left = await bench.leave(state, sent=sent, ticket=ticket)

    await bench.start()
    job = await bench.until_shown(await bench.until_state(left, JobState.POSTED))

    assert bench.entries(job) == PAID
    assert len(bench.made(job)) == 1
    assert len(bench.channel.clips(job.id)) == 1
    assert bench.channel.card(job.id).job.state is JobState.POSTED


@pytest.mark.parametrize("sent", [False, True], ids=["not sent", "sent"])
@pytest.mark.parametrize("state", [JobState.SUBMITTING, JobState.UNCERTAIN])
async def test_what_may_have_been_ordered_without_a_key_is_never_ordered_again(
    bench: Bench, state: JobState, *, sent: bool
) -> None:
    left = await bench.leave(state, KEYLESS, sent=sent)
    asked_before = len(bench.emulator.seen)

    await bench.start()
    await bench.passing(hours=2)

    assert bench.job(left.id).state is JobState.UNCERTAIN
    assert len(bench.emulator.seen) == asked_before
    assert bench.holder(left) is Scope.MEMBER
    card = bench.channel.card(left.id)
    assert isinstance(card, Card)
    assert card.job.state is JobState.UNCERTAIN


async def test_an_ended_job_is_left_alone_by_the_next_process(bench: Bench) -> None:
    await bench.start()
    job = await bench.until_shown(await bench.until_state(await bench.place(), JobState.POSTED))
    await bench.stop()
    calls, asked_before = len(bench.channel.calls), len(bench.emulator.seen)

    await bench.start()
    await bench.passing(minutes=10)

    assert bench.job(job.id).state is JobState.POSTED
    assert len(bench.channel.calls) == calls
    assert len(bench.emulator.seen) == asked_before
