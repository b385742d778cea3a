"""What moderators do about members, and how members stand by it. Each act is on record in its transaction.

Two strikes that count lead to a cool-down and four to a block, where a server says nothing else; each counts
for a while and then no more. `standing` and `strike` are for whoever is in a transaction already.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot.domain import FaultKind, GuildId, Member, UserId
from bot.errors import ChangeRefused, NotYours
from bot.ids import Ids
from bot.language import _
from storage import acts, people
from storage.acts import Verb
from storage.database import Database
from storage.people import (
    BY_RULE,
    EVERYWHERE,
    REASON_CHARS_MAX,
    Discipline,
    Measure,
    Sanction,
    Standing,
    standing,
)

__all__ = (
    "BY_RULE",
    "EVERYWHERE",
    "REASON_CHARS_MAX",
    "Discipline",
    "Measure",
    "People",
    "Sanction",
    "Standing",
    "Struck",
    "lifted",
    "standing",
    "strike",
)

HISTORY_SHOWN = 20

_DONE = {
    Measure.WARNING: Verb.MEMBER_WARNED,
    Measure.STRIKE: Verb.MEMBER_STRUCK,
    Measure.COOLDOWN: Verb.MEMBER_COOLED_DOWN,
    Measure.BLOCK: Verb.MEMBER_BLOCKED,
    Measure.PROBATION: Verb.MEMBER_ON_PROBATION,
}
_UNDONE = {
    Measure.WARNING: Verb.MEMBER_UNSTRUCK,
    Measure.STRIKE: Verb.MEMBER_UNSTRUCK,
    Measure.COOLDOWN: Verb.MEMBER_UNBLOCKED,
    Measure.BLOCK: Verb.MEMBER_UNBLOCKED,
    Measure.PROBATION: Verb.MEMBER_OFF_PROBATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """A strike, how many count with it, and what that led to by the server's rule."""

    sanction: Sanction
    strikes: int
    led_to: Sanction | None = None


def strike(
    tx: sqlite3.Connection, member: Member, *, by: UserId, reason: str, ids: Ids, at: datetime
) -> Struck:
    """Strike a member, with all that follows, in the transaction of what it is for."""
    rule = people.discipline(tx, member.guild_id)
    struck = Sanction(
        id=ids.new(),
        guild_id=member.guild_id,
        user_id=member.user_id,
        measure=Measure.STRIKE,
        reason=reason[:REASON_CHARS_MAX],
        by_id=by,
        at=at,
        until=at + timedelta(days=rule.strike_days),
    )
    _write(tx, struck)
    now = people.standing(tx, member.guild_id, member.user_id, at)
    follows = None
    if rule.block_strikes and now.strikes >= rule.block_strikes:
        follows = replace(struck, measure=Measure.BLOCK, until=at + timedelta(days=rule.block_days))
    elif rule.cooldown_strikes and now.strikes >= rule.cooldown_strikes:
        follows = replace(struck, measure=Measure.COOLDOWN, until=at + timedelta(hours=rule.cooldown_hours))
    if follows is not None:
        follows = replace(follows, id=ids.new(), by_id=BY_RULE, cause=struck.id)
        _write(tx, follows)
    return Struck(sanction=struck, strikes=now.strikes, led_to=follows)


def lifted(tx: sqlite3.Connection, sanction: Sanction, *, by: UserId, at: datetime) -> bool:
    """End a sanction, and what a strike led to with it; False where it had ended before."""
    if not people.lift(tx, sanction.id, by=by, at=at):
        return False
    ended = [sanction]
    if sanction.measure is Measure.STRIKE:
        ended += [one for one in people.led_to(tx, sanction.id) if people.lift(tx, one.id, by=by, at=at)]
    for one in ended:
        acts.record(
            tx,
            verb=_UNDONE[one.measure],
            actor_id=by or None,
            guild_id=one.guild_id,
            subject=f"member:{one.user_id}",
            detail={"sanction": one.id, "measure": one.measure.value},
            at=at,
        )
    return True


class People:
    """The moderators' side of sanctions, and what members see of theirs."""

    def __init__(self, database: Database, *, ids: Ids, now: Callable[[], datetime]) -> None:
        self._database = database
        self._ids = ids
        self._now = now

    async def strike(self, member: Member, *, by: UserId, reason: str) -> Struck:
        """Strike a member.

        Raises:
            ChangeRefused: it is the moderator themselves.
        """
        _check_other(member.user_id, by)
        at = self._now()
        return await self._database.write(
            partial(strike, member=member, by=by, reason=_checked(reason), ids=self._ids, at=at)
        )

    async def sanction(
        self,
        member: Member,
        measure: Measure,
        *,
        by: UserId,
        reason: str,
        holds_for: timedelta | None = None,
        everywhere: bool = False,
    ) -> Sanction:
        """Warn, cool down, block or put on probation, for a while or until it is lifted.

        Raises:
            ChangeRefused: it is the moderator themselves.
        """
        _check_other(member.user_id, by)
        at = self._now()
        made = Sanction(
            id=self._ids.new(),
            guild_id=EVERYWHERE if everywhere else member.guild_id,
            user_id=member.user_id,
            measure=measure,
            reason=_checked(reason),
            by_id=by,
            at=at,
            until=None if holds_for is None else at + holds_for,
        )
        await self._database.write(partial(_write, sanction=made))
        return made

    async def lift(self, sanction_id: str, *, guild_id: GuildId, by: UserId) -> Sanction:
        """End a sanction of this server (`EVERYWHERE` for the operator's), whoever it is of but oneself.

        Raises:
            NotYours: there is no such open one here.
            ChangeRefused: it is the moderator's own.
        """
        at = self._now()

        def end(tx: sqlite3.Connection) -> Sanction:
            found = people.get(tx, sanction_id)
            if found is None or found.guild_id != guild_id or not found.holds(at):
                raise NotYours(_("There is no such open sanction here."), _("Choose one from the list."))
            _check_other(found.user_id, by)
            lifted(tx, found, by=by, at=at)
            return found

        return await self._database.write(end)

    async def standing(self, member: Member) -> Standing:
        """How a member stands now."""
        return await self._database.read(
            partial(standing, guild_id=member.guild_id, user_id=member.user_id, at=self._now())
        )

    async def open_of(self, member: Member) -> Sequence[Sanction]:
        """What holds for a member now, the oldest first."""
        return await self._database.read(partial(people.open_of, member=member, at=self._now()))

    async def history(self, member: Member) -> Sequence[Sanction]:
        """The latest that was done about a member, also what holds no more, the newest first."""
        return await self._database.read(partial(people.newest_of, member=member, limit=HISTORY_SHOWN))

    async def discipline(self, by: Member, **changes: int) -> Discipline:
        """A server's rule about strikes, with fields of it changed."""
        at = self._now()

        def put(tx: sqlite3.Connection) -> Discipline:
            was = people.discipline(tx, by.guild_id)
            if not changes:
                return was
            wanted = replace(was, **changes)
            people.set_discipline(tx, by.guild_id, wanted)
            for name, now in changes.items():
                if (before := getattr(was, name)) != now:
                    acts.on_guild(
                        tx,
                        Verb.RULES_CHANGED,
                        by.guild_id,
                        by=by.user_id,
                        at=at,
                        rule=name,
                        was=before,
                        now=now,
                    )
            return wanted

        return await self._database.write(put)


def _write(tx: sqlite3.Connection, sanction: Sanction) -> None:
    people.insert(tx, sanction)
    detail: dict[str, int | str] = {"sanction": sanction.id}
    if sanction.until is not None:
        detail["until"] = int(sanction.until.timestamp())
    if sanction.guild_id == EVERYWHERE:
        detail["everywhere"] = 1
    if sanction.cause is not None:
        detail["cause"] = sanction.cause
    acts.record(
        tx,
        verb=_DONE[sanction.measure],
        actor_id=sanction.by_id or None,
        guild_id=sanction.guild_id,
        subject=f"member:{sanction.user_id}",
        detail=detail,
        at=sanction.at,
    )


def _check_other(user_id: UserId, by: UserId) -> None:
    if user_id == by:
        raise ChangeRefused(
            _("Nobody decides about themselves."), _("Ask another moderator."), kind=FaultKind.PERMISSIONS
        )


def _checked(reason: str) -> str:
    told = " ".join(reason.split())
    if not told:
        raise ChangeRefused(
            _("No reason was given, and the member is to read it."), _("Say why and do it again.")
        )
    return told[:REASON_CHARS_MAX]
