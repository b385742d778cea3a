"""An order in Lumenfall's words: the request's fields, its picture, and where its webhook may go.

The wire is that of docs.lumenfall.ai (api-reference/videos/generate, webhooks; read 2026-11-21).
"""

import asyncio
import base64
import re
from collections.abc import Mapping
from typing import BinaryIO

import aiohttp
from yarl import URL

from bot.domain import Fault, FaultKind, Source
from bot.providers.forms import form_with_file
from bot.providers.http import one_line

PICTURE_FIELD = "input_reference"

USUAL = {
    "prompt": "prompt",
    "duration": "seconds",
    "size": "size",
    "resolution": "resolution",
    "aspect_ratio": "aspect_ratio",
    "picture": PICTURE_FIELD,
}
"""Lumenfall's own names. A wire has either sizes or the other two: a `size` wins over both.

Whatever else a wire names goes to the provider behind as it is, and only the one that knows it heeds it: so
`characters` and `blocks_ip` belong to offers that force fal. Nothing can be remixed through Lumenfall, so
`delete_video` is a constant there.
"""

INLINE_BYTES_MAX = 1 << 19
"""A picture of this size goes along as a `data:` URI, where all other fields keep their JSON types."""

_WEBHOOK_PORTS = {443, 8443}
_DOMAIN = re.compile(r"(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*", re.ASCII)  # what ends in a number is an address


async def with_picture(
    fields: Mapping[str, object], source: Source, file: BinaryIO
) -> Mapping[str, object] | aiohttp.FormData | Fault:
    """The body of an order that starts from a picture: JSON, or a form from which the file is streamed."""
    try:
        data = await asyncio.to_thread(file.read, INLINE_BYTES_MAX + 1)
        file.seek(0)
    except OSError as error:
        return Fault(kind=FaultKind.OURS, code="source_unreadable", detail=one_line(error))
    if len(data) <= INLINE_BYTES_MAX:
        uri = f"data:{source.media_type};base64,{base64.b64encode(data).decode()}"
        return {**fields, PICTURE_FIELD: {"image_url": uri}}
    return form_with_file(fields, PICTURE_FIELD, source, file)


def takes_webhooks_at(address: str) -> bool:
    """Whether Lumenfall sends webhooks there: HTTPS, a domain, port 443 or 8443.

    It refuses the whole order (400) for any other address.
    """
    try:
        url = URL(address)
        host, port = url.raw_host or "", url.port
    except ValueError:
        return False
    outside = _DOMAIN.fullmatch(host) is not None and not host.endswith((".localhost", ".internal"))
    return url.scheme == "https" and outside and port in _WEBHOOK_PORTS
