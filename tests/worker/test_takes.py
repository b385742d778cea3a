"""Takes of one order: one card for all of them, each its own job, clip and money."""

from dataclasses import replace
from functools import partial

from bot.domain import EntryKind, Job, JobId, JobState, Scope
from bot.providers.protocol import Rendering
from tests import bookkeeping
from tests.channel import Call, Mishap
from tests.props import SHORTEST_MICROS
from tests.workbench import KEYED, Bench, ticket_of

PAID = [
    (EntryKind.HOLD, Scope.MEMBER, SHORTEST_MICROS),
    (EntryKind.CAPTURE, Scope.MEMBER, SHORTEST_MICROS),
]
GIVEN_BACK = [
    (EntryKind.HOLD, Scope.MEMBER, SHORTEST_MICROS),
    (EntryKind.RELEASE, Scope.MEMBER, SHORTEST_MICROS),
]


async def place(bench: Bench, *, takes: int) -> list[Job]:
    """An order of so many takes; each has a prompt of its own, by which the provider's books are compared."""
    first = await bench.place(KEYED)
    bench.write(lambda tx: tx.execute("UPDATE jobs SET takes = ? WHERE id = ?", (takes, first.id)))
    placed = [first]
    for take in range(2, takes + 1):
        order = replace(first.order, takes=takes, prompt=f"{first.order.prompt}, take {take}")
        job = replace(first, id=JobId(f"{first.id[:-1]}{'xyz'[take - 2]}"), take=take, order=order)
        bench.write(partial(bookkeeping.place, job=job))
        placed.append(job)
    if bench.process is not None:
        for job in placed:
            bench.process.worker.wake(job.id)
    return placed


async def running(bench: Bench, *, takes: int) -> list[Job]:
    """Takes that the provider has, and of which it says nothing."""
    bench.emulator.asks_to_finish = None
    await bench.start()
    placed = await place(bench, takes=takes)
    return [await bench.until_shown(await bench.until_state(job, JobState.RUNNING)) for job in placed]


async def test_takes_have_one_card_and_their_clips_come_one_by_one_each_replying_to_it(bench: Bench) -> None:
    first, second, third = await running(bench, takes=3)

    bench.emulator.finish(ticket_of(second).provider_job_id)
    second = await bench.until_shown(await bench.until_state(second, JobState.POSTED))

    assert bench.job(first.id).state is JobState.RUNNING
    (card,) = bench.channel.cards(first.id)
    assert bench.channel.cards(second.id) == bench.channel.cards(third.id) == []
    assert [clip.reply_to for clip in bench.channel.clips(second.id)] == [card.id]
    assert [take.job.state for take in bench.channel.card(first.id).takes] == [
        JobState.RUNNING,
        JobState.POSTED,
        JobState.RUNNING,
    ]


async def test_a_take_that_fails_gives_its_part_back_and_the_card_says_so(bench: Bench) -> None:
    first, second = await running(bench, takes=2)

    bench.emulator.fail(ticket_of(second).provider_job_id)
    bench.emulator.finish(ticket_of(first).provider_job_id)
    second = await bench.until_shown(await bench.until_state(second, JobState.FAILED))
    first = await bench.until_shown(await bench.until_state(first, JobState.POSTED))

    assert bench.entries(first) == PAID
    assert bench.entries(second) == GIVEN_BACK
    assert [take.job.state for take in bench.channel.card(first.id).takes] == [
        JobState.POSTED,
        JobState.FAILED,
    ]


async def test_progress_of_four_takes_edits_the_card_no_more_often_than_that_of_one(bench: Bench) -> None:
    takes = await running(bench, takes=4)
    await bench.passing(minutes=1)
    before = bench.channel.count(Call.EDIT_CARD)

    for tenth in range(300):
        bench.running.cards.progress(takes[tenth % 4].id, Rendering(percent=tenth // 3))
        await bench.passing(seconds=0.1)
    await bench.passing(seconds=5)

    assert 5 <= bench.channel.count(Call.EDIT_CARD) - before <= 13


async def test_one_card_survives_every_death_of_the_process(bench: Bench) -> None:
    bench.channel.next(Call.POST_CARD, Mishap.HANG_AFTER)
    await bench.start()
    takes = await place(bench, takes=3)
    await bench.until(lambda: bool(bench.channel.cards(takes[0].id)))
    await bench.kill()
    await bench.passing(minutes=10)

    await bench.start()
    ended = [await bench.until_shown(await bench.until_state(job, JobState.POSTED)) for job in takes]

    assert len(bench.channel.cards(takes[0].id)) == 1
    assert {job.card_message_id for job in ended} == {bench.channel.cards(takes[0].id)[0].id}
    assert [take.job.state for take in bench.channel.card(takes[0].id).takes] == [JobState.POSTED] * 3


async def test_a_card_that_must_carry_two_clips_shows_both(bench: Bench) -> None:
    takes = await running(bench, takes=2)
    for job in takes:
        bench.channel.next(Call.POST_CLIP, Mishap.HANG_BEFORE)
        bench.emulator.finish(ticket_of(job).provider_job_id)
    await bench.until(lambda: bench.channel.count(Call.POST_CLIP) == 2)
    await bench.kill()
    bench.channel.history_open = False
    await bench.passing(minutes=10)

    await bench.start()
    ended = [await bench.until_shown(await bench.until_state(job, JobState.POSTED)) for job in takes]

    (card,) = bench.channel.cards(takes[0].id)
    assert {job.clip_message_id for job in ended} == {card.id}
    assert len(card.clips) == 2
