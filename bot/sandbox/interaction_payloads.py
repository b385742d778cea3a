"""INTERACTION_CREATE as Discord sends it (docs: interactions/receiving-and-responding)."""

from bot.sandbox.authority import Authority
from bot.sandbox.errors import Json
from bot.sandbox.interactions import Interaction
from bot.sandbox.permissions import SAID_ASIDE, SAID_IN_DIRECT
from bot.sandbox.wire import channel_wire, features_wire, member_wire, user_wire
from bot.sandbox.world import World


def interaction_payload(
    world: World, authority: Authority, interaction: Interaction, data: Json, message: Json | None
) -> Json:
    """The event's body; `message` is the one that a component sits on."""
    channel, user = interaction.channel, interaction.user
    guild = world.guild_of(channel)
    bits = authority.bits(user, channel)
    of_app = authority.bits(world.bot, channel)
    if guild is None:
        of_app = SAID_IN_DIRECT
    elif world.bot.id not in guild.members:
        of_app = SAID_ASIDE
    payload: Json = {
        "version": 1,
        "id": str(interaction.id),
        "application_id": str(world.application.id),
        "type": interaction.type,
        "token": interaction.token,
        "data": data,
        "channel_id": str(channel.id),
        "channel": channel_wire(channel) | {"permissions": str(bits)},
        "locale": user.locale,
        "app_permissions": str(of_app),
        "authorizing_integration_owners": interaction.owners,
        "context": 0 if guild is not None else 1,
        "attachment_size_limit": world.said_limit(channel),
        "entitlements": [],
        "entitlement_sku_ids": [],
    }
    if guild is None:
        payload["user"] = user_wire(user)
    else:
        payload["guild_id"] = str(guild.id)
        payload["guild_locale"] = guild.locale
        payload["guild"] = {"id": str(guild.id), "locale": guild.locale, "features": features_wire(guild)}
        payload["member"] = member_wire(guild.members[user.id], permissions=bits)
    if message is not None:
        payload["message"] = message
    return payload
