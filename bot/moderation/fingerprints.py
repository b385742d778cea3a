"""What a picture or a clip looks like, in few bits that a smaller, re-encoded or mirrored copy shares.

A look is two hashes of 64 bits: a dHash (is each of 64 fields brighter than the one to its right?) and a
pHash (are the 64 coarsest waves of its brightness above their middle?), as 32 hexadecimal digits. Two
pictures look the same where few bits of both differ: one hash alone takes strangers for copies far more
often (tests/test_fingerprints.py has the numbers). A picture without anything in it has no look.

A child process computes them (fingerprint_child.py): for a picture 0.2 s, for a clip a second or two.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.children import Ended, ask
from bot.errors import ClipUnusable

HASH_BITS = 64
LOOK_DIGITS = 32

D_BITS_MAX = 12
P_BITS_MAX = 12
"""So many of 64 bits may differ, in each of the two hashes. Measured: see tests/test_fingerprints.py."""

FRAMES = 6
"""Of a clip: its first, and five more over its length."""

FRAMES_ALIKE_MIN = 2
"""A clip is like another where so many of its frames are: a title or a black field is not enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Of each picture or frame, how it looks and how it looks in a mirror; those without a look left out."""

    seen: tuple[str, ...]
    mirrored: tuple[str, ...]


def bits_apart(one: str, other: str) -> tuple[int, int]:
    """In how many bits two looks differ: of their dHash, of their pHash."""
    apart = int(one, 16) ^ int(other, 16)
    return (apart >> HASH_BITS).bit_count(), (apart & (1 << HASH_BITS) - 1).bit_count()


def alike(one: str, other: str) -> bool:
    """Whether they are, as far as these bits can tell, of the same picture."""
    d_bits, p_bits = bits_apart(one, other)
    return d_bits <= D_BITS_MAX and p_bits <= P_BITS_MAX


def likest(looks: Looks, known: Iterable[tuple[int, str, bool]], *, is_clip: bool) -> int | None:
    """The number of the known file that this picture or clip is like; None where there is none.

    Args:
        looks: of what is looked at.
        known: the number, a look, and whether it is of a clip; several of the same number are of one file.
        is_clip: whether `looks` are of a clip's frames.

    A clip is like a clip by `FRAMES_ALIKE_MIN` of its frames (or by all, where it has fewer), and like a
    picture by any: what was animated begins with it. A picture is like whatever has one such look.
    """
    found: Counter[int] = Counter()
    for frame in zip(looks.seen, looks.mirrored, strict=True):
        alike_to = set()
        for number, look, known_is_clip in known:
            if number not in alike_to and any(alike(side, look) for side in frame):
                alike_to.add(number)
                found[number] += 1 if is_clip and known_is_clip else FRAMES_ALIKE_MIN
    least = min(FRAMES_ALIKE_MIN, len(looks.seen)) if is_clip else 1
    number, count = max(found.items(), key=lambda item: item[1], default=(0, 0))
    return number if count >= least and count else None


_CHILD_WITHIN_S = 90.0


class Fingerprints:
    """Takes looks of files of ours.

    Args:
        at_once: how many are taken at the same time.
    """

    def __init__(self, *, at_once: int = 1) -> None:
        self._turn = asyncio.Semaphore(at_once)

    async def of_picture(self, path: Path) -> Looks:
        """The one look of a kept picture, or none.

        Raises:
            ClipUnusable: it cannot be read.
            FileNotFoundError: it is gone.
        """
        return await self._taken(path, "picture")

    async def of_clip(self, path: Path) -> Looks:
        """The looks of `FRAMES` frames of a clip; fewer where some show nothing.

        Raises:
            ClipUnusable, FileNotFoundError: as `of_picture`.
        """
        return await self._taken(path, "clip")

    async def _taken(self, path: Path, kind: str) -> Looks:
        if not await asyncio.to_thread(path.is_file):
            raise FileNotFoundError(path)
        async with self._turn:
            answer = await ask(
                "bot.moderation.fingerprint_child",
                path,
                kind,
                timeout_s=_CHILD_WITHIN_S,
                python=sys.executable,
            )
        match answer:
            case Ended() as ended:
                raise ClipUnusable(str(ended))
            case {"seen": list(seen), "mirrored": list(mirrored)}:
                return Looks(seen=_checked(seen), mirrored=_checked(mirrored))
            case said:
                raise ClipUnusable(str(said.get("unusable")))


def _checked(looks: Sequence[object]) -> tuple[str, ...]:
    """The child reads a stranger's file: what it says is looked at, too."""
    plain = tuple(str(look) for look in looks[:FRAMES])
    if any(len(look) != LOOK_DIGITS or int(look, 16) < 0 for look in plain):
        raise ClipUnusable("it has no such look")
    return plain
