"""A moderated server in the real process: what waits is shown to its moderators, decided, made and posted."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bot.domain import JobState
from bot.sandbox.person import Person
from tests.household import Household, household
from tests.stage import Json, button, texts, walk


@asynccontextmanager
async def moderated(tmp_path: Path) -> AsyncIterator[tuple[Household, Person]]:
    """A server whose manager Mika has closed both gates and named a channel for reviews."""
    async with household(tmp_path, asks_to_finish=1) as house:
        await house.start()
        token = house.sandbox.world.user_named("mika").token
        async with Person.open(house.sandbox.api_url, house.sandbox.gateway_url, token) as mika:
            named = await said(mika, "settings reviews", {"channel": mika.channel("mods")}, house)
            assert f"What waits is shown in <#{mika.channel('mods')}>." in named
            closed = {"before_rendering": "all", "before_showing": "all"}
            assert "before a clip is shown: everything waits" in await said(
                mika, "settings gates", closed, house
            )
            yield house, mika


async def said(person: Person, command: str, options: Mapping[str, object], house: Household) -> str:
    press = await person.slash(command, dict(options), channel=house.channel)
    return texts(await person.answer(press))


async def until_shown(person: Person, words: str, *, times: int = 1) -> Json:
    """The newest message of the moderators' channel, once so many of them have these words."""
    async with asyncio.timeout(60):
        while True:
            found = [m for m in await person.messages(person.channel("mods")) if words in texts(m)]
            if len(found) >= times:
                return found[0]
            await asyncio.sleep(0.02)


async def decide(person: Person, review: Json, verdict: str) -> str:
    press = await person.press(review, button(review, f"review:{verdict}:")["custom_id"])
    return texts(await person.answer(press))


async def test_an_order_is_approved_made_looked_at_and_shown_behind_a_spoiler(tmp_path: Path) -> None:
    async with moderated(tmp_path) as (house, mika):
        await house.generate("a paper boat")
        await house.until_card_says("A moderator looks at it before it is made")
        assert house.emulator.jobs == {}, "nothing was ordered yet"

        waiting = await until_shown(mika, "An order waits before it is made")
        assert "a paper boat" in texts(waiting)
        assert "Approved" in await decide(mika, waiting, "yes")
        await house.until_state(JobState.WITHHELD)

        clip = await until_shown(mika, "A clip waits before it is shown")
        (shown,) = [item for one in walk(clip["components"]) if one["type"] == 12 for item in one["items"]]
        assert shown["spoiler"]
        assert len(clip["attachments"]) == 1
        await house.until_card_says("A moderator looks at the clip before it is shown")
        assert await house.clips() == []
        await decide(mika, clip, "spoiler")
        await house.until_state(JobState.POSTED)

        (posted,) = await house.clips()
        (item,) = [item for one in walk(posted["components"]) if one["type"] == 12 for item in one["items"]]
        assert item["spoiler"]
        decided = await until_shown(mika, "as a spoiler")
        assert decided["attachments"] == [], "what was decided is looked at no more"
        assert house.ledger_differences() == []


async def test_what_waits_outlives_the_process_and_is_shown_once(tmp_path: Path) -> None:
    async with moderated(tmp_path) as (house, mika):
        await house.generate("a paper boat")
        waiting = await until_shown(mika, "An order waits before it is made")
        await house.kill()
        await house.start()

        assert "Approved" in await decide(mika, waiting, "yes")
        await house.until_state(JobState.WITHHELD)
        await until_shown(mika, "Approved by")
        await until_shown(mika, "A clip waits before it is shown")

        assert len(await mika.messages(mika.channel("mods"))) == 2


async def test_review_goes_through_what_waits_and_members_are_not_shown_it(tmp_path: Path) -> None:
    async with moderated(tmp_path) as (house, mika):
        for prompt in ("a paper boat", "a calm sea"):
            await house.generate(prompt)
        await until_shown(mika, "An order waits", times=2)

        listed = await mika.answer(await mika.slash("review", {"show": "prompts"}, channel=house.channel))
        assert "1 of 2 that wait" in texts(listed)
        assert "a paper boat" in texts(listed)
        press = await mika.press(listed, button(listed, "review:yes:")["custom_id"])
        following = await mika.wait_for_message(
            lambda m: bool(m["id"] == listed["id"]) and "a calm sea" in texts(m), since=press.mark
        )
        assert "1 of 1 that wait" in texts(following)
        assert "review" not in {command["name"] for command in await house.ada.commands()}
