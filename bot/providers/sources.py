"""The picture or clip that an order starts from, as a file to be sent."""

import asyncio
from typing import BinaryIO

from bot.domain import Fault, FaultKind, Source
from bot.providers.http import one_line


async def opened(source: Source) -> BinaryIO | Fault:
    """The file, to be closed by the caller, or why our own disk does not have it."""
    try:
        return await asyncio.to_thread(source.path.open, "rb")
    except OSError as error:
        return Fault(kind=FaultKind.OURS, code="source_unreadable", detail=one_line(error))


def file_name(source: Source) -> str:
    """What it is called at the provider: never by the name that a member gave it."""
    return source.media_type.replace("/", ".")
