"""Reading a request's body: JSON, or a form whose files go to disk as they arrive."""

import asyncio
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from aiohttp import BodyPartReader, web

from bot.sandbox.errors import DiscordRefusal, invalid_json, too_large
from bot.sandbox.faults import Faults

# A form carries ten files at most (docs: reference, "Uploading Files"); the texts beside them are small.
FILES_MAX = 10
JSON_BYTES_MAX = 2 << 20
# A request past this is cut off unread; one above a file's own limit is read to its end and refused.
REQUEST_BYTES_MAX = 600 << 20
WRITTEN_AT_ONCE = 1 << 20
# How files are called on disk: on their way in, and once they belong to a message.
UPLOAD, ATTACHMENT = "upload-", "attachment-"
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

    async def open(self) -> None:
        """Make the folder, without the files of a world that has ended: nothing links to them any more."""

        def prepare() -> None:
            self._folder.mkdir(parents=True, exist_ok=True)
            for pattern in (f"{UPLOAD}*", f"{ATTACHMENT}*"):
                for left in self._folder.glob(pattern):
                    left.unlink()

        await asyncio.to_thread(prepare)

    async def read(self, request: web.Request, *, file_bytes_max: int) -> tuple[Any, list[Upload]]:
        """The body (of a form, its `payload_json`) and the files. No body at all reads as an empty object.

        Raises:
            DiscordRefusal: 50109 for what is no JSON, 40005 for a file over `file_bytes_max`.
        """
        if request.content_type != "multipart/form-data":
            return await _read_plain(request), []
        uploads: list[Upload] = []
        try:
            body = await self._read_form(request, uploads, file_bytes_max)
        except ValueError:
            await discard(uploads)
            raise invalid_json() from None
        except BaseException:
            await discard(uploads)
            raise
        return body, uploads

    async def _read_form(self, request: web.Request, uploads: list[Upload], file_bytes_max: int) -> Any:
        """Read a form to its end before judging it: a sender who is cut off never hears why."""
        body: Any = {}
        total = 0
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise invalid_json()
            file_part = _FILE_PART.fullmatch(part.name or "")
            if file_part is not None:
                if len(uploads) == FILES_MAX:
                    raise DiscordRefusal(400, 30015, f"Maximum number of attachments reached ({FILES_MAX})")
                left = REQUEST_BYTES_MAX - total
                uploads.append(await self._receive(part, int(file_part[1]), file_bytes_max, left))
                total += uploads[-1].size
            elif part.name == "payload_json":
                body = _parsed(await _read_bounded(part))
        if any(upload.size > file_bytes_max for upload in uploads):
            raise too_large()
        full = self._faults.strikes("cdn_full", f"{request.method} {request.path}") if uploads else None
        if full is not None:
            raise too_large() if full.status == 413 else DiscordRefusal(full.status, 0, "Upload failed")
        return body

    async def _receive(self, part: BodyPartReader, index: int, keep_max: int, read_max: int) -> Upload:
        """Write a part to disk. What is over `keep_max` is read and dropped, so that the sender hears why."""
        self._count += 1
        path = self._folder / f"{UPLOAD}{self._count}"
        file = await asyncio.to_thread(path.open, "wb")
        try:
            size = await _copy(part, file, keep_max, read_max)
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


async def _copy(part: BodyPartReader, file: BinaryIO, keep_max: int, read_max: int) -> int:
    """How many bytes the part had, of which none past `keep_max` are written."""
    size, waiting = 0, bytearray()
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
    return size


async def _read_plain(request: web.Request) -> Any:
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise too_large() from None
    return _parsed(raw) if raw else {}


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
    except (ValueError, RecursionError):
        raise invalid_json() from None


def _safe_name(name: str) -> str:
    """A file's name as Discord keeps it: no folders, spaces as underscores, plain characters alone."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "", name.replace("\\", "/").rsplit("/", 1)[-1].replace(" ", "_"))
    stripped = plain.lstrip(".")[-255:]
    return stripped or "unknown"
