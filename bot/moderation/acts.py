"""The record of acts as people and other programs read it: lines, CSV, JSON lines."""

import json
from collections.abc import Iterable, Iterator

from bot.csv_lines import csv_lines
from storage.acts import Act

FORMATS = ("csv", "jsonl")

_COLUMNS = ("number", "at", "verb", "actor_id", "guild_id", "subject", "detail", "previous", "hash")


def written(acts: Iterable[Act], form: str) -> Iterator[str]:
    """The lines of a file in one of `FORMATS`, without their ends.

    `at` is to the microsecond and `detail` the text that was hashed, so that the chain can be checked from
    the file alone.
    """
    rows = map(_fields, acts)
    return csv_lines(_COLUMNS, rows) if form == "csv" else map(json.dumps, rows)


def line(act: Act) -> str:
    """An act for the terminal."""
    who = "operator" if act.actor_id is None else str(act.actor_id)
    where = f"server {act.guild_id}" if act.guild_id else "everywhere"
    detail = " ".join(f"{name}={value}" for name, value in json.loads(act.detail).items())
    return (
        f"{act.number}  {act.at:%Y-%m-%d %H:%M:%S}  {act.verb}  {act.subject}  by {who}  {where}  {detail}"
    ).rstrip()


def _fields(act: Act) -> dict[str, object]:
    return {
        "number": act.number,
        "at": act.at.isoformat(timespec="microseconds"),
        "verb": act.verb,
        # As text: these are above what a spreadsheet, or JavaScript, keeps exactly in a number.
        "actor_id": None if act.actor_id is None else str(act.actor_id),
        "guild_id": str(act.guild_id),
        "subject": act.subject,
        "detail": act.detail,
        "previous": act.previous,
        "hash": act.hash,
    }
