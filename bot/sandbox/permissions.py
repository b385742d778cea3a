"""What a member may do in a channel, computed as Discord does (docs: topics/permissions)."""

from bot.sandbox.world import Channel, Guild, Member


class Permission:
    """The bits that the sandbox's rules ask for; others are carried along unread.

    Plain numbers: they are asked for at every event and every reader, and an IntFlag costs ten times that.
    """

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40


P = Permission
ALL = (1 << 53) - 1
# What a direct message allows both sides.
DIRECT = (
    P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.ADD_REACTIONS
    | P.USE_EXTERNAL_EMOJIS
    | P.USE_APPLICATION_COMMANDS
)
EVERYONE = DIRECT | P.CREATE_PUBLIC_THREADS | P.SEND_MESSAGES_IN_THREADS
# A member in timeout keeps these alone (docs: topics/permissions, "Permissions for timed out members").
IN_TIMEOUT = P.VIEW_CHANNEL | P.READ_MESSAGE_HISTORY
# What an application is said to have in a direct message, less than it has (docs: "app_permissions").
SAID_IN_DIRECT = P.ATTACH_FILES | P.EMBED_LINKS | P.MENTION_EVERYONE | P.USE_EXTERNAL_EMOJIS
# What one that a user has installed is said to have in a server that it is no member of (same place).
SAID_ASIDE = P.ATTACH_FILES | P.EMBED_LINKS | P.MENTION_EVERYONE


def in_guild(guild: Guild, member: Member) -> int:
    """The union of the member's roles; everything for the owner and administrators."""
    if guild.owner_id == member.user.id:
        return ALL
    bits = guild.roles[guild.id].permissions
    for role_id in member.roles:
        bits |= guild.roles[role_id].permissions
    return ALL if bits & P.ADMINISTRATOR else bits


def in_channel(guild: Guild, channel: Channel, member: Member, *, timed_out: bool = False) -> int:
    """The member's bits in a channel, or in a thread by its parent's overwrites.

    Order: the guild's, then the overwrite of everyone, then those of all roles together, then the
    member's own. Without VIEW_CHANNEL nothing else holds.
    """
    bits = in_guild(guild, member)
    if bits & P.ADMINISTRATOR:
        return bits
    place = (
        guild.channels.get(channel.parent_id, channel) if channel.parent_id and channel.thread else channel
    )
    everyone = place.overwrites.get(guild.id)
    if everyone is not None:
        bits = bits & ~everyone.deny | everyone.allow
    allow = deny = 0
    for role_id in member.roles:
        overwrite = place.overwrites.get(role_id)
        if overwrite is not None:
            allow |= overwrite.allow
            deny |= overwrite.deny
    bits = bits & ~deny | allow
    own = place.overwrites.get(member.user.id)
    if own is not None:
        bits = bits & ~own.deny | own.allow
    if timed_out:
        bits &= IN_TIMEOUT
    if not bits & P.VIEW_CHANNEL:
        return 0
    # Denying the right to send implicitly denies what needs it (docs: "Implicit Permissions").
    if not bits & (P.SEND_MESSAGES_IN_THREADS if channel.thread else P.SEND_MESSAGES):
        bits &= ~(P.MENTION_EVERYONE | P.SEND_TTS_MESSAGES | P.ATTACH_FILES | P.EMBED_LINKS)
    return bits
