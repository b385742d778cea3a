"""`dailies reports`: the reported clips that wait, and every report for those who have to be told of it."""

import argparse
import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import settings
from bot.commands import days, exported, ids
from bot.csv_lines import csv_lines
from bot.operating import reports as readings
from bot.settings import Settings
from storage import cases, removals, takedowns
from storage.cases import Recorded

LISTED_MAX = 1_000

_COLUMNS = (
    *("report", "reported_at", "guild_id", "job_id", "member_id", "reporter_id", "reason", "words", "case"),
    *("hidden_at", "unseen_at", "due_at", "decided_at", "decided_by", "outcome", "takedown_begun_at"),
    *("takedown_ended_at", "steps"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def add_to(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    whats = parser.add_subparsers(dest="what", required=True, metavar="what")
    listed = whats.add_parser("list", help="reported clips with a clock, the most urgent first")
    export = whats.add_parser("export", help="every report, what was decided and done, for the record")
    export.add_argument("--format", choices=("csv", "jsonl"), required=True)
    export.add_argument("--to", type=Path, help="the file to write, which must not exist; else the terminal")
    export.add_argument("--guild", type=ids.discord, help="only this server's")
    export.add_argument("--since", type=days.day, default=days.EVER, help="the first day (UTC)")
    export.add_argument("--until", type=days.day, default=None, help="the last day (UTC); else today")
    for each in (listed, export):
        each.add_argument("--env-file", type=Path, default=Path(".env"))


def run(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Do what was chosen, and say it; the exit code of `list` is 1 where a clock has run out."""
    config = settings.load(env_file=chosen.env_file)
    if chosen.what == "list":
        return _list(config, say)
    _export(config, chosen, say)
    return 0


def _list(config: Settings, say: Callable[[str], None]) -> int:
    at = datetime.now(UTC)
    with readings.reading(config) as connection:
        found = cases.running_out(connection, by=at + timedelta(days=365), limit=LISTED_MAX)
    for case in found:
        left_h = (case.due_at - at) / timedelta(hours=1) if case.due_at is not None else 0.0
        hidden = "hidden" if case.hidden_at is not None else "still shown"
        say(
            f"{left_h:+.1f} h left  job {case.job_id}  server {case.guild_id}  {case.reason}  "
            f"reported {case.opened_at:%Y-%m-%d %H:%M} UTC by {case.reports}  {hidden}"
        )
    late = sum(case.due_at is not None and case.due_at <= at for case in found)
    say(f"{len(found)} wait, {late} of them for longer than the law allows")
    return 1 if late else 0


def _export(config: Settings, chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    since, until = days.between(chosen.since, chosen.until)
    with readings.reading(config) as connection:
        found = cases.every_report(connection, guild_id=chosen.guild, since=since, until=until)
        rows = (_fields(connection, one) for one in found)
        in_csv = chosen.format == "csv"
        lines = csv_lines(_COLUMNS, map(_harmless, rows)) if in_csv else map(json.dumps, rows)
        exported.write(lines, chosen.to, say)


def _fields(connection: sqlite3.Connection, one: Recorded) -> dict[str, object]:
    case, taken = one.case, takedowns.of(connection, one.job_id)
    steps = "" if taken is None else _steps(connection, one)
    return {
        "report": one.report_id,
        "reported_at": one.at.isoformat(),
        # As text: these are above what a spreadsheet, or JavaScript, keeps exactly in a number.
        "guild_id": str(one.guild_id),
        "job_id": one.job_id,
        "member_id": str(one.member_id),
        "reporter_id": str(one.reporter_id),
        "reason": one.reason.value,
        "words": one.words,
        "case": None if case is None else case.id,
        "hidden_at": None if case is None else _time(case.hidden_at),
        "unseen_at": None if case is None else _time(case.unseen_at),
        "due_at": None if case is None else _time(case.due_at),
        "decided_at": None if case is None else _time(case.decided_at),
        "decided_by": None if case is None or case.decided_by is None else str(case.decided_by),
        "outcome": None if case is None or case.outcome is None else case.outcome.value,
        "takedown_begun_at": None if taken is None else _time(taken.begun_at),
        "takedown_ended_at": None if taken is None else _time(taken.ended_at),
        "steps": steps,
    }


def _steps(connection: sqlite3.Connection, one: Recorded) -> str:
    return "; ".join(f"{step.step} {step.result or 'to do'}" for step in removals.of(connection, one.job_id))


def _harmless(row: dict[str, object]) -> dict[str, object]:
    """What a person wrote must not be taken for a formula by a spreadsheet."""
    words = str(row["words"])
    return {**row, "words": f"'{words}" if words.startswith(_FORMULA) else words}


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
