"""JSON Schema as closures: whether a value fits, in microseconds, as every request of a test is asked.

Says yes or no alone. What is wrong is then said by jsonschema, which takes a hundred times as long and a
second to be imported. So a no that is wrong costs time; a yes that is wrong is what
`tests/test_schemas.py` looks for.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Fits = Callable[[Any], bool]

_SAYS_NOTHING = frozenset({"title", "description", "format", "contentEncoding", "x-discord-union"})
"""Keywords by which nothing is refused, neither here nor by jsonschema without a checker of formats."""

_TYPES: Mapping[str, Fits] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool)
        and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
}


class Schemas:
    """The schemas of a description by their names, each made into a closure when it is first needed."""

    def __init__(self, described: Mapping[str, Any]) -> None:
        self._described = described
        self._made: dict[str, Fits] = {}

    def fits(self, schema: Any) -> Fits:
        """What tells of a value whether it is as the schema says.

        Raises:
            KeyError: the schema has a keyword that is not known here.
        """
        if isinstance(schema, bool):
            return lambda _: schema
        tests = [_KEYWORDS[key](self, schema) for key in schema if key not in _SAYS_NOTHING]
        match tests:
            case []:
                return lambda _: True
            case [test]:
                return test
            case _:
                return lambda value: all(test(value) for test in tests)

    def named(self, reference: str) -> Fits:
        """The same for `#/components/schemas/…`; a schema may hold itself."""
        name = reference.removeprefix("#/components/schemas/")

        def fits(value: Any) -> bool:
            if name not in self._made:
                self._made[name] = self.fits(self._described[name])
            return self._made[name](value)

        return fits


def _type(_: Schemas, schema: Any) -> Fits:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    tests = [_TYPES[kind] for kind in kinds]
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _enum(_: Schemas, schema: Any) -> Fits:
    # True is no 1 in JSON, and both are keys to the same place in Python.
    allowed = {(isinstance(one, bool), one) for one in schema.get("enum", [schema.get("const")])}
    return lambda value: (
        isinstance(value, str | int | float | None) and (isinstance(value, bool), value) in allowed
    )


def _properties(schemas: Schemas, schema: Any) -> Fits:
    known = {name: schemas.fits(one) for name, one in schema.get("properties", {}).items()}
    rest = schemas.fits(schema.get("additionalProperties", True))

    def fits(value: Any) -> bool:
        return not isinstance(value, dict) or all(known.get(name, rest)(one) for name, one in value.items())

    return fits


def _required(_: Schemas, schema: Any) -> Fits:
    names = frozenset(schema["required"])
    return lambda value: not isinstance(value, dict) or names <= value.keys()


def _items(schemas: Schemas, schema: Any) -> Fits:
    test = schemas.fits(schema["items"])
    return lambda value: not isinstance(value, list) or all(test(one) for one in value)


def _unique(_: Schemas, schema: Any) -> Fits:
    if not schema["uniqueItems"]:
        return lambda _: True
    return lambda value: (
        not isinstance(value, list) or not any(one in value[:index] for index, one in enumerate(value))
    )


def _pattern(_: Schemas, schema: Any) -> Fits:
    pattern = re.compile(schema["pattern"])
    return lambda value: not isinstance(value, str) or bool(pattern.search(value))


def _any_of(schemas: Schemas, schema: Any) -> Fits:
    tests = [schemas.fits(one) for one in schema["anyOf"]]
    return lambda value: any(test(value) for test in tests)


def _all_of(schemas: Schemas, schema: Any) -> Fits:
    tests = [schemas.fits(one) for one in schema["allOf"]]
    return lambda value: all(test(value) for test in tests)


def _bound(keyword: str, kind: type[Any], size: Callable[[Any], float], *, least: bool) -> Any:
    def made(_: Schemas, schema: Any) -> Fits:
        limit = schema[keyword]

        def fits(value: Any) -> bool:
            if not isinstance(value, kind) or isinstance(value, bool):
                return True
            return bool(size(value) >= limit if least else size(value) <= limit)

        return fits

    return made


_NUMBER: Any = int | float
_KEYWORDS: Mapping[str, Callable[[Schemas, Any], Fits]] = {
    "$ref": lambda schemas, schema: schemas.named(schema["$ref"]),
    "type": _type,
    "enum": _enum,
    "const": _enum,
    "properties": _properties,
    "additionalProperties": _properties,
    "required": _required,
    "items": _items,
    "uniqueItems": _unique,
    "pattern": _pattern,
    "anyOf": _any_of,
    "allOf": _all_of,
    "minLength": _bound("minLength", str, len, least=True),
    "maxLength": _bound("maxLength", str, len, least=False),
    "minItems": _bound("minItems", list, len, least=True),
    "maxItems": _bound("maxItems", list, len, least=False),
    "minProperties": _bound("minProperties", dict, len, least=True),
    "maxProperties": _bound("maxProperties", dict, len, least=False),
    "minimum": _bound("minimum", _NUMBER, lambda value: value, least=True),
    "maximum": _bound("maximum", _NUMBER, lambda value: value, least=False),
}
