"""Every look at an order before any money is held, and the sentence where it is turned down."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bot.domain import FaultKind, Order
from bot.errors import OrderRefused
from bot.language import _
from bot.screening.classifier import Classifier, Shown, Subject
from bot.screening.verdict import MINORS, Outcome, Reason, Verdict, together

SEXUAL_BESIDE_MINORS = 0.5
"""From this score of a picture on, words about children beside it are not left to anybody's judgement."""


async def nobody_reviews(order: Order) -> bool:
    """Of an installation where no channel has moderators who look."""
    del order
    return False


class Screening:
    """Asks every classifier, all at once, and takes the gravest answer.

    Args:
        classifiers: those that look.
        folder: the data folder, to which the paths of sources are relative.
        reviewed: whether somebody can look at this order where it is placed: its channel has a gate, or its
            server a moderators' channel. Only there may an order go on that a classifier gave no answer to.
        of_minors: whether a text speaks of children: then a picture that is sexual is of the gravest kind,
            which no classifier of pictures tells by itself.
    """

    def __init__(
        self,
        classifiers: Sequence[Classifier] = (),
        *,
        folder: Path = Path(),
        reviewed: Callable[[Order], Awaitable[bool]] = nobody_reviews,
        of_minors: Callable[[str], bool] = lambda prompt: False,  # noqa: ARG005
    ) -> None:
        self._classifiers = classifiers
        self._folder = folder
        self._reviewed = reviewed
        self._of_minors = of_minors

    async def look(self, order: Order) -> Verdict:
        """The verdict with which the order may go on: to pass, or to be looked at by a moderator.

        Raises:
            OrderRefused: with the sentence for the member; it does not repeat their words.
        """
        verdict = await self.judge(order)
        if verdict.outcome is Outcome.BLOCK:
            raise _refused(verdict)
        if verdict.undecided and not await self._reviewed(order):
            raise OrderRefused(
                _("The prompt could not be checked just now, and nobody here can look at it instead."),
                _("Order again in a few minutes."),
                kind=FaultKind.OURS,
            )
        return verdict

    async def judge(self, order: Order) -> Verdict:
        """What every classifier says of it together, whatever that is."""
        return await self.judge_subject(subject_of(order, self._folder))

    async def judge_subject(self, subject: Subject) -> Verdict:
        """As `judge`, of anything that can be shown to a classifier."""
        return await self._judged(subject, self._classifiers)

    @property
    def sees_pictures(self) -> bool:
        """Whether any classifier does."""
        return any(each.sees_pictures for each in self._classifiers)

    async def judge_picture(self, subject: Subject) -> Verdict:
        """What those say that see pictures: of a frame of a clip whose prompt was looked at before."""
        return await self._judged(subject, [each for each in self._classifiers if each.sees_pictures])

    async def _judged(self, subject: Subject, classifiers: Sequence[Classifier]) -> Verdict:
        verdict = together(await asyncio.gather(*(each.look(subject) for each in classifiers)))
        sexual = verdict.scores.get("sexual", 0.0)
        if subject.picture is None or sexual < SEXUAL_BESIDE_MINORS:
            return verdict
        if not await asyncio.to_thread(self._of_minors, subject.text):
            return verdict
        reason = Reason(code="score", source="picture", category=MINORS)
        return together([verdict, Verdict(outcome=Outcome.BLOCK, reasons=(reason,))])


def subject_of(order: Order, folder: Path) -> Subject:
    """An order as a classifier sees it. A clip that it starts from was looked at when it was made."""
    source, picture = order.source, None
    if source is not None and source.media_type.startswith("image/"):
        picture = Shown(path=folder / source.path, media_type=source.media_type)
    return Subject(
        text=order.prompt, guild_id=order.member.guild_id, channel_id=order.channel_id, picture=picture
    )


def _refused(verdict: Verdict) -> OrderRefused:
    if verdict.final:
        return OrderRefused(
            _("Nothing sexual with minors is made here, whoever asks."),
            _("Nobody can allow it. Order something else."),
            kind=FaultKind.RULES,
        )
    if any(reason.code in ("word", "pair") for reason in verdict.reasons):
        return OrderRefused(
            _("The prompt has a word that is not allowed here."),
            _("Say it in other words and order again."),
            kind=FaultKind.RULES,
        )
    return OrderRefused(
        _("The prompt or its picture is against the rules here."),
        _("Change it and order again."),
        kind=FaultKind.RULES,
    )
