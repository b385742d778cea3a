"""From an interaction to what was asked: who, where and with which roles, beside the options."""

from typing import Any

import discord

from bot.asked import Asked
from cogs.answers import Interaction
from cogs.presses import member_of


def asked_by(interaction: Interaction, prompt: str, **options: Any) -> Asked:
    """What this member asks for here; `options` are fields of `Asked`.

    Raises:
        NotYours: outside servers there is nothing to order.
    """
    member = member_of(interaction)
    user = interaction.user
    return Asked(
        guild_id=member.guild_id,
        user_id=member.user_id,
        channel_id=interaction.channel_id or 0,
        interaction_id=interaction.id,
        role_ids=[role.id for role in user.roles] if isinstance(user, discord.Member) else [],
        joined_at=user.joined_at.isoformat() if isinstance(user, discord.Member) and user.joined_at else None,
        parent_id=interaction.channel.parent_id if isinstance(interaction.channel, discord.Thread) else None,
        prompt=prompt,
        **options,
    )
