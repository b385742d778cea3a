"""Which words of a list stand in a prompt, however they are dressed.

The automaton names every place where a word may stand; here it is looked at closely: whether it begins and
ends where words do, and whether it is one word set apart (`g-o-r-e`) or several (`the U.S. ex-champion`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.screening.automaton import Automaton
from bot.screening.folding import classes as classes_of
from bot.screening.folding import classes_with_signs, fold_prompt
from bot.screening.spelling import Spelled, Word, spelled, word_of

TRIES_MAX = 4
"""No word begins or ends with more letters of one kind: so many places are tried to begin and to end it."""

SHORT_LETTERS_MAX = 3
"""A word so short is not looked for in a longer one that is spelled out: T-I-T-A-N-I-C."""

NEAR_CHARS = 6


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of the list, by its place in it, and where it stands in the folded prompt."""

    word: int
    begin: int
    end: int

    def within(self, other: "Hit") -> bool:
        return other.begin <= self.begin and self.end <= other.end


class Lexicon:
    """Looks for many words and phrases at once.

    Args:
        words: as `rules.phrase` gives them.
        exact: those of them (by place) that are found only as they are written, undisguised.
    """

    def __init__(self, words: Sequence[str], exact: Iterable[int] = ()) -> None:
        undisguised = frozenset(exact)
        self._words = [word_of(word, exact=place in undisguised) for place, word in enumerate(words)]
        self._automaton = Automaton(word.kinds for word in self._words)
        # Once a word is found that is enough; but one within an exact phrase may stand elsewhere too.
        self._again = undisguised | {
            inner
            for place in undisguised
            for _, inners, _ in self._automaton.found(self._words[place].kinds)
            for inner in inners
        }

    def hits(self, prompt: str) -> list[Hit]:
        """The words that stand in a prompt, with where; in time that grows with the prompt's length."""
        folded = fold_prompt(prompt)
        found: set[Hit] = set()
        for kinds in (classes_of(folded), classes_with_signs(folded)):
            if kinds is not None:
                found.update(_Look(folded, kinds, self._words, self._automaton).hits(self._again))
        return sorted(found, key=lambda hit: (hit.begin, hit.end, hit.word))


class _Look:
    """One reading of one prompt. What counts as a letter in it is what is no space in `kinds`."""

    def __init__(self, folded: str, kinds: str, words: Sequence[Word], automaton: Automaton) -> None:
        self._folded = folded
        self._kinds = kinds
        self._words = words
        self._automaton = automaton
        self._known: dict[tuple[int, str], Spelled] = {}

    def hits(self, again: frozenset[int]) -> Iterator[Hit]:
        """Every word once, and those of `again` wherever they stand."""
        folded, kinds, words = self._folded + " ", self._kinds + " ", self._words
        lengths = self._automaton.lengths
        done: set[int] = set()
        for at, places, begins in self._automaton.found(self._kinds):
            # Nearly all places are inside longer words: those are passed over before anything is made.
            goes_on = kinds[at + 1] not in (" ", kinds[at]) and folded[at + 1].isalnum()
            for place in places:
                word = words[place]
                if (goes_on and not word.free) or place in done:
                    continue
                runs = lengths[place]
                first, second = begins[-runs], begins[1 - runs] if runs > 1 else None
                if second == first + 1 and first and word.with_edges and folded[first - 1].isalnum():
                    continue
                hit = self._hit(place, word, first, second, at)
                if hit is not None:
                    yield hit
                    if place not in again:
                        done.add(place)

    def _hit(self, place: int, word: Word, first: int, stop: int | None, at: int) -> Hit | None:
        """The word between the run of letters that begins at `first` and the one that begins at `at`."""
        begins = self._begins(first, stop, edges=word.with_edges)
        ends = self._ends(at, edges=not word.free) if begins else ()
        for begin in begins:
            for end in ends:
                if begin < end and self._is(place, word, begin, end):
                    return Hit(place, begin, end)
        return None

    def _is(self, place: int, word: Word, begin: int, end: int) -> bool:
        piece = self._folded[begin:end]
        how = self._known.get((place, piece))
        if how is None:
            how = self._known[place, piece] = spelled(word, piece, self._kinds[begin:end])
        if how is Spelled.NOT:
            return False
        if how is Spelled.SPLINTERED and not (self._ends_chunk(begin, -1) and self._ends_chunk(end - 1, 1)):
            return False
        return len(word.letters) > SHORT_LETTERS_MAX or not self._goes_on(begin, end)

    # Where words begin and end

    def _begins(self, first: int, stop: int | None, *, edges: bool) -> list[int]:
        """The last few places of a run where the word may begin, the last first."""
        places = self._run(first, stop)
        if edges:
            places = [at for at in places if not self._is_letter(at - 1)]
        return places[: -TRIES_MAX - 1 : -1]

    def _ends(self, at: int, *, edges: bool) -> list[int]:
        """Behind the first few letters of a run behind which the word may end."""
        behind = [place + 1 for place in self._run(at)]
        if edges:
            behind = [end for end in behind if not self._is_letter(end)]
        return behind[:TRIES_MAX]

    def _run(self, at: int, stop: int | None = None) -> list[int]:
        """Where the letters of one kind stand from here on; what is no letter is passed over."""
        kinds = self._kinds
        kind, stop = kinds[at], len(kinds) if stop is None else stop
        places = [at]
        at += 1
        while at < stop and (here := kinds[at]) in (kind, " "):
            if here == kind:
                places.append(at)
            at += 1
        return places

    def _is_letter(self, at: int) -> bool:
        return 0 <= at < len(self._folded) and self._folded[at].isalnum()

    def _ends_chunk(self, at: int, step: int) -> bool:
        """Whether there is a space, or nothing, before the next letter to this side."""
        at += step
        while 0 <= at < len(self._folded) and not self._folded[at].isalnum():
            if self._folded[at].isspace():
                return True
            at += step
        return not 0 <= at < len(self._folded)

    def _goes_on(self, begin: int, end: int) -> bool:
        """Whether these are single letters set apart, and beside them stands another such."""
        own = self._kinds[begin:end].split()
        if len(own) == 1 or any(len(part) > 1 for part in own):
            return False
        before = self._kinds[max(0, begin - NEAR_CHARS) : begin].split(" ")
        behind = self._kinds[end : end + NEAR_CHARS].split(" ")
        nearest = next((part for part in reversed(before) if part), "")
        following = next((part for part in behind if part), "")
        return len(nearest) == 1 or len(following) == 1
