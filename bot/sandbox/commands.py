"""The commands that the bot has synced, for everywhere or for one guild."""

from collections import deque
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.authority import Authority
from bot.sandbox.command_rules import SLASH, check_command, check_set
from bot.sandbox.errors import DiscordRefusal, Form, Json, invalid_json, unknown
from bot.sandbox.permissions import Permission
from bot.sandbox.world import Guild, Member, World

# Commands that may be made in a day, everywhere or in one guild (docs: application-commands).
CREATES_MAX = 200


class Commands:
    """Commands by scope: None stands for the global ones. An id stays with a name while it is there."""

    def __init__(self, world: World, authority: Authority) -> None:
        self._world = world
        self._authority = authority
        self._by_scope: dict[int | None, dict[int, Json]] = {}
        self._made_at: dict[int | None, deque[datetime]] = {}

    def listed(self, scope: int | None) -> list[Json]:
        return list(self._by_scope.get(scope, {}).values())

    def overwrite(self, scope: int | None, commands: Any) -> list[Json]:
        """Replace all commands of a scope.

        Raises:
            DiscordRefusal: 50035, at least one is wrong; then none is replaced.
        """
        if not isinstance(commands, list):
            raise invalid_json()
        form = Form()
        check_set(form, commands)
        form.settle()
        known = {_key(one): one for one in self.listed(scope)}
        kept = [self._made(scope, command, known.get(_key(command))) for command in commands]
        self._by_scope[scope] = {int(one["id"]): one for one in kept}
        return kept

    def upsert(self, scope: int | None, command: Json) -> Json:
        """Add a command, or replace the one of that name and type.

        Raises:
            DiscordRefusal: 50035, or 30032 when there is no room.
        """
        form = Form()
        check_command(form, (), command)
        form.settle()
        others = [one for one in self.listed(scope) if _key(one) != _key(command)]
        check_set(form, [*others, command])
        form.settle()
        known = {_key(one): one for one in self.listed(scope)}
        made = self._made(scope, command, known.get(_key(command)))
        self._by_scope.setdefault(scope, {})[int(made["id"])] = made
        return made

    def edit(self, scope: int | None, command_id: int, changes: Json) -> Json:
        """Change some of a command's fields.

        Raises:
            DiscordRefusal: 10063 or 50035.
        """
        known = self.one(scope, command_id)
        merged = known | {key: value for key, value in changes.items() if key != "type"}
        form = Form()
        check_command(form, (), merged)
        form.settle()
        made = self._made(scope, merged, known)
        self._by_scope[scope][command_id] = made
        return made

    def remove(self, scope: int | None, command_id: int) -> None:
        """Take a command away.

        Raises:
            DiscordRefusal: 10063.
        """
        self.one(scope, command_id)
        del self._by_scope[scope][command_id]

    def one(self, scope: int | None, command_id: int) -> Json:
        """A command by id.

        Raises:
            DiscordRefusal: 10063.
        """
        command = self._by_scope.get(scope, {}).get(command_id)
        if command is None:
            raise unknown("application command")
        return command

    def find(self, guild_id: int | None, command_id: int) -> Json | None:
        """A command that can be used in that guild, the guild's own or a global one."""
        for scope in (guild_id, None):
            command = self._by_scope.get(scope, {}).get(command_id)
            if command is not None:
                return command
        return None

    def usable(self, guild: Guild, member: Member) -> list[Json]:
        """What the picker of this member shows; a guild's command hides a global one of its name."""
        shown: dict[tuple[int, str], Json] = {}
        for command in [*self.listed(guild.id), *self.listed(None)]:
            if self.allowed(command, guild, member) and 0 in (command["contexts"] or (0, 1, 2)):
                shown.setdefault(_key(command), command)
        return list(shown.values())

    def allowed(self, command: Json, guild: Guild, member: Member) -> bool:
        """Whether the command is here for this member.

        They must have what it asks for by default ("0" stands for administrators); where the bot is no
        member, only what can be installed by a user is there.
        """
        if self._world.bot.id not in guild.members and 1 not in command["integration_types"]:
            return False
        needed = command["default_member_permissions"]
        if needed is None:
            return True
        bits = self._authority.in_guild(guild, member)
        if bits & Permission.ADMINISTRATOR:
            return True
        return int(needed) != 0 and bits & int(needed) == int(needed)

    def _made(self, scope: int | None, command: Json, known: Json | None) -> Json:
        kind = command.get("type") or SLASH
        permissions = command.get("default_member_permissions")
        made: Json = {
            "id": known["id"] if known else self._new_id(scope),
            "application_id": str(self._world.application.id),
            "version": str(self._world.snowflakes.next()),
            "type": kind,
            "name": command["name"],
            "name_localizations": command.get("name_localizations"),
            "description": command.get("description") or "",
            "description_localizations": command.get("description_localizations"),
            "default_member_permissions": None if permissions is None else str(permissions),
            "dm_permission": command.get("dm_permission", True),
            "contexts": command.get("contexts"),
            "integration_types": command.get("integration_types") or [0],
            "nsfw": bool(command.get("nsfw", False)),
        }
        if command.get("options"):
            made["options"] = command["options"]
        if scope is not None:
            made["guild_id"] = str(scope)
        # "updated during substantial record changes" (docs: interactions/application-commands): a
        # command that is sent again as it was keeps its version.
        if known is not None and known | {"version": ""} == made | {"version": ""}:
            return known
        return made

    def _new_id(self, scope: int | None) -> str:
        """An id for a command that is new, of which a scope has only so many a day."""
        now = self._world.now()
        made_at = self._made_at.setdefault(scope, deque())
        while made_at and now - made_at[0] >= timedelta(days=1):
            made_at.popleft()
        if len(made_at) >= CREATES_MAX:
            text = f"Max number of daily application command creates has been reached ({CREATES_MAX})"
            raise DiscordRefusal(400, 30034, text)
        made_at.append(now)
        return str(self._world.snowflakes.next())


def outside_servers(command: Json) -> bool:
    """Whether it can be used in direct messages with the bot; where it does not say, it can everywhere."""
    return 1 in (command["contexts"] or (0, 1, 2))


def _key(command: Json) -> tuple[int, str]:
    return command.get("type") or SLASH, command["name"]
