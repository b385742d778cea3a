"""A pause by moderators, with the worker: what waits, what goes on, what is said, and how it ends."""

from dataclasses import replace

from bot.domain import ChannelId, JobState, Member, UserId
from bot.moderation.pauses import WHOLE_SERVER
from cogs import sentences
from tests import bookkeeping
from tests.props import ANN, job_of
from tests.workbench import TOLD, Bench

BEN = replace(ANN, user_id=UserId(1002))
HERE = ChannelId(30)


async def paused(bench: Bench, place: ChannelId = WHOLE_SERVER, by: Member = BEN) -> None:
    await bench.running.pauses.pause(by, place)


async def test_a_queued_job_waits_with_its_hold_and_its_card_says_why(bench: Bench) -> None:
    await bench.start()
    await paused(bench)
    job = await bench.place(TOLD)

    await bench.passing(hours=2)

    assert bench.told.submitted == []
    assert bench.job(job.id).state is JobState.QUEUED
    assert bench.holder(job) is not None
    (take,) = bench.channel.card(job.id).takes
    assert sentences.take_explanation(take) == (
        "The moderators have paused orders here. Nothing was charged; the price stays set aside. Nothing "
        "to do: it goes on by itself when they go on, or press Cancel."
    )


async def test_what_waited_longer_than_a_job_may_queue_goes_on_at_once_when_it_is_resumed(
    bench: Bench,
) -> None:
    await bench.start()
    await paused(bench, HERE)
    job = await bench.place(TOLD)
    await bench.passing(hours=3)

    before = bench.clock()
    done = await bench.running.pauses.resume(BEN, HERE)

    assert (done.changed, done.jobs, done.held_micros) == (True, 1, job.quote.price_micros)
    await bench.until_state(job, JobState.RUNNING, JobState.POSTED, within_s=5)
    assert (bench.clock() - before).total_seconds() < 5
    await bench.until_state(job, JobState.POSTED)


async def test_a_pause_outlives_the_process(bench: Bench) -> None:
    await bench.start()
    await paused(bench)
    await bench.kill()
    job = await bench.place(TOLD)
    await bench.start()

    await bench.passing(hours=1)
    assert bench.told.submitted == []
    await bench.running.pauses.resume(BEN, WHOLE_SERVER)

    await bench.until_state(job, JobState.POSTED)


async def test_that_it_went_on_is_remembered_past_a_restart(bench: Bench) -> None:
    await bench.start()
    await paused(bench)
    job = await bench.place(TOLD)
    await bench.passing(hours=3)
    await bench.kill()
    bench.connection.execute(
        "UPDATE pauses SET resumed_at = ?, resumed_by = 1", (int(bench.clock().timestamp() * 1e6),)
    )
    await bench.start()

    await bench.until_state(job, JobState.POSTED)


async def test_a_paused_channel_holds_back_its_threads_and_no_other_channel(bench: Bench) -> None:
    await bench.start()
    await paused(bench, HERE)
    elsewhere = await bench.place(TOLD, channel_id=31)
    thread = job_of(77, at=bench.clock(), channel_id=32)
    order = replace(thread.order, parent_id=HERE, model=TOLD)
    thread = replace(thread, order=order, quote=elsewhere.quote)
    bench.write(lambda tx: bookkeeping.place(tx, thread))
    bench.running.worker.wake(thread.id)

    await bench.until_state(elsewhere, JobState.POSTED)
    await bench.passing(minutes=30)

    assert bench.job(thread.id).state is JobState.QUEUED
    assert bench.job(thread.id).order.parent_id == HERE


async def test_nobody_resumes_for_a_day_and_the_order_ends_with_its_hold_given_back(bench: Bench) -> None:
    await bench.start()
    await paused(bench)
    job = await bench.place(TOLD)

    ended = await bench.until_state(job, JobState.FAILED, within_s=100_000)

    assert ended.fault is not None
    assert ended.fault.code == "paused"
    assert bench.holder(job) is None
    assert ended.charged_micros == 0
    assert sentences.explanation(ended) == (
        "The moderators had paused orders here, and it waited for a day. Nothing was charged. "
        "Order again when they go on."
    )
