"""The rules of one list, and what they find in a prompt."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.screening.lexicon import Hit, Lexicon
from bot.screening.rules import Action, Rule
from bot.screening.verdict import MINORS, Outcome, Reason

_OUTCOMES = {Action.BLOCK: Outcome.BLOCK, Action.QUEUE: Outcome.QUEUE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that holds for a prompt, and where its words stand."""

    rule: Rule
    hits: tuple[Hit, ...]

    @property
    def outcome(self) -> Outcome:
        return _OUTCOMES[self.rule.action]

    def reason(self, source: str) -> Reason:
        """Why, without the word."""
        return Reason(code="pair" if self.rule.beside else "word", source=source, category=self.rule.category)

    def allowed_by(self, spans: Iterable[Hit]) -> bool:
        """Whether one of its words stands in one of these; nothing allows what is of `MINORS`."""
        return self.rule.category != MINORS and any(hit.within(span) for hit in self.hits for span in spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a list has to say of a prompt: its findings, and where phrases stand that it allows."""

    findings: tuple[Finding, ...] = ()
    allowed: tuple[Hit, ...] = ()


class Rulebook:
    """The rules of a list, made ready once. An allowed phrase wins over every rule of the same list."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        places: dict[tuple[str, bool], int] = {}

        def place(phrase: str, *, exact: bool) -> int:
            return places.setdefault((phrase, exact), len(places))

        self._rules = [
            (
                rule,
                frozenset(place(word, exact=rule.action is Action.ALLOW) for word in rule.words),
                frozenset(place(word, exact=False) for word in rule.beside),
            )
            for rule in rules
        ]
        self._lexicon = Lexicon(
            [phrase for phrase, _ in places], [at for (_, exact), at in places.items() if exact]
        )

    def look(self, prompt: str) -> Found:
        """What it finds, in time that grows with the prompt's length alone."""
        hits: dict[int, list[Hit]] = {}
        for hit in self._lexicon.hits(prompt):
            hits.setdefault(hit.word, []).append(hit)
        if not hits:
            return Found()
        allowed = tuple(
            hit for rule, words, _ in self._rules if rule.action is Action.ALLOW for hit in _of(words, hits)
        )
        findings = (
            found
            for rule, words, beside in self._rules
            if rule.action is not Action.ALLOW and (found := _finding(rule, words, beside, hits, allowed))
        )
        return Found(findings=tuple(findings), allowed=allowed)


def _finding(
    rule: Rule,
    words: frozenset[int],
    beside: frozenset[int],
    hits: dict[int, list[Hit]],
    allowed: Sequence[Hit],
) -> Finding | None:
    """The first that is not allowed, of the places where this rule holds."""
    for one in _of(words, hits):
        for other in _of(beside, hits) if rule.beside else (None,):
            if other is not None and (one.within(other) or other.within(one)):
                continue  # a word is not beside itself
            finding = Finding(rule=rule, hits=(one,) if other is None else (one, other))
            if not finding.allowed_by(allowed):
                return finding
    return None


def _of(words: frozenset[int], hits: dict[int, list[Hit]]) -> Iterator[Hit]:
    return (hit for word in words & hits.keys() for hit in hits[word])
