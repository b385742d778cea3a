"""`/animate`, and Apps > Animate this picture: video from a picture."""

from functools import partial
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.catalogue import Catalogue
from bot.domain import Kind
from bot.language import _
from bot.moderation.consent import STATEMENTS
from bot.ordering.framing import Framing
from cogs import making_options as options
from cogs.answers import Interaction
from cogs.choices import (
    PRESET_OPTION,
    Autocompletion,
    fit_choices,
    length_choices,
    matching_models,
    text_choices,
)
from cogs.making import Making
from cogs.wording import said_as


def animate(
    making: Making, catalogue: Catalogue, preset_choices: Autocompletion
) -> app_commands.Command[Any, ..., None]:
    """The command, with the choices that the catalogue has now."""

    async def callback(
        interaction: Interaction,
        image: discord.Attachment,
        prompt: options.Prompt,
        preset: str | None = None,
        model: str | None = None,
        fit: str = Framing.CROP,
        people: str | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        duration: int | None = None,
        seed: options.Seed | None = None,
        takes: options.Takes = 1,
        draft: bool = False,  # noqa: FBT001, FBT002 - as Discord names it
        private: bool = False,  # noqa: FBT001, FBT002
        spoiler: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        await making.animate(
            interaction,
            image,
            prompt,
            preset=preset,
            model=model,
            people=people,
            framing=Framing.PAD if fit == Framing.PAD else Framing.CROP,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            duration_s=duration,
            final_s=duration,
            final_resolution=resolution,
            seed=seed,
            takes=takes,
            draft=draft,
            private=private,
            spoiler=spoiler,
        )

    async def models(interaction: Interaction, typed: str) -> list[Choice[str]]:
        del interaction
        return matching_models(catalogue, Kind.ANIMATE, typed)

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="animate", description="Make a video with sound from a picture", callback=callback
    )
    app_commands.describe(
        **options.OF_EVERY_ORDER,
        **options.OF_A_PICTURE,
        **options.OF_A_NEW_CLIP,
        image=locale_str("A JPG, PNG, WebP, GIF or AVIF; of a moving one the first picture is taken"),
        prompt=locale_str("What is to move, and what is to be heard"),
        preset=PRESET_OPTION,
        model=locale_str("Which model makes it; the first one if you leave this out"),
        people=locale_str(
            "Who is in the picture, where the channel asks; it is kept with the picture's hash"
        ),
        aspect_ratio=locale_str("Wide or tall; the nearest to the picture if you leave this out"),
    )(command)
    app_commands.autocomplete(model=models, preset=preset_choices)(command)
    rows = catalogue.models(Kind.ANIMATE)
    app_commands.choices(
        people=[
            Choice(name=said_as(partial(_, words)), value=one.value) for one, words in STATEMENTS.items()
        ],
        fit=fit_choices(),
        resolution=text_choices(value for row in rows for value in row.resolutions),
        aspect_ratio=text_choices(value for row in rows for value in row.aspect_ratios),
    )(command)
    app_commands.choices(duration=length_choices(value for row in rows for value in row.durations_s))(command)
    return command


def animate_this(making: Making) -> app_commands.ContextMenu:
    """The command of a message's menu."""

    async def callback(interaction: Interaction, message: discord.Message) -> None:
        await making.animate_menu(interaction, message)

    return app_commands.ContextMenu(name="Animate this picture", callback=callback)
