"""`/remix`, and Apps > Remix this clip: a changed version of a clip."""

from datetime import datetime
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.catalogue import Catalogue
from bot.domain import Kind
from bot.language import _, ngettext
from bot.ordering.material import Shown
from bot.quoting import shortened
from cogs import making_options as options
from cogs.answers import Interaction
from cogs.choices import CHOICE_NAME_UNITS_MAX, CHOICES_MAX, Autocompletion, matching_models
from cogs.making import Making
from cogs.marks import mark_of

PROMPT_UNITS_IN_CHOICE = 44
ID_CHARS_IN_CHOICE = 5
"""The end of an order's id is of dice, the start of its time: five of 32 letters tell 25 clips apart."""


def remix(
    making: Making, catalogue: Catalogue, preset_choices: Autocompletion
) -> app_commands.Command[Any, ..., None]:
    """The command, with the choices that the catalogue has now."""

    async def callback(
        interaction: Interaction,
        clip: str,
        prompt: options.Prompt,
        preset: str | None = None,
        model: str | None = None,
        seed: options.Seed | None = None,
        takes: options.Takes = 1,
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

    async def models(interaction: Interaction, typed: str) -> list[Choice[str]]:
        del interaction
        # Where none changes a clip, the last frame is animated, by any that can.
        kind = Kind.REMIX if catalogue.models(Kind.REMIX) else Kind.ANIMATE
        return matching_models(catalogue, kind, typed)

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="remix", description="Make a changed version of a clip", callback=callback
    )
    app_commands.describe(
        **options.OF_EVERY_ORDER,
        **options.OF_A_CLIP,
        prompt=locale_str("What is to be different"),
        preset=locale_str("A style of this server, of which a remix takes the words"),
        model=locale_str("Which model makes it; the clip's own if you leave this out"),
    )(command)
    clips = clip_choices(making, catalogue)
    app_commands.autocomplete(clip=clips, model=models, preset=preset_choices)(command)
    return command


def remix_this(making: Making) -> app_commands.ContextMenu:
    """The command of a message's menu."""

    async def callback(interaction: Interaction, message: discord.Message) -> None:
        await making.remix_menu(interaction, mark_of(message))

    return app_commands.ContextMenu(name="Remix this clip", callback=callback)


def clip_choices(making: Making, catalogue: Catalogue) -> Autocompletion:
    """The clips that can be started from in the place where it is typed, by their words."""

    async def clips(interaction: Interaction, typed: str) -> list[Choice[str]]:
        found = await making.choices(interaction, typed, limit=CHOICES_MAX)
        at = interaction.created_at
        return [Choice(name=choice_name(one, catalogue, at=at), value=one.job_id) for one in found]

    return clips


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
