"""Quiet hours: from one time of day to another, across midnight and across the changes of the clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def quiet_until(at: datetime, hours: tuple[int, int], time_zone: str) -> datetime | None:
    """When the quiet hours end that a moment lies in, in UTC; None where it lies in none.

    Each night's hours are one stretch of time, from the first moment at which clocks there show the one time
    to the first after it at which they show the other, or have jumped past it. So an hour that is shown twice
    neither begins nor ends them twice.

    Args:
        at: the moment.
        hours: when they begin and end, in minutes after midnight; the end may be on the next day.
        time_zone: whose clocks.
    """
    zone = ZoneInfo(time_zone)
    begins, ends = hours
    today = at.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        end_day = day if ends > begins else day + timedelta(days=1)
        until = shown(end_day, ends, zone)
        if shown(day, begins, zone) <= at < until:
            return until
    return None


def shown(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The first moment, in UTC, at which clocks show a time; the jump itself where they jump past it."""
    wall = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60)  # noqa: DTZ001 - a wall's
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # No clock shows it. With the offset from after the jump the moment is before it: it lies between.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    old = before.astimezone(zone).utcoffset()
    while moment - before > timedelta(seconds=1):
        middle = before + (moment - before) / 2
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            moment = middle
    return moment.replace(microsecond=0)
