"""A small bot with one of everything that the sandbox's page shows, for the page's browser tests."""

import asyncio
from pathlib import Path

import av
import discord
import numpy as np
from discord import app_commands, ui

CLIP_S = 2
CLIP_FPS = 25
MODELS = ("Sora-2", "Veo-3", "Wan-2.2")
STYLES = ("Ink wash", "Claymation", "Super 8", "Noir")


def write_clip(path: Path, *, width: int = 320, height: int = 180) -> Path:
    """A short H.264 MP4 with a tone, its index first, as the bot posts them."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        video = container.add_stream("libx264", rate=CLIP_FPS, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = container.add_stream("aac", rate=44_100, layout="mono")
        rows, columns = np.mgrid[0:height, 0:width]
        for number in range(CLIP_S * CLIP_FPS):
            glow = 40 + 60 * np.exp(-(((columns - 3 * number - 40) / 60.0) ** 2) - ((rows - 90) / 40.0) ** 2)
            picture = np.stack((glow, glow * 0.9 + rows * 0.2, 70 + rows * 0.6), axis=2).astype(np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))
        tone = (np.sin(np.arange(CLIP_S * 44_100) * 0.05) * 0.2).astype(np.float32).reshape(1, -1)
        for start in range(0, tone.shape[1], 1024):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(tone[:, start : start + 1024]), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts = 44_100, start
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return path


class Card(ui.LayoutView):
    """A card as the bot's own: a container with text, the clip, a select, and buttons."""

    def __init__(self, stage: "StageBot", *, state: str, clip: str | None) -> None:
        super().__init__(timeout=None)
        gone_at = int(discord.utils.utcnow().timestamp()) + 90
        container: ui.Container[Card] = ui.Container(accent_colour=0x4C5FD7)
        container.add_item(
            ui.TextDisplay(
                f"### A paper boat crossing a rain puddle\n{state} · ready <t:{gone_at}:R>\n"
                "-# sora-2 · 1280x720 · 8 s · **$0.80** of your $12.40"
            )
        )
        if clip is not None:
            container.add_item(ui.MediaGallery(discord.MediaGalleryItem(clip, description="The boat")))
        container.add_item(ui.Separator())
        row: ui.ActionRow[Card] = ui.ActionRow()
        for name, style in (("Again", discord.ButtonStyle.primary), ("Fail", discord.ButtonStyle.danger)):
            row.add_item(stage.button(name, style))
        row.add_item(ui.Button(label="Sold out", style=discord.ButtonStyle.success, disabled=True))
        row.add_item(ui.Button(label="Prompt guide", url="https://example.org/guide"))
        container.add_item(row)
        chooser: ui.ActionRow[Card] = ui.ActionRow()
        chooser.add_item(stage.select())
        container.add_item(chooser)
        self.add_item(container)


class German(app_commands.Translator):
    """One word of it: the name of `/quota`."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        del context
        return "kontingent" if locale is discord.Locale.german and string.message == "quota" else None


class Layout(ui.LayoutView):
    """What a card has not: sections, a thumbnail, a file, a hidden picture, a select of members."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        container: ui.Container[Layout] = ui.Container()
        thumbnail: ui.Thumbnail[Layout] = ui.Thumbnail("attachment://thumb.png", description="First frame")
        container.add_item(ui.Section(ui.TextDisplay("## Take 2"), accessory=thumbnail))
        button: ui.Button[Layout] = ui.Button(label="Details", emoji="🎬", custom_id="layout:details")
        container.add_item(ui.Section(ui.TextDisplay("Eight seconds"), accessory=button))
        hidden = discord.MediaGalleryItem("attachment://hidden.png", description="The end", spoiler=True)
        container.add_item(ui.MediaGallery(hidden))
        container.add_item(ui.File("attachment://report.csv"))
        row: ui.ActionRow[Layout] = ui.ActionRow()
        self.members: ui.UserSelect[Layout] = ui.UserSelect(
            custom_id="layout:who", placeholder="Share with", min_values=0, max_values=2
        )
        self.members.callback = self._shared  # type: ignore[method-assign]  # discord.py's own way
        row.add_item(self.members)
        container.add_item(row)
        self.add_item(container)

    async def _shared(self, interaction: discord.Interaction) -> None:
        names = " and ".join(sorted(member.display_name for member in self.members.values))
        await interaction.response.send_message(f"Shared with {names}", ephemeral=True)


class Brief(ui.Modal, title="Storyboard"):
    """A form with every kind of field."""

    heading: ui.TextDisplay[ui.LayoutView] = ui.TextDisplay("Say what happens; **one** shot is enough.")
    line: ui.Label["Brief"] = ui.Label(
        text="Subject and action", component=ui.TextInput(style=discord.TextStyle.paragraph, min_length=5)
    )
    camera: ui.Label["Brief"] = ui.Label(
        text="Camera",
        component=ui.RadioGroup(
            options=[discord.RadioGroupOption(label=name, value=name.lower()) for name in ("Still", "Pan")]
        ),
    )
    sound: ui.Label["Brief"] = ui.Label(
        text="Sound",
        component=ui.CheckboxGroup(
            options=[discord.CheckboxGroupOption(label=name, value=name.lower()) for name in ("Rain", "Wind")]
        ),
    )
    picture: ui.Label["Brief"] = ui.Label(
        text="First frame", description="Optional.", component=ui.FileUpload(required=False)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        line, camera, sound, picture = (
            label.component for label in (self.line, self.camera, self.sound, self.picture)
        )
        assert isinstance(line, ui.TextInput)
        assert isinstance(camera, ui.RadioGroup)
        assert isinstance(sound, ui.CheckboxGroup)
        assert isinstance(picture, ui.FileUpload)
        files = ", ".join(f"{file.filename} of {file.size} bytes" for file in picture.values)
        await interaction.response.send_message(
            f"Brief: {line.value} / {camera.value} / {'+'.join(sound.values)} / {files}", ephemeral=True
        )


class Note(ui.Modal, title="A note on this"):
    """A form with lists: of texts, of which two may be chosen, and of channels."""

    def __init__(self, message: discord.Message) -> None:
        super().__init__()
        self.message = message
        self.why: ui.Select[ui.LayoutView] = ui.Select(
            max_values=2,
            placeholder="Choose what is said",
            options=[discord.SelectOption(label=name) for name in ("Great light", "Good sound", "Too long")],
        )
        self.place: ui.ChannelSelect[ui.LayoutView] = ui.ChannelSelect(required=False)
        self.add_item(ui.Label(text="What is said", component=self.why))
        self.add_item(ui.Label(text="Where", component=self.place))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        place = ", ".join(one.name for one in self.place.values) or "nowhere"
        await interaction.response.send_message(
            f"Note on {self.message.id}: {' and '.join(self.why.values)}, {place}", ephemeral=True
        )


class StageBot(discord.Client):
    """Answers in ways that a test can read on the page; `release` lets a thinking answer finish."""

    def __init__(self, clip: Path) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True)
        super().__init__(intents=intents, guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.clip = clip
        self.release = asyncio.Event()
        self.greeted = asyncio.Event()
        self._add_commands()

    async def setup_hook(self) -> None:
        await self.tree.set_translator(German())
        await self.tree.sync()

    async def on_ready(self) -> None:
        self.greeted.set()

    def button(self, name: str, style: discord.ButtonStyle) -> ui.Button[Card]:
        button: ui.Button[Card] = ui.Button(label=name, style=style, custom_id=f"stage:{name}")

        async def pressed(interaction: discord.Interaction) -> None:
            if name == "Again":
                await interaction.response.send_message(f"{name} by {interaction.user.name}", ephemeral=True)

        button.callback = pressed  # type: ignore[method-assign]  # discord.py's own way without a subclass
        return button

    def select(self) -> ui.Select[Card]:
        select: ui.Select[Card] = ui.Select(
            custom_id="stage:shape",
            placeholder="Another shape",
            options=[discord.SelectOption(label=name) for name in ("Landscape", "Portrait", "Square")],
        )

        async def chosen(interaction: discord.Interaction) -> None:
            await interaction.response.send_message(f"Shape {select.values[0]}", ephemeral=True)

        select.callback = chosen  # type: ignore[method-assign]  # discord.py's own way without a subclass
        return select

    async def post_card(self, channel: discord.abc.Messageable) -> discord.Message:
        card = Card(self, state="Rendering", clip=f"attachment://{self.clip.name}")
        return await channel.send(view=card, file=discord.File(self.clip))

    async def edit_card(self, message: discord.Message, *, state: str) -> None:
        """Edits as the bot does: a new view, the attachment kept and named again."""
        card = Card(self, state=state, clip=f"attachment://{self.clip.name}")
        await message.edit(view=card, attachments=message.attachments)

    def _add_commands(self) -> None:
        tree = self.tree

        @tree.command(description="Make a video from words")
        @app_commands.describe(prompt="What happens", model="Which model", length="Seconds", style="A look")
        @app_commands.choices(model=[app_commands.Choice(name=name, value=name.lower()) for name in MODELS])
        async def generate(
            interaction: discord.Interaction,
            prompt: app_commands.Range[str, 3, 200],
            model: str | None = None,
            length: app_commands.Range[int, 4, 20] = 8,
            style: str | None = None,
        ) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self.release.wait()
            await interaction.followup.send(f"Order: {prompt} / {model} / {length} / {style}")

        @generate.autocomplete("style")
        async def style_choices(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
            found = [style for style in STYLES if typed.lower() in style.lower()]
            return [app_commands.Choice(name=style, value=style.lower()) for style in found]

        @tree.command(description="Move a picture")
        async def animate(
            interaction: discord.Interaction, image: discord.Attachment, prompt: str | None = None
        ) -> None:
            size = len(await image.read())
            await interaction.response.send_message(f"Picture {image.filename}, {size} bytes, {prompt}")

        @tree.command(description="Post a card in this channel")
        async def card(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("The card follows.", ephemeral=True)
            assert isinstance(interaction.channel, discord.TextChannel)
            await self.post_card(interaction.channel)

        @tree.command(description="Fill in a storyboard")
        async def storyboard(interaction: discord.Interaction) -> None:
            await interaction.response.send_modal(Brief())

        @tree.command(description="See what is left")
        async def quota(interaction: discord.Interaction, member: discord.Member | None = None) -> None:
            told = f"Left for {member}: $12.40, locale: {interaction.locale.value}"
            await interaction.response.send_message(told, ephemeral=True)

        @tree.command(description="Never answers")
        async def silent(interaction: discord.Interaction) -> None:
            await asyncio.sleep(0)

        budget = app_commands.Group(
            name="budget",
            description="Limits",
            default_permissions=discord.Permissions(manage_guild=True),
        )

        @budget.command(name="set", description="Set a member's limit")
        async def set_budget(
            interaction: discord.Interaction,
            member: discord.Member,
            dollars: app_commands.Range[float, 0.0, 500.0],
        ) -> None:
            await interaction.response.send_message(f"{member.mention} may spend ${dollars:.2f}.")

        alerts = app_commands.Group(name="alerts", description="Warnings", parent=budget)

        @alerts.command(name="send", description="Where warnings go")
        async def send_alerts(
            interaction: discord.Interaction,
            place: discord.TextChannel,
            role: discord.Role,
            loud: bool,  # noqa: FBT001 - as Discord names it
        ) -> None:
            told = "loudly" if loud else "softly"
            await interaction.response.send_message(f"Warnings go {told} to {place.mention}, {role.name}.")

        tree.add_command(budget)

        @tree.context_menu(name="Remix this clip")
        async def remix(interaction: discord.Interaction, message: discord.Message) -> None:
            await interaction.response.send_message(f"Remix of {message.id}", ephemeral=True)

        @tree.context_menu(name="Note on this")
        async def note(interaction: discord.Interaction, message: discord.Message) -> None:
            await interaction.response.send_modal(Note(message))
