"""Alerts: each threshold of each limit once, each month once, whatever got lost or died in between."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain import ChannelId, GuildId, MessageId, Micros, Period, UserId
from bot.errors import DeliveryRefused, DeliveryUnavailable
from bot.spend.alerts import Alert, AlertKind, Alerts, Posted, alert_nonce
from bot.spend.spending import Spending
from storage import alerts, budgets, guilds
from storage.budgets import BudgetScope
from storage.database import Database, open_database
from storage.guilds import SpendingRules
from tests.bookkeeping import place
from tests.props import ANN, NOON, Clock, job_of

GUILD = ANN.guild_id
MONEY = ChannelId(77)
BOSS = UserId(5)


@dataclass
class Wall:
    """A channel as Discord keeps it: a nonce posts once; `faults` are raised, in turn, at the next posts."""

    posted: dict[str, Posted] = field(default_factory=dict)
    faults: list[Exception | None] = field(default_factory=list)
    lost: bool = False
    closed: bool = False
    forgotten: bool = False

    async def post_alert(self, posted: Posted) -> MessageId:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and not self.lost:
            raise fault
        nonce = alert_nonce(posted.alert)
        assert nonce not in self.posted or not self.forgotten, "posted twice"
        self.posted[nonce] = posted
        if fault is not None:
            raise fault
        return MessageId(1000 + posted.alert.id)

    async def find_alert(self, channel_id: ChannelId, alert: Alert) -> MessageId | None:
        if self.closed:
            raise DeliveryRefused("no history")
        found = self.posted.get(alert_nonce(alert))
        return MessageId(1000 + alert.id) if found and found.channel_id == channel_id else None

    def told(self) -> list[tuple[AlertKind, BudgetScope, int]]:
        return [(one.alert.kind, one.alert.scope, one.alert.percent) for one in self.posted.values()]


class Duty:
    """The duty over a database, looked at by hand."""

    def __init__(self, database: Database, clock: Clock, path: Path) -> None:
        self.database = database
        self.clock = clock
        self.path = path
        self.wall = Wall()
        self.numbers = iter(range(1, 1000))
        self.alerts = self.anew()

    def anew(self) -> Alerts:
        """As a process that was just started has it."""
        spending = Spending(self.path, self.database, now=self.clock)
        self.alerts = Alerts(self.database, spending, self.wall, now=self.clock)
        return self.alerts

    async def turn(self) -> None:
        await self.alerts.look()
        await self.alerts.tell()

    async def limit(
        self,
        dollars: int,
        scope: BudgetScope = BudgetScope.GUILD,
        scope_id: int = 0,
        period: Period = Period.MONTH,
    ) -> None:
        change = partial(
            budgets.set_limit,
            guild_id=GUILD,
            scope=scope,
            scope_id=scope_id,
            period=period,
            limit_micros=Micros(dollars * 1_000_000),
            by=BOSS,
            reason="",
            at=self.clock(),
        )
        await self.database.write(change)

    async def spend(self, dollars: int, *, day: date | None = None) -> None:
        job = job_of(next(self.numbers), at=self.clock(), price_micros=dollars * 1_000_000)
        await self.database.write(lambda tx: place(tx, job, guild_day=day))

    async def choose(self, channel_id: ChannelId | None = MONEY) -> None:
        await self.database.write(
            partial(alerts.choose_channel, guild_id=GUILD, channel_id=channel_id, by=BOSS, at=self.clock())
        )


@pytest.fixture
async def duty(tmp_path: Path) -> AsyncIterator[Duty]:
    path = tmp_path / "dailies.db"
    database = await open_database(path)
    made = Duty(database, Clock(), path)
    await made.choose()
    yield made
    await database.close()


WARNING, STATEMENT = AlertKind.WARNING, AlertKind.STATEMENT


async def test_each_threshold_is_told_once_as_it_is_reached(duty: Duty) -> None:
    await duty.limit(10)
    told = []
    for dollars in (4, 1, 2, 1, 1, 1, 1):
        await duty.spend(dollars)
        await duty.turn()
        await duty.turn()
        told.append([percent for _, _, percent in duty.wall.told()])

    assert told == [[], [50], [50], [50, 80], [50, 80], [50, 80, 100], [50, 80, 100]]
    (alert, *_) = [one.alert for one in duty.wall.posted.values()]
    assert (alert.limit_micros, alert.used_micros) == (10_000_000, 5_000_000)
    assert {one.channel_id for one in duty.wall.posted.values()} == {MONEY}


async def test_one_order_over_two_thresholds_is_one_message(duty: Duty) -> None:
    await duty.limit(10)
    await duty.spend(9)
    await duty.turn()
    await duty.turn()

    assert duty.wall.told() == [(WARNING, BudgetScope.GUILD, 80)]


async def test_a_cent_below_a_threshold_is_below_it(duty: Duty) -> None:
    await duty.limit(10)
    job = job_of(1, price_micros=4_999_999)
    await duty.database.write(lambda tx: place(tx, job))
    await duty.turn()
    assert duty.wall.told() == []

    job = job_of(2, price_micros=1)
    await duty.database.write(lambda tx: place(tx, job))
    await duty.turn()
    assert duty.wall.told() == [(WARNING, BudgetScope.GUILD, 50)]


async def test_every_pool_and_a_members_own_limit_warn_and_those_per_head_do_not(duty: Duty) -> None:
    for scope, scope_id in (
        (BudgetScope.CEILING, 0),
        (BudgetScope.CHANNEL, 30),
        (BudgetScope.CHANNEL, 31),
        (BudgetScope.MEMBER, ANN.user_id),
        (BudgetScope.MEMBER, 999),
        (BudgetScope.DEFAULT, 0),
        (BudgetScope.ROLE, 12),
    ):
        await duty.limit(10, scope, scope_id)
    await duty.spend(5)
    await duty.turn()

    assert sorted(duty.wall.told()) == [
        (WARNING, BudgetScope.CEILING, 50),
        (WARNING, BudgetScope.CHANNEL, 50),
        (WARNING, BudgetScope.MEMBER, 50),
    ]
    assert {one.alert.scope_id for one in duty.wall.posted.values()} == {0, 30, ANN.user_id}


@pytest.mark.parametrize("period", list(Period))
async def test_a_new_period_warns_anew_and_one_for_good_never_again(duty: Duty, period: Period) -> None:
    await duty.limit(10, period=period)
    await duty.spend(6)
    await duty.turn()
    duty.clock.advance(timedelta(days=40))
    await duty.spend(6)
    await duty.turn()

    told = [percent for kind, _, percent in duty.wall.told() if kind is WARNING]
    assert told == ([50, 100] if period is Period.TOTAL else [50, 50])


async def test_a_lowered_limit_warns_though_nothing_was_spent_since(duty: Duty) -> None:
    await duty.limit(100)
    await duty.spend(6)
    await duty.turn()
    assert duty.wall.told() == []

    await duty.limit(7)
    await duty.turn()

    assert duty.wall.told() == [(WARNING, BudgetScope.GUILD, 80)]


async def test_a_limit_of_nothing_warns_of_nothing(duty: Duty) -> None:
    await duty.limit(0)
    await duty.spend(1)
    await duty.turn()

    assert duty.wall.told() == []


async def test_a_server_without_a_channel_is_not_told(duty: Duty) -> None:
    await duty.choose(None)
    await duty.limit(10)
    await duty.spend(10)
    await duty.turn()

    assert duty.wall.told() == []


async def test_a_new_process_tells_what_moved_while_none_ran_and_nothing_twice(duty: Duty) -> None:
    await duty.limit(10)
    await duty.spend(5)
    await duty.turn()
    await duty.spend(3)

    await duty.anew().look()
    await duty.anew().tell()  # died between the two
    await duty.turn()

    assert [percent for _, _, percent in duty.wall.told()] == [50, 80]


async def test_a_post_whose_answer_got_lost_is_not_posted_again(duty: Duty) -> None:
    await duty.limit(10)
    await duty.spend(5)
    duty.wall.lost = True
    duty.wall.faults = [DeliveryUnavailable("cut off")]
    await duty.turn()
    duty.clock.advance(timedelta(hours=1))
    duty.wall.forgotten = True
    duty.anew()
    await duty.turn()
    await duty.turn()

    assert duty.wall.told() == [(WARNING, BudgetScope.GUILD, 50)]
    assert await duty.database.read(partial(alerts.untold, limit=9)) == []


async def test_a_post_that_never_arrived_is_posted_later(duty: Duty) -> None:
    await duty.limit(10)
    await duty.spend(5)
    duty.wall.faults = [DeliveryUnavailable("down")] * 2
    await duty.turn()
    assert duty.wall.told() == []
    await duty.turn()
    duty.clock.advance(timedelta(hours=1))
    await duty.turn()

    assert duty.wall.told() == [(WARNING, BudgetScope.GUILD, 50)]


async def test_where_nobody_can_look_it_is_not_risked_twice(duty: Duty) -> None:
    await duty.limit(10)
    await duty.spend(5)
    duty.wall.lost, duty.wall.faults, duty.wall.closed = True, [DeliveryUnavailable("cut off")], True
    await duty.turn()
    duty.clock.advance(timedelta(hours=1))
    duty.wall.forgotten = True
    await duty.turn()

    assert await duty.database.read(partial(alerts.untold, limit=9)) == []


async def test_a_refusal_ends_one_alert_and_no_other(duty: Duty) -> None:
    await duty.limit(10)
    await duty.spend(5)
    duty.wall.faults = [DeliveryRefused("no permission")]
    await duty.turn()
    await duty.spend(3)
    await duty.turn()

    assert [percent for _, _, percent in duty.wall.told()] == [80]


async def test_a_month_is_stated_once_when_it_is_over_there(duty: Duty) -> None:
    await duty.database.write(
        partial(
            guilds.set_rules,
            guild_id=GUILD,
            wanted=SpendingRules(time_zone="Pacific/Auckland"),
            by=BOSS,
            reason="",
            at=duty.clock(),
        )
    )
    await duty.spend(3)
    await duty.turn()
    duty.clock.at = datetime(2026, 11, 30, 10, 59, 59, tzinfo=UTC)  # midnight there is 11:00 here
    await duty.turn()
    assert duty.wall.told() == []

    duty.clock.at = datetime(2026, 11, 30, 11, 4, 59, tzinfo=UTC)
    for _ in range(3):
        await duty.turn()
        duty.anew()

    assert duty.wall.told() == [(STATEMENT, BudgetScope.GUILD, 0)]
    (posted,) = duty.wall.posted.values()
    assert posted.alert.starts_on == date(2026, 11, 1)
    assert posted.report is not None
    assert (posted.report.since, posted.report.until) == (date(2026, 11, 1), date(2026, 11, 30))
    assert posted.report.whole.held_micros == 3_000_000


async def test_months_before_alerts_were_wanted_are_not_stated_and_missed_ones_are(duty: Duty) -> None:
    duty.clock.at = datetime(2027, 1, 3, tzinfo=UTC)
    await duty.turn()

    assert [one.alert.starts_on for one in duty.wall.posted.values()] == [
        date(2026, 11, 1),
        date(2026, 12, 1),
    ]


async def test_after_years_three_months_are_stated(duty: Duty) -> None:
    duty.clock.at = datetime(2029, 1, 3, tzinfo=UTC)
    await duty.turn()

    assert [one.alert.starts_on for one in duty.wall.posted.values()] == [
        date(2028, 10, 1),
        date(2028, 11, 1),
        date(2028, 12, 1),
    ]


async def test_where_nothing_moved_nothing_is_looked_at(duty: Duty) -> None:
    await duty.limit(10)
    await duty.spend(1)
    await duty.turn()
    statements: list[str] = []
    await duty.database.read(lambda tx: tx.set_trace_callback(statements.append))
    await duty.turn()
    await duty.database.read(lambda tx: tx.set_trace_callback(None))

    assert len(statements) <= 3, statements
    assert not any(one.startswith(("BEGIN", "INSERT", "UPDATE")) for one in statements)


async def test_the_duty_runs_and_goes_on_after_a_fault(duty: Duty) -> None:
    await duty.limit(10)
    await duty.spend(5)
    duty.wall.faults = [RuntimeError("ours")]
    turns = asyncio.Event()

    async def pause(_: float) -> None:
        if duty.wall.posted:
            turns.set()
            await asyncio.Event().wait()
        duty.clock.advance(timedelta(seconds=15))

    spending = Spending(duty.path, duty.database, now=duty.clock)
    running = asyncio.create_task(
        Alerts(duty.database, spending, duty.wall, now=duty.clock, pause=pause).run()
    )
    async with asyncio.timeout(60):
        await turns.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert duty.wall.told() == [(WARNING, BudgetScope.GUILD, 50)]


async def test_the_choice_of_a_channel_is_on_record(duty: Duty) -> None:
    await duty.choose(ChannelId(78))

    lines = await duty.database.read(partial(budgets.changes, guild_id=GuildId(GUILD), newest=5))
    assert [(line.what, line.was, line.now, line.changed_by) for line in lines] == [
        ("alerts", "77", "78", BOSS),
        ("alerts", None, "77", BOSS),
    ]
    assert lines[0].at == NOON
