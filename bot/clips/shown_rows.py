"""What the card of an order shows of its rows, read in one hop to the connection's thread."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.budgets import Budgets
from bot.domain import Allowance, ClipState, Job, JobId, JobState
from storage import clips, jobs, reviews
from storage.gates import Gate
from storage.reviews import Review

_REVIEWED = frozenset({JobState.REVIEW, JobState.WITHHELD, JobState.REJECTED})

_NO_CLIP_YET = frozenset(
    {
        JobState.REVIEW,
        JobState.QUEUED,
        JobState.SUBMITTING,
        JobState.UNCERTAIN,
        JobState.RUNNING,
        JobState.RENDERED,
    }
)


class ShownRows(NamedTuple):
    """The takes of an order, the first one first; who may see their clips, and how their reviews stand."""

    takes: Sequence[Job]
    clip_states: Mapping[JobId, ClipState]
    reviews: Mapping[JobId, Review]
    allowance: Allowance

    @property
    def first(self) -> Job:
        """The first take, whose id is the order's."""
        return self.takes[0]


def shown_rows(job_id: JobId, budgets: Budgets, tx: sqlite3.Connection) -> ShownRows | None:
    """All of the order that a job is of; None where there is no such job."""
    takes = jobs.beside(tx, job_id)
    if not takes:
        return None
    states = {take.state for take in takes}
    return ShownRows(
        takes,
        {} if states <= _NO_CLIP_YET else clips.states_of(tx, takes[0].id),
        {} if states.isdisjoint(_REVIEWED) else _reviews(takes, tx),
        budgets.allowance_in(tx, takes[0].order, takes[0].quote),
    )


def _reviews(takes: Sequence[Job], tx: sqlite3.Connection) -> dict[JobId, Review]:
    """What a moderator is to decide on each take, or has, where that is what its card says."""
    found = reviews.of_order(tx, takes[0].id)
    before = {one.job_id: one for one in found if one.gate is Gate.RENDERING}
    after = {one.job_id: one for one in found if one.gate is Gate.SHOWING}
    of_takes = {take.id: after.get(take.id) or before.get(take.order_id) for take in takes}
    return {job_id: one for job_id, one in of_takes.items() if one is not None}
