"""A finished clip in its channel: once, whatever became of the tries before."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from bot.domain import EntryKind, FaultKind, Job, JobId, JobState, Scope
from tests.channel import Call, Mishap
from tests.props import SHORTEST_MICROS
from tests.workbench import Bench

PAID = [
    (EntryKind.HOLD, Scope.MEMBER, SHORTEST_MICROS),
    (EntryKind.CAPTURE, Scope.MEMBER, SHORTEST_MICROS),
]


def tries(bench: Bench) -> int:
    return bench.channel.count(Call.POST_CLIP)


def clip_on_disk(bench: Bench, job: Job) -> bool:
    return (bench.folder / f"{job.id}.mp4").exists()


async def test_the_trace_of_a_job_ends_with_its_post(bench: Bench) -> None:
    spans: list[str] = []

    @contextmanager
    def traced(_: JobId, name: str) -> Iterator[None]:
        spans.append(name)
        yield
        spans.append(f"end of {name}")

    bench.traced = traced
    await bench.start()

    await bench.until_state(await bench.place(), JobState.POSTED)

    at = spans.index("post")
    assert spans[at - 1 : at + 2] == ["step", "post", "end of post"]


async def posted_and_died(bench: Bench) -> Job:
    """A job whose clip is in the channel, and whose process died before it could write that down."""
    job = await bench.leave(JobState.STORED)
    bench.channel.next(Call.POST_CLIP, Mishap.HANG_AFTER)
    await bench.start()
    await bench.until(lambda: bool(bench.channel.clips(job.id)))
    await bench.kill()
    assert bench.job(job.id).state is JobState.STORED
    return job


async def tried_and_died(bench: Bench) -> Job:
    """A job whose process died while it was posting, and nothing came of it."""
    job = await bench.leave(JobState.STORED)
    bench.channel.next(Call.POST_CLIP, Mishap.HANG_BEFORE)
    await bench.start()
    await bench.until(lambda: tries(bench) == 1)
    await bench.kill()
    assert bench.channel.clips(job.id) == []
    return job


# a lost answer


async def test_a_lost_answer_within_the_nonces_minutes_is_answered_by_the_nonce(bench: Bench) -> None:
    bench.channel.next(Call.POST_CLIP, Mishap.LOST, Mishap.LOST)
    await bench.start()

    job = await bench.until_state(await bench.place(), JobState.POSTED)

    assert tries(bench) == 3
    assert bench.channel.count(Call.FIND_CLIP) == 0
    (clip,) = bench.channel.clips(job.id)
    assert clip.id == job.clip_message_id


async def test_a_clip_that_a_dead_process_posted_a_moment_ago_is_found(bench: Bench) -> None:
    job = await posted_and_died(bench)
    bench.clock.advance(-timedelta(seconds=1))

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert (tries(bench), bench.channel.count(Call.FIND_CLIP)) == (1, 1)
    assert [clip.id for clip in bench.channel.clips(job.id)] == [job.clip_message_id]


async def test_where_nobody_may_look_the_clip_of_a_moment_ago_is_answered_by_its_nonce(bench: Bench) -> None:
    job = await posted_and_died(bench)
    bench.channel.history_open = False

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert tries(bench) == 2
    assert [clip.id for clip in bench.channel.clips(job.id)] == [job.clip_message_id]


async def test_a_clock_set_back_between_two_processes_makes_no_old_nonce_young(bench: Bench) -> None:
    job = await posted_and_died(bench)
    await bench.passing(minutes=10)
    bench.clock.advance(-timedelta(minutes=9))

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert [clip.id for clip in bench.channel.clips(job.id)] == [job.clip_message_id]


async def test_a_clip_that_a_dead_process_posted_long_ago_is_found_in_the_channel(bench: Bench) -> None:
    job = await posted_and_died(bench)
    await bench.passing(minutes=10)

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert bench.channel.count(Call.FIND_CLIP) == 1
    assert tries(bench) == 1
    assert [clip.id for clip in bench.channel.clips(job.id)] == [job.clip_message_id]


async def test_a_clip_that_is_not_found_in_the_channel_is_posted_once(bench: Bench) -> None:
    job = await tried_and_died(bench)
    await bench.passing(minutes=10)

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert bench.channel.count(Call.FIND_CLIP) == 1
    assert [clip.id for clip in bench.channel.clips(job.id)] == [job.clip_message_id]


@pytest.mark.parametrize("by", [timedelta(days=-30), timedelta(days=30)], ids=["back", "forward"])
async def test_a_clock_that_was_set_makes_us_look_before_we_post(bench: Bench, by: timedelta) -> None:
    job = await posted_and_died(bench)
    bench.clock.advance(by)
    await bench.passing(minutes=10)

    await bench.start()
    await bench.until_state(job, JobState.POSTED)

    assert bench.channel.count(Call.FIND_CLIP) == 1
    assert tries(bench) == 1


async def test_lost_answers_for_an_hour_never_post_twice(bench: Bench) -> None:
    bench.channel.always(Mishap.LOST, Call.POST_CLIP)
    await bench.start()
    job = await bench.until_state(await bench.place(), JobState.STORED)

    job = await bench.until_state(job, JobState.POSTED)

    assert bench.channel.count(Call.FIND_CLIP) == 1
    assert len(bench.channel.clips(job.id)) == 1


# the history is closed


async def test_where_nobody_can_look_the_card_carries_the_clip(bench: Bench) -> None:
    job = await tried_and_died(bench)
    bench.channel.history_open = False
    await bench.passing(minutes=10)

    await bench.start()
    job = await bench.until_shown(await bench.until_state(job, JobState.POSTED))
    await bench.passing(minutes=10)

    assert job.clip_message_id == job.card_message_id
    assert bench.channel.clips(job.id) == []
    assert bench.channel.cards(job.id)[0].clips
    assert bench.channel.card(job.id).takes[0].clip_here == bench.folder / f"{job.id}.mp4"
    assert bench.entries(job) == PAID


@pytest.mark.parametrize(
    "mishaps", [(Mishap.SLOW,), (Mishap.DOWN, Mishap.SLOW)], ids=["on its way", "waiting for its turn"]
)
async def test_a_carried_clip_is_not_hidden_by_another_edit_of_the_card(
    bench: Bench, mishaps: tuple[Mishap, ...]
) -> None:
    job = await tried_and_died(bench)
    bench.write(lambda tx: tx.execute("UPDATE jobs SET card_rev = 0 WHERE id = ?", (job.id,)))
    bench.channel.history_open = False
    await bench.passing(minutes=10)

    bench.channel.next(Call.EDIT_CARD, *mishaps)
    await bench.start()
    job = await bench.until_shown(await bench.until_state(job, JobState.POSTED))
    await bench.passing(minutes=1)

    assert job.clip_message_id == job.card_message_id
    assert bench.channel.cards(job.id)[0].clips


async def test_without_a_card_a_clip_that_may_be_posted_is_not_posted_again(bench: Bench) -> None:
    job = await bench.leave(JobState.STORED)
    bench.channel.always(Mishap.REFUSED, Call.POST_CARD)
    bench.channel.next(Call.POST_CLIP, Mishap.HANG_AFTER)
    await bench.start()
    await bench.until(lambda: bool(bench.channel.clips(job.id)))
    await bench.kill()
    bench.channel.history_open = False
    await bench.passing(minutes=10)

    await bench.start()
    job = await bench.until_state(job, JobState.UNDELIVERABLE)

    assert tries(bench) == 1
    assert bench.entries(job) == PAID


# deleted, refused, too large


@pytest.mark.parametrize("within_minutes", [0, 1], ids=["at once", "later, within the nonce's minutes"])
async def test_a_clip_that_was_deleted_before_we_knew_of_it_is_not_posted_again(
    bench: Bench, within_minutes: int
) -> None:
    job = await posted_and_died(bench)
    bench.channel.delete(bench.channel.clips(job.id)[0].id)
    await bench.passing(minutes=within_minutes)

    await bench.start()
    job = await bench.until_shown(await bench.until_state(job, JobState.UNDELIVERABLE))
    await bench.passing(minutes=30)

    assert job.fault is not None
    assert job.fault.code == "message_gone"
    assert len(bench.channel.clips(job.id)) == 1
    assert bench.entries(job) == PAID
    assert clip_on_disk(bench, job)


async def test_a_place_that_takes_no_clips_leaves_it_charged_and_kept(bench: Bench) -> None:
    bench.channel.always(Mishap.REFUSED, Call.POST_CLIP)
    await bench.start()

    job = await bench.until_shown(await bench.until_state(await bench.place(), JobState.UNDELIVERABLE))
    await bench.passing(minutes=30)

    assert job.fault is not None
    assert (job.fault.kind, job.fault.code) == (FaultKind.PERMISSIONS, "delivery_refused")
    assert tries(bench) == 1
    assert bench.entries(job) == PAID
    assert clip_on_disk(bench, job)
    assert bench.channel.card(job.id).job.state is JobState.UNDELIVERABLE


async def test_a_clip_over_the_upload_limit_is_charged_and_kept(bench: Bench) -> None:
    bench.channel.upload_bytes_max = 100
    await bench.start()

    job = await bench.until_state(await bench.place(), JobState.UNDELIVERABLE)

    assert job.fault is not None
    assert job.fault.code == "clip_too_large"
    assert tries(bench) == 1
    assert bench.entries(job) == PAID
    assert clip_on_disk(bench, job)


# Discord is down


async def test_while_discord_is_down_the_clip_waits_and_is_posted_afterwards(bench: Bench) -> None:
    bench.channel.always(Mishap.DOWN)
    await bench.start()
    job = await bench.until_state(await bench.place(), JobState.STORED)
    await bench.passing(hours=1)
    assert bench.job(job.id).state is JobState.STORED
    assert tries(bench) + bench.channel.count(Call.FIND_CLIP) < 90

    bench.channel.heal()
    job = await bench.until_shown(await bench.until_state(job, JobState.POSTED))

    assert bench.entries(job) == PAID
    assert bench.channel.card(job.id).job.state is JobState.POSTED


async def test_after_a_day_of_trying_the_clip_is_kept_for_its_member(bench: Bench) -> None:
    bench.channel.always(Mishap.DOWN)
    await bench.start()
    job = await bench.until_state(await bench.place(), JobState.STORED)
    await bench.passing(minutes=15)
    bench.clock.advance(timedelta(hours=24))

    job = await bench.until_state(job, JobState.UNDELIVERABLE)

    assert bench.entries(job) == PAID
    assert clip_on_disk(bench, job)


async def test_a_process_that_was_away_for_days_tries_for_a_while_before_it_gives_up(bench: Bench) -> None:
    job = await bench.leave(JobState.STORED)
    bench.clock.advance(timedelta(days=2))
    bench.channel.next(Call.POST_CLIP, Mishap.DOWN, Mishap.DOWN)

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert len(bench.channel.clips(job.id)) == 1


async def test_a_clip_whose_file_is_missing_is_given_up_after_a_day(bench: Bench) -> None:
    job = await bench.leave(JobState.STORED)
    (bench.folder / f"{job.id}.mp4").unlink()
    await bench.start()

    await bench.passing(minutes=15)
    assert bench.job(job.id).state is JobState.STORED
    bench.clock.advance(timedelta(hours=24))
    job = await bench.until_state(job, JobState.UNDELIVERABLE)

    assert job.fault is not None
    assert job.fault.code == "clip_unreadable"
    assert bench.channel.clips(job.id) == []


# after the card


async def test_a_clip_waits_for_its_card_but_not_for_ever(bench: Bench) -> None:
    job = await bench.leave(JobState.STORED)
    bench.channel.always(Mishap.DOWN, Call.POST_CARD)
    await bench.start()

    await bench.passing(seconds=25)
    assert tries(bench) == 0
    job = await bench.until_state(job, JobState.POSTED, within_s=60)

    assert bench.channel.clips(job.id)[0].reply_to is None


async def test_a_clip_does_not_wait_for_a_card_that_was_refused(bench: Bench) -> None:
    bench.channel.always(Mishap.REFUSED, Call.POST_CARD)
    await bench.start()

    job = await bench.until_state(await bench.place(), JobState.POSTED, within_s=20)

    assert bench.channel.cards(job.id) == []
    assert bench.channel.clips(job.id)[0].reply_to is None


async def test_a_clip_does_not_wait_for_its_card_by_a_clock_that_was_set_back(bench: Bench) -> None:
    job = await bench.leave(JobState.STORED)
    bench.clock.advance(timedelta(days=-30))
    bench.channel.always(Mishap.DOWN, Call.POST_CARD)
    await bench.start()

    job = await bench.until_state(job, JobState.POSTED, within_s=60)

    assert len(bench.channel.clips(job.id)) == 1


async def test_a_private_clip_is_made_paid_and_kept_and_no_channel_sees_it(bench: Bench) -> None:
    job = await bench.place()
    bench.write(lambda tx: tx.execute("UPDATE jobs SET private = 1 WHERE id = ?", (job.id,)))
    await bench.start()

    job = await bench.until_shown(await bench.until_state(job, JobState.UNDELIVERABLE))

    assert job.fault is None
    assert tries(bench) == 0
    assert bench.entries(job) == PAID
    assert clip_on_disk(bench, job)


async def test_a_clock_that_is_set_back_makes_no_old_nonce_young(bench: Bench) -> None:
    bench.channel.always(Mishap.HANG_AFTER, Call.POST_CLIP)
    await bench.start()
    job = await bench.until_state(await bench.place(), JobState.STORED)
    await bench.until(lambda: len(bench.channel.clips(job.id)) == 1)
    bench.clock.advance(-timedelta(minutes=4))

    await bench.until(lambda: tries(bench) == 1 and bench.channel.count(Call.FIND_CLIP) == 1)
    bench.channel.heal()
    job = await bench.until_state(job, JobState.POSTED)

    assert [clip.id for clip in bench.channel.clips(job.id)] == [job.clip_message_id]
