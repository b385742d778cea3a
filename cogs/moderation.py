"""`/moderation`: what moderators do. Made empty; whoever has a subcommand adds it."""

import discord
from discord import app_commands


def moderation() -> app_commands.Group:
    """The group, for those who may manage messages."""
    return app_commands.Group(
        name="moderation",
        description="For moderators: members, pauses and what may be ordered here",
        default_permissions=discord.Permissions(manage_messages=True),
        guild_only=True,
    )
