"""A character from end to end: the real process, its worker and its studio, over the sandbox."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from bot.domain import JobState, Kind
from bot.rehearsal import started
from bot.sandbox.person import Person
from storage import characters
from storage.characters import Character
from storage.database import open_for_reading
from tests.emulators import faults
from tests.films import film
from tests.household import Household, household
from tests.model_rows import model_row, offer_row
from tests.stage import texts
from tests.test_making_whole import WITHIN_S, Home


def kept(folder: Path) -> list[Character]:
    """Every character, as committed."""
    with contextlib.closing(open_for_reading(folder / "data" / "dailies.db")) as connection:
        rows = connection.execute("SELECT id FROM characters ORDER BY consent_at").fetchall()
        found = [characters.get(connection, row[0]) for row in rows]
        return [one for one in found if one is not None]


async def removal(folder: Path) -> dict[str, str | None]:
    """What came of each step of the removals, once all were taken."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            with contextlib.closing(open_for_reading(folder / "data" / "dailies.db")) as connection:
                steps = dict(connection.execute("SELECT step, result FROM removals").fetchall())
            if steps and None not in steps.values():
                return steps
            await asyncio.sleep(0.02)


async def test_a_character_is_made_used_and_removed_everywhere(tmp_path: Path) -> None:
    clip = await asyncio.to_thread(partial(film, tmp_path / "ava.mp4", [90] * 16, size=(1280, 720)))
    async with started(tmp_path, log=tmp_path / "bot.log") as (sandbox, _):
        token = sandbox.world.user_named("ada").token
        async with Person.open(sandbox.api_url, sandbox.gateway_url, token) as ada:
            home = Home(ada, tmp_path)
            mark = ada.mark
            options = {"clip": "0", "name": "Ava", "consent": True}
            press = await ada.slash("character add", options, channel=home.channel, files=[clip])
            ordered = await ada.answer(press, timeout_s=WITHIN_S)
            card = await ada.wait_for_message(lambda message: "Character ready" in texts(message), since=mark)

            (made,) = kept(tmp_path)
            (job,) = home.rows()
            assert "Ordered." in texts(ordered)
            assert (made.name, made.provider, made.consent_version, made.shared) == (
                "Ava",
                "studio",
                1,
                False,
            )
            assert (job.order.kind, job.state, job.rendered_id) == (
                Kind.CHARACTER,
                JobState.POSTED,
                made.provider_id,
            )
            assert job.charged_micros == job.quote.price_micros > 0
            assert str(job.card_message_id) == card["id"]
            assert list((tmp_path / "data" / "characters").iterdir()) == []

            (choice,) = await ada.autocomplete("generate", "character1", "av", channel=home.channel)
            assert choice["name"] == "Ava"
            await home.clip_after(
                await ada.slash(
                    "generate", {"prompt": "Ava sails", "character1": choice["value"]}, channel=home.channel
                )
            )
            assert home.rows()[1].order.characters == (made.provider_id,)

            removed = await home.slash("character remove", character=choice["value"])
            await ada.wait_for(
                lambda event: event.name == "MESSAGE_DELETE" and event.data["id"] == card["id"],
                timeout_s=WITHIN_S,
            )
            assert "is removed" in texts(removed)
            refused = await home.slash("generate", prompt="Ava sails", character1=choice["value"])
            assert "has been removed" in texts(refused)
            assert await ada.autocomplete("generate", "character1", "", channel=home.channel) == []
            assert await removal(tmp_path) == {"card": "deleted", "provider": "deleted"}
            assert list((tmp_path / "data" / "studio" / "characters").iterdir()) == []


MODELS = (
    model_row("known", kinds=["generate", "character"], durations_s=[2, 4])
    + model_row("mute")
    + offer_row("mute", "openai", usd="0.01")
    + offer_row("known", "openai", durations_s=[4], fields={"characters": "characters"})
    + offer_row("known", "openai", kinds=["character"], durations_s=[2], usd="0.25")
)


@asynccontextmanager
async def at_openai(folder: Path) -> AsyncIterator[tuple[Household, Path]]:
    """The bot with the emulator of OpenAI's protocol, and a clip of two seconds."""
    clip = await asyncio.to_thread(partial(film, folder / "ava.mp4", [90] * 16, size=(320, 180)))
    async with household(folder, asks_to_finish=1) as house:
        await asyncio.to_thread((folder / "models.toml").write_text, MODELS)
        house.more["DAILIES_INSTALLATION_MONTHLY_USD"] = "100"
        await house.start()
        yield house, clip


async def said(house: Household, command: str, /, *files: Path, **options: object) -> str:
    press = await house.ada.slash(command, options, channel=house.channel, files=files, unchecked=True)
    return texts(await house.ada.answer(press))


async def test_at_a_provider_that_charges_a_character_is_paid_once_and_known_there_alone(
    tmp_path: Path,
) -> None:
    async with at_openai(tmp_path) as (house, clip):
        told = await said(house, "character add", clip, clip="0", consent=True, name="Ava")
        job = await house.until_state(JobState.POSTED)
        (made,) = kept(tmp_path)

        assert "$0.50 is set aside" in told
        assert (job.charged_micros, job.rendered_id) == (500_000, made.provider_id)
        assert house.emulator.characters.made[made.provider_id or ""]["name"] == "Ava"
        refused = await said(house, "generate", prompt="Ava sails", character1=made.id, model="mute")
        assert "Mute takes no characters." in refused
        assert "Nothing was charged." in refused
        assert "Ordered." in await said(house, "generate", prompt="Ava sails", character1=made.id)
        clip_job = await house.until_state(JobState.POSTED)
        assert clip_job.order.model == "known"
        (sent,) = [seen for seen in house.emulator.seen if seen.route == "create"]
        assert made.provider_id is not None
        assert made.provider_id in str(sent)
        assert house.ledger_differences() == []


async def test_a_lost_answer_leaves_a_character_uncertain_and_it_is_never_asked_for_again(
    tmp_path: Path,
) -> None:
    async with at_openai(tmp_path) as (house, clip):
        house.emulator.faults.next("create_character", faults.answer(502, "<html>nginx</html>"))
        await said(house, "character add", clip, clip="0", consent=True, name="Ava")
        await house.until_state(JobState.UNCERTAIN)
        await house.kill()
        await house.start()
        await house.until_state(JobState.UNCERTAIN)

        assert len([seen for seen in house.emulator.seen if seen.route == "create_character"]) == 1
        assert house.held_micros() > 0
        assert kept(tmp_path)[0].made_at is None
