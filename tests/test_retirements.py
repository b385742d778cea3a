"""The running bot asks once a day which of its offers last; nobody's silence closes one."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.catalogue import Catalogue
from bot.offers.retirements import EVERY, FIRST_AFTER, Retirements
from bot.operating.logs import TextLine
from bot.providers.endpoints import Endpoint
from bot.providers.openai import OpenAIVideos
from tests.emulators.faults import LOST_ANSWER, PROXY_404, PROXY_502_BEFORE_WORK, Fault, answer
from tests.offer_scene import Sides
from tests.openai_scene import KEY
from tests.props import NOON, Clock


@pytest.fixture
async def sides(clock: Clock, tmp_path: Path) -> AsyncIterator[Sides]:
    async with AsyncExitStack() as stack:
        opened = Sides(clock, tmp_path)
        await opened.open(stack)
        yield opened


class Broken(OpenAIVideos):
    """It fails as only a fault of our own can."""

    async def endpoint(self, name: str) -> Endpoint:
        raise RuntimeError(name)


def duty(sides: Sides, name: str, rows: Catalogue) -> Retirements:
    return Retirements(rows, {name: sides.provider(name, rows)}, now=sides.clock)


def closed(rows: Catalogue) -> str | None:
    (offer,) = rows.offers_of("m")
    return rows.closed_because(offer)


@pytest.mark.parametrize("name", ["openai", "fal", "lumenfall", "replicate"])
async def test_what_a_provider_no_longer_has_is_sold_no_more(
    sides: Sides, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    rows = sides.rows(name)
    looking = duty(sides, name, rows)

    await looking.look()
    before = closed(rows)
    sides.openai.models.ends = {"another": None}
    sides.fal.gone_apps.add("fal-ai/sora-2")
    sides.lumenfall.gone_models.add("sora-2-pro")
    sides.replicate.gone_models.add("openai/sora-2")
    await looking.look()

    assert before is None
    assert closed(rows) == "retired on 2026-11-21"
    said = [TextLine([]).format(record) for record in caplog.records]
    assert [line for line in said if f" code=offer_gone provider={name} offer={name}/m" in line] != []


async def test_what_a_server_of_ones_own_does_not_list_is_sold_all_the_same(sides: Sides) -> None:
    rows = sides.rows("openai")
    wires = rows.wires("openai")
    own = OpenAIVideos("openai", base_url=sides.openai.url, api_key=KEY, wires=wires, now=sides.clock)
    sides.openai.models.ends = {"another": None}

    await Retirements(rows, {"openai": own}, now=sides.clock).look()
    await own.close()

    assert closed(rows) is None


async def test_a_day_that_is_named_closes_the_offer_when_it_comes(sides: Sides, clock: Clock) -> None:
    rows = sides.rows("openai")
    sides.openai.models.ends["model-1"] = "2026-11-23"

    await duty(sides, "openai", rows).look()
    today = closed(rows)
    clock.advance(timedelta(days=2))

    assert today is None
    assert closed(rows) == "retired on 2026-11-23"


@pytest.mark.parametrize(
    ("name", "route", "fault"),
    [
        ("openai", "models", PROXY_404),
        ("openai", "models", LOST_ANSWER),
        ("openai", "models", answer(200, {"data": []})),
        ("fal", "models", PROXY_502_BEFORE_WORK),
        ("fal", "models", PROXY_404),
        ("lumenfall", "models", answer(200, b"<html>")),
        ("replicate", "model", PROXY_404),
        ("replicate", "model", answer(401, {"detail": "Invalid token"})),
    ],
)
async def test_a_call_that_fails_is_logged_and_harms_nothing(
    sides: Sides, name: str, route: str, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    rows = sides.rows(name)
    getattr(sides, name).faults.always(route, fault)

    await duty(sides, name, rows).look()

    assert closed(rows) is None
    codes = {
        getattr(record, "code", "") for record in caplog.records if record.name == "bot.offers.retirements"
    }
    assert codes in ({"provider_unavailable"}, {"unreadable_answer"})


async def test_deprecated_without_a_day_is_said_and_still_sold(
    sides: Sides, caplog: pytest.LogCaptureFixture
) -> None:
    rows = sides.rows("fal")
    sides.fal.deprecated.add("fal-ai/sora-2/text-to-video")

    await duty(sides, "fal", rows).look()

    assert closed(rows) is None
    assert "offer_deprecated" in {getattr(record, "code", "") for record in caplog.records}


@pytest.mark.parametrize("name", ["openai", "prodia"])
async def test_it_looks_once_a_day_and_a_minute_after_the_start(
    sides: Sides, clock: Clock, name: str
) -> None:
    rows = sides.rows(name)
    pauses: list[float] = []
    enough = asyncio.Event()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        clock.advance(timedelta(seconds=seconds))
        if len(pauses) == 4:
            enough.set()
            await asyncio.Event().wait()

    looking = Retirements(rows, {name: sides.provider(name, rows)}, now=clock, pause=pause)
    running = asyncio.create_task(looking.run())
    await enough.wait()
    running.cancel()

    assert pauses == [FIRST_AFTER.total_seconds(), *[EVERY.total_seconds()] * 3]
    assert clock() == NOON + FIRST_AFTER + 3 * EVERY
    asked = [seen.route for seen in sides.openai.seen]
    assert asked == ["models"] * (3 * len(offers_for_sale(rows)) if name == "openai" else 0)


def offers_for_sale(rows: Catalogue) -> list[str]:
    return [offer.id for model in rows.all_models() for offer in rows.open_offers(model.id)]


async def test_a_fault_of_ours_ends_no_duty_either(sides: Sides, caplog: pytest.LogCaptureFixture) -> None:
    rows = sides.rows("openai")

    broken = Broken("openai", base_url=sides.openai.url, api_key=None, wires={}, now=sides.clock)
    looking = Retirements(rows, {"openai": broken}, now=sides.clock)

    with caplog.at_level(logging.ERROR):
        await looking.look()
    await broken.close()

    assert closed(rows) is None
    assert "retirement_failed" in {getattr(record, "code", "") for record in caplog.records}
