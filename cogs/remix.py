"""`/remix`, and Apps > Remix this clip: a changed version of a clip."""

import re
from datetime import datetime
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from bot.catalogue import Catalogue
from bot.domain import PROMPT_CHARS_MAX, TAKES_MAX, Kind
from bot.language import _, ngettext
from bot.offers.options import SEED_MAX
from bot.ordering.material import Shown
from cogs.answers import Interaction
from cogs.buttons import custom_ids
from cogs.choices import CHOICE_NAME_UNITS_MAX, CHOICES_MAX, Autocompletion, matching_models
from cogs.making import Making
from cogs.quoting import shortened

PROMPT_UNITS_IN_CHOICE = 44
ID_CHARS_IN_CHOICE = 5
"""The end of an order's id is of dice, the start of its time: five of 32 letters tell 25 clips apart."""

_SHOWS = re.compile(r"details:[kc](?P<job>[0-9a-hjkmnp-tv-z]{16})")


def remix(
    making: Making, catalogue: Catalogue, preset_choices: Autocompletion
) -> app_commands.Command[Any, ..., None]:
    """The command, with the choices that the catalogue has now."""

    async def callback(
        interaction: Interaction,
        clip: str,
        prompt: Range[str, 1, PROMPT_CHARS_MAX],
        preset: str | None = None,
        model: str | None = None,
        seed: Range[int, 0, SEED_MAX] | None = None,
        takes: Range[int, 1, TAKES_MAX] = 1,
        private: bool = False,  # noqa: FBT001, FBT002 - as Discord names it
        spoiler: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        await making.go_on(
            interaction,
            Kind.REMIX,
            clip,
            prompt,
            preset=preset,
            model=model,
            seed=seed,
            takes=takes,
            private=private,
            spoiler=spoiler,
        )

    async def clips(interaction: Interaction, typed: str) -> list[Choice[str]]:
        found = await making.choices(interaction, typed, limit=CHOICES_MAX)
        at = interaction.created_at
        return [Choice(name=choice_name(one, catalogue, at=at), value=one.job_id) for one in found]

    async def models(interaction: Interaction, typed: str) -> list[Choice[str]]:
        del interaction
        return matching_models(catalogue, Kind.REMIX, typed)

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="remix", description="Make a changed version of a clip", callback=callback
    )
    app_commands.describe(
        clip=locale_str("One of yours or of this channel; type some of its words"),
        prompt=locale_str("What is to be different"),
        preset=locale_str("A style of this server, of which a remix takes the words"),
        model=locale_str("Which model makes it; the clip's own if you leave this out"),
        seed=locale_str("The same number with the same words makes the same video, where the model can"),
        takes=locale_str("How many clips of it, each at the same price"),
        private=locale_str(
            "Only you see the clip: here for 15 minutes, then in /clips, where you can publish it"
        ),
        spoiler=locale_str("Hide the clip until it is clicked"),
    )(command)
    app_commands.autocomplete(clip=clips, model=models, preset=preset_choices)(command)
    return command


def remix_this(making: Making) -> app_commands.ContextMenu:
    """The command of a message's menu."""

    async def callback(interaction: Interaction, message: discord.Message) -> None:
        await making.remix_menu(interaction, job_shown(message))

    return app_commands.ContextMenu(name="Remix this clip", callback=callback)


def job_shown(message: discord.Message) -> str | None:
    """The job whose clip or card a message shows, by its own buttons; None where it shows none."""
    shown = (_SHOWS.fullmatch(one) for one in custom_ids(message.components))
    return next((found["job"] for found in shown if found is not None), None)


def choice_name(clip: Shown, catalogue: Catalogue, *, at: datetime) -> str:
    """`a paper boat · take 2 · 3 minutes ago · Studio · k2d9`: what stands at the end is no other clip's."""
    start = shortened(clip.prompt_start, PROMPT_UNITS_IN_CHOICE)
    take = "" if clip.take is None else " · " + _("take {n}").format(n=clip.take)
    name = f"{start}{take} · {_age(clip, at)} · {catalogue.describe(clip.model).name}"
    tail = f" · {clip.job_id[-ID_CHARS_IN_CHOICE:]}"
    return shortened(name, CHOICE_NAME_UNITS_MAX - len(tail)) + tail


def _age(clip: Shown, at: datetime) -> str:
    seconds = max(0, int((at - clip.created_at).total_seconds()))
    if seconds < 60:
        return ngettext("{n} second ago", "{n} seconds ago", seconds).format(n=seconds)
    minutes = seconds // 60
    if minutes < 60:
        return ngettext("{n} minute ago", "{n} minutes ago", minutes).format(n=minutes)
    if minutes < 48 * 60:
        return ngettext("{n} hour ago", "{n} hours ago", minutes // 60).format(n=minutes // 60)
    days = minutes // (24 * 60)
    return ngettext("{n} day ago", "{n} days ago", days).format(n=days)
