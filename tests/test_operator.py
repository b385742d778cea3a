"""`/operator` and the operator's channel, in the real process over the sandbox."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot.domain import JobState, Micros
from bot.errors import DeliveryRefused, DeliveryUnavailable
from bot.operating.notices import Notices
from bot.sandbox.person import Person
from cogs.operator import post_notice
from storage import stops
from storage.database import open_database
from storage.stops import Stop
from tests.emulators import faults
from tests.household import Household, household
from tests.stage import open_stage


def operated_by_mika(house: Household) -> None:
    house.more["DAILIES_OPERATOR_IDS"] = str(house.sandbox.world.user_named("mika").id)
    house.more["DAILIES_INSTALLATION_MONTHLY_USD"] = "100"


async def called(house: Household, name: str, **options: str) -> str:
    token = house.sandbox.world.user_named("mika").token
    async with Person.open(house.sandbox.api_url, house.sandbox.gateway_url, token) as mika:
        press = await mika.slash(f"operator {name}", options, channel=house.channel)
        return str((await mika.answer(press))["components"])


async def test_only_those_named_can_use_it_whatever_discord_lets_them_do(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        house.more["DAILIES_OPERATOR_IDS"] = "1198622483471925248"
        await house.start()

        assert "Only whoever runs this bot can do that." in await called(house, "admit", dollars="5")


async def test_a_server_is_admitted_and_dismissed_where_the_operator_stands(tmp_path: Path) -> None:
    async with household(tmp_path, asks_to_finish=1) as house:
        operated_by_mika(house)
        await house.start()

        assert "may spend nothing from now on" in await called(house, "dismiss")
        refused = await house.ada.answer(await house.generate())
        assert "not admitted" in str(refused["components"])

        wrong = await called(house, "admit", dollars="1e3")
        assert "That is no amount of dollars. Nothing was changed." in wrong
        house.sandbox.world.user_named("mika").locale = "de"
        assert "may spend $7.50 a month" in await called(house, "admit", dollars="7.50")
        await house.generate()
        await house.until_state(JobState.POSTED)


async def test_what_the_breaker_stopped_goes_on_when_its_operator_says_so(tmp_path: Path) -> None:
    stop = Stop(
        stopped_at=datetime.now(UTC), spent_micros=Micros(3), limit_micros=Micros(2), usual_micros=Micros(1)
    )
    async with household(tmp_path) as house:
        operated_by_mika(house)
        database = await open_database(house.data_dir / "dailies.db")
        await database.write(partial(stops.stop, wanted=stop))
        await database.close()
        await house.start()

        refused = await house.ada.answer(await house.generate())
        assert "has stopped paid orders for now" in str(refused["components"])

        assert "paid orders go on" in await called(house, "resume")
        assert "paid orders were not stopped" in await called(house, "resume")
        await house.generate()
        await house.until_state(JobState.POSTED)
        assert house.ledger_differences() == []


async def test_an_empty_purse_is_told_in_the_operators_channel_once(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        mods = house.ada.channel("showcase")
        house.more["DAILIES_OPERATOR_CHANNEL_ID"] = mods
        body = {"error": {"code": "insufficient_quota", "message": "You exceeded your current quota."}}
        house.emulator.faults.always("create", faults.answer(429, body))
        await house.start()

        for _ in range(3):
            await house.generate()
        await house.ada.wait_for_message(lambda message: message["channel_id"] == mods)
        await house.until_asked("create")

        said = await house.ada.messages(mods)
        assert len(said) == 1
        assert "openai" in str(said[0]["components"])


async def test_what_is_said_while_discord_is_away_is_posted_later_in_its_order() -> None:
    notices = Notices()
    posted: list[str] = []
    away, all_said = asyncio.Event(), asyncio.Event()
    waits: list[float] = []

    async def post(sentence: str) -> None:
        if not away.is_set():
            raise DeliveryUnavailable("away")
        if sentence == "closed":
            raise DeliveryRefused("403")
        posted.append(sentence)
        if sentence == "two":
            all_said.set()

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        away.set()

    for sentence in ("one", "closed", "two"):
        notices.tell("code", sentence)
    running = asyncio.create_task(notices.run(post, pause=pause))
    async with asyncio.timeout(60):
        await all_said.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert posted == ["one", "two"]
    assert len(waits) == 1


async def test_what_discord_takes_in_no_message_is_not_tried_for_ever(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        channel_id = int(stage.channel("mods"))

        with pytest.raises(DeliveryRefused):
            await post_notice(stage.client, channel_id, "too much " * 500)

        await post_notice(stage.client, channel_id, "the disk is nearly full")
        assert "the disk is nearly full" in str((await stage.mika.messages(str(channel_id)))[0])
