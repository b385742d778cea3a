"""What one clip is to be: everything its drawing depends on, and nothing else."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

FPS = 24
SIZES = ("1280x720", "720x1280", "1920x1080", "1080x1920")
SECONDS_MIN, SECONDS_MAX = 4, 20
# An extended clip's bound: OpenAI's guide allows six extensions of up to 20 s, 120 s in all.
SECONDS_TOTAL_MAX = 120
PROMPT_CHARS_MAX = 32_000
SEED_MAX = 2**31 - 1

# What a finished job's folder holds; PART ends the names of files that are not finished.
CLIP, THUMBNAIL, SPRITESHEET = "clip.mp4", "thumbnail.webp", "spritesheet.jpg"
PART = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One prompt's share of a clip; an extension adds one."""

    prompt: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CastMember:
    """A character that is pinned to the storyboard: its name, and the file of its face."""

    name: str
    picture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """The same spec draws the same bytes on the same machine.

    `earlier` holds the prompts of the clips that this one was remixed from, the newest first: what the new
    prompt leaves open is as it was there. `picture` and `video` are names of files in the job's folder: a
    picture to move over, and a clip whose frames are drawn over (its last one for what follows its end).
    """

    width: int
    height: int
    seed: int
    segments: tuple[Segment, ...]
    earlier: tuple[str, ...] = ()
    picture: str | None = None
    video: str | None = None
    cast: tuple[CastMember, ...] = ()

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def seconds(self) -> int:
        return sum(segment.seconds for segment in self.segments)

    @property
    def frames(self) -> int:
        return self.seconds * FPS

    @property
    def take(self) -> int:
        """1 for a first take, 2 for its remix, and so on."""
        return 1 + len(self.earlier)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Self:
        """The spec that `to_json` wrote; KeyError or TypeError when it is none."""
        return cls(
            width=body["width"],
            height=body["height"],
            seed=body["seed"],
            segments=tuple(Segment(**segment) for segment in body["segments"]),
            earlier=tuple(body["earlier"]),
            picture=body["picture"],
            video=body["video"],
            cast=tuple(CastMember(**member) for member in body["cast"]),
        )
