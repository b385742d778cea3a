"""Which of our attempts a provider's job is."""

import sqlite3

from bot.domain import JobId


def holder(tx: sqlite3.Connection, provider: str, provider_job_id: str) -> JobId | None:
    """The job of ours that has this job of a provider's, if one has."""
    row = tx.execute(
        "SELECT job_id FROM attempts WHERE provider = ? AND provider_job_id = ?", (provider, provider_job_id)
    ).fetchone()
    return None if row is None else JobId(row[0])
