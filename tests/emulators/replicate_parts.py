"""What the emulated Replicate has besides predictions: uploaded files, webhooks, the shape of its errors."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp
from aiohttp import web

from tests.emulators.site import Part, parts_of, read


@dataclass(slots=True, kw_only=True)
class EmulatedFile:
    """A file that was uploaded."""

    id: str
    part: Part
    created_at: datetime


class Uploads:
    """The files that were uploaded; `refuse` says whether a request has no business here."""

    def __init__(
        self,
        now: Callable[[], datetime],
        url: Callable[[], str],
        refuse: Callable[[web.Request], web.Response | None],
    ) -> None:
        self.files: dict[str, EmulatedFile] = {}
        self._now = now
        self._url = url
        self._refuse = refuse

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [
            web.post("/v1/files", self._upload, name="upload"),
            web.get("/v1/files/{id}", self._get, name="file"),
            web.delete("/v1/files/{id}", self._delete, name="delete_file"),
        ]

    async def _upload(self, request: web.Request) -> web.Response:
        if (refusal := self._refuse(request)) is not None:
            return refusal
        parts = parts_of(dict(request.headers), await read(request))
        content = next((part for part in parts if part.name == "content"), None)
        if content is None or not content.data:
            return problem(400, "Bad request", "Missing content")
        file = EmulatedFile(id=f"f{len(self.files) + 1:025d}", part=content, created_at=self._now())
        self.files[file.id] = file
        return web.json_response(self._resource(file), status=201)

    async def _get(self, request: web.Request) -> web.Response:
        file = self._known(request)
        return file if isinstance(file, web.Response) else web.json_response(self._resource(file))

    async def _delete(self, request: web.Request) -> web.Response:
        file = self._known(request)
        if isinstance(file, web.Response):
            return file
        del self.files[file.id]
        return web.Response(status=204)

    def _known(self, request: web.Request) -> EmulatedFile | web.Response:
        if (refusal := self._refuse(request)) is not None:
            return refusal
        file = self.files.get(request.match_info["id"])
        return file or problem(404, "Not found", "The requested resource could not be found.")

    def _resource(self, file: EmulatedFile) -> dict[str, object]:
        sha256 = hashlib.sha256(file.part.data).hexdigest()
        return {
            "id": file.id,
            "name": file.part.file_name,
            "content_type": file.part.media_type,
            "size": len(file.part.data),
            "etag": sha256[:32],
            "checksums": {"sha256": sha256},
            "metadata": {},
            "created_at": iso(file.created_at),
            "expires_at": iso(file.created_at + timedelta(hours=24)),
            "urls": {"get": f"{self._url()}/files/{file.id}"},
        }


class Webhooks:
    """Signs and sends webhooks, as Standard Webhooks says. `answers` are the statuses that came back."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.secret = new_secret()
        self.answers: list[int] = []
        self._now = now
        self._calling: set[asyncio.Task[None]] = set()

    def signed(self, body: bytes, *, message_id: str = "msg_1") -> dict[str, str]:
        """The headers under which a webhook goes out now."""
        at = str(int(self._now().timestamp()))
        key = base64.b64decode(self.secret.split("_")[1])
        digest = hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "Webhook-Id": message_id,
            "Webhook-Timestamp": at,
            "Webhook-Signature": f"v1,{base64.b64encode(digest).decode()}",
        }

    def call(self, address: str, resource: Mapping[str, object], *, message_id: str) -> None:
        """Send one, in the background."""
        body = json.dumps(resource).encode()
        call = self._call(address, body, self.signed(body, message_id=message_id))
        task = asyncio.get_running_loop().create_task(call)
        self._calling.add(task)
        task.add_done_callback(self._calling.discard)

    async def all_answered(self) -> None:
        """Return when every webhook that is under way has been answered."""
        await asyncio.gather(*self._calling)

    async def stop(self) -> None:
        for task in self._calling:
            task.cancel()
        await asyncio.gather(*self._calling, return_exceptions=True)

    async def _call(self, address: str, body: bytes, headers: Mapping[str, str]) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.post(address, data=body, headers=headers, allow_redirects=False) as response,
        ):
            self.answers.append(response.status)


def new_secret() -> str:
    """A secret of 24 bytes, as Replicate's are."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def problem(status: int, title: str, detail: str, **more: object) -> web.Response:
    """An error in Replicate's shape, which is RFC 7807's, more or less."""
    return web.json_response({"title": title, "detail": detail, "status": status, **more}, status=status)


def invalid(where: str, kind: str, what: str) -> web.Response:
    """An input that the model does not take."""
    fields = [{"type": kind, "field": where, "description": what}]
    return problem(422, "Input validation failed", f"- {where}: {what}\n", invalid_fields=fields)


def iso(at: datetime | None) -> str | None:
    """A time as Replicate writes it."""
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
