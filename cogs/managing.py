"""What `/budget` and its forms do. Person and place are checked here, at every form that is sent in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import discord
from discord import ui

from bot.budgets import Budgets
from bot.domain import ChannelId, FaultKind, GuildId, Member, Period, UserId
from bot.errors import ChangeRefused, DeliveryRefused, NotYours
from bot.language import _
from bot.money import format_usd
from bot.quoting import escaped
from bot.spend.distributing import Distributing, amount, every
from bot.spend.standings import BudgetScope, Grant, Standings
from cogs import sentences
from cogs.alert_delivery import AlertDelivery
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.budget_forms import DefaultsSent, LimitSent, defaults_form, limit_form, sent
from cogs.budget_view import CHANGES_SHOWN, guild_view
from cogs.budget_words import whose
from cogs.forms import show
from cogs.presses import member_of

GRANT_DAYS_MAX = 3_650


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """For whom a limit is to be: at most one of them, and the server where none is named."""

    channel: Any = None
    role: discord.Role | discord.Object | None = None
    member: discord.User | discord.Member | discord.Object | None = None


class Managing:
    """The managers' side of budgets."""

    def __init__(
        self,
        budgets: Budgets,
        distributing: Distributing,
        standings: Standings,
        delivery: AlertDelivery,
    ) -> None:
        self._budgets = budgets
        self._distributing = distributing
        self._standings = standings
        self._delivery = delivery

    async def open_limit(self, interaction: Interaction, target: Target, period: Period) -> None:
        """`/budget set`: a form with the limit as it stands. A form must be the first answer."""
        by = member_of(interaction)
        scope, scope_id, name = _scope_of(interaction, target)
        shown = await self._distributing.shown(by.guild_id, scope, scope_id, period)
        await show(interaction, limit_form(shown, name))

    async def open_defaults(self, interaction: Interaction, period: Period) -> None:
        """`/budget defaults`: a form with what holds for everybody."""
        by = member_of(interaction)
        shown = await self._distributing.shown_defaults(by.guild_id, period)
        await show(interaction, defaults_form(shown))

    async def submitted(self, interaction: Interaction) -> None:
        """A form was sent in.

        Raises:
            Refusal: with the sentence for the manager; nothing was changed.
        """
        await acknowledge(interaction)
        by = member_of(interaction)
        _check_manager(interaction)
        match sent(interaction):
            case LimitSent() as limit:
                await answer(interaction, said(await self._limit(interaction, limit, by)))
            case DefaultsSent() as defaults:
                await self._distributing.set_defaults(
                    by.guild_id, defaults.shown, defaults.wanted, by=by.user_id, reason=defaults.reason
                )
                await answer(interaction, await self._guild(by.guild_id))

    async def show(self, interaction: Interaction) -> None:
        """`/budget show`."""
        await acknowledge(interaction)
        await answer(interaction, await self._guild(member_of(interaction).guild_id))

    async def show_pressed(self, interaction: Interaction) -> None:
        """The button under an alert: the same, for those who may manage the server."""
        await acknowledge(interaction)
        member = member_of(interaction)
        _check_manager(interaction)
        await answer(interaction, await self._guild(member.guild_id))

    async def grant(
        self, interaction: Interaction, person: object, typed: str, reason: str, days: int | None
    ) -> None:
        """`/budget grant`."""
        await acknowledge(interaction)
        by = member_of(interaction)
        to = Member(guild_id=by.guild_id, user_id=_person(interaction, person))
        wanted = amount(typed)
        if wanted is None:
            raise _unfit(_("No amount was given."), _("Name one in US dollars, such as 5 or 0.50."))
        # Discord keeps to what the command declares; a client that is none of Discord's need not.
        if days is not None and days < 1:
            raise _unfit(_("This grant would have expired already."), _("Choose a later time."))
        if days is not None and days > GRANT_DAYS_MAX:
            unknown = _("The command came in a form that this bot does not know.")
            raise _unfit(unknown, _("Pick it again from the list that opens when you type /."))
        expires_at = None if days is None else interaction.created_at + timedelta(days=days)
        grant = await self._budgets.grant(to, wanted, by=by.user_id, reason=reason, expires_at=expires_at)
        told = _("{member} may spend {amount} beyond the budget.").format(
            member=f"<@{to.user_id}>", amount=format_usd(grant.amount_micros)
        )
        if grant.expires_at is not None:
            when = sentences.moment(grant.expires_at)
            told = _("{member} may spend {amount} beyond the budget, until {when}.").format(
                member=f"<@{to.user_id}>", amount=format_usd(grant.amount_micros), when=when
            )
        more = _("The limits of the channel and the server hold all the same.")
        await answer(interaction, said(f"{told} {more}"))

    async def revoke(self, interaction: Interaction, typed: str, reason: str) -> None:
        """`/budget revoke`."""
        await acknowledge(interaction)
        by = member_of(interaction)
        known = typed.isascii() and typed.isdecimal() and len(typed) < 19
        was = (
            await self._budgets.revoke(by.guild_id, int(typed), by=by.user_id, reason=reason)
            if known
            else None
        )
        if was is None:
            raise _unfit(_("There is no such open grant here."), _("Choose one from the list."))
        left = format_usd(was.left_micros(interaction.created_at))
        await answer(
            interaction,
            said(
                _("The grant of {member} is taken back: {left} of it can no longer be spent.").format(
                    member=f"<@{was.member.user_id}>", left=left
                )
            ),
        )

    async def open_grants(self, interaction: Interaction) -> list[Grant]:
        """Those that can be taken back, the latest first."""
        standing = await self._standings.of_guild(member_of(interaction).guild_id, changes=0)
        return list(standing.grants)

    async def time_zone(self, interaction: Interaction, time_zone: str, reason: str) -> None:
        """`/budget zone`."""
        await acknowledge(interaction)
        by = member_of(interaction)
        try:
            was = await self._distributing.set_time_zone(
                by.guild_id, time_zone, by=by.user_id, reason=reason, asked_at=interaction.created_at
            )
        except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:  # OSError: a folder of zones
            raise _unfit(
                _("There is no such time zone."), _("Choose one from the list, such as Europe/Berlin.")
            ) from unknown
        told = _("The budgets of this server begin anew at midnight in {zone}. It was {was} before.")
        await answer(interaction, said(told.format(zone=escaped(time_zone), was=escaped(was))))

    async def alerts(self, interaction: Interaction, channel: Any, reason: str) -> None:
        """`/budget alerts`: the channel is proven to be open to us by a message in it."""
        await acknowledge(interaction)
        by = member_of(interaction)
        if channel is None:
            was = await self._distributing.choose_alerts(by.guild_id, None, by=by.user_id, reason=reason)
            told = _("Alerts about money are off.") if was else _("Alerts about money were off already.")
            await answer(interaction, said(told))
            return
        channel_id = ChannelId(channel.id)
        if not _has_channel(interaction, channel_id):
            raise _unfit(_("There is no such channel here."), _("Choose one of this server."))
        try:
            await self._delivery.introduce(channel_id, by.guild_id, nonce=f"i{interaction.id}"[:25])
        except DeliveryRefused as closed:
            raise _unfit(
                _("This bot may not post in that channel."),
                _("Let it view the channel and send messages there, or choose another."),
            ) from closed
        await self._distributing.choose_alerts(by.guild_id, channel_id, by=by.user_id, reason=reason)
        told = _("Warnings at 50, 80 and 100 % of each limit and monthly statements go to {channel}.")
        await answer(interaction, said(told.format(channel=f"<#{channel_id}>")))

    async def _limit(self, interaction: Interaction, limit: LimitSent, by: Member) -> str:
        shown = limit.shown
        _check_there(interaction, shown.scope, shown.scope_id)
        await self._distributing.set_limit(
            by.guild_id, shown, limit.wanted, by=by.user_id, reason=limit.reason
        )
        name = whose(shown.scope, shown.scope_id)
        if limit.wanted is None:
            return _("{whose}: no limit {every} any more.").format(whose=name, every=every(shown.period))
        return _("{whose}: {limit} {every}, from now on.").format(
            whose=name, limit=format_usd(limit.wanted), every=every(shown.period)
        )

    async def _guild(self, guild_id: GuildId) -> ui.LayoutView:
        return guild_view(await self._standings.of_guild(guild_id, changes=CHANGES_SHOWN))


def _check_manager(interaction: Interaction) -> None:
    """Whether the presser may manage this server, by what Discord says with this press."""
    if not interaction.permissions.manage_guild:
        raise NotYours(
            _("Budgets are for those who may manage this server."), _("Ask one of them, or use /quota.")
        )


def _scope_of(interaction: Interaction, target: Target) -> tuple[BudgetScope, int, str]:
    """Whose limit it is, and its name as plain text."""
    named = [one for one in (target.channel, target.role, target.member) if one is not None]
    if len(named) > 1:
        raise _unfit(_("A limit is for one channel, one role or one member."), _("Name one of them."))
    if target.member is not None:
        user_id = _person(interaction, target.member)
        return BudgetScope.MEMBER, user_id, getattr(target.member, "display_name", str(user_id))
    if target.role is not None:
        _check_there(interaction, BudgetScope.ROLE, target.role.id)
        return BudgetScope.ROLE, target.role.id, getattr(target.role, "name", str(target.role.id))
    if target.channel is not None:
        _check_there(interaction, BudgetScope.CHANNEL, target.channel.id)
        return BudgetScope.CHANNEL, target.channel.id, f"#{target.channel.name}"
    return BudgetScope.GUILD, 0, _("This server")


def _person(interaction: Interaction, person: object) -> UserId:
    """The id of a member of this server who is no bot; Discord says in the press who is one."""
    if isinstance(person, discord.User | discord.Member) and person.bot:
        raise _unfit(_("A bot orders nothing."), _("Choose a person."))
    if not isinstance(person, discord.Member) or person.guild.id != interaction.guild_id:
        raise _unfit(_("This person is not a member of this server."), _("Choose one who is."))
    return UserId(person.id)


def _check_there(interaction: Interaction, scope: BudgetScope, scope_id: int) -> None:
    """Whether what was named is still there, when the form comes in too."""
    guild = interaction.guild
    if scope is BudgetScope.ROLE and (guild is None or guild.get_role(scope_id) is None):
        raise _unfit(_("This role is not there any more."), _("Choose one of this server."))
    if scope is BudgetScope.CHANNEL and not _has_channel(interaction, ChannelId(scope_id)):
        raise _unfit(_("There is no such channel here."), _("Choose one of this server."))


def _has_channel(interaction: Interaction, channel_id: ChannelId) -> bool:
    guild = interaction.guild
    return guild is not None and guild.get_channel(channel_id) is not None


def _unfit(what: str, do: str) -> ChangeRefused:
    return ChangeRefused(what, do, kind=FaultKind.SERVER_BUDGET)
