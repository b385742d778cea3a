"""What may be spent, and by whom: what a member has left, and the grants that managers give."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from bot.domain import (
    Allowance,
    Balance,
    ChannelId,
    FaultKind,
    GuildId,
    Limits,
    Member,
    Micros,
    Order,
    Period,
    Quote,
    UserId,
)
from bot.errors import ChangeRefused, PaidNotEnabled
from bot.language import _
from bot.spend.admission import Admitted, Room, Standing, admit
from storage import grants
from storage.budgets import BudgetScope
from storage.database import Database
from storage.grants import Grant
from storage.purses import member_key

__all__ = [
    "MANAGED",
    "Admitted",
    "BudgetScope",
    "Budgets",
    "Grant",
    "admit",
]

MANAGED = frozenset(
    {
        BudgetScope.GUILD,
        BudgetScope.CHANNEL,
        BudgetScope.ROLE,
        BudgetScope.MEMBER,
        BudgetScope.DEFAULT,
    }
)
"""What a guild's managers may set. The ceiling and the installation are the operator's, and always hold."""

REASON_CHARS_MAX = 500


class Budgets:
    """Answers what a member may still order, and gives and takes back grants.

    Args:
        limits: the operator's defaults.
    """

    def __init__(self, database: Database, limits: Limits, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._limits = limits
        self._now = now

    async def allowance(
        self,
        member: Member,
        *,
        channel_id: ChannelId | None = None,
        role_ids: Sequence[int] | None = None,
        costs_money: bool = False,
    ) -> Allowance:
        """What a member's own budget is and has, and the least that is left of all that applies.

        Args:
            member: whose.
            channel_id: where they would order, or a thread's channel; the server's own where it is None.
            role_ids: their roles; None where nobody has said them, which matters where roles have budgets.
            costs_money: whether it is for what a provider bills, to which the operator's ceiling applies.
        """
        of = partial(_allowance, member, channel_id, role_ids, self._limits, self._now())
        return await self._database.read(partial(of, costs_money))

    def allowance_in(self, tx: sqlite3.Connection, order: Order, quote: Quote) -> Allowance:
        """The same inside somebody's reading, for who placed an order: their roles are not known any more."""
        return _allowance(
            order.member, order.counted_in, None, self._limits, self._now(), quote.costs_money, tx
        )

    async def grant(
        self,
        member: Member,
        amount_micros: Micros,
        *,
        by: UserId,
        reason: str,
        expires_at: datetime | None = None,
    ) -> Grant:
        """Give a member money beyond the budget; the pools hold all the same.

        Raises:
            ChangeRefused: nothing is given, no reason, a time that is over, or there are too many.
        """
        at = self._now()
        if amount_micros <= 0:
            raise _unfit(_("A grant is more than nothing."), _("Name an amount above zero."))
        if not reason.strip():
            raise _unfit(_("A grant says why."), _("Give a reason."))
        check_reason(reason)
        if expires_at is not None and expires_at <= at:
            raise _unfit(_("This grant would have expired already."), _("Choose a later time."))

        def give(tx: sqlite3.Connection) -> Grant | None:
            if len(grants.open_of(tx, member, at=at)) >= grants.OPEN_MAX:
                return None
            grant_id = grants.give(
                tx, member, amount_micros, by=by, reason=reason, at=at, expires_at=expires_at
            )
            return grants.get(tx, grant_id, guild_id=member.guild_id)

        given = await self._database.write(give)
        if given is None:
            raise _unfit(_("This member has too many open grants."), _("Revoke one of them first."))
        return given

    async def revoke(self, guild_id: GuildId, grant_id: int, *, by: UserId, reason: str = "") -> Grant | None:
        """Take back what is left of a grant of this guild, and return it as it was; None: none is open."""
        check_reason(reason)
        at = self._now()
        return await self._database.write(
            partial(grants.revoke, grant_id=grant_id, guild_id=guild_id, by=by, reason=reason, at=at)
        )


def _allowance(
    member: Member,
    channel_id: ChannelId | None,
    role_ids: Sequence[int] | None,
    limits: Limits,
    at: datetime,
    costs_money: bool,  # noqa: FBT001 - what is read is called with its connection alone
    connection: sqlite3.Connection,
) -> Allowance:
    standing = Standing(connection, member, channel_id, role_ids or (), limits, at)
    own = standing.own()
    granted = sum(grant.left_micros(at) for grant in standing.grants())
    lefts = [*_pools(standing, costs_money=costs_money)]
    if own is not None:  # first, so that of two with as little it is the member's own that is named
        lefts.insert(0, own._replace(left_micros=max(0, own.left_micros) + granted))
    least = min(lefts, key=lambda room: room.left_micros, default=None)
    period = Period.MONTH if own is None else own.period
    spent, held = standing.spent_and_held(period)
    calendar = standing.charter.rules
    resets_at = calendar.resets_at(period, standing.day)
    return Allowance(
        limit_micros=None if own is None else Micros(own.limit_micros),
        balance=Balance(spent_micros=Micros(spent), held_micros=Micros(held)),
        left_micros=None if least is None else Micros(max(0, least.left_micros)),
        resets_at=resets_at or calendar.month_ends_at(standing.day),
        period=period,
        starts_anew=resets_at is not None,
        granted_micros=Micros(granted),
        in_flight=standing.in_flight(member_key(member)),
        left_of="" if least is None else least.scope.value,
        left_until=None if least is None else least.resets_at(at),
        is_known=role_ids is not None or not _roles_matter(standing),
    )


def _roles_matter(standing: Standing) -> bool:
    """Whether which budget per head applies depends on their roles."""
    set_here = standing.charter.bounds
    has_own = (BudgetScope.MEMBER.value, standing.member.user_id) in set_here
    return not has_own and any(scope == BudgetScope.ROLE.value for scope, _ in set_here)


def _pools(standing: Standing, *, costs_money: bool) -> list[Room]:
    try:
        return [*standing.pools(costs_money=costs_money)]
    except PaidNotEnabled:  # nothing such is sold, and what is left for the rest is shown all the same
        return _pools(standing, costs_money=False) if costs_money else []


def check_reason(reason: str) -> None:
    """Return if a reason has room on record.

    Raises:
        ChangeRefused: it is too long.
    """
    if len(reason) > REASON_CHARS_MAX:
        raise _unfit(
            _("A reason has at most {n} characters.").format(n=REASON_CHARS_MAX), _("Say it in fewer words.")
        )


def _unfit(what: str, do: str) -> ChangeRefused:
    return ChangeRefused(what, do, kind=FaultKind.SERVER_BUDGET)
