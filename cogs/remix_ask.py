"""The question to a clip's member, in the channel: its card, and what it becomes."""

import logging
from typing import Any

import discord
from discord import ui

from bot import language
from bot.domain import Job, MessageId
from bot.language import _
from bot.ordering.remixing import RemixAsk
from cogs.answers import Interaction
from cogs.cards import clip_url
from cogs.delivery import DiscordDelivery
from cogs.desk_buttons import DeskAct, DeskButton
from cogs.faults import faults
from cogs.making_buttons import Action, MakingButton
from cogs.sentences import moment

log = logging.getLogger(__name__)


class RemixAsker:
    """`bot.ordering.remixing.Asker` through a signed-in client. Our one message that pings unasked."""

    def __init__(self, client: discord.Client, delivery: DiscordDelivery) -> None:
        self._client = client
        self._delivery = delivery

    async def ask(self, ask: RemixAsk, clip: Job) -> MessageId:
        """See `Asker.ask`."""
        pinged = discord.AllowedMentions(users=[discord.Object(ask.owner_id)])
        channel = self._client.get_partial_messageable(ask.channel_id)
        with self._delivery.language_of(clip):
            view = ask_view(ask, clip)
        with faults(self._client):
            message = await channel.send(view=view, nonce=f"q{ask.id}", allowed_mentions=pinged)
        return MessageId(message.id)


def ask_view(ask: RemixAsk, clip: Job) -> ui.LayoutView:
    """The question, or what was answered."""
    owner, asker = f"<@{ask.owner_id}>", f"<@{ask.asker_id}>"
    buttons: list[ui.Item[Any]] = []
    if (url := clip_url(clip)) is not None:
        buttons.append(ui.Button(label=_("Show the clip"), url=url))
    if ask.allowed is None:
        told = _("{owner}: may {asker} remix your clip? Answer until {when}; no answer is a no.").format(
            owner=owner, asker=asker, when=moment(ask.expires_at)
        )
        buttons += [DeskButton(DeskAct.ALLOW_REMIX, ask.id), DeskButton(DeskAct.REFUSE_REMIX, ask.id)]
    elif ask.allowed:
        told = _("{owner} allows it: {asker} may remix this clip until {when}.").format(
            owner=owner, asker=asker, when=moment(ask.expires_at)
        )
        buttons.append(MakingButton(Action.REMIX, clip.id))
    else:
        told = _("{owner} would rather not have this clip remixed by {asker}.").format(
            owner=owner, asker=asker
        )
    parts: list[ui.Item[Any]] = [ui.TextDisplay(told)]
    if buttons:
        parts.append(ui.ActionRow(*buttons))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts))
    return view


async def replace_ask(interaction: Interaction, ask: RemixAsk, clip: Job) -> None:
    """Let the question's message show what was answered, to all who see it."""
    message = interaction.message
    if message is None:
        return
    with language.use(None if interaction.guild is None else interaction.guild.preferred_locale.value):
        view = ask_view(ask, clip)
    try:
        await message.edit(view=view, allowed_mentions=discord.AllowedMentions.none())
    except discord.HTTPException as refused:  # the answer stands in the row, whatever the message shows
        log.info("question not edited: %s", refused, extra={"code": "remix_ask", "job": clip.id})
