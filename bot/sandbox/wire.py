"""How the world's nouns look on the wire (docs: resources/user, guild, channel)."""

import json
from datetime import datetime

from bot.sandbox.errors import Json
from bot.sandbox.world import (
    DIRECT,
    FORUM,
    TALKING,
    Application,
    Channel,
    Guild,
    Member,
    Overwrite,
    Role,
    User,
    World,
)

# Compact JSON, as Discord sends it; made once, since `json.dumps` makes an encoder at every call.
encode = json.JSONEncoder(separators=(",", ":")).encode


def stamp(at: datetime | None) -> str | None:
    """ISO 8601 with microseconds and an offset, as Discord writes times."""
    return None if at is None else at.isoformat(timespec="microseconds")


def user_wire(user: User) -> Json:
    return {
        "id": str(user.id),
        "username": user.username,
        "discriminator": "0000" if user.bot else "0",
        "global_name": user.global_name,
        "avatar": None,
        "bot": user.bot,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def own_user_wire(user: User) -> Json:
    """One's own user, with what only oneself is told."""
    return user_wire(user) | {
        "locale": user.locale,
        "mfa_enabled": True,
        "verified": True,
        "email": None,
        "banner": None,
        "accent_color": None,
    }


def member_wire(member: Member, *, with_user: bool = True, permissions: int | None = None) -> Json:
    wire: Json = {
        "roles": [str(role_id) for role_id in member.roles],
        "nick": member.nick,
        "avatar": None,
        "banner": None,
        "joined_at": stamp(member.joined_at),
        "premium_since": None,
        "communication_disabled_until": stamp(member.timeout_until),
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    if with_user:
        wire["user"] = user_wire(member.user)
    if permissions is not None:
        wire["permissions"] = str(permissions)
    return wire


def role_wire(role: Role, world: World) -> Json:
    wire: Json = {
        "id": str(role.id),
        "name": role.name,
        "description": None,
        "permissions": str(role.permissions),
        "position": role.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": role.managed,
        "mentionable": role.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    if role.managed:
        wire["tags"] = {"bot_id": str(world.bot.id)}
    return wire


def _overwrite_wire(overwrite: Overwrite) -> Json:
    return {
        "id": str(overwrite.id),
        "type": 1 if overwrite.is_member else 0,
        "allow": str(overwrite.allow),
        "deny": str(overwrite.deny),
    }


def channel_wire(channel: Channel) -> Json:
    last = None if channel.last_message_id is None else str(channel.last_message_id)
    wire: Json = {"id": str(channel.id), "type": channel.type, "last_message_id": last, "flags": 0}
    if channel.type == DIRECT:
        wire["recipients"] = [user_wire(user) for user in channel.recipients]
        return wire
    wire |= {
        "guild_id": str(channel.guild_id),
        "name": channel.name,
        "parent_id": None if channel.parent_id is None else str(channel.parent_id),
        "rate_limit_per_user": channel.slowmode_s,
    }
    if channel.thread:
        wire |= {
            "owner_id": str(channel.owner_id),
            "message_count": channel.message_count,
            "total_message_sent": channel.message_count,
            "member_count": len(channel.joined),
            "thread_metadata": {
                "archived": channel.archived,
                "auto_archive_duration": channel.archive_minutes,
                "archive_timestamp": stamp(channel.archived_at),
                "locked": channel.locked,
            },
        }
    else:
        wire |= {
            "position": channel.position,
            "nsfw": channel.nsfw,
            "topic": channel.topic,
            "permission_overwrites": [_overwrite_wire(one) for one in channel.overwrites.values()],
        }
    if channel.type in TALKING:
        wire |= {"bitrate": 64_000, "user_limit": 0, "rtc_region": None, "video_quality_mode": 1}
    if channel.type == FORUM:
        wire |= {"available_tags": [], "default_reaction_emoji": None, "default_sort_order": None}
        wire |= {"default_forum_layout": 0}
    return wire


def guild_wire(guild: Guild, world: World) -> Json:
    """A guild as `GET /guilds/{id}` shows it: without channels and members."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "description": None,
        "home_header": None,
        "region": "deprecated",
        "application_id": None,
        "owner_id": str(guild.owner_id),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "nsfw": False,
        "incidents_data": None,
        "premium_tier": guild.premium_tier,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": guild.locale,
        "features": features_wire(guild),
        "emojis": [],
        "stickers": [],
        "vanity_url_code": None,
        "max_members": 500_000,
        "max_presences": None,
        "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50,
        "roles": [role_wire(role, world) for role in guild.roles.values()],
    }


def features_wire(guild: Guild) -> list[str]:
    """What a guild has switched on."""
    return ["COMMUNITY"] if guild.is_community else []


def guild_create_wire(guild: Guild, world: World, reader: User, channels: list[Channel]) -> Json:
    """GUILD_CREATE: the guild with the `channels` that its reader may know of."""
    return guild_wire(guild, world) | {
        "joined_at": stamp(guild.members[reader.id].joined_at),
        "large": False,
        "unavailable": False,
        "member_count": len(guild.members),
        "members": [member_wire(member) for member in guild.members.values()],
        "channels": [channel_wire(channel) for channel in channels if not channel.thread],
        "threads": [channel_wire(channel) for channel in channels if channel.thread and not channel.archived],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def application_wire(application: Application, owner: User) -> Json:
    return {
        "id": str(application.id),
        "name": application.name,
        "icon": None,
        "description": application.description,
        "summary": "",
        "type": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "00" * 32,
        "flags": application.flags,
        "flags_new": str(application.flags),
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": ["bot", "applications.commands"],
        "hook": True,
        "owner": user_wire(owner),
        "team": None,
        "tags": [],
        "redirect_uris": [],
        "rpc_origins": [],
        "integration_types_config": {"0": {}, "1": {}},
    }
