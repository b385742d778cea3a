"""The floor: a bare discord.py bot that does nothing but acknowledge, in each of the ways that there are."""

import asyncio
import os

import discord
from discord import app_commands, ui

from cogs.client import use_endpoints


class _Form(ui.Modal, title="Defer"):
    words: ui.Label["_Form"] = ui.Label(text="Words", component=ui.TextInput(custom_id="words"))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)


class _Buttons(ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @ui.button(label="Defer", custom_id="defer")
    async def deferring(self, interaction: discord.Interaction, _: ui.Button["_Buttons"]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)

    @ui.button(label="Form", custom_id="form")
    async def forming(self, interaction: discord.Interaction, _: ui.Button["_Buttons"]) -> None:
        await interaction.response.send_modal(_Form())


async def main() -> None:
    """Run until killed, at the addresses in the environment (as the real bot has them)."""
    use_endpoints(os.environ["DAILIES_DISCORD_API_URL"], os.environ["DAILIES_DISCORD_GATEWAY_URL"])
    client = discord.Client(intents=discord.Intents(guilds=True))
    tree = app_commands.CommandTree(client)

    @tree.command(name="generate", description="Defer")
    async def _generate(interaction: discord.Interaction, prompt: str, duration: int | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)

    @tree.command(name="post", description="Post the buttons")
    async def _post(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("Buttons", view=_Buttons())

    @tree.command(name="form", description="Open a form")
    async def _form(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(_Form())

    @tree.command(name="choose", description="Type in an option")
    async def _choose(interaction: discord.Interaction, choice: str) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)

    @_choose.autocomplete("choice")
    async def _choices(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=typed or "any", value="any")]

    @tree.context_menu(name="Defer")
    async def _menu(interaction: discord.Interaction, message: discord.Message) -> None:
        del message
        await interaction.response.defer(ephemeral=True, thinking=True)

    await client.login(os.environ["DAILIES_DISCORD_TOKEN"])
    await tree.sync()
    await client.connect()


if __name__ == "__main__":
    asyncio.run(main())
