"""What is asked once more when a moderator approves: words, lists, rules and people may have changed since.

Whatever says no now leaves the review as it is: a moderator can still deny it or ask for a change, and where
it was a rule that can be changed, approve it afterwards.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain import ClipState, Job
from bot.errors import NotYours, Refusal
from bot.language import _
from bot.moderation.channel_rules import check_kind, check_order
from bot.moderation.consent import check_depiction, check_kept, check_said
from bot.moderation.gates import Gate
from bot.moderation.hashes import Hashes
from bot.moderation.takedowns import picture_id_of
from bot.ordering import remixing
from bot.ordering.barred import check_standing
from bot.screening.screening import Screening
from bot.screening.verdict import Outcome
from storage import channel_rules, clips, objections, withdrawals
from storage.reviews import Review

_AWAY = frozenset({ClipState.HIDDEN, ClipState.TAKEN_DOWN})


class Rechecking:
    """What has to be looked at outside a transaction: lists, classifiers, what was taken down.

    Args:
        hashes: knows what was taken down; without it nothing was.
    """

    def __init__(self, screening: Screening, hashes: Hashes | None = None) -> None:
        self._screening = screening
        self._hashes = hashes

    async def look(self, review: Review, job: Job) -> None:
        """Return if screening would still let a moderator decide about it.

        A classifier that gives no answer is no reason here: somebody is looking. A clip is looked at as it
        is, whatever words led to it, but for what nobody may allow.

        Raises:
            NotYours: it would stop it now.
        """
        verdict = await self._screening.judge(job.order)
        if verdict.final:
            raise NotYours(
                _("Screening forbids this, whoever looks: it cannot be approved."), _("Deny it instead.")
            )
        if review.gate is Gate.SHOWING:
            return
        if verdict.outcome is Outcome.BLOCK:
            raise NotYours(
                _("Screening stops this now, which it did not when it was ordered."),
                _("It waits on: deny it, or ask for a change."),
            )
        if self._hashes is not None and await self._hashes.blocks_source(job):
            raise NotYours(
                _("What it starts from, or something that looks like it, was taken down meanwhile."),
                _("It waits on: deny it, or ask for a change."),
            )


def check(
    tx: sqlite3.Connection,
    review: Review,
    takes: Sequence[Job],
    names: Callable[[], Mapping[str, str]],
    at: datetime,
) -> None:
    """Return if people and the rules of the channel still let this be made, or shown.

    Args:
        tx: the transaction that decides.
        review: what is approved.
        takes: those jobs of it that wait.
        names: gives those of the models by id.
        at: now.

    Raises:
        NotYours: they do not; with what its member would read.
    """
    for job in takes[:1]:  # takes differ in their seeds alone
        try:
            if review.gate is Gate.RENDERING:
                _check_rules(tx, job, len(takes), names, at)
            listed = objections.undepicted(tx, job.order.member.guild_id)
            check_depiction(job.order.prompt, listed, by=job.order.member.user_id)
        except Refusal as refusal:
            raise NotYours(
                _("As things stand now this could not be ordered any more: “{why}”").format(why=refusal.what),
                _("It waits on: deny it, or ask for a change."),
            ) from refusal


def _check_rules(
    tx: sqlite3.Connection, job: Job, takes: int, names: Callable[[], Mapping[str, str]], at: datetime
) -> None:
    """The rules of today; when a member may order, and for how long they were let remix, was asked then.

    Raises:
        Refusal: with the sentence that its member would read.
    """
    order = job.order
    check_standing(tx, order.member, at, orders=False)
    channels = tuple(one for one in (order.channel_id, order.parent_id) if one is not None)
    rules = channel_rules.of(tx, order.member.guild_id, channels)
    check_kind(rules, order.kind)
    check_order(rules, replace(order, takes=takes), job.quote, names)
    remixing.check(tx, rules, order, job.created_at)
    if picture_id_of(order.source) is not None:
        check_kept(withdrawals.is_withdrawn(tx, order.interaction_id))
        check_said(withdrawals.said_with(tx, order.interaction_id), rules.pictured)
    if order.source_job_id is not None and clips.state_of(tx, order.source_job_id) in _AWAY:
        raise NotYours(_("This clip has been deleted or hidden."), _("Choose another clip."))
