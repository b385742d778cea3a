"""What was typed for an order, beside what its jobs say."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from bot.domain import JobId


def insert(tx: sqlite3.Connection, order_id: JobId, options: Mapping[str, Any]) -> None:
    """Write what an order was made from, in the transaction that makes it."""
    tx.execute(
        "INSERT INTO typed (order_id, options, picture_id) VALUES (?, ?, ?)",
        (order_id, json.dumps(dict(options)), options.get("picture")),
    )


def get(tx: sqlite3.Connection, order_id: JobId) -> dict[str, Any] | None:
    """What an order was made from; None where that was not written."""
    row = tx.execute("SELECT options FROM typed WHERE order_id = ?", (order_id,)).fetchone()
    options: dict[str, Any] | None = None if row is None else json.loads(row[0])
    return options
