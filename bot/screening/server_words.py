"""The lists of words that servers keep, and what their moderators change in them."""

import asyncio
import sqlite3
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.domain import GuildId, Member
from bot.errors import ChangeRefused
from bot.language import _
from bot.screening.automaton import squeezed
from bot.screening.folding import classes
from bot.screening.rulebook import Rulebook
from bot.screening.rules import Action, Rule, UnfitRule, read
from storage import acts
from storage import word_rules as rows
from storage.acts import Verb
from storage.database import Database
from storage.word_rules import WordRule

__all__ = ("RULES_MAX", "Changed", "ServerWords", "WordRule", "written")

RULES_MAX = 1_000
"""Of one server: made ready in 30 ms, and more than any community's list that we have seen."""

BOOKS_MAX = 256
"""So many servers' lists are kept ready; one is some hundred kilobytes at most."""

ALIKE_MAX = 64
"""So many words of a list may be the same but for doubled letters and such as i and l. A list of more would
let its authors make every prompt slow."""

_MARKS = {"block": "", "queue": "? ", "allow": "+ "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What became of a list: how many rules were written or taken out, and how many it has now."""

    rules: int
    now: int


class ServerWords:
    """Every server's own list."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._books: OrderedDict[GuildId, tuple[int, Rulebook]] = OrderedDict()

    async def book(self, guild_id: GuildId) -> Rulebook | None:
        """A server's list, ready to be asked; None where it has none."""
        rev = await self._database.read(partial(rows.rev, guild_id=guild_id))
        if rev == 0:
            return None
        kept = self._books.get(guild_id)
        if kept is not None and kept[0] == rev:
            self._books.move_to_end(guild_id)
            return kept[1]
        rev, listed = await self._database.read(partial(_list_and_rev, guild_id))
        book = await asyncio.to_thread(_made, listed)
        self._books[guild_id] = rev, book
        self._books.move_to_end(guild_id)
        while len(self._books) > BOOKS_MAX:
            self._books.popitem(last=False)
        return book

    async def listed(self, guild_id: GuildId) -> list[WordRule]:
        """A server's list, by its words."""
        return await self._database.read(partial(rows.of_guild, guild_id=guild_id))

    async def add(self, lines: Iterable[str], *, by: Member) -> Changed:
        """Write rules as they are written in a list; a rule of the same words gets the new action.

        Raises:
            ChangeRefused: one of them is no rule, or there would be too many; none was written.
        """
        return await self._database.write(partial(self._add, _rows_of(lines), by))

    async def remove(self, typed: str, *, by: Member) -> Changed:
        """Take a rule out, whatever its action.

        Raises:
            ChangeRefused: there is none of these words.
        """
        return await self._database.write(partial(self._remove, _rows_of([typed]), by))

    def _add(self, wanted: Sequence[WordRule], by: Member, tx: sqlite3.Connection) -> Changed:
        at = self._now()
        done = sum(rows.put(tx, by.guild_id, rule, by=by.user_id, at=at) for rule in wanted)
        return self._noted(tx, by, done, "added")

    def _remove(self, wanted: Sequence[WordRule], by: Member, tx: sqlite3.Connection) -> Changed:
        done = sum(rows.remove(tx, by.guild_id, rule.phrase, rule.beside) for rule in wanted)
        if not done:
            raise ChangeRefused(
                _("There is no such rule in this server's list."), _("/moderation words list shows it.")
            )
        return self._noted(tx, by, done, "removed")

    def _noted(self, tx: sqlite3.Connection, by: Member, done: int, what: str) -> Changed:
        _check_unlike(rows.of_guild(tx, by.guild_id))
        now = rows.count(tx, by.guild_id)
        if now > RULES_MAX:
            raise ChangeRefused(
                _("A server's list has at most {most} rules, and this would be {n}.").format(
                    most=RULES_MAX, n=now
                ),
                _("Take others out first, or leave some away."),
            )
        if done:
            rows.changed(tx, by.guild_id)
            acts.on_guild(
                tx,
                Verb.SCREENING_CHANGED,
                by.guild_id,
                by=by.user_id,
                at=self._now(),
                **{what: done},
                terms=now,
            )
        return Changed(rules=done, now=now)


def written(rule: WordRule) -> str:
    """A rule as it stands in a list."""
    beside = f" & {rule.beside}" if rule.beside else ""
    return f"{_MARKS[rule.action]}{rule.phrase}{beside}"


def _check_unlike(listed: Sequence[WordRule]) -> None:
    """Return if no more words look alike than can be told apart quickly.

    Raises:
        ChangeRefused: they do.
    """
    alike = Counter(squeezed(classes(word)) for rule in listed for word in {rule.phrase, rule.beside})
    alike.pop("", None)
    if max(alike.values(), default=0) > ALIKE_MAX:
        raise ChangeRefused(
            _("More than {most} words of the list would look alike.").format(most=ALIKE_MAX),
            _("One of them is enough: it is found however it is written."),
        )


def _list_and_rev(guild_id: GuildId, connection: sqlite3.Connection) -> tuple[int, list[WordRule]]:
    return rows.rev(connection, guild_id), rows.of_guild(connection, guild_id)


def _made(listed: Sequence[WordRule]) -> Rulebook:
    return Rulebook(
        [
            Rule(
                action=Action(rule.action),
                words=(rule.phrase,),
                beside=(rule.beside,) if rule.beside else (),
            )
            for rule in listed
        ]
    )


def _rows_of(lines: Iterable[str]) -> list[WordRule]:
    """What a server's moderators wrote, as rows; names for several words become a row for each."""
    try:
        rules = read(lines)
    except UnfitRule as unfit:
        raise _refused(unfit) from unfit
    found = [
        WordRule(phrase=word, beside=beside, action=rule.action.value)
        for rule in rules
        for word in rule.words
        for beside in rule.beside or ("",)
    ]
    if len(found) > RULES_MAX:
        raise ChangeRefused(
            _("A server's list has at most {most} rules, and this would be {n}.").format(
                most=RULES_MAX, n=len(found)
            ),
            _("Take others out first, or leave some away."),
        )
    if not found:
        raise ChangeRefused(
            _("No rule was named."), _("Write a word or a phrase, such as gore or blood bath.")
        )
    return found


def _refused(unfit: UnfitRule) -> ChangeRefused:
    match unfit.why:
        case "short":
            what = _("Line {line}: one letter stands in every prompt.")
            do = _("Write two letters or more, and three before a *.")
        case "long":
            what, do = _("Line {line}: a word or phrase has at most 64 letters."), _("Write a shorter one.")
        case "star":
            what = _("Line {line}: a * stands at the end of a word alone.")
            do = _("Write decapitat* for every word that begins so.")
        case "name":
            what = _("Line {line}: this name was not given before.")
            do = _("Say what it stands for in a line above it, such as @town: Berlin, Bonn.")
        case "pair":
            what = _("Line {line}: two words together cannot be allowed, only one phrase.")
            do = _("Write the whole phrase behind the +.")
        case "minors":
            what = _("Line {line}: what stands under [sexual/minors] is always stopped.")
            do = _("Leave the ? or + away.")
        case _:
            what = _("Line {line} has no letter or digit.")
            do = _("Write a word or a phrase, such as gore or blood bath.")
    return ChangeRefused(what.format(line=unfit.line), do)
