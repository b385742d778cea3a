"""`/setup` in the real process, from an empty server to a clip that is posted."""

from pathlib import Path
from typing import Any

from bot.sandbox.person import Person, Press
from tests.household import household

CHOICES = (
    ("channel:clips", "dailies"),
    ("channel:reviews", "mods"),
    ("channel:alerts", "mods"),
    ("channel:log", "mods"),
)
CLIP_WITHIN_S = 30


async def test_twelve_steps_lead_from_an_empty_server_to_a_clip(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        house.more = {}  # no provider but the studio
        await house.start()
        token = house.sandbox.world.user_named("mika").token
        async with Person.open(house.sandbox.api_url, house.sandbox.gateway_url, token) as mika:
            presses = [await mika.slash("setup", channel=house.channel)]
            message = await mika.answer(presses[0])

            async def changed(press: Press) -> dict[str, Any]:
                presses.append(press)
                return await mika.wait_for_message(lambda m: bool(m["id"] == message["id"]), since=press.mark)

            for control, name in CHOICES:
                await changed(await mika.press(message, f"setup:{control}", values=[mika.channel(name)]))
            role = next(r.id for r in house.sandbox.world.guild.roles.values() if r.name == "managers")
            await changed(await mika.press(message, "setup:role", values=[str(role)]))
            for gate in ("rendering", "showing"):
                await changed(await mika.press(message, f"setup:gate:{gate}", values=["flagged"]))
            presses.append(await mika.press(message, "setup:do:budget"))
            form = await mika.modal(presses[-1])
            told = await changed(await mika.submit(form, {"limit": "5"}))
            assert "$5.00 a month for each member" in str(told["components"])
            told = await changed(await mika.press(message, "setup:do:check"))
            assert str(told["components"]).count("✅") == 2

            await changed(await mika.press(message, "setup:do:finish"))

            await mika.wait_for_message(
                lambda m: any(one["filename"].endswith(".mp4") for one in m["attachments"]),
                since=presses[-1].mark,
                timeout_s=CLIP_WITHIN_S,
            )
            assert len(presses) == 12
