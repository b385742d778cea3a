"""From an interaction to what was asked: who, where and with which roles, beside the options."""

from typing import Any

import discord

from bot.ordering.asked import Asked
from cogs.answers import Interaction
from cogs.whereabouts import (
    Where,
    channel_of,
    is_age_restricted,
    member_of,
    roles_of,
    timed_out_until,
    where,
)


def asked_by(interaction: Interaction, prompt: str, **options: Any) -> Asked:
    """What this member asks for here; `options` are fields of `Asked`.

    Raises:
        NotYours: outside servers, where the operator does not allow that.
    """
    member = member_of(interaction)
    user = interaction.user
    joined_at = None
    if isinstance(user, discord.Member) and user.joined_at is not None and member.in_server:
        joined_at = user.joined_at.isoformat()
    if where(interaction) is Where.ASIDE:
        options["private"] = True  # nothing but the answer to its member can show it
    until = timed_out_until(interaction)
    return Asked(
        guild_id=member.guild_id,
        user_id=member.user_id,
        channel_id=channel_of(interaction),
        interaction_id=interaction.id,
        role_ids=roles_of(interaction),
        joined_at=joined_at,
        parent_id=interaction.channel.parent_id if isinstance(interaction.channel, discord.Thread) else None,
        timed_out_until=None if until is None else until.isoformat(),
        age_restricted=is_age_restricted(interaction.channel),
        prompt=prompt,
        locale=interaction.locale.value[:10],
        **options,
    )
