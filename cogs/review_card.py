"""The message of a review, in the moderators' channel and in the answer to `/review`; a new view each."""

from pathlib import Path
from typing import Any

import discord
from discord import ui

from bot.language import _
from bot.moderation.gates import Gate
from bot.moderation.reviewing import Exhibit, Reminder
from bot.quoting import quoted
from cogs import amounts, review_words, sentences
from cogs.answers import TOO_LARGE_HERE
from cogs.cards import IN_A_ROW, clip_alt, clip_file_name, message_url
from cogs.review_buttons import HandOverSelect, Listed, ReviewButton, Verdict

PROMPT_UNITS_ON_REVIEW = 1_500
REASON_UNITS = 700
REMINDED_MAX = 10
_AMBER, _GREEN, _GREY = 0xE69F00, 0x3BA55D, 0x80848E

_DECIDING = (Verdict.APPROVE, Verdict.SPOILER, Verdict.DENY, Verdict.STRIKE, Verdict.CHANGE)
_PASSING = frozenset({Verdict.APPROVE, Verdict.SPOILER})


def review_view(exhibit: Exhibit, *, listed: Listed | None = None, place: str = "") -> ui.LayoutView:
    """A review with all that is known of it, and its buttons while nobody has decided.

    Args:
        exhibit: what is shown.
        listed: which list it is gone through in; None for the message in the moderators' channel.
        place: where it stands in that list, in words.
    """
    case = exhibit.case
    review, job = case.review, case.job
    head = "### " + review_words.title(review)
    parts: list[ui.Item[Any]] = [
        ui.TextDisplay(f"{head}\n{quoted(job.order.prompt, PROMPT_UNITS_ON_REVIEW)}")
    ]
    if media := _media(exhibit):
        parts.append(ui.MediaGallery(*media))
    if exhibit.link is not None:
        parts.append(ui.TextDisplay(sentences.link(exhibit.link, way=_("/review"))))
    if exhibit.is_too_large:
        parts.append(ui.TextDisplay(_(TOO_LARGE_HERE)))
    if review.reason:
        parts.append(ui.TextDisplay(quoted(review.reason, REASON_UNITS)))
    parts.append(ui.TextDisplay("\n".join(f"-# {line}" for line in _facts(exhibit, place))))
    if review.decision is None:
        parts += _controls(exhibit, listed)
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=_colour(exhibit)))
    return view


def review_files(exhibit: Exhibit) -> list[tuple[Path, str, str]]:
    """The files that the view shows: where each is, its name there, and what a screen reader says of it."""
    job = exhibit.case.job
    files = []
    if exhibit.picture is not None:
        files.append((exhibit.picture, _picture_name(exhibit), _("The picture that it starts from")))
    if exhibit.clip is not None:
        files.append((exhibit.clip, clip_file_name(job.id), clip_alt(job, exhibit.label)))
    return files


def reminder_view(reminder: Reminder) -> ui.LayoutView:
    """That something waits, with the way to it."""
    lines = ["### " + _("Reviews wait for a moderator")]
    for review in reminder.reviews[:REMINDED_MAX]:
        told = _("Since {when}, of {member}; it ends by itself {end}").format(
            when=sentences.ago(review.asked_at),
            member=f"<@{review.member.user_id}>",
            end=sentences.ago(review.expires_at),
        )
        if review.card_message_id is not None and review.card_channel_id is not None:
            url = message_url(review.member.guild_id, review.card_channel_id, review.card_message_id)
            told = f"[{told}]({url})"
        assigned = "" if review.assigned_to is None else f" · <@{review.assigned_to}>"
        lines.append(f"- {told}{assigned}")
    lines.append(_("/review goes through all that wait."))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(ui.TextDisplay("\n".join(lines)), accent_colour=_AMBER))
    return view


def review_mark(review_id: str) -> str:
    """A `custom_id` that only the message of this review in the moderators' channel has."""
    return f"review:{Verdict.TAKE}:{review_id}"


def _facts(exhibit: Exhibit, place: str) -> list[str]:
    case = exhibit.case
    review, job = case.review, case.job
    order = job.order
    born = discord.utils.snowflake_time(review.member.user_id)
    price = amounts.order_price(job.quote, order, play_money=exhibit.play_money)
    settings = sentences.settings_of_takes(exhibit.model_name, order)
    if review.gate is Gate.SHOWING:
        price = amounts.price(job.quote, order, play_money=exhibit.play_money)
        settings = sentences.settings(exhibit.model_name, order)
    card = ""
    if job.card_message_id is not None:
        url = message_url(order.member.guild_id, order.channel_id, job.card_message_id)
        card = f" · [{_('its card')}]({url})"
    facts = [
        review_words.cause(review),
        _("{member}, account since {day}; here: {history}").format(
            member=f"<@{review.member.user_id}>",
            day=sentences.day(born),
            history=review_words.history(case),
        ),
        f"{settings} · {sentences.made_by(exhibit.label)} · {price}",
        _("in {place}, asked {when}").format(
            place=f"<#{order.channel_id}>", when=sentences.ago(review.asked_at)
        )
        + card,
    ]
    if order.private:
        facts.append(_("private: once approved, its member alone sees the clip"))
    if (agreed := review_words.agreed(case)) is not None:
        facts.append(agreed)
    if review.decision is None:
        facts.append(_("ends by itself {when}").format(when=sentences.ago(review.expires_at)))
        if review.assigned_to is not None:
            facts.append(_("{member} looks at it").format(member=f"<@{review.assigned_to}>"))
    elif review.decided_at is not None:
        facts.append(_("decided {when}").format(when=sentences.ago(review.decided_at)))
    return [*facts, place] if place else facts


def _controls(exhibit: Exhibit, listed: Listed | None) -> list[ui.Item[Any]]:
    review = exhibit.case.review
    forbidden = review.found.forbidden
    deciding = [
        ReviewButton(one, review.id, listed, disabled=forbidden and one in _PASSING) for one in _DECIDING
    ]
    rest = [ReviewButton(Verdict.TAKE, review.id, listed)]
    if listed is not None:
        rest = [
            ReviewButton(Verdict.PREVIOUS, review.id, listed),
            ReviewButton(Verdict.NEXT, review.id, listed),
            *rest,
        ]
    return [
        ui.ActionRow(*deciding[:IN_A_ROW]),
        ui.ActionRow(*rest),
        ui.ActionRow(HandOverSelect(review.id, listed)),
    ]


def _media(exhibit: Exhibit) -> list[discord.MediaGalleryItem]:
    return [
        discord.MediaGalleryItem(f"attachment://{name}", description=alt, spoiler=True)
        for _path, name, alt in review_files(exhibit)
    ]


def _picture_name(exhibit: Exhibit) -> str:
    suffix = "" if exhibit.picture is None else exhibit.picture.suffix
    return f"picture-{exhibit.case.job.id}{suffix}"


def _colour(exhibit: Exhibit) -> int:
    if exhibit.case.review.decision is None:
        return _AMBER
    return _GREEN if exhibit.case.review.decision == "approved" else _GREY
