"""Aho and Corasick's automaton: where any of many patterns stand in a text, in one pass over it.

Runs of one letter count as one, in the patterns and in the text, and what is no letter is passed over: so it
finds every place where a pattern may stand, however it is stretched or spaced out. Whoever asks looks closer.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import groupby

SPACE = 0x20

_SHIFT = 21
"""A step's key is its state and a character, of which there are fewer than 2 to the 21st."""


class Automaton:
    """Patterns, by their place in the given order; each is of letter classes, at least one."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._steps: dict[int, int] = {}
        self._ends: list[list[int]] = [[]]
        self.lengths: list[int] = []
        """How many runs each pattern has."""
        for place, pattern in enumerate(patterns):
            self._add(place, squeezed(pattern))
        self._falls, self._shorter = self._links()

    def found(self, text: str) -> Iterator[tuple[int, list[int], list[int]]]:
        """Each place where patterns may end: its index, the patterns, and where all runs up to it begin.

        The list of runs is one and the same, and grows.
        """
        steps, falls, ends, shorter = self._steps, self._falls, self._ends, self._shorter
        begins: list[int] = []
        state, last = 0, SPACE
        for at, code in enumerate(memoryview(text.encode("utf-32-le", "surrogatepass")).cast("I")):
            if code in (last, SPACE):
                continue
            last = code
            begins.append(at)
            while (step := steps.get(state << _SHIFT | code)) is None and state:
                state = falls[state]
            state = step or 0
            here = state if ends[state] else shorter[state]
            while here:
                yield at, ends[here], begins
                here = shorter[here]

    def _add(self, place: int, runs: str) -> None:
        state = 0
        for char in runs:
            key = state << _SHIFT | ord(char)
            if key not in self._steps:
                self._steps[key] = len(self._ends)
                self._ends.append([])
            state = self._steps[key]
        self._ends[state].append(place)
        self.lengths.append(len(runs))

    def _links(self) -> tuple[list[int], list[int]]:
        """For each state, where to go on when no step fits, and the longest shorter pattern ending there."""
        children: list[list[tuple[int, int]]] = [[] for _ in self._ends]
        for key, to in self._steps.items():
            children[key >> _SHIFT].append((key & ((1 << _SHIFT) - 1), to))
        falls, shorter = [0] * len(self._ends), [0] * len(self._ends)
        waiting = deque(to for _, to in children[0])
        while waiting:
            state = waiting.popleft()
            for code, to in children[state]:
                fall = falls[state]
                while (step := self._steps.get(fall << _SHIFT | code)) is None and fall:
                    fall = falls[fall]
                falls[to] = step or 0
                shorter[to] = falls[to] if self._ends[falls[to]] else shorter[falls[to]]
                waiting.append(to)
        return falls, shorter


def squeezed(letters: str) -> str:
    """Each run of one letter as one, without spaces."""
    return "".join(letter for letter, _ in groupby(letters.replace(" ", "")))
