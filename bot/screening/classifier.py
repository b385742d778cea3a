"""What looks at prompts and pictures: one function, so that an operator can add their own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.domain import ChannelId, GuildId
from bot.screening.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A clean picture of ours on our own disk: one that an order starts from, or a frame of a clip."""

    path: Path
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is looked at, and where it is to be shown: a prompt, and the picture that goes with it."""

    text: str
    guild_id: GuildId
    channel_id: ChannelId
    picture: Shown | None = None


class Classifier(Protocol):
    """Looks at a subject and says what it found; it writes nothing and holds nothing up for long.

    `name` is the source of its reasons. `sees_pictures` says whether a picture means anything to it: frames
    of a finished clip are taken only where one does.
    """

    @property
    def name(self) -> str: ...

    @property
    def sees_pictures(self) -> bool: ...

    async def look(self, subject: Subject) -> Verdict:
        """What it found; `unavailable(self.name)` where it cannot tell. It raises only faults of ours."""
        ...
