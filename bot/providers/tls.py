"""TLS of a line: between the socket and what reads answers, with no more memory than it needs.

asyncio's own keeps a buffer of 256 KiB for each connection, whatever is read over it (CPython 3.11,
`sslproto.py`), which is five sixths of what an open line costs; and it does more for each answer.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol, cast

_READ_BYTES = 1 << 14
"""The most that a TLS record holds."""


class Opened(Protocol):
    """A connection that can be written to: a transport, or the TLS over one."""

    def write(self, data: bytes) -> None:
        """Send it, as soon as that can be done."""

    def abort(self) -> None:
        """Close it now."""


class Inner(Protocol):
    """What is told of what came, unsealed."""

    def opened(self, by: Opened) -> None:
        """It can be written to."""

    def data_received(self, data: bytes) -> None:
        """So much came."""

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended: as the other side said where there is no exception."""


class Sealed(asyncio.Protocol):
    """One connection's TLS.

    Args:
        inner: told of what comes, once the certificate has been found right.
        seal: makes the TLS of what comes and what goes (`SSLContext.wrap_bio`).
    """

    def __init__(self, inner: Inner, seal: Callable[[ssl.MemoryBIO, ssl.MemoryBIO], ssl.SSLObject]) -> None:
        self._inner = inner
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = seal(self._came, self._goes)
        self._transport: asyncio.Transport
        self._is_open = False
        self._end: Exception | None = ConnectionResetError("cut off")
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the handshake is; it has the exception where that failed."""

    def write(self, data: bytes) -> None:
        """Send it sealed."""
        self._tls.write(data)
        self._send()

    def abort(self) -> None:
        """Close the connection now."""
        self._transport.abort()

    # What the loop does

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._shake_hands()

    def data_received(self, data: bytes) -> None:
        self._came.write(data)
        if not self._is_open and not self._shake_hands():
            return
        try:
            while unsealed := self._tls.read(_READ_BYTES):
                self._inner.data_received(unsealed)
        except ssl.SSLWantReadError:
            self._send()
        except ssl.SSLError as broken:
            self._end = broken
            self._transport.abort()
        else:
            # They said that this is all. A bare end of the connection anybody between us can bring about.
            self._end = None
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_open:
            self._inner.connection_lost(exc or self._end)
        else:
            self._refuse(exc or ConnectionResetError("closed within the handshake"))

    # The rest

    def _shake_hands(self) -> bool:
        """Whether it is done."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._send()
            return False
        except ssl.SSLError as refused:
            self._send()  # why, for the other side
            self._refuse(refused)
            self._transport.close()
            return False
        self._send()
        self._is_open = True
        self._inner.opened(self)
        if not self.ready.done():
            self.ready.set_result(None)
        return True

    def _refuse(self, why: Exception) -> None:
        if not self.ready.done():
            self.ready.set_exception(why)

    def _send(self) -> None:
        if self._goes.pending:
            self._transport.write(self._goes.read())
