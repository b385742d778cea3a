"""`dailies check --online` at the public address: whether it leads to this very installation."""

import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.checks import reach, start
from bot.clips.link_key import key_in
from bot.settings import Settings, load

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def config(folder: Path, public_port: int, web_port: int | None = None) -> Settings:
    environment = {
        "DAILIES_DATA_DIR": str(folder),
        "DAILIES_PUBLIC_URL": f"http://127.0.0.1:{public_port}",
        "DAILIES_WEB_PORT": str(web_port or free_port()),
    }
    return load(environment, env_file=Path(os.devnull))


@asynccontextmanager
async def serving(*routes: web.RouteDef) -> AsyncIterator[int]:
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def codes(of: Settings, *, runs: bool = False) -> list[str]:
    return [finding.code for finding in await reach.reached(of, runs=runs)]


async def test_a_proxy_that_leads_back_is_right_whether_a_bot_runs_or_not(tmp_path: Path) -> None:
    inner = free_port()

    async def passed_on(request: web.Request) -> web.Response:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{inner}{request.path}") as response,
        ):
            return web.Response(text=await response.text(), status=response.status)

    async with serving(web.get("/webhooks/{rest:.*}", passed_on)) as outer:
        assert await codes(config(tmp_path, outer, inner)) == []
    async with serving(*reach.routes(key_in(tmp_path))) as own:
        assert await codes(config(tmp_path, own), runs=True) == []


async def test_without_a_public_address_nobody_is_asked(tmp_path: Path) -> None:
    of = load({"DAILIES_DATA_DIR": str(tmp_path)}, env_file=Path(os.devnull))

    assert await codes(of) == []
    assert not os.listdir(tmp_path)  # noqa: PTH208


async def test_an_address_that_nobody_answers_is_silent(tmp_path: Path) -> None:
    assert await codes(config(tmp_path, free_port())) == ["public_url_silent"]


async def friendly(_: web.Request) -> web.Response:
    return web.Response(text="It works!")


async def moved(_: web.Request) -> web.Response:
    raise web.HTTPMovedPermanently("https://elsewhere.example/")


async def bad_gateway(_: web.Request) -> web.Response:
    raise web.HTTPBadGateway


@pytest.mark.parametrize("page", [friendly, moved, bad_gateway])
async def test_a_proxy_that_answers_by_itself_is_told_from_the_bot(tmp_path: Path, page: Handler) -> None:
    async with serving(web.get("/{rest:.*}", page)) as outer:
        assert await codes(config(tmp_path, outer), runs=True) == ["public_url_elsewhere"]


async def test_another_installation_at_the_address_is_told_from_ours(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    ours = tmp_path / "ours"
    ours.mkdir()
    async with serving(*reach.routes(key_in(theirs))) as outer:
        assert await codes(config(ours, outer), runs=True) == ["public_url_of_another"]


async def test_a_port_that_another_program_has_is_named_offline_and_not_twice(tmp_path: Path) -> None:
    async with serving() as taken:
        asked = config(tmp_path, free_port(), taken)
        online = await reach.reached(asked, runs=False)
        (finding,) = start.start(asked)

    assert online == []
    assert finding.code == "web_port_taken"
    assert f":{taken}" in finding.mend


async def test_a_long_nonce_is_not_signed(tmp_path: Path) -> None:
    async with (
        serving(*reach.routes(key_in(tmp_path))) as own,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{own}{reach.PATH}{'x' * 65}") as response,
    ):
        assert response.status == 404


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://dailies.example.org/bot", "write no path"),
        ("http://dailies.example.org", "what goes there needs https://"),
        ("https://dailies.example.org?x=1", "write no path"),
        ("https://me:secret@dailies.example.org", "write the scheme and the host"),
    ],
)
def test_a_public_address_with_a_path_or_without_tls_is_a_setting_that_is_wrong(
    url: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bot.__main__ import main

    monkeypatch.setenv("DAILIES_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DAILIES_DISCORD_TOKEN", "a.b.c")
    monkeypatch.setenv("DAILIES_PUBLIC_URL", url)

    assert main(["check", "--env-file", os.devnull]) == 1
    said = capsys.readouterr().out
    assert main(["run", "--env-file", os.devnull]) == 78

    assert f"setting_wrong: DAILIES_PUBLIC_URL: {words}" in said
    assert "secret" not in said
