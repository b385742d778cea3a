"""The two messages of an order that everybody sees: the card that follows it, and the post of its clip.

Each call builds a new view. discord.py forgets a dynamic button for the whole bot when a view that is
already known loses one, times out or is stopped; so a view lives for one send or edit, has no timeout, and
holds nothing to press but dynamic items and links.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import ui

from bot.delivery import Card, Post, Take, card_nonce, clip_nonce
from bot.domain import ENDED, RESTING, ClipState, Job, JobId, JobState, Kind
from bot.language import _
from bot.quoting import quoted, shortened
from bot.reviews import Decision
from cogs import amounts, sentences
from cogs.buttons import CancelButton, DetailsButton
from cogs.clip_buttons import Act, ClipButton
from cogs.copies import smaller
from cogs.library_buttons import ShelfAct, ShelfButton
from cogs.making_buttons import Action, MakingButton, on_card, under_clip
from cogs.review_buttons import WhyButton

IN_A_ROW = 5
PROMPT_UNITS_ON_CARD = 700
PROMPT_UNITS_ON_POST = 1_500
ALT_UNITS_MAX = 256
"""discord.py's word; Discord's own description of its API allows 1,024."""

_CANCELLABLE = frozenset(
    {
        JobState.REVIEW,
        JobState.QUEUED,
        JobState.SUBMITTING,
        JobState.UNCERTAIN,
        JobState.RUNNING,
        JobState.WITHHELD,
    }
)
_HAS_CLIP = frozenset({JobState.POSTED, JobState.UNDELIVERABLE})
_TOLD = frozenset({Decision.CHANGE, Decision.DENIED, Decision.STRUCK})
UNSEEN = frozenset({ClipState.HIDDEN, ClipState.TAKEN_DOWN})
"""Of such a clip nobody but its member and moderators is shown anything."""

STANDS = frozenset({ClipState.SHOWN, ClipState.EXPIRED})
"""The message of such a clip still shows it: whose file is kept no longer stays where it was posted."""

_GREEN, _RED, _GREY, _BLUE = 0x3BA55D, 0xD83C3E, 0x80848E, 0x5865F2


def card_view(card: Card, *, gallery: Mapping[JobId, str] | None = None) -> ui.LayoutView:
    """The card as it should be now.

    A take with `clip_here` is shown as the attachment of `clip_file_name`; `gallery` has links to the clips
    that have been posted, which it shows together.
    """
    told = sentences.headline(card.takes)
    parts: list[ui.Item[Any]] = [ui.TextDisplay(f"### {told}\n{_prompt(card)}")]
    if shown := _gallery_items(card, gallery or {}):
        parts.append(ui.MediaGallery(*shown))
    if len(card.takes) > 1:
        lines = (sentences.take_line(take, clip_url(take.job)) for take in card.takes)
        parts.append(ui.TextDisplay("\n".join(lines)))
        if (held := sentences.held_explanation(card)) is not None:
            parts.append(ui.TextDisplay(held))
    elif not card.clips_here and (why := sentences.take_explanation(card.takes[0])) is not None:
        parts.append(ui.TextDisplay(why))
    parts.append(ui.TextDisplay("\n".join(f"-# {line}" for line in _facts(card))))
    parts += _rows(_buttons(card))
    return _view(ui.Container(*parts, accent_colour=_colour(card)))


def clip_view(post: Post, *, place_is_gone: bool = False) -> ui.LayoutView:
    """The post of a finished clip, around the attachment of `clip_file_name`, or around a link to it.

    `place_is_gone` is set where the channel or thread of its order was deleted.
    """
    job = post.job
    order = job.order
    price = amounts.what_was_paid(amounts.price(job.quote, order, play_money=post.play_money), [job])
    facts = [
        f"{sentences.settings(post.model_name, order)} · {sentences.made_by(post.label)}",
        f"{price} · " + _("asked for by {member}").format(member=f"<@{order.member.user_id}>"),
    ]
    if order.takes > 1:
        facts[0] = _("take {n} of {takes}").format(n=job.take, takes=order.takes) + f" · {facts[0]}"
    if order.draft:
        facts[0] = _("draft") + f" · {facts[0]}"
    if post.channel_id != order.channel_id:
        facts.append(_("ordered in a place that was deleted since") if place_is_gone else _elsewhere(job))
    if post.copy is not None:
        facts.append(smaller(post.copy))
    parts: list[ui.Item[Any]] = [ui.TextDisplay(quoted(order.prompt, PROMPT_UNITS_ON_POST))]
    buttons: list[ui.Item[Any]] = []
    if post.link is None:
        parts.append(ui.MediaGallery(_attached(job, post.label)))
    else:
        way = _("/clips in the server") if post.direct else None
        parts.append(ui.TextDisplay(sentences.link(post.link, way=way)))
        buttons.append(ui.Button(label=_("Watch the clip"), url=post.link.url))
    rest: list[ui.Item[Any]] = [DetailsButton(clip_nonce(job.id))]
    if post.direct:  # what is done with a clip of a server is done there
        facts.append(_("more can be done with it in the server, with /clips"))
        rest = [*buttons, *rest]
    parts.append(ui.TextDisplay("\n".join(f"-# {line}" for line in facts)))
    if not post.direct:
        parts += _rows([*buttons, *under_clip(job, can_extend=post.can_extend)])
        rest += _keeping(job, linked=post.link is not None)
    return _view(ui.Container(*parts, *_rows(rest), accent_colour=_GREEN))


def _elsewhere(job: Job) -> str:
    """Of a clip that is not where it was ordered; what stands there may not be for us to bring up to date."""
    order = job.order
    place = f"<#{order.channel_id}>"
    if job.card_message_id is None:
        return _("ordered in {place}, which did not take it").format(place=place)
    url = message_url(order.member.guild_id, order.channel_id, job.card_message_id)
    return _("done; ordered in {place}, which did not take it, so its [card]({url}) may be behind").format(
        place=place, url=url
    )


def whisper_view(posts: Sequence[Post]) -> ui.LayoutView:
    """Private clips, as their member alone sees them, each with its way into the channel."""
    first = posts[0].job
    parts: list[ui.Item[Any]] = [
        ui.TextDisplay(
            _("### Your private clip is ready\n{prompt}").format(
                prompt=quoted(first.order.prompt, PROMPT_UNITS_ON_POST)
            )
        )
    ]
    for post in posts:
        job = post.job
        if job.order.takes > 1:
            take = _("take {n} of {takes}").format(n=job.take, takes=job.order.takes)
            parts.append(ui.TextDisplay(f"**{take}**"))
        if post.path is not None:
            parts.append(ui.MediaGallery(_attached(job, post.label)))
        elif post.link is not None:
            parts.append(ui.TextDisplay(sentences.link(post.link, way=_("/clips"))))
        else:
            parts.append(ui.TextDisplay(sentences.too_large(post.clip)))
        if post.copy is not None:
            parts.append(ui.TextDisplay(f"-# {smaller(post.copy)}"))
        buttons: list[ui.Item[Any]] = []
        if post.link is not None:
            buttons.append(ui.Button(label=_("Watch the clip"), url=post.link.url))
        if job.state is not JobState.POSTED:
            buttons += [ClipButton(Act.PUBLISH, job.id)] if job.order.member.in_server else []
            buttons.append(ClipButton(Act.DELETE, job.id))
        parts += _rows(buttons)
    told = _("-# Publish shows it to all in {place}. /clips keeps it.").format(
        place=f"<#{first.order.channel_id}>"
    )
    if not first.order.member.in_server:  # nobody else is there to see it
        told = _("-# /clips keeps it, in a direct message with this bot and wherever you ordered it.")
    parts.append(ui.TextDisplay(f"-# {sentences.made_by(posts[0].label)}\n{told}"))
    return _view(ui.Container(*parts, accent_colour=_GREEN))


def hidden_view(post: Post) -> ui.LayoutView:
    """In the place of a clip that was reported, or taken down."""
    told = _("This clip was reported. It is hidden until a moderator has looked; what it cost stays paid.")
    buttons: list[ui.Item[Any]] = [DetailsButton(clip_nonce(post.job.id))]
    buttons += [] if post.direct else [ClipButton(Act.DELETE, post.job.id)]
    return _view(ui.Container(ui.TextDisplay(told), *_rows(buttons), accent_colour=_GREY))


def clip_file_name(job_id: JobId) -> str:
    """The name under which a clip is uploaded, and saved by those who download it."""
    return f"dailies-{job_id}.mp4"


def clip_alt(job: Job, label: str) -> str:
    """What a screen reader says of the clip."""
    told = _("Video ({label}): {prompt}").format(label=_(label), prompt=job.order.prompt)
    return shortened(told, ALT_UNITS_MAX)


def message_url(guild_id: int, channel_id: int, message_id: int) -> str:
    """Where a message stands, as a link that every Discord client opens."""
    return f"https://discord.com/channels/{guild_id or '@me'}/{channel_id}/{message_id}"


def clip_url(job: Job) -> str | None:
    """Where the clip of a job was posted, for all who see that place; None where that is nobody.

    A character has none, and is shown by its card; what was sent directly is its member's alone.
    """
    if job.order.kind is Kind.CHARACTER or job.clip_message_id is None or job.clip_channel_id is None:
        return None
    if job.clip_is_direct:
        return None
    return message_url(job.order.member.guild_id, job.clip_channel_id, job.clip_message_id)


def _keeping(job: Job, *, linked: bool) -> list[ui.Item[Any]]:
    renew = [ClipButton(Act.LINK, job.id)] if linked else []
    spoiler = [] if linked else [ClipButton(Act.SPOILER, job.id, spoiler=job.order.spoiler)]
    keep = ShelfButton(ShelfAct.HEART, job.id)
    return [*renew, *spoiler, keep, ClipButton(Act.DELETE, job.id), ClipButton(Act.REPORT, job.id)]


def gallery_ready(take: Take) -> bool:
    """Whether nothing more will come of a take."""
    return take.job.state in RESTING


def _prompt(card: Card) -> str:
    """What was asked for, where all may read it: what hides a clip hides the words that made it too."""
    job = card.job
    if job.order.private and job.state is not JobState.POSTED:
        return _("A private order: what it shows is for its member alone.")
    if _is_unseen(card):
        return _("Its words are hidden with it.")
    return quoted(job.order.prompt, PROMPT_UNITS_ON_CARD)


def _facts(card: Card) -> list[str]:
    job = card.job
    order = job.order
    price = amounts.order_price(job.quote, order, play_money=card.play_money)
    if all(take.job.state in (ENDED if len(card.takes) > 1 else _HAS_CLIP) for take in card.takes):
        price = amounts.what_was_paid(price, [take.job for take in card.takes])
    facts = [
        f"{sentences.settings_of_takes(card.model_name, order)} · {sentences.made_by(card.label)}",
        " · ".join(part for part in (price, amounts.left(card.allowance)) if part),
        _("asked for by {member} {when}").format(
            member=f"<@{order.member.user_id}>", when=sentences.ago(job.created_at)
        ),
    ]
    if len(card.takes) == 1 and (when := sentences.time_left(card.takes[0])) is not None:
        facts[2] = f"{facts[2]} · {when}"
    if order.draft:
        facts[0] = _("draft") + f" · {facts[0]}"
    return facts


def _is_unseen(card: Card) -> bool:
    return any(take.clip_state in UNSEEN for take in card.takes)


def _buttons(card: Card) -> list[ui.Item[Any]]:
    job = card.job
    buttons: list[ui.Item[Any]] = []
    if any(take.job.state in _CANCELLABLE for take in card.takes) and not (
        len(card.takes) == 1 and card.clips_here
    ):
        buttons.append(_cancel_button(card))
    if len(card.takes) == 1 and (url := clip_url(job)) is not None and card.takes[0].clip_state in STANDS:
        buttons.append(ui.Button(label=_("Show the clip"), url=url))
    if len(card.takes) == 1 and job.clip_is_direct and job.state is JobState.POSTED:
        buttons.append(ShelfButton(ShelfAct.GET, job.id, label=_("Show the clip")))
    buttons += _verdict(card)
    if all(take.job.state in ENDED for take in card.takes):
        buttons += [] if _is_unseen(card) else on_card(job)
    buttons.append(DetailsButton(card_nonce(job.id)))
    if all(take.job.state in RESTING for take in card.takes) and any(
        job.order.kind is not Kind.CHARACTER
        and take.job.state in _HAS_CLIP
        and take.clip_state is not ClipState.DELETED
        for take in card.takes
    ):
        buttons.append(ClipButton(Act.DELETE_ORDER, job.id))
    return buttons


def _verdict(card: Card) -> list[ui.Item[Any]]:
    """What a member may do about a moderator's word: read it, and order again with other words.

    One decision may be about all takes of an order, or each be about one.
    """
    decided: dict[str, tuple[Take, Decision]] = {}
    for take in card.takes:
        review = take.review
        if take.job.state is JobState.REJECTED and review is not None and review.decision in _TOLD:
            decided.setdefault(review.id, (take, review.decision))
    told = decided.values()
    buttons: list[ui.Item[Any]] = []
    for take, _decision in told:
        label = _("Why, take {n}").format(n=take.job.take) if len(told) > 1 else ""
        buttons.append(WhyButton(take.job.id, label=label))
    changes = [take.job.id for take, decision in told if decision is Decision.CHANGE]
    return [*buttons, *(MakingButton(Action.CHANGE, one) for one in changes[:1])]


def _cancel_button(card: Card) -> CancelButton:
    """Cancel of all takes that can be: it says the worst that it may cost."""
    id_ = card.job.id
    open_ = [take for take in card.takes if take.job.state in _CANCELLABLE]
    if all(take.job.state is JobState.RUNNING and not take.can_cancel for take in open_):
        paid = card.job.quote.price_micros > 0
        label = _("Cannot be stopped, already paid") if paid else _("Cannot be stopped")
        return CancelButton(id_, label=label, disabled=True)
    if all(take.job.cancel_asked_at is not None for take in open_):
        return CancelButton(id_, label=_("Cancel asked for"), disabled=True)
    dearest = next(
        (take.job for take in open_ if take.job.state not in {JobState.REVIEW, JobState.QUEUED}), open_[0].job
    )
    return CancelButton(id_, label=sentences.cancel_outcome(dearest))


def _gallery_items(card: Card, links: Mapping[JobId, str]) -> list[discord.MediaGalleryItem]:
    if any(take.job.order.private and take.job.state is not JobState.POSTED for take in card.takes):
        return []
    items = [_attached(take.job, card.label) for take in card.clips_here]
    shown = [take.job for take in card.takes if take.job.id in links and _is_shown(take)]
    return [*items, *(_item(links[job.id], job, card.label) for job in shown)]


def _attached(job: Job, label: str) -> discord.MediaGalleryItem:
    return _item(f"attachment://{clip_file_name(job.id)}", job, label)


def _item(url: str, job: Job, label: str) -> discord.MediaGalleryItem:
    return discord.MediaGalleryItem(url, description=clip_alt(job, label), spoiler=job.order.spoiler)


def _is_shown(take: Take) -> bool:
    return take.clip_state is ClipState.SHOWN


def _colour(card: Card) -> int:
    """Of the take that says most: one that is still being made, else one that is there."""
    colours = [_GREEN if take.clip_here is not None else _colour_of(take) for take in card.takes]
    return next(colour for colour in (_BLUE, _GREEN, _RED, _GREY) if colour in colours)


def _colour_of(take: Take) -> int:
    if not _is_shown(take):
        return _GREY
    match take.job.state:
        case JobState.POSTED:
            return _GREEN
        case JobState.UNDELIVERABLE if take.job.order.private:
            return _GREEN
        case JobState.FAILED | JobState.REJECTED | JobState.UNDELIVERABLE:
            return _RED
        case JobState.CANCELLED:
            return _GREY
        case (
            JobState.REVIEW
            | JobState.QUEUED
            | JobState.SUBMITTING
            | JobState.UNCERTAIN
            | JobState.RUNNING
            | JobState.RENDERED
            | JobState.STORED
            | JobState.WITHHELD
        ):
            return _BLUE


def _rows(buttons: Sequence[ui.Item[Any]]) -> list[ui.Item[Any]]:
    """Five of them fit into a row."""
    return [ui.ActionRow(*buttons[at : at + IN_A_ROW]) for at in range(0, len(buttons), IN_A_ROW)]


def _view(container: ui.Container[Any]) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return view
