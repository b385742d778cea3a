"""`/budget` over a real sandbox: limits and defaults, what is shown of them, and everything that is wrong."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.domain import Micros, Period
from bot.errors import NotYours
from bot.sandbox.permissions import Permission
from bot.sandbox.person import PersonError
from cogs.budget_forms import PREFIX
from cogs.budget_forms import sent as read_form
from storage import budgets, grants
from storage.budgets import BudgetScope
from tests.budget_scene import DOLLAR, ceiling, changes, limits, opened, prefilled, raw, sent, used
from tests.stage import Stage, open_stage, texts


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def test_a_manager_sets_a_limit_for_the_server_a_channel_a_role_and_a_member(stage: Stage) -> None:
    ada, channel = stage.member("Ada").user_id, int(stage.channel())
    role = next(one.id for one in stage.sandbox.world.guild.roles.values() if one.name == "managers")

    told = await sent(stage, await opened(stage), limit="50", why="the festival")
    await sent(stage, await opened(stage, every="week", channel=str(channel)), limit="7.50")
    await sent(stage, await opened(stage, every="day", role=str(role)), limit="2")
    await sent(stage, await opened(stage, every="total", member=str(ada)), limit="0")

    assert told == "This server: $50.00 a month, from now on."
    assert await limits(stage) == {
        ("guild", 0, "month"): 50 * DOLLAR,
        ("channel", channel, "week"): 7_500_000,
        ("role", role, "day"): 2 * DOLLAR,
        ("member", ada, "total"): 0,
    }
    first = (await changes(stage))[-1]
    assert (first.changed_by, first.reason) == (stage.member("Mika").user_id, "the festival")


async def test_the_form_shows_what_stands_and_an_empty_field_takes_it_away(stage: Stage) -> None:
    await sent(stage, await opened(stage), limit="12.34")
    form = await opened(stage)
    assert prefilled(form, "limit") == "12.34"

    told = await sent(stage, form, limit="")

    assert told == "This server: no limit a month any more."
    assert await limits(stage) == {}


async def test_of_two_managers_at_once_the_second_reads_what_the_first_did(stage: Stage) -> None:
    first, second = await opened(stage), await opened(stage)
    told = await asyncio.gather(sent(stage, first, limit="10"), sent(stage, second, limit="20"))

    assert sorted(one.startswith("This server: $") for one in told) == [False, True]
    late = next(one for one in told if not one.startswith("This server"))
    assert f"<@{stage.member('Mika').user_id}> has changed this meanwhile" in late
    assert "Nothing was changed." in late
    (limit,) = (await limits(stage)).values()
    assert f"it is ${limit // DOLLAR}.00 now" in late
    assert len(await changes(stage)) == 1


async def test_defaults_are_set_together_and_what_came_between_is_seen(stage: Stage) -> None:
    early = await opened(stage, "defaults")
    told = await sent(
        stage, await opened(stage, "defaults"), member="5", order="1.50", flight="2", all="9", why="calm"
    )
    late = await sent(stage, early, member="6")

    assert "**Each member** $5.00 a month" in told
    assert "It may cost at most: $1.50" in told
    assert "On their way at once: 2 of each member, 9 of the server" in told
    assert "has changed this meanwhile" in late
    assert await limits(stage) == {("default", 0, "month"): 5 * DOLLAR}
    assert prefilled(await opened(stage, "defaults"), "flight") == "2"


async def test_a_rule_that_came_between_is_seen_though_the_limit_is_the_same(stage: Stage) -> None:
    early = await opened(stage, "defaults")
    await sent(stage, await opened(stage, "defaults"), flight="2")
    late = await sent(stage, early, flight="3")

    assert "has changed this meanwhile" in late
    assert "it is 2 now" in late
    assert prefilled(await opened(stage, "defaults"), "flight") == "2"


@pytest.mark.parametrize(
    "typed",
    [
        "-1",
        "1e3",
        "NaN",
        "1,50",
        "$1.005",
        "١٢",
        "inf",
        "1000001",
        "999999999999999999",
        "0x10",
        "1.0000001",
    ],
)
async def test_an_amount_that_is_none_changes_nothing(stage: Stage, typed: str) -> None:
    form = await opened(stage)
    told = await sent(stage, form, limit=typed)

    assert told == (
        "This is no amount that can be read in one way only. Nothing was changed. "
        "Write dollars as digits with a point, such as 12 or 0.50, and at most $1,000,000.00."
    )
    assert await changes(stage) == []


@pytest.mark.parametrize("typed", ["-1", "1.5", "1e3", "NaN", "٣", "100001", "9999999999"])
async def test_a_number_that_is_none_changes_nothing(stage: Stage, typed: str) -> None:
    told = await sent(stage, await opened(stage, "defaults"), flight=typed)

    assert told.startswith("This is no number of orders. Nothing was changed.")
    assert await changes(stage) == []


@pytest.mark.parametrize(
    ("every", "limit", "taken"),
    [("month", "21", False), ("day", "21", False), ("month", "20", True), ("total", "500", True)],
)
async def test_nothing_is_set_above_the_operators_ceiling(
    stage: Stage, every: str, limit: str, *, taken: bool
) -> None:
    await ceiling(stage, 20)
    told = await sent(stage, await opened(stage, every=every), limit=limit)

    set_now = [one for one in await limits(stage) if one[0] == "guild"]
    assert bool(set_now) is taken
    if not taken:
        assert told.startswith("Whoever runs this bot lets this server spend at most $20.00 a month, and no ")
        assert "Nothing was changed." in told


async def test_a_default_above_the_ceiling_changes_none_of_the_rules(stage: Stage) -> None:
    await ceiling(stage, 20)
    told = await sent(stage, await opened(stage, "defaults"), member="21", flight="2")

    assert "no manager can raise that" in told
    assert prefilled(await opened(stage, "defaults"), "flight") == ""


async def test_only_those_who_manage_the_server_see_the_commands(stage: Stage) -> None:
    assert {"budget", "spend"} <= {one["name"] for one in await stage.mika.commands()}
    assert not {"budget", "spend"} & {one["name"] for one in await stage.ada.commands()}


async def test_a_form_of_one_who_no_longer_manages_changes_nothing(stage: Stage) -> None:
    form = await opened(stage)
    world = stage.sandbox.world
    managers = next(one for one in world.guild.roles.values() if one.name == "managers")
    managers.permissions &= ~Permission.MANAGE_GUILD

    told = await sent(stage, form, limit="5")

    assert told.startswith("Budgets are for those who may manage this server.")
    assert await limits(stage) == {}


@pytest.mark.parametrize(
    "custom_id",
    [
        "budget:limit:ceiling:0:month:-",
        "budget:limit:installation:0:month:-",
        "budget:limit:guild:0:year:-",
        "budget:defaults:month:-:-:-",
    ],
)
def test_a_form_that_is_none_of_ours_changes_nothing(custom_id: str) -> None:
    data = {
        "custom_id": custom_id,
        "components": [{"type": 18, "component": {"custom_id": "limit", "value": "5"}}],
    }
    submitted: Any = SimpleNamespace(data=data)

    assert custom_id.startswith(PREFIX)
    with pytest.raises(NotYours, match="not known"):
        read_form(submitted)


async def test_a_role_that_was_deleted_meanwhile_gets_no_limit(stage: Stage) -> None:
    role = next(one.id for one in stage.sandbox.world.guild.roles.values() if one.name == "managers")
    form = await opened(stage, role=str(role))
    guild = stage.client.get_guild(stage.member("Ada").guild_id)
    assert guild is not None
    guild._remove_role(role)  # what discord.py does when it hears of it

    told = await sent(stage, form, limit="5")

    assert told.startswith("This role is not there any more. Nothing was changed.")
    assert await limits(stage) == {}


async def test_a_role_a_channel_or_a_person_of_elsewhere_gets_nothing(stage: Stage) -> None:
    stranger = {"id": "5", "username": "eve", "discriminator": "0", "avatar": None, "global_name": None}
    nowhere = "123456789012345678"

    told = [
        await raw(stage, "set", [{"type": 8, "name": "role", "value": nowhere}]),
        await raw(stage, "set", [{"type": 7, "name": "channel", "value": nowhere}]),
        await raw(stage, "set", [{"type": 6, "name": "member", "value": nowhere}]),
        await raw(stage, "set", [{"type": 6, "name": "member", "value": "5"}], users={"5": stranger}),
        await raw(stage, "set", [{"type": 6, "name": "member", "value": "not an id"}]),
        await raw(stage, "nothing", []),
    ]

    assert told[0].startswith("This role is not there any more. Nothing was changed.")
    assert told[1].startswith(("There is no such channel here.", "The command came in a form"))
    assert told[2].startswith("This person is not a member of this server. Nothing was changed.")
    assert told[3] == told[2]
    strange = "The command came in a form that this bot does not know."
    assert [one.partition(" Nothing")[0] for one in told[4:]] == [strange] * 2
    assert await changes(stage) == []


async def test_a_limit_for_two_at_once_is_for_none(stage: Stage) -> None:
    told = await used(stage, "set", channel=stage.channel(), member=str(stage.member("Ada").user_id))

    assert told.startswith("A limit is for one channel, one role or one member. Nothing was changed.")


async def test_show_tells_limits_what_is_used_rules_and_who_changed_what(stage: Stage) -> None:
    await ceiling(stage, 80)
    await sent(stage, await opened(stage), limit="10", why="a `start`")
    await stage.ask(stage.ada, prompt="a paper boat")

    shown = await used(stage, "show")

    mika = stage.member("Mika").user_id
    assert "lets this server spend at most $80.00 a month; no manager can raise that." in shown
    assert "**This server** $10.00 a month: $9.60 left, $0.40 used; it starts anew <t:" in shown
    assert f"<@{mika}>: This server a month, no limit → $10.00 · a \\`start\\`" in shown
    assert "Days begin at midnight in UTC" in shown


async def test_show_fits_a_message_whatever_was_set(stage: Stage) -> None:
    guild = stage.member("Ada").guild_id

    def fill(tx: Any) -> None:
        for number in range(60):
            budgets.set_limit(
                tx,
                guild,
                BudgetScope.MEMBER,
                10**18 + number,
                Period.MONTH,
                Micros(123_456_789),
                by=stage.member("Mika").user_id,
                reason="*" * 500,
                at=stage.clock(),
            )
            grants.give(
                tx,
                stage.member("Ada"),
                Micros(1_234_567),
                by=stage.member("Mika").user_id,
                reason="_" * 500,
                at=stage.clock(),
            )

    await stage.database.write(fill)
    shown = await used(stage, "show")

    assert len(shown) <= 4_000
    assert "Open grants" in shown
    assert "Latest changes" in shown


async def test_a_limit_that_was_set_refuses_the_next_order_by_its_name(stage: Stage) -> None:
    await sent(stage, await opened(stage), limit="0.50")
    await stage.ask(stage.ada, prompt="a paper boat")

    refused = texts(await stage.ask(stage.ada, prompt="another"))

    assert "$0.30 more than this server's budget has left until" in refused
    assert "Nothing was charged." in refused


async def test_a_german_manager_reads_german(stage: Stage) -> None:
    stage.sandbox.world.user_named("Mika").locale = "de"

    told = await sent(stage, await opened(stage), limit="12.50")

    assert "12,50\u00a0$" in told


async def test_unchecked_persons_cannot_open_the_forms(stage: Stage) -> None:
    with pytest.raises((PersonError, KeyError)):
        await opened(stage, person=stage.ada)
