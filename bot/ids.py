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
    """

    def __init__(self, now: Callable[[], datetime], random_bits: Callable[[int], int]) -> None:
        self._now = now
        self._random_bits = random_bits

    def new(self) -> str:
        """A new id. Two of the same millisecond collide once in 34 billion; the primary key would refuse."""
        ms, bits, two = int(self._now().timestamp() * 1000), self._random_bits(5 * _RANDOM_CHARS), _PAIRS
        # Two characters at a time, the middle ones of both: an id is made with every order.
        return (
            f"{two[ms >> 35 & 1023]}{two[ms >> 25 & 1023]}{two[ms >> 15 & 1023]}{two[ms >> 5 & 1023]}"
            f"{two[(ms & 31) << 5 | bits >> 30 & 31]}"
            f"{two[bits >> 20 & 1023]}{two[bits >> 10 & 1023]}{two[bits & 1023]}"
        )
