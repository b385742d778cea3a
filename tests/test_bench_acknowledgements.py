"""What `make bench` would leave unmeasured of all that can be called, pressed and sent in."""

import os
from math import inf
from pathlib import Path

import pytest

from tests.bench import kinds, surface
from tests.bench.acknowledgements import at_ours
from tests.bench.measured import NOBODY, Thing, unmeasured
from tests.stage import Json

COMMANDS: list[Json] = [
    {
        "type": 1,
        "name": "clips",
        "options": [
            {"type": 1, "name": "show", "options": [{"type": 3, "name": "clip", "autocomplete": True}]}
        ],
    },
    {"type": 3, "name": "Remix this clip"},
]
EVERY_PRESS = [one.custom_id for one in kinds.components([], NOBODY)]
EVERY_FORM = [one.custom_id for one in kinds.forms([], NOBODY)]


def everything() -> dict[Thing, list[float]]:
    """A number for all that there is."""
    return {
        Thing("command", "/clips show"): [1.0],
        Thing("autocomplete", "/clips show clip"): [1.0],
        Thing("menu", "Remix this clip", opens_form=True): [1.0],
        **{Thing("press", surface.kind_of(one)): [1.0] for one in EVERY_PRESS},
        **{Thing("form", surface.kind_of(one)): [1.0, 2.0] for one in EVERY_FORM},
    }


def test_nothing_is_missing_where_everything_has_a_number() -> None:
    assert unmeasured(COMMANDS, everything(), [*EVERY_PRESS, *EVERY_FORM]) == []


def test_whatever_was_not_answered_once_is_named() -> None:
    for left_out in everything():
        took = everything()
        took[left_out].append(inf)

        assert f"{left_out.how} {left_out.name}" in unmeasured(COMMANDS, took, [*EVERY_PRESS, *EVERY_FORM])


@pytest.mark.parametrize("left_out", ["handover:", "sheet:model:", "settle:lost:", ":mine", "setup:gate:"])
def test_a_kind_or_a_word_of_it_that_was_not_tried_is_named(left_out: str) -> None:
    met = [one for one in (*EVERY_PRESS, *EVERY_FORM) if left_out not in one]
    took = {one: times for one, times in everything().items() if left_out not in one.name}

    without = unmeasured(COMMANDS, took, met)

    assert without
    assert all(left_out in one for one in without)


def test_a_command_that_was_not_called_is_named() -> None:
    assert unmeasured(COMMANDS, {}, [*EVERY_PRESS, *EVERY_FORM])[:3] == [
        "menu Remix this clip",
        "command /clips show",
        "autocomplete /clips show clip",
    ]


def test_lists_and_forms_that_are_easily_forgotten_are_among_them() -> None:
    assert {surface.kind_of(one) for one in EVERY_PRESS} >= {
        "handover:…",
        "settle:found:…",
        "sheet:model:…",
        "sheet:resolution:…",
        "setup:role",
    }
    assert {surface.kind_of(one) for one in EVERY_FORM} >= {"settled:lost:…", "report:…", "storyboard:…"}


@pytest.mark.skipif(not os.environ.get("DAILIES_SOAK"), reason="a whole bot, pressed everywhere: `make soak`")
@pytest.mark.soak
async def test_all_that_the_bot_registers_and_reads_is_acknowledged(tmp_path: Path) -> None:
    measured = await at_ours(tmp_path, times=1)

    assert len(measured.took) > 200
    assert unmeasured(measured.commands, measured.took, measured.met) == []
