"""`dailies ledger`: the book of money, shown, recomputed, exported, and held against a provider's file."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import settings
from bot.commands import days, exported
from bot.counting import counted
from bot.offers.models_file import check_provider
from bot.operating import reports
from bot.settings import Settings
from bot.spend import drift, journal, reconciling
from storage import booked, drifts


def add_to(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    whats = parser.add_subparsers(dest="what", required=True, metavar="what")
    show = whats.add_parser("show", help="the newest entries")
    show.add_argument("--newest", type=int, choices=range(1, 100_001), default=50, metavar="LINES")
    verify = whats.add_parser("verify", help="recompute everything from the entries; name each difference")
    export = whats.add_parser("export", help="every entry, for other programs")
    export.add_argument("form", choices=journal.FORMATS, help="beancount is double-entry plain text")
    export.add_argument("--to", type=Path, help="the file to write, which must not exist; else the terminal")
    reconcile = whats.add_parser(
        "reconcile", help="what a provider's usage or invoice file has and the book lacks, and the other way"
    )
    reconcile.add_argument("provider", help="as in `dailies models list`, such as fal")
    reconcile.add_argument("file", type=Path, help="CSV with a heading, or JSON lines")
    reconcile.add_argument("--id-column", help="the column with the provider's id of a job")
    reconcile.add_argument("--amount-column", help="the column with the dollars")
    for each in (export, reconcile):
        each.add_argument(
            "--since", type=days.day, default=days.EVER, help="the first day (UTC), as 2026-11-01"
        )
        each.add_argument("--until", type=days.day, default=None, help="the last day (UTC); else today")
    differing = whats.add_parser("drift", help="what providers billed for clips, beside what was expected")
    differing.add_argument("--days", type=int, choices=range(1, 367), default=30, metavar="DAYS")
    for each in (show, verify, export, reconcile, differing):
        each.add_argument("--env-file", type=Path, default=Path(".env"))


def run(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Do what was chosen, and say it; the exit code is 1 where something differs."""
    config = settings.load(env_file=chosen.env_file)
    match chosen.what:
        case "show":
            for line in reports.ledger_lines(config, newest=chosen.newest) or ["the ledger is empty"]:
                say(line)
            return 0
        case "verify":
            differences = reports.ledger_differences(config)
            for line in differences:
                say(line)
            say(counted(len(differences), "difference") if differences else "the ledger is right")
            return 1 if differences else 0
        case "drift":
            return _drift(config, chosen.days, say)
        case "export":
            return _export(config, chosen, say)
        case _:
            return _reconcile(config, chosen, say)


def _drift(config: Settings, day_count: int, say: Callable[[str], None]) -> int:
    with reports.reading(config) as connection:
        found = drifts.by_offer(connection, since=datetime.now(UTC).date() - timedelta(days=day_count - 1))
    for each in found:
        say(drift.line(each))
    differing = sum(drift.is_off(each) for each in found)
    say(f"{counted(len(found), 'offer')} told what was billed; by more than 1 % differ: {differing}")
    return 1 if differing else 0


def _export(config: Settings, chosen: argparse.Namespace, say: Callable[[str], None]) -> int:
    since, until = days.between(chosen.since, chosen.until)
    with reports.reading(config) as connection:
        lines = journal.written(booked.entries(connection, since=since, until=until), chosen.form)
        exported.write(lines, chosen.to, say)
    return 0


def _reconcile(config: Settings, chosen: argparse.Namespace, say: Callable[[str], None]) -> int:
    check_provider(chosen.provider)
    since, until = days.between(chosen.since, chosen.until)
    theirs = reconciling.read_usage(
        chosen.file, id_column=chosen.id_column, amount_column=chosen.amount_column
    )
    with reports.reading(config) as connection:
        ours = booked.billed(connection, provider=chosen.provider, since=since, until=until)
        differences = list(reconciling.compared(ours, theirs))
    for each in differences:
        say(str(each))
    say(
        counted(len(differences), "difference")
        if differences
        else f"the books agree with {counted(len(theirs), 'job')} of {chosen.provider}"
    )
    return 1 if differences else 0
