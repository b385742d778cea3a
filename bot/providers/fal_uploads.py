"""What an order starts from, brought to where fal can read it: in the request itself, or on fal's CDN.

The wire is that of fal-client 1.0.3 (`CDNTokenManager`, `_upload_v3`): a token from the REST host for the
key, then the bytes to the CDN for the token, in one piece up to 100 MB. Nothing is ordered or billed by it:
whatever becomes of an upload, the order was certainly not taken.
"""

import asyncio
import base64
import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import BinaryIO

import aiohttp
from yarl import URL

from bot.domain import Fault, FaultKind, Source
from bot.errors import ProviderUnavailable
from bot.providers import http
from bot.providers.fal_answers import is_out_of_credit
from bot.providers.outcomes import theirs
from bot.providers.protocol import NotTaken, Refused
from bot.providers.sources import file_name, opened

INLINE_BYTES_MAX = 256 << 10
"""A file of this size goes along in the request as a `data:` URI."""

UPLOAD_BYTES_MAX = 100 << 20
"""What fal's own client still sends in one piece."""

KEPT_FOR_S = 86_400
"""The CDN's files are open to everybody who knows their address, so a member's picture stays for a day."""

_OF_THE_FILE = {400, 413, 414, 415, 422}


class Uploads:
    """Brings files to fal.

    Args:
        session: kept-alive connections, without a key.
        rest, cdn: the hosts; the key goes to the first, only the token to the second.
        headers: with the key.
        now: the clock.
        timeouts: how long each thing may take.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        rest: URL,
        cdn: URL,
        headers: Mapping[str, str],
        now: Callable[[], datetime],
        timeouts: http.Timeouts,
    ) -> None:
        self._session = session
        self._token_url = (rest / "storage/auth/token").with_query(storage_type="fal-cdn-v3")
        self._files_url = cdn / "files/upload"
        self._headers = headers
        self._now = now
        self._timeouts = timeouts

    async def address(self, source: Source, *, inline: bool = True) -> str | NotTaken | Refused:
        """Where fal can read this source, or why it cannot. With `inline` it may be the file itself."""
        file = await opened(source)
        if isinstance(file, Fault):
            return Refused(file)
        with file:
            size_bytes = os.fstat(file.fileno()).st_size
            if size_bytes > UPLOAD_BYTES_MAX:
                detail = f"{size_bytes} bytes; {UPLOAD_BYTES_MAX} can be sent"
                return Refused(Fault(kind=FaultKind.PICTURE, code="source_too_large", detail=detail))
            try:
                if inline and size_bytes <= INLINE_BYTES_MAX:
                    data = await asyncio.to_thread(file.read)
                    return f"data:{source.media_type};base64,{base64.b64encode(data).decode()}"
                return await self._uploaded(source, file)
            except OSError as broken:
                detail = http.one_line(broken)
                return Refused(Fault(kind=FaultKind.OURS, code="source_unreadable", detail=detail))
            except ProviderUnavailable as lost:
                return NotTaken(theirs("upload_failed", str(lost)), lost.retry_after_s)

    async def _uploaded(self, source: Source, file: BinaryIO) -> str | NotTaken | Refused:
        headers = {**self._headers, "Content-Type": "application/json"}
        told = await http.call(self._session, "POST", self._token_url, headers=headers, raw=b"{}")
        match told.body:
            case {"token": str(token), "token_type": str(kind)} if told.ok:
                pass
            case _:
                return self._turned_down(told)
        headers = {
            "Authorization": f"{kind} {token}",
            "Accept": "application/json",
            "Content-Type": source.media_type,
            "X-Fal-File-Name": file_name(source),
            "X-Fal-Object-Lifecycle": json.dumps({"expiration_duration_seconds": KEPT_FOR_S}),
        }
        stored = await http.call(
            self._session,
            "POST",
            self._files_url,
            headers=headers,
            raw=file,
            total_s=self._timeouts.fetch_s,
        )
        match stored.body:
            case {"access_url": str(address)} if stored.ok:
                return address
            case _:
                return self._turned_down(stored)

    def _turned_down(self, answered: http.Answered) -> NotTaken | Refused:
        detail = f"{answered.status}: {answered.text}"
        if answered.status == 402 or is_out_of_credit(answered):
            return NotTaken(theirs("provider_out_of_credit", detail))
        if answered.status in {401, 403, 407}:
            return NotTaken(theirs("provider_key_refused", detail))
        if answered.status in _OF_THE_FILE:
            return Refused(Fault(kind=FaultKind.PICTURE, code="picture_refused", detail=detail))
        return NotTaken(
            theirs("upload_failed", detail), http.retry_after_s(answered.headers, now=self._now())
        )
