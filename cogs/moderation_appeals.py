"""`/moderation appeals`: what waits for a moderator who did not act."""

from discord import app_commands

from cogs.answers import Interaction
from cogs.desk import Desk


def add_appeals(group: app_commands.Group, desk: Desk) -> None:
    """Add the command."""

    @group.command(name="appeals", description="Appeals of members that wait for a decision")
    async def appeals(interaction: Interaction) -> None:
        await desk.list_appeals(interaction)
