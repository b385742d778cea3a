"""Whether a card and a clip can be posted where a command was given."""

import discord

from bot.domain import FaultKind
from bot.errors import OrderRefused
from bot.language import _
from cogs.answers import Interaction
from cogs.whereabouts import Where, where


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
