"""Checks requests against Discord's own OpenAPI description, which lies beside the repository.

Two leniencies, as Discord's API itself has them: a snowflake may be a number, and a number may be digits in
a text. `oneOf` is read as `anyOf`: the alternatives of the description overlap. Of an upload, `payload_json`
is the body. Nearly all that is sent is right, so `tests/schemas.py` looks first and jsonschema at the rest.
"""

import functools
import hashlib
import json
import marshal
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.requestlog import Request
from tests.schemas import Fits, Schemas

DESCRIPTION = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "discord-openapi.json"
DIGITS = r"^-?\d+$"


@dataclass(frozen=True, slots=True)
class Body:
    """What a body must be."""

    schema: dict[str, Any]
    fits: Fits
    fitted: set[bytes] = field(default_factory=set)

    def errors(self, value: Any) -> Iterator[tuple[list[str | int], str]]:
        """Where a value is not so, and how. One that was right is right again: all commands come often."""
        known = hashlib.sha256(marshal.dumps(value, 2)).digest()
        if known in self.fitted:
            return
        if self.fits(value):
            self.fitted.add(known)
            return
        # Imported where something is wrong: it takes a second.
        from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types of its own

        for error in Draft202012Validator(self.schema).iter_errors(value):
            yield list(error.absolute_path), _said(error.message)


class Description:
    """The description, with its checks made when they are first asked for."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._components = _lenient(spec["components"])
        self._described: dict[str, dict[str, Any]] = spec["paths"]
        self._schemas = Schemas(self._components["schemas"])
        self._bodies: dict[tuple[str, str], Body | None] = {}
        self._paths: list[tuple[re.Pattern[str], str, dict[str, Any]]] = []
        # Fixed words before placeholders: "/users/@me" is not a user.
        for path in sorted(spec["paths"], key=lambda one: one.replace("{", "~")):
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
            self._paths.append((re.compile(pattern), path, spec["paths"][path]))

    def complaints(self, request: Request) -> list[str]:
        """What is wrong with a request; empty when it is as described."""
        named = f"{request.method} {request.path}"
        found = self._operation(request.method, request.path)
        if found is None:
            return [f"{named}: no such operation"]
        path, operation, shared = found
        known = {one.get("name") for one in (*shared, *operation.get("parameters", []))}
        wrong = [f"{named}: no parameter {name!r}" for name in request.query if name not in known]
        body = self.body(path, request.method)
        if body is not None:
            for steps, said in body.errors(request.body if request.body is not None else {}):
                where = "/".join(str(step) for step in steps)
                wrong.append(f"{named}: {where or 'body'}: {said}")
        return wrong

    def complaints_of_answer(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer of the sandbox; empty when Discord could have given it."""
        found = self._operation(method, path)
        if found is None:
            return []
        template, operation, _ = found
        kinds = operation["responses"]
        kind = kinds.get(str(status)) or kinds.get("4XX" if status >= 400 else "none")
        if kind is None:
            return [f"{method} {path}: no answer of status {status}"]
        key = (template, f"{method} {status}")
        if key not in self._bodies:
            described = kind.get("content", {}).get("application/json")
            self._bodies[key] = None if described is None else self._made(described["schema"])
        right = self._bodies[key]
        errors = [] if right is None else right.errors(body)
        return [f"{method} {path}: {steps}: {said}" for steps, said in errors]

    def body(self, template: str, method: str) -> Body | None:
        """What the body of an operation must be; None where it has none."""
        key = (template, method)
        if key not in self._bodies:
            operation = self._described[template][method.lower()]
            content = operation.get("requestBody", {}).get("content", {})
            body = content.get("application/json") or content.get("multipart/form-data")
            self._bodies[key] = None if body is None else self._made(body["schema"])
        return self._bodies[key]

    def _made(self, schema: Any) -> Body:
        lenient = _lenient(schema)
        return Body({"allOf": [lenient], "components": self._components}, self._schemas.fits(lenient))

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, Any], list[dict[str, Any]]] | None:
        for pattern, template, item in self._paths:
            if pattern.fullmatch(path) and method.lower() in item:
                return template, item[method.lower()], item.get("parameters", [])
        return None


def _said(message: str) -> str:
    return message if len(message) < 300 else f"{message[:300]}…"


def _lenient(schema: Any) -> Any:
    """The schema with the two leniencies, and with `anyOf` where it says `oneOf`."""
    if isinstance(schema, list):
        return [_lenient(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {"anyOf" if key == "oneOf" else key: _lenient(value) for key, value in schema.items()}
    kinds = made.get("type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    if made.get("format") == "snowflake":
        return made | {"type": [*listed, "integer"]}
    if "integer" in listed and not {"enum", "anyOf", "allOf", "const"} & made.keys():
        return made | {"type": [*listed, "string"], "pattern": DIGITS}
    return made


@functools.cache
def _read() -> Description | None:
    if not DESCRIPTION.is_file():
        return None
    return Description(json.loads(DESCRIPTION.read_text()))


def description() -> Description:
    """Discord's description; without it the test is skipped, and in CI fails."""
    read = _read()
    if read is None:
        reason = f"Discord's OpenAPI description is not at {DESCRIPTION}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return read


def observer(complaints: list[str]) -> Callable[[Request], None]:
    """For `Sandbox(observer=…)`: gathers what is wrong with requests; nothing, where no description is.

    In CI its absence is a failure of every test that asks.
    """
    read = description() if os.environ.get("CI") == "true" else _read()

    def check(request: Request) -> None:
        # What the sandbox refused as malformed was sent so on purpose, by a test of that refusal.
        if read is not None and request.status != 400:
            complaints.extend(read.complaints(request))

    return check
