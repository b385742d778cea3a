"""What the bot may do in a channel, computed as Discord does (docs: topics/permissions)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

ADMINISTRATOR = 1 << 3
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
SEND_MESSAGES_IN_THREADS = 1 << 38

NAMES = {
    VIEW_CHANNEL: "View Channel",
    SEND_MESSAGES: "Send Messages",
    SEND_MESSAGES_IN_THREADS: "Send Messages in Threads",
    ATTACH_FILES: "Attach Files",
    READ_MESSAGE_HISTORY: "Read Message History",
}

_EVERYTHING = (1 << 53) - 1
_WORDS_ONLY = (VIEW_CHANNEL, SEND_MESSAGES)
_CLIPS = (VIEW_CHANNEL, SEND_MESSAGES, ATTACH_FILES, READ_MESSAGE_HISTORY)

NEEDED: dict[str, tuple[int, ...]] = {
    "alerts": (VIEW_CHANNEL, SEND_MESSAGES, ATTACH_FILES),
    "reports": _WORDS_ONLY,
    "log": _WORDS_ONLY,
    "operator": _WORDS_ONLY,
}
"""What a channel is named for, and what the bot must be allowed there; all others are shown clips."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overwrite:
    """What a channel allows and denies to a role or a member, by its id."""

    id: int
    allow: int
    deny: int


def in_guild(guild_id: int, roles: Collection[int], permissions: dict[int, int], *, owner: bool) -> int:
    """What a member may in a server: everything for the owner and for administrators.

    `roles` are the member's, `permissions` those of every role of the server, by its id: the server's own id
    is that of everyone's.
    """
    bits = permissions.get(guild_id, 0)
    for role_id in roles:
        bits |= permissions.get(role_id, 0)
    return _EVERYTHING if owner or bits & ADMINISTRATOR else bits


def in_channel(
    bits: int,
    overwrites: Iterable[Overwrite],
    *,
    guild_id: int,
    user_id: int,
    roles: Collection[int],
    threaded: bool = False,
) -> int:
    """What is left of it in a channel: everyone's overwrite, then all roles' together, then one's own.

    `overwrites` of a thread are its parent's.
    """
    if bits & ADMINISTRATOR:
        return bits
    by_id = {overwrite.id: overwrite for overwrite in overwrites}
    everyone, own = by_id.get(guild_id), by_id.get(user_id)
    if everyone is not None:
        bits = bits & ~everyone.deny | everyone.allow
    mine = [by_id[role_id] for role_id in roles if role_id in by_id]
    for overwrite in mine:
        bits &= ~overwrite.deny
    for overwrite in mine:
        bits |= overwrite.allow
    if own is not None:
        bits = bits & ~own.deny | own.allow
    if not bits & VIEW_CHANNEL:
        return 0
    # Denying the right to send implicitly denies what needs it (docs: "Implicit Permissions").
    sends = SEND_MESSAGES_IN_THREADS if threaded else SEND_MESSAGES
    return bits if bits & sends else bits & ~ATTACH_FILES


def missing(bits: int, purpose: str) -> list[str]:
    """The names, as Discord shows them, of what such a channel needs and these bits lack."""
    return [NAMES[bit] for bit in NEEDED.get(purpose, _CLIPS) if not bits & bit]
