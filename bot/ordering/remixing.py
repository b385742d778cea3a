"""Others' clips: whether they may be gone on from, and the question to their member where that is so."""

import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.domain import FaultKind, Job, JobId, Kind, Member, MessageId, Order, UserId
from bot.errors import AgainstRules, DeliveryRefused, NotYours, Refusal
from bot.ids import Ids
from bot.language import _
from bot.telling import Telling
from storage import acts, jobs, objections, remix_asks
from storage.acts import Verb
from storage.channel_rules import Remixing, Rules
from storage.database import Database
from storage.objections import Matter
from storage.remix_asks import RemixAsk

__all__ = ("Asker", "RemixAsk", "RemixAsks", "check")

log = logging.getLogger(__name__)

ANSWER_WITHIN = timedelta(days=2)
ALLOWED_FOR = timedelta(days=7)
REFUSED_FOR = timedelta(days=30)
"""For so long a refused question is not asked again."""

ASKS_A_DAY_MAX = 5
"""Of one member: each pings somebody."""

_GOES_ON = frozenset({Kind.REMIX, Kind.EXTEND, Kind.ANIMATE})


class Asker(Protocol):
    """The way to a clip's member. `DeliveryUnavailable` as in `Delivery`."""

    async def ask(self, ask: RemixAsk, clip: Job) -> MessageId:
        """Post the question where the clip is to be remixed, once however often it is tried within minutes.

        Raises:
            DeliveryRefused: the place is closed to us.
        """


class _Needed(Exception):
    """Nobody has asked yet: the clip's own member has to be."""

    def __init__(self, owner_id: UserId, clip_job_id: JobId) -> None:
        super().__init__()
        self.owner_id = owner_id
        self.clip_job_id = clip_job_id


def check(tx: sqlite3.Connection, rules: Rules, order: Order, at: datetime) -> None:
    """Return if an order goes on from no clip of another's, or may.

    Raises:
        AgainstRules: it may not; where its member has yet to be asked, it says so.
    """
    try:
        _look(tx, rules, order, at)
    except _Needed as needed:
        raise _against(
            _("A clip is remixed here only when its member allows it."), _("Order again, and they are asked.")
        ) from needed


class RemixAsks:
    """Asks, and takes the answers; `telling` is its duty."""

    def __init__(self, database: Database, *, ids: Ids, now: Callable[[], datetime]) -> None:
        self._database = database
        self._ids = ids
        self._now = now
        self.asker: Asker | None = None
        self.telling: Telling[RemixAsk] = Telling(partial(database.read, remix_asks.untold), self._tell)

    async def check(self, rules: Rules, order: Order) -> None:
        """As `check`; where its member has yet to be asked, they are.

        Raises:
            AgainstRules: it may not go on from this clip now.
        """
        at = self._now()
        try:
            await self._database.read(partial(_look, rules=rules, order=order, at=at))
        except _Needed as needed:
            ask = RemixAsk(
                id=self._ids.new(),
                guild_id=order.member.guild_id,
                channel_id=order.channel_id,
                clip_job_id=needed.clip_job_id,
                owner_id=needed.owner_id,
                asker_id=order.member.user_id,
                asked_at=at,
                expires_at=at + ANSWER_WITHIN,
            )
            refusal = await self._database.write(partial(_ask, ask))
            self.telling.wake()
            raise refusal from needed

    async def answer(self, ask_id: str, *, allowed: bool, by: Member) -> RemixAsk:
        """The owner's word, and the question as it is then.

        Raises:
            NotYours: it is not theirs to answer, was answered, or is too old.
        """
        at = self._now()

        def put(tx: sqlite3.Connection) -> RemixAsk:
            found = remix_asks.get(tx, ask_id)
            if found is None or found.guild_id != by.guild_id or found.owner_id != by.user_id:
                raise NotYours(
                    _("Only the member whose clip it is answers this."), _("There is nothing to do.")
                )
            until = at + ALLOWED_FOR if allowed else found.expires_at
            if not remix_asks.answer(tx, ask_id, allowed=allowed, at=at, expires_at=until):
                raise NotYours(_("This was answered before, or is too old."), _("There is nothing to do."))
            acts.record(
                tx,
                verb=Verb.REMIX_ALLOWED if allowed else Verb.REMIX_REFUSED,
                actor_id=by.user_id,
                guild_id=by.guild_id,
                subject=f"job:{found.clip_job_id}",
                detail={"asker": found.asker_id},
                at=at,
            )
            return remix_asks.get(tx, ask_id) or found

        return await self._database.write(put)

    async def clip(self, ask: RemixAsk) -> Job | None:
        """The job of the clip that is asked about."""
        return await self._database.read(partial(jobs.get, job_id=ask.clip_job_id))

    async def _tell(self, ask: RemixAsk) -> None:
        message_id = None
        clip = await self.clip(ask)
        if clip is not None and self.asker is not None and ask.expires_at > self._now():
            try:
                message_id = await self.asker.ask(ask, clip)
            except DeliveryRefused as refused:
                log.warning("owner not asked: %s", refused, extra={"code": "remix_ask", "job": clip.id})
        at = self._now()
        await self._database.write(partial(remix_asks.told, ask_id=ask.id, message_id=message_id, at=at))


def _look(tx: sqlite3.Connection, rules: Rules, order: Order, at: datetime) -> None:
    me, source = order.member, order.source_job_id
    if source is None or order.kind not in _GOES_ON:
        return
    line = objections.lineage(tx, source)
    others = [user_id for user_id in dict.fromkeys(line) if user_id != me.user_id]
    for user_id in others:
        if Matter.REMIX in objections.of_member(tx, Member(guild_id=me.guild_id, user_id=user_id)):
            raise _against(
                _("The member whose clip this is, or is made from, does not want theirs remixed."),
                _("Choose another clip."),
            )
    if not line or line[0] == me.user_id or rules.remixing is Remixing.ON:
        return
    if rules.remixing is Remixing.OFF:
        raise _against(
            _("Clips of others are not remixed in this channel."),
            _("Choose one of yours, or another channel."),
        )
    asked = remix_asks.latest(tx, source, me.user_id)
    if asked is None:
        raise _Needed(line[0], source)
    if asked.allowed and at < asked.expires_at:
        return
    if asked.allowed is False and at < asked.asked_at + REFUSED_FOR:
        raise _against(_("Its member does not want this clip remixed."), _("Choose another clip."))
    if asked.allowed is None and at < asked.expires_at:
        raise _against(
            _("Its member was asked whether you may, and has not answered."),
            _("Order again when they have allowed it; they can until {when}.").format(
                when=f"<t:{int(asked.expires_at.timestamp())}:f>"
            ),
        )
    raise _Needed(line[0], source)


def _ask(ask: RemixAsk, tx: sqlite3.Connection) -> Refusal:
    asker = Member(guild_id=ask.guild_id, user_id=ask.asker_id)
    if remix_asks.count_since(tx, asker, ask.asked_at - timedelta(days=1)) >= ASKS_A_DAY_MAX:
        return _against(_("You have asked as many members today as one may."), _("Ask again tomorrow."))
    before = remix_asks.latest(tx, ask.clip_job_id, ask.asker_id)
    if before is None or before.asked_at < ask.asked_at:
        remix_asks.insert(tx, ask)
    return _against(
        _("A clip is remixed here only when its member allows it. They are asked now, in this channel."),
        _("Order again when they have allowed it."),
    )


def _against(what: str, do: str) -> AgainstRules:
    return AgainstRules(what, do, kind=FaultKind.PERMISSIONS)
