"""Rows of jobs: how they are written, found, and what is noted on them beside their state.

Every function is part of the transaction of its caller. The moves from state to state are in `states`.
"""

import json
import sqlite3
from datetime import datetime

from bot.domain import Attempt, ChannelId, InteractionId, Job, JobId, Member, MessageId
from storage import connection, records
from storage.times import to_us


def insert(tx: sqlite3.Connection, job: Job) -> bool:
    """Write a new job; False where this interaction's take is a job already (`one_press_is_one_order`)."""
    order, quote = job.order, job.quote
    source = order.source
    created_at = to_us(job.created_at)
    return connection.write_row(
        tx,
        """
        INSERT INTO jobs (id, interaction_id, order_id, take, takes, guild_id, channel_id, parent_id, user_id,
                          kind, prompt, model, resolution, aspect_ratio, duration_s, seed, source_file,
                          source_media_type, source_width, source_height, source_provider_id, source_job_id,
                          characters, remixable, blocks_ip, draft, private, spoiler, locale, offer_id,
                          price_micros, per_second_micros, state, created_at, state_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
                ?, ?, ?, ?, ?)
        ON CONFLICT (interaction_id, take) DO NOTHING
        """,
        (
            job.id,
            order.interaction_id,
            job.order_id,
            job.take,
            order.takes,
            order.member.guild_id,
            order.channel_id,
            order.parent_id,
            order.member.user_id,
            order.kind._value_,
            order.prompt,
            order.model,
            order.resolution,
            order.aspect_ratio,
            order.duration_s,
            order.seed,
            None if source is None else str(source.path),
            None if source is None else source.media_type,
            None if source is None else source.width,
            None if source is None else source.height,
            None if source is None else source.provider_video_id,
            order.source_job_id,
            json.dumps(order.characters) if order.characters else "[]",
            int(order.remixable),
            int(order.blocks_ip),
            int(order.draft),
            int(order.private),
            int(order.spoiler),
            order.locale,
            quote.offer_id,
            quote.price_micros,
            quote.per_second_micros,
            job.state._value_,
            created_at,
            created_at if job.state_at is job.created_at else to_us(job.state_at),
        ),
    )


def get(tx: sqlite3.Connection, job_id: JobId) -> Job | None:
    """One job."""
    row = tx.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else records.job(row)


def by_interaction(tx: sqlite3.Connection, interaction_id: InteractionId) -> Job | None:
    """The first take of the order that this press made, if it made one."""
    row = tx.execute("SELECT * FROM jobs WHERE interaction_id = ? AND take = 1", (interaction_id,)).fetchone()
    return None if row is None else records.job(row)


def of_order(tx: sqlite3.Connection, order_id: JobId) -> list[Job]:
    """Every take of an order, the first one first."""
    rows = tx.execute(
        "SELECT * FROM jobs WHERE id = ?1 OR order_id = ?1 AND take > 1 ORDER BY take", (order_id,)
    )
    return [records.job(row) for row in rows]


def in_hand(tx: sqlite3.Connection) -> list[JobId]:
    """The jobs that the worker has to move, the longest waiting first."""
    rows = tx.execute(
        """
        SELECT id FROM jobs
        WHERE state = 'queued' OR state = 'submitting' OR state = 'uncertain' OR state = 'running'
              OR state = 'rendered' OR state = 'stored'
        ORDER BY state_at
        """
    )
    return [JobId(row[0]) for row in rows]


def order_of(tx: sqlite3.Connection, job_id: JobId) -> JobId | None:
    """The order that a job is of; None where there is no such job."""
    row = tx.execute("SELECT order_id FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else JobId(row[0])


def beside(tx: sqlite3.Connection, job_id: JobId) -> list[Job]:
    """Every take of the order that a job is of, the first one first; none where there is no such job."""
    found = get(tx, job_id)
    if found is None:
        return []
    if found.order.takes == 1:
        return [found]
    if found.take > 1:
        return of_order(tx, found.order_id)
    further = tx.execute("SELECT * FROM jobs WHERE order_id = ? AND take > 1 ORDER BY take", (job_id,))
    return [found, *[records.job(row) for row in further]]


def with_stale_card(tx: sqlite3.Connection) -> list[JobId]:
    """The jobs whose latest state is not shown by their order's card."""
    rows = tx.execute(
        """
        SELECT id FROM jobs
        WHERE card_rev < rev AND (state = 'queued' OR state = 'submitting' OR state = 'uncertain'
                                  OR state = 'running' OR state = 'rendered' OR state = 'stored')
        UNION ALL
        SELECT id FROM jobs
        WHERE card_rev < rev AND NOT (state = 'queued' OR state = 'submitting' OR state = 'uncertain'
                                      OR state = 'running' OR state = 'rendered' OR state = 'stored')
        """
    )
    return [JobId(row[0]) for row in rows]


def newest_of(tx: sqlite3.Connection, member: Member, *, limit: int) -> list[Job]:
    """A member's latest jobs, newest first."""
    rows = tx.execute(
        "SELECT * FROM jobs WHERE guild_id = ? AND user_id = ? ORDER BY created_at DESC LIMIT ?",
        (member.guild_id, member.user_id, limit),
    )
    return [records.job(row) for row in rows]


def attempt(tx: sqlite3.Connection, job_id: JobId, number: int) -> Attempt | None:
    """One submission of a job."""
    row = tx.execute("SELECT * FROM attempts WHERE job_id = ? AND number = ?", (job_id, number)).fetchone()
    return None if row is None else records.attempt(row)


def card_tried(tx: sqlite3.Connection, job_id: JobId, *, at: datetime) -> None:
    """The card of an order is about to be posted (for the first time); the job is its first take's."""
    tx.execute("UPDATE jobs SET card_tried_at = coalesce(card_tried_at, ?) WHERE id = ?", (to_us(at), job_id))


def card_posted(tx: sqlite3.Connection, job_id: JobId, message_id: MessageId, *, rev: int) -> None:
    """The card of an order stands in the channel, which each take knows, and shows its first as of `rev`."""
    tx.execute(
        """
        UPDATE jobs SET card_message_id = ?1,
                        card_rev = CASE take WHEN 1 THEN max(card_rev, ?3) ELSE card_rev END
        WHERE id = ?2 OR order_id = ?2 AND take > 1
        """,
        (message_id, job_id, rev),
    )


def card_shown(tx: sqlite3.Connection, job_id: JobId, *, rev: int) -> None:
    """The card shows the job as of `rev` (or can no longer show anything, and is left alone)."""
    tx.execute("UPDATE jobs SET card_rev = max(card_rev, ?) WHERE id = ?", (rev, job_id))


def clip_tried(
    tx: sqlite3.Connection, job_id: JobId, channel_id: ChannelId, *, at: datetime, direct: bool = False
) -> None:
    """The clip is about to be posted to this channel. Written before every post.

    Where no channel took it that is the one of the `direct` messages with its member.

    Since when it may be there is kept for one channel at a time: another is tried only when it is proven
    that no channel before has it.
    """
    tx.execute(
        """
        UPDATE jobs SET clip_tried_at = CASE WHEN clip_channel_id = ?1 THEN coalesce(clip_tried_at, ?2)
                                             ELSE ?2 END,
                        clip_channel_id = ?1, clip_is_direct = ?4
        WHERE id = ?3
        """,
        (channel_id, to_us(at), job_id, int(direct)),
    )


def spoil(tx: sqlite3.Connection, job_id: JobId, *, spoiler: bool) -> None:
    """Whether the clip is to be hidden until it is clicked."""
    tx.execute("UPDATE jobs SET spoiler = ? WHERE id = ?", (spoiler, job_id))
