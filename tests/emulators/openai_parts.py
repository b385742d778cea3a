"""What the emulated server of the `openai` protocol reads, and makes of clips: remixes, characters."""

import json
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from aiohttp import web

from tests.emulators.site import Part, parts_of

Fields = dict[str, object]
Filled = Callable[[Fields], Fields | web.Response]
Make = Callable[[web.Request, Collection[str], Filled], Awaitable[web.Response]]

_BRACKETS = re.compile(r"\[(.*?)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A finished clip that another is made from."""

    id: str | None
    model: str
    size: str
    seconds: str


class Reworks:
    """Remixes, edits and extensions. `make` takes the order; `original` finds a finished clip, or says no."""

    def __init__(self, make: Make, original: Callable[[object], Original | web.Response]) -> None:
        self._make = make
        self._original = original

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [
            web.post("/v1/videos/edits", self._edit, name="edit"),
            web.post("/v1/videos/extensions", self._extend, name="extend"),
            web.post("/v1/videos/{id}/remix", self._remix, name="remix"),
        ]

    async def _remix(self, request: web.Request) -> web.Response:
        def filled(asked: Fields) -> Fields | web.Response:
            return _like(self._original(request.match_info["id"]), asked)

        return await self._make(request, {"prompt"}, filled)

    async def _edit(self, request: web.Request) -> web.Response:
        return await self._make(
            request, {"prompt", "video"}, lambda asked: _like(self._given(asked.get("video")), asked)
        )

    async def _extend(self, request: web.Request) -> web.Response:
        def filled(asked: Fields) -> Fields | web.Response:
            full = _like(self._given(asked.get("video")), asked)
            if isinstance(full, web.Response) or "seconds" in asked:
                return full
            return error(400, "Missing: 'seconds'.", code="missing_required_parameter", param="seconds")

        return await self._make(request, {"prompt", "video", "seconds"}, filled)

    def _given(self, video: object) -> Original | web.Response:
        match video:
            case {"id": its_id}:
                return self._original(its_id)
            case Part(media_type="video/mp4"):
                return Original(id=None, model="model-1", size="128x72", seconds="4")
            case _:
                return error(400, "Invalid video.", code="invalid_value", param="video")


def _like(original: Original | web.Response, asked: Fields) -> Fields | web.Response:
    if isinstance(original, web.Response):
        return original
    more = int(str(asked.get("seconds", "0")))
    return asked | {
        "model": original.model,
        "size": original.size,
        "seconds": str(int(original.seconds) + more),
        "remixed_from": original.id,
    }


class Characters:
    """Characters made from clips; `refuse` says whether a request has no business here,
    `fields` what it says."""

    def __init__(
        self,
        now: Callable[[], datetime],
        refuse: Callable[[web.Request], web.Response | None],
        fields: Callable[[web.Request], Awaitable[Fields | None]],
    ) -> None:
        self.made: dict[str, Fields] = {}
        self._now = now
        self._refuse = refuse
        self._fields = fields

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [
            web.post("/v1/videos/characters", self._create, name="create_character"),
            web.get("/v1/videos/characters/{id}", self._ask, name="character"),
        ]

    async def _create(self, request: web.Request) -> web.Response:
        if (refusal := self._refuse(request)) is not None:
            return refusal
        match await self._fields(request):
            case {"name": str(name), "video": Part(media_type="video/mp4"), **rest} if not rest and name:
                character_id = f"char_{len(self.made) + 1:024x}"
                at = int(self._now().timestamp())
                self.made[character_id] = {"id": character_id, "name": name, "created_at": at}
                return web.json_response(self.made[character_id])
            case _:
                return error(400, "Invalid video.", code="invalid_value", param="video")

    async def _ask(self, request: web.Request) -> web.Response:
        if (refusal := self._refuse(request)) is not None:
            return refusal
        known = self.made.get(request.match_info["id"])
        return web.json_response(known) if known else error(404, "Character not found.", code="not_found")


class ModelList:
    """`GET /models`: the models by name, each with the day on which it ends, or None."""

    def __init__(self, refuse: Callable[[web.Request], web.Response | None]) -> None:
        self.ends: dict[str, str | None] = {"model-1": None}
        self._refuse = refuse

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [web.get("/v1/models", self._list, name="models")]

    async def _list(self, request: web.Request) -> web.Response:
        if (refusal := self._refuse(request)) is not None:
            return refusal
        rows = [
            {"id": name, "object": "model", "created": 1, "owned_by": "openai", "shutdown_date": day}
            for name, day in self.ends.items()
        ]
        return web.json_response({"object": "list", "data": rows})


async def fields_of(request: web.Request) -> Fields | None:
    """What a body says, JSON or a form: a file is its part, and brackets are objects and lists."""
    body = await request.read()
    if request.content_type != "multipart/form-data":
        try:
            said = json.loads(body)
        except ValueError:
            return None
        return said if isinstance(said, dict) else None
    fields: Fields = {}
    for part in parts_of(dict(request.headers), body):
        name, *inner = [part.name.partition("[")[0], *_BRACKETS.findall(part.name)]
        value: object = part if part.file_name is not None else part.data.decode()
        for key in reversed(inner):
            value = {key: value} if key else [value]
        before = fields.get(name)
        if isinstance(before, list) and isinstance(value, list):
            value = before + value
        elif isinstance(before, dict) and isinstance(value, dict):
            value = before | value
        fields[name] = value
    return fields


def page_of(rows: Sequence[Fields], query: Mapping[str, str], *, limit_max: int) -> Fields:
    """One page of a list, after the id that the query names."""
    ids = [row["id"] for row in rows]
    after = query.get("after")
    start = ids.index(after) + 1 if after in ids else 0
    limit = min(int(query.get("limit", "20")), limit_max)
    page = rows[start : start + limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": start + limit < len(rows),
    }


def event_of(job_id: str, status: str, at: datetime) -> Fields:
    """The body of the webhook of a job that has ended: of the job it has the id alone."""
    event: Fields = {"id": f"evt_{job_id}", "object": "event", "created_at": int(at.timestamp())}
    return event | {"type": f"video.{status}", "data": {"id": job_id}}


def error(
    status: int,
    message: str,
    *,
    code: str | None,
    kind: str = "invalid_request_error",
    param: str | None = None,
) -> web.Response:
    """An error in OpenAI's shape."""
    said = {"message": message, "type": kind, "param": param, "code": code}
    return web.json_response({"error": said}, status=status, reason=HTTPStatus(status).phrase)
