"""The boxes of an MP4 (ISO/IEC 14496-12), read in Python: is it whole, and will every player show it?

Nothing of it is decoded and nothing is trusted but the structure: at most `_BOXES_MAX` headers are read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.errors import ClipUnusable

_BOXES_MAX = 10_000

# Where the descriptions of a track's samples stand; `stsd` has 8 bytes before its first entry.
_WAY_TO_SAMPLES = (b"trak", b"mdia", b"minf", b"stbl", b"stsd")

# Baseline, main and high: 8 bits in 4:2:0 and no other (ISO/IEC 14496-10, A.2). Phones decode nothing else.
_PROFILES_OF_ALL_PLAYERS = frozenset({66, 77, 100})
# A VisualSampleEntry has 78 bytes of fields before its boxes, of which `avcC` is one (14496-12, 12.1.3).
_AVC1_FIELDS_BYTES = 78


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxes:
    """What the structure of a whole MP4 says.

    `faststart` means that the index stands before the pictures, so that a player can begin at once;
    `fragmented` that it has more indexes further on, which some players do not follow. `samples` are the
    kinds of coding of its tracks (`avc1`, `mp4a`, …), and `avc_profiles` the profiles of those that are AVC.
    """

    size_bytes: int
    faststart: bool
    fragmented: bool
    samples: frozenset[bytes]
    avc_profiles: frozenset[int]

    @property
    def plays_everywhere(self) -> bool:
        """H.264 in 8-bit 4:2:0, alone or with AAC: what Discord plays in line on every platform."""
        return (
            b"avc1" in self.samples
            and self.samples <= {b"avc1", b"mp4a"}
            and self.avc_profiles <= _PROFILES_OF_ALL_PLAYERS
        )

    @property
    def begins_at_once(self) -> bool:
        """One index, and before the pictures."""
        return self.faststart and not self.fragmented


def read(path: Path) -> Boxes:
    """Walk over a file's boxes. Blocks on the disk: call it from a thread.

    Raises:
        ClipUnusable: the first is no `ftyp`, one reaches beyond the end, or `moov` or `mdat` is missing.
        OSError: our own disk; the file is not there.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        walk = _Walk(file)
        order: list[bytes] = []
        samples: set[bytes] = set()
        profiles: set[int] = set()
        for kind, at, end in walk.over(0, size):
            if not order and kind != b"ftyp":
                raise ClipUnusable("it does not begin as an MP4 does")
            order.append(kind)
            if kind == b"moov":
                try:
                    for entry, inner, inner_end in walk.down(at, end, _WAY_TO_SAMPLES):
                        samples.add(entry)
                        if entry == b"avc1":
                            profiles |= walk.avc_profiles(inner, inner_end)
                except ClipUnusable:
                    samples.clear()  # an index in disarray may still play, but not everywhere for certain
    if b"moov" not in order or b"mdat" not in order:
        raise ClipUnusable(f"no whole MP4: {size} bytes without pictures or without their index")
    return Boxes(
        size_bytes=size,
        faststart=order.index(b"moov") < order.index(b"mdat"),
        fragmented=b"moof" in order,
        samples=frozenset(samples),
        avc_profiles=frozenset(profiles),
    )


class _Walk:
    """Reads the headers of boxes, counting them: a file made of nothing else would never end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._boxes = 0

    def over(self, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """Kind, first byte of the content, and end of each box from `at` on (14496-12, 4.2)."""
        while at < end:
            header = self._bytes(at, min(16, end - at))
            length, kind, head = int.from_bytes(header[:4], "big"), header[4:8], 8
            if length == 1:
                length, head = int.from_bytes(header[8:16], "big"), 16
            elif length == 0:  # to the end
                length = end - at
            if len(header) < 8 or length < head or at + length > end:
                raise ClipUnusable(f"cut short or broken at byte {at} of {end}")
            if self._boxes == _BOXES_MAX:
                raise ClipUnusable(f"more than {_BOXES_MAX} boxes")
            self._boxes += 1
            yield kind, at + head, at + length
            at += length

    def down(self, at: int, end: int, way: tuple[bytes, ...]) -> Iterator[tuple[bytes, int, int]]:
        """The boxes at the end of a way through boxes in boxes."""
        for kind, inner, inner_end in self.over(at, end):
            if kind != way[0]:
                continue
            if len(way) > 1:
                yield from self.down(inner, inner_end, way[1:])
            else:
                yield from self.over(inner + 8, inner_end)

    def avc_profiles(self, at: int, end: int) -> set[int]:
        """AVCProfileIndication of the entry's `avcC` (14496-15, 5.3.3.1): its second byte."""
        return {
            self._bytes(inner, 2)[-1]
            for kind, inner, inner_end in self.over(at + _AVC1_FIELDS_BYTES, end)
            if kind == b"avcC" and inner_end - inner >= 2
        }

    def _bytes(self, at: int, count: int) -> bytes:
        self._file.seek(at)
        return self._file.read(count)
