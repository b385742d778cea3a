"""`/generate`: video from words."""

from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, TypeVar

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from bot.catalogue import Catalogue
from bot.domain import PROMPT_CHARS_MAX, TAKES_MAX, FaultKind, Kind
from bot.errors import OrderRefused
from bot.language import _, ngettext
from bot.options import SEED_MAX
from cogs.answers import Interaction, acknowledge, answer, mark_ordering
from cogs.asking import asked_by
from cogs.ordering import Ordering
from cogs.quoting import shortened
from cogs.whereabouts import Where, where
from cogs.wording import said_as

CHOICES_MAX = 25
CHOICE_NAME_UNITS_MAX = 100

PRESET_OPTION = locale_str("A style of this server; the channel's own if you leave this out")

Autocompletion = Callable[[Interaction, str], Coroutine[Any, Any, list[Choice[str]]]]

T = TypeVar("T", str, int)


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
        private=locale_str("Only you see the clip"),
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


def matching_models(catalogue: Catalogue, kind: Kind, typed: str) -> list[Choice[str]]:
    """The models for a kind of order that have what was typed in their name."""
    return [
        Choice(name=shortened(f"{row.name}: {_(row.about)}", CHOICE_NAME_UNITS_MAX), value=row.id)
        for row in catalogue.models(kind)
        if typed.casefold() in f"{row.name} {row.id}".casefold()
    ][:CHOICES_MAX]


def text_choices(values: Iterable[str]) -> list[Choice[str]]:
    """Resolutions or shapes to choose from."""
    return _choices(values, str)


def length_choices(values: Iterable[int]) -> list[Choice[int]]:
    """Lengths to choose from, the shortest first."""
    return _choices(sorted(values), _seconds)


def check_place(interaction: Interaction) -> None:
    """Return if we may post a card and a clip where the command was given.

    Raises:
        OrderRefused: names what is missing; said before any money is held.
    """
    if where(interaction) is not Where.SERVER:
        return  # in direct messages there is nothing to lack; elsewhere nothing will be posted
    if isinstance(interaction.channel, discord.ForumChannel):
        raise OrderRefused(
            _("A forum itself holds no messages."),
            _("Order in one of its posts."),
            kind=FaultKind.PERMISSIONS,
        )
    if lacks := missing(interaction.channel, interaction.app_permissions):
        raise OrderRefused(
            _("This bot may not post here; it lacks: {permissions}.").format(permissions=", ".join(lacks)),
            _("Ask a manager of this server to allow it, or order in another channel."),
            kind=FaultKind.PERMISSIONS,
        )


def missing(channel: object, may: discord.Permissions) -> list[str]:
    """What we lack to post cards and clips in a channel, as Discord's own settings name it."""
    if channel is None:
        return [_("View Channel")]
    in_thread = isinstance(channel, discord.Thread)
    wanted = {
        _("View Channel"): may.view_channel,
        _("Send Messages"): may.send_messages or in_thread,
        _("Send Messages in Threads"): may.send_messages_in_threads or not in_thread,
        _("Attach Files"): may.attach_files,
        _("Manage Threads (this one is locked)"): may.manage_threads
        or not (isinstance(channel, discord.Thread) and channel.locked),
    }
    return [name for name, has in wanted.items() if not has]


def _seconds(n: int) -> str:
    return ngettext("{n} second", "{n} seconds", n).format(n=n)


def _choices(values: Iterable[T], say: Callable[[T], str]) -> list[Choice[T]]:
    """Every value once; none at all where Discord's list is too short for them, since a list is closed."""
    distinct = dict.fromkeys(values)
    if len(distinct) > CHOICES_MAX:
        return []
    return [Choice(name=said_as(partial(say, value)), value=value) for value in distinct]
