"""The notice of a report once a moderator has decided: who, and what became of the clip."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import discord
from discord import ui

from bot import language
from bot.domain import JobId
from bot.language import _
from bot.moderation.cases import Outcome
from cogs.answers import Interaction
from cogs.buttons import texts_of
from cogs.clip_buttons import Act, ClipButton

log = logging.getLogger(__name__)

_GREY = 0x80848E


async def show_decided(interaction: Interaction, job_id: JobId, outcome: Outcome) -> None:
    """Let the notice whose button was pressed say so, to all moderators who see it.

    What one member alone reads stays as it is: Discord lets nobody edit that as a message.
    """
    message = interaction.message
    if message is None or message.flags.ephemeral:
        return
    with language.use(None if interaction.guild is None else interaction.guild.preferred_locale.value):
        view = decided_view(message, job_id, outcome, by=interaction.user.id)
    try:
        await message.edit(view=view, allowed_mentions=discord.AllowedMentions.none())
    except discord.HTTPException as refused:  # the decision stands in the row, whatever the message shows
        log.info("notice not edited: %s", refused, extra={"code": "notice", "job": job_id})


def decided_view(message: discord.Message, job_id: JobId, outcome: Outcome, *, by: int) -> ui.LayoutView:
    """The notice with its decision; a clip that stays hidden can be decided on again."""
    match outcome:
        case Outcome.DISMISSED:
            told = _("{member} has decided: the clip is shown again.")
        case Outcome.KEPT_HIDDEN:
            told = _("{member} has decided: the clip stays hidden.")
        case Outcome.TAKEN_DOWN:
            told = _("{member} has decided: the clip is taken down.")
    decided = f"**{told.format(member=f'<@{by}>')}**"
    over = {_("It is hidden until one of you has decided."), _("It is still shown.")}
    kept = [
        "\n".join(line for line in text.splitlines() if line not in over)
        for text in texts_of(message.components)
        if not text.startswith("**")  # an earlier decision
    ]
    buttons: list[ui.Item[Any]] = []
    if outcome is not Outcome.TAKEN_DOWN:
        buttons += [ui.Button(label=label, url=url) for label, url in _links(message.components)]
    if outcome is Outcome.KEPT_HIDDEN:
        buttons += [ClipButton(act, job_id) for act in (Act.RESTORE, Act.TAKE_DOWN)]
    parts: list[ui.Item[Any]] = [ui.TextDisplay(text) for text in [*kept, decided]]
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, *([ui.ActionRow(*buttons)] if buttons else []), accent_colour=_GREY))
    return view


def _links(components: Sequence[Any]) -> Iterator[tuple[str | None, str]]:
    for component in components:
        if isinstance(url := getattr(component, "url", None), str):
            yield component.label, url
        yield from _links(getattr(component, "children", ()))
