"""A message, and the flags and kinds that it may have (docs: resources/message)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.sandbox.attachments import Attachment
from bot.sandbox.errors import Json
from bot.sandbox.world import User

SUPPRESS_EMBEDS: Final = 1 << 2
HAS_THREAD: Final = 1 << 5
EPHEMERAL: Final = 1 << 6
LOADING: Final = 1 << 7
SUPPRESS_NOTIFICATIONS: Final = 1 << 12
COMPONENTS_V2: Final = 1 << 15

DEFAULT: Final = 0
REPLY: Final = 19
COMMAND: Final = 20
CONTEXT_MENU: Final = 23


@dataclass(slots=True)
class Reaction:
    """One emoji under a message, and who put it there, in order."""

    emoji: Json
    users: dict[int, User] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Message:
    """`reader` is whose eyes alone an ephemeral message is for; `interaction` what it was born of."""

    id: int
    channel_id: int
    guild_id: int | None
    author: User
    content: str
    created_at: datetime
    kind: int = DEFAULT
    flags: int = 0
    edited_at: datetime | None = None
    tts: bool = False
    attachments: list[Attachment] = field(default_factory=list)
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    reply_to: int | None = None
    nonce: str | int | None = None
    reactions: dict[str, Reaction] = field(default_factory=dict)
    interaction: Json | None = None
    reader: int | None = None

    @property
    def layout(self) -> bool:
        return bool(self.flags & COMPONENTS_V2)

    @property
    def loading(self) -> bool:
        return bool(self.flags & LOADING)
