"""What SIGTERM asks of the worker, and what a process may keep in memory."""

import asyncio

from bot.domain import JobState
from tests.channel import Call, Mishap
from tests.emulators import faults
from tests.workbench import KEYLESS, Bench, ticket_of


async def test_a_stop_with_nothing_in_hand_is_at_once(bench: Bench) -> None:
    await bench.start()
    job = await bench.until_shown(await bench.until_state(await bench.place(), JobState.POSTED))
    began = asyncio.get_running_loop().time()

    assert await bench.stop() == []

    assert asyncio.get_running_loop().time() - began < 0.5
    assert bench.job(job.id).state is JobState.POSTED


async def test_a_stop_lets_a_submission_finish(bench: Bench) -> None:
    bench.emulator.asks_to_finish = None
    await bench.start()
    job = await bench.place()
    await bench.until_state(job, JobState.SUBMITTING)

    assert await bench.stop() == []

    assert bench.job(job.id).state is JobState.RUNNING


async def test_a_submission_that_does_not_finish_is_parked_and_found_again(bench: Bench) -> None:
    bench.emulator.faults.next("create", faults.HANG_AFTER_WORK)
    await bench.start()
    job = await bench.place()
    await bench.until_state(job, JobState.SUBMITTING)
    await bench.emulator.until(1)
    began = asyncio.get_running_loop().time()

    assert await bench.stop(within_s=7.0) == [job.id]

    assert asyncio.get_running_loop().time() - began < 10
    assert bench.job(job.id).state is JobState.SUBMITTING
    await bench.start()
    await bench.until_state(job, JobState.POSTED)


async def test_a_stop_waits_longer_while_a_clip_is_being_posted(bench: Bench) -> None:
    bench.channel.next(Call.POST_CLIP, Mishap.SLOW)
    await bench.start()
    job = await bench.place()
    await bench.until(lambda: bench.channel.count(Call.POST_CLIP) == 1)

    assert await bench.stop(within_s=7.0, uploading_s=21.0) == []

    assert bench.job(job.id).state is JobState.POSTED


async def test_a_post_that_does_not_finish_is_parked_and_found_again(bench: Bench) -> None:
    bench.channel.next(Call.POST_CLIP, Mishap.HANG_AFTER)
    await bench.start()
    job = await bench.place()
    await bench.until(lambda: bool(bench.channel.clips(job.id)))
    began = asyncio.get_running_loop().time()

    assert await bench.stop(within_s=7.0, uploading_s=20.0) == [job.id]

    assert asyncio.get_running_loop().time() - began < 25
    assert bench.job(job.id).state is JobState.STORED
    await bench.start()
    await bench.until_state(job, JobState.POSTED)


async def test_a_stopped_process_leaves_no_task_and_its_rows_say_what_is_next(bench: Bench) -> None:
    bench.emulator.asks_to_finish = None
    before = asyncio.all_tasks()
    await bench.start()
    left = [await bench.place() for _ in range(5)]
    for job in left:
        await bench.until_state(job, JobState.RUNNING)

    await bench.stop()

    ours = {task.get_name() for task in asyncio.all_tasks() - before}
    assert not [name for name in ours if name.startswith(("job ", "storage"))]
    bench.emulator.asks_to_finish = 1
    await bench.start()
    for job in left:
        await bench.until_state(job, JobState.POSTED)


async def test_nothing_is_kept_in_memory_of_a_job_that_has_ended(bench: Bench) -> None:
    bench.emulator.asks_to_finish = 5
    await bench.start()
    posted = await bench.place()
    deleted = await bench.place(KEYLESS)
    bench.emulator.faults.next("content", faults.answer(200, b"no clip"))
    await bench.until_state(deleted, JobState.RUNNING)
    await bench.until_shown(deleted)
    bench.channel.delete(bench.channel.cards(deleted.id)[0].id)
    await bench.until_state(posted, JobState.POSTED)
    await bench.until_state(deleted, JobState.POSTED)
    bench.channel.next(Call.POST_CARD, Mishap.REFUSED)
    refused = await bench.until_state(await bench.place(), JobState.RUNNING)
    bench.emulator.fail(ticket_of(refused).provider_job_id)
    await bench.until_state(refused, JobState.FAILED)
    bench.channel.next(Call.POST_CLIP, Mishap.REFUSED)
    await bench.until_state(await bench.place(), JobState.UNDELIVERABLE)
    await bench.passing(minutes=5)

    worker, cards = bench.running.worker, bench.running.cards
    kept = [
        (type(of).__name__, name, value)
        for of in (worker, cards, worker._schedule, cards._schedule)
        for name, value in vars(of).items()
        if isinstance(value, dict | set | list) and value and name != "_paces"
    ]
    assert [each for each in kept if each[1] != "_providers"] == []


async def test_a_stop_while_a_clip_is_fetched_leaves_the_posting_to_the_next_process(bench: Bench) -> None:
    job = await bench.leave(JobState.RENDERED)
    bench.write(
        lambda tx: tx.execute("UPDATE jobs SET card_rev = 0 WHERE id = ?", (job.id,))
    )  # not waited for
    await bench.start()
    while not any(seen.route == "content" for seen in bench.emulator.seen):
        await bench.turn()

    assert await bench.stop() == []

    assert bench.job(job.id).state is JobState.STORED
    assert bench.channel.count(Call.POST_CLIP) == 0
    await bench.start()
    await bench.until_state(job, JobState.POSTED)
