"""Names with brackets in a form: objects and lists, as OpenAI's SDK (and we) write them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.providers.forms import form_of
from bot.studio import brackets
from bot.studio.wire import ApiRefusal
from tests.studios import Visitor, opened

READ: list[tuple[list[tuple[str, str]], dict[str, Any]]] = [
    ([("prompt", "a boat")], {"prompt": "a boat"}),
    ([("metadata[a]", "1"), ("metadata[b]", "2")], {"metadata": {"a": "1", "b": "2"}}),
    ([("characters[][id]", "c1"), ("characters[][id]", "c2")], {"characters": [{"id": "c1"}, {"id": "c2"}]}),
    ([("video[id]", "v1")], {"video": {"id": "v1"}}),
    ([("a[b][c]", "1"), ("a[b][d]", "2")], {"a": {"b": {"c": "1", "d": "2"}}}),
    ([("a[]", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
    ([("prompt", "one"), ("prompt", "two")], {"prompt": "two"}),
    (
        [("[a]", "1"), ("a[", "2"), ("a[b", "3"), ("a]b[", "4")],
        {"[a]": "1", "a[": "2", "a[b": "3", "a]b[": "4"},
    ),
    ([("a[b][c][d][e][f]", "1")], {"a[b][c][d][e][f]": "1"}),
]


@pytest.mark.parametrize(("parts", "means"), READ)
def test_brackets_make_objects_and_lists(parts: list[tuple[str, str]], means: dict[str, Any]) -> None:
    fields: dict[str, Any] = {}

    for name, text in parts:
        brackets.put(fields, name, text)

    assert fields == means


@pytest.mark.parametrize(
    "names", [("a", "a[b]"), ("a[b]", "a[]"), ("a[b]", "a[b]"), ("a[b]", "a[b][c]"), ("a[]", "a[b]")]
)
def test_what_is_said_in_two_ways_is_refused(names: tuple[str, str]) -> None:
    fields: dict[str, Any] = {}
    brackets.put(fields, names[0], "1")

    with pytest.raises(ApiRefusal):
        brackets.put(fields, names[1], "2")


@pytest.fixture
async def visitor(tmp_path: Path) -> AsyncIterator[Visitor]:
    async with opened(tmp_path / "studio", renders_at_once=0) as one:
        yield one


async def test_an_order_as_a_form_says_all_that_one_in_json_says(visitor: Visitor) -> None:
    fields = {"prompt": "a boat", "seconds": "4", "size": "1280x720", "metadata": {"dailies_job": "j-1"}}

    as_json = await visitor.order(json=fields)
    as_form = await visitor.order(data=form_of(fields))
    unknown = form_of({"prompt": "a boat", "characters": [{"id": "nobody"}]})

    assert as_form["metadata"] == as_json["metadata"] == {"dailies_job": "j-1"}
    assert await visitor.refused("POST", "/videos", data=unknown) == await visitor.refused(
        "POST", "/videos", json={"prompt": "a boat", "characters": [{"id": "nobody"}]}
    )
