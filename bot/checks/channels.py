"""The channels that were named for something: whether they are there, and what the bot may do in them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from bot.checks import permissions
from bot.checks.discord_api import Channel, Discord, Guild, Member, User, refusal
from bot.checks.finding import Finding, error, note, warning
from bot.checks.permissions import Overwrite
from bot.domain import ChannelId, GuildId
from bot.errors import ProviderUnavailable
from bot.providers import http
from storage.appointed import Appointed

GUILDS_MAX = 50
"""Four questions for each server: more would take minutes under Discord's limits."""

UNSEEN = (403, 404)
"""Every other status says nothing of what was asked about, but of Discord."""

NO_SCOPE = 50001
THREADS = {10, 11, 12}
UPLOAD_BYTES = {0: 20 << 20, 1: 20 << 20, 2: 50 << 20, 3: 100 << 20}
"""What a file may have, by the server's boosts (docs: reference, "Uploading Files")."""

_CHANNELS = TypeAdapter(list[Channel])


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A server as the bot sees it."""

    guild: Guild
    bits: int
    roles: tuple[int, ...]
    channels: Mapping[int, Channel]


async def channels(
    discord: Discord, bot: User, named: Iterable[Appointed], *, limits: Mapping[GuildId, int]
) -> list[Finding]:
    """What is wrong with the named channels, and with the servers that they are in.

    `bot` is the bot's own account, `limits` the upload limits, in bytes, that servers have proven to have.
    """
    by_guild: dict[int, list[Appointed]] = defaultdict(list)
    for each in named:
        by_guild[each.guild_id].append(each)
    found: list[Finding] = []
    for guild_id in sorted(by_guild)[:GUILDS_MAX]:
        try:
            found += await _of_guild(
                discord, bot, guild_id, by_guild[guild_id], limits.get(GuildId(guild_id))
            )
        except (ProviderUnavailable, ValueError) as odd:  # what pydantic says is one, too
            words = f"server {guild_id} could not be looked at: {http.one_line(odd)}"
            found.append(warning("discord_unreadable", words, "look later"))
    if len(by_guild) > GUILDS_MAX:
        words = f"only the first {GUILDS_MAX} of {len(by_guild)} servers with named channels were looked at"
        found.append(note("servers_not_looked_at", words))
    return found


async def operators(discord: Discord, channel_id: int) -> tuple[Appointed | None, list[Finding]]:
    """The operator's channel with the server that it is in, for `channels`."""
    try:
        answered = await discord.get(f"channels/{channel_id}")
        channel = None if answered.status in UNSEEN else Channel.model_validate(_good(answered))
    except (ProviderUnavailable, ValueError) as odd:  # what pydantic says is one, too
        words = f"DAILIES_OPERATOR_CHANNEL_ID could not be looked at: {http.one_line(odd)}"
        return None, [warning("discord_unreadable", words, "look later")]
    if channel is None or channel.guild_id is None:
        words = f"DAILIES_OPERATOR_CHANNEL_ID: the bot does not see channel {channel_id} ({answered.status})"
        mend = "add the bot to that server, let it view the channel, or name another in .env"
        return None, [error("channel_gone", words, mend)]
    guild_id, its_id = GuildId(channel.guild_id), ChannelId(channel.id)
    return Appointed(guild_id=guild_id, channel_id=its_id, purpose="operator"), []


async def _of_guild(
    discord: Discord, bot: User, guild_id: int, named: list[Appointed], limit: int | None
) -> list[Finding]:
    answered = await discord.get(f"guilds/{guild_id}")
    if answered.status in UNSEEN:
        words = f"the bot is not in server {guild_id}, whose channels are named for it"
        return [note("server_left", words, "nothing, or invite it again")]
    guild = Guild.model_validate(_good(answered))
    member = Member.model_validate(_good(await discord.get(f"guilds/{guild_id}/members/{bot.id}")))
    listed = _CHANNELS.validate_python(_good(await discord.get(f"guilds/{guild_id}/channels")))
    seen = Seen(
        guild=guild,
        bits=permissions.in_guild(
            guild.id,
            member.roles,
            {role.id: role.permissions for role in guild.roles},
            owner=guild.owner_id == bot.id,
        ),
        roles=tuple(member.roles),
        channels={channel.id: channel for channel in listed},
    )
    found = list(_upload_limit(guild, limit))
    commands = await discord.get(f"applications/{bot.id}/guilds/{guild_id}/commands")
    if commands.status == 403 and refusal(commands).code == NO_SCOPE:
        words = f"server {guild_id} was joined without applications.commands: its members see no commands"
        found.append(error("commands_scope_missing", words, "open the invite link that `run` prints, again"))
    for each in named:
        found += await _of_channel(discord, bot, seen, each)
    return found


def _upload_limit(guild: Guild, limit: int | None) -> Iterator[Finding]:
    level = UPLOAD_BYTES.get(guild.premium_tier, UPLOAD_BYTES[0])
    if limit is not None and limit < level:
        yield note(
            "upload_limit_lower",
            f"server {guild.id} has refused files over {limit >> 20} MB, and its level says {level >> 20}: "
            "clips are fitted under that",
        )


async def _of_channel(discord: Discord, bot: User, seen: Seen, named: Appointed) -> list[Finding]:
    where = f"channel {named.channel_id} of server {named.guild_id}, named for {named.purpose}"
    channel = seen.channels.get(named.channel_id)
    if channel is None:  # a thread, or gone, or hidden
        answered = await discord.get(f"channels/{named.channel_id}")
        if answered.status in UNSEEN:
            gone = answered.status == 404
            return [
                error(
                    "channel_gone" if gone else "channel_hidden",
                    f"{where}, is {'gone' if gone else 'hidden from the bot'}",
                    _named_anew(named) if gone else f"let the bot view channel {named.channel_id}",
                )
            ]
        channel = Channel.model_validate(_good(answered))
    lacking = permissions.missing(_bits(seen, bot, channel), named.purpose)
    if not lacking:
        return []
    mend = f"Edit Channel > Permissions > the bot's role: allow {', '.join(lacking)}"
    return [error("permission_missing", f"{where}, does not let the bot {', '.join(lacking)}", mend)]


def _bits(seen: Seen, bot: User, channel: Channel) -> int:
    threaded = channel.type in THREADS
    place = seen.channels.get(channel.parent_id or 0, channel) if threaded else channel
    overwrites = [Overwrite(id=one.id, allow=one.allow, deny=one.deny) for one in place.permission_overwrites]
    bits = permissions.in_channel(
        seen.bits, overwrites, guild_id=seen.guild.id, user_id=bot.id, roles=seen.roles, threaded=threaded
    )
    if not threaded:
        return bits
    # In a thread the right to send is a bit of its own: here it stands in for the usual one.
    sends = bits & permissions.SEND_MESSAGES_IN_THREADS
    return bits & ~permissions.SEND_MESSAGES | (permissions.SEND_MESSAGES if sends else 0)


def _named_anew(named: Appointed) -> str:
    match named.purpose:
        case "alerts":
            return "/budget alerts in that server"
        case "gallery":
            return "/settings gallery in that server"
        case "log":
            return "/moderation log in that server"
        case "operator":
            return "DAILIES_OPERATOR_CHANNEL_ID=… in .env"
        case "reviews":
            return "/settings reviews in that server"
        case _:
            return "/settings channels in that server"


def _good(answered: http.Answered) -> object:
    if not answered.ok:
        raise ValueError(f"{answered.status}: {answered.text}")
    return answered.body
