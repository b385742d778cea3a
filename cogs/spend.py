"""`/spend`: what was spent by day, member, model and channel, as a picture, as text and as CSV."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain import UserId
from bot.errors import NotYours
from bot.language import _
from bot.spend.spending import Span, Spending
from cogs.answers import Interaction, acknowledge, answer
from cogs.presses import member_of
from cogs.spend_view import channel_names, report_view
from cogs.tree import strange_form


def spend(
    spending: Spending, *, operator_ids: frozenset[UserId], play_money: bool
) -> app_commands.Command[Any, ..., None]:
    """The command.

    Args:
        spending: reads the reports.
        operator_ids: who may see all servers together.
        play_money: whether prices are for trying out only.
    """

    async def callback(
        interaction: Interaction,
        period: str = Span.MONTH.value,
        everywhere: bool = False,  # noqa: FBT001, FBT002 - as Discord names it
    ) -> None:
        await acknowledge(interaction)
        guild_id = member_of(interaction).guild_id
        if everywhere and interaction.user.id not in operator_ids:
            raise NotYours(
                _("The spending of all servers is for whoever runs this bot."),
                _("Leave that option out to see this server's."),
            )
        if period not in set(Span):
            raise strange_form()
        span = Span(period)
        report = await (spending.of_all(span) if everywhere else spending.of_guild(guild_id, span))
        view, files = await report_view(
            report,
            channel_name=channel_names(interaction.guild),
            guild_name=lambda one: _guild_name(interaction, one),
            play_money=play_money,
        )
        await answer(interaction, view, files=files)

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="spend",
        description="What this server has spent: a picture, the numbers, and a CSV file",
        callback=callback,
    )
    app_commands.describe(
        period=locale_str("Which days; this month if you leave this out"),
        everywhere=locale_str("All servers together: for whoever runs this bot"),
    )(command)
    app_commands.choices(
        period=[
            Choice(name=locale_str("The last 7 days"), value=Span.WEEK.value),
            Choice(name=locale_str("This month"), value=Span.MONTH.value),
            Choice(name=locale_str("Last month"), value=Span.LAST_MONTH.value),
            Choice(name=locale_str("The last 90 days"), value=Span.QUARTER.value),
        ]
    )(command)
    command.default_permissions = discord.Permissions(manage_guild=True)
    command.guild_only = True
    return command


def _guild_name(interaction: Interaction, guild_id: int) -> str:
    guild = interaction.client.get_guild(guild_id)
    return "" if guild is None else guild.name
