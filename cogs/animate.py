"""`/animate`, and Apps > Animate this picture: video from a picture."""

from functools import partial
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from bot.catalogue import Catalogue
from bot.domain import PROMPT_CHARS_MAX, TAKES_MAX, Kind
from bot.language import _
from bot.moderation.consent import STATEMENTS
from bot.offers.options import SEED_MAX
from bot.ordering.framing import Framing
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
        prompt: Range[str, 1, PROMPT_CHARS_MAX],
        preset: str | None = None,
        model: str | None = None,
        fit: str = Framing.CROP,
        people: str | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        duration: int | None = None,
        seed: Range[int, 0, SEED_MAX] | None = None,
        takes: Range[int, 1, TAKES_MAX] = 1,
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
        image=locale_str("A JPG, PNG, WebP, GIF or AVIF; of a moving one the first picture is taken"),
        prompt=locale_str("What is to move, and what is to be heard"),
        preset=PRESET_OPTION,
        model=locale_str("Which model makes it; the first one if you leave this out"),
        fit=locale_str("What happens to a picture of another shape: cut off what is too much, or add bars"),
        people=locale_str(
            "Who is in the picture, where the channel asks; it is kept with the picture's hash"
        ),
        resolution=locale_str("How sharp it is; the lowest (and cheapest) if you leave this out"),
        aspect_ratio=locale_str("Wide or tall; the nearest to the picture if you leave this out"),
        duration=locale_str("How many seconds; the shortest (and cheapest) if you leave this out"),
        seed=locale_str("The same number with the same words makes the same video, where the model can"),
        takes=locale_str("How many clips of it, each at the same price"),
        draft=locale_str("The model's lowest price first; Make final orders it at its best later"),
        private=locale_str(
            "Only you see the clip: here for 15 minutes, then in /clips, where you can publish it"
        ),
        spoiler=locale_str("Hide the clip until it is clicked"),
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
