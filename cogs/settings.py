"""`/settings`: what the managers of a server choose for it."""

from collections.abc import Mapping

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.clips.gallery import Galleries
from bot.domain import ChannelId
from bot.language import _
from bot.places import Places, Purpose
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.channel_choice import check_may_post, check_private
from cogs.gallery_setting import gallery
from cogs.presses import member_of


def settings(places: Places, galleries: Galleries) -> app_commands.Group:
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
        reports: discord.TextChannel | None = None,
        clips: discord.TextChannel | None = None,
        forget: bool = False,  # noqa: FBT001, FBT002 - an option of a command
    ) -> None:
        await acknowledge(interaction)
        by = member_of(interaction)
        chosen = {Purpose.REPORTS: reports, Purpose.CLIPS: clips}
        if clips is not None:
            check_may_post(interaction, clips)
        if reports is not None:
            check_private(interaction, reports)
        for purpose, channel in chosen.items():
            if channel is not None or forget:
                await places.put(purpose, None if channel is None else ChannelId(channel.id), by=by)
        await answer(interaction, said(_listed(await places.named(by.guild_id))))

    group.add_command(gallery(galleries))
    return group


def _listed(named: Mapping[Purpose, ChannelId]) -> str:
    lines = [
        _("Reports of clips go to {channel}.").format(channel=f"<#{named[Purpose.REPORTS]}>")
        if Purpose.REPORTS in named
        else _("No channel is named for reports: they go where Discord sends safety alerts, if anywhere."),
        _("A clip that its own channel refuses goes to {channel}, if no more people see it there.").format(
            channel=f"<#{named[Purpose.CLIPS]}>"
        )
        if Purpose.CLIPS in named
        else _("No channel is named for clips that their own channel refuses: they are kept in /clips."),
    ]
    return "\n".join(lines)
