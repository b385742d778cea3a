"""`/operator block` and `/operator unblock`: what the operator does about somebody everywhere."""

from datetime import timedelta
from typing import Any

import discord
from discord import app_commands

from bot.domain import Member, UserId
from bot.errors import ChangeRefused
from bot.language import _
from bot.moderation.people import EVERYWHERE, Measure, People
from cogs import people_words
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.moderation_member import Days, Reason
from cogs.operator import check_operator


def add_operator_blocks(
    tree: app_commands.CommandTree[Any], operator_ids: frozenset[UserId], people: People
) -> None:
    """Add the two commands where there is `/operator`; who may use them is checked at each."""
    group = tree.get_command("operator")
    if not isinstance(group, app_commands.Group):
        return

    @group.command(name="block", description="Keep somebody from this bot on every server")
    @app_commands.describe(
        member="Whom",
        reason="Why; the member reads it",
        days="For how many days; until it is lifted if you leave this out",
    )
    async def block(
        interaction: Interaction, member: discord.User, reason: Reason, days: Days | None = None
    ) -> None:
        await acknowledge(interaction)
        check_operator(interaction, operator_ids)
        # An id that Discord knows nobody by is blocked too: it may be somebody's yet.
        if isinstance(member, discord.User | discord.Member) and member.bot:
            raise ChangeRefused(_("A bot orders nothing."), _("Choose a person."))
        made = await people.sanction(
            Member(guild_id=EVERYWHERE, user_id=UserId(member.id)),
            Measure.BLOCK,
            by=UserId(interaction.user.id),
            reason=reason,
            holds_for=None if days is None else timedelta(days=days),
            everywhere=True,
        )
        told = f"<@{member.id}>\n{people_words.line(made, for_moderators=True)}"
        await answer(interaction, said(told))

    @group.command(name="unblock", description="Lift every block of somebody that holds on every server")
    @app_commands.describe(member="Whom")
    async def unblock(interaction: Interaction, member: discord.User) -> None:
        await acknowledge(interaction)
        check_operator(interaction, operator_ids)
        whom = Member(guild_id=EVERYWHERE, user_id=UserId(member.id))
        found = await people.open_of(whom)
        for one in found:
            await people.lift(one.id, guild_id=EVERYWHERE, by=UserId(interaction.user.id))
        if not found:
            raise ChangeRefused(
                _("Nothing holds against this person everywhere."), _("There is nothing to do.")
            )
        await answer(
            interaction, said(_("{member} may use this bot again.").format(member=f"<@{member.id}>"))
        )
