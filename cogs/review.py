"""`/review`: what waits for a moderator, one after the other, with its decisions under it."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.language import later
from cogs.answers import Interaction
from cogs.review_buttons import Listed
from cogs.review_presses import ReviewPresses

_NAMES = {
    Listed.ALL: later("All that wait"),
    Listed.PROMPTS: later("Orders before they are made"),
    Listed.CLIPS: later("Clips before they are shown"),
    Listed.FLAGGED: later("What screening flagged"),
    Listed.MINE: later("What I look at"),
    Listed.FREE: later("What nobody looks at yet"),
}


def review(presses: ReviewPresses) -> app_commands.Command[Any, ..., None]:
    """The command, for those who may manage messages; owners may give it to others."""

    async def callback(interaction: Interaction, show: str = Listed.ALL.value) -> None:
        known = {one.value for one in Listed}
        await presses.queue(interaction, Listed(show) if show in known else Listed.ALL)

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="review",
        description="Go through what waits for a moderator",
        callback=callback,
    )
    app_commands.default_permissions(discord.Permissions(manage_messages=True))(command)
    app_commands.guild_only()(command)
    app_commands.describe(show=locale_str("Which of them"))(command)
    app_commands.choices(
        show=[Choice(name=locale_str(name), value=one.value) for one, name in _NAMES.items()]
    )(command)
    return command
