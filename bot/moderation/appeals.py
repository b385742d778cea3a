"""Appeals: one against each sanction, within a month, decided by another moderator than the one who acted.

A strike that led to a block is appealed like any other; granting it lifts both.
"""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.domain import ChannelId, FaultKind, GuildId, Member, UserId
from bot.errors import ChangeRefused, DeliveryRefused, NotYours
from bot.language import _
from bot.moderation import people as sanctions
from bot.moderation.people import Sanction
from bot.telling import Telling
from storage import acts, appeals, people, places
from storage.acts import Verb
from storage.appeals import WORDS_MAX, Appeal
from storage.database import Database
from storage.places import Purpose

__all__ = ("OPEN_FOR", "WORDS_MAX", "Appeal", "Appealed", "Appeals", "Board")

log = logging.getLogger(__name__)

OPEN_FOR = timedelta(days=30)
"""After a sanction; who was there has forgotten it by then."""

LISTED_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Appealed:
    """An appeal with the sanction that it is against."""

    appeal: Appeal
    sanction: Sanction


class Board(Protocol):
    """The way to a moderators' channel. Each method raises `DeliveryUnavailable` as in `Delivery`."""

    async def tell_appeal(self, channel_id: ChannelId, appealed: Appealed) -> None:
        """Post the card of an appeal, once however often it is tried within minutes.

        Raises:
            DeliveryRefused: the place is closed to us.
        """

    async def managers_channel(self, guild_id: GuildId) -> ChannelId | None:
        """The channel that a server has named to Discord for warnings; None where it has none."""


class Appeals:
    """What members and moderators do with appeals; `telling` is its duty."""

    def __init__(self, database: Database, board: Board, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._board = board
        self._now = now
        self.telling: Telling[Appeal] = Telling(partial(database.read, appeals.untold), self._tell)

    async def appealable(self, sanction_id: str, *, by: Member) -> Sanction:
        """A sanction of this member's that may be appealed now.

        Raises:
            NotYours: there is none, it is too late, or it was appealed before.
        """
        return await self._database.read(partial(_appealable, sanction_id, by, self._now()))

    async def appeal(self, sanction_id: str, words: str, *, by: Member) -> None:
        """Say a word against a sanction; its moderators are told.

        Raises:
            NotYours: as `appealable` says.
            ChangeRefused: there are no words.
        """
        words = words.strip()[:WORDS_MAX]
        if not words:
            raise ChangeRefused(_("The appeal says nothing."), _("Say what a moderator should know."))
        at = self._now()

        def write(tx: sqlite3.Connection) -> None:
            found = _appealable(sanction_id, by, at, tx)
            appeals.insert(tx, Appeal(sanction_id=found.id, words=words, at=at))
            _record(tx, Verb.APPEAL_MADE, found, by.user_id, at)

        await self._database.write(write)
        self.telling.wake()

    async def decide(self, sanction_id: str, *, granted: bool, by: Member) -> Appealed:
        """Grant an appeal, which lifts the sanction, or refuse it, in one transaction.

        Raises:
            NotYours: there is none here, it is the moderator's own doing or appeal, or somebody has decided.
        """
        return await self._database.write(
            partial(_decide, sanction_id, granted=granted, by=by, at=self._now())
        )

    async def open_in(self, guild_id: GuildId) -> Sequence[Appealed]:
        """Those of a server that wait, the longest waiting first."""

        def read(tx: sqlite3.Connection) -> list[Appealed]:
            found = appeals.open_in(tx, guild_id, limit=LISTED_MAX)
            return [Appealed(appeal=one, sanction=_of(tx, one.sanction_id)) for one in found]

        return await self._database.read(read)

    async def of_member(self, member: Member) -> dict[str, Appeal]:
        """A member's own in a server, by sanction."""
        return await self._database.read(partial(appeals.of_member, member=member))

    async def _tell(self, appeal: Appeal) -> None:
        sanction = await self._database.read(partial(_of, sanction_id=appeal.sanction_id))
        guild_id = sanction.guild_id
        named = await self._database.read(partial(places.get, guild_id=guild_id, purpose=Purpose.REPORTS))
        channel_id = named or await self._board.managers_channel(guild_id)
        if channel_id is None:
            log.warning("no channel is named for appeals", extra={"code": "appeal", "guild": guild_id})
        else:
            try:
                await self._board.tell_appeal(channel_id, Appealed(appeal=appeal, sanction=sanction))
            except DeliveryRefused as refused:
                log.warning("appeal not shown: %s", refused, extra={"code": "appeal", "guild": guild_id})
        at = self._now()
        await self._database.write(partial(appeals.told, sanction_id=appeal.sanction_id, at=at))


def _appealable(sanction_id: str, by: Member, at: datetime, tx: sqlite3.Connection) -> Sanction:
    found = people.get(tx, sanction_id)
    if found is None or found.user_id != by.user_id or found.guild_id != by.guild_id or not found.holds(at):
        raise NotYours(_("There is nothing to appeal."), _("/standing shows what holds for you."))
    if at - found.at > OPEN_FOR:
        raise NotYours(
            _("It is too late: an appeal is open for {days} days.").format(days=OPEN_FOR.days),
            _("Talk to the moderators of this server."),
        )
    if appeals.get(tx, found.id) is not None:
        raise NotYours(
            _("You have appealed this before, and there is one appeal each."),
            _("/standing shows what became of it."),
        )
    return found


def _decide(sanction_id: str, tx: sqlite3.Connection, *, granted: bool, by: Member, at: datetime) -> Appealed:
    appeal = appeals.get(tx, sanction_id)
    sanction = None if appeal is None else people.get(tx, sanction_id)
    if appeal is None or sanction is None or sanction.guild_id != by.guild_id:
        raise NotYours(_("There is no such appeal here."), _("/moderation appeals lists what is open."))
    if appeal.decided_by is not None:
        told = _("It was granted by {member}.") if appeal.granted else _("It was refused by {member}.")
        raise NotYours(told.format(member=f"<@{appeal.decided_by}>"), _("There is nothing to do."))
    if by.user_id in {_who_acted(tx, sanction), sanction.user_id}:
        raise ChangeRefused(
            _("Another moderator decides this: you acted, or it is your own."),
            _("Leave it to them."),
            kind=FaultKind.PERMISSIONS,
        )
    appeals.decide(tx, sanction_id, granted=granted, by=by.user_id, at=at)
    _record(tx, Verb.APPEAL_UPHELD if granted else Verb.APPEAL_REFUSED, sanction, by.user_id, at)
    if granted:
        sanctions.lifted(tx, sanction, by=by.user_id, at=at)
    return Appealed(appeal=appeal, sanction=sanction)


def _who_acted(tx: sqlite3.Connection, sanction: Sanction) -> UserId:
    """The moderator behind it: of what followed from a strike, the one who struck."""
    return sanction.by_id if sanction.cause is None else _of(tx, sanction.cause).by_id


def _of(tx: sqlite3.Connection, sanction_id: str) -> Sanction:
    found = people.get(tx, sanction_id)
    if found is None:
        raise NotYours(_("There is no such open sanction here."), _("Choose one from the list."))
    return found


def _record(tx: sqlite3.Connection, verb: Verb, sanction: Sanction, by: UserId, at: datetime) -> None:
    acts.record(
        tx,
        verb=verb,
        actor_id=by,
        guild_id=sanction.guild_id,
        subject=f"member:{sanction.user_id}",
        detail={"sanction": sanction.id, "measure": sanction.measure.value},
        at=at,
    )
