"""What one member alone reads of an order: the quote and the receipt. Pure views."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from discord import ui

from bot.catalogue import Described, price_line
from bot.domain import NO_CHANNEL, Allowance, Job, Kind, Micros, Order, Quote
from bot.language import _
from bot.money import format_usd, with_display
from bot.offers.normalising import Adjustment, sentence
from bot.quoting import escaped, quoted, shortened
from cogs import amounts, sentences
from cogs.buttons import QuoteButton
from cogs.cards import clip_url

PROMPT_UNITS_IN_QUOTE = 700
PROMPT_UNITS_OF_SOURCE = 80
PROMPT_UNITS_OF_AN_END = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A priced order that waits for its member's yes.

    `adjustments` is how it differs from what was typed, `notes` what else is to be known before paying.
    `final_s` and `final_resolution` are what a draft's final is to have, where that was chosen. `source`
    is the job whose clip it starts from, with the name of the model that made that; `final_of` the draft
    that it is the final of.
    """

    quote_id: str
    order: Order
    quote: Quote
    model: Described
    allowance: Allowance
    play_money: bool
    expires_at: datetime
    adjustments: Sequence[Adjustment] = ()
    notes: Sequence[str] = ()
    final_s: int | None = None
    final_resolution: str | None = None
    source: tuple[Job, str] | None = None
    final_of: Job | None = None


def quote_view(
    offered: Offered,
    *more: ui.Item[Any] | None,
    rows: Sequence[ui.ActionRow[Any]] = (),
    advice: Sequence[str] = (),
) -> ui.LayoutView:
    """The price with where it comes from, what it leaves of the budget, and the two buttons.

    Args:
        offered: what is asked.
        more: buttons beside these two.
        rows: what else can be chosen, above them.
        advice: what would make the clip better, where it is not a press away.
    """
    order, quote = offered.order, offered.quote
    costs = _("This costs {price} in play money") if offered.play_money else _("This costs {price}")
    if not quote.price_micros:
        costs = _("This is free")
    whole = Micros(quote.price_micros * order.takes)
    lines = [
        "### " + costs.format(price=with_display(whole)),
        quoted(order.prompt, PROMPT_UNITS_IN_QUOTE),
        *_source(order, offered.source),
        *_final(offered.final_of),
        " · ".join(
            [
                sentences.settings_of_takes(offered.model.name, order),
                sentences.made_by(offered.model.label),
            ]
        ),
        *_draft(offered),
        *(f"- {escaped(sentence(each, offered.model.name))}" for each in offered.adjustments),
        *(f"- {escaped(note)}" for note in offered.notes),
        _price(quote, order),
    ]
    if told := amounts.left_after(offered.allowance, whole):
        lines.append(told)
    if order.private:
        lines.append(private_words(order))
    lines.append(
        _("Nothing is charged until you confirm. The quote ends {when}.").format(
            when=sentences.ago(offered.expires_at)
        )
    )
    view = ui.LayoutView(timeout=None)
    view.add_item(
        ui.Container(
            ui.TextDisplay("\n".join(lines)),
            *_advice(advice),
            *rows,
            ui.ActionRow(
                QuoteButton(
                    offered.quote_id,
                    accepts=True,
                    label=_("Confirm for {price}").format(price=format_usd(whole))
                    if quote.price_micros
                    else _("Confirm"),
                ),
                QuoteButton(offered.quote_id, accepts=False, label=_("Cancel")),
                *(one for one in more if one is not None),
            ),
        )
    )
    return view


def _draft(offered: Offered) -> list[str]:
    """That an order is a draft, and what comes after it."""
    if not offered.order.draft:
        return []
    length, resolution = offered.final_s, offered.final_resolution
    if length is not None and resolution is not None:
        told = _(
            "A draft at the model's lowest price. Make final orders it in {resolution} later, {n} s long."
        )
    elif length is not None:
        told = _("A draft at the model's lowest price. Make final orders it at its best later, {n} s long.")
    elif resolution is not None:
        told = _("A draft at the model's lowest price. Make final orders it in {resolution} later.")
    else:
        told = _("A draft at the model's lowest price. Make final orders it at its best later.")
    return [f"- {told.format(n=length, resolution=resolution)}"]


def _source(order: Order, source: tuple[Job, str] | None) -> list[str]:
    """The clip that an order starts from: its words, so that the wrong one is noticed before it is paid."""
    if source is None:
        return []
    job, model = source
    words = start_of(job)
    if (url := clip_url(job)) is not None:
        words = f"[{words}]({url})"
    facts = [escaped(model), sentences.ago(job.created_at)]
    if job.order.takes > 1:
        facts.insert(0, _("take {n}").format(n=job.take))
    told = _("From the clip {words} · {facts}")
    if order.kind is Kind.ANIMATE:
        told = _("From the last frame of {words} · {facts}")
    return [told.format(words=words, facts=" · ".join(facts))]


def _final(draft: Job | None) -> list[str]:
    """Of which draft an order is the final: of which take, where there are several."""
    if draft is None:
        return []
    words = _("the draft")
    if draft.order.takes > 1:
        words = _("take {n} of the draft").format(n=draft.take)
    if (url := clip_url(draft)) is not None:
        words = f"[{words}]({url})"
    return [
        _("The final of {words}, asked for {when}").format(words=words, when=sentences.ago(draft.created_at))
    ]


def start_of(job: Job) -> str:
    """The first words of an order, to know it by."""
    return escaped(shortened(job.order.prompt, PROMPT_UNITS_OF_SOURCE))


def private_words(order: Order) -> str:
    """How a private clip will be shown, said before it is paid and on the receipt."""
    if order.channel_id == NO_CHANNEL:
        return _(
            "This bot may not post here, so only you see the clip: in this answer for 15 minutes, and after "
            "that with /clips in a direct message with this bot, where you are told of it only if you asked "
            "for that. It has no card, and nobody else can be shown it."
        )
    if not order.member.in_server:
        return _(
            "Private: the clip is shown in this answer alone for 15 minutes; after that you find it here "
            "with /clips, and are told of it only if you asked for that. Its card says nothing of the prompt."
        )
    return _(
        "Private: the clip is shown here to you alone for 15 minutes, with a button to publish it; after "
        "that you find it in /clips, and are told by direct message only if you asked for that. Its card in "
        "{place} says nothing of the prompt."
    ).format(place=f"<#{order.channel_id}>")


def receipt(job: Job, *, play_money: bool, style: str | None = None) -> str:
    """That the order stands, what it set aside, its preset's name, and what is private of it."""
    told = _receipt(job, play_money=play_money)
    if style is not None:
        told += "\n" + _("-# In the style of {preset}").format(preset=escaped(style))
    return f"{told}\n{private_words(job.order)}" if job.order.private else told


def ended(job: Job) -> str:
    """To the one who ordered, beside any card: how it ended without a clip, and what it cost."""
    told = _("**Your order in {place}: {state}**").format(
        place=f"<#{job.order.channel_id}>", state=sentences.state(job, None)
    )
    if job.order.channel_id == NO_CHANNEL:
        told = _("**Your order: {state}**").format(state=sentences.state(job, None))
    if job.order.takes > 1:
        told += " · " + _("take {n} of {takes}").format(n=job.take, takes=job.order.takes)
    words = quoted(job.order.prompt, PROMPT_UNITS_OF_AN_END)
    return "\n".join([told, words, sentences.explanation(job) or ""])


def _advice(advice: Sequence[str]) -> list[ui.Item[Any]]:
    if not advice:
        return []
    lines = [_("**Advice**, none of which has to be"), *(f"- {escaped(one)}" for one in advice)]
    return [ui.Separator(), ui.TextDisplay("\n".join(lines))]


def receipt_view(text: str, *buttons: ui.Item[Any] | None) -> ui.LayoutView:
    """The receipt, with what can be pressed on it."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    shown = [one for one in buttons if one is not None]
    if shown:
        view.add_item(ui.ActionRow(*shown))
    return view


def _receipt(job: Job, *, play_money: bool) -> str:
    if job.order.channel_id == NO_CHANNEL:
        return _receipt_aside(job, play_money=play_money)
    place = f"<#{job.order.channel_id}>"
    if not job.quote.price_micros:
        return _("Ordered. It is free. Its card in {place} shows how it goes.").format(place=place)
    if play_money:
        told = _("Ordered. {price} of play money is set aside for it. Its card in {place} shows how it goes.")
    else:
        told = _("Ordered. {price} is set aside for it. Its card in {place} shows how it goes.")
    return told.format(price=with_display(Micros(job.quote.price_micros * job.order.takes)), place=place)


def _receipt_aside(job: Job, *, play_money: bool) -> str:
    """The same where there is no card."""
    if not job.quote.price_micros:
        return _("Ordered. It is free.")
    told = _("Ordered. {price} is set aside for it.")
    if play_money:
        told = _("Ordered. {price} of play money is set aside for it.")
    return told.format(price=with_display(Micros(job.quote.price_micros * job.order.takes)))


def _price(quote: Quote, order: Order) -> str:
    each = price_line(quote, order.duration_s)
    if order.takes == 1:
        return _("Price: {price}").format(price=each)
    return _("Price: {n} takes, each {price}").format(n=order.takes, price=each)
