"""Ids of jobs and quotes: 16 characters that sort by time, short enough for a nonce with a purpose letter."""

from collections.abc import Callable
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_TIME_CHARS = 9
_RANDOM_CHARS = 7


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
        ms = int(self._now().timestamp() * 1000)
        return _base32(ms, _TIME_CHARS) + _base32(self._random_bits(5 * _RANDOM_CHARS), _RANDOM_CHARS)


def _base32(number: int, chars: int) -> str:
    # Two characters at a time: an id is made with every order, and one at a time takes six times as long.
    pairs = [_PAIRS[number >> 10 * place & 1023] for place in reversed(range((chars + 1) // 2))]
    return "".join(pairs)[chars % 2 :]
