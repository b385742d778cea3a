"""Whether our public address leads to this installation: asked from here, through whatever is in between.

The answer to a number used once is signed with the data folder's own key, so neither another installation nor
a proxy's friendly page can give it. Where no bot runs, the check listens in its place for that moment.
"""

import asyncio
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256

from aiohttp import web
from yarl import URL

from bot.checks.finding import Finding, error
from bot.clips.link_key import key_in
from bot.errors import ProviderUnavailable
from bot.providers import http
from bot.settings import Settings

PATH = "/webhooks/hello/"
"""Below `/webhooks/`, which a proxy passes on anyway."""

NONCE_CHARS_MAX = 64
BYTES_MAX = 1 << 16
"""Of an answer; ours has 64."""

_MEND = "look at the proxy: it must pass /webhooks/ and /clips/ on to DAILIES_WEB_HOST:DAILIES_WEB_PORT"


def signed(key: bytes, nonce: str) -> str:
    """What this installation answers to a nonce."""
    return hmac.new(key, f"dailies hello\n{nonce}".encode(), sha256).hexdigest()


def routes(key: bytes) -> list[web.RouteDef]:
    """The answer, for the web server."""

    async def hello(request: web.Request) -> web.Response:
        nonce = request.match_info["nonce"]
        if len(nonce) > NONCE_CHARS_MAX:
            raise web.HTTPNotFound
        return web.Response(text=signed(key, nonce), headers={"Cache-Control": "no-store"})

    return [web.get(PATH + "{nonce}", hello)]


async def reached(config: Settings, *, runs: bool) -> list[Finding]:
    """What is wrong with the public address, where there is one.

    `runs` says whether a bot works on the data folder, which then answers by itself.
    """
    if config.public_url is None:
        return []
    try:
        key = await asyncio.to_thread(key_in, config.data_dir)
    except OSError:
        return []  # a folder that cannot be written, or is not there yet, is another check's
    if runs:
        return await _asked(URL(config.public_url), key)
    try:
        async with _listening(config, key):
            return await _asked(URL(config.public_url), key)
    except OSError:
        return []  # a port that is another's is the offline check's


@asynccontextmanager
async def _listening(config: Settings, key: bytes) -> AsyncIterator[None]:
    app = web.Application()
    app.add_routes(routes(key))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, config.web_host, config.web_port).start()
        yield
    finally:
        await runner.cleanup()


async def _asked(public_url: URL, key: bytes) -> list[Finding]:
    nonce = secrets.token_urlsafe(24)
    try:
        async with http.pooled_session(http.Timeouts(ask_s=10)) as session:
            url = public_url.with_path(PATH + nonce)
            answered = await http.call(session, "GET", url, headers={}, bytes_max=BYTES_MAX)
    except ProviderUnavailable as silence:
        words = f"DAILIES_PUBLIC_URL: {public_url} does not answer from here: {silence}"
        mend = f"curl -sS {public_url}{PATH}x  # DNS, certificate, firewall; some routers do not lead back"
        return [error("public_url_silent", words, mend)]
    text, right = answered.text, signed(key, nonce)
    if answered.status == 200 and hmac.compare_digest(text.encode(), right.encode()):
        return []
    if answered.status == 200 and len(text) == len(right) and " " not in text:
        words = f"DAILIES_PUBLIC_URL: {public_url} is answered by another installation of Dailies"
        return [error("public_url_of_another", words, "give each its own DAILIES_PUBLIC_URL")]
    words = f"DAILIES_PUBLIC_URL: {public_url} is not answered by this bot, but with {answered.status}"
    return [error("public_url_elsewhere", words, _MEND)]
