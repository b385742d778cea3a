"""What the operator does and reads in Discord: `/operator`, and the channel in which the bot tells them."""

import hashlib
from collections.abc import Awaitable, Callable

import discord
from discord import app_commands

from bot.domain import ChannelId, FaultKind, UserId
from bot.errors import ChangeRefused, NotYours
from bot.language import _
from bot.money import parse_usd
from bot.operating.control import AdmitGuild, Change, DismissGuild, ResumeSpending
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.channels import writable
from cogs.faults import faults
from cogs.presses import member_of

NONCE_CHARS = 16


def operator(
    operator_ids: frozenset[UserId],
    change: Callable[[Change], Awaitable[str]],
    *,
    resumed: Callable[[], None],
) -> app_commands.Group:
    """The commands.

    Args:
        operator_ids: who may use them; nobody else may, whatever Discord lets them do.
        change: makes a change and says what was done, as a sentence.
        resumed: told that paid orders may go on.
    """
    group = app_commands.Group(
        name="operator",
        description="For whoever runs this bot: which servers may spend at paid providers",
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
    )

    def check(interaction: Interaction) -> int:
        check_operator(interaction, operator_ids)
        return member_of(interaction).guild_id

    @group.command(name="admit", description="Let this server spend so much a month at paid providers")
    @app_commands.describe(dollars="A month, such as 25 or 7.50")
    async def admit(interaction: Interaction, dollars: str) -> None:
        await acknowledge(interaction)
        guild_id = check(interaction)
        try:
            ceiling = parse_usd(dollars)
        except ValueError as wrong:
            raise ChangeRefused(
                _("That is no amount of dollars."),
                _("Write it as digits, such as 25 or 7.50."),
                kind=FaultKind.SERVER_BUDGET,
            ) from wrong
        done = await change(AdmitGuild(guild_id=guild_id, ceiling_monthly_micros=ceiling))
        await answer(interaction, said(done))

    @group.command(name="dismiss", description="Let this server spend nothing at paid providers from now on")
    async def dismiss(interaction: Interaction) -> None:
        await acknowledge(interaction)
        done = await change(DismissGuild(guild_id=check(interaction)))
        await answer(interaction, said(done))

    @group.command(name="resume", description="Let paid orders go on that were stopped for their rate")
    async def resume(interaction: Interaction) -> None:
        await acknowledge(interaction)
        check(interaction)
        done = await change(ResumeSpending(by=str(interaction.user.id)))
        resumed()
        await answer(interaction, said(done))

    return group


def check_operator(interaction: Interaction, operator_ids: frozenset[UserId]) -> None:
    """Whether the presser runs this bot, whatever Discord lets them do.

    Raises:
        NotYours: they do not.
    """
    if interaction.user.id not in operator_ids:
        raise NotYours(
            _("Only whoever runs this bot can do that."),
            _("Its operators are named in DAILIES_OPERATOR_IDS."),
        )


async def post_notice(client: discord.Client, channel_id: int, sentence: str) -> None:
    """Show the operator a sentence in their channel; the same one again within minutes is one message.

    Raises:
        DeliveryUnavailable: worth trying again.
        DeliveryRefused: the bot may not post there, or there is no such channel.
    """
    nonce = hashlib.sha256(sentence.encode()).hexdigest()[:NONCE_CHARS]
    with faults(client):
        await writable(client, ChannelId(channel_id)).send(view=said(sentence), nonce=nonce)
