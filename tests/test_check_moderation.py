"""`dailies check` asks the moderation endpoint about one word, and says what is wrong with its key."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.checks.moderation import moderation
from bot.settings import Settings
from tests.emulators import faults
from tests.emulators.faults import Fault
from tests.emulators.moderation import ModerationEmulator

KEY = "sk-right"


@pytest.fixture
async def emulator() -> AsyncIterator[ModerationEmulator]:
    async with ModerationEmulator(api_key=KEY) as running:
        yield running


def config(emulator: ModerationEmulator, key: str = KEY) -> Settings:
    return Settings(moderation_api_key=SecretStr(key), moderation_base_url=emulator.url)


async def test_a_right_key_is_fine_and_without_one_nobody_is_asked(emulator: ModerationEmulator) -> None:
    assert await moderation(config(emulator)) == []
    assert await moderation(Settings(moderation_base_url=emulator.url)) == []
    assert len(emulator.seen) == 1


async def test_a_wrong_key_is_named_by_its_setting(emulator: ModerationEmulator) -> None:
    (finding,) = await moderation(config(emulator, "sk-wrong"))

    assert finding.code == "moderation_key_refused"
    assert "DAILIES_MODERATION_API_KEY (401)" in finding.cause
    assert "sk-wrong" not in f"{finding}"


@pytest.mark.parametrize(
    "fault",
    [
        faults.answer(200, b"<html>sign in</html>"),
        faults.answer(429, {}),
        faults.PROXY_502_BEFORE_WORK,
        faults.RESET_BEFORE_READING,
    ],
)
async def test_one_that_does_not_judge_is_told(emulator: ModerationEmulator, fault: Fault) -> None:
    emulator.faults.always("moderations", fault)

    (finding,) = await moderation(config(emulator))

    assert finding.code == "moderation_unreachable"
