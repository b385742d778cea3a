"""OpenAI's own SDK at the emulated moderation endpoint, which proves that; and its request beside ours."""

import base64
import json
from collections.abc import AsyncIterator

import pytest
from openai import AsyncOpenAI, AuthenticationError, BadRequestError, NotFoundError, RateLimitError
from openai.types import ModerationMultiModalInputParam

from bot.screening.lines import DEFAULTS
from bot.screening.openai import MODEL
from tests.emulators import faults
from tests.emulators.moderation import PICTURES_TOO, ModerationEmulator

KEY = "sk-test"
PIXEL = b"\x89PNG and so on"


def picture(data: bytes = PIXEL) -> ModerationMultiModalInputParam:
    packed = base64.b64encode(data).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{packed}"}}


def words(text: str) -> ModerationMultiModalInputParam:
    return {"type": "text", "text": text}


@pytest.fixture
async def emulator() -> AsyncIterator[ModerationEmulator]:
    async with ModerationEmulator(api_key=KEY) as running:
        running.says["zombie"] = {"violence": 0.9}
        running.sees[PIXEL] = {"sexual": 0.7}
        yield running


@pytest.fixture
async def theirs(emulator: ModerationEmulator) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(api_key=KEY, base_url=emulator.url, max_retries=0) as client:
        yield client


async def test_the_sdk_reads_every_category_of_a_text(theirs: AsyncOpenAI) -> None:
    answer = await theirs.moderations.create(model=MODEL, input="a zombie")

    (result,) = answer.results
    assert answer.model == MODEL
    assert result.flagged
    assert result.categories.violence
    assert result.category_scores.violence == 0.9
    assert result.category_scores.sexual_minors < 0.01
    assert set(result.category_scores.model_dump(by_alias=True)) == set(DEFAULTS)
    assert set(result.categories.model_dump(by_alias=True)) == set(DEFAULTS)


async def test_the_sdk_reads_what_of_a_text_and_what_of_a_picture_was_judged(theirs: AsyncOpenAI) -> None:
    answer = await theirs.moderations.create(model=MODEL, input=[words("a boat"), picture()])

    (result,) = answer.results
    applied = result.category_applied_input_types.model_dump(by_alias=True)
    assert result.category_scores.sexual == 0.7
    assert {name for name, kinds in applied.items() if "image" in kinds} == set(PICTURES_TOO)


async def test_several_texts_have_several_results(theirs: AsyncOpenAI) -> None:
    answer = await theirs.moderations.create(model=MODEL, input=["a boat", "a zombie"])

    assert [result.flagged for result in answer.results] == [False, True]


async def test_the_sdk_knows_its_errors(emulator: ModerationEmulator, theirs: AsyncOpenAI) -> None:
    with pytest.raises(BadRequestError) as two:
        await theirs.moderations.create(model=MODEL, input=[picture(), picture()])
    with pytest.raises(NotFoundError):
        await theirs.moderations.create(model="text-moderation-1", input="a boat")
    with pytest.raises(AuthenticationError):
        await theirs.with_options(api_key="sk-other").moderations.create(model=MODEL, input="a boat")
    emulator.faults.next("moderations", faults.answer(429, {"error": {}}, headers={"Retry-After": "2"}))
    with pytest.raises(RateLimitError):
        await theirs.moderations.create(model=MODEL, input="a boat")

    assert two.value.code == "too_many_images"


async def test_the_sdk_asks_as_we_do(emulator: ModerationEmulator, theirs: AsyncOpenAI) -> None:
    from bot.screening.openai import request

    await theirs.moderations.create(model=MODEL, input=[words("a boat"), picture()])

    address = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}".encode()
    assert json.loads(emulator.seen[-1].body) == json.loads(request("a boat", address))
