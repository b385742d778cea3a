"""Can this bot work in a channel? Found out by trying: a message with a file is posted, read, and deleted."""

import io

import discord

from bot.errors import DeliveryError, DeliveryUnavailable, MessageGone
from bot.language import _
from cogs.faults import faults
from cogs.posting_place import missing

_FILE = b"This file checks that files can be posted here.\n"


class ChannelTrial:
    """Tries channels through a signed-in client."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def fault(self, channel: discord.TextChannel, *, nonce: str) -> str | None:
        """Why a channel does not do, as a sentence; None where all of it worked.

        Args:
            channel: of a server of ours, as the cache has it.
            nonce: of this one trial: a message that is sent again after a lost answer is not posted twice.
        """
        try:
            return await self._tried(channel, nonce)
        except DeliveryUnavailable:
            return _("Discord did not answer. Nothing was changed. Try again in a minute.")

    async def _tried(self, channel: discord.TextChannel, nonce: str) -> str | None:
        place = self._client.get_partial_messageable(channel.id)
        told = _("This message checks what this bot may do here, and is deleted at once.")
        try:
            with faults(self._client):
                file = discord.File(io.BytesIO(_FILE), "check.txt")
                message = await place.send(told, file=file, nonce=nonce, silent=True)
        except DeliveryUnavailable:
            raise
        except DeliveryError:
            lacks = missing(channel, channel.permissions_for(channel.guild.me))
            # What Discord has refused is the truth, even where our copy of the permissions is behind.
            names = lacks or [_("View Channel"), _("Send Messages"), _("Attach Files")]
            return _("This bot may not post there; allow it: {names}.").format(names=", ".join(names))
        reads = await self._reads(place, message.id)
        try:
            with faults(self._client):
                await message.delete()
        except MessageGone:
            pass  # a moderator was quicker
        except DeliveryUnavailable:
            raise
        except DeliveryError:
            return _("This bot may not delete there what it has posted; look at that channel's settings.")
        if reads:
            return None
        names = [_("Read Message History")]
        return _("This bot may not read there what it has posted; allow it: {names}.").format(
            names=", ".join(names)
        )

    async def _reads(self, place: discord.PartialMessageable, message_id: int) -> bool:
        try:
            with faults(self._client):
                await place.fetch_message(message_id)
        except MessageGone:
            return True  # that it is gone is known to those who may read
        except DeliveryUnavailable:
            return True  # nothing is known against it, and the message is to be deleted all the same
        except DeliveryError:
            return False
        return True
