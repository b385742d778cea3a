"""`/budget`: what managers set, give, take back and look at. Discord's own gate decides who may use it."""

import asyncio
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from bot.budgets import REASON_CHARS_MAX
from bot.domain import Period
from bot.money import format_usd
from bot.quoting import shortened
from cogs.answers import Interaction
from cogs.choices import CHOICE_NAME_UNITS_MAX, CHOICES_MAX
from cogs.held_places import Held
from cogs.managing import GRANT_DAYS_MAX, Managing, Target

AMOUNT_CHARS_MAX = 20
ZONE_CHARS_MAX = 64

Reason = Range[str, 1, REASON_CHARS_MAX]


def budget(managing: Managing) -> app_commands.Group:
    """The commands."""
    group = app_commands.Group(
        name="budget",
        description="What may be spent here, and by whom",
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
    )
    _limits(group, managing)
    _grants(group, managing)
    _rules(group, managing)
    return group


def _limits(group: app_commands.Group, managing: Managing) -> None:
    periods = [
        Choice(name=locale_str("a day"), value=Period.DAY.value),
        Choice(name=locale_str("a week"), value=Period.WEEK.value),
        Choice(name=locale_str("a month"), value=Period.MONTH.value),
        Choice(name=locale_str("in total"), value=Period.TOTAL.value),
    ]

    @group.command(name="set", description="Set the limit of this server, a channel, a role or a member")
    @app_commands.describe(
        every=locale_str("How often it begins anew; every month if you leave this out"),
        channel=locale_str("For all orders in a channel"),
        role=locale_str("For each member with a role, by themselves"),
        member=locale_str("For one member"),
    )
    @app_commands.choices(every=periods)
    async def set_(
        interaction: Interaction,
        every: str = Period.MONTH.value,
        channel: app_commands.Transform[Any, Held] | None = None,
        role: discord.Role | None = None,
        member: discord.User | None = None,
    ) -> None:
        target = Target(channel=channel, role=role, member=member)
        await managing.open_limit(interaction, target, _period(every))

    @group.command(name="show", description="All limits and what is used of them, and who changed what")
    async def show(interaction: Interaction) -> None:
        await managing.show(interaction)

    @group.command(name="defaults", description="What holds for everybody: limit, price cap, orders at once")
    @app_commands.describe(every=locale_str("How often each limit begins anew; every month if left out"))
    @app_commands.choices(every=periods)
    async def defaults(interaction: Interaction, every: str = Period.MONTH.value) -> None:
        await managing.open_defaults(interaction, _period(every))


def _grants(group: app_commands.Group, managing: Managing) -> None:
    @group.command(name="grant", description="Give a member money beyond the budget")
    @app_commands.describe(
        member=locale_str("Whom"),
        amount=locale_str("How much, in US dollars, such as 5 or 0.50"),
        reason=locale_str("Why; it stands beside the grant"),
        days=locale_str("After how many days what is left is gone; never if you leave this out"),
    )
    async def grant(
        interaction: Interaction,
        member: discord.User,
        amount: Range[str, 1, AMOUNT_CHARS_MAX],
        reason: Reason,
        days: Range[int, 1, GRANT_DAYS_MAX] | None = None,
    ) -> None:
        await managing.grant(interaction, member, amount, reason, days)

    @group.command(name="revoke", description="Take back what is left of a grant")
    @app_commands.describe(
        grant=locale_str("Which; choose it from the list"), reason=locale_str("Why; it stands on record")
    )
    async def revoke(interaction: Interaction, grant: str, reason: Reason | None = None) -> None:
        await managing.revoke(interaction, grant, reason or "")

    @revoke.autocomplete("grant")
    async def grants(interaction: Interaction, typed: str) -> list[Choice[str]]:
        found = []
        for one in await managing.open_grants(interaction):
            left = format_usd(one.left_micros(interaction.created_at))
            name = shortened(f"{one.id}. {left}: {one.reason}", CHOICE_NAME_UNITS_MAX)
            if typed.casefold() in name.casefold():
                found.append(Choice(name=name, value=str(one.id)))
        return found[:CHOICES_MAX]


def _rules(group: app_commands.Group, managing: Managing) -> None:
    @group.command(name="zone", description="In which time zone days, weeks and months begin here")
    @app_commands.describe(
        zone=locale_str("Such as Europe/Berlin; type a part of it"),
        reason=locale_str("Why; it stands on record"),
    )
    async def zone(
        interaction: Interaction, zone: Range[str, 1, ZONE_CHARS_MAX], reason: Reason | None = None
    ) -> None:
        await managing.time_zone(interaction, zone, reason or "")

    @zone.autocomplete("zone")
    async def zones(interaction: Interaction, typed: str) -> list[Choice[str]]:
        del interaction
        return [Choice(name=name, value=name) for name in await asyncio.to_thread(matching_zones, typed)]

    @group.command(name="alerts", description="Where warnings at 50, 80 and 100 % and monthly statements go")
    @app_commands.describe(
        channel=locale_str("To which channel; to none if you leave this out"),
        reason=locale_str("Why; it stands on record"),
    )
    async def alerts(
        interaction: Interaction, channel: discord.TextChannel | None = None, reason: Reason | None = None
    ) -> None:
        await managing.alerts(interaction, channel, reason or "")


def matching_zones(typed: str) -> list[str]:
    """The time zones with what was typed in their name, those that begin with it first."""
    wanted = typed.casefold().replace(" ", "_")
    found = [name for name in _zones() if wanted in name.casefold()]
    return sorted(found, key=lambda name: (not name.casefold().startswith(wanted), name))[:CHOICES_MAX]


@cache
def _zones() -> frozenset[str]:
    """They are read from hundreds of files: not at every key that somebody presses, and never on the loop."""
    return frozenset(available_timezones())


def _period(typed: str) -> Period:
    """What Discord lets nobody type otherwise is taken for the month."""
    return Period(typed) if typed in set(Period) else Period.MONTH
