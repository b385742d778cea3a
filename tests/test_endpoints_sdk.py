"""The providers' calls about their models, as their own SDKs read them, and our questions beside theirs."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path

import pytest
from openai import AsyncOpenAI
from replicate.client import Client
from replicate.exceptions import ReplicateError

from bot.providers.endpoints import Described
from tests import lumenfall_scene, openai_scene, replicate_scene
from tests.offer_scene import Sides
from tests.props import Clock


@pytest.fixture
async def sides(clock: Clock, tmp_path: Path) -> AsyncIterator[Sides]:
    async with AsyncExitStack() as stack:
        opened = Sides(clock, tmp_path)
        await opened.open(stack)
        yield opened


def asked(sides: Sides, name: str) -> Described:
    provider = sides.provider(name, sides.rows(name))
    assert isinstance(provider, Described)
    return provider


async def test_openais_sdk_reads_the_day_on_which_a_model_ends(sides: Sides) -> None:
    sides.openai.models.ends |= {"sora-2": "2026-09-24"}

    async with AsyncOpenAI(api_key=openai_scene.KEY, base_url=sides.openai.url) as sdk:
        models = {model.id: model.shutdown_date for model in (await sdk.models.list()).data}
    ours = await asked(sides, "openai").endpoint("sora-2")

    assert models == {"model-1": None, "sora-2": "2026-09-24"}
    assert ours.retires_on == date(2026, 9, 24)
    theirs, mine = sides.openai.seen
    assert (mine.method, mine.path) == (theirs.method, theirs.path) == ("GET", "/v1/models")
    assert mine.headers["Authorization"] == theirs.headers["Authorization"]


async def test_openais_sdk_reads_lumenfalls_slugs(sides: Sides) -> None:
    async with AsyncOpenAI(api_key=lumenfall_scene.KEY, base_url=sides.lumenfall.url) as sdk:
        models = [model.id for model in (await sdk.models.list()).data]
    ours = [await asked(sides, "lumenfall").endpoint(name) for name in ("fal/sora-2-pro", "kling-v3", "x")]

    assert "sora-2-pro" in models
    assert [each.exists for each in ours] == [True, True, False]
    theirs, *mine = sides.lumenfall.api.seen
    assert {(seen.method, seen.path) for seen in mine} == {(theirs.method, theirs.path)}
    assert mine[0].headers["Authorization"] == theirs.headers["Authorization"]


async def test_replicates_sdk_reads_a_model_and_misses_one_that_is_gone(sides: Sides) -> None:
    sides.replicate.gone_models.add("openai/sora-2-pro")
    sdk = Client(api_token=replicate_scene.TOKEN, base_url=sides.replicate.api.url)

    model = await sdk.models.async_get("openai/sora-2")
    with pytest.raises(ReplicateError):
        await sdk.models.async_get("openai/sora-2-pro")
    ours = [await asked(sides, "replicate").endpoint(name) for name in ("openai/sora-2", "openai/sora-2-pro")]

    assert (model.owner, model.name) == ("openai", "sora-2")
    assert [each.exists for each in ours] == [True, False]
    first, second, *mine = sides.replicate.api.seen
    assert [(seen.method, seen.path) for seen in mine] == [
        (seen.method, seen.path) for seen in (first, second)
    ]
    assert mine[0].headers["Authorization"] == first.headers["Authorization"]
