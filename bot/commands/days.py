"""Days as they are typed in the shell, and the times between two of them; all UTC."""

import argparse
from datetime import UTC, date, datetime, timedelta

from bot.errors import SettingsError

EVER = date(2015, 1, 1)
"""The first day of Discord's own first year."""


def day(text: str) -> date:
    """The type of an argument that is a day.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError("write a day as 2026-11-01") from wrong


def begin_and_end(since: date | None, until: date | None) -> tuple[datetime | None, datetime | None]:
    """When the first day begins and the last one has ended; None where no day is named.

    Raises:
        SettingsError: the last day is before the first.
    """
    if since and until and until < since:
        raise SettingsError("--until is before --since: name the earlier day first")
    return (
        None if since is None else _midnight(since),
        None if until is None else _midnight(until + timedelta(days=1)),
    )


def between(since: date, until: date | None) -> tuple[datetime, datetime]:
    """The same of a span that ends today where no last day is named.

    Raises:
        SettingsError: the last day is before the first.
    """
    last = until or datetime.now(UTC).date()
    begin_and_end(since, last)
    return _midnight(since), _midnight(last + timedelta(days=1))


def _midnight(of: date) -> datetime:
    return datetime(of.year, of.month, of.day, tzinfo=UTC)
