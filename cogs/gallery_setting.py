"""`/settings gallery`: the channel to which the clips go that most people like."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range, locale_str

from bot.clips.gallery import Galleries, Gallery
from bot.domain import ChannelId
from bot.language import _, ngettext
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.channel_choice import check_may_post
from cogs.whereabouts import member_of

LIKES_MAX = 100
LIKES = 3
"""As many as the best-known boards of this kind ask for."""


def gallery(galleries: Galleries) -> app_commands.Command[Any, ..., None]:
    """The command, for the group that those who manage the server have."""

    async def callback(
        interaction: Interaction,
        channel: discord.TextChannel | None = None,
        likes: Range[int, 1, LIKES_MAX] = LIKES,
        off: bool = False,  # noqa: FBT001, FBT002 - as Discord names it
    ) -> None:
        await acknowledge(interaction)
        by = member_of(interaction)
        if off:
            await galleries.name(None, by=by)
            told = _("There is no gallery from now on. What was posted stays; it cost nothing.")
        elif channel is not None:
            check_may_post(interaction, channel)
            await galleries.name(Gallery(channel_id=ChannelId(channel.id), stars_min=likes), by=by)
            told = ngettext(
                "A clip goes to {place} once {n} person likes it. Only clips from channels that all who see "
                "{place} can see go there. It costs nothing.",
                "A clip goes to {place} once {n} people like it. Only clips from channels that all who see "
                "{place} can see go there. It costs nothing.",
                likes,
            ).format(place=f"<#{channel.id}>", n=likes)
        elif (known := await galleries.of(by.guild_id)) is not None:
            told = ngettext(
                "The gallery is {place}; a clip goes there once {n} person likes it.",
                "The gallery is {place}; a clip goes there once {n} people like it.",
                known.stars_min,
            ).format(place=f"<#{known.channel_id}>", n=known.stars_min)
        else:
            told = _("There is no gallery. Name a channel with this command, and the best go there.")
        await answer(interaction, said(told))

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="gallery", description="The channel to which the best clips go", callback=callback
    )
    app_commands.describe(
        channel=locale_str("Where they are posted"),
        likes=locale_str("How many people must have reacted to a clip"),
        off=locale_str("Have no gallery any more"),
    )(command)
    return command
