"""Sheets: what a member is filling in. They outlive a refused order, a restart and a form that was closed."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.domain import PROMPT_CHARS_MAX, InteractionId, Member
from bot.errors import NotYours
from bot.ids import Ids
from bot.language import _
from bot.ordering.asked import Asked
from bot.prompts import Parts
from storage import sheets
from storage.database import Database

HOLDS = timedelta(days=1)

CHANGED = frozenset({"model", "resolution", "aspect_ratio", "duration_s", "final_s", "draft"})
"""What is chosen on the quote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """An order as it was typed, the parts of its prompt, and the quote that it has now.

    `answers` is the interaction that this quote answers, by which an order made of it is found.
    """

    id: str
    asked: Asked
    parts: Parts
    quote_id: str | None
    answers: InteractionId | None


class Sheets:
    """Every member's own."""

    def __init__(self, database: Database, *, ids: Ids, now: Callable[[], datetime]) -> None:
        self._database = database
        self._ids = ids
        self._now = now

    async def begin(self, asked: Asked, member: Member) -> str:
        """Start one, and return its id."""
        at, sheet_id = self._now(), self._ids.new()
        begin = partial(
            sheets.insert,
            sheet_id=sheet_id,
            member=member,
            asked=asdict(asked),
            at=at,
            forgotten_before=at - HOLDS,
        )
        await self._database.write(begin)
        return sheet_id

    async def get(self, sheet_id: str, member: Member) -> Sheet:
        """A member's own.

        Raises:
            NotYours: it is another's, or too old.
        """
        return await self._database.read(partial(self._own, sheet_id, member))

    async def fill(self, sheet_id: str, member: Member, parts: Parts) -> Sheet:
        """Keep what was sent in with the form; a part longer than any prompt is kept up to there.

        Raises:
            NotYours: it is another's, or too old.
        """
        kept = Parts(**{name: text[:PROMPT_CHARS_MAX] for name, text in asdict(parts).items()})
        return await self._changed(sheet_id, member, lambda sheet: replace(sheet, parts=kept))

    async def choose(self, sheet_id: str, member: Member, changes: Mapping[str, Any]) -> Sheet:
        """Keep what was chosen on the quote: fields of `CHANGED`.

        Raises:
            NotYours: it is another's, or too old.
        """
        if not changes.keys() <= CHANGED:
            raise ValueError(f"not chosen on a quote: {sorted(changes.keys() - CHANGED)}")
        return await self._changed(
            sheet_id, member, lambda sheet: replace(sheet, asked=replace(sheet.asked, **changes))
        )

    async def quoted(self, sheet_id: str, quote_id: str, answers: InteractionId) -> None:
        """Note the quote that it has now."""
        await self._database.write(
            partial(sheets.quoted, sheet_id=sheet_id, quote_id=quote_id, interaction_id=answers)
        )

    async def _changed(self, sheet_id: str, member: Member, change: Callable[[Sheet], Sheet]) -> Sheet:
        def write(tx: sqlite3.Connection) -> Sheet:
            sheet = change(self._own(sheet_id, member, tx))
            sheets.write(tx, sheet_id, asked=asdict(sheet.asked), parts=asdict(sheet.parts))
            return sheet

        return await self._database.write(write)

    def _own(self, sheet_id: str, member: Member, tx: sqlite3.Connection) -> Sheet:
        row = sheets.get(tx, sheet_id, member, not_before=self._now() - HOLDS)
        if row is None:
            raise NotYours(
                _("This storyboard has expired or is not yours."), _("Start one with /storyboard.")
            )
        return Sheet(
            id=sheet_id,
            asked=Asked(**row.asked),
            parts=Parts(**row.parts),
            quote_id=row.quote_id,
            answers=row.interaction_id,
        )
