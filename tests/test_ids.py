"""Ids that sort by time and fit a nonce with its letter."""

import secrets
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import card_nonce, clip_nonce
from bot.domain import JobId
from bot.ids import Ids
from tests.props import Clock

NONCE_CHARS_MAX = 25
"""Discord's limit (reference: Create Message)."""

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(3000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive there


@given(MOMENTS)
def test_an_id_is_sixteen_plain_characters_and_fits_a_nonce(at: datetime) -> None:
    made = Ids(Clock(at), secrets.randbits).new()

    assert len(made) == 16
    assert made.isascii()
    assert made.isalnum()
    assert made == made.lower()
    assert len(card_nonce(JobId(made))) <= NONCE_CHARS_MAX
    assert card_nonce(JobId(made)) != clip_nonce(JobId(made))


@given(MOMENTS, st.integers(1, 10**9))
def test_a_later_id_sorts_later_whatever_the_chance(at: datetime, ms: int) -> None:
    earlier = Ids(Clock(at), lambda bits: 2**bits - 1).new()
    later = Ids(Clock(at + timedelta(milliseconds=ms)), lambda _: 0).new()

    assert earlier < later


def test_ids_of_one_millisecond_differ() -> None:
    ids = Ids(Clock(), secrets.randbits)

    assert len({ids.new() for _ in range(2_000)}) == 2_000


def test_the_same_clock_and_chance_make_the_same_id() -> None:
    assert Ids(Clock(), lambda _: 5).new() == Ids(Clock(), lambda _: 5).new() == "1m7yzmhg00000005"


def test_bits_that_were_drawn_for_many_are_each_used_once() -> None:
    draws: list[int] = []

    def drawn(bits: int) -> int:
        draws.append(bits)
        return secrets.randbits(bits)

    ids = Ids(Clock(), drawn, drawn_at_once=64)

    assert len({ids.new() for _ in range(640)}) == 640
    assert draws == [35 * 64] * 10


def test_every_bit_of_a_draw_is_in_some_id() -> None:
    ids = Ids(Clock(), lambda bits: 2**bits - 1, drawn_at_once=3)

    assert {ids.new()[-7:] for _ in range(3)} == {"zzzzzzz"}


@given(st.lists(st.integers(0, 100), min_size=1, max_size=20))
def test_one_maker_goes_with_its_clock(steps: list[int]) -> None:
    clock = Clock()
    ids, made = Ids(clock, lambda _: 5), []
    for ms in steps:
        clock.advance(timedelta(milliseconds=ms))
        made.append((ids.new(), Ids(clock, lambda _: 5).new()))

    assert all(ours == anew for ours, anew in made)
    assert made == sorted(made)
