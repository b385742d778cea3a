"""What may be spent, and by whom. The rules run inside the transaction that holds the money."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

from bot.domain import Allowance, FaultKind, Limits, Member, Micros, Period, Quote
from bot.errors import BudgetExceeded, PaidNotEnabled
from bot.money import format_usd
from storage import guilds, ledger, purses
from storage.database import Database


def admit(tx: sqlite3.Connection, member: Member, price_micros: Micros, limits: Limits, at: datetime) -> None:
    """Return if there is room for the price in every budget that applies.

    It must run in the transaction that then places the hold: between the two nothing else can spend.

    Raises:
        PaidNotEnabled: money is asked for and the operator has set no limit for the installation.
        BudgetExceeded: names the budget and by how much.
    """
    if not price_micros:
        return
    if limits.installation_monthly_micros is None:
        raise PaidNotEnabled(
            "Models that cost money are switched off here.",
            "Choose a free model, or ask whoever runs this bot.",
            kind=FaultKind.SERVER_BUDGET,
        )
    today = at.date()
    if limits.member_monthly_micros is not None:
        used = ledger.balance(tx, purses.of_member(member, Period.MONTH, today)).used_micros
        short = used + price_micros - limits.member_monthly_micros
        if short > 0:
            left = max(0, limits.member_monthly_micros - used)
            raise BudgetExceeded(
                f"This costs {format_usd(price_micros)} and your budget has {format_usd(left)} left "
                f"until {_day(resets_at(today))}: {format_usd(short)} too little.",
                "Choose a shorter clip, a lower resolution or a cheaper model.",
                kind=FaultKind.MEMBER_BUDGET,
                short_micros=Micros(short),
            )
    used = ledger.balance(tx, purses.of_installation(Period.MONTH, today)).used_micros
    short = used + price_micros - limits.installation_monthly_micros
    if short > 0:
        raise BudgetExceeded(
            f"This costs {format_usd(price_micros)}, {format_usd(short)} more than the bot's own budget "
            f"has left until {_day(resets_at(today))}.",
            "Choose a cheaper order, or ask whoever runs this bot to raise its budget.",
            kind=FaultKind.SERVER_BUDGET,
            short_micros=Micros(short),
        )


def admit_guild(tx: sqlite3.Connection, member: Member, quote: Quote, at: datetime) -> None:
    """Return if the member's server may spend the price at a provider that bills for it.

    Raises:
        PaidNotEnabled: the operator has not admitted this server: whoever invites the bot spends nothing.
        BudgetExceeded: the server's ceiling has no room.
    """
    if not quote.costs_money:
        return
    ceiling = guilds.ceiling(tx, member.guild_id)
    if ceiling is None:
        raise PaidNotEnabled(
            "This server is not admitted to models that cost money.",
            "Choose a free model, or ask whoever runs this bot to admit it.",
            kind=FaultKind.SERVER_BUDGET,
        )
    today = at.date()
    used = ledger.balance(tx, purses.of_guild(member.guild_id, Period.MONTH, today)).used_micros
    short = used + quote.price_micros - ceiling
    if short > 0:
        raise BudgetExceeded(
            f"This costs {format_usd(quote.price_micros)}, {format_usd(short)} more than this server's "
            f"budget has left until {_day(resets_at(today))}.",
            "Choose a cheaper order, or ask whoever runs this bot to raise the server's ceiling.",
            kind=FaultKind.SERVER_BUDGET,
            short_micros=Micros(short),
        )


class Budgets:
    """Answers what a member may still order."""

    def __init__(self, database: Database, limits: Limits, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._limits = limits
        self._now = now

    async def allowance(self, member: Member) -> Allowance:
        """The member's month: limit, spent, held, and what is left of it and of the installation's."""
        return await self._database.read(partial(_allowance, member, self._limits, self._now()))


def resets_at(day: date) -> datetime:
    """When the month that `day` lies in ends: midnight UTC of the next first."""
    first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime(first.year, first.month, first.day, tzinfo=UTC)


def _allowance(member: Member, limits: Limits, at: datetime, connection: sqlite3.Connection) -> Allowance:
    today = at.date()
    balance = ledger.balance(connection, purses.of_member(member, Period.MONTH, today))
    whole = ledger.balance(connection, purses.of_installation(Period.MONTH, today))
    rooms = [
        max(0, limit - used)
        for limit, used in (
            (limits.member_monthly_micros, balance.used_micros),
            (limits.installation_monthly_micros, whole.used_micros),
        )
        if limit is not None
    ]
    return Allowance(
        limit_micros=limits.member_monthly_micros,
        balance=balance,
        left_micros=Micros(min(rooms)) if rooms else None,
        resets_at=resets_at(today),
    )


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B}"
