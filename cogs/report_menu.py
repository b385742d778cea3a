"""Apps > Report this clip: the command of a message's menu."""

import discord
from discord import app_commands

from bot.errors import NotYours
from bot.language import _
from cogs.answers import Interaction


def report_this() -> app_commands.ContextMenu:
    """The command; the form and what becomes of it are those of the button."""

    async def callback(interaction: Interaction, message: discord.Message) -> None:
        presses = interaction.client.clip_presses
        if presses is None:
            raise NotYours(_("The bot is still starting."), _("Try again in a minute."))
        await presses.report_menu(interaction, message)

    return app_commands.ContextMenu(name="Report this clip", callback=callback)
