"""Rows of jobs: every move names the state that it leaves, and loses the race otherwise."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    RESTING,
    Attempt,
    AttemptOutcome,
    ChannelId,
    Clip,
    Job,
    JobState,
    MessageId,
    OfferId,
    Ticket,
)
from bot.errors import StaleJob
from bot.jobs import moves
from storage import clips, jobs, states
from storage.times import from_us, to_us
from tests.bookkeeping import FAULT, drive, now, place, start
from tests.new_books import new_book
from tests.props import NOON, job_of

S = JobState
LATER = NOON + timedelta(seconds=3)
TICKET = Ticket(provider_job_id="theirs", urls={"status": "https://example.org/1"})

MOVES: dict[str, tuple[Callable[[sqlite3.Connection, Job, Attempt], object], set[JobState], JobState]] = {
    "submitting": (
        lambda tx, job, _: states.submitting(tx, job, provider="studio", at=LATER),
        {S.QUEUED},
        S.SUBMITTING,
    ),
    "running": (
        lambda tx, _, attempt: states.running(tx, attempt, TICKET, at=LATER),
        {S.SUBMITTING, S.UNCERTAIN},
        S.RUNNING,
    ),
    "queued_again": (
        lambda tx, _, attempt: states.queued_again(tx, attempt, FAULT, at=LATER),
        {S.SUBMITTING, S.UNCERTAIN},
        S.QUEUED,
    ),
    "refused": (
        lambda tx, _, attempt: states.refused(tx, attempt, FAULT, at=LATER),
        {S.SUBMITTING, S.UNCERTAIN},
        S.FAILED,
    ),
    "uncertain": (
        lambda tx, _, attempt: states.uncertain(tx, attempt, "lost", at=LATER),
        {S.SUBMITTING},
        S.UNCERTAIN,
    ),
    "rendered": (lambda tx, job, _: states.rendered(tx, job.id, at=LATER), {S.RUNNING}, S.RENDERED),
    "silent": (lambda tx, job, _: states.silent(tx, job.id, at=LATER), {S.RUNNING}, S.UNCERTAIN),
    "stored": (lambda tx, job, _: states.stored(tx, job.id, at=LATER), {S.RENDERED}, S.STORED),
    "posted": (
        lambda tx, job, _: states.posted(tx, job.id, ChannelId(30), MessageId(9), at=LATER),
        {S.STORED},
        S.POSTED,
    ),
    "undeliverable": (
        lambda tx, job, _: states.undeliverable(tx, job.id, FAULT, at=LATER),
        {S.STORED},
        S.UNDELIVERABLE,
    ),
    "failed": (
        lambda tx, job, _: states.failed(tx, job.id, FAULT, at=LATER),
        {S.QUEUED, S.UNCERTAIN, S.RUNNING},
        S.FAILED,
    ),
    "asset_lost": (lambda tx, job, _: states.asset_lost(tx, job.id, FAULT, at=LATER), {S.RENDERED}, S.FAILED),
    "cancelled": (
        lambda tx, job, _: states.cancelled(tx, job.id, at=LATER),
        {S.REVIEW, S.QUEUED, S.RUNNING},
        S.CANCELLED,
    ),
    "published": (
        lambda tx, job, _: states.published(tx, job.id, ChannelId(30), MessageId(9), at=LATER),
        {S.UNDELIVERABLE},
        S.POSTED,
    ),
    "approved": (lambda tx, job, _: states.approved(tx, job.id, at=LATER), {S.REVIEW}, S.QUEUED),
    "withheld": (lambda tx, job, _: states.withheld(tx, job.id, at=LATER), {S.STORED}, S.WITHHELD),
    "passed": (lambda tx, job, _: states.passed(tx, job.id, at=LATER), {S.WITHHELD}, S.STORED),
    "rejected": (
        lambda tx, job, _: states.rejected(tx, job.id, at=LATER),
        {S.REVIEW, S.WITHHELD},
        S.REJECTED,
    ),
    "withdrawn": (lambda tx, job, _: states.withdrawn(tx, job.id, at=LATER), {S.WITHHELD}, S.CANCELLED),
}


@pytest.fixture
def book() -> Iterator[sqlite3.Connection]:
    with closing(new_book()) as connection:
        yield connection


def attempt_of(book: sqlite3.Connection, job: Job) -> Attempt:
    """The latest attempt, or one that was never made."""
    return jobs.attempt(book, job.id, job.attempt) or Attempt(
        job_id=job.id, number=1, offer_id=OfferId("studio/studio"), sent_at=NOON
    )


@pytest.mark.parametrize("state", list(JobState))
@pytest.mark.parametrize("name", MOVES)
def test_a_move_leaves_the_states_that_it_names_and_no_other(
    book: sqlite3.Connection, name: str, state: JobState
) -> None:
    move, leaves, reaches = MOVES[name]
    drive(job_of(), state, NOON, book)
    job = now(book, job_of())

    if state in leaves:
        move(book, job, attempt_of(book, job))
        after = now(book, job)
        assert (after.state, after.rev, after.state_at) == (reaches, job.rev + 1, LATER)
    else:
        with pytest.raises((StaleJob, sqlite3.IntegrityError)):
            move(book, job, attempt_of(book, job))
        assert now(book, job) == job


@pytest.mark.parametrize("name", ["running", "queued_again", "refused", "uncertain"])
@pytest.mark.parametrize("number", [1, 3])
def test_the_answer_to_another_attempt_moves_nothing(
    book: sqlite3.Connection, name: str, number: int
) -> None:
    job = place(book, job_of())
    first = states.submitting(book, job, provider="studio", at=NOON)
    states.queued_again(book, first, FAULT, at=NOON)
    states.submitting(book, now(book, job), provider="studio", at=NOON)
    before = now(book, job)

    with pytest.raises(StaleJob):
        MOVES[name][0](book, before, replace(first, number=number))

    assert now(book, job) == before


def test_only_the_latest_view_of_a_queued_job_submits_it(book: sqlite3.Connection) -> None:
    old = place(book, job_of())
    attempt = states.submitting(book, old, provider="studio", at=NOON)
    states.queued_again(book, attempt, FAULT, at=NOON)

    with pytest.raises(StaleJob):
        states.submitting(book, old, provider="studio", at=NOON)

    assert states.submitting(book, now(book, old), provider="studio", at=NOON).number == 2


def test_every_attempt_has_a_key_of_its_own(book: sqlite3.Connection) -> None:
    job = place(book, job_of())
    keys = []
    for _ in range(3):
        attempt = states.submitting(book, now(book, job), provider="studio", at=NOON)
        keys.append(attempt.key)
        states.queued_again(book, attempt, FAULT, at=NOON)

    assert keys == [f"{job.id}-1", f"{job.id}-2", f"{job.id}-3"]


def test_a_job_that_had_a_ticket_is_never_queued_again(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of()))
    attempt = attempt_of(book, job)
    states.silent(book, job.id, at=NOON)

    with pytest.raises(sqlite3.IntegrityError):
        states.queued_again(book, attempt, FAULT, at=NOON)
    with pytest.raises(sqlite3.IntegrityError):
        states.refused(book, attempt, FAULT, at=NOON)
    states.heard_again(book, job.id, at=NOON)

    assert now(book, job).ticket == job.ticket


def test_one_of_the_providers_jobs_is_one_of_ours(book: sqlite3.Connection) -> None:
    start(book, place(book, job_of(1)))
    other = place(book, job_of(2))
    attempt = states.submitting(book, other, provider="studio", at=NOON)

    with pytest.raises(sqlite3.IntegrityError, match="provider_job_id"):
        states.running(book, attempt, Ticket(provider_job_id=f"theirs-{job_of(1).id}"), at=NOON)


def test_what_was_proved_is_kept_with_the_attempt(book: sqlite3.Connection) -> None:
    job = place(book, job_of())
    attempt = states.submitting(book, job, provider="studio", at=NOON)
    assert attempt_of(book, now(book, job)) == attempt
    states.uncertain(book, attempt, "x" * 5_000, at=NOON)
    assert attempt_of(book, now(book, job)).outcome is AttemptOutcome.UNKNOWN
    states.running(book, attempt, TICKET, at=NOON)

    assert attempt_of(book, now(book, job)).outcome is AttemptOutcome.TAKEN
    assert now(book, job).ticket == TICKET
    assert book.execute("SELECT length(detail) FROM attempts").fetchone()[0] == 1_000


def test_a_fault_is_kept_and_its_detail_is_bounded(book: sqlite3.Connection) -> None:
    job = place(book, job_of())

    states.failed(book, job.id, replace(FAULT, detail="x" * 5_000), at=NOON)

    assert now(book, job).fault == replace(FAULT, detail="x" * 1_000)


def test_what_is_in_hand_is_what_the_worker_moves_the_longest_waiting_first(book: sqlite3.Connection) -> None:
    waiting = []
    for number, state in enumerate(JobState, start=1):
        at = NOON - timedelta(seconds=number)
        drive(job_of(number, at=at), state, at, book)
        if state not in RESTING:
            waiting.append(job_of(number).id)

    assert jobs.in_hand(book) == waiting[::-1]


def test_a_card_is_stale_until_it_shows_the_latest_move(book: sqlite3.Connection) -> None:
    job = place(book, job_of())
    assert jobs.with_stale_card(book) == [job.id]
    jobs.card_posted(book, job.id, MessageId(5), rev=0)
    assert jobs.with_stale_card(book) == []
    running = start(book, job)
    assert jobs.with_stale_card(book) == [job.id]
    jobs.card_shown(book, job.id, rev=running.rev)
    jobs.card_shown(book, job.id, rev=0)  # an older edit that came late

    assert jobs.with_stale_card(book) == []
    assert (now(book, job).card_message_id, now(book, job).card_rev) == (5, running.rev)


def test_the_first_try_to_post_keeps_its_time(book: sqlite3.Connection) -> None:
    job = place(book, job_of())
    for at in (NOON, LATER):
        jobs.card_tried(book, job.id, at=at)
        jobs.clip_tried(book, job.id, ChannelId(31), at=at)

    assert (now(book, job).card_tried_at, now(book, job).clip_tried_at) == (NOON, NOON)
    assert now(book, job).clip_channel_id == 31


def test_a_clip_is_kept_by_its_name_in_whatever_folder_it_is(book: sqlite3.Connection) -> None:
    job = start(book, place(book, job_of()))
    moves.rendered(job.id, None, NOON, book)
    clip = Clip(
        job_id=job.id,
        path=Path("/old/place") / f"{job.id}.mp4",
        sha256="ab" * 32,
        size_bytes=1_000_000,
        width=1280,
        height=720,
        duration_ms=4_000,
        has_sound=True,
        stored_at=NOON,
    )

    moves.stored(clip, NOON, book)

    kept = clips.get(book, job.id, folder=Path("/new"))
    assert kept == replace(clip, path=Path("/new") / f"{job.id}.mp4")
    assert clips.get(book, job_of(2).id, folder=Path("/new")) is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_kept_to_the_microsecond(at: datetime) -> None:
    assert from_us(to_us(at)) == at


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    assert from_us(to_us(NOON.astimezone(timezone(timedelta(hours=5, minutes=30))))) == NOON


def test_a_time_without_a_zone_is_no_time() -> None:
    with pytest.raises(TypeError):
        to_us(NOON.replace(tzinfo=None))
