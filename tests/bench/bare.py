"""The floor: a bare discord.py bot whose `/generate` does nothing but `defer()`."""

import asyncio
import os

import discord
from discord import app_commands

from cogs.client import use_endpoints


async def main() -> None:
    """Run until killed, at the addresses in the environment (as the real bot has them)."""
    use_endpoints(os.environ["DAILIES_DISCORD_API_URL"], os.environ["DAILIES_DISCORD_GATEWAY_URL"])
    client = discord.Client(intents=discord.Intents(guilds=True))
    tree = app_commands.CommandTree(client)

    @tree.command(name="generate", description="Defer")
    async def _generate(interaction: discord.Interaction, prompt: str, duration: int | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)

    await client.login(os.environ["DAILIES_DISCORD_TOKEN"])
    await tree.sync()
    await client.connect()


if __name__ == "__main__":
    asyncio.run(main())
