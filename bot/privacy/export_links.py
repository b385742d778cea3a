"""Links to exports that no upload can bring: at our own address, named by a secret, and dead after a day."""

import re
import secrets
from datetime import datetime
from pathlib import Path

from aiohttp import web

from bot.delivery import Link
from bot.privacy.exporting import EXPORTS, HOLDS

_ADDRESS = re.compile(r"/exports/([0-9a-f]{64}-1)\.zip", re.ASCII)
_HEADERS = {
    "Content-Type": "application/zip",
    "Content-Disposition": 'attachment; filename="my-dailies.zip"',
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'",
}


class ExportLinks:
    """Makes links and answers them. The name is the secret: 256 random bits, told to one person alone.

    Args:
        public_url: our own address, without a path.
        folder: the data folder.
    """

    def __init__(self, *, public_url: str, folder: Path) -> None:
        self._public_url = public_url
        self._folder = folder / EXPORTS

    def name(self) -> str:
        """The name of a new export."""
        return secrets.token_hex(32)

    def link(self, zipped: Path, *, at: datetime) -> Link:
        """The way to an export of such a name; it goes with the file."""
        return Link(
            url=f"{self._public_url}/exports/{zipped.name}",
            expires_at=at + HOLDS,
            size_bytes=zipped.stat().st_size,
        )

    def routes(self) -> list[web.RouteDef]:
        """What the web server is to hand to us."""
        return [web.get("/exports/{rest:.*}", self._serve)]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        named = _ADDRESS.fullmatch(request.raw_path.partition("?")[0])
        path = None if named is None else self._folder / f"{named[1]}.zip"
        if path is None or not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=_HEADERS)
