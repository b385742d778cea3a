"""Our own reading of JSON Schema against jsonschema's: what the one lets through, the other finds right."""

import copy
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types of its own

from tests import openapi
from tests.schemas import Schemas

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 3, 2**53, 0.5, 1.0, 3.0),
    *("", "1", "-12", "ab", "abc", "abcd", "é́", "1x"),
    *([], [1], [1, 1], [1, 2, 3], ["a", "b"], [None], [[1], [1]], [{"a": 1}, {"a": 1}]),
    *({}, {"a": 1}, {"a": "x"}, {"a": None, "b": 2}, {"b": 1, "c": "x"}, {"a": {"a": {"a": 1}}}),
)
DEFINED = {
    "knot": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/knot"}}},
    "word": {"type": "string", "minLength": 2},
}
SCHEMAS: tuple[Any, ...] = (
    True,
    {},
    *({"type": one} for one in ("null", "boolean", "string", "array", "object", "number", "integer")),
    {"type": ["null", "string"]},
    {"type": ["integer", "string"], "pattern": openapi.DIGITS},
    {"enum": [1, "ab", None]},
    {"enum": [True]},
    {"const": 0},
    {"const": False},
    {"minLength": 2},
    {"maxLength": 3},
    {"minItems": 1},
    {"maxItems": 2},
    {"minProperties": 1},
    {"maxProperties": 1},
    {"minimum": 1},
    {"maximum": 2},
    {"uniqueItems": True},
    {"uniqueItems": False},
    {"required": ["a"]},
    {"properties": {"a": {"type": "integer"}}},
    {"properties": {"a": {"type": "integer"}}, "additionalProperties": False},
    {"properties": {"a": {}}, "additionalProperties": {"type": "string"}},
    {"additionalProperties": {"type": "integer"}},
    {"items": {"type": "integer", "maximum": 2}},
    {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "null"}, {"type": "array", "maxItems": 1}]},
    {"allOf": [{"type": "string"}, {"minLength": 2}, {"maxLength": 3}]},
    {"$ref": "#/components/schemas/word"},
    {"$ref": "#/components/schemas/knot", "description": "holds itself"},
    {"type": "array", "items": {"$ref": "#/components/schemas/word"}},
)
TEXT = {"type": 10, "content": "hello"}
BUTTON = {"type": 2, "style": 1, "label": "Press", "custom_id": "b"}
SELECT = {"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}]}
LAYOUT = {"type": 17, "components": [TEXT, {"type": 1, "components": [BUTTON]}]}
MESSAGE = {"flags": 1 << 15, "nonce": "1", "components": [LAYOUT, {"type": 1, "components": [SELECT]}]}
FIELD = {"type": 18, "label": "x", "component": {"type": 4, "style": 1, "custom_id": "f"}}
FORM = {"type": 9, "data": {"custom_id": "m", "title": "t", "components": [FIELD]}}
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
BODIES = (
    ("/channels/{channel_id}/messages", "POST", MESSAGE),
    (CALLBACK, "POST", FORM),
    (CALLBACK, "POST", {"type": 8, "data": {"choices": []}}),
)
WRONG: tuple[Any, ...] = (None, True, -1, "x" * 4_001, [], {})


def test_a_small_schema_is_read_as_jsonschema_reads_it() -> None:
    schemas = Schemas(DEFINED)

    for schema, value in itertools.product(SCHEMAS, VALUES):
        whole = {"allOf": [schema], "components": {"schemas": DEFINED}}
        right = Draft202012Validator(whole).is_valid(value)
        assert schemas.fits(schema)(value) is right, (schema, value)


def test_a_keyword_that_is_not_known_is_not_passed_over() -> None:
    with pytest.raises(KeyError, match="patternProperties"):
        Schemas({}).fits({"patternProperties": {}})


def test_of_bodies_with_one_thing_wrong_those_pass_that_jsonschema_lets_pass() -> None:
    described = openapi.description()
    found = []

    for path, method, body in BODIES:
        right = described.body(path, method)
        assert right is not None
        slow = Draft202012Validator(right.schema)
        for value in (body, *_changed(body)):
            found.append(right.fits(value))
            assert found[-1] is slow.is_valid(value), value

    assert 5 < found.count(True) < len(found) / 2 > 20, (found.count(True), len(found))


def _changed(body: Any) -> Iterator[Any]:
    """The body with one value replaced or left out, each in turn."""
    for number, (steps, wrong) in enumerate(itertools.product(_places(body), (*WRONG, ...))):
        if number % 4:  # jsonschema takes its time
            continue
        changed = copy.deepcopy(body)
        inside = changed
        for step in steps[:-1]:
            inside = inside[step]
        if wrong is ...:
            del inside[steps[-1]]
        else:
            inside[steps[-1]] = wrong
        yield changed


def _places(value: Any, *steps: Any) -> Iterator[tuple[Any, ...]]:
    if steps:
        yield steps
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(one, dict | list):
            yield from _places(one, *steps, key)
        else:
            yield (*steps, key)
