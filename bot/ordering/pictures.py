"""The pictures that orders start from: a member's file goes in, and a clean file of ours comes out.

The bytes are taken up to a limit into a file without a name, which is gone when it is closed, however we end;
a child process reads them (picture_child.py) and writes a new picture from the pixels of the first frame.
So nothing of the member's file is kept: no EXIF, no colour profile, no second file behind the first.
"""

import asyncio
import sys
from collections.abc import AsyncIterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from bot.children import Ended, ask
from bot.domain import FaultKind
from bot.errors import OrderRefused
from bot.language import _
from bot.ordering.framing import Fit
from bot.ordering.picture_kinds import (
    HEAD_BYTES,
    JPEG_PIXELS_MAX,
    PICTURE_BYTES_MAX,
    PIXELS_MAX,
    SIDE_PX_MIN,
    SIDES_RATIO_MAX,
    Mistaken,
    PictureKind,
    kind_of,
)
from bot.part_files import keep, part_of

SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A clean picture of ours: one frame of red, green and blue, and nothing that says where it came from.

    `was_animated` is whether that is the first of several.
    """

    path: Path
    media_type: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    was_animated: bool = False


class Pictures:
    """The one way a picture gets into a folder of ours.

    Args:
        bytes_max: of a member's file.
        at_once: how many are read at the same time; each may take 1 GiB for a moment.
        receive_timeout_s: for all of a member's bytes.
        read_timeout_s: for the child.
        python: what to run the child with.
    """

    def __init__(
        self,
        *,
        bytes_max: int = PICTURE_BYTES_MAX,
        at_once: int = 1,
        receive_timeout_s: float = 60,
        read_timeout_s: float = 60,
        python: str = sys.executable,
    ) -> None:
        self._bytes_max = bytes_max
        self._receive_timeout_s = receive_timeout_s
        self._read_timeout_s = read_timeout_s
        self._python = python
        self._turn = asyncio.Semaphore(at_once)

    async def take(self, chunks: AsyncIterable[bytes], folder: Path, name: str) -> Picture:
        """Read what a member gave, and keep a clean picture of it as `folder/name.png` or `.jpg`.

        Args:
            chunks: the file's bytes, as they come; what it raises goes through.
            folder: where the picture is kept; it is there already.
            name: of the file, without its suffix; ours, never the member's.

        Raises:
            OrderRefused: no picture that can be used; of kind `PICTURE`, with a sentence.
            OSError: our own disk.
        """
        spool = await asyncio.to_thread(_spool, folder)
        try:
            try:
                async with asyncio.timeout(self._receive_timeout_s):
                    head = await self._received(chunks, spool)
            except TimeoutError as late:
                raise _refused("late") from late
            match kind_of(head):
                case PictureKind() as kind:
                    return await self._made(folder / name, "clean", kind.value, stdin=spool)
                case Mistaken() as mistaken:
                    raise _refused(mistaken.value)
        finally:
            await asyncio.to_thread(spool.close)

    async def fit(self, picture: Picture, fit: Fit, folder: Path, name: str) -> Picture:
        """A kept picture brought to a shape, as another file, of exactly the frame's size.

        Raises:
            OrderRefused: it takes too long, or more memory than there may be.
            OSError: our own disk; the kept picture is gone.
        """
        numbers = (
            fit.width,
            fit.height,
            fit.left,
            fit.top,
            fit.right,
            fit.bottom,
            fit.inner_width,
            fit.inner_height,
        )
        # The child gets the file, and not its path: then that it is gone is our own error, here.
        kept = await asyncio.to_thread(picture.path.open, "rb")
        try:
            return await self._made(
                folder / name, "fit", picture.media_type, *(str(number) for number in numbers), stdin=kept
            )
        finally:
            await asyncio.to_thread(kept.close)

    async def _received(self, chunks: AsyncIterable[bytes], spool: BinaryIO) -> bytes:
        """Write the bytes to the spool; the first of them are the answer."""
        head, size = b"", 0
        async for chunk in chunks:
            size += len(chunk)
            if size > self._bytes_max:
                raise _refused("too_many_bytes", most_mb=self._bytes_max // 1_000_000)
            if len(head) < HEAD_BYTES:
                head += chunk[: HEAD_BYTES - len(head)]
            await asyncio.to_thread(spool.write, chunk)
        await asyncio.to_thread(spool.seek, 0)
        return head

    async def _made(self, into: Path, *arguments: str, stdin: BinaryIO) -> Picture:
        """What the child makes of the file on its standard input, kept under its name and suffix."""
        async with self._turn, part_of(into) as part:
            answer = await ask(
                "bot.ordering.picture_child",
                part,
                *arguments,
                stdin=stdin,
                timeout_s=self._read_timeout_s,
                python=self._python,
            )
            match answer:
                case Ended(late=late, code=code):
                    # A signal is the kernel's, for too much time or memory, or a crash.
                    raise _refused("too_heavy" if late or code < 0 else "broken")
                case {"refused": str(why)}:
                    raise _refused(why)
                case {"media_type": str(media_type), "width": int(width), "height": int(height)} if (
                    media_type in SUFFIXES
                ):
                    path = into.with_name(into.name + SUFFIXES[media_type])
                    kept = await keep(part, path)
                    return Picture(
                        path=path,
                        media_type=media_type,
                        sha256=kept.sha256,
                        size_bytes=kept.size_bytes,
                        width=width,
                        height=height,
                        was_animated=answer.get("animated") is True,
                    )
                case _:
                    raise _refused("broken")


def _spool(folder: Path) -> BinaryIO:
    # Where the folder's file system can, it never has a name, so a killed process leaves none behind.
    return TemporaryFile(dir=folder)


def _refused(why: str, *, most_mb: int = PICTURE_BYTES_MAX // 1_000_000) -> OrderRefused:
    """The refusal whose code is `why`: what is wrong, and what to do."""
    another = _("Choose another picture and order again.")
    match why:
        case "empty":
            what, do = _("The file is empty."), _("Attach the picture again and order again.")
        case "late":
            what = _("The picture did not arrive in time.")
            do = _("Attach it again and order again.")
        case "too_many_bytes":
            what = _("The picture has more than {most_mb} MB.").format(most_mb=most_mb)
            do = _("Save it smaller, or as a JPG, and order again.")
        case "too_many_pixels":
            what = _(
                "The picture has too many pixels; "
                "at most {most} million are taken ({jpeg_most} million as a JPG)."
            ).format(most=PIXELS_MAX // 1_000_000, jpeg_most=JPEG_PIXELS_MAX // 1_000_000)
            do = _("Make it smaller and order again.")
        case "too_small":
            what = _("A side of the picture has fewer than {least} pixels.").format(least=SIDE_PX_MIN)
            do = _("Choose a larger picture and order again.")
        case "too_narrow":
            what = _("One side of the picture is more than {most} times as long as the other.").format(
                most=SIDES_RATIO_MAX
            )
            do = _("Crop it and order again.")
        case "heic":
            what = _("The picture is an HEIC, which cannot be read here.")
            do = _("Save it as a JPG (a screenshot of it will do) and order again.")
        case "video":
            what = _("The file is a video, and a picture is needed.")
            do = _("Attach a JPG, PNG, WebP, GIF or AVIF, or use /remix for a clip of this bot.")
        case "other":
            what = _("The file is no JPG, PNG, WebP, GIF or AVIF picture, whatever its name says.")
            do = another
        case "too_heavy":
            what = _("The picture takes too much time or memory to read.")
            do = _("Save it anew, smaller or as a JPG, and order again.")
        case _:
            what = _("The picture is damaged and cannot be read.")
            do = _("Save it anew or choose another, and order again.")
    return OrderRefused(what, do, kind=FaultKind.PICTURE)
