"""Whether somebody may do something somewhere, answered with Discord's own codes when not."""

from bot.sandbox.errors import DiscordRefusal, archived, locked, missing_access, missing_permissions, unknown
from bot.sandbox.permissions import DIRECT, Permission, in_channel, in_guild
from bot.sandbox.world import FORUM, PRIVATE_THREAD, Channel, Guild, Member, User, World


class Authority:
    """Reads the world's roles and overwrites anew at every question: tests change them as they run."""

    def __init__(self, world: World) -> None:
        self._world = world

    def bits(self, user: User, channel: Channel) -> int:
        """The user's permissions in a channel; 0 for strangers."""
        guild = self._world.guild_of(channel)
        if guild is None:
            return DIRECT if user in channel.recipients else 0
        member = guild.members.get(user.id)
        if member is None:
            return 0
        bits = in_channel(guild, channel, member, timed_out=self._world.timed_out(member))
        hidden = channel.type == PRIVATE_THREAD and user.id not in channel.joined
        return 0 if hidden and not bits & Permission.MANAGE_THREADS else bits

    def sees(self, user: User, channel: Channel) -> bool:
        return bool(self.bits(user, channel) & Permission.VIEW_CHANNEL)

    def channel(self, user: User, channel_id: int) -> Channel:
        """A channel that the user can see.

        Raises:
            DiscordRefusal: 10003 or 50001.
        """
        channel = self._world.channels.get(channel_id)
        if channel is None:
            raise unknown("Channel")
        if not self.sees(user, channel):
            raise missing_access()
        return channel

    def require(self, user: User, channel: Channel, needed: int) -> None:
        """Hold that the user has all of `needed`.

        Raises:
            DiscordRefusal: 50001 if the channel is hidden from them, 50013 if they see it.
        """
        bits = self.bits(user, channel)
        if not bits & Permission.VIEW_CHANNEL:
            raise missing_access()
        if bits & needed != needed:
            raise missing_permissions()

    def require_to_send(self, user: User, channel: Channel, *, files: bool, embeds: bool, tts: bool) -> None:
        """Hold that the user may post such a message there.

        Raises:
            DiscordRefusal: 50001 or 50013; 50008 in a forum, where only its posts hold messages; 50083 in a
                thread that is archived and locked, 160005 in one that is locked.
        """
        needed = Permission.SEND_MESSAGES_IN_THREADS if channel.thread else Permission.SEND_MESSAGES
        if files:
            needed |= Permission.ATTACH_FILES
        if embeds:
            needed |= Permission.EMBED_LINKS
        if tts:
            needed |= Permission.SEND_TTS_MESSAGES
        self.require(user, channel, needed)
        if channel.type == FORUM:
            raise DiscordRefusal(400, 50008, "Cannot send messages in a non-text channel")
        if channel.archived and channel.locked:
            raise archived()
        if channel.locked and not self.bits(user, channel) & Permission.MANAGE_THREADS:
            raise locked()

    def may_call_everyone(self, user: User, channel: Channel) -> bool:
        """Whether their @everyone, and their mention of any role, is a mention."""
        return bool(self.bits(user, channel) & Permission.MENTION_EVERYONE)

    def guild(self, user: User, guild_id: int) -> Guild:
        """A guild that the user is in.

        Raises:
            DiscordRefusal: 10004 or 50001.
        """
        guild = self._world.guilds.get(guild_id)
        if guild is None:
            raise unknown("Guild")
        if user.id not in guild.members:
            raise missing_access()
        return guild

    def in_guild(self, guild: Guild, member: Member) -> int:
        return in_guild(guild, member)
