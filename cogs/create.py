"""`/generate`: video from words."""

from typing import Any

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.catalogue import Catalogue
from bot.domain import Kind
from cogs import making_options as options
from cogs.answers import Interaction, acknowledge, answer, mark_ordering
from cogs.asking import asked_by
from cogs.choices import PRESET_OPTION, Autocompletion, length_choices, matching_models, text_choices
from cogs.ordering import Ordering
from cogs.posting_place import check_place


def generate(
    ordering: Ordering, catalogue: Catalogue, preset_choices: Autocompletion, cast: Autocompletion
) -> app_commands.Command[Any, ..., None]:
    """The command, with the choices that the catalogue has now. `cast` are the characters to choose from."""

    async def callback(
        interaction: Interaction,
        prompt: options.Prompt,
        preset: str | None = None,
        model: str | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        duration: int | None = None,
        seed: options.Seed | None = None,
        takes: options.Takes = 1,
        character1: str | None = None,
        character2: str | None = None,
        draft: bool = False,  # noqa: FBT001, FBT002 - as Discord names it
        private: bool = False,  # noqa: FBT001, FBT002
        spoiler: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        await acknowledge(interaction)
        mark_ordering(interaction)
        check_place(interaction)
        asked = asked_by(
            interaction,
            prompt,
            preset=preset,
            model=model,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            duration_s=duration,
            final_s=duration,
            final_resolution=resolution,
            seed=seed,
            takes=takes,
            characters=[one for one in (character1, character2) if one is not None],
            draft=draft,
            private=private,
            spoiler=spoiler,
        )
        await answer(interaction, await ordering.ask(asked, at=interaction.created_at))

    async def models(interaction: Interaction, typed: str) -> list[Choice[str]]:
        del interaction
        return matching_models(catalogue, Kind.GENERATE, typed)

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="generate",
        description="Make a video with sound from words",
        callback=callback,
    )
    app_commands.describe(
        **options.OF_EVERY_ORDER,
        **options.OF_A_CAST,
        **options.OF_A_NEW_CLIP,
        prompt=locale_str("What is to be seen and heard"),
        preset=PRESET_OPTION,
        model=locale_str("Which model makes it; the first one if you leave this out"),
        aspect_ratio=locale_str("Wide or tall; the model's first if you leave this out"),
    )(command)
    app_commands.autocomplete(model=models, preset=preset_choices, character1=cast, character2=cast)(command)
    rows = catalogue.models(Kind.GENERATE)
    app_commands.choices(
        resolution=text_choices(value for row in rows for value in row.resolutions),
        aspect_ratio=text_choices(value for row in rows for value in row.aspect_ratios),
    )(command)
    app_commands.choices(duration=length_choices(value for row in rows for value in row.durations_s))(command)
    return command
