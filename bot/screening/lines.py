"""From scores to a verdict: for each category a line above which a moderator looks, and one that stops."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import SettingsError
from bot.screening.verdict import MINORS, Outcome, Reason, Verdict


@dataclass(frozen=True, slots=True)
class Lines:
    """From `queue` on a moderator looks, from `block` on it is stopped."""

    queue: float
    block: float


DEFAULTS: Mapping[str, Lines] = {
    # No line between: what may be this is not for a moderator to decide.
    MINORS: Lines(0.1, 0.1),
    "sexual": Lines(0.4, 0.85),
    "hate": Lines(0.4, 0.8),
    "hate/threatening": Lines(0.3, 0.7),
    "harassment": Lines(0.6, 0.95),
    "harassment/threatening": Lines(0.5, 0.9),
    "illicit": Lines(0.6, 0.95),
    "illicit/violent": Lines(0.3, 0.8),
    "self-harm": Lines(0.4, 0.85),
    "self-harm/intent": Lines(0.3, 0.7),
    "self-harm/instructions": Lines(0.2, 0.6),
    "violence": Lines(0.85, 0.99),  # films are full of it
    "violence/graphic": Lines(0.5, 0.9),
}
"""OpenAI's categories (openai/openai-openapi, `CreateModerationResponse`). Chosen, not measured: it gives no
recommended numbers, and says that they have to be set anew for each of its snapshots."""


def judged(scores: Mapping[str, float], lines: Mapping[str, Lines], source: str) -> Verdict:
    """What the scores mean; a category without lines means nothing."""
    outcome = Outcome.PASS
    reasons = []
    for category, score in scores.items():
        line = lines.get(category)
        if line is None or score < min(line.queue, line.block):
            continue
        reasons.append(Reason(code="score", source=source, category=category))
        if score >= line.block:
            outcome = Outcome.BLOCK
        elif outcome is Outcome.PASS:
            outcome = Outcome.QUEUE
    return Verdict(outcome=outcome, reasons=tuple(reasons), scores=dict(scores))


def read_lines(text: str) -> dict[str, Lines]:
    """The defaults with what an operator set: `violence 0.7 0.95, sexual 0.3 0.8`.

    Raises:
        SettingsError: it cannot be read so, or would let more of what concerns minors pass.
    """
    lines = dict(DEFAULTS)
    for part in filter(None, map(str.strip, text.split(","))):
        words = part.split()
        try:
            category, queue, block = words[0], float(words[1]), float(words[2])
        except (IndexError, ValueError) as unfit:
            raise _unfit("write a category and two numbers, such as violence 0.7 0.95") from unfit
        if len(words) > 3 or category not in DEFAULTS:
            raise _unfit(f"the categories are {', '.join(DEFAULTS)}")
        if not 0 < queue <= block <= 1:
            raise _unfit("the numbers are above 0, at most 1, and the first is not the greater")
        if category == MINORS and block > DEFAULTS[MINORS].block:
            raise _unfit(f"{MINORS} can only be made stricter")
        lines[category] = Lines(queue if category != MINORS else block, block)
    return lines


def _unfit(what: str) -> SettingsError:
    return SettingsError(f"DAILIES_MODERATION_LINES: {what}")
