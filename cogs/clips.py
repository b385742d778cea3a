"""`/clips`: one's own clips and the server's, found again."""

import re
from datetime import date

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from bot.catalogue import Catalogue
from bot.clips.library import WORDS_CHARS_MAX, Aisle
from bot.domain import JobId, Kind, UserId
from bot.errors import OrderRefused
from bot.ids import ID
from bot.language import _
from bot.quoting import shortened
from cogs.answers import Interaction
from cogs.choices import CHOICE_NAME_UNITS_MAX, CHOICES_MAX
from cogs.remix import choice_name
from cogs.shelves import Shelves

MONTHS_SHOWN = 12
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_YEARS = range(2000, 3000)  # a month needs one after it, which the last that can be counted has not
_CLIP = re.compile(ID)

_KINDS = [
    Choice(name=locale_str("Made from words"), value=Kind.GENERATE.value),
    Choice(name=locale_str("Made from a picture"), value=Kind.ANIMATE.value),
    Choice(name=locale_str("Remixed"), value=Kind.REMIX.value),
    Choice(name=locale_str("Extended"), value=Kind.EXTEND.value),
]

Words = Range[str, 1, WORDS_CHARS_MAX]


def clips(shelves: Shelves, catalogue: Catalogue) -> app_commands.Group:
    """The commands."""
    group = app_commands.Group(
        name="clips", description="Your clips and this server's: search, watch again, favourites"
    )

    async def models(interaction: Interaction, typed: str) -> list[Choice[str]]:
        found = await shelves.models(interaction)
        return [
            Choice(name=shortened(name, CHOICE_NAME_UNITS_MAX), value=model)
            for model, name in found
            if typed.casefold() in f"{name} {model}".casefold()
        ][:CHOICES_MAX]

    async def months(interaction: Interaction, typed: str) -> list[Choice[str]]:
        at = interaction.created_at
        first = at.year * 12 + at.month - 1
        names = [f"{one // 12}-{one % 12 + 1:02d}" for one in range(first, first - MONTHS_SHOWN, -1)]
        return [Choice(name=name, value=name) for name in names if name.startswith(typed)]

    @group.command(name="mine", description="Your clips, the private ones too")
    @app_commands.describe(
        words=locale_str("Words of the prompt"),
        model=locale_str("Made with this model"),
        kind=locale_str("How it was made"),
        month=locale_str("Made in this month, such as 2026-11"),
    )
    @app_commands.choices(kind=_KINDS)
    @app_commands.autocomplete(model=models, month=months)
    async def mine(
        interaction: Interaction,
        words: Words = "",
        model: str | None = None,
        kind: str | None = None,
        month: str | None = None,
    ) -> None:
        await shelves.search(
            interaction,
            Aisle.MINE,
            words=words,
            model=model,
            kind=_kind(kind),
            month=_month(month),
        )

    @group.command(name="server", description="The clips of this server that you can see")
    @app_commands.describe(
        words=locale_str("Words of the prompt"),
        member=locale_str("Made by this member"),
        model=locale_str("Made with this model"),
        kind=locale_str("How it was made"),
        month=locale_str("Made in this month, such as 2026-11"),
    )
    @app_commands.choices(kind=_KINDS)
    @app_commands.autocomplete(model=models, month=months)
    async def server(
        interaction: Interaction,
        words: Words = "",
        member: discord.User | None = None,
        model: str | None = None,
        kind: str | None = None,
        month: str | None = None,
    ) -> None:
        await shelves.search(
            interaction,
            Aisle.SERVER,
            words=words,
            model=model,
            kind=_kind(kind),
            member_id=None if member is None else UserId(member.id),
            month=_month(month),
        )

    @group.command(name="best", description="The clips of this server that most people like")
    @app_commands.describe(month=locale_str("Made in this month, such as 2026-11"))
    @app_commands.autocomplete(month=months)
    async def best(interaction: Interaction, month: str | None = None) -> None:
        await shelves.search(interaction, Aisle.BEST, month=_month(month))

    @group.command(name="favourites", description="The clips that you keep as favourites")
    async def favourites(interaction: Interaction) -> None:
        await shelves.search(interaction, Aisle.FAVOURITES)

    @group.command(name="show", description="One clip with its family: what it was made from, and what of it")
    @app_commands.describe(clip=locale_str("Type some of its words"))
    async def show(interaction: Interaction, clip: str) -> None:
        await shelves.show(interaction, JobId(clip if _CLIP.fullmatch(clip) else ""))

    @show.autocomplete("clip")
    async def chosen(interaction: Interaction, typed: str) -> list[Choice[str]]:
        found = await shelves.choices(interaction, typed, limit=CHOICES_MAX)
        at = interaction.created_at
        return [Choice(name=choice_name(one, catalogue, at=at), value=one.job_id) for one in found]

    @group.command(name="notify", description="How this bot tells you that a clip of yours is ready")
    @app_commands.describe(
        direct_messages=locale_str("Write to me directly of private clips, and of what no card can tell me"),
        mentions=locale_str("Mention me when a clip of mine is posted"),
    )
    async def notify(
        interaction: Interaction,
        direct_messages: bool | None = None,  # noqa: FBT001
        mentions: bool | None = None,  # noqa: FBT001
    ) -> None:
        await shelves.notify(interaction, direct=direct_messages, mention=mentions)

    return group


def _kind(typed: str | None) -> Kind | None:
    if typed is None:
        return None
    if typed not in {choice.value for choice in _KINDS}:
        raise OrderRefused(_("There is no such way to make a clip."), _("Choose one from the list."))
    return Kind(typed)


def _month(typed: str | None) -> date | None:
    if typed is None:
        return None
    known = _MONTH.fullmatch(typed.strip())
    if known is None or int(known[1]) not in _YEARS:
        raise OrderRefused(_("That is no month."), _("Write it like 2026-11, or choose one from the list."))
    return date(int(known[1]), int(known[2]), 1)
