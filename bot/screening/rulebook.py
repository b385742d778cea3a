"""The rules of one list, and what they find in a prompt."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from bot.screening.lexicon import Hit, Lexicon
from bot.screening.rules import Action, Rule
from bot.screening.verdict import MINORS, Outcome, Reason

_OUTCOMES = {Action.BLOCK: Outcome.BLOCK, Action.QUEUE: Outcome.QUEUE}


class Spans:
    """Places of a prompt where an allowed phrase stands."""

    def __init__(self, hits: Iterable[Hit] = ()) -> None:
        ordered = sorted((hit.begin, hit.end) for hit in hits)
        self._begins = [begin for begin, _ in ordered]
        self._ends = list(accumulate((end for _, end in ordered), max))

    def cover(self, hit: Hit) -> bool:
        """Whether one of them holds all of this."""
        before = bisect_right(self._begins, hit.begin)
        return before > 0 and self._ends[before - 1] >= hit.end


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

    def spared_by(self, allowed: Spans) -> bool:
        """Whether one of its words stands in one of these; nothing spares what is of `MINORS`."""
        return self.rule.category != MINORS and any(map(allowed.cover, self.hits))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a list has to say of a prompt: its findings, and where phrases stand that it allows."""

    findings: tuple[Finding, ...] = ()
    allowed: Spans = field(default_factory=Spans)


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
        self._by_word: dict[int, list[int]] = {}
        for at, (_, words, _) in enumerate(self._rules):
            for word in words:
                self._by_word.setdefault(word, []).append(at)
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
        met = [self._rules[at] for at in sorted({at for word in hits for at in self._by_word.get(word, ())})]
        allowed = Spans(
            hit for rule, words, _ in met if rule.action is Action.ALLOW for hit in _of(words, hits)
        )
        findings = (
            found
            for rule, words, beside in met
            if rule.action is not Action.ALLOW and (found := _finding(rule, words, beside, hits, allowed))
        )
        return Found(findings=tuple(findings), allowed=allowed)


def _finding(
    rule: Rule,
    words: frozenset[int],
    beside: frozenset[int],
    hits: dict[int, list[Hit]],
    allowed: Spans,
) -> Finding | None:
    """The first place where this rule holds and that is not allowed."""
    spared = Spans() if rule.category == MINORS else allowed
    ones = (hit for hit in _of(words, hits) if not spared.cover(hit))
    if not rule.beside:
        one = next(ones, None)
        return None if one is None else Finding(rule=rule, hits=(one,))
    others = [hit for hit in _of(beside, hits) if not spared.cover(hit)]
    pairs = (
        Finding(rule=rule, hits=(one, other))
        for one in ones
        for other in others
        if not (one.within(other) or other.within(one))  # a word is not beside itself
    )
    return next(pairs, None)


def _of(words: frozenset[int], hits: dict[int, list[Hit]]) -> Iterator[Hit]:
    return (hit for word in words & hits.keys() for hit in hits[word])
