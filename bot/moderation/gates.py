"""Who waits at a gate for a moderator: a pure rule of how the gate stands and what is known of an order."""

from bot.screening.verdict import Outcome, Verdict
from storage.gates import (
    ANYWHERE,
    FIRST_MAX,
    NOTHING_FOUND,
    UNSET,
    Found,
    Gate,
    Mode,
    ReviewRules,
    Setting,
)
from storage.reviews import Why

# Cogs never see storage: what they show of it they know from here.
__all__ = [
    "ANYWHERE",
    "FIRST_MAX",
    "NOTHING_FOUND",
    "UNSET",
    "Found",
    "Gate",
    "Mode",
    "ReviewRules",
    "Setting",
    "Why",
    "found_by",
    "waits",
]


def found_by(verdict: Verdict) -> Found:
    """What a moderator has to know of screening's verdict: its reasons as `code:source:category`."""
    if verdict.outcome is Outcome.PASS:
        return NOTHING_FOUND
    return Found(
        reasons=tuple(f"{one.code}:{one.source}:{one.category}" for one in verdict.reasons),
        scores=dict(verdict.scores),
        urgent=verdict.outcome is Outcome.BLOCK,
        forbidden=verdict.final,
    )


def waits(setting: Setting, found: Found, *, approved_before: int, on_probation: bool) -> Why | None:
    """Why an order (or its clip) waits at a gate; None where it goes on by itself.

    Args:
        setting: how the gate stands in the channel.
        found: what screening found.
        approved_before: how many of the member's were approved at this gate of this channel.
        on_probation: whether everything of this member is looked at, however the gate stands.
    """
    if found.forbidden or found.urgent or (found.is_flagged and setting.mode is not Mode.OFF):
        return Why.FLAGGED  # the cause that says most is the one that a moderator reads
    if on_probation:
        return Why.PROBATION
    match setting.mode:
        case Mode.OFF | Mode.FLAGGED:
            return None
        case Mode.FIRST:
            return Why.FIRST if approved_before < setting.first_n else None
        case Mode.ALL:
            return Why.ALL
