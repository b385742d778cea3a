"""The CDN: signed links that expire, and files served with ranges, so that a player can seek."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.attachments import Attachment


class Shelf(Protocol):
    """Where the CDN finds its files."""

    def find(self, attachment_id: int) -> Attachment | None: ...


class Links:
    """Signs `ex` (expires), `is` (issued) and `hm`, as Discord's links have them; `link_s` is their life."""

    def __init__(self, *, now: Callable[[], datetime], link_s: float) -> None:
        self._now = now
        self._link_s = link_s
        self._secret = secrets.token_bytes(32)
        self.base_url = ""

    def sign(self, attachment: Attachment) -> str:
        issued = int(self._now().timestamp())
        path = f"/cdn/attachments/{attachment.channel_id}/{attachment.id}/{quote(attachment.filename)}"
        ex, at = f"{int(issued + self._link_s):x}", f"{issued:x}"
        mark = self._mark(attachment.channel_id, attachment.id, attachment.filename, ex, at)
        return f"{self.base_url}{path}?ex={ex}&is={at}&hm={mark}"

    def holds(self, channel_id: int, attachment_id: int, filename: str, query: dict[str, str]) -> bool:
        """Whether a link is ours, unchanged, and still good."""
        ex, at, given = (query.get(key, "") for key in ("ex", "is", "hm"))
        mark = self._mark(channel_id, attachment_id, filename, ex, at)
        if not hmac.compare_digest(given.encode(), mark.encode()):
            return False
        return int(ex, 16) > self._now().timestamp()

    def _mark(self, channel_id: int, attachment_id: int, filename: str, ex: str, at: str) -> str:
        text = f"{channel_id}/{attachment_id}/{filename}/{ex}/{at}"
        return hmac.digest(self._secret, text.encode(), hashlib.sha256).hex()


class CdnRoute:
    """Serves `/cdn/attachments/{channel}/{attachment}/{filename}`."""

    def __init__(self, shelf: Shelf, links: Links) -> None:
        self._shelf = shelf
        self._links = links

    async def handle(self, request: web.Request) -> web.StreamResponse:
        part = request.match_info
        attachment = self._shelf.find(int(part["attachment"]))
        query = dict(request.query)
        if (
            attachment is None
            or attachment.filename != part["filename"]
            or not self._links.holds(int(part["channel"]), attachment.id, attachment.filename, query)
        ):
            return web.Response(status=404, text="This content is no longer available.")
        headers = {
            "Content-Type": attachment.content_type or "application/octet-stream",
            "Cache-Control": "private, max-age=86400",
            "X-Content-Type-Options": "nosniff",
            # A page or a script that somebody uploaded must not run in the origin of the sandbox's own page.
            "Content-Security-Policy": "sandbox",
        }
        return web.FileResponse(attachment.path, headers=headers)
