"""Files that belong to messages: their names, sizes, what kind they are, and when they are gone."""

import asyncio
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import av
from PIL import Image

from bot.sandbox.errors import Json
from bot.sandbox.snowflakes import Snowflakes
from bot.sandbox.uploads import ATTACHMENT, Upload

_NOT_READ = (
    OSError,
    ValueError,  # a PNG whose texts or profile unfold to more than Pillow lets them
    SyntaxError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,  # where warnings are errors
)
# discord.py sends every file as application/octet-stream; Discord goes by the name.
_TYPES = {".webp": "image/webp", ".avif": "image/avif", ".mp4": "video/mp4", ".webm": "video/webm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A kept file. `width` and `height` are in pixels, for pictures and films alone."""

    id: int
    channel_id: int
    filename: str
    path: Path
    size: int
    content_type: str | None
    width: int | None = None
    height: int | None = None
    title: str | None = None
    description: str | None = None
    spoiler: bool = False
    ephemeral: bool = False


class Attachments:
    """All files by id. `sign` makes a link that the CDN will honour."""

    def __init__(self, snowflakes: Snowflakes, sign: Callable[[Attachment], str]) -> None:
        self._snowflakes = snowflakes
        self._sign = sign
        self._kept: dict[int, Attachment] = {}

    async def keep(
        self, upload: Upload, *, channel_id: int, entry: Json, ephemeral: bool = False
    ) -> Attachment:
        """Make an upload a lasting file; `entry` is what the payload's `attachments` says about it."""
        content_type = _content_type(upload.filename)
        shape = None
        if content_type is not None and content_type.startswith(("image/", "video/")):
            shape = await asyncio.to_thread(_shape, upload.path, content_type)
        attachment_id = self._snowflakes.next()
        path = upload.path.with_name(f"{ATTACHMENT}{attachment_id}")
        await asyncio.to_thread(upload.path.rename, path)
        attachment = Attachment(
            id=attachment_id,
            channel_id=channel_id,
            filename=upload.filename,
            path=path,
            size=upload.size,
            content_type=content_type,
            width=shape[0] if shape else None,
            height=shape[1] if shape else None,
            title=entry.get("title"),
            description=entry.get("description"),
            spoiler=bool(entry.get("is_spoiler")) or upload.filename.startswith("SPOILER_"),
            ephemeral=ephemeral,
        )
        self._kept[attachment.id] = attachment
        return attachment

    def find(self, attachment_id: int) -> Attachment | None:
        return self._kept.get(attachment_id)

    def revise(self, attachment: Attachment, entry: Json) -> Attachment:
        """The attachment with what an edit says anew about it."""
        changes: Json = {key: entry[key] for key in ("description", "title") if key in entry}
        if "is_spoiler" in entry:
            changes["spoiler"] = bool(entry["is_spoiler"])
        if not changes:
            return attachment
        revised = replace(attachment, **changes)
        self._kept[revised.id] = revised
        return revised

    async def remove(self, attachments: list[Attachment]) -> None:
        """Their messages are gone: the links answer 404 from now on, and the disk is freed."""
        for attachment in attachments:
            self._kept.pop(attachment.id, None)

        def unlink() -> None:
            for attachment in attachments:
                attachment.path.unlink(missing_ok=True)

        if attachments:
            await asyncio.to_thread(unlink)

    def wire(self, attachment: Attachment) -> Json:
        """The attachment with a fresh link, as every reading of a message gives one."""
        url = self._sign(attachment)
        wire: Json = {
            "id": str(attachment.id),
            "filename": attachment.filename,
            "size": attachment.size,
            "url": url,
            "proxy_url": url,
            "flags": 1 << 5 if attachment.spoiler else 0,
        }
        if attachment.content_type is not None:
            wire["content_type"] = attachment.content_type
        if attachment.width is not None:
            wire |= {"width": attachment.width, "height": attachment.height}
        if attachment.title is not None:
            wire["title"] = attachment.title
        if attachment.description is not None:
            wire["description"] = attachment.description
        if attachment.ephemeral:
            wire["ephemeral"] = True
        return wire


def _content_type(filename: str) -> str | None:
    ending = "." + filename.rsplit(".", 1)[-1].lower() if "." in filename else ""
    return _TYPES.get(ending) or mimetypes.guess_type(filename)[0]


def _shape(path: Path, content_type: str) -> tuple[int, int] | None:
    """Width and height from the file's header; None where it cannot be read as what its name says."""
    if content_type.startswith("image/"):
        try:
            with Image.open(path) as image:
                return image.size
        except _NOT_READ:
            return None
    try:
        with av.open(str(path)) as film:
            if not film.streams.video:
                return None
            stream = film.streams.video[0]
            return stream.width, stream.height
    except (av.FFmpegError, OSError):
        return None
