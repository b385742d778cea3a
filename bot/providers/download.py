"""A finished clip fetched by its address: which addresses, how many redirects, and what is no video."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import aiohttp
from yarl import URL

from bot.errors import AssetGone, ClipUnusable, ProviderUnavailable, UnreadableAnswer
from bot.providers import http
from bot.providers.outcomes import expect_ok
from bot.providers.protocol import Fetched

REDIRECTS_MAX = 3


async def download(
    session: aiohttp.ClientSession,
    address: str,
    into: Path,
    *,
    allow: Callable[[URL], bool],
    protocol: str,
    timeouts: http.Timeouts,
    bytes_max: int,
    now: datetime,
    headers: Mapping[str, str] | None = None,
) -> Fetched:
    """Stream the file at an address that a provider named to `into`.

    Args:
        session: kept-alive connections, with no key in their headers.
        address: as it was given.
        into: where to; replaced if it is there.
        allow: whether an address may be knocked at; asked for this one and for every redirect's. A host
            that an answer names could be one inside our own network.
        protocol: for the errors.
        timeouts: how long each thing may take.
        bytes_max: the largest file that is taken.
        now: for a `Retry-After` that is a date.
        headers: go with every request, so there is no key among them unless `allow` keeps to its origin.

    Raises:
        AssetGone: it is no longer there.
        ClipUnusable: too large, empty, or no video by its own headers.
        ProviderUnavailable: again later.
        UnreadableAnswer: an address that is none or not allowed, or an answer that no document describes.
    """
    timeout = aiohttp.ClientTimeout(
        total=timeouts.fetch_s, connect=timeouts.connect_s, sock_read=timeouts.silence_s
    )
    sent = {"Accept": "video/mp4, */*", **(headers or {})}
    url = _allowed(None, address, allow, protocol)
    for _hop in range(REDIRECTS_MAX + 1):
        try:
            response = await session.get(url, headers=sent, timeout=timeout, allow_redirects=False)
        except http.LOST as lost:
            raise ProviderUnavailable(http.one_line(lost)) from lost
        async with response:
            if response.status not in (301, 302, 303, 307, 308):
                return await _take(response, into, bytes_max=bytes_max, protocol=protocol, now=now)
            url = _allowed(url, response.headers.get("Location", ""), allow, protocol)
    raise UnreadableAnswer(protocol, "the file is behind too many redirects")


async def _take(
    response: aiohttp.ClientResponse, into: Path, *, bytes_max: int, protocol: str, now: datetime
) -> Fetched:
    if response.status != 200:
        answered = await http.read_answer(response)
        if answered.status in (404, 410):
            raise AssetGone(f"{answered.status}: {answered.text}")
        expect_ok(answered, protocol, now=now)
        raise UnreadableAnswer(protocol, f"{answered.status} in place of the file")
    if response.content_type.startswith("text/") or response.content_type.endswith("json"):
        raise ClipUnusable(f"the provider sent {http.one_line(response.content_type)} in place of a video")
    return await http.save(response, into, bytes_max=bytes_max)


def _allowed(at: URL | None, address: str, allow: Callable[[URL], bool], protocol: str) -> URL:
    try:
        to = URL(address) if at is None else at.join(URL(address))
        allowed = bool(address) and allow(to)
    except ValueError as wrong:
        raise UnreadableAnswer(protocol, "the file is at no address") from wrong
    if not allowed:
        raise UnreadableAnswer(protocol, f"the file is at a place that is not allowed: {to.host}")
    return to
