"""Rows of finished clips: where each file is, and what it is."""

import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path

from bot.domain import Clip, ClipState, JobId
from storage import shelf
from storage.times import from_us, to_us


def insert(tx: sqlite3.Connection, clip: Clip) -> None:
    """Write a clip whose file is on the disk and synced. The file is named relative to the clips' folder."""
    tx.execute(
        """
        INSERT INTO clips (job_id, file, sha256, size_bytes, width, height, duration_ms, has_sound, stored_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            clip.job_id,
            clip.path.name,
            clip.sha256,
            clip.size_bytes,
            clip.width,
            clip.height,
            clip.duration_ms,
            int(clip.has_sound),
            to_us(clip.stored_at),
        ),
    )
    shelf.put(tx, clip.job_id, at=clip.stored_at)


def get(tx: sqlite3.Connection, job_id: JobId, *, folder: Path) -> Clip | None:
    """The clip of a job, with its file's path in `folder`."""
    row = tx.execute("SELECT * FROM clips WHERE job_id = ?", (job_id,)).fetchone()
    if row is None:
        return None
    return _clip(row, folder)


def every(connection: sqlite3.Connection, *, folder: Path, among: Collection[ClipState]) -> Iterator[Clip]:
    """The clips in some states, one after the other."""
    for row in connection.execute("SELECT * FROM clips ORDER BY job_id"):
        if row["state"] in among:
            yield _clip(row, folder)


def newest(tx: sqlite3.Connection, *, folder: Path, limit: int) -> list[Clip]:
    """The latest clips that somebody may see, newest first: a job's id begins with its time."""
    rows = tx.execute("SELECT * FROM clips WHERE state = 'shown' ORDER BY job_id DESC LIMIT ?", (limit,))
    return [_clip(row, folder) for row in rows]


def state_of(tx: sqlite3.Connection, job_id: JobId) -> ClipState | None:
    """Who may see the clip of a job; None where it has none."""
    row = tx.execute("SELECT state FROM clips WHERE job_id = ?", (job_id,)).fetchone()
    return None if row is None else ClipState(row[0])


def sha256_of(tx: sqlite3.Connection, job_id: JobId) -> str | None:
    """The hash of a clip's file, also after that is gone; None where the job has no clip."""
    row = tx.execute("SELECT sha256 FROM clips WHERE job_id = ?", (job_id,)).fetchone()
    return None if row is None else str(row[0])


def states_of(tx: sqlite3.Connection, order_id: JobId) -> dict[JobId, ClipState]:
    """Who may see each clip of an order."""
    rows = tx.execute(
        """
        SELECT job_id, clips.state FROM jobs JOIN clips ON jobs.id = job_id
        WHERE jobs.id = ?1 OR order_id = ?1 AND take > 1
        """,
        (order_id,),
    )
    return {JobId(job_id): ClipState(state) for job_id, state in rows}


def change_state(
    tx: sqlite3.Connection, job_id: JobId, to: ClipState, *, among: frozenset[ClipState]
) -> bool:
    """Let a clip be seen by others than before; False where its state was none of `among`."""
    row = tx.execute("SELECT state FROM clips WHERE job_id = ?", (job_id,)).fetchone()
    if row is None or ClipState(row[0]) not in among:
        return False
    tx.execute("UPDATE clips SET state = ? WHERE job_id = ? AND state = ?", (to, job_id, row[0]))
    return True


def _clip(row: sqlite3.Row, folder: Path) -> Clip:
    return Clip(
        job_id=JobId(row["job_id"]),
        path=folder / row["file"],
        sha256=row["sha256"],
        size_bytes=row["size_bytes"],
        width=row["width"],
        height=row["height"],
        duration_ms=row["duration_ms"],
        has_sound=bool(row["has_sound"]),
        stored_at=from_us(row["stored_at"]),
    )
