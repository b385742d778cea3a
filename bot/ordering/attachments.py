"""Reads what members attached, from Discord's own hosts alone.

The address is the one that Discord gave with an interaction; nobody's typing gets here. All the same it is
held to Discord's hosts, and no redirect is followed.
"""

from collections.abc import AsyncIterator

import aiohttp
from yarl import URL

from bot.domain import FaultKind
from bot.errors import OrderRefused
from bot.language import _

DISCORD_HOSTS = ("https://cdn.discordapp.com", "https://media.discordapp.net")
"""Of attachments (https://docs.discord.com/developers/reference#signed-attachment-cdn-urls)."""

_CHUNK_BYTES = 64 * 1024


class Attachments:
    """Made inside the running loop.

    Args:
        also_from: the address of a Discord of one's own (the sandbox's), whose files are beside its API.
        connect_s: until the connection stands.
        pause_s: the longest silence between two pieces; whoever reads bounds the whole.
    """

    def __init__(self, *, also_from: str | None = None, connect_s: float = 5, pause_s: float = 15) -> None:
        named = [*DISCORD_HOSTS, *([] if also_from is None else [also_from])]
        self._origins = frozenset(URL(one).origin() for one in named)
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_s, sock_read=pause_s),
            auto_decompress=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Let go of connections."""
        await self._session.close()

    def is_one(self, address: str) -> bool:
        """Whether an address is one of Discord's for files."""
        try:
            return URL(address).origin() in self._origins
        except ValueError:
            return False

    async def read(self, address: str) -> AsyncIterator[bytes]:
        """The bytes of an attachment, as they come.

        Raises:
            OrderRefused: it is not at Discord, not there any more, or did not come.
        """
        if not self.is_one(address):
            raise OrderRefused(
                _("This is not a file that was uploaded to Discord."),
                _("Upload it here and order again."),
                kind=FaultKind.PICTURE,
            )
        try:
            async with self._session.get(
                URL(address, encoded=True), allow_redirects=False, headers={"Accept-Encoding": "identity"}
            ) as answer:
                if answer.status in {403, 404, 410}:
                    raise OrderRefused(
                        _("The file was deleted, or its link has expired."),
                        _("Attach it again and order again."),
                        kind=FaultKind.PICTURE,
                    )
                if answer.status != 200:
                    raise _not_given()
                async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                    yield chunk
        except (aiohttp.ClientError, OSError) as silence:  # a timeout is an OSError
            raise _not_given() from silence


def _not_given() -> OrderRefused:
    return OrderRefused(
        _("Discord did not hand over the file."), _("Try again in a minute."), kind=FaultKind.PICTURE
    )
