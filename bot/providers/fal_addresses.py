"""Where fal is spoken to: its hosts, and a job's own addresses, as fal gave them or as its SDK builds them.

A job's addresses drop the endpoint's sub-path: what was submitted to `fal-ai/sora-2/text-to-video/pro` is
asked for at `fal-ai/sora-2/requests/{id}/status` (fal-client 1.0.3, `AppId`). Those that fal returns are
stored in the ticket and used as they are; building them is for a ticket that came by webhook alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from yarl import URL

from bot.domain import Ticket
from bot.errors import UnreadableAnswer
from bot.providers.tickets import ENDPOINT

PROTOCOL = "fal"

_TAILS = {"status": "/status", "response": "", "cancel": "/cancel"}
_NAMESPACES = {"workflows", "comfy"}
_ENDPOINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*){1,7}")
_ADDRESS = re.compile(r"[\x21\x22\x24-\x7e]{1,2048}")
"""Nothing that would have to be escaped, and no fragment, which is never sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """fal's servers (fal-client 1.0.3, `client.py`), and where its finished files may lie.

    A name in `files` stands for itself and all below it. The examples in fal's own pages lie at Google's
    storage, as do its older uploads.
    """

    queue: str = "https://queue.fal.run"
    rest: str = "https://rest.fal.ai"
    cdn: str = "https://v3.fal.media"
    platform: str = "https://api.fal.ai/v1"
    files: tuple[str, ...] = ("fal.media", "storage.googleapis.com")


def is_endpoint(text: str) -> bool:
    """Whether this can be an endpoint's id: `owner/app`, and perhaps a path below it."""
    return _ENDPOINT.fullmatch(text) is not None


class Queue:
    """The queue's addresses. All of them are on one origin: the key is sent to no other."""

    def __init__(self, base: URL) -> None:
        self._base = base
        self._origin = f"{base.origin()}/"

    def submission(self, endpoint: str) -> URL:
        return self._base / endpoint

    def ticket(self, endpoint: str, request_id: str, told: Mapping[object, object]) -> Ticket:
        """The ticket of a job, with the addresses that the answer to its submission told."""
        urls = {ENDPOINT: endpoint}
        for name in _TAILS:
            said = told.get(f"{name}_url")
            ours = self._on_our_origin(said) if isinstance(said, str) else None
            urls[name] = ours or str(self._built(endpoint, request_id, name))
        return Ticket(provider_job_id=request_id, urls=urls)

    def of(self, ticket: Ticket, name: str) -> str:
        """One of a job's addresses, escaped as it is to be sent: `status`, `response` or `cancel`.

        Raises:
            UnreadableAnswer: the ticket has neither this address on our origin nor its endpoint.
        """
        if (told := self._on_our_origin(ticket.urls.get(name, ""))) is not None:
            return told
        endpoint = ticket.urls.get(ENDPOINT, "")
        if not is_endpoint(endpoint):
            raise UnreadableAnswer(PROTOCOL, "a ticket that does not say where its job is")
        return str(self._built(endpoint, ticket.provider_job_id, name))

    def _on_our_origin(self, text: str) -> str | None:
        """The address, exactly as it was given, if it is there."""
        if not _ADDRESS.fullmatch(text):
            return None
        if text.startswith(self._origin):  # nearly all are; to take one apart is a tenth of a whole question
            return text
        try:
            url = URL(text, encoded=True)
            return str(url) if url.user is None and url.origin() == self._base.origin() else None
        except ValueError:
            return None

    def _built(self, endpoint: str, request_id: str, name: str) -> URL:
        parts = endpoint.split("/")
        app = "/".join(parts[: 3 if parts[0] in _NAMESPACES else 2])
        job = f"{app}/requests/{quote(request_id, safe='')}{_TAILS[name]}"
        return self._base.joinpath(job, encoded=True)
