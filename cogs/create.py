"""`/generate`: video from words."""

from typing import Any

from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from bot.catalogue import Catalogue
from bot.domain import PROMPT_CHARS_MAX, TAKES_MAX, Kind
from bot.offers.options import SEED_MAX
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
        prompt: Range[str, 1, PROMPT_CHARS_MAX],
        preset: str | None = None,
        model: str | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        duration: int | None = None,
        seed: Range[int, 0, SEED_MAX] | None = None,
        takes: Range[int, 1, TAKES_MAX] = 1,
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
        prompt=locale_str("What is to be seen and heard"),
        preset=PRESET_OPTION,
        model=locale_str("Which model makes it; the first one if you leave this out"),
        resolution=locale_str("How sharp it is; the lowest (and cheapest) if you leave this out"),
        aspect_ratio=locale_str("Wide or tall; the model's first if you leave this out"),
        duration=locale_str("How many seconds; the shortest (and cheapest) if you leave this out"),
        seed=locale_str("The same number with the same words makes the same video, where the model can"),
        takes=locale_str("How many clips of it, each at the same price"),
        character1=locale_str("Somebody of yours or of this server who is in it; name them in the prompt"),
        character2=locale_str("Somebody else who is in it"),
        draft=locale_str("The model's lowest price first; Make final orders it at its best later"),
        private=locale_str(
            "Only you see the clip: here for 15 minutes, then in /clips, where you can publish it"
        ),
        spoiler=locale_str("Hide the clip until it is clicked"),
    )(command)
    app_commands.autocomplete(model=models, preset=preset_choices, character1=cast, character2=cast)(command)
    rows = catalogue.models(Kind.GENERATE)
    app_commands.choices(
        resolution=text_choices(value for row in rows for value in row.resolutions),
        aspect_ratio=text_choices(value for row in rows for value in row.aspect_ratios),
    )(command)
    app_commands.choices(duration=length_choices(value for row in rows for value in row.durations_s))(command)
    return command
