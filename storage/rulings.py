"""What a classifier said of what it looked at, by a hash of that; nothing of it can be read from here."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime

from storage.times import to_us

FORGOTTEN_AT_ONCE = 50
"""With each new one so many of the old ones go: the table stays small, and nobody waits for it."""


def get(connection: sqlite3.Connection, digest: bytes, *, since: datetime) -> dict[str, float] | None:
    """The scores, where they are not older than that."""
    row = connection.execute(
        "SELECT scores FROM rulings WHERE digest = ? AND ruled_at >= ?", (digest, to_us(since))
    ).fetchone()
    return None if row is None else {name: float(score) for name, score in json.loads(row[0]).items()}


def put(
    tx: sqlite3.Connection, digest: bytes, scores: Mapping[str, float], *, at: datetime, before: datetime
) -> None:
    """Keep the scores, and forget some of those from `before`."""
    tx.execute(
        """
        INSERT INTO rulings (digest, scores, ruled_at) VALUES (?, ?, ?)
        ON CONFLICT (digest) DO UPDATE SET scores = excluded.scores, ruled_at = excluded.ruled_at
        """,
        (digest, json.dumps(dict(scores)), to_us(at)),
    )
    tx.execute(
        """
        DELETE FROM rulings WHERE digest IN (
            SELECT digest FROM rulings WHERE ruled_at < ? ORDER BY ruled_at LIMIT ?)
        """,
        (to_us(before), FORGOTTEN_AT_ONCE),
    )
