"""Reading a request's body: JSON, or a form whose files go to disk as they arrive."""

import asyncio
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import BodyPartReader, web

from bot.sandbox.errors import DiscordRefusal, invalid_json, too_large
from bot.sandbox.faults import Faults

# A form carries ten files at most (docs: reference, "Uploading Files"); the texts beside them are small.
FILES_MAX = 10
JSON_BYTES_MAX = 8 << 20
# A request past this is cut off unread; one above a file's own limit is read to its end and refused.
REQUEST_BYTES_MAX = 600 << 20
WRITTEN_AT_ONCE = 1 << 20
_FILE_PART = re.compile(r"files\[(\d{1,4})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that arrived, not yet part of any message. `size` is in bytes."""

    index: int
    filename: str
    path: Path
    size: int


class Inbox:
    """Takes uploads into a folder, each under a name of its own, unless its disk is said to be full."""

    def __init__(self, folder: Path, faults: Faults) -> None:
        self._folder = folder
        self._faults = faults
        self._count = 0

    async def read(self, request: web.Request, *, file_bytes_max: int) -> tuple[Any, list[Upload]]:
        """The body (of a form, its `payload_json`) and the files. No body at all reads as an empty object.

        Raises:
            DiscordRefusal: 50109 for what is no JSON, 40005 for a file over `file_bytes_max`.
        """
        if request.content_type == "multipart/form-data":
            return await self._read_form(request, file_bytes_max)
        raw = await request.read()
        return (_parsed(raw) if raw else {}), []

    async def _read_form(self, request: web.Request, file_bytes_max: int) -> tuple[Any, list[Upload]]:
        body: Any = {}
        uploads: list[Upload] = []
        total = over = 0
        try:
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader):
                    raise invalid_json()
                file_part = _FILE_PART.fullmatch(part.name or "")
                if file_part is None:
                    raw = await _read_bounded(part)
                    if part.name == "payload_json":
                        body = _parsed(raw)
                    continue
                if len(uploads) == FILES_MAX:
                    raise DiscordRefusal(400, 30015, f"Maximum number of attachments reached ({FILES_MAX})")
                upload = await self._receive(
                    part, int(file_part[1]), file_bytes_max, REQUEST_BYTES_MAX - total
                )
                uploads.append(upload)
                total += upload.size
                over += upload.size > file_bytes_max
            if over:
                raise too_large()
            full = self._faults.strikes("cdn_full", f"{request.method} {request.path}") if uploads else None
            if full is not None:
                raise too_large() if full.status == 413 else DiscordRefusal(full.status, 0, "Upload failed")
        except BaseException:
            await discard(uploads)
            raise
        return body, uploads

    async def _receive(self, part: BodyPartReader, index: int, keep_max: int, read_max: int) -> Upload:
        """Write a part to disk. What is over `keep_max` is read and dropped, so that the sender hears why."""
        self._count += 1
        path = self._folder / f"upload-{self._count}"
        size, waiting = 0, bytearray()
        file = await asyncio.to_thread(path.open, "wb")
        try:
            while chunk := await part.read_chunk(65_536):
                size += len(chunk)
                if size > read_max:
                    raise too_large()
                if size <= keep_max:
                    waiting += chunk
                if len(waiting) >= WRITTEN_AT_ONCE:
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(file.write, bytes(waiting))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            file.close()
        return Upload(index=index, filename=_safe_name(part.filename or "file"), path=path, size=size)


async def discard(uploads: list[Upload]) -> None:
    """Remove files that no message took."""

    def remove() -> None:
        for upload in uploads:
            upload.path.unlink(missing_ok=True)

    if uploads:
        await asyncio.to_thread(remove)


async def _read_bounded(part: BodyPartReader) -> bytes:
    raw = bytearray()
    while chunk := await part.read_chunk(65_536):
        raw += chunk
        if len(raw) > JSON_BYTES_MAX:
            raise too_large()
    return bytes(raw)


def _parsed(raw: bytes | bytearray) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        raise invalid_json() from None


def _safe_name(name: str) -> str:
    """A file's name as Discord keeps it: no folders, spaces as underscores, plain characters alone."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "", name.replace("\\", "/").rsplit("/", 1)[-1].replace(" ", "_"))
    stripped = plain.lstrip(".")[-255:]
    return stripped or "unknown"
