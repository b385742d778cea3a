"""The card of an order: posted once, edited when there is something to see, left alone when it is gone."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.delivery import Card
from bot.domain import Job, JobId, JobState
from bot.orders import Cancelled
from bot.providers.protocol import Rendering, Waiting
from storage import jobs
from tests.channel import Call, Mishap
from tests.emulators import faults
from tests.workbench import KEYLESS, Bench, ticket_of


def edits(bench: Bench, job: Job) -> list[Card]:
    return bench.channel.cards(job.id)[0].edits


async def running(bench: Bench, model: str = KEYLESS) -> Job:
    """A job that the provider works on until it is told otherwise, with a card that shows it."""
    bench.emulator.asks_to_finish = None
    await bench.start()
    job = await bench.until_state(await bench.place(model), JobState.RUNNING)
    return await bench.until_shown(job)


async def settled(bench: Bench) -> Job:
    """As `running`, and the card shows the progress that the provider says again and again."""
    job = await running(bench)
    await bench.passing(minutes=1)
    return job


async def silent(bench: Bench) -> Job:
    """As `running`, with a provider that says nothing of its own."""
    job = await settled(bench)
    bench.emulator.faults.always("ask", faults.PROXY_502_BEFORE_WORK)
    return job


def say(bench: Bench, job: Job, percent: int) -> None:
    """The provider says how far it is."""
    made = bench.made(job)[0]
    made.status, made.progress = "in_progress", percent


# when it is edited


async def test_progress_is_shown_no_more_often_than_every_few_seconds(bench: Bench) -> None:
    job = await silent(bench)
    before = len(edits(bench, job))
    cards = bench.running.cards

    for tenth in range(300):
        cards.progress(job.id, Rendering(percent=tenth // 3))
        await bench.passing(seconds=0.1)
    await bench.passing(seconds=5)

    shown = edits(bench, job)[before:]
    assert 5 <= len(shown) <= 11
    at = [at for call, _, at in bench.channel.calls if call is Call.EDIT_CARD][-len(shown) :]
    assert all(later - sooner >= timedelta(seconds=2.9) for sooner, later in pairwise(at))
    assert shown[-1].takes[0].progress == Rendering(percent=99)


async def test_the_progress_of_all_cards_together_leaves_discord_room_for_clips_and_answers(
    bench: Bench,
) -> None:
    first = await silent(bench)
    many = [first, *[await bench.place(KEYLESS) for _ in range(99)]]
    for job in many:
        await bench.until_shown(await bench.until_state(job, JobState.RUNNING))
    await bench.passing(minutes=5)
    before, cards = bench.channel.count(Call.EDIT_CARD), bench.running.cards

    for percent in range(10):
        for job in many:
            cards.progress(job.id, Rendering(percent=percent))
        await bench.passing(seconds=0.5)
    within = bench.channel.count(Call.EDIT_CARD) - before
    await bench.passing(seconds=10)

    # After three seconds they begin, twenty a second, each once for all that was said meanwhile.
    assert 35 <= within <= 45
    assert all(edits(bench, job)[-1].takes[0].progress == Rendering(percent=9) for job in many)
    assert bench.channel.count(Call.EDIT_CARD) - before <= 150


async def test_a_change_of_state_does_not_stand_in_the_line_of_progress(bench: Bench) -> None:
    job = await silent(bench)
    cards = bench.running.cards
    for number in range(1_000):
        cards.progress(JobId(f"{number:016d}"), Rendering(percent=1))
    cards.progress(job.id, Rendering(percent=10))

    assert await bench.cancel(job) is Cancelled.ASKED
    await bench.passing(seconds=0.1)

    assert bench.channel.card(job.id).takes[0].progress == Rendering(percent=10)
    assert bench.channel.card(job.id).job.cancel_asked_at is not None


async def test_what_is_said_while_the_card_is_being_edited_is_shown_after_that(bench: Bench) -> None:
    job = await silent(bench)
    cards = bench.running.cards
    bench.channel.next(Call.EDIT_CARD, Mishap.SLOW)

    cards.progress(job.id, Rendering(percent=10))
    await bench.passing(seconds=10)
    cards.progress(job.id, Rendering(percent=20))
    await bench.passing(minutes=1)

    assert [card.takes[0].progress for card in edits(bench, job)[-2:]] == [
        Rendering(percent=10),
        Rendering(percent=20),
    ]


async def test_a_job_that_moves_while_its_card_is_being_edited_is_shown_after_that(bench: Bench) -> None:
    job = await settled(bench)
    bench.channel.next(Call.EDIT_CARD, Mishap.SLOW)
    bench.running.cards.progress(job.id, Rendering(percent=10))
    await bench.passing(seconds=5)

    bench.emulator.finish(ticket_of(job).provider_job_id)
    job = await bench.until_shown(await bench.until_state(job, JobState.POSTED))

    assert bench.channel.card(job.id).job.state is JobState.POSTED


async def test_another_time_to_ask_again_is_nothing_to_see(bench: Bench) -> None:
    job = await silent(bench)
    before = len(edits(bench, job))

    for seconds in range(5):
        bench.running.cards.progress(job.id, Waiting(ask_after_s=float(seconds)))
        await bench.passing(seconds=10)

    assert len(edits(bench, job)) == before


async def test_a_change_of_state_is_shown_at_once(bench: Bench) -> None:
    job = await settled(bench)
    bench.running.cards.progress(job.id, Rendering(percent=10))

    bench.emulator.fail(ticket_of(job).provider_job_id)
    job = await bench.until_state(job, JobState.FAILED)
    await bench.passing(seconds=0.1)

    assert bench.channel.card(job.id).job.state is JobState.FAILED


async def test_a_wish_to_cancel_is_seen_on_the_card_at_once(bench: Bench) -> None:
    job = await settled(bench)

    assert await bench.cancel(job) is Cancelled.ASKED
    await bench.passing(seconds=0.1)

    card = bench.channel.card(job.id)
    assert card.job.cancel_asked_at is not None
    assert card.job.state is JobState.RUNNING


async def test_a_card_that_shows_all_there_is_to_see_is_not_edited(bench: Bench) -> None:
    job = await settled(bench)
    before = bench.channel.count(Call.EDIT_CARD)

    for _ in range(5):
        bench.running.worker.wake(job.id)
        await bench.passing(seconds=10)
    await bench.kill()
    await bench.start()
    bench.running.worker.wake(job.id)
    await bench.passing(minutes=1)

    # The new process hears the provider's progress for the first time: one edit.
    assert bench.channel.count(Call.EDIT_CARD) <= before + 1


# a card that is gone, or may not be touched


async def test_a_deleted_card_is_neither_posted_again_nor_asked_for_again(bench: Bench) -> None:
    job = await settled(bench)
    bench.channel.delete(bench.channel.cards(job.id)[0].id)
    before = bench.channel.count(Call.EDIT_CARD)

    for percent in range(0, 100, 10):
        say(bench, job, percent)
        await bench.passing(seconds=20)
    bench.emulator.finish(ticket_of(job).provider_job_id)
    job = await bench.until_shown(await bench.until_state(job, JobState.POSTED))

    assert bench.channel.count(Call.EDIT_CARD) == before + 1
    assert bench.channel.count(Call.POST_CARD) == 1
    assert len(bench.channel.clips(job.id)) == 1


async def test_a_place_that_takes_no_edits_is_not_asked_with_every_progress(bench: Bench) -> None:
    job = await settled(bench)
    bench.channel.always(Mishap.REFUSED, Call.EDIT_CARD)
    before = bench.channel.count(Call.EDIT_CARD)

    for percent in range(0, 100, 10):
        say(bench, job, percent)
        await bench.passing(seconds=20)
    # Discord bans an address that collects ten thousand refusals in ten minutes.
    assert bench.channel.count(Call.EDIT_CARD) == before + 1

    bench.channel.heal()
    bench.emulator.finish(ticket_of(job).provider_job_id)
    await bench.until_shown(await bench.until_state(job, JobState.POSTED))
    assert bench.channel.card(job.id).job.state is JobState.POSTED


async def test_a_place_that_takes_no_card_is_asked_once_and_never_looked_at_again(bench: Bench) -> None:
    bench.channel.always(Mishap.REFUSED, Call.POST_CARD)
    await bench.start()
    job = await bench.until_state(await bench.place(), JobState.POSTED)
    await bench.passing(minutes=5)

    assert bench.channel.count(Call.POST_CARD) == 1
    assert bench.channel.count(Call.EDIT_CARD) == 0
    assert jobs.with_stale_card(bench.connection) == []
    assert bench.job(job.id).card_message_id is None


async def test_a_card_that_is_gone_is_not_looked_at_by_every_process_to_come(bench: Bench) -> None:
    job = await settled(bench)
    bench.channel.delete(bench.channel.cards(job.id)[0].id)
    bench.emulator.finish(ticket_of(job).provider_job_id)
    await bench.until_shown(await bench.until_state(job, JobState.POSTED))

    assert jobs.with_stale_card(bench.connection) == []


# posted once


async def test_a_card_whose_answer_was_lost_is_answered_by_its_nonce(bench: Bench) -> None:
    bench.channel.next(Call.POST_CARD, Mishap.LOST, Mishap.LOST)
    await bench.start()

    job = await bench.until_shown(await bench.until_state(await bench.place(), JobState.POSTED))

    assert bench.channel.count(Call.POST_CARD) == 3
    assert bench.channel.count(Call.FIND_CARD) == 0
    assert [card.id for card in bench.channel.cards(job.id)] == [job.card_message_id]


@pytest.mark.parametrize("moved", [False, True], ids=["still running", "failed meanwhile"])
async def test_a_card_that_is_given_again_for_its_nonce_is_brought_up_to_date(
    bench: Bench, *, moved: bool
) -> None:
    bench.emulator.asks_to_finish = None
    bench.channel.always(Mishap.LOST, Call.POST_CARD)
    await bench.start()
    job = await bench.until_state(await bench.place(), JobState.RUNNING)
    if moved:
        bench.emulator.fail(ticket_of(job).provider_job_id)
        job = await bench.until_state(job, JobState.FAILED)

    bench.channel.heal()
    job = await bench.until_shown(job)

    assert bench.channel.count(Call.FIND_CARD) == 0
    assert bench.channel.card(job.id).job.state is job.state


async def posted_and_died(bench: Bench, mishap: Mishap = Mishap.HANG_AFTER) -> Job:
    """A job whose process died while it posted the card."""
    job = await bench.place()
    bench.emulator.asks_to_finish = None
    bench.channel.next(Call.POST_CARD, mishap)
    await bench.start()
    await bench.until_state(job, JobState.RUNNING)
    await bench.passing(seconds=1)
    await bench.kill()
    assert bench.job(job.id).card_message_id is None
    assert len(bench.channel.cards(job.id)) == (mishap is Mishap.HANG_AFTER)
    return job


async def test_a_clock_set_back_between_two_processes_makes_no_second_card(bench: Bench) -> None:
    job = await posted_and_died(bench)
    await bench.passing(minutes=10)
    bench.clock.advance(-timedelta(minutes=9))

    await bench.start()
    job = await bench.until_shown(job)

    assert [card.id for card in bench.channel.cards(job.id)] == [job.card_message_id]


async def test_where_nobody_may_look_a_card_of_a_moment_ago_is_answered_by_its_nonce(bench: Bench) -> None:
    job = await posted_and_died(bench)
    bench.channel.history_open = False

    await bench.start()
    job = await bench.until_shown(job)

    assert [card.id for card in bench.channel.cards(job.id)] == [job.card_message_id]


async def test_a_card_that_a_dead_process_posted_long_ago_is_found_in_the_channel(bench: Bench) -> None:
    job = await posted_and_died(bench)
    await bench.passing(minutes=10)

    await bench.start()
    job = await bench.until_shown(job)

    assert bench.channel.count(Call.FIND_CARD) == 1
    assert [card.id for card in bench.channel.cards(job.id)] == [job.card_message_id]
    assert bench.channel.card(job.id).job.state is JobState.RUNNING


async def test_a_card_that_is_not_found_in_the_channel_is_posted_once(bench: Bench) -> None:
    job = await posted_and_died(bench, Mishap.HANG_BEFORE)
    await bench.passing(minutes=10)

    await bench.start()
    job = await bench.until_shown(job)

    assert bench.channel.count(Call.FIND_CARD) == 1
    assert [card.id for card in bench.channel.cards(job.id)] == [job.card_message_id]


async def test_where_nobody_can_look_no_second_card_is_posted(bench: Bench) -> None:
    job = await posted_and_died(bench)
    bench.channel.history_open = False
    await bench.passing(minutes=10)
    bench.emulator.asks_to_finish = 1

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert len(bench.channel.cards(job.id)) == 1
    assert len(bench.channel.clips(job.id)) == 1


async def test_a_card_that_was_deleted_before_we_knew_of_it_is_not_posted_again(bench: Bench) -> None:
    job = await posted_and_died(bench)
    bench.channel.delete(bench.channel.cards(job.id)[0].id)
    bench.emulator.asks_to_finish = 1

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert len(bench.channel.cards(job.id)) == 1
    assert job.card_message_id is None


# never lost


@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.BUG], ids=["Discord is down", "a fault of our own"])
async def test_a_card_that_could_not_be_shown_is_shown_later(bench: Bench, mishap: Mishap) -> None:
    bench.expects_a_fault_of_ours = mishap is Mishap.BUG
    job = await settled(bench)
    bench.channel.always(mishap, Call.EDIT_CARD)
    bench.emulator.finish(ticket_of(job).provider_job_id)
    await bench.until_state(job, JobState.POSTED)
    await bench.passing(minutes=5)
    assert bench.channel.card(job.id).job.state is JobState.RUNNING

    bench.channel.heal()
    await bench.until_shown(job)

    assert bench.channel.card(job.id).job.state is JobState.POSTED


async def test_a_card_that_a_dead_process_left_stale_is_shown_by_the_next(bench: Bench) -> None:
    job = await settled(bench)
    bench.channel.always(Mishap.DOWN, Call.EDIT_CARD)
    bench.emulator.finish(ticket_of(job).provider_job_id)
    await bench.until_state(job, JobState.POSTED)
    await bench.kill()
    bench.channel.heal()

    await bench.start()
    job = await bench.until_shown(job)

    assert bench.channel.card(job.id).job.state is JobState.POSTED


async def test_while_discord_is_down_a_card_is_tried_less_and_less_often(bench: Bench) -> None:
    job = await settled(bench)
    bench.channel.always(Mishap.DOWN)
    before = bench.channel.count(Call.EDIT_CARD)
    say(bench, job, 50)

    await bench.passing(hours=1)

    assert 50 < bench.channel.count(Call.EDIT_CARD) - before < 90


async def test_one_card_that_hangs_keeps_no_other_waiting(bench: Bench) -> None:
    bench.channel.next(Call.POST_CARD, Mishap.HANG_BEFORE)
    await bench.start()
    first = await bench.place()
    await bench.until(lambda: bench.channel.count(Call.POST_CARD) == 1)

    second = await bench.until_state(await bench.place(), JobState.POSTED, within_s=60)

    assert len(bench.channel.cards(second.id)) == 1
    assert bench.channel.cards(first.id) == []


async def test_a_card_says_what_is_left_after_its_order(bench: Bench) -> None:
    bench.limits = replace(bench.limits, member_monthly_micros=bench.limits.installation_monthly_micros)
    job = await running(bench)

    allowance = bench.channel.card(job.id).allowance

    assert allowance.limit_micros is not None
    assert allowance.left_micros == allowance.limit_micros - job.quote.price_micros


async def test_where_a_job_only_comes_by_is_not_shown_and_where_it_stays_is(bench: Bench) -> None:
    await bench.start()
    quick = await bench.until_shown(await bench.until_state(await bench.place(), JobState.POSTED))
    bench.channel.next(Call.POST_CLIP, Mishap.SLOW)
    slow = await bench.until_shown(await bench.until_state(await bench.place(), JobState.POSTED))

    def shown(job: Job) -> set[JobState]:
        return {edit.job.state for edit in edits(bench, job)}

    assert not {JobState.RENDERED, JobState.STORED} & shown(quick)
    assert JobState.STORED in shown(slow)
    assert JobState.POSTED in shown(quick) & shown(slow)
