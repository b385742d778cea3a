"""What one member alone reads: the quote, the receipt, and the details of an order. Pure views."""

import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord
from discord import ui

from bot.catalogue import Described, price_line
from bot.domain import Allowance, Job, Micros, Order, Quote
from bot.money import format_usd
from cogs import sentences
from cogs.buttons import QuoteButton
from cogs.cards import clip_url
from cogs.quoting import escaped, fits, quoted

PROMPT_UNITS_IN_QUOTE = 700
PROMPT_UNITS_IN_DETAILS = 2_800
PROMPT_FILE = "prompt.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A priced order that waits for its member's yes."""

    quote_id: str
    order: Order
    quote: Quote
    model: Described
    allowance: Allowance
    play_money: bool
    expires_at: datetime


def quote_view(offered: Offered) -> ui.LayoutView:
    """The price with where it comes from, what it leaves of the budget, and the two buttons."""
    order, quote, allowance = offered.order, offered.quote, offered.allowance
    money = " in play money" if offered.play_money else ""
    lines = [
        f"### This costs {format_usd(quote.price_micros)}{money}",
        quoted(order.prompt, PROMPT_UNITS_IN_QUOTE),
        f"{sentences.settings(offered.model.name, order)} · {escaped(offered.model.label)}",
        f"Price: {price_line(quote, order.duration_s)}",
    ]
    if allowance.left_micros is not None:
        after = Micros(max(0, allowance.left_micros - quote.price_micros))
        lines.append(
            f"Your budget: {format_usd(allowance.left_micros)} left, {format_usd(after)} after this; "
            f"it starts anew {sentences.ago(allowance.resets_at)}"
        )
    lines.append(f"Nothing is charged until you confirm. The quote ends {sentences.ago(offered.expires_at)}.")
    view = ui.LayoutView(timeout=None)
    view.add_item(
        ui.Container(
            ui.TextDisplay("\n".join(lines)),
            ui.ActionRow(
                QuoteButton(
                    offered.quote_id, accepts=True, label=f"Confirm for {format_usd(quote.price_micros)}"
                ),
                QuoteButton(offered.quote_id, accepts=False, label="Cancel"),
            ),
        )
    )
    return view


def receipt(job: Job, *, play_money: bool) -> str:
    """That the order stands, and what it set aside."""
    price = job.quote.price_micros
    kind = " of play money" if play_money else ""
    money = f"{format_usd(price)}{kind} is set aside for it." if price else "It is free."
    return f"Ordered. {money} Its card in <#{job.order.channel_id}> shows how it goes."


def details_view(job: Job, model: Described, *, play_money: bool) -> tuple[ui.LayoutView, list[discord.File]]:
    """Everything about an order that its server may know, with the prompt as a file where it is too long."""
    order = job.order
    lines = [
        f"**Model** {escaped(model.name)} ({escaped(job.quote.offer_id)}), {escaped(model.label)}",
        f"**Settings** {sentences.settings(model.name, order)}",
        f"**Price** {sentences.price(job.quote, order, play_money=play_money)}",
        f"**State** {sentences.state(job, None)} {sentences.ago(job.state_at)}",
        f"**Asked for** by <@{order.member.user_id}> {sentences.ago(job.created_at)}",
        f"**Order** `{job.id}`" + (f" · **Fault** {escaped(job.fault.code)}" if job.fault else ""),
    ]
    if (why := sentences.explanation(job)) is not None:
        lines.append(why)
    parts: list[ui.Item[Any]] = [
        ui.TextDisplay(quoted(order.prompt, PROMPT_UNITS_IN_DETAILS)),
        ui.TextDisplay("\n".join(lines)),
    ]
    files: list[discord.File] = []
    if not fits(order.prompt, PROMPT_UNITS_IN_DETAILS):
        files.append(discord.File(io.BytesIO(order.prompt.encode()), PROMPT_FILE))
        parts.append(ui.File(f"attachment://{PROMPT_FILE}"))
    if (url := clip_url(job)) is not None:
        parts.append(ui.ActionRow(ui.Button(label="Show the clip", url=url)))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts))
    return view, files
