"""The two messages of an order that everybody sees: the card that follows it, and the post of its clip.

Each call builds a new view. discord.py forgets a dynamic button for the whole bot when a view that is
already known loses one, times out or is stopped; so a view lives for one send or edit, has no timeout, and
holds nothing to press but dynamic items and links.
"""

from typing import Any

import discord
from discord import ui

from bot.delivery import Card, Post, card_nonce, clip_nonce
from bot.domain import Job, JobId, JobState
from bot.language import _
from cogs import sentences
from cogs.buttons import CancelButton, DetailsButton
from cogs.quoting import quoted, shortened

PROMPT_UNITS_ON_CARD = 700
PROMPT_UNITS_ON_POST = 1_500
ALT_UNITS_MAX = 256
"""discord.py's word; Discord's own description of its API allows 1,024."""

_CANCELLABLE = frozenset(
    {JobState.REVIEW, JobState.QUEUED, JobState.SUBMITTING, JobState.UNCERTAIN, JobState.RUNNING}
)
_GREEN, _RED, _GREY, _BLUE = 0x3BA55D, 0xD83C3E, 0x80848E, 0x5865F2


def card_view(card: Card) -> ui.LayoutView:
    """The card as it should be now. With `clip_here` it shows the attachment of `clip_file_name`."""
    job = card.job
    shown_here = card.clip_here is not None
    headline = _("Done") if shown_here else sentences.state(job, card.progress)
    parts: list[ui.Item[Any]] = [ui.TextDisplay(f"### {headline}\n{_prompt(job, PROMPT_UNITS_ON_CARD)}")]
    if shown_here:
        parts.append(_gallery(job, card.label))
    elif (why := sentences.explanation(job)) is not None:
        parts.append(ui.TextDisplay(why))
    parts.append(ui.TextDisplay("\n".join(f"-# {line}" for line in _facts(card))))
    parts.append(ui.ActionRow(*_buttons(card)))
    return _view(ui.Container(*parts, accent_colour=_GREEN if shown_here else _colour(job.state)))


def clip_view(post: Post) -> ui.LayoutView:
    """The post of a finished clip, around the attachment of `clip_file_name`."""
    job = post.job
    order = job.order
    price = sentences.price(job.quote, order, play_money=post.play_money)
    facts = [
        f"{sentences.settings(post.model_name, order)} · {sentences.made_by(post.label)}",
        f"{price} · " + _("asked for by {member}").format(member=f"<@{order.member.user_id}>"),
    ]
    return _view(
        ui.Container(
            ui.TextDisplay(_prompt(job, PROMPT_UNITS_ON_POST)),
            _gallery(job, post.label),
            ui.TextDisplay("\n".join(f"-# {line}" for line in facts)),
            ui.ActionRow(DetailsButton(clip_nonce(job.id))),
            accent_colour=_GREEN,
        )
    )


def clip_file_name(job_id: JobId) -> str:
    """The name under which a clip is uploaded, and saved by those who download it."""
    return f"dailies-{job_id}.mp4"


def clip_alt(job: Job, label: str) -> str:
    """What a screen reader says of the clip."""
    told = _("Video ({label}): {prompt}").format(label=_(label), prompt=job.order.prompt)
    return shortened(told, ALT_UNITS_MAX)


def message_url(guild_id: int, channel_id: int, message_id: int) -> str:
    """Where a message stands, as a link that every Discord client opens."""
    return f"https://discord.com/channels/{guild_id}/{channel_id}/{message_id}"


def clip_url(job: Job) -> str | None:
    """Where the clip of a job was posted."""
    if job.clip_message_id is None or job.clip_channel_id is None:
        return None
    return message_url(job.order.member.guild_id, job.clip_channel_id, job.clip_message_id)


def _prompt(job: Job, units_max: int) -> str:
    return quoted(job.order.prompt, units_max)


def _facts(card: Card) -> list[str]:
    job = card.job
    order = job.order
    price = sentences.price(job.quote, order, play_money=card.play_money)
    return [
        f"{sentences.settings(card.model_name, order)} · {sentences.made_by(card.label)}",
        f"{price} · {sentences.left(card.allowance)}",
        _("asked for by {member} {when}").format(
            member=f"<@{order.member.user_id}>", when=sentences.ago(job.created_at)
        ),
    ]


def _buttons(card: Card) -> list[ui.Item[Any]]:
    job = card.job
    buttons: list[ui.Item[Any]] = []
    if job.state in _CANCELLABLE:
        buttons.append(_cancel_button(card))
    if (url := clip_url(job)) is not None:
        buttons.append(ui.Button(label=_("Show the clip"), url=url))
    buttons.append(DetailsButton(card_nonce(job.id)))
    return buttons


def _cancel_button(card: Card) -> CancelButton:
    job = card.job
    if job.state is JobState.RUNNING and not card.can_cancel:
        paid = job.quote.price_micros > 0
        label = _("Cannot be stopped, already paid") if paid else _("Cannot be stopped")
        return CancelButton(job.id, label=label, disabled=True)
    if job.cancel_asked_at is not None:
        return CancelButton(job.id, label=_("Cancel asked for"), disabled=True)
    return CancelButton(job.id)


def _gallery(job: Job, label: str) -> ui.MediaGallery[Any]:
    return ui.MediaGallery(
        discord.MediaGalleryItem(f"attachment://{clip_file_name(job.id)}", description=clip_alt(job, label))
    )


def _colour(state: JobState) -> int:
    match state:
        case JobState.POSTED:
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


def _view(container: ui.Container[Any]) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return view
