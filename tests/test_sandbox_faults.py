"""Faults, rate limits, and what only a sandbox has: its switches, its world, its logs, its page."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web as server
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox.page_route import PageRoute
from bot.sandbox.ratelimits import DOCUMENTED, GENEROUS, Rate, RateLimits, Rates
from tests.sandboxes import Answer, RawBot, files_in, person, raw_bot, running


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[RawBot]:
    async with running(tmp_path) as sandbox, raw_bot(sandbox) as opened:
        yield opened


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def own(
    web: aiohttp.ClientSession, bot: RawBot, method: str, path: str, body: Any = None
) -> tuple[int, Any]:
    url = f"{bot.sandbox.page_url}sandbox/{path}"
    async with web.request(method, url, json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def say(bot: RawBot, content: str = "x") -> Answer:
    return await bot.post("dailies", {"content": content})


async def test_every_answer_tells_where_its_bucket_stands(bot: RawBot) -> None:
    first, second = await say(bot), await say(bot)

    assert first.headers["X-RateLimit-Limit"] == str(GENEROUS.default.limit)
    assert int(second.headers["X-RateLimit-Remaining"]) == int(first.headers["X-RateLimit-Remaining"]) - 1
    assert first.headers["X-RateLimit-Bucket"] == second.headers["X-RateLimit-Bucket"]
    assert float(first.headers["X-RateLimit-Reset-After"]) <= GENEROUS.default.seconds
    assert float(first.headers["X-RateLimit-Reset"]) > 1_700_000_000


async def test_discords_documented_limits_hold_per_channel(tmp_path: Path) -> None:
    async with running(tmp_path, rates=DOCUMENTED) as sandbox, raw_bot(sandbox) as bot:
        answers = [await say(bot) for _ in range(6)]
        elsewhere = await bot.post("showcase", {"content": "x"})

    refused = answers[-1]
    assert [one.status for one in answers] == [200] * 5 + [429]
    assert refused.headers["Via"]
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert not refused.body["global"]
    assert 0 < refused.body["retry_after"] <= 5
    assert elsewhere.status == 200


async def test_the_overall_limit_leaves_interactions_out(tmp_path: Path) -> None:
    rates = Rates(default=Rate(100, 60), overall=Rate(2, 60))
    async with running(tmp_path, rates=rates) as sandbox, raw_bot(sandbox) as bot:
        answers = [await say(bot) for _ in range(3)]
        nobody = {"id": "1", "token": "x"}

        assert answers[-1].body["global"]
        assert answers[-1].headers["X-RateLimit-Global"] == "true"
        assert (await bot.answer(nobody, {"type": 5})).code == 10062


async def test_a_bot_that_provokes_too_many_refusals_is_shut_out(tmp_path: Path) -> None:
    rates = Rates(default=GENEROUS.default, overall=GENEROUS.overall, invalid=Rate(3, 60))
    async with running(tmp_path, rates=rates) as sandbox, raw_bot(sandbox) as bot:
        refusals = [await bot.post("read-only", {"content": "x"}) for _ in range(3)]
        banned = await say(bot)

    assert [one.status for one in refusals] == [403] * 3
    assert (banned.status, banned.body) == (429, "error code: 1015")
    assert "Via" not in banned.headers


def test_a_bucket_fills_again_when_its_time_is_over() -> None:
    time = [0.0]
    limits = RateLimits(Rates(default=Rate(1, 5), overall=Rate(100, 1)), clock=lambda: time[0])

    first = limits.count("a", "here", overall=True)
    second = limits.count("a", "here", overall=True)
    time[0] = 5
    third = limits.count("a", "here", overall=True)

    assert [one.refused for one in (first, second, third)] == [False, True, False]
    assert second.reset_after == 5


async def test_a_switched_fault_strikes_its_route_as_often_as_it_says(
    bot: RawBot, web: aiohttp.ClientSession
) -> None:
    fault = {"name": "server_error", "status": 503, "route": "POST /channels", "count": 2}
    status, told = await own(web, bot, "POST", "faults", fault)

    answers = [await say(bot) for _ in range(3)]

    assert (status, told["count"]) == (200, 2)
    assert [one.status for one in answers] == [503, 503, 200]
    assert (await bot.call("GET", "/users/@me")).status == 200
    assert (await own(web, bot, "GET", "faults"))[1] == []


async def test_faults_are_listed_and_switched_off(bot: RawBot, web: aiohttp.ClientSession) -> None:
    for name in ("rate_limit", "server_error"):
        await own(web, bot, "POST", "faults", {"name": name, "route": "/users"})
    assert [one["name"] for one in (await own(web, bot, "GET", "faults"))[1]] == [
        "rate_limit",
        "server_error",
    ]

    limited = await bot.call("GET", "/users/@me")
    await own(web, bot, "DELETE", "faults/rate_limit")
    broken = await bot.call("GET", "/users/@me")
    await own(web, bot, "DELETE", "faults")

    assert (limited.status, limited.headers["Via"] != "") == (429, True)
    assert broken.status == 500
    assert (await bot.call("GET", "/users/@me")).status == 200


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"name": "flood"},
        {"name": "slow", "seconds": -1},
        {"name": "clock_off", "seconds": 601},
        {"name": "slow", "seconds": "long"},
        {"name": "server_error", "status": 200},
        {"name": "rate_limit", "count": 0},
        {"name": "rate_limit", "route": 5},
        {"name": "drop_gateway", "code": 99},
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(
    bot: RawBot, web: aiohttp.ClientSession, wish: dict[str, Any]
) -> None:
    status, told = await own(web, bot, "POST", "faults", wish)

    assert (status, told["code"]) == (400, 50035)


async def test_people_are_spared_the_bots_faults(bot: RawBot) -> None:
    bot.sandbox.faults.switch_on({"name": "server_error"})
    async with person(bot.sandbox) as ada:
        assert (await ada.say(ada.channel("dailies"), "x"))["content"] == "x"

    assert (await say(bot)).status == 500


async def test_a_slow_answer_waits_and_then_comes(bot: RawBot) -> None:
    bot.sandbox.faults.switch_on({"name": "slow", "seconds": 0.05, "count": 1})
    loop = asyncio.get_running_loop()
    began = loop.time()

    assert (await say(bot)).status == 200
    assert loop.time() - began >= 0.05


async def test_a_lost_answer_is_work_that_was_done(bot: RawBot) -> None:
    bot.sandbox.faults.switch_on({"name": "lost_answer", "route": "/messages", "count": 1})

    with pytest.raises(aiohttp.ClientError):
        await say(bot, "lost")

    async with person(bot.sandbox) as ada:
        assert [one["content"] for one in await ada.messages(ada.channel("dailies"))] == ["lost"]


@pytest.mark.parametrize("seconds", [600, -600])
async def test_a_clock_that_is_off_stands_in_every_answer(bot: RawBot, seconds: int) -> None:
    bot.sandbox.faults.switch_on({"name": "clock_off", "seconds": seconds})

    said = parsedate_to_datetime((await say(bot)).headers["Date"])
    bot.sandbox.faults.switch_off("clock_off")
    after = parsedate_to_datetime((await say(bot)).headers["Date"])

    assert abs(said - datetime.now(UTC) - timedelta(seconds=seconds)) < timedelta(seconds=60)
    assert abs(after - datetime.now(UTC)) < timedelta(seconds=60)


@pytest.mark.parametrize(("status", "code"), [(500, 0), (413, 40005)])
async def test_a_full_disk_refuses_files_and_nothing_else(
    bot: RawBot, tmp_path: Path, status: int, code: int
) -> None:
    bot.sandbox.faults.switch_on({"name": "cdn_full", "status": status})

    refused = await bot.post("dailies", {}, files={"a.txt": b"x"})

    assert (refused.status, refused.code) == (status, code)
    assert (await say(bot)).status == 200
    assert files_in(tmp_path) == []


async def test_the_world_is_told_at_a_glance(bot: RawBot, web: aiohttp.ClientSession) -> None:
    _, world = await own(web, bot, "GET", "world")

    assert world["application"]["connected"]
    assert [one["global_name"] for one in world["members"]] == ["Ada", "Bruno", "Mika"]
    assert [one["manager"] for one in world["members"]] == [False, False, True]
    assert {one["name"] for one in world["channels"] if one["nsfw"]} == {"after-dark"}
    assert world["api_url"] == bot.sandbox.api_url
    assert world["guild"]["upload_limit"] == 20 << 20


async def test_the_bots_requests_are_in_the_log_and_peoples_are_not(
    bot: RawBot, web: aiohttp.ClientSession
) -> None:
    async with person(bot.sandbox) as ada:
        await ada.say(ada.channel("dailies"), "x")
    await say(bot, "first")
    _, before = await own(web, bot, "GET", "requests")
    await bot.post("dailies", {"content": "second"}, files={"a.txt": b"x"})

    _, after = await own(web, bot, "GET", f"requests?since={before[-1]['number']}")

    (line,) = after
    assert (line["method"], line["status"], line["json"]["content"]) == ("POST", 200, "second")
    assert line["template"] == "/channels/{channel}/messages"
    assert line["files"] == ["a.txt"]


async def test_unknown_routes_and_tokens_are_refused_in_discords_words(bot: RawBot) -> None:
    unknown = await bot.call("GET", "/stickers/1")
    wrong = await bot.call("GET", "/users/@me", token="Bot made-up")
    nobody = await bot.call("GET", "/users/@me", token="")

    assert (unknown.status, unknown.body) == (404, {"message": "404: Not Found", "code": 0})
    for answer in (wrong, nobody):
        assert (answer.status, answer.body) == (401, {"message": "401: Unauthorized", "code": 0})


async def test_the_page_is_served_and_nothing_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text("<title>sandbox</title>")
    (folder / "app.js").write_text("export {};")
    (tmp_path / "secret.txt").write_text("secret")
    app = server.Application()
    app.router.add_get("/{path:.*}", PageRoute(folder).handle)

    async with TestClient(TestServer(app)) as client:
        index, script = await client.get("/"), await client.get("/app.js")
        missing = await client.get("/nothing.js")
        outside = await client.get("/%2e%2e/secret.txt")

        assert "sandbox" in await index.text()
        assert script.headers["Content-Type"] == "text/javascript"
        assert (missing.status, outside.status) == (404, 404)
