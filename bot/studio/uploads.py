"""Reading a request's body: JSON, or a form whose files are streamed to disk under a limit."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.studio import brackets
from bot.studio.wire import ApiRefusal, as_object

JSON_BYTES_MAX = 24_000_000  # a data URL of 20,971,520 characters, the specification's limit, and some more
_PARTS_MAX = 40
_TEXT_BYTES_MAX = 200_000  # 32,000 characters in the longest encoding, and some more
_CHUNK_BYTES = 65_536


@dataclass(slots=True)
class Body:
    """What a request says: its fields, and the files that came with it, which are deleted at the end."""

    fields: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for path in self.files.values():
            await asyncio.to_thread(path.unlink, missing_ok=True)


async def body_of(request: web.Request, spool: Path, limits: dict[str, int]) -> Body:
    """Read the body; `limits` names the parts that may be files, and how many bytes each may have.

    ApiRefusal when it is neither JSON nor a form, or too large.
    """
    async with AsyncExitStack() as unless_read_whole:
        body = await unless_read_whole.enter_async_context(Body())
        if request.content_type == "application/json":
            await _read_json(request, body)
        elif request.content_type == "multipart/form-data":
            await _read_form(request, body, spool, limits)
        else:
            raise ApiRefusal("Send application/json or multipart/form-data.", code="unsupported_content_type")
        if (reference := body.fields.pop("input_reference", None)) is not None:
            path = await asyncio.to_thread(_from_data_url, as_object(reference), spool, limits)
            body.files["input_reference"] = path
        unless_read_whole.pop_all()
        return body


async def _read_json(request: web.Request, body: Body) -> None:
    raw = await request.read()
    try:
        # A data URL makes a body of megabytes, whose reading would hold everybody up.
        fields = await asyncio.to_thread(json.loads, raw)
    except (ValueError, RecursionError) as error:
        raise ApiRefusal("The body is not JSON.", code="invalid_json") from error
    if not isinstance(fields, dict):
        raise ApiRefusal("The body must be a JSON object.", code="invalid_json")
    body.fields.update(fields)


async def _read_form(request: web.Request, body: Body, spool: Path, limits: dict[str, int]) -> None:
    parts = 0
    try:
        async for part in await request.multipart():
            parts += 1
            if not isinstance(part, BodyPartReader) or part.name is None or parts > _PARTS_MAX:
                raise ApiRefusal("The form has parts without a name, or too many.", code="invalid_form")
            if part.filename is not None:
                await _keep(part, part.name, body, spool, limits)
            else:
                brackets.put(body.fields, part.name, await _text(part, part.name))
    except (ValueError, HttpProcessingError) as error:  # what aiohttp raises for a broken form
        raise ApiRefusal("The form is broken.", code="invalid_form") from error


def _from_data_url(reference: Any, spool: Path, limits: dict[str, int]) -> Path:
    """The picture of `{"image_url": "data:image/png;base64,…"}`; nothing is fetched from anywhere."""
    url = reference.get("image_url") if isinstance(reference, dict) else None
    head, comma, data = url.partition(",") if isinstance(url, str) else ("", "", "")
    if not (comma and head.startswith("data:") and head.endswith(";base64") and "input_reference" in limits):
        message = "Send the picture as a file, or as an object with an 'image_url' that is a base64 data URL."
        raise ApiRefusal(message, param="input_reference", code="invalid_value")
    try:
        content = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ApiRefusal(
            "The data URL is not base64.", param="input_reference", code="invalid_value"
        ) from error
    if len(content) > limits["input_reference"]:
        raise _too_large("input_reference", limits)
    path = _spooled(spool)
    path.write_bytes(content)
    return path


async def _keep(part: BodyPartReader, name: str, body: Body, spool: Path, limits: dict[str, int]) -> None:
    if name not in limits or name in body.files:
        raise ApiRefusal(
            f"Unknown parameter: '{name}' cannot be a file here.", param=name, code="unknown_parameter"
        )
    path = _spooled(spool)
    body.files[name] = path
    size = 0
    with path.open("wb") as file:
        while chunk := await part.read_chunk(_CHUNK_BYTES):
            size += len(chunk)
            if size > limits[name]:
                raise _too_large(name, limits)
            await asyncio.to_thread(file.write, chunk)


async def _text(part: BodyPartReader, name: str) -> str:
    text = b""
    while chunk := await part.read_chunk(_CHUNK_BYTES):
        text += chunk
        if len(text) > (JSON_BYTES_MAX if name == "input_reference" else _TEXT_BYTES_MAX):
            raise ApiRefusal(f"'{name}' is too long.", param=name, code="invalid_value")
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise ApiRefusal(f"'{name}' is not UTF-8.", param=name, code="invalid_value") from error


def _too_large(name: str, limits: dict[str, int]) -> ApiRefusal:
    message = f"'{name}' is larger than {limits[name] // 1_000_000} MB."
    return ApiRefusal(message, param=name, code="file_too_large")


def _spooled(spool: Path) -> Path:
    return spool / secrets.token_hex(12)
