"""What a card shows of an order that may change: asked whether another edit would show anything new."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from bot.delivery import Card, HeldBack
from bot.domain import ClipState, Job
from bot.providers.protocol import Progress, Rendering, Waiting

Seen = tuple[tuple[int, datetime | None, Progress | None, datetime | None, ClipState, HeldBack | None], ...]
"""What a card shows of each take that may change: the job's `rev`, the wish to cancel, the progress, the time
at which it may be made, who may see its clip, and whether it is held back."""


def glance(card: Card) -> Seen:
    """What it shows as it should be now."""
    return tuple(
        (
            take.job.rev,
            take.job.cancel_asked_at,
            take.progress,
            take.expected_at,
            take.clip_state,
            take.held_back,
        )
        for take in card.takes
    )


def seen_by_rows(takes: Sequence[Job]) -> Seen:
    """What an earlier process showed, which is known by its `rev` alone."""
    return tuple((take.card_rev, take.cancel_asked_at, None, None, ClipState.SHOWN, None) for take in takes)


def is_as_far(one: Progress | None, other: Progress) -> bool:
    """Whether there is the same to see of both: asked of thousands of jobs a second, so not by `replace`."""
    match one, other:
        case Waiting(position=before), Waiting(position=now):
            return before == now
        case Rendering(percent=before), Rendering(percent=now):
            return before == now
        case _:
            return False


@lru_cache(maxsize=1_024)
def without_pace(progress: Progress) -> Progress:
    """What there is to see of it: one object for all jobs that are as far."""
    return replace(progress, ask_after_s=None)


def without_progress(seen: Seen) -> Seen:
    """What is left of it where a provider's word alone is no reason for an edit."""
    return tuple((rev, asked_at, None, None, state, held) for rev, asked_at, _, _, state, held in seen)


def revs(takes: Sequence[Job]) -> tuple[int, ...]:
    """What grows with every move of any of them."""
    return tuple(take.rev for take in takes)
