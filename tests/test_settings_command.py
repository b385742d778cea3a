"""`/settings channels` in the real process over the sandbox."""

import contextlib
import json
from pathlib import Path

from bot.sandbox.person import Person
from storage import acts
from storage.acts import Verb, Wanted
from storage.database import open_for_reading
from tests.household import Household, household


async def said(house: Household, options: dict[str, object]) -> str:
    token = house.sandbox.world.user_named("mika").token
    async with Person.open(house.sandbox.api_url, house.sandbox.gateway_url, token) as mika:
        press = await mika.slash("settings channels", options, channel=house.channel)
        return str((await mika.answer(press))["components"])


async def test_a_manager_names_channels_and_forgets_them(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        await house.start()
        token = house.sandbox.world.user_named("mika").token
        async with Person.open(house.sandbox.api_url, house.sandbox.gateway_url, token) as mika:
            mods, closed = mika.channel("mods"), mika.channel("read-only")

        assert "No channel is named for reports" in await said(house, {})
        named = await said(house, {"reports": mods, "clips": house.channel})
        assert f"Reports of clips go to <#{mods}>." in named
        assert (
            f"A clip that its own channel refuses goes to <#{house.channel}>, if no more people see it there."
            in named
        )

        seen_by_all = await said(house, {"reports": house.channel})
        assert "Everybody can see that channel" in seen_by_all
        assert f"Reports of clips go to <#{mods}>." in await said(house, {})

        refused = await said(house, {"clips": closed})
        assert "This bot may not post there; it lacks: Send Messages" in refused
        assert f"goes to <#{house.channel}>" in await said(house, {})

        assert "No channel is named for reports" in await said(house, {"forget": True})

        with contextlib.closing(open_for_reading(house.data_dir / "dailies.db")) as book:
            changed = acts.newest(book, Wanted(verb=Verb.SETTINGS_CHANGED), limit=9)
        assert [json.loads(one.detail) for one in reversed(changed)] == [
            {"what": what, "was": int(was), "now": int(now)}
            for what, was, now in (
                ("reports_channel", 0, mods),
                ("clips_channel", 0, house.channel),
                ("reports_channel", mods, 0),
                ("clips_channel", house.channel, 0),
            )
        ]


async def test_members_are_not_shown_it(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        await house.start()

        assert "settings" not in {command["name"] for command in await house.ada.commands()}
