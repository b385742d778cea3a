"""`/quota`: one's own budget, every other limit that holds here, grants, and the latest orders."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands, ui

from bot.budgets import Budgets
from bot.domain import Allowance, ChannelId, Job, Period
from bot.language import _
from bot.money import format_usd, with_display
from bot.orders import Orders
from bot.quoting import escaped, shortened
from bot.spend.standings import Bound, BudgetScope, Grant, MemberStanding, Standings
from cogs import amounts, sentences
from cogs.answers import Interaction, acknowledge, answer
from cogs.budget_words import bound
from cogs.cards import clip_url, message_url
from cogs.whereabouts import member_of, roles_of

ORDERS_SHOWN = 8
PROMPT_UNITS = 60
GRANTS_SHOWN = 5
REASON_UNITS = 60


def quota(
    orders: Orders, budgets: Budgets, standings: Standings, *, play_money: bool
) -> app_commands.Command[Any, ..., None]:
    """The command."""

    async def callback(interaction: Interaction) -> None:
        await acknowledge(interaction)
        member = member_of(interaction)
        role_ids = roles_of(interaction)
        here = interaction.channel
        parent_id = here.parent_id if isinstance(here, discord.Thread) else None
        channel_id = ChannelId(parent_id or interaction.channel_id or 0)
        allowance = await budgets.allowance(
            member, channel_id=channel_id, role_ids=role_ids, costs_money=not play_money
        )
        standing = await standings.of_member(member, channel_id, role_ids)
        newest = await orders.newest_of(member, limit=ORDERS_SHOWN)
        await answer(interaction, quota_view(allowance, standing, newest, play_money=play_money))

    return app_commands.Command(
        name="quota",
        description="Your budget: what is spent, set aside and left, and your latest orders",
        callback=callback,
    )


def quota_view(
    allowance: Allowance, standing: MemberStanding, newest: list[Job], *, play_money: bool
) -> ui.LayoutView:
    """One's own budget in figures, then what else holds here, then the latest orders with a way to each."""
    parts = [
        _own(allowance, play_money=play_money),
        _all_limits(standing),
        *([_grants(standing.grants, standing)] if standing.grants else []),
        "\n".join(_line(job) for job in newest) or _("No orders yet. /generate makes your first video."),
    ]
    container: ui.Container[ui.LayoutView] = ui.Container()
    for number, text in enumerate(parts):
        if number:
            container.add_item(ui.Separator())
        container.add_item(ui.TextDisplay(text))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return view


def _own(allowance: Allowance, *, play_money: bool) -> str:
    balance = allowance.balance
    limit = _("no limit") if allowance.limit_micros is None else with_display(allowance.limit_micros)
    left = _("no limit") if allowance.left_micros is None else with_display(allowance.left_micros)
    if (whose := amounts.whose_is(allowance.left_of)) != amounts.whose_is(""):
        left = _("{money}, since that is all that is left of: {whose}").format(money=left, whose=whose)
    head = _head(allowance.period)
    lines = [
        "### " + (_("{head}, in play money").format(head=head) if play_money else head),
        _("**Left** {money}").format(money=left),
        _("**Spent** {money}").format(money=with_display(balance.spent_micros)),
        _("**Set aside** for orders in hand: {money}").format(money=with_display(balance.held_micros)),
        _("**Limit** {money}").format(money=limit),
    ]
    if allowance.starts_anew:
        lines.append(
            _("It starts anew {when}, on {day}.").format(
                when=sentences.ago(allowance.resets_at), day=sentences.day(allowance.resets_at)
            )
        )
    else:
        lines.append(_("It does not start anew: those who manage this server can raise it."))
    return "\n".join(lines)


def _head(period: Period) -> str:
    match period:
        case Period.DAY:
            return _("Your budget today")
        case Period.WEEK:
            return _("Your budget this week")
        case Period.MONTH:
            return _("Your budget this month")
        case Period.TOTAL:
            return _("Your budget in total")


def _all_limits(standing: MemberStanding) -> str:
    """Everything that an order of theirs here has to fit into; all of it has to have room."""
    lines = [f"- {bound(one)}" for one in standing.bounds if _is_told(one, standing.bounds)]
    rules = standing.rules
    if rules.order_max_micros is not None:
        most = format_usd(rules.order_max_micros)
        lines.append("- " + _("One order may cost at most {most}").format(most=most))
    if rules.member_in_flight_max is not None:
        lines.append(
            "- "
            + _("On their way at once: {n} of at most {most}").format(
                n=standing.in_flight, most=rules.member_in_flight_max
            )
        )
    if not lines:
        lines = [_("No limits are set.")]
    return "\n".join([f"**{_('Every limit that holds here')}**", *lines])


def _is_told(one: Bound, among: Sequence[Bound]) -> bool:
    """What the whole installation has left is nobody's matter, unless it is what stops them."""
    return one.scope is not BudgetScope.INSTALLATION or all(
        one.left_micros < other.left_micros for other in among if other.scope is not BudgetScope.INSTALLATION
    )


def _grants(grants: Sequence[Grant], standing: MemberStanding) -> str:
    lines = [f"**{_('Granted to you, beyond your budget')}**"]
    for grant in grants[:GRANTS_SHOWN]:
        told = _("{left} of {amount} left").format(
            left=format_usd(grant.left_micros(standing.at)), amount=format_usd(grant.amount_micros)
        )
        if grant.expires_at is not None:
            told = _("{told}, until {when}").format(told=told, when=sentences.moment(grant.expires_at))
        lines.append(f"- {told} · {escaped(shortened(grant.reason, REASON_UNITS))}")
    if len(grants) > GRANTS_SHOWN:
        lines.append(_("… and {n} more").format(n=len(grants) - GRANTS_SHOWN))
    return "\n".join(lines)


def _line(job: Job) -> str:
    price = format_usd(job.quote.price_micros) if job.quote.price_micros else _("free")
    words = escaped(shortened(job.order.prompt, PROMPT_UNITS))
    url = clip_url(job)
    if url is None and job.card_message_id is not None:
        url = message_url(job.order.member.guild_id, job.order.channel_id, job.card_message_id)
    shown = f"[{words}]({url})" if url else words
    return f"- {shown}\n-# {sentences.state(job, None)} · {price} · {sentences.ago(job.created_at)}"
