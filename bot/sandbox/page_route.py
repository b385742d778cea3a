"""Serves the page: the files of the folder `page/`, as they are."""

import mimetypes
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).with_name("page")


class PageRoute:
    """Takes what no other route took. Files are read anew each time, and changes show at a reload."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder.resolve()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["path"] or "index.html"
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            return web.Response(status=404, text="There is no such file.")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return web.FileResponse(path, headers={"Content-Type": kind, "Cache-Control": "no-cache"})
