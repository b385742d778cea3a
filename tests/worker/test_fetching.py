"""The way of a rendered clip to our own disk, and what becomes of one that is paid for and lost."""

import hashlib
import logging
from datetime import timedelta

import pytest

from bot.domain import EntryKind, FaultKind, Job, JobState, Period, Scope
from bot.errors import FileElsewhere
from bot.jobs.retrieval import HOSTS_TOLD_MAX
from bot.providers.protocol import Rendered
from bot.worker import FETCHES_AT_ONCE, LANES
from storage import clips
from storage.purses import INSTALLATION, member_key
from tests.books import balance
from tests.channel import Call, Mishap
from tests.emulators import faults
from tests.emulators.clips import clip, sound_alone
from tests.emulators.faults import answer
from tests.props import SHORTEST_MICROS
from tests.workbench import TOLD, Bench, ticket_of

PAID = [
    (EntryKind.HOLD, Scope.MEMBER, SHORTEST_MICROS),
    (EntryKind.CAPTURE, Scope.MEMBER, SHORTEST_MICROS),
]
REFUNDED = [*PAID, (EntryKind.REFUND, Scope.MEMBER, SHORTEST_MICROS)]


def fetches(bench: Bench) -> int:
    return sum(seen.route == "content" for seen in bench.emulator.seen)


def mp4(body: bytes) -> faults.Fault:
    """An answer with this file."""
    return answer(200, body, headers={"Content-Type": "video/mp4"})


INSIDE, UNNAMED = "http://10.0.0.1/clip.mp4", "https://cdn.example.org/clip.mp4?token=secret"

TWO_GIGABYTES = answer(200, b"\0", headers={"Content-Type": "video/mp4", "Content-Length": str(2 << 30)})
"""As far as its headers say: no byte of it is waited for."""


def spent(bench: Bench, job: Job) -> tuple[int, int, int]:
    """What the member, the house and the installation have spent."""
    today = bench.clock().date()
    member = balance(bench.connection, member_key(job.order.member), Period.TOTAL, today)
    whole = balance(bench.connection, INSTALLATION, Period.TOTAL, today)
    house = bench.connection.execute(
        "SELECT coalesce(sum(spent_micros), 0) FROM totals WHERE scope = 'house' AND period = 'total'"
    ).fetchone()[0]
    return member.spent_micros, house, whole.spent_micros


async def test_a_clip_on_our_disk_is_what_the_provider_made(bench: Bench) -> None:
    job = await bench.leave(JobState.RENDERED)

    await bench.start()
    await bench.until_state(job, JobState.POSTED)

    assert (bench.folder / f"{job.id}.mp4").read_bytes() == clip(128, 72, 4)
    assert not list(bench.folder.glob("*.part"))


async def test_a_file_that_had_come_before_the_process_died_is_not_fetched_again(bench: Bench) -> None:
    job = await bench.leave(JobState.RENDERED)
    (bench.folder / f"{job.id}.mp4").write_bytes(clip(128, 72, 4))
    bench.emulator.expire(ticket_of(job).provider_job_id)

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert fetches(bench) == 0
    assert bench.entries(job) == PAID
    kept = clips.get(bench.connection, job.id, folder=bench.folder)
    assert kept is not None
    assert kept.sha256 == hashlib.sha256(clip(128, 72, 4)).hexdigest()


async def test_a_clip_whose_providers_key_was_taken_out_waits_and_is_there_once_it_is_back(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    job = await bench.leave(JobState.RENDERED)
    reachable, bench.reachable = bench.reachable, frozenset({"studio"})
    await bench.start()
    await bench.passing(minutes=20)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    await bench.kill()

    bench.reachable = reachable
    await bench.start()
    await bench.until_state(job, JobState.POSTED)

    assert said == ["not fetched yet: no key is set for the provider 'emulator', which has this job"]
    assert fetches(bench) == 1


async def test_a_clip_whose_providers_key_never_comes_back_is_refunded(bench: Bench) -> None:
    job = await bench.leave(JobState.RENDERED)
    bench.reachable = frozenset({"studio"})
    await bench.start()

    await bench.passing(hours=25)
    job = await bench.until_state(job, JobState.FAILED)

    assert bench.entries(job)[: len(REFUNDED)] == REFUNDED


async def test_a_clip_that_is_gone_is_refunded_and_the_house_pays(bench: Bench) -> None:
    job = await bench.leave(JobState.RENDERED)
    bench.emulator.expire(ticket_of(job).provider_job_id)

    await bench.start()
    job = await bench.until_shown(await bench.until_state(job, JobState.FAILED))

    assert job.fault is not None
    assert (job.fault.kind, job.fault.code) == (FaultKind.PROVIDER, "asset_gone")
    assert bench.entries(job) == REFUNDED
    assert spent(bench, job) == (0, SHORTEST_MICROS, SHORTEST_MICROS)
    assert bench.channel.card(job.id).job.state is JobState.FAILED
    assert bench.channel.clips(job.id) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(mp4(clip(128, 72, 4)[:-600]), id="cut short for good"),
        pytest.param(mp4(sound_alone(1)), id="no pictures"),
        pytest.param(mp4(b"<html>sorry</html>"), id="a page"),
        pytest.param(mp4(b""), id="empty"),
        pytest.param(TWO_GIGABYTES, id="two gigabytes"),
    ],
)
async def test_a_file_that_is_no_clip_three_times_is_refunded_and_the_house_pays(
    bench: Bench, body: faults.Fault
) -> None:
    job = await bench.leave(JobState.RENDERED)
    bench.emulator.faults.always("content", body)

    await bench.start()
    job = await bench.until_state(job, JobState.FAILED)

    assert job.fault is not None
    assert job.fault.code == "clip_unusable"
    assert fetches(bench) == 3
    assert bench.entries(job) == REFUNDED
    assert spent(bench, job) == (0, SHORTEST_MICROS, SHORTEST_MICROS)
    assert not list(bench.folder.glob(f"{job.id}*")), "what is no clip is not kept"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(mp4(clip(128, 72, 4)[:-600]), id="cut short, and said to be whole"),
        pytest.param(faults.CUT_SHORT, id="cut short"),
        pytest.param(faults.DRIP, id="one byte, then nothing"),
        pytest.param(answer(302, headers={"Location": INSIDE}), id="to a private address"),
        pytest.param(answer(302, headers={"Location": UNNAMED}), id="to a host that is not named"),
        pytest.param(faults.HANG_BEFORE_WORK, id="nothing"),
        pytest.param(faults.PROXY_502_BEFORE_WORK, id="502"),
        pytest.param(answer(409, {"error": {"code": "video_not_ready"}}), id="not ready"),
    ],
)
async def test_a_download_that_broke_off_begins_again(bench: Bench, fault: faults.Fault) -> None:
    job = await bench.leave(JobState.RENDERED)
    bench.emulator.faults.next("content", fault, fault)

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert fetches(bench) == 3
    assert bench.entries(job) == PAID
    assert not list(bench.folder.glob("*.part"))


def lines_about(job: Job, caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Level and code of every warning and error with this job's id."""
    warned = (record for record in caplog.records if record.levelno >= logging.WARNING)
    return [(each.levelname, vars(each)["code"]) for each in warned if vars(each).get("job") == job.id]


async def test_a_file_inside_a_private_network_is_told_once_and_ends_the_job_within_minutes(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    job = await bench.leave(JobState.RENDERED)
    bench.emulator.faults.always("content", answer(302, headers={"Location": INSIDE}))

    await bench.start()
    job = await bench.until_state(job, JobState.FAILED, within_s=120)
    await bench.until_shown(job)

    assert job.fault is not None
    assert job.fault.code == "file_elsewhere"
    assert fetches(bench) == 3
    assert lines_about(job, caplog) == [("WARNING", "file_elsewhere"), ("ERROR", "file_elsewhere")]
    assert bench.operator.told == ["file_elsewhere"]
    assert "DAILIES_FILE_HOSTS" in bench.operator.sentences[0]
    assert "10.0.0.1" in bench.operator.sentences[0]
    assert bench.entries(job) == REFUNDED
    assert spent(bench, job) == (0, SHORTEST_MICROS, SHORTEST_MICROS)
    assert bench.channel.clips(job.id) == []


async def test_a_file_at_a_host_that_is_not_named_waits_a_day_for_the_operator_who_is_told_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    many = [await bench.leave(JobState.RENDERED) for _ in range(3)]
    bench.emulator.faults.always("content", answer(302, headers={"Location": UNNAMED}))

    await bench.start()
    await bench.passing(hours=23)
    assert {bench.job(job.id).state for job in many} == {JobState.RENDERED}
    assert fetches(bench) < 3 * 180  # 23 h, at most six an hour but for the first
    (sentence,) = bench.operator.sentences
    jobs = [await bench.until_state(job, JobState.FAILED, within_s=2 * 3_600) for job in many]

    for job in jobs:
        assert job.fault is not None
        assert job.fault.code == "file_elsewhere"
        assert lines_about(job, caplog) == [("WARNING", "file_elsewhere"), ("ERROR", "file_elsewhere")]
        assert bench.entries(job) == REFUNDED
    assert bench.operator.told == ["file_elsewhere"]
    assert "emulator says" in sentence
    assert "cdn.example.org" in sentence
    assert "DAILIES_FILE_HOSTS" in sentence
    assert "secret" not in sentence + caplog.text


async def test_once_its_host_is_named_a_clip_that_waited_is_fetched_at_the_next_start(
    bench: Bench,
) -> None:
    job = await bench.leave(JobState.RENDERED)
    elsewhere = bench.emulator.url.replace("127.0.0.1", "localhost")
    there = f"{elsewhere}/videos/{ticket_of(job).provider_job_id}/content"
    bench.emulator.faults.next("content", answer(302, headers={"Location": UNNAMED}))
    await bench.start()
    await bench.until(lambda: bench.operator.told != [])
    await bench.kill()

    bench.file_hosts = ("localhost",)
    bench.emulator.faults.next("content", answer(302, headers={"Location": there}))
    await bench.start()
    job = await bench.until_state(job, JobState.POSTED, within_s=60)

    assert bench.entries(job) == PAID
    assert fetches(bench) == 3


async def test_a_file_at_a_host_that_is_not_named_is_lost_once_its_provider_keeps_it_no_longer(
    bench: Bench,
) -> None:
    bench.told.answers.clear()
    bench.told.answers.append(Rendered(expires_at=bench.clock() + timedelta(hours=1)))
    bench.told.unfetched = FileElsewhere("told", "cdn.example.org", is_inside=False)
    await bench.start()
    job = await bench.until_state(await bench.place(TOLD), JobState.RENDERED)

    await bench.passing(minutes=55)
    assert bench.job(job.id).state is JobState.RENDERED
    job = await bench.until_state(job, JobState.FAILED, within_s=20 * 60)

    assert bench.entries(job) == REFUNDED


async def test_of_hosts_that_are_made_up_for_each_clip_the_operator_hears_so_many_times(
    bench: Bench,
) -> None:
    for number in range(HOSTS_TOLD_MAX + 3):
        await bench.leave(JobState.RENDERED)
        there = f"https://{number}.example.org/clip.mp4"
        bench.emulator.faults.next("content", answer(302, headers={"Location": there}))

    await bench.start()
    await bench.until(lambda: fetches(bench) >= HOSTS_TOLD_MAX + 3)

    assert bench.operator.told == ["file_elsewhere"] * HOSTS_TOLD_MAX


async def test_a_day_of_the_same_bad_answer_is_one_line(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    job = await bench.leave(JobState.RENDERED)
    bench.emulator.faults.always("content", answer(302, headers={"Location": "file:///etc/passwd"}))

    await bench.start()
    await bench.passing(minutes=30)

    assert fetches(bench) > 30
    assert len(lines_about(job, caplog)) == 1


async def test_a_provider_that_asks_for_time_is_given_it(bench: Bench) -> None:
    job = await bench.leave(JobState.RENDERED)
    bench.emulator.faults.next("content", answer(429, headers={"Retry-After": "300"}))

    await bench.start()
    await bench.passing(seconds=290)
    assert fetches(bench) == 1

    await bench.until_state(job, JobState.POSTED)
    assert fetches(bench) == 2


async def test_a_provider_that_is_down_for_a_day_is_asked_less_often_and_then_the_house_pays(
    bench: Bench,
) -> None:
    job = await bench.leave(JobState.RENDERED)
    bench.emulator.faults.always("content", faults.PROXY_502_BEFORE_WORK)
    await bench.start()

    await bench.passing(minutes=30)
    assert 30 < fetches(bench) < 60
    bench.clock.advance(timedelta(hours=23))
    await bench.passing(minutes=10)
    assert bench.job(job.id).state is JobState.RENDERED
    bench.clock.advance(timedelta(hours=1))
    job = await bench.until_state(job, JobState.FAILED)

    assert job.fault is not None
    assert job.fault.code == "provider_unavailable"
    assert bench.entries(job) == REFUNDED
    assert spent(bench, job) == (0, SHORTEST_MICROS, SHORTEST_MICROS)


async def test_a_process_that_was_away_for_days_tries_for_a_while_before_it_gives_a_clip_up(
    bench: Bench,
) -> None:
    job = await bench.leave(JobState.RENDERED)
    bench.clock.advance(timedelta(days=2))
    bench.emulator.faults.next("content", faults.PROXY_502_BEFORE_WORK, faults.PROXY_502_BEFORE_WORK)

    await bench.start()
    job = await bench.until_state(job, JobState.POSTED)

    assert bench.entries(job) == PAID


async def test_a_refund_of_what_the_house_paid_gives_the_member_nothing(bench: Bench) -> None:
    job = await bench.leave(JobState.UNCERTAIN, ticket=True)
    bench.emulator.faults.always("ask", faults.PROXY_502_BEFORE_WORK)
    await bench.start()
    bench.clock.advance(timedelta(hours=25))
    await bench.until(lambda: bench.holder(job) is Scope.HOUSE)
    bench.emulator.finish(ticket_of(job).provider_job_id)
    bench.emulator.expire(ticket_of(job).provider_job_id)

    bench.emulator.faults.always("ask", None)
    job = await bench.until_state(job, JobState.FAILED)

    assert EntryKind.REFUND not in {kind for kind, _, _ in bench.entries(job)}
    assert spent(bench, job) == (0, SHORTEST_MICROS, SHORTEST_MICROS)


async def test_clips_are_fetched_before_their_links_expire_however_slow_discord_is(bench: Bench) -> None:
    for _ in range(LANES + 6):
        await bench.leave(JobState.STORED)
    bench.channel.always(Mishap.HANG_BEFORE, Call.POST_CLIP)
    await bench.start()
    await bench.until(lambda: bench.channel.count(Call.POST_CLIP) > 0)

    job = await bench.place()
    await bench.until_state(job, JobState.STORED, within_s=60)


async def test_of_the_clips_that_wait_the_one_that_expires_first_is_fetched_first(bench: Bench) -> None:
    for _ in range(FETCHES_AT_ONCE):
        await bench.leave(JobState.RENDERED)
    bench.emulator.faults.always("content", faults.HANG_BEFORE_WORK)
    soon, late = bench.clock() + timedelta(minutes=5), bench.clock() + timedelta(days=1)
    await bench.start()
    await bench.until(lambda: fetches(bench) == FETCHES_AT_ONCE)
    waiting = []
    for count, expires_at in ((24, late), (1, soon)):
        bench.told.answers.clear()
        bench.told.answers.append(Rendered(expires_at=expires_at))
        placed = [await bench.place(TOLD) for _ in range(count)]
        waiting += [await bench.until_state(job, JobState.RENDERED) for job in placed]
    assert bench.told.fetched == []
    for job in waiting:
        await bench.until_state(job, JobState.POSTED, within_s=600)

    assert len(bench.told.fetched) == len(waiting)
    assert ticket_of(waiting[-1]) in bench.told.fetched[:FETCHES_AT_ONCE]


async def test_orders_are_handed_over_and_followed_however_slow_the_downloads_are(bench: Bench) -> None:
    for _ in range(LANES + 6):
        await bench.leave(JobState.RENDERED)
    bench.emulator.faults.always("content", faults.HANG_BEFORE_WORK)
    await bench.start()
    await bench.until(lambda: fetches(bench) > 0)

    job = await bench.place()

    await bench.until_state(job, JobState.RENDERED, within_s=20)
