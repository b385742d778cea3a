"""`/settings`: what the managers of a server choose for it."""

from collections.abc import Mapping

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel, AppCommandThread, locale_str

from bot.domain import ChannelId, FaultKind, GuildId
from bot.errors import OrderRefused
from bot.language import _
from bot.places import Places, Purpose
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.create import missing
from cogs.presses import member_of

_POSTS_IN = (discord.ChannelType.text, discord.ChannelType.news)


def settings(places: Places) -> app_commands.Group:
    """The commands, for those who may manage the server."""
    group = app_commands.Group(
        name="settings",
        description="What this server's managers choose for it",
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
    )

    @group.command(name="channels", description="Where reports go, and clips that their channel refuses")
    @app_commands.describe(
        reports=locale_str("The moderators' channel, where reports of clips are shown"),
        clips=locale_str("Where a clip goes when its own channel no longer takes it"),
        forget=locale_str("Forget both, before what else is chosen"),
    )
    async def channels(
        interaction: Interaction,
        reports: AppCommandChannel | None = None,
        clips: AppCommandChannel | None = None,
        forget: bool = False,  # noqa: FBT001, FBT002 - an option of a command
    ) -> None:
        await acknowledge(interaction)
        guild_id = member_of(interaction).guild_id
        chosen = {Purpose.REPORTS: reports, Purpose.CLIPS: clips}
        for channel in chosen.values():
            if channel is not None:
                _check_may_post(interaction, channel)
        for purpose, channel in chosen.items():
            if channel is not None or forget:
                await places.put(guild_id, purpose, None if channel is None else ChannelId(channel.id))
        await answer(interaction, said(_listed(await places.named(GuildId(guild_id)))))

    return group


def _check_may_post(interaction: Interaction, channel: AppCommandChannel | AppCommandThread) -> None:
    """Return if we may post clips there.

    Raises:
        OrderRefused: names what is missing.
    """
    guild = interaction.guild
    here = None if guild is None else guild.get_channel(channel.id)
    if guild is None or here is None or here.type not in _POSTS_IN:
        raise OrderRefused(
            _("Nothing can be posted in that channel."),
            _("Choose a text channel that this bot can see."),
            kind=FaultKind.PERMISSIONS,
        )
    if lacks := missing(here, here.permissions_for(guild.me)):
        raise OrderRefused(
            _("This bot may not post there; it lacks: {names}.").format(names=", ".join(lacks)),
            _("Allow it in that channel's settings, or choose another channel."),
            kind=FaultKind.PERMISSIONS,
        )


def _listed(named: Mapping[Purpose, ChannelId]) -> str:
    lines = [
        _("Reports of clips go to {channel}.").format(channel=f"<#{named[Purpose.REPORTS]}>")
        if Purpose.REPORTS in named
        else _("No channel is named for reports: they go where Discord sends safety alerts, if anywhere."),
        _("A clip that its own channel refuses goes to {channel}.").format(
            channel=f"<#{named[Purpose.CLIPS]}>"
        )
        if Purpose.CLIPS in named
        else _("No channel is named for clips that their own channel refuses: they are kept in /clips."),
    ]
    return "\n".join(lines)
