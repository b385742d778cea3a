"""Bad input about money, as no client would send it: one sentence each, and no change."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain import Micros
from tests.budget_scene import changes, limits, opened, raw, sent
from tests.stage import Json, Stage, open_stage

BAD = ("-1", "1e3", "NaN", "1,50", "$1.005", "١٢", "1000001", "9" * 40, "1.0000001", "½", "1 2", "+1")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


def grant(member: str, amount: str, *more: Json) -> list[Json]:
    given = [("member", 6, member), ("amount", 3, amount), ("reason", 3, "why")]
    return [*({"name": name, "type": kind, "value": value} for name, kind, value in given), *more]


async def test_no_bad_amount_is_granted(stage: Stage) -> None:
    ada = stage.member("Ada").user_id
    person = {"id": str(ada), "username": "ada", "discriminator": "0", "avatar": None, "global_name": None}
    member = {"roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "permissions": "0", "flags": 0}
    member |= {"deaf": False, "mute": False, "nick": None, "avatar": None}

    for bad in (*BAD, "0", "0.000000", ""):
        told = await raw(
            stage,
            "grant",
            grant(str(ada), bad),
            users={str(ada): person},
            members={str(ada): member},
        )
        assert told.startswith(("This is no amount", "A grant is more than nothing.", "No amount was")), bad
        assert "Nothing was c" in told, bad
    assert await changes(stage) == []


@pytest.mark.parametrize("field", ["member", "order"])
async def test_no_bad_amount_is_a_default(stage: Stage, field: str) -> None:
    for bad in BAD:
        told = await sent(stage, await opened(stage, "defaults"), **{field: bad})
        assert told.startswith("This is no amount that can be read in one way only. Nothing was changed."), (
            bad
        )
    assert await changes(stage) == []
    assert await limits(stage) == {}


async def test_nobody_of_another_server_is_granted_anything(stage: Stage) -> None:
    stranger = {"id": "5", "username": "eve", "discriminator": "0", "avatar": None, "global_name": None}

    told = [
        await raw(stage, "grant", grant("5", "1"), users={"5": stranger}),
        await raw(stage, "grant", grant("123456789012345678", "1")),
        await raw(stage, "grant", grant("everyone", "1")),
    ]

    assert [one.partition(" Nothing")[0] for one in told] == [
        "This person is not a member of this server.",
        "This person is not a member of this server.",
        "The command came in a form that this bot does not know.",
    ]
    assert await changes(stage) == []


async def test_no_bad_number_of_days_makes_a_grant_end(stage: Stage) -> None:
    ada = str(stage.member("Ada").user_id)
    for bad in (-1, 0, 10**12, "3", 1.5):
        told = await raw(stage, "grant", grant(ada, "1", {"name": "days", "type": 4, "value": bad}))
        assert "Nothing was c" in told, (bad, told)
    assert await changes(stage) == []


@pytest.mark.parametrize("typed", ["-1", "0", "1e3", "NaN", "\u0661", "9" * 40, "", "1; DROP"])
async def test_no_bad_number_of_a_grant_takes_one_back(stage: Stage, typed: str) -> None:
    await stage.budgets.grant(
        stage.member("Ada"), Micros(5_000_000), by=stage.member("Mika").user_id, reason="a prize"
    )
    before = await changes(stage)

    told = await raw(stage, "revoke", [{"name": "grant", "type": 3, "value": typed}])

    assert told.startswith(("There is no such open grant here. Nothing was changed.", "The command came in"))
    assert await changes(stage) == before
