"""A decision on a review, the moves of its jobs and their money: one transaction, and the first one counts.

The row of the review is changed by one statement that names that it is open, so that of two moderators who
press at once the second reads who decided.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from bot.catalogue import Catalogue
from bot.domain import Job, JobId, JobState, Member, UserId
from bot.errors import NotYours, StorageError
from bot.ids import Ids
from bot.jobs import moves
from bot.language import _
from bot.moderation import rechecking
from bot.moderation.gates import Gate
from bot.moderation.people import Standing, standing, strike
from bot.routing import takers_at_its_price
from storage import acts, gates, jobs, review_queue, reviews, states
from storage.acts import Verb
from storage.review_queue import History
from storage.reviews import Decision, Review


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderator:
    """Who presses, and whether Discord or the server says that they moderate here."""

    member: Member
    is_moderator: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A review with all that moderators look at: its jobs, and what is known of the member.

    `refunds` is the server's rule for clips that are denied.
    """

    review: Review
    takes: tuple[Job, ...]
    history: History
    standing: Standing
    approvers: tuple[UserId, ...]
    refunds: bool

    @property
    def job(self) -> Job:
        """The job of the first take, or of the one clip."""
        return self.takes[0]


class Passed(StrEnum):
    """What became of an approval."""

    PASSED = "passed"
    ANOTHER_IS_NEEDED = "another_is_needed"


def case(review_id: str, by: Moderator, at: datetime, tx: sqlite3.Connection) -> Case:
    """What is to be decided, or was.

    Raises:
        NotYours: there is no such review in this server, or who asks is no moderator.
    """
    review = _here(tx, review_id, by)
    return case_of(review, at, tx)


def open_case(review_id: str, by: Moderator, at: datetime, tx: sqlite3.Connection) -> Case:
    """The same, where it can still be decided by them.

    Raises:
        NotYours: as `case`; or it was decided before, or is their own order.
    """
    return case_of(_open(tx, review_id, by), at, tx)


def told(job_id: JobId, by: Moderator, tx: sqlite3.Connection) -> Review:
    """The decision on a job, for its member and for moderators.

    Raises:
        NotYours: there is none here, or it is somebody else's.
    """
    job = jobs.get(tx, job_id)
    nothing = NotYours(_("There is nothing to tell of this order."), _("Ask a moderator."))
    if job is None or job.order.member.guild_id != by.member.guild_id:
        raise nothing
    if job.order.member != by.member and not by.is_moderator:
        raise NotYours(_("This order is somebody else's."), _("Only its member is told why."))
    found = reviews.of_job(tx, job_id, Gate.SHOWING) or reviews.of_job(tx, job.order_id, Gate.RENDERING)
    if found is None or found.decision is None:
        raise nothing
    return found


def case_of(review: Review, at: datetime, tx: sqlite3.Connection) -> Case:
    """The same of a review that was read."""
    return Case(
        review=review,
        takes=tuple(_takes(tx, review)),
        history=review_queue.history(tx, review.member),
        standing=standing(tx, review.member.guild_id, review.member.user_id, at),
        approvers=tuple(reviews.approvers(tx, review.id)),
        refunds=gates.rules(tx, review.member.guild_id).refunds,
    )


def approve(
    review_id: str,
    by: Moderator,
    catalogue: Catalogue,
    at: datetime,
    tx: sqlite3.Connection,
    *,
    spoiler: bool,
) -> tuple[Passed, list[JobId]]:
    """Let it pass, or be the first of the two who have to; with the jobs that moved.

    Raises:
        NotYours: it was decided before (and by whom), is their own order, is not here, or they are no
            moderator; it can no longer be made at its price, screening forbids it, or people and rules do.
    """
    review = _open(tx, review_id, by)
    if review.found.forbidden:
        raise NotYours(
            _("Screening forbids this, whoever looks: it cannot be approved."), _("Deny it instead.")
        )
    takes = _waiting_takes(tx, review)
    rechecking.check(tx, review, takes, partial(_names, catalogue), at)
    if review.gate is Gate.RENDERING:
        _check_can_be_made(catalogue, takes)
    if not reviews.agree(tx, review_id, by.member.user_id, spoiler=spoiler, at=at):
        raise NotYours(
            _("You have approved this before, and it needs another moderator too."),
            _("Hand it over to one of them."),
        )
    if not reviews.approve(tx, review_id, by.member.user_id, at=at):
        _record(tx, Verb.REVIEW_APPROVED, review, by, at, spoiler=int(spoiler), of=review.needed, passed=0)
        return Passed.ANOTHER_IS_NEEDED, []
    decided = _known(tx, review_id)
    for job in takes:
        if decided.spoiler:
            jobs.spoil(tx, job.id, spoiler=True)
        if review.gate is Gate.RENDERING:
            states.approved(tx, job.id, at=at)
        elif not review.publishes:
            states.passed(tx, job.id, at=at)
    _record(tx, Verb.REVIEW_APPROVED, review, by, at, spoiler=int(spoiler), of=review.needed, passed=1)
    return Passed.PASSED, [job.id for job in takes]


def refuse(
    review_id: str,
    by: Moderator,
    decision: Decision,
    reason: str,
    at: datetime,
    tx: sqlite3.Connection,
    *,
    refund: bool,
    ids: Ids,
) -> tuple[Review, list[JobId]]:
    """Deny it, with or without a strike, or ask for a change; with the jobs that moved.

    Before it was rendered nothing was paid. A clip has been paid for: with `refund` the house pays it,
    without its member does. One that its member has and wants to publish stays theirs, and paid.

    Raises:
        NotYours: as `approve`, but for the last two.
    """
    review = _open(tx, review_id, by)
    refunded = refund and review.gate is Gate.SHOWING and not review.publishes
    takes = _waiting_takes(tx, review)
    if not reviews.refuse(tx, review_id, decision, by.member.user_id, reason, refunded=refunded, at=at):
        raise StorageError(f"review {review_id} was open and is not")
    _turn_down(tx, review, takes, at, refund=refunded)
    verb = Verb.REVIEW_CHANGE_ASKED if decision is Decision.CHANGE else Verb.REVIEW_DENIED
    struck = decision is Decision.STRUCK
    _record(tx, verb, review, by, at, refund=int(refunded), strike=int(struck))
    if struck:
        strike(tx, review.member, by=by.member.user_id, reason=reason, ids=ids, at=at)
    return _known(tx, review_id), [job.id for job in takes]


def hand_over(
    review_id: str, by: Moderator, to: UserId | None, at: datetime, tx: sqlite3.Connection
) -> Review:
    """Name who looks at it; None names nobody.

    Raises:
        NotYours: as `approve`, but for the last two; or it is that person's own order.
    """
    review = _open(tx, review_id, by)
    if not reviews.assign(tx, review_id, to):
        raise NotYours(_("Nobody decides on their own order."), _("Choose another moderator for it."))
    _record(tx, Verb.REVIEW_HANDED_OVER, review, by, at, to=to or 0)
    return _known(tx, review_id)


def expire(review: Review, at: datetime, tx: sqlite3.Connection) -> list[JobId]:
    """Nobody looked in time: what was held is released, what was paid refunded; with the jobs that moved."""
    refunded = review.gate is Gate.SHOWING and not review.publishes
    if not reviews.end(tx, review.id, Decision.EXPIRED, refunded=refunded, at=at):
        return []
    takes = _waiting_takes(tx, review)
    _turn_down(tx, review, takes, at, refund=refunded)
    _record(tx, Verb.REVIEW_EXPIRED, review, None, at, refund=int(refunded))
    return [job.id for job in takes]


def check_moderates(by: Moderator) -> None:
    """Return for a moderator.

    Raises:
        NotYours: they are none.
    """
    if not by.is_moderator:
        raise NotYours(_("Only a moderator can decide this."), _("Ask one about it."))


def _here(tx: sqlite3.Connection, review_id: str, by: Moderator) -> Review:
    check_moderates(by)
    review = reviews.get(tx, review_id)
    if review is None or review.member.guild_id != by.member.guild_id:
        raise NotYours(_("This review is not known here."), _("See what waits with /review."))
    return review


def _open(tx: sqlite3.Connection, review_id: str, by: Moderator) -> Review:
    review = _here(tx, review_id, by)
    if review.decision is not None:
        raise NotYours(_decided(review), _("There is nothing left to do; /review shows what waits."))
    if review.member.user_id == by.member.user_id:
        raise NotYours(_("Nobody decides on their own order."), _("Hand it over to another moderator."))
    return review


def _decided(review: Review) -> str:
    by = f"<@{review.decided_by}>"
    match review.decision:
        case Decision.APPROVED:
            return _("{member} has approved this already.").format(member=by)
        case Decision.DENIED | Decision.STRUCK:
            return _("{member} has denied this already.").format(member=by)
        case Decision.CHANGE:
            return _("{member} has asked for a change of this already.").format(member=by)
        case Decision.EXPIRED | None:
            return _("Nobody looked at this in time, and it has ended by itself.")
        case Decision.WITHDRAWN:
            return _("Its member has taken this back.")


def _check_can_be_made(catalogue: Catalogue, takes: Sequence[Job]) -> None:
    """It was priced when it was placed: is it still sold, and for no more?"""
    if not all(takers_at_its_price(catalogue, job) for job in takes):
        raise NotYours(
            _("No model makes this at its price any more; nothing was charged."),
            _("Ask for a change: its member gets the money back and may order anew."),
        )


def _names(catalogue: Catalogue) -> dict[str, str]:
    return {row.id: row.name for row in catalogue.all_models()}


def _takes(tx: sqlite3.Connection, review: Review) -> list[Job]:
    """The jobs that are decided together, however they stand."""
    if review.gate is Gate.RENDERING:
        return jobs.of_order(tx, review.job_id)
    job = jobs.get(tx, review.job_id)
    return [] if job is None else [job]


def _turn_down(
    tx: sqlite3.Connection, review: Review, takes: Sequence[Job], at: datetime, *, refund: bool
) -> None:
    """End what waited; what was to be published is left where it is."""
    for job in takes if not review.publishes else ():
        moves.rejected(job, at, tx, refund=refund)


def _waiting_takes(tx: sqlite3.Connection, review: Review) -> list[Job]:
    if review.publishes:
        state = JobState.UNDELIVERABLE
    else:
        state = JobState.REVIEW if review.gate is Gate.RENDERING else JobState.WITHHELD
    return [job for job in _takes(tx, review) if job.state is state]


def _known(tx: sqlite3.Connection, review_id: str) -> Review:
    review = reviews.get(tx, review_id)
    if review is None:
        raise StorageError(f"review {review_id} is gone")
    return review


def _record(
    tx: sqlite3.Connection, verb: Verb, review: Review, by: Moderator | None, at: datetime, **detail: int
) -> None:
    acts.on_job(
        tx,
        verb,
        review.job_id,
        by=None if by is None else by.member.user_id,
        guild_id=review.member.guild_id,
        at=at,
        gate=review.gate.value,
        **detail,
    )
