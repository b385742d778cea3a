"""What managers may change, what they may not, and when a guild's days begin."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.budgets import MANAGED, Budgets, BudgetScope, admit
from bot.domain import ChannelId, GuildId, Micros, OfferId, Period, Quote, UserId
from bot.errors import BudgetExceeded, ChangeRefused, TooManyInFlight
from bot.spend.distributing import Distributing
from storage import budgets, grants, guilds
from storage.database import Database
from storage.guilds import SpendingRules, midnight
from tests.props import ANN, BEN, PLENTY, SHORTEST_MICROS, Clock, Desk, asked

SEVEN, MANAGER = GuildId(7), UserId(5)


@pytest.fixture
def managed(database: Database, clock: Clock) -> Budgets:
    return Budgets(database, PLENTY, now=clock)


@pytest.fixture
def distributing(database: Database, clock: Clock) -> Distributing:
    return Distributing(database, now=clock)


async def limit(
    distributing: Distributing, scope: BudgetScope, scope_id: int, period: Period, micros: int | None
) -> None:
    """Set a limit, or take it away, as it stands."""
    shown = await distributing.shown(SEVEN, scope, scope_id, period)
    wanted = None if micros is None else Micros(micros)
    await distributing.set_limit(SEVEN, shown, wanted, by=MANAGER, reason="less")


async def changes(database: Database) -> list[tuple[str, str | None, str | None, UserId, str]]:
    lines = await database.read(partial(budgets.changes, guild_id=SEVEN, newest=9))
    return [(c.what, c.was, c.now, c.changed_by, c.reason) for c in lines]


@given(
    zone=st.sampled_from(sorted(available_timezones())), day=st.dates(date(2000, 1, 1), date(2037, 12, 30))
)
def test_a_day_begins_at_its_first_moment_wherever_clocks_are_changed(zone: str, day: date) -> None:
    first = midnight(day, zone)

    assert first.astimezone(ZoneInfo(zone)).date() >= day
    assert (first - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date() < day


@pytest.mark.parametrize(
    ("zone", "day", "first"),
    [
        ("America/New_York", "2026-11-02", "2026-11-02T05:00:00"),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00"),  # midnight itself was left out
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00"),  # midnight came twice
    ],
)
def test_midnights_that_are_known(zone: str, day: str, first: str) -> None:
    assert midnight(date.fromisoformat(day), zone) == datetime.fromisoformat(first).replace(tzinfo=UTC)


@pytest.mark.parametrize("scope", sorted(set(BudgetScope) - MANAGED))
async def test_the_operators_limits_are_not_the_managers(
    distributing: Distributing, database: Database, scope: BudgetScope
) -> None:
    with pytest.raises(ChangeRefused, match="set by whoever runs this bot"):
        await limit(distributing, scope, 0, Period.MONTH, 1)

    assert await changes(database) == []


@pytest.mark.parametrize(
    "zone",
    [
        *("Europe/Atlantis", "", "../etc/passwd", "Europe", "\0", "a" * 300),
        *("localtime", "posixrules", "posix/Europe/Berlin", "right/Europe/Berlin", "Factory"),
    ],
)
async def test_a_time_zone_that_does_not_exist_changes_nothing(
    database: Database, distributing: Distributing, clock: Clock, zone: str
) -> None:
    with pytest.raises((ZoneInfoNotFoundError, ValueError, OSError)):  # for which the command has a sentence
        await distributing.set_time_zone(SEVEN, zone, by=MANAGER, reason="", asked_at=clock())

    assert await database.read(partial(guilds.rules, guild_id=SEVEN)) == SpendingRules()


@pytest.mark.parametrize(
    "wrong",
    [{"amount_micros": Micros(0)}, {"amount_micros": Micros(-1)}, {"reason": " "}, {"reason": "x" * 501}],
)
async def test_a_grant_that_makes_no_sense_is_not_given(
    database: Database, managed: Budgets, wrong: dict[str, Any]
) -> None:
    granted: dict[str, Any] = {"amount_micros": Micros(1), "reason": "why"}

    with pytest.raises(ChangeRefused):
        await managed.grant(ANN, **(granted | wrong), by=MANAGER)

    assert await database.read(partial(grants.of_guild, guild_id=SEVEN, newest=1)) == []


async def test_every_change_is_on_record_with_who_and_why(
    managed: Budgets, distributing: Distributing, database: Database, clock: Clock
) -> None:
    await limit(distributing, BudgetScope.GUILD, 0, Period.DAY, 5)
    await limit(distributing, BudgetScope.GUILD, 0, Period.DAY, None)
    await distributing.set_time_zone(SEVEN, "Europe/Berlin", by=MANAGER, reason="", asked_at=clock())
    given = await managed.grant(ANN, Micros(9), by=MANAGER, reason="the festival")
    assert await managed.revoke(GuildId(8), given.id, by=MANAGER) is None
    assert await managed.revoke(SEVEN, given.id, by=MANAGER) == given
    assert await managed.revoke(SEVEN, given.id, by=MANAGER) is None

    assert await changes(database) == [
        ("revoke", "9", None, MANAGER, ""),
        ("grant", None, "9", MANAGER, "the festival"),
        ("time_zone", "UTC", "Europe/Berlin", MANAGER, ""),
        ("guild", "5", None, MANAGER, "less"),
        ("guild", None, "5", MANAGER, "less"),
    ]


async def test_a_grant_is_seen_and_used_after_the_members_own(
    managed: Budgets, distributing: Distributing, database: Database, clock: Clock
) -> None:
    await limit(distributing, BudgetScope.MEMBER, ANN.user_id, Period.TOTAL, SHORTEST_MICROS)
    await managed.grant(ANN, Micros(SHORTEST_MICROS), by=MANAGER, reason="why")
    desk = Desk(database, clock)
    await desk.place(asked())
    await desk.place(asked())

    left = await managed.allowance(ANN)

    assert (left.left_micros, left.granted_micros, left.in_flight, left.starts_anew) == (0, 0, 2, False)
    assert left.balance.used_micros == left.limit_micros == SHORTEST_MICROS


async def test_no_more_than_so_many_are_on_their_way(database: Database, clock: Clock) -> None:
    rules = SpendingRules(member_in_flight_max=1)
    await database.write(lambda tx: guilds.set_rules(tx, SEVEN, rules, by=MANAGER, reason="", at=clock()))
    desk = Desk(database, clock)
    await desk.place(asked())

    with pytest.raises(
        TooManyInFlight, match=r"^You have 1 of at most 1 orders on their way, and this would"
    ):
        await desk.place(asked())
    whole = SpendingRules(guild_in_flight_max=2)
    await database.write(lambda tx: guilds.set_rules(tx, SEVEN, whole, by=MANAGER, reason="", at=clock()))
    await desk.place(asked(BEN))
    with pytest.raises(TooManyInFlight, match=r"^This server has 2 of at most 2 orders on their way, and"):
        await desk.place(asked())


def quoted(micros: int) -> Quote:
    return Quote(
        offer_id=OfferId("studio/studio"), price_micros=Micros(micros), per_second_micros=Micros(micros)
    )


async def test_takes_draw_on_a_members_own_first_and_then_on_grants_the_soonest_to_expire_first(
    managed: Budgets, distributing: Distributing, database: Database, clock: Clock
) -> None:
    await limit(distributing, BudgetScope.MEMBER, ANN.user_id, Period.DAY, 7)
    last = await managed.grant(ANN, Micros(100), by=MANAGER, reason="why")
    over = clock() + timedelta(days=1)
    first = await managed.grant(ANN, Micros(9), by=MANAGER, reason="why", expires_at=over)
    order = partial(admit, member=ANN, quote=quoted(5), limits=PLENTY, channel_id=ChannelId(30), takes=4)

    now = await database.read(partial(order, at=clock()))
    then = await database.read(partial(order, at=over))

    assert [[(part.grant_id, part.amount_micros) for part in parts] for parts in now.parts] == [
        [],
        [(first.id, 3)],
        [(first.id, 5)],
        [(first.id, 1), (last.id, 4)],
    ]
    assert [[(part.grant_id, part.amount_micros) for part in parts] for parts in then.parts] == [
        [],
        [(last.id, 3)],
        [(last.id, 5)],
        [(last.id, 5)],
    ]


@pytest.mark.parametrize("roles", [(91, 92), (92, 91)])
async def test_of_a_members_roles_the_most_generous_applies(
    distributing: Distributing, database: Database, clock: Clock, roles: tuple[int, ...]
) -> None:
    await limit(distributing, BudgetScope.ROLE, 91, Period.DAY, 3)
    await limit(distributing, BudgetScope.ROLE, 92, Period.MONTH, 8)
    await limit(distributing, BudgetScope.DEFAULT, 0, Period.DAY, 1)
    order = partial(admit, member=ANN, limits=PLENTY, at=clock(), channel_id=ChannelId(30), role_ids=roles)

    assert await database.read(partial(order, quote=quoted(8)))
    with pytest.raises(BudgetExceeded) as refused:
        await database.read(partial(order, quote=quoted(9)))

    assert (refused.value.scope, refused.value.left_micros, refused.value.short_micros) == ("role", 8, 1)
