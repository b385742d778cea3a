"""Gathers what an interaction's values point to: users, roles, channels, messages, files."""

from bot.sandbox.attachments import Attachment, Attachments
from bot.sandbox.authority import Authority
from bot.sandbox.command_rules import ATTACHMENT, TO_CHANNEL, TO_MENTIONABLE, TO_ROLE, TO_USER
from bot.sandbox.errors import Json
from bot.sandbox.wire import channel_wire, member_wire, role_wire, user_wire
from bot.sandbox.world import Guild, User, World


class Resolver:
    """`data.resolved` of one interaction; `uploads` are its files by the number they came under."""

    def __init__(
        self,
        world: World,
        authority: Authority,
        attachments: Attachments,
        *,
        user: User,
        guild: Guild | None,
        uploads: dict[str, Attachment],
    ) -> None:
        self._world = world
        self._authority = authority
        self._attachments = attachments
        self._user = user
        self._guild = guild
        self._uploads = uploads
        self.found: Json = {}

    def add(self, kind: int, value: str) -> str:
        """Look up what a value of an option of that kind points to; the id that the bot gets to see."""
        if kind == ATTACHMENT:
            upload = self._uploads.get(value)
            if upload is None:
                return value
            self._put("attachments", upload.id, self._attachments.wire(upload))
            return str(upload.id)
        number = int(value) if value.isdecimal() else 0
        if kind in (TO_USER, TO_MENTIONABLE):
            self._add_user(number)
        if kind in (TO_ROLE, TO_MENTIONABLE) and self._guild is not None:
            role = self._guild.roles.get(number)
            if role is not None:
                self._put("roles", number, role_wire(role, self._world))
        if kind == TO_CHANNEL:
            channel = self._world.channels.get(number)
            if channel is not None and channel.guild_id == (self._guild.id if self._guild else None):
                bits = self._authority.bits(self._user, channel)
                self._put("channels", number, channel_wire(channel) | {"permissions": str(bits)})
        return value

    def add_message(self, message: Json) -> None:
        self.found.setdefault("messages", {})[message["id"]] = message

    def _add_user(self, number: int) -> None:
        user = self._world.users.get(number)
        if user is None:
            return
        self._put("users", number, user_wire(user))
        member = self._guild.members.get(number) if self._guild is not None else None
        if member is not None and self._guild is not None:
            bits = self._authority.in_guild(self._guild, member)
            self._put("members", number, member_wire(member, with_user=False, permissions=bits))

    def _put(self, kind: str, number: int, wire: Json) -> None:
        self.found.setdefault(kind, {})[str(number)] = wire
