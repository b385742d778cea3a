"""Never over by one micro: every budget, grant and rule at once, against a plain model of them."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot import budgets
from bot.domain import (
    ChannelId,
    GuildId,
    Job,
    JobId,
    Limits,
    Member,
    Micros,
    OfferId,
    Period,
    Quote,
    Scope,
    UserId,
)
from bot.errors import BudgetExceeded, Refusal
from bot.jobs import moves
from storage import budgets as rows
from storage import grants, guilds, jobs, ledger, states
from storage.budgets import BudgetScope
from storage.database import _run_batch
from storage.guilds import SpendingRules
from storage.tallies import tallies_of
from tests import bookkeeping
from tests.bookkeeping import FAULT
from tests.budget_model import BudgetModel, GrantModel, HoldModel, Press, RulesModel, Verdict
from tests.new_books import new_book
from tests.props import count, job_of

ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Pacific/Apia", "Asia/Kathmandu", "America/Havana"]
SMALL = st.integers(0, 12)
LIMIT = st.integers(0, 60)
MOSTLY_NONE = st.sampled_from([None, None, None, None, None, 0, 3, 9])
ROLES = st.lists(st.integers(901, 903), unique=True, max_size=3).map(tuple)
# Midnights, months' ends, and the hours in which clocks are changed in the zones above.
MOMENTS = [
    datetime.fromisoformat(moment).replace(tzinfo=UTC)
    for moment in (
        "2026-10-25T00:59:59.999999",
        "2026-10-25T01:00:00",
        "2026-10-31T23:59:59",
        "2026-11-01T04:59:59",
        "2026-11-01T05:59:59",
        "2026-11-01T06:00:00",
        "2026-12-31T10:00:00",
        "2026-12-31T23:59:59.999999",
        "2027-01-01T00:00:00",
        "2027-01-03T23:00:00",
        "2027-01-04T00:00:00",
        "2027-03-14T05:30:00",
        "2027-03-14T07:00:00",
        "2027-03-28T01:00:00",
        "2028-02-29T12:00:00",
    )
]
PRESSES = st.builds(
    Press,
    guild=st.integers(1, 2),
    user=st.integers(11, 12),
    channel=st.integers(30, 31),
    price=SMALL,
    takes=st.sampled_from([1, 1, 1, 2, 3, 4]),
    roles=ROLES,
    paid=st.booleans(),
)
SCOPES = {
    BudgetScope.CEILING: [0],
    BudgetScope.GUILD: [0],
    BudgetScope.CHANNEL: [30, 31],
    BudgetScope.ROLE: [901, 902, 903],
    BudgetScope.MEMBER: [11, 12],
    BudgetScope.DEFAULT: [0],
}


def place(press: Press, first: int, limits: Limits, at: datetime, tx: sqlite3.Connection) -> list[Job]:
    """As `orders.place`: admitted once, then a job and a hold for each take."""
    member = Member(guild_id=GuildId(press.guild), user_id=UserId(press.user))
    offer = OfferId("elsewhere/model" if press.paid else "studio/studio")
    quote = Quote(offer_id=offer, price_micros=Micros(press.price), per_second_micros=Micros(press.price))
    admitted = budgets.admit(
        tx,
        member,
        quote,
        limits,
        at,
        channel_id=ChannelId(press.channel),
        takes=press.takes,
        role_ids=press.roles,
    )
    made = []
    for take, parts in enumerate(admitted.parts):
        job = job_of(first + take, member=member, at=at, price_micros=press.price, channel_id=press.channel)
        made.append(bookkeeping.place(tx, job, guild_day=admitted.guild_day, parts=parts))
    return made


def _ceiling(tx: sqlite3.Connection, key: tuple[GuildId, BudgetScope, int, Period], at: datetime) -> None:
    rows.set_limit(tx, *key, Micros(700), by=UserId(0), reason="", at=at)


class Spending(RuleBasedStateMachine):
    """Orders, ends, limits, grants, rules and clocks, in any order; orders come several at once."""

    @initialize(member=st.none() | LIMIT, installation=st.none() | st.integers(100, 900))
    def begin(self, member: int | None, installation: int | None) -> None:
        self.book = new_book()
        self.at = MOMENTS[0]
        self.made = 0
        self.limits = Limits(
            member_monthly_micros=None if member is None else Micros(member),
            installation_monthly_micros=None if installation is None else Micros(installation),
        )
        self.model = BudgetModel(member, installation)
        self.open: dict[str, HoldModel] = {}
        self.captured: dict[str, HoldModel] = {}
        for guild in (1, 2):  # most orders are to be admitted: a refusal is the end of what can be learnt
            key = (GuildId(guild), BudgetScope.CEILING, 0, Period.TOTAL)
            self.done(
                partial(_ceiling, key=key, at=self.at),
            )
            self.model.limits[guild, "ceiling", 0] = {"total": 700}

    def teardown(self) -> None:
        if hasattr(self, "book"):
            self.book.close()

    def write(self, *works: Callable[[sqlite3.Connection], Any]) -> list[tuple[bool, Any]]:
        return _run_batch(list(works), self.book)

    def done(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        ((ok, value),) = self.write(work)
        assert ok, value
        return value

    @rule(presses=st.lists(PRESSES, min_size=1, max_size=4))
    def order(self, presses: list[Press]) -> None:
        works = []
        for press in presses:
            works.append(partial(place, press, self.made, self.limits, self.at))
            self.made += press.takes
        answers = self.write(*works)
        for press, (ok, answer) in zip(presses, answers, strict=True):
            verdict = self.model.judge(press, self.at)
            if not ok:
                assert isinstance(answer, Refusal), answer
                self.check_refusal(press, answer, verdict)
                continue
            assert verdict.kind == "admitted", (press, verdict)
            for job, hold in zip(answer, self.model.admitted(press, verdict, self.at), strict=True):
                self.open[job.id] = hold
                held = ledger.open_hold(self.book, job.id)
                assert held is not None
                parts = [(part.grant_id, part.amount_micros) for part in ledger.parts_of(self.book, held)]
                assert (held.own_micros, parts, held.guild_day) == (hold.own, hold.parts, hold.guild_day)

    def check_refusal(self, press: Press, refusal: Refusal, verdict: Verdict) -> None:
        assert type(refusal).__name__ == verdict.kind, (press, refusal, verdict)
        if isinstance(refusal, BudgetExceeded):
            assert refusal.scope in verdict.scopes
            assert refusal.left_micros == verdict.left
            assert refusal.short_micros == press.price * press.takes - verdict.left > 0
            assert refusal.resets_at is None or refusal.resets_at > self.at

    @rule(data=st.data(), guild=st.integers(1, 2), period=st.sampled_from(Period), limit=st.none() | LIMIT)
    def limit(self, data: st.DataObject, guild: int, period: Period, limit: int | None) -> None:
        scope = data.draw(st.sampled_from([*SCOPES, BudgetScope.INSTALLATION]))
        whose = 0 if scope is BudgetScope.INSTALLATION else data.draw(st.sampled_from(SCOPES[scope]))
        if scope is BudgetScope.INSTALLATION or (scope is BudgetScope.DEFAULT and data.draw(st.booleans())):
            guild = 0
        key = (GuildId(guild), scope, whose, period)
        bounds = self.model.limits.setdefault((guild, scope.value, whose), {})
        how: dict[str, Any] = {"by": UserId(5), "reason": "", "at": self.at}
        if limit is None:
            was = self.done(lambda tx: rows.remove_limit(tx, *key, **how))
            assert (None if was is None else was.limit_micros) == bounds.pop(period.value, None)
        else:
            was = self.done(lambda tx: rows.set_limit(tx, *key, Micros(limit), **how))
            assert (None if was is None else was.limit_micros) == bounds.get(period.value)
            bounds[period.value] = limit

    @rule(
        guild=st.integers(1, 2), user=st.integers(11, 12), amount=st.integers(1, 20), days=st.integers(0, 40)
    )
    def grant(self, guild: int, user: int, amount: int, days: int) -> None:
        member = Member(guild_id=GuildId(guild), user_id=UserId(user))
        expires_at = self.at + timedelta(days=days) if days else None
        give = partial(
            grants.give,
            member=member,
            amount_micros=Micros(amount),
            by=UserId(5),
            reason="why",
            at=self.at,
            expires_at=expires_at,
        )
        self.model.grants[self.done(give)] = GrantModel(guild, user, amount, expires_at)

    @precondition(lambda self: self.model.grants)
    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.model.grants)))
        grant = self.model.grants[number]
        how: dict[str, Any] = {"guild_id": GuildId(grant.guild), "by": UserId(5), "reason": "", "at": self.at}
        was = self.done(partial(grants.revoke, grant_id=number, **how))
        assert (was is None) == grant.revoked
        grant.revoked = True

    @rule(
        guild=st.integers(1, 2),
        zone=st.sampled_from(ZONES),
        most=MOSTLY_NONE,
        member=MOSTLY_NONE,
        whole=MOSTLY_NONE,
    )
    def change_rules(
        self, guild: int, zone: str, most: int | None, member: int | None, whole: int | None
    ) -> None:
        wanted = SpendingRules(
            time_zone=zone,
            order_max_micros=None if most is None else Micros(most),
            member_in_flight_max=member,
            guild_in_flight_max=whole,
        )
        how: dict[str, Any] = {"by": UserId(5), "reason": "", "at": self.at}
        self.done(partial(guilds.set_rules, guild_id=GuildId(guild), wanted=wanted, **how))
        self.model.rules[guild] = RulesModel(zone, most, member, whole)

    @rule(moment=st.sampled_from(MOMENTS))
    def set_the_clock(self, moment: datetime) -> None:
        self.at = moment

    @rule(by=st.sampled_from([timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)]))
    def let_time_pass(self, by: timedelta) -> None:
        self.at += by

    # How holds end

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.open)))
        hold = self.open.pop(job_id)

        def cancel(tx: sqlite3.Connection) -> None:
            job = jobs.get(tx, JobId(job_id))
            assert job is not None
            if job.state.value != "queued":
                moves.failed(job.id, FAULT, Micros(0), self.at, tx)
                return
            states.cancelled(tx, job.id, at=self.at)
            ledger.release(tx, job.id, at=self.at)

        self.done(cancel)
        hold.is_open, hold.charged = False, 0

    @precondition(lambda self: self.open)
    @rule(data=st.data(), bill=st.none() | st.integers(0, 15))
    def capture(self, data: st.DataObject, bill: int | None) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.open)))
        hold = self.open.pop(job_id)

        def render(tx: sqlite3.Connection) -> int:
            job = jobs.get(tx, JobId(job_id))
            assert job is not None
            if job.state.value == "queued":
                bookkeeping.start(tx, job, at=self.at)
            elif job.state.value == "uncertain":
                states.heard_again(tx, job.id, at=self.at)
            return moves.rendered(job.id, None if bill is None else Micros(bill), self.at, tx)

        overrun = self.done(render)
        billed = hold.amount if bill is None else bill
        hold.is_open = False
        hold.charged, hold.overrun = min(billed, hold.amount), max(0, billed - hold.amount)
        assert overrun == hold.overrun
        self.captured[job_id] = hold

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def grow_old(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.open)))
        hold = self.open[job_id]

        def old(tx: sqlite3.Connection) -> bool:
            job = jobs.get(tx, JobId(job_id))
            assert job is not None
            if job.state.value == "queued":
                job = bookkeeping.start(tx, job, at=self.at)
                states.silent(tx, job.id, at=self.at)
            return moves.to_the_house(job.id, self.at, tx)

        assert self.done(old) == (not hold.of_house)
        if not hold.of_house:
            self.model.to_the_house(hold, self.at)

    @precondition(lambda self: self.captured)
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.captured)))
        hold = self.captured.pop(job_id)
        given = self.done(partial(ledger.refund, job_id=JobId(job_id), at=self.at))
        assert given == (0 if hold.of_house else hold.charged)
        hold.of_house = True  # its charge stays the installation's, and nobody else's

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def fail_after_writing(self, data: st.DataObject) -> None:
        """A transaction that fails late takes nothing with it, also in the middle of a batch."""
        job_id = data.draw(st.sampled_from(sorted(self.open)))

        def tear(tx: sqlite3.Connection) -> None:
            ledger.release(tx, JobId(job_id), at=self.at)
            rows.set_limit(
                tx,
                GuildId(1),
                BudgetScope.GUILD,
                0,
                Period.DAY,
                Micros(0),
                by=UserId(5),
                reason="",
                at=self.at,
            )
            raise ValueError("on purpose")

        ok, answer = self.write(tear, ledger.verify)[0]
        assert not ok
        assert str(answer) == "on purpose"

    # What always holds

    @invariant()
    def the_totals_are_the_models(self) -> None:
        if not hasattr(self, "book"):
            return
        for guild in (1, 2):
            day = self.model.day(guild, self.at)
            for period in Period:
                for user in (11, 12):
                    whose = {"guild": guild, "user": user}
                    member = (Scope.MEMBER.value, guild, user)
                    assert self.kept(member, period, day) == self.model.used(
                        "member", period.value, day, **whose
                    )
                of_guild = self.model.used("guild", period.value, day, guild=guild)
                assert self.kept((Scope.GUILD.value, guild, 0), period, day) == of_guild
        utc = self.at.date()
        for period in Period:
            whole = self.model.used("installation", period.value, utc)
            assert self.kept((Scope.INSTALLATION.value, 0, 0), period, utc) == whole

    def kept(self, key: tuple[str, int, int], period: Period, day: date) -> int:
        return sum(tallies_of(self.book).used(key, period, day))

    @invariant()
    def the_book_is_right(self) -> None:
        if hasattr(self, "book"):
            assert ledger.verify(self.book) == []


TestSpending = pytest.mark.soak(Spending.TestCase)
TestSpending.settings = settings(max_examples=count(60, 1_000), stateful_step_count=50)
