"""`/extend`: what happens next, from the end of a clip or from its last frame alone."""

from functools import partial
from typing import Any

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.catalogue import Catalogue
from bot.domain import Kind
from bot.language import _
from bot.ordering.framing import Framing
from bot.ordering.sources import Way
from cogs import making_options as options
from cogs.answers import Interaction
from cogs.choices import (
    FROM_LAST_FRAME,
    Autocompletion,
    fit_choices,
    length_choices,
    matching_models,
    text_choices,
)
from cogs.making import Making
from cogs.remix import clip_choices
from cogs.wording import said_as


def extend(
    making: Making, catalogue: Catalogue, preset_choices: Autocompletion
) -> app_commands.Command[Any, ..., None]:
    """The command, with the choices that the catalogue has now."""

    async def callback(
        interaction: Interaction,
        clip: str,
        prompt: options.Prompt,
        how: str = Kind.EXTEND,
        preset: str | None = None,
        model: str | None = None,
        fit: str = Framing.CROP,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        duration: int | None = None,
        seed: options.Seed | None = None,
        takes: options.Takes = 1,
        private: bool = False,  # noqa: FBT001, FBT002 - as Discord names it
        spoiler: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        await making.go_on(
            interaction,
            _kind(how),
            clip,
            prompt,
            preset=preset,
            model=model,
            framing=Framing.PAD if fit == Framing.PAD else Framing.CROP,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            duration_s=duration,
            seed=seed,
            takes=takes,
            private=private,
            spoiler=spoiler,
        )

    async def models(interaction: Interaction, typed: str) -> list[Choice[str]]:
        return matching_models(catalogue, _kind(interaction.namespace.how), typed)

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="extend", description="Go on from a clip: what happens next", callback=callback
    )
    app_commands.describe(
        **options.OF_EVERY_ORDER,
        **options.OF_A_PICTURE,
        **options.OF_A_CLIP,
        **options.OF_A_LENGTH,
        prompt=locale_str("What happens next, and what is heard"),
        how=locale_str("From its whole end if you leave this out, or from its last frame alone"),
        preset=locale_str("A style of this server; an extension takes its words alone"),
        model=locale_str("Which model makes it; the clip's own if you leave this out"),
        resolution=locale_str("From the last frame alone: how sharp it is; an extension has the clip's own"),
        aspect_ratio=locale_str("From the last frame alone: wide or tall; an extension has the clip's own"),
    )(command)
    clips = clip_choices(making, catalogue)
    app_commands.autocomplete(clip=clips, model=models, preset=preset_choices)(command)
    from_frames = catalogue.models(Kind.ANIMATE)
    rows = [*catalogue.models(Kind.EXTEND), *from_frames]
    app_commands.choices(
        how=[
            Choice(name=said_as(lambda: _("Its picture and sound go on")), value=Kind.EXTEND.value),
            Choice(name=said_as(partial(_, FROM_LAST_FRAME)), value=Way.LAST_FRAME.value),
        ],
        fit=fit_choices(),
        resolution=text_choices(value for row in from_frames for value in row.resolutions),
        aspect_ratio=text_choices(value for row in from_frames for value in row.aspect_ratios),
    )(command)
    app_commands.choices(duration=length_choices(value for row in rows for value in row.durations_s))(command)
    return command


def _kind(how: object) -> Kind:
    return Kind.ANIMATE if how == Way.LAST_FRAME else Kind.EXTEND
