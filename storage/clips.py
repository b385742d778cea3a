"""Rows of finished clips: where each file is, and what it is."""

import sqlite3
from pathlib import Path

from bot.domain import Clip, JobId
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


def get(tx: sqlite3.Connection, job_id: JobId, *, folder: Path) -> Clip | None:
    """The clip of a job, with its file's path in `folder`."""
    row = tx.execute("SELECT * FROM clips WHERE job_id = ?", (job_id,)).fetchone()
    if row is None:
        return None
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
