"""Who moderates here, asked at every press: who may manage messages, or has the role named by the server."""

from collections.abc import Sequence
from typing import Any, Protocol

import discord

from bot.domain import GuildId, UserId
from bot.moderation.deciding import Moderator
from cogs.answers import Interaction
from cogs.whereabouts import member_of


class Rules(Protocol):
    """What a server has said about its moderators."""

    async def moderator_role(self, guild_id: GuildId) -> int | None:
        """The role that makes a moderator, beside the permission to manage messages."""


async def moderator_of(interaction: Interaction, rules: Rules) -> Moderator:
    """Who presses, and whether they moderate.

    Raises:
        NotYours: outside servers, where the operator does not allow that.
    """
    member = member_of(interaction)
    if not member.in_server:
        return Moderator(member=member, is_moderator=False)
    may = interaction.permissions.manage_messages
    if not may:
        role_id = await rules.moderator_role(member.guild_id)
        may = role_id is not None and _has_role(interaction.user, role_id)
    return Moderator(member=member, is_moderator=may)


async def named_moderator(chosen: Sequence[Any], guild_id: GuildId, rules: Rules) -> UserId | None:
    """Who was chosen from a list, if that is one person who moderates here.

    Discord says with the choice what they may do in this channel.
    """
    match chosen:
        case [discord.Member(bot=False) as member]:
            may = member.resolved_permissions is not None and member.resolved_permissions.manage_messages
            if not may:
                role_id = await rules.moderator_role(guild_id)
                may = role_id is not None and _has_role(member, role_id)
            return UserId(member.id) if may else None
        case _:
            return None


def _has_role(user: Any, role_id: int) -> bool:
    return isinstance(user, discord.Member) and user.get_role(role_id) is not None
