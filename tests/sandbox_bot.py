"""A small bot on unmodified discord.py, with one of everything that the sandbox has to carry."""

import asyncio
import re
from typing import Any

import discord
from discord import app_commands, ui


class Again(ui.DynamicItem[ui.Button[Any]], template=r"again:(?P<job>\w+)"):
    """A button that survives a restart: its job is in its id."""

    def __init__(self, job: str) -> None:
        super().__init__(ui.Button(label="Again", custom_id=f"again:{job}"))
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], __: ui.Item[Any], match: re.Match[str], /
    ) -> "Again":
        return cls(match["job"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message(f"again {self.job}", ephemeral=True)


class Card(ui.LayoutView):
    def __init__(self, job: str, clip: str | None = None) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.TextDisplay(f"Job {job}"))
        if clip is not None:
            self.add_item(ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{clip}")))
        row: ui.ActionRow[Card] = ui.ActionRow()
        row.add_item(Again(job))
        self.add_item(row)


class Brief(ui.Modal, title="Brief"):
    line: ui.Label["Brief"] = ui.Label(text="Line", component=ui.TextInput(custom_id="line", min_length=3))
    mood: ui.Label["Brief"] = ui.Label(
        text="Mood",
        component=ui.Select(
            custom_id="mood", options=[discord.SelectOption(label=one) for one in ("calm", "loud")]
        ),
    )
    frame: ui.Label["Brief"] = ui.Label(
        text="Frame", component=ui.FileUpload(custom_id="frame", required=False)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        line, mood, frame = self.line.component, self.mood.component, self.frame.component
        assert isinstance(line, ui.TextInput)
        assert isinstance(mood, ui.Select)
        assert isinstance(frame, ui.FileUpload)
        sizes = [len(await file.read()) for file in frame.values]
        await interaction.response.send_message(f"{line.value}/{mood.values}/{sizes}", ephemeral=True)


class Bot(discord.Client):
    def __init__(self) -> None:
        intents = discord.Intents(guilds=True, guild_reactions=True)
        super().__init__(intents=intents, guild_ready_timeout=0.02)
        self.tree = app_commands.CommandTree(self)
        self.asked: asyncio.Queue[discord.Interaction] = asyncio.Queue()
        self.resumed = asyncio.Event()
        self.stars: asyncio.Queue[discord.RawReactionActionEvent] = asyncio.Queue()
        self._add_commands()

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Again)
        await self.tree.sync()

    async def on_resumed(self) -> None:
        self.resumed.set()

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        self.stars.put_nowait(event)

    def _add_commands(self) -> None:
        @self.tree.command(description="Make a video.")
        async def generate(
            interaction: discord.Interaction,
            prompt: str,
            model: str | None = None,
            seconds: app_commands.Range[int, 4, 20] = 4,
            frame: discord.Attachment | None = None,
        ) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            size = None if frame is None else len(await frame.read())
            self.asked.put_nowait(interaction)
            await interaction.edit_original_response(content=f"{prompt}/{model}/{seconds}/{size}")

        @generate.autocomplete("model")
        async def models(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
            names = [name for name in ("sora", "veo") if typed in name]
            return [app_commands.Choice(name=name, value=name) for name in names]

        @self.tree.command(description="A form.")
        async def brief(interaction: discord.Interaction) -> None:
            await interaction.response.send_modal(Brief())

        @self.tree.command(description="Says nothing.")
        async def silence(interaction: discord.Interaction) -> None:
            self.asked.put_nowait(interaction)

        @self.tree.context_menu(name="Remix this")
        async def remix(interaction: discord.Interaction, message: discord.Message) -> None:
            await interaction.response.send_message(f"remix {message.content}", ephemeral=True)
            await interaction.followup.send("and more", ephemeral=True)


def channel_of(bot: discord.Client, name: str) -> discord.TextChannel:
    found = discord.utils.get(bot.guilds[0].text_channels, name=name)
    assert found is not None
    return found
