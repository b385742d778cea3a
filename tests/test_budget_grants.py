"""`/budget` over a real sandbox: grants, time zones and alerts, and everything that is wrong."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.budgets import REASON_CHARS_MAX
from bot.sandbox.permissions import Permission
from cogs.budget import matching_zones
from storage import grants
from tests.budget_scene import changes, raw, used
from tests.stage import Stage, open_stage, texts


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def test_a_grant_is_given_shown_and_taken_back(stage: Stage) -> None:
    ada = stage.member("Ada")
    told = await used(
        stage, "grant", member=str(ada.user_id), amount="2.50", reason="won the *contest*", days=3
    )
    (grant,) = await stage.database.read(lambda tx: grants.open_of(tx, ada, at=stage.clock()))
    shown = await used(stage, "show")
    (choice,) = await stage.mika.autocomplete("budget revoke", "grant", "", channel=stage.channel())
    back = await used(stage, "revoke", grant=choice["value"], reason="by mistake")

    assert told.startswith(f"<@{ada.user_id}> may spend $2.50 beyond the budget, until <t:")
    assert grant.expires_at is not None
    assert abs(grant.expires_at - stage.clock() - timedelta(days=3)) < timedelta(minutes=1)
    assert f"<@{ada.user_id}> $2.50 of $2.50 left" in shown
    assert "won the \\*contest\\*" in shown
    assert back == f"The grant of <@{ada.user_id}> is taken back: $2.50 of it can no longer be spent."
    assert await stage.database.read(lambda tx: grants.open_of(tx, ada, at=stage.clock())) == []
    assert [one.what for one in await changes(stage)] == ["revoke", "grant"]


async def test_a_bot_a_stranger_nothing_and_no_reason_get_no_grant(stage: Stage) -> None:
    bot = str(stage.sandbox.world.bot.id)
    ada = str(stage.member("Ada").user_id)

    told = [
        await used(stage, "grant", member=bot, amount="1", reason="why"),
        await used(stage, "grant", member=ada, amount="0", reason="why"),
        await used(stage, "grant", member=ada, amount="1e3", reason="why"),
        await used(stage, "grant", member=ada, amount=" ", reason="why"),
        await used(stage, "grant", member=ada, amount="1", reason=" "),
        await used(stage, "revoke", grant="1"),
        await used(stage, "revoke", grant="٣"),
        await used(stage, "revoke", grant="9" * 30),
    ]

    assert told[0].startswith("A bot orders nothing. Nothing was changed.")
    assert told[1].startswith("A grant is more than nothing.")
    assert told[2].startswith("This is no amount")
    assert told[3].startswith("No amount was given.")
    assert told[4].startswith("A grant says why.")
    assert all(one.startswith("There is no such open grant here. Nothing was changed.") for one in told[5:])
    assert await changes(stage) == []


async def test_a_time_zone_is_found_by_a_part_of_its_name_and_kept(stage: Stage) -> None:
    choices = await stage.mika.autocomplete("budget zone", "zone", "berl", channel=stage.channel())
    told = await used(stage, "zone", zone=choices[0]["value"], reason="we live there")

    assert [one["value"] for one in choices] == ["Europe/Berlin"]
    assert told == "The budgets of this server begin anew at midnight in Europe/Berlin. It was UTC before."
    assert (await changes(stage))[0].reason == "we live there"
    assert matching_zones("new york")[0] == "America/New_York"
    assert len(matching_zones("")) == 25


@pytest.mark.parametrize(
    "typed", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", "Amer\0ica"]
)
async def test_a_time_zone_that_does_not_exist_changes_nothing(stage: Stage, typed: str) -> None:
    told = await raw(stage, "zone", [{"type": 3, "name": "zone", "value": typed}])

    assert told.startswith("There is no such time zone. Nothing was changed.")
    assert await changes(stage) == []


async def test_alerts_are_sent_where_the_managers_say_once_it_is_proven(stage: Stage) -> None:
    told = await used(stage, "alerts", channel=stage.channel("mods"), reason="they asked")
    shown = await used(stage, "show")
    (change,) = await changes(stage)
    off = await used(stage, "alerts")

    mods = stage.channel("mods")
    assert told == f"Warnings at 50, 80 and 100 % of each limit and monthly statements go to <#{mods}>."
    assert (change.changed_by, change.reason) == (stage.member("Mika").user_id, "they asked")
    (message,) = await stage.mika.messages(mods)
    assert texts(message).startswith("From now on this channel reads how this server's money goes")
    assert f"Alerts go to: <#{mods}>" in shown
    assert off == "Alerts about money are off."
    assert await used(stage, "alerts") == "Alerts about money were off already."


async def test_a_channel_that_is_closed_to_the_bot_is_not_chosen(stage: Stage) -> None:
    stage.deny(Permission.SEND_MESSAGES, "mods")
    told = await used(stage, "alerts", channel=stage.channel("mods"))

    assert told.startswith("This bot may not post in that channel. Nothing was changed.")
    assert "Alerts go to: nowhere" in await used(stage, "show")


@pytest.mark.parametrize(
    ("subcommand", "options"),
    [("revoke", {"grant": "1"}), ("zone", {"zone": "Europe/Berlin"}), ("alerts", {})],
)
async def test_a_reason_longer_than_its_place_on_record_changes_nothing(
    stage: Stage, subcommand: str, options: dict[str, str]
) -> None:
    typed = {**options, "reason": "x" * (REASON_CHARS_MAX + 1)}

    told = await raw(
        stage, subcommand, [{"type": 3, "name": name, "value": it} for name, it in typed.items()]
    )

    assert told.startswith("A reason has at most 500 characters. Nothing was changed.")
    assert await changes(stage) == []
