"""Fetches finished files: from the API's own origin with its key, from named hosts without, else nowhere."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

import aiohttp
from yarl import URL

from bot.errors import AssetGone, ClipUnusable, FileElsewhere, ProviderUnavailable, UnreadableAnswer
from bot.providers import http
from bot.providers.outcomes import expect_ok
from bot.providers.protocol import Fetched

_REDIRECTS_MAX = 3
_INSIDE = ("localhost", "local", "internal", "lan", "home", "corp", "intranet", "arpa")
"""Ends of names that no public server has (RFC 6761, 6762, 8375; `internal` is reserved for it by ICANN)."""


class Downloads:
    """Streams files to our disk. Their addresses come from a provider's answers, so none of them is trusted.

    Args:
        protocol: for errors.
        session: of the provider, with no key in its own headers.
        api: the provider's base URL; `headers` (with the key) go to its origin alone.
        hosts: from where files come besides, each for itself and all below it, by HTTPS, or as the API
            itself is asked. A host that is not named could be one inside our own network.
        now: the clock.
        timeouts: how long each thing may take.
    """

    def __init__(
        self,
        protocol: str,
        session: aiohttp.ClientSession,
        *,
        api: URL,
        headers: Mapping[str, str],
        hosts: Collection[str],
        now: Callable[[], datetime],
        timeouts: http.Timeouts,
    ) -> None:
        self._protocol = protocol
        self._session = session
        self._api = api
        self._headers = headers
        self._hosts = frozenset(hosts)
        self._now = now
        self._timeout = aiohttp.ClientTimeout(
            total=timeouts.fetch_s, connect=timeouts.connect_s, sock_read=timeouts.silence_s
        )

    async def fetch(self, address: str, into: Path, *, bytes_max: int) -> Fetched:
        """Stream the file at an address to `into`, following a few redirects between allowed places.

        Raises:
            AssetGone: it is no longer there.
            ClipUnusable: more than `bytes_max`, empty, or no video by its own headers.
            ProviderUnavailable: again later.
            FileElsewhere: it is at a host from which nothing is fetched.
            UnreadableAnswer: it is at no address, or an answer that no document describes.
        """
        url, headers = self._allowed(address)
        for _hop in range(_REDIRECTS_MAX + 1):
            try:
                response = await self._session.get(
                    url, headers=headers, timeout=self._timeout, allow_redirects=False
                )
            except http.LOST as lost:
                raise ProviderUnavailable(http.one_line(lost)) from lost
            async with response:
                if response.status not in (301, 302, 303, 307, 308):
                    return await self._take(response, into, bytes_max=bytes_max)
                url, headers = self._allowed(response.headers.get("Location", ""), url)
        raise UnreadableAnswer(self._protocol, "the file is behind too many redirects")

    async def _take(self, response: aiohttp.ClientResponse, into: Path, *, bytes_max: int) -> Fetched:
        if response.status != 200:
            answered = await http.read_answer(response)
            if answered.status in (404, 410):
                raise AssetGone(f"{answered.status}: {answered.text}")
            expect_ok(answered, self._protocol, now=self._now())
            raise UnreadableAnswer(self._protocol, f"{answered.status} in place of the file")
        if response.content_type.startswith("text/") or response.content_type.endswith("json"):
            kind = http.one_line(response.content_type)
            raise ClipUnusable(f"the provider sent {kind} in place of a video")
        return await http.save(response, into, bytes_max=bytes_max)

    def _allowed(self, address: str, at: URL | None = None) -> tuple[URL, Mapping[str, str]]:
        """Where an address leads, and the headers that may go there."""
        try:
            url = URL(address) if at is None else at.join(URL(address))
            home = bool(address) and url.origin() == self._api.origin()
        except ValueError as wrong:
            raise UnreadableAnswer(self._protocol, "the file is at no address") from wrong
        host = url.host or ""
        if url.scheme not in ("http", "https") or not host or url.user is not None:
            raise UnreadableAnswer(
                self._protocol, f"the file is at no address for files: {url.scheme} {host}"
            )
        if not home and not any(host == name or host.endswith(f".{name}") for name in self._hosts):
            raise FileElsewhere(self._protocol, host, is_inside=_is_inside(host))
        if not home and url.scheme not in ("https", self._api.scheme):
            raise UnreadableAnswer(self._protocol, f"the file is offered without TLS: {host}")
        return url, {"Accept": "video/mp4, */*", **(self._headers if home else {})}


def _is_inside(host: str) -> bool:
    """Whether only somebody's own network can have a host of this name; nothing is looked up for it."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        *above, last = host.rstrip(".").split(".")
        return not above or last in _INSIDE or last[:1].isdigit()  # the last: an address written oddly
