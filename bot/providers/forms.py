"""A request as a form (`multipart/form-data`), with or without a file."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

import aiohttp

from bot.domain import Source
from bot.providers.sources import file_name


def form_of(fields: Mapping[str, object]) -> aiohttp.FormData:
    """The fields alone. A form knows only text: JSON types are lost."""
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        for path, text in _flat(name, value):
            form.add_field(path, text)
    return form


def form_with_file(
    fields: Mapping[str, object], file_field: str, source: Source, file: BinaryIO
) -> aiohttp.FormData:
    """The fields, and then the open file, which is streamed."""
    form = form_of(fields)
    form.add_field(file_field, file, filename=file_name(source), content_type=source.media_type)
    return form


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    """A field as the OpenAI SDK writes it into a form (openai 3.52.0, `_qs.py`, with brackets)."""
    match value:
        case dict():
            for key, each in value.items():
                yield from _flat(f"{name}[{key}]", each)
        case list() | tuple():
            for each in value:
                yield from _flat(f"{name}[]", each)
        case bool():
            yield name, "true" if value else "false"
        case _:
            yield name, str(value)
