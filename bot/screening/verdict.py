"""What screening found of an order or a clip: let it pass, let a moderator look, or stop it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MINORS = "sexual/minors"
"""The one category that nobody overrides: no allowed phrase, no approval, no appeal."""

MATURE = frozenset({"sexual", "violence/graphic", "mature"})
"""Categories of what is shown in age-restricted channels alone; a list names its own section `mature`."""

UNAVAILABLE = "unavailable"
"""The code of a reason that is no finding: a classifier gave no answer, so nobody has looked."""


class Outcome(StrEnum):
    """What to do, from the mildest to the gravest."""

    PASS = "pass"  # noqa: S105 - a word, no password
    QUEUE = "queue"
    BLOCK = "block"


_GRAVITY = {Outcome.PASS: 0, Outcome.QUEUE: 1, Outcome.BLOCK: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a verdict is not to pass; it never holds any text of a member.

    `code` is stable: `word`, `pair`, `score`, `unavailable`. `source` says who found it: `server`,
    `operator` or `default` for the lists, or a classifier's name. `category` is the list's section or the
    classifier's own word, such as `violence/graphic`.
    """

    code: str
    source: str
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One look's result. `scores` are of 0 to 1, by category, of those classifiers that give any."""

    outcome: Outcome = Outcome.PASS
    reasons: tuple[Reason, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def final(self) -> bool:
        """Whether no person may decide otherwise: a sexual depiction of minors."""
        return any(reason.category == MINORS for reason in self.reasons)

    @property
    def mature(self) -> bool:
        """Whether it would be for adults alone."""
        return any(reason.category in MATURE for reason in self.reasons)

    @property
    def undecided(self) -> bool:
        """Whether a classifier gave no answer: then a person looks, or nothing is done."""
        return any(reason.code == UNAVAILABLE for reason in self.reasons)


PASSED = Verdict()


def unavailable(source: str) -> Verdict:
    """Of a classifier that gave no answer. Unknown is never a pass."""
    return Verdict(outcome=Outcome.QUEUE, reasons=(Reason(code=UNAVAILABLE, source=source),))


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest outcome of several looks, with all their reasons and the highest score of each category."""
    outcome = Outcome.PASS
    reasons: dict[Reason, None] = {}
    scores: dict[str, float] = {}
    for verdict in verdicts:
        outcome = max(outcome, verdict.outcome, key=_GRAVITY.__getitem__)
        reasons |= dict.fromkeys(verdict.reasons)
        for category, score in verdict.scores.items():
            scores[category] = max(score, scores.get(category, 0.0))
    return Verdict(outcome=outcome, reasons=tuple(reasons), scores=scores)
