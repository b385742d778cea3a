"""`/quota`: one's own budget and latest orders."""

from typing import Any

from discord import app_commands, ui

from bot.budgets import Budgets
from bot.domain import Allowance, Job
from bot.language import _
from bot.money import format_usd
from bot.orders import Orders
from cogs import sentences
from cogs.answers import Interaction, acknowledge, answer
from cogs.cards import clip_url, message_url
from cogs.presses import member_of
from cogs.quoting import escaped, shortened

ORDERS_SHOWN = 8
PROMPT_UNITS = 60


def quota(orders: Orders, budgets: Budgets, *, play_money: bool) -> app_commands.Command[Any, ..., None]:
    """The command."""

    async def callback(interaction: Interaction) -> None:
        await acknowledge(interaction)
        member = member_of(interaction)
        allowance = await budgets.allowance(member)
        newest = await orders.newest_of(member, limit=ORDERS_SHOWN)
        await answer(interaction, quota_view(allowance, newest, play_money=play_money))

    return app_commands.Command(
        name="quota",
        description="Your budget: what is spent, set aside and left, and your latest orders",
        callback=callback,
    )


def quota_view(allowance: Allowance, newest: list[Job], *, play_money: bool) -> ui.LayoutView:
    """The month in figures, then the latest orders with a way to each."""
    balance = allowance.balance
    limit = _("no limit") if allowance.limit_micros is None else format_usd(allowance.limit_micros)
    left = _("no limit") if allowance.left_micros is None else format_usd(allowance.left_micros)
    head = _("Your budget this month, in play money") if play_money else _("Your budget this month")
    figures = "\n".join(
        (
            f"### {head}",
            _("**Left** {money}").format(money=left),
            _("**Spent** {money}").format(money=format_usd(balance.spent_micros)),
            _("**Set aside** for orders in hand: {money}").format(money=format_usd(balance.held_micros)),
            _("**Limit** {money}").format(money=limit),
            _("It starts anew {when}, on {day}.").format(
                when=sentences.ago(allowance.resets_at), day=sentences.day(allowance.resets_at)
            ),
        )
    )
    lines = [_line(job) for job in newest]
    orders = "\n".join(lines) if lines else _("No orders yet. /generate makes your first video.")
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(ui.TextDisplay(figures), ui.Separator(), ui.TextDisplay(orders)))
    return view


def _line(job: Job) -> str:
    price = format_usd(job.quote.price_micros) if job.quote.price_micros else _("free")
    words = escaped(shortened(job.order.prompt, PROMPT_UNITS))
    url = clip_url(job)
    if url is None and job.card_message_id is not None:
        url = message_url(job.order.member.guild_id, job.order.channel_id, job.card_message_id)
    shown = f"[{words}]({url})" if url else words
    return f"- {shown}\n-# {sentences.state(job, None)} · {price} · {sentences.ago(job.created_at)}"
