"""Erases a person: what they wrote, gave and made, everywhere that we can reach, step by step from rows.

Each step is safe to take twice, so a crash between a step and its row costs one repetition. What stays is
amounts and ids: the book goes by the person's id for so long as a limit can count on it, and then by a number
that says nothing; the record of acts, sanctions and statements of consent keep ids alone.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bot.domain import NOWHERE, ClipState, JobId, UserId
from bot.errors import ChangeRefused, NotYours
from bot.ids import Ids
from bot.jobs.cancelling import cancelled
from bot.language import _
from bot.ordering.material import PICTURES, unlink_picture
from storage import acts, clips, erasures, forgotten, removals
from storage.acts import Verb
from storage.database import Database
from storage.erasures import Erasure, Step, StepRow

# Cogs never see storage: what they show of it they know from here.
__all__ = ["Erasing", "Progress", "Step", "StepRow"]

log = logging.getLogger(__name__)

BOOK_AFTER = timedelta(days=35)
"""After the last order: longer than the longest period that a limit counts in, a month."""

LOOK_EVERY_S = 60.0
AGAIN_AFTER = timedelta(seconds=30)
"""For what waits for a provider or Discord."""
AFTER_A_FAULT = timedelta(minutes=10)
AT_ONCE_MAX = 100
"""Jobs or pictures in one transaction, and people in one round."""

PSEUDONYM_BITS = 62

_DELETABLE = frozenset({ClipState.SHOWN, ClipState.HIDDEN, ClipState.TAKEN_DOWN, ClipState.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the newest erasure of a person is."""

    asked_at: datetime
    steps: Sequence[StepRow]

    @property
    def is_over(self) -> bool:
        """Whether all is erased; the book may still wait."""
        return all(row.done_at is not None for row in self.steps if row.step is not Step.BOOK)


class Erasing:
    """The duty that erases people.

    Args:
        folder: the data folder.
        random_bits: `secrets.randbits`; a pseudonym is nothing that could be worked out.
        wake: takes the steps of a clip's removal.
        cancelled: told of orders whose end was wished for.
        gone: told when clips are to be seen nowhere any more.
    """

    def __init__(
        self,
        database: Database,
        *,
        folder: Path,
        ids: Ids,
        random_bits: Callable[[int], int],
        now: Callable[[], datetime],
        wake: Callable[[JobId], None],
        cancelled: Callable[[JobId], None],
        gone: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._folder = folder
        self._ids = ids
        self._random_bits = random_bits
        self._now = now
        self._wake = wake
        self._cancelled = cancelled
        self._gone = gone
        self._asked = asyncio.Event()

    async def ask(self, user_id: UserId) -> Progress:
        """Have everything of a person erased that is there now.

        Raises:
            ChangeRefused: that is being done already.
        """
        progress = await self._database.write(partial(self._begin, user_id))
        self._asked.set()
        return progress

    async def progress(self, user_id: UserId) -> Progress | None:
        """How far it is; None where this person never asked."""
        return await self._database.read(partial(_progress, user_id))

    async def run(self) -> None:
        """Take what is due, until cancelled; begins with what a past process left."""
        while True:
            self._asked.clear()
            await self.once()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._asked.wait()

    async def once(self) -> None:
        """Take every step that is due, of everybody."""
        at = self._now()
        for erasure in await self._database.read(partial(erasures.due, at=at, limit=AT_ONCE_MAX)):
            for row in await self._database.read(partial(erasures.steps, erasure_id=erasure.id)):
                if row.done_at is None and row.due_at <= at:
                    await self._taken(erasure, row.step)

    def _begin(self, user_id: UserId, tx: sqlite3.Connection) -> Progress:
        before = _progress(user_id, tx)
        if before is not None and not before.is_over:
            raise ChangeRefused(
                _("Your data is being erased already."), _("Look how far it is with /privacy erase.")
            )
        at = self._now()
        erasures.begin(tx, Erasure(id=self._ids.new(), user_id=user_id, asked_at=at))
        _on_record(tx, user_id, "asked", at)
        begun = _progress(user_id, tx)
        if begun is None:
            raise AssertionError("an erasure that was just written is there")
        return begun

    async def _taken(self, erasure: Erasure, step: Step) -> None:
        extra = {"code": f"erasure_{step}", "erasure": erasure.id}
        try:
            result, due_at = await self._take(erasure, step)
        except asyncio.CancelledError:
            raise
        except Exception:  # one step's fault, whatever it is, stops no other
            log.exception("not erased yet", extra=extra)
            result, due_at = "failed", self._now() + AFTER_A_FAULT
        if due_at is None:
            await self._database.write(partial(_done, erasure, step, result, self._now()))
            log.info("erased: %s", result, extra=extra)
        else:
            await self._database.write(
                partial(erasures.later, erasure_id=erasure.id, step=step, result=result, due_at=due_at)
            )

    async def _take(self, erasure: Erasure, step: Step) -> tuple[str, datetime | None]:
        """What came of a step, and when it goes on where it is not done."""
        match step:
            case Step.ORDERS:
                return await self._orders(erasure)
            case Step.WORDS:
                return await self._words(erasure)
            case Step.CLIPS:
                return await self._clips(erasure)
            case Step.CHARACTERS:
                return await self._characters(erasure)
            case Step.PICTURES:
                return await self._pictures(erasure)
            case Step.LOG:
                return await self._log(erasure)
            case Step.BOOK:
                return await self._database.write(partial(self._book, erasure))

    async def _orders(self, erasure: Erasure) -> tuple[str, datetime | None]:
        """End what is on its way; what a provider renders ends when it says so."""
        ended = await self._database.write(partial(_orders_ended, erasure, self._now()))
        for job_id in ended:
            self._cancelled(job_id)
        left = await self._database.read(
            partial(forgotten.on_their_way, user_id=erasure.user_id, until=erasure.asked_at)
        )
        return (f"waiting:{len(left)}", self._now() + AGAIN_AFTER) if left else ("ended", None)

    async def _words(self, erasure: Erasure) -> tuple[str, datetime | None]:
        person, until = erasure.user_id, erasure.asked_at
        orders, more = 0, AT_ONCE_MAX
        while more == AT_ONCE_MAX:
            more = await self._database.write(
                partial(forgotten.words_of_orders, user_id=person, until=until, limit=AT_ONCE_MAX)
            )
            orders += more
        rows = await self._database.write(partial(forgotten.words_of_person, user_id=person, until=until))
        return await self._once_at_rest(erasure, f"erased:{orders + rows}")

    async def _clips(self, erasure: Erasure) -> tuple[str, datetime | None]:
        """Every job has its removal, with a clip or without: its card quotes what was asked for."""
        begun = [JobId("")] * AT_ONCE_MAX
        while len(begun) == AT_ONCE_MAX:
            begun = await self._database.write(partial(_removals_begun, erasure, self._now()))
            for job_id in begun:
                self._wake(job_id)
        self._gone()
        all_, left, refused = await self._database.read(
            partial(forgotten.removing, user_id=erasure.user_id, until=erasure.asked_at)
        )
        if left:
            return f"waiting:{left}", self._now() + AGAIN_AFTER
        told = f"removed:{all_ - refused}" + (f",refused:{refused}" if refused else "")
        return await self._once_at_rest(erasure, told)

    async def _characters(self, erasure: Erasure) -> tuple[str, datetime | None]:
        """Their providers' copies go with the removal of the jobs that made them."""
        files = await self._database.write(
            partial(forgotten.characters_of, user_id=erasure.user_id, until=erasure.asked_at, at=self._now())
        )
        for file in files:
            await asyncio.to_thread((self._folder / file).unlink, missing_ok=True)
        return await self._once_at_rest(erasure, f"erased:{len(files)}")

    async def _pictures(self, erasure: Erasure) -> tuple[str, datetime | None]:
        """After the clips: a take-down under way still says of a picture what it looks like."""
        person, until = erasure.user_id, erasure.asked_at
        if not await self._is_done(erasure, Step.CLIPS):
            return "waiting", self._now() + AGAIN_AFTER
        erased, more = 0, [""] * AT_ONCE_MAX
        while len(more) == AT_ONCE_MAX:
            more = await self._database.read(
                partial(forgotten.pictures_of, user_id=person, until=until, limit=AT_ONCE_MAX)
            )
            for picture_id in more:
                await asyncio.to_thread(unlink_picture, self._folder / PICTURES, picture_id)
            await self._database.write(partial(forgotten.forget_pictures, picture_ids=more))
            erased += len(more)
        await self._database.write(partial(forgotten.sources_of, user_id=person, until=until))
        return await self._once_at_rest(erasure, f"erased:{erased}")

    async def _log(self, erasure: Erasure) -> tuple[str, datetime | None]:
        """Last: what stood in pages that were written over lies in the database's log until it is cut."""
        for step in (Step.WORDS, Step.CLIPS, Step.CHARACTERS, Step.PICTURES):
            if not await self._is_done(erasure, step):
                return "waiting", self._now() + AGAIN_AFTER
        cut = await self._database.read(forgotten.cut_log)
        return ("cut", None) if cut else ("waiting", self._now() + AGAIN_AFTER)

    def _book(self, erasure: Erasure, tx: sqlite3.Connection) -> tuple[str, datetime | None]:
        """Weeks later: no limit counts on the id any more, so amounts can stay without it."""
        last_at, is_open = forgotten.in_the_book_since(tx, erasure.user_id)
        at = self._now()
        due_at = max(last_at or erasure.asked_at, erasure.asked_at) + BOOK_AFTER
        if at < due_at or is_open:
            return "waiting", max(due_at, at + timedelta(days=1))
        kept = forgotten.counted_for_ever(tx, erasure.user_id)
        changed = 0
        pseudonym = -1 - self._random_bits(PSEUDONYM_BITS)
        for guild_id in forgotten.guilds_of(tx, erasure.user_id):
            if guild_id not in kept:
                changed += forgotten.pseudonymise(tx, erasure.user_id, pseudonym, guild_id)
        return f"renamed:{changed}" + (f",kept:{len(kept)}" if kept else ""), None

    async def _once_at_rest(self, erasure: Erasure, result: str) -> tuple[str, datetime | None]:
        """Done, but where an order is still on its way, whose turn comes when it rests."""
        if await self._is_done(erasure, Step.ORDERS):
            return result, None
        return "waiting", self._now() + AGAIN_AFTER

    async def _is_done(self, erasure: Erasure, step: Step) -> bool:
        rows = await self._database.read(partial(erasures.steps, erasure_id=erasure.id))
        return any(row.step is step and row.done_at is not None for row in rows)


def _progress(user_id: UserId, connection: sqlite3.Connection) -> Progress | None:
    newest = erasures.newest_of(connection, user_id)
    if newest is None:
        return None
    return Progress(asked_at=newest.asked_at, steps=erasures.steps(connection, newest.id))


def _done(erasure: Erasure, step: Step, result: str, at: datetime, tx: sqlite3.Connection) -> None:
    erasures.done(tx, erasure.id, step, result, at=at)
    _on_record(tx, erasure.user_id, f"{step}:{result}".replace(",", "/"), at)


def _on_record(tx: sqlite3.Connection, user_id: UserId, what: str, at: datetime) -> None:
    acts.record(
        tx,
        verb=Verb.DATA_ERASED,
        actor_id=user_id,
        guild_id=NOWHERE,
        subject=f"member:{user_id}",
        detail={"what": what},
        at=at,
    )


def _orders_ended(erasure: Erasure, at: datetime, tx: sqlite3.Connection) -> list[JobId]:
    ended = []
    for job_id, member in forgotten.on_their_way(tx, erasure.user_id, until=erasure.asked_at):
        with contextlib.suppress(NotYours):
            cancelled(job_id, at, tx, by=member, moderator=False)
            ended.append(job_id)
    return ended


def _removals_begun(erasure: Erasure, at: datetime, tx: sqlite3.Connection) -> list[JobId]:
    begun = forgotten.to_remove(tx, erasure.user_id, until=erasure.asked_at, limit=AT_ONCE_MAX)
    for job_id in begun:
        clips.change_state(tx, job_id, ClipState.DELETED, among=_DELETABLE)
        removals.begin(tx, job_id, by=erasure.user_id, at=at)
    return begun
