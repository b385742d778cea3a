"""What a press on a button of a review does, and what the forms behind them decide.

Person and place are checked at every press: a moderator, in the server of the order.
"""

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.domain import JobId, UserId
from bot.errors import NotYours
from bot.ids import ID
from bot.language import _
from bot.moderation.deciding import Case, Moderator, Passed
from bot.moderation.gates import Gate, Why
from bot.moderation.reviewing import Exhibit, Reviewing
from bot.quoting import quoted, shortened
from bot.reviews import REASON_CHARS_MAX, Review, Reviews
from cogs import review_words, sentences
from cogs.answers import Interaction, acknowledge, acknowledge_press, answer, answer_whole, said
from cogs.forms import LABEL_UNITS_MAX, TITLE_UNITS_MAX, show
from cogs.moderators import moderator_of, named_moderator
from cogs.review_buttons import Listed, Verdict
from cogs.review_card import review_view
from cogs.review_desk import opened_files
from cogs.sent import sent_id, sent_values

PREFIX = "verdict:"
_FORM = re.compile(
    rf"{PREFIX}(?P<verdict>no|strike|change):(?P<review>{ID})"
    rf":(?P<listed>{'|'.join(Listed)}|-)"
)
_REASON, _REFUND = "reason", "refund"
_YES, _NO = "yes", "no"
REASON_UNITS = 1_000


class ReviewPresses:
    """The moderators' buttons and forms, `/review`, and the member's Why."""

    def __init__(self, reviews: Reviews, reviewing: Reviewing) -> None:
        self._reviews = reviews
        self._reviewing = reviewing

    async def press(
        self, interaction: Interaction, verdict: Verdict, review_id: str, listed: Listed | None
    ) -> None:
        """One of the buttons.

        Raises:
            Refusal: with the sentence for the presser.
        """
        match verdict:
            case Verdict.APPROVE | Verdict.SPOILER:
                await self._approve(interaction, review_id, listed, spoiler=verdict is Verdict.SPOILER)
            case Verdict.DENY | Verdict.STRIKE | Verdict.CHANGE:
                await self._open(interaction, verdict, review_id, listed)
            case Verdict.TAKE:
                await self._take(interaction, review_id, listed)
            case Verdict.PREVIOUS | Verdict.NEXT:
                await acknowledge_press(interaction)
                step = 1 if verdict is Verdict.NEXT else -1
                await self._turn(interaction, listed or Listed.ALL, review_id, step=step)

    async def hand_over(
        self, interaction: Interaction, review_id: str, listed: Listed | None, chosen: Sequence[Any]
    ) -> None:
        """Somebody was chosen to look at a review."""
        await self._acknowledge(interaction, listed)
        by = await moderator_of(interaction, self._reviews)
        await self._reviews.case(review_id, by)
        to = await named_moderator(chosen, by.member.guild_id, self._reviews)
        if to is None:
            raise NotYours(_("Whoever you chose does not moderate here."), _("Choose a moderator."))
        await self._assign(interaction, review_id, listed, by, to)

    async def submitted(self, interaction: Interaction) -> None:
        """The form of a denial, or of a change that is asked for, was sent in."""
        known = _FORM.fullmatch(sent_id(interaction))
        listed = None if known is None or known["listed"] == "-" else Listed(known["listed"])
        await self._acknowledge(interaction, listed)
        if known is None:
            raise NotYours(_("This form is not known any more."), _("Press the button again."))
        by = await moderator_of(interaction, self._reviews)
        values = sent_values(interaction)
        reason, verdict = values.get(_REASON, ""), Verdict(known["verdict"])
        if verdict is Verdict.CHANGE:
            decided = await self._reviews.ask_change(known["review"], by, reason)
            told = _("Its member is asked for a change.")
        else:
            decided = await self._reviews.deny(
                known["review"],
                by,
                reason,
                refund=values.get(_REFUND) == _YES,
                strike=verdict is Verdict.STRIKE,
            )
            told = _("Denied, with a strike.") if verdict is Verdict.STRIKE else _("Denied.")
        await self._done(interaction, listed, decided.id, f"{told} {review_words.outcome(decided)}")

    async def queue(self, interaction: Interaction, listed: Listed) -> None:
        """`/review`."""
        await acknowledge(interaction)
        await self._turn(interaction, listed, None)

    async def why(self, interaction: Interaction, job_id: JobId) -> None:
        """A member asks what a moderator wrote; moderators may too."""
        await acknowledge(interaction)
        by = await moderator_of(interaction, self._reviews)
        review = await self._reviews.told(job_id, by)
        head = review_words.told(review)
        lines = [head, quoted(review.reason, REASON_UNITS)] if review.reason else [head]
        if review.decided_at is not None:
            lines.append("-# " + sentences.ago(review.decided_at))
        await answer(interaction, said("\n".join(lines)))

    async def _approve(
        self, interaction: Interaction, review_id: str, listed: Listed | None, *, spoiler: bool
    ) -> None:
        await self._acknowledge(interaction, listed)
        by = await moderator_of(interaction, self._reviews)
        passed = await self._reviews.approve(review_id, by, spoiler=spoiler)
        if passed is Passed.ANOTHER_IS_NEEDED:
            told = _("Your approval is noted. At this price another moderator has to approve it too.")
        else:
            told = _("Approved. It costs what its member was told, and goes on by itself.")
        await self._done(interaction, listed, review_id, told)

    async def _open(
        self, interaction: Interaction, verdict: Verdict, review_id: str, listed: Listed | None
    ) -> None:
        """The form behind a button. It has to be the first answer, and comes from two short reads."""
        by = await moderator_of(interaction, self._reviews)
        case = await self._reviews.open_case(review_id, by)
        await show(interaction, _form(case, verdict, listed))

    async def _take(self, interaction: Interaction, review_id: str, listed: Listed | None) -> None:
        await self._acknowledge(interaction, listed)
        by = await moderator_of(interaction, self._reviews)
        case = await self._reviews.case(review_id, by)
        mine = case.review.assigned_to == by.member.user_id
        await self._assign(interaction, review_id, listed, by, None if mine else by.member.user_id)

    async def _assign(
        self,
        interaction: Interaction,
        review_id: str,
        listed: Listed | None,
        by: Moderator,
        to: UserId | None,
    ) -> None:
        await self._reviews.hand_over(review_id, by, to)
        told = (
            _("Nobody in particular looks at it now.")
            if to is None
            else _("{member} looks at it now.").format(member=f"<@{to}>")
        )
        if listed is None:
            await answer(interaction, said(told))
        else:
            await self._turn(interaction, listed, review_id, step=0, note=told)

    async def _done(self, interaction: Interaction, listed: Listed | None, review_id: str, told: str) -> None:
        if listed is None:
            await answer(interaction, said(told))
        else:
            await self._turn(interaction, listed, review_id, note=told)

    async def _turn(
        self,
        interaction: Interaction,
        listed: Listed,
        from_id: str | None,
        *,
        step: int = 1,
        note: str = "",
    ) -> None:
        """Show the review that is `step` further in the list, which goes round; or that there is none."""
        by = await moderator_of(interaction, self._reviews)
        found = _of_list(await self._reviews.waiting(by), listed, by)
        if not found:
            nothing = _("Nothing waits for a moderator here.")
            await answer(interaction, said(f"{note}\n{nothing}" if note else nothing))
            return
        at = _next(found, from_id, step)
        place = _("{n} of {count} that wait").format(n=at + 1, count=len(found))
        case = await self._reviews.case(found[at].id, by)

        async def show(exhibit: Exhibit) -> None:
            view = review_view(exhibit, listed=listed, place=f"{place} · {note}" if note else place)
            await answer_whole(interaction, view, files=await opened_files(exhibit))

        await self._reviewing.show(case, show)

    async def _acknowledge(self, interaction: Interaction, listed: Listed | None) -> None:
        """In the list the next review takes the pressed one's place; the channel's message stays as it is."""
        await (acknowledge(interaction) if listed is None else acknowledge_press(interaction))


def _form(case: Case, verdict: Verdict, listed: Listed | None) -> ui.Modal:
    review = case.review
    title = {
        Verdict.DENY: _("Deny"),
        Verdict.STRIKE: _("Deny and strike"),
        Verdict.CHANGE: _("Ask for a change"),
    }[verdict]
    modal = ui.Modal(
        title=shortened(title, TITLE_UNITS_MAX),
        custom_id=f"{PREFIX}{verdict}:{review.id}:{listed or '-'}",
    )
    label = _("What is to be different") if verdict is Verdict.CHANGE else _("Why, for its member to read")
    words = ui.TextInput[ui.Modal](
        custom_id=_REASON, style=discord.TextStyle.paragraph, min_length=1, max_length=REASON_CHARS_MAX
    )
    modal.add_item(ui.Label(text=shortened(label, LABEL_UNITS_MAX), component=words))
    if review.gate is Gate.SHOWING and not review.publishes and verdict is not Verdict.CHANGE:
        group = ui.RadioGroup[ui.Modal](
            custom_id=_REFUND,
            options=[
                discord.RadioGroupOption(
                    label=_("Give the price back: whoever runs this bot pays"),
                    value=_YES,
                    default=case.refunds,
                ),
                discord.RadioGroupOption(
                    label=_("It stays paid by its member"), value=_NO, default=not case.refunds
                ),
            ],
        )
        modal.add_item(ui.Label(text=_("It was made and paid for"), component=group))
    return modal


def _of_list(waiting: Sequence[Review], listed: Listed, by: Moderator) -> list[Review]:
    """Those that are listed, without one's own: they are others' to decide."""
    others = [one for one in waiting if one.member.user_id != by.member.user_id]
    match listed:
        case Listed.ALL:
            return others
        case Listed.PROMPTS:
            return [one for one in others if one.gate is Gate.RENDERING]
        case Listed.CLIPS:
            return [one for one in others if one.gate is Gate.SHOWING]
        case Listed.FLAGGED:
            return [one for one in others if one.why is Why.FLAGGED]
        case Listed.MINE:
            return [one for one in others if one.assigned_to == by.member.user_id]
        case Listed.FREE:
            return [one for one in others if one.assigned_to is None]


def _next(found: Sequence[Review], from_id: str | None, step: int) -> int:
    """Where to go on in a list from a review that may be in it no more: ids sort by time."""
    if from_id is None:
        return 0
    ids = [one.id for one in found]
    if from_id in ids:
        return (ids.index(from_id) + step) % len(ids)
    later = [at for at, one in enumerate(ids) if one > from_id]
    return (later[0] if later else 0) if step >= 0 else ((later[0] if later else 0) - 1) % len(ids)
