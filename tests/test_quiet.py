"""Quiet hours by the server's own clocks: across midnight, and on the nights on which the clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.moderation.quiet import quiet_until, shown

BERLIN = "Europe/Berlin"
MOMENT = timedelta(microseconds=1)


def at(text: str, zone: str = "UTC", *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def minutes(text: str) -> int:
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-11-21T21:59:59", None),
        ("2026-11-21T22:00:00", "2026-11-22T07:00:00"),
        ("2026-11-22T00:00:00", "2026-11-22T07:00:00"),
        ("2026-11-22T06:59:59", "2026-11-22T07:00:00"),
        ("2026-11-22T07:00:00", None),
        ("2026-11-22T12:00:00", None),
    ],
)
def test_a_night_goes_across_midnight(moment: str, until: str | None) -> None:
    hours = (minutes("22:00"), minutes("07:00"))

    found = quiet_until(at(moment, BERLIN), hours, BERLIN)

    assert found == (None if until is None else at(until, BERLIN))


def test_hours_of_one_day_stay_in_it() -> None:
    hours = (minutes("09:30"), minutes("12:00"))
    begins, ends = at("2026-11-21T09:30"), at("2026-11-21T12:00")

    assert quiet_until(begins - MOMENT, hours, "UTC") is None
    assert quiet_until(begins, hours, "UTC") == ends
    assert quiet_until(ends - MOMENT, hours, "UTC") == ends
    assert quiet_until(ends, hours, "UTC") is None


def test_an_end_that_the_clocks_jump_past_is_the_jump() -> None:
    jump = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 02:00 becomes 03:00
    hours = (minutes("22:00"), minutes("02:30"))

    assert shown(date(2026, 3, 29), minutes("02:30"), ZoneInfo(BERLIN)) == jump
    assert quiet_until(jump - MOMENT, hours, BERLIN) == jump
    assert quiet_until(jump, hours, BERLIN) is None


def test_a_beginning_that_the_clocks_jump_past_is_the_jump() -> None:
    jump = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    hours = (minutes("02:30"), minutes("05:00"))

    assert quiet_until(jump - MOMENT, hours, BERLIN) is None
    assert quiet_until(jump, hours, BERLIN) == at("2026-03-29T05:00", BERLIN)


def test_an_hour_that_is_shown_twice_ends_them_once() -> None:
    hours = (minutes("22:00"), minutes("02:30"))  # on 25 October 2026, 02:00 to 03:00 comes twice
    first, second = at("2026-10-25T02:30", BERLIN), at("2026-10-25T02:10", BERLIN, fold=1)

    assert second > first
    assert quiet_until(first - MOMENT, hours, BERLIN) == first
    assert quiet_until(first, hours, BERLIN) is None
    assert quiet_until(second, hours, BERLIN) is None


def test_the_night_on_which_the_clocks_go_back_is_an_hour_longer() -> None:
    hours = (minutes("22:00"), minutes("07:00"))
    begins, ends = at("2026-10-24T22:00", BERLIN), at("2026-10-25T07:00", BERLIN)

    assert ends - begins == timedelta(hours=10)
    assert quiet_until(begins + timedelta(hours=9, minutes=59), hours, BERLIN) == ends


@pytest.mark.parametrize("zone", [BERLIN, "Australia/Lord_Howe"])
def test_what_is_quiet_ends_when_the_clock_says_so_on_every_hour_of_a_year(zone: str) -> None:
    hours = (minutes("23:15"), minutes("06:45"))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    while moment.year == 2026:
        wall = moment.astimezone(ZoneInfo(zone))
        of_day = wall.hour * 60 + wall.minute
        is_quiet = of_day >= hours[0] or of_day < hours[1]

        until = quiet_until(moment, hours, zone)

        assert (until is not None) == is_quiet
        if until is not None:
            ends = until.astimezone(ZoneInfo(zone))
            assert (ends.hour, ends.minute) == (6, 45)
            assert timedelta(0) < until - moment <= timedelta(hours=9)
        moment += timedelta(hours=1)
