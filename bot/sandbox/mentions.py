"""Whom a message mentions, after what its sender allowed (docs: resources/message, "Allowed Mentions")."""

import re
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.components import TEXT, walk
from bot.sandbox.errors import Form, Json
from bot.sandbox.world import Guild, User, World

_USER = re.compile(r"<@!?(\d{1,20})>")
_ROLE = re.compile(r"<@&(\d{1,20})>")
KINDS = ("users", "roles", "everyone")


@dataclass(slots=True)
class Mentioned:
    users: list[User] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    everyone: bool = False


def check_allowed_mentions(form: Form, allowed: Any) -> None:
    """Note what is wrong with `allowed_mentions`."""
    if allowed is None:
        return
    if not isinstance(allowed, dict):
        form.wrong(("allowed_mentions",), "MODEL_TYPE_CONVERT", "Only dictionaries may be used here")
        return
    parse = allowed.get("parse") or []
    if not isinstance(parse, list):
        form.wrong(
            ("allowed_mentions", "parse"), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"
        )
        return
    for index, kind in enumerate(parse):
        form.choice(("allowed_mentions", "parse", index), kind, KINDS)
    for kind in ("users", "roles"):
        listed = allowed.get(kind) or []
        if form.count(("allowed_mentions", kind), listed, 0, 100) and listed and kind in parse:
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            form.wrong(("allowed_mentions",), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)


def mentioned(
    world: World,
    guild: Guild | None,
    *,
    text: str,
    allowed: Json | None,
    replied_to: User | None,
    may_mention_everyone: bool,
) -> Mentioned:
    """Who is really mentioned. `allowed` None means everything that the text says."""
    found = Mentioned()
    parse = KINDS if allowed is None else allowed.get("parse") or ()
    users = _listed(allowed, "users")
    roles = _listed(allowed, "roles")
    for match in _USER.finditer(text) if "<@" in text else ():
        user = world.users.get(int(match[1]))
        if user is not None and ("users" in parse or user.id in users) and user not in found.users:
            found.users.append(user)
    for match in _ROLE.finditer(text) if guild is not None and "<@&" in text else ():
        role = guild.roles.get(int(match[1])) if guild is not None else None
        if role is None or role.id in found.roles or not ("roles" in parse or role.id in roles):
            continue
        if role.mentionable or may_mention_everyone:
            found.roles.append(role.id)
    called = "@everyone" in text or "@here" in text
    found.everyone = called and "everyone" in parse and may_mention_everyone
    answered = allowed is None or bool(allowed.get("replied_user"))
    if replied_to is not None and answered and replied_to not in found.users:
        found.users.append(replied_to)
    return found


def _listed(allowed: Json | None, kind: str) -> set[int]:
    return {int(one) for one in (allowed or {}).get(kind) or () if str(one).isdecimal()}


def displayed_text(content: str, components: list[Json]) -> str:
    """All text in which a mention counts."""
    texts = [one["content"] for one in walk(components) if one["type"] == TEXT] if components else []
    return "\n".join([content, *texts])
