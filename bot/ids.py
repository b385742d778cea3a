"""Ids of jobs and quotes: 16 characters that sort by time, short enough for a nonce with a purpose letter."""

from collections.abc import Callable
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_RANDOM_CHARS = 7

ID = "[0-9a-hjkmnp-tv-z]{16}"
"""A pattern of them, for what comes back from outside."""


class Ids:
    """Makes ids from the clock (45 bits of milliseconds) and 35 random bits.

    Args:
        now: the clock.
        random_bits: `secrets.randbits`, or a seeded one in simulations.
        drawn_at_once: for how many ids random bits are drawn together: each draw is a call of the system,
            that lets go of the interpreter, and an id is made with every order.
    """

    def __init__(
        self, now: Callable[[], datetime], random_bits: Callable[[int], int], *, drawn_at_once: int = 1
    ) -> None:
        self._now = now
        self._random_bits = random_bits
        self._drawn_at_once = drawn_at_once
        self._drawn: list[int] = []
        self._begun = (-1, "")

    def new(self) -> str:
        """A new id. Two of the same millisecond collide once in 34 billion; the primary key would refuse."""
        ms, bits, two = int(self._now().timestamp() * 1000), self._chance(), _PAIRS
        span, begins = self._begun  # read and written as one, since threads make ids
        if span != ms >> 5:
            span = ms >> 5
            begins = (
                f"{two[ms >> 35 & 1023]}{two[ms >> 25 & 1023]}{two[ms >> 15 & 1023]}{two[ms >> 5 & 1023]}"
            )
            self._begun = (span, begins)
        # Two characters at a time, the first two of both.
        return (
            f"{begins}{two[(ms & 31) << 5 | bits >> 30 & 31]}"
            f"{two[bits >> 20 & 1023]}{two[bits >> 10 & 1023]}{two[bits & 1023]}"
        )

    def _chance(self) -> int:
        try:
            return self._drawn.pop()
        except IndexError:
            width, ids = 5 * _RANDOM_CHARS, self._drawn_at_once
            bits = self._random_bits(width * ids)
            self._drawn += [bits >> width * place & (1 << width) - 1 for place in range(1, ids)]
            return bits & (1 << width) - 1
