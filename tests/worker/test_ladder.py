"""Where a clip goes that its channel will not have: one place after another, and never two."""

from functools import partial

import pytest

from bot.domain import ChannelId, Job, JobState
from storage import places, wishes
from storage.places import Purpose
from storage.wishes import Wishes
from tests.channel import Call, Mishap
from tests.workbench import Bench

ORDERED, PARENT, NAMED = ChannelId(30), ChannelId(29), ChannelId(77)


def open_ladder(bench: Bench, job: Job) -> ChannelId:
    """Every rung there can be; returns the channel of the member's direct messages."""
    member = job.order.member
    bench.channel.parents[ORDERED] = PARENT
    bench.write(partial(places.put, guild_id=member.guild_id, purpose=Purpose.CLIPS, channel_id=NAMED))
    bench.write(partial(wishes.put, user_id=member.user_id, wishes=Wishes(direct_messages=True)))
    return ChannelId(member.user_id)


async def stored(bench: Bench) -> tuple[Job, ChannelId]:
    job = await bench.leave(JobState.STORED)
    return job, open_ladder(bench, job)


@pytest.mark.parametrize("closed", [1, 2, 3])
async def test_the_first_place_that_takes_it_gets_it(bench: Bench, closed: int) -> None:
    job, direct = await stored(bench)
    rungs = [ORDERED, PARENT, NAMED, direct]
    bench.channel.closed = set(rungs[:closed])
    await bench.start()

    job = await bench.until_state(job, JobState.POSTED)

    (clip,) = bench.channel.clips(job.id)
    assert clip.channel_id == job.clip_channel_id == rungs[closed]


async def test_a_place_that_is_gone_is_no_reason_to_wait(bench: Bench) -> None:
    job, _ = await stored(bench)
    bench.channel.gone = {ORDERED}
    await bench.start()

    job = await bench.until_state(job, JobState.POSTED)

    assert job.clip_channel_id == PARENT


async def test_a_thread_that_is_deleted_leaves_its_channel_as_the_order_has_kept_it(bench: Bench) -> None:
    job, _ = await stored(bench)
    bench.write(
        lambda tx: tx.execute("UPDATE jobs SET parent_id = ? WHERE id = ?", (PARENT, job.id)).rowcount
    )
    bench.channel.parents = {}
    bench.channel.gone = {ORDERED}
    await bench.start()

    job = await bench.until_state(job, JobState.POSTED)

    assert job.clip_channel_id == PARENT


async def test_nobody_is_written_to_directly_who_has_not_asked_for_it(bench: Bench) -> None:
    job, direct = await stored(bench)
    bench.write(partial(wishes.put, user_id=job.order.member.user_id, wishes=Wishes()))
    bench.channel.closed = {ORDERED, PARENT, NAMED}
    await bench.start()

    job = await bench.until_state(job, JobState.UNDELIVERABLE)

    assert bench.channel.clips(job.id) == []
    assert direct not in {message.channel_id for message in bench.channel.messages}


async def test_where_every_place_refuses_it_is_kept(bench: Bench) -> None:
    job, direct = await stored(bench)
    bench.channel.closed = {ORDERED, PARENT, NAMED, direct}
    await bench.start()

    job = await bench.until_state(job, JobState.UNDELIVERABLE)

    assert (bench.folder / f"{job.id}.mp4").exists()


async def test_no_other_place_is_tried_while_the_first_may_have_it(bench: Bench) -> None:
    job, _ = await stored(bench)
    bench.channel.next(Call.POST_CLIP, Mishap.HANG_AFTER)
    await bench.start()
    await bench.until(lambda: bool(bench.channel.clips(job.id)))
    await bench.kill()
    bench.channel.closed = {ORDERED}  # and from now on it is closed to us

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    (clip,) = bench.channel.clips(job.id)
    assert clip.channel_id == job.clip_channel_id == ORDERED


async def test_a_first_try_that_came_to_nothing_lets_the_next_place_have_it(bench: Bench) -> None:
    job, _ = await stored(bench)
    bench.channel.next(Call.POST_CLIP, Mishap.HANG_BEFORE)
    await bench.start()
    await bench.until(lambda: bench.channel.count(Call.POST_CLIP) == 1)
    await bench.kill()
    bench.channel.closed = {ORDERED}

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    (clip,) = bench.channel.clips(job.id)
    assert clip.channel_id == PARENT


async def test_a_process_that_died_in_the_second_place_finds_it_there(bench: Bench) -> None:
    job, _ = await stored(bench)
    bench.channel.closed = {ORDERED}
    bench.channel.next(Call.POST_CLIP, Mishap.REFUSED, Mishap.HANG_AFTER)
    await bench.start()
    await bench.until(lambda: bool(bench.channel.clips(job.id)))
    await bench.kill()
    bench.channel.closed = set()
    await bench.passing(minutes=10)

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    (clip,) = bench.channel.clips(job.id)
    assert clip.channel_id == job.clip_channel_id == PARENT


async def test_a_server_that_takes_less_than_its_level_says_is_remembered(bench: Bench) -> None:
    job, _ = await stored(bench)
    size = (bench.folder / f"{job.id}.mp4").stat().st_size
    bench.channel.closed = set()
    bench.channel.upload_bytes_max = size // 2
    await bench.start()

    job = await bench.until_state(job, JobState.UNDELIVERABLE)

    assert job.fault is not None
    assert job.fault.code == "clip_too_large"
