"""How an interaction is acknowledged, answered and, when something fails, answered all the same.

Everything here is ephemeral and made of components v2: a message that has them can never lose them, and
the quote, its receipt and its refusal are one message.
"""

import logging
from collections.abc import Awaitable, Sequence
from typing import Any

import aiohttp
import discord
from discord import ui

from bot import language
from bot.errors import ClipTooLarge, DiskFull, NoRoom, Refusal
from bot.language import _, later
from bot.operating.room import failure
from cogs.faults import is_too_large

log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]

ALREADY_ACKNOWLEDGED = 40060

WENT_WRONG = later(
    "Something went wrong on our side. Nothing was charged. "
    "Try again in a minute; if it happens again, tell whoever runs this bot."
)
WENT_WRONG_ORDERING = later(
    "Something went wrong on our side. If a card for this order appears here, the order stands; "
    "if none does, nothing was charged. Look before you order again."
)

TOO_LARGE_HERE = later(
    "Discord takes no file of this size here, so what belongs here is left out. That cost nothing. "
    "Ask whoever runs this bot for it."
)

_ORDERING = "ordering"
_ACKNOWLEDGED = "acknowledged"


async def acknowledge(interaction: Interaction) -> None:
    """Tell Discord, within its three seconds, that an ephemeral answer is coming."""
    await _defer(interaction, thinking=True)


async def acknowledge_press(interaction: Interaction) -> None:
    """The same for a press whose answer takes the place of the pressed message.

    A form that claims to be of a message, and was opened by a command, has none: it is answered with one.
    """
    await _defer(interaction, thinking=interaction.message is None)


def mark_ordering(interaction: Interaction) -> None:
    """From here on an unexpected fault may strike after the order was written; the apology will say so."""
    interaction.extras[_ORDERING] = True


def said(sentence: str) -> ui.LayoutView:
    """A view of one sentence."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(sentence))
    return view


async def answer(
    interaction: Interaction, view: ui.LayoutView, *, files: Sequence[discord.File] = ()
) -> None:
    """Show the one who asked what became of it.

    One whose files are too large goes without them and says so. An answer that gets lost is logged and no
    more: what it told of stands in the rows.
    """
    try:
        await answer_whole(interaction, view, files=files)
    except ClipTooLarge:
        await answer(interaction, without_files(view))


async def answer_whole(
    interaction: Interaction, view: ui.LayoutView, *, files: Sequence[discord.File] = ()
) -> None:
    """The same, for whoever has a smaller file or another way.

    Raises:
        ClipTooLarge: Discord takes no files of this size here.
    """
    try:
        if interaction.response.is_done() or _ACKNOWLEDGED in interaction.extras:
            await interaction.edit_original_response(view=view, attachments=files)
        else:
            await interaction.response.send_message(view=view, ephemeral=True)
    except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as fault:
        if files and isinstance(fault, discord.HTTPException) and is_too_large(fault):
            raise ClipTooLarge(str(fault)) from fault
        log.warning("answer lost: %s", fault, extra={"code": "answer_lost", "interaction": interaction.id})


def without_files(view: ui.LayoutView) -> ui.LayoutView:
    """A view that was refused for the size of its files: without them, and saying so."""
    parts: list[ui.LayoutView | ui.Container[Any]] = [view]
    parts += [item for item in view.children if isinstance(item, ui.Container)]
    for part in parts:
        for item in list(part.children):
            if isinstance(item, ui.MediaGallery):
                item.items = [one for one in item.items if not _is_attached(one.media)]
            if isinstance(item, ui.File) or (isinstance(item, ui.MediaGallery) and not item.items):
                part.remove_item(item)
    view.add_item(ui.TextDisplay(_(TOO_LARGE_HERE)))
    return view


def _is_attached(media: discord.UnfurledMediaItem) -> bool:
    return media.url.startswith("attachment://")


async def answered(interaction: Interaction, work: Awaitable[None]) -> None:
    """Do the work of a press, in the presser's language.

    Whatever goes wrong is told to the presser; discord.py would only log it.
    """
    language.settle(interaction.locale.value)
    try:
        await work
    except Exception as fault:  # noqa: BLE001 - told, and logged with its traceback, by the next line
        await tell(interaction, fault)


async def tell(interaction: Interaction, fault: Exception) -> None:
    """Tell a member of a refusal, or of a fault of ours, which is logged whole."""
    if isinstance(fault, Refusal):
        await answer(interaction, said(fault.sentence))
        return
    ours = failure(fault)
    if isinstance(ours, DiskFull) and _ORDERING not in interaction.extras:
        log.error("not written down: %s", ours, extra=_about(interaction, ours.code))
        await answer(interaction, said(NoRoom().sentence))
        return
    log.error(
        "interaction failed",
        exc_info=fault,
        extra=_about(interaction, "interaction_failed" if ours is None else ours.code),
    )
    await answer(interaction, said(_(WENT_WRONG_ORDERING if _ORDERING in interaction.extras else WENT_WRONG)))


def _about(interaction: Interaction, code: str) -> dict[str, object]:
    return {"code": code, "interaction": interaction.id, "guild": interaction.guild_id}


async def _defer(interaction: Interaction, *, thinking: bool) -> None:
    try:
        await _defer_once(interaction, thinking=thinking)
    except (aiohttp.ClientConnectionError, ConnectionError):
        # The answer got lost, perhaps the question too. Asked again, 40060 says that the first arrived.
        await _defer_once(interaction, thinking=thinking)


async def _defer_once(interaction: Interaction, *, thinking: bool) -> None:
    try:
        await interaction.response.defer(ephemeral=True, thinking=thinking)
    except discord.HTTPException as refused:
        if refused.code != ALREADY_ACKNOWLEDGED:
            raise
        interaction.extras[_ACKNOWLEDGED] = True
