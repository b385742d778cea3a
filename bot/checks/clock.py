"""This machine's clock beside Discord's, which stands in the `Date` of every answer (RFC 9110, 6.6.1)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from bot.checks.finding import Finding, error, warning

WARNING = timedelta(seconds=30)
ERROR = timedelta(minutes=4)
"""Certificates, signatures and backups of others on this machine go wrong by about so much."""

MEND = "timedatectl set-ntp true"


def offset(said: str | None, now: datetime) -> timedelta | None:
    """By how much our clock is ahead of the one in a `Date` header; None where that says no time."""
    try:
        return None if said is None else now - parsedate_to_datetime(said)
    except (ValueError, TypeError, OverflowError):  # no date, or one without a zone
        return None


def clock(said: str | None, now: datetime) -> Iterator[Finding]:
    """How far the clock is off, where that is more than an answer takes to arrive.

    Args:
        said: the header, None where there was none.
        now: our own time as the answer came.
    """
    off = offset(said, now)
    if off is None:
        return
    way = "ahead of" if off > timedelta() else "behind"
    words = f"this machine's clock is {abs(off).total_seconds():.0f} s {way} Discord's"
    if abs(off) >= ERROR:
        yield error("clock_wrong", f"{words}: the bot goes by Discord's, others here are wrong", MEND)
    elif abs(off) >= WARNING:
        yield warning("clock_off", words, MEND)
