"""The log of acts in a channel, and `/moderation log`, which names it."""

import json
import re
from collections.abc import Sequence
from datetime import datetime

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.domain import ChannelId, GuildId
from bot.language import _
from bot.moderation.act_log import Act, ActLog
from cogs import readers, sentences
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.buttons import texts_of
from cogs.channel_choice import check_private
from cogs.channels import find_ours, from_about, writable
from cogs.faults import faults
from cogs.presses import member_of

DETAIL_CHARS = 120
"""The record has the rest."""

_NOBODY = discord.AllowedMentions.none()
_NUMBER = re.compile(r"-# #(\d+) ")


class ActBoard:
    """`bot.moderation.act_log.Noticeboard` through a signed-in client."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def post_acts(self, channel_id: ChannelId, guild_id: GuildId, told: Sequence[Act]) -> None:
        """See `Noticeboard.post_acts`."""
        channel = writable(self._client, channel_id)
        with faults(self._client), readers.of_server(self._client, guild_id):
            await channel.send(
                view=said(text_of(told)), nonce=f"a{told[-1].number}", allowed_mentions=_NOBODY
            )

    async def stands(self, channel_id: ChannelId, number: int, *, since: datetime) -> bool:
        """See `Noticeboard.stands`."""
        found = await find_ours(
            self._client, channel_id, from_about(since), lambda message: number in _numbers(message)
        )
        return found is not None


def text_of(told: Sequence[Act]) -> str:
    """Some acts, a line for each, and the head of the chain at the last.

    All of it are ids, numbers and codes of ours: there is nothing in it to escape. Who has reported a clip is
    in the record, and not in a channel that more people read than decide.
    """
    head = told[-1]
    return "\n".join([*map(_line, told), f"-# {head.number}:{head.hash}"])


def add_log(group: app_commands.Group, act_log: ActLog) -> None:
    """Add `log`."""

    @group.command(name="log", description="The channel in which every act of moderation is shown")
    @app_commands.describe(
        channel=locale_str("Where; one that moderators alone can see"),
        off=locale_str("Show them nowhere any more"),
    )
    async def log(
        interaction: Interaction,
        channel: discord.TextChannel | None = None,
        off: bool = False,  # noqa: FBT001, FBT002 - an option of a command
    ) -> None:
        await acknowledge(interaction)
        by = member_of(interaction)
        if off:
            await act_log.choose(None, by=by)
            await answer(
                interaction, said(_("Acts of moderation are shown nowhere now; they stay on record."))
            )
            return
        if channel is None:
            known = await act_log.channel_of(by.guild_id)
            told = _("No channel is named for acts of moderation; they are on record all the same.")
            if known is not None:
                told = _("Acts of moderation are shown in {channel}.").format(
                    channel=f"<#{known.channel_id}>"
                )
            if known is not None and known.refused is not None:
                told = _(
                    "{channel} takes no messages of this bot, so no acts are shown. Name it again."
                ).format(channel=f"<#{known.channel_id}>")
            await answer(interaction, said(told))
            return
        check_private(interaction, channel)
        await act_log.choose(ChannelId(channel.id), by=by)
        told = _("From now on every act of moderation is shown in {channel}.").format(
            channel=f"<#{channel.id}>"
        )
        await answer(interaction, said(told))


def _line(act: Act) -> str:
    who = "" if act.actor_id is None or act.verb == "report.made" else f" · <@{act.actor_id}>"
    detail = " ".join(f"{name}={value}" for name, value in json.loads(act.detail).items())[:DETAIL_CHARS]
    return f"-# #{act.number} {sentences.moment(act.at)} **{act.verb}** `{act.subject}`{who}" + (
        f" · `{detail}`" if detail else ""
    )


def _numbers(message: discord.Message) -> set[int]:
    return {int(found) for text in texts_of(message.components) for found in _NUMBER.findall(text)}
