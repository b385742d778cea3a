"""The lists of words as a classifier: the one that comes with Dailies, the operator's, and the server's."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.domain import GuildId
from bot.errors import SettingsError
from bot.screening.classifier import Subject
from bot.screening.lexicon import Lexicon
from bot.screening.rulebook import Finding, Found, Rulebook
from bot.screening.rules import Rule, UnfitRule, read
from bot.screening.verdict import MINORS, Outcome, Verdict, together

RULES_MAX = 20_000
"""More lines than any list of words; past it the file is something else."""

OWN = Path(__file__).with_name("words.txt")
"""The list that comes with Dailies."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A finding, and whose list it is of: `default`, `operator` or `server`."""

    source: str
    finding: Finding

    @property
    def verdict(self) -> Verdict:
        return Verdict(outcome=self.finding.outcome, reasons=(self.finding.reason(self.source),))


async def no_server_list(guild_id: GuildId) -> Rulebook | None:
    """Of an installation whose servers keep no lists."""
    del guild_id
    return None


class WordLists:
    """Looks for words in prompts.

    Args:
        books: the operator's lists by their source; an allowed phrase of one holds in that one alone.
        server_book: the list of a server; an allowed phrase of it also spares what the operator's lists
            would have its own moderators look at, and never what they stop.
    """

    name = "words"
    sees_pictures = False

    def __init__(
        self,
        books: Mapping[str, Rulebook],
        *,
        server_book: Callable[[GuildId], Awaitable[Rulebook | None]] = no_server_list,
    ) -> None:
        self._books = dict(books)
        self._server_book = server_book

    async def look(self, subject: Subject) -> Verdict:
        """As `Classifier.look`. It never fails to answer."""
        return together(noted.verdict for noted in await self.notes(subject.text, subject.guild_id))

    async def notes(self, prompt: str, guild_id: GuildId) -> list[Noted]:
        """Every rule that holds for a prompt in a server."""
        books = dict(self._books)
        if (own := await self._server_book(guild_id)) is not None:
            books["server"] = own
        # A hostile prompt takes milliseconds: not on the loop, where everybody would wait for it.
        return await asyncio.to_thread(_notes, books, prompt)


def _notes(books: Mapping[str, Rulebook], prompt: str) -> list[Noted]:
    found = {source: book.look(prompt) for source, book in books.items()}
    spared = found.get("server", Found()).allowed
    return [
        Noted(source, finding)
        for source, one in found.items()
        for finding in one.findings
        if finding.outcome is Outcome.BLOCK or not finding.spared_by(spared)
    ]


def own_rules(*, only_gravest: bool = False) -> list[Rule]:
    """The list that comes with Dailies; of it, what concerns minors is never left out."""
    rules = read(OWN.read_text("utf-8").splitlines())
    return [rule for rule in rules if not only_gravest or rule.category == MINORS]


def words_of_minors() -> Callable[[str], bool]:
    """Whether a prompt speaks of children, by the words that our own list knows for them."""
    pairs = [rule for rule in own_rules(only_gravest=True) if rule.beside]
    lexicon = Lexicon(list(dict.fromkeys(word for rule in pairs for word in rule.words)))
    return lambda prompt: bool(lexicon.hits(prompt))


def read_words(path: Path | None) -> list[Rule]:
    """The operator's list, in the form that `rules` tells.

    Raises:
        SettingsError: the file cannot be read, or is no list of words; it names the line.
    """
    if path is None:
        return []
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is no text in UTF-8"
        raise SettingsError(f"DAILIES_BLOCKED_WORDS_FILE: {path} cannot be read ({why})") from fault
    if len(lines) > RULES_MAX:
        raise SettingsError(f"DAILIES_BLOCKED_WORDS_FILE: {path} has more than {RULES_MAX} lines")
    try:
        return read(lines)
    except UnfitRule as unfit:
        raise SettingsError(
            f"DAILIES_BLOCKED_WORDS_FILE: {path}: line {unfit.line}: {_WRONG[unfit.why]}"
        ) from unfit


_WRONG = {
    "empty": "it has no letter or digit",
    "short": "one letter stands in every prompt; write two or more (three before a *)",
    "long": "a word or phrase has at most 64 letters",
    "star": "a * stands at the end of a word alone",
    "name": "this name has not been given before",
    "pair": "two words together cannot be allowed, only one phrase",
    "minors": "what stands under [sexual/minors] is always stopped; write no ? and no +",
}
