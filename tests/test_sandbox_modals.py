"""Forms: every limit of a modal, broken once each; and what a person may send in."""

from typing import Any

import pytest

from bot.sandbox.errors import DiscordRefusal
from bot.sandbox.modals import check_modal, check_submission

C0 = ("components", 0)


def text(content: str = "hello") -> dict[str, Any]:
    return {"type": 10, "content": content}


def button(custom_id: str | None = "b", **more: Any) -> dict[str, Any]:
    named = {} if custom_id is None else {"custom_id": custom_id}
    return {"type": 2, "style": 1, "label": "Press", **named, **more}


def row(*children: Any) -> dict[str, Any]:
    return {"type": 1, "components": list(children)}


def select(options: int = 2, **more: Any) -> dict[str, Any]:
    listed = [{"label": f"o{number}", "value": str(number)} for number in range(options)]
    return {"type": 3, "custom_id": "s", "options": listed, **more}


def label(component: Any, **more: Any) -> dict[str, Any]:
    return {"type": 18, "label": "Label", "component": component, **more}


def field(**more: Any) -> dict[str, Any]:
    return {"type": 4, "custom_id": "f", "style": 1, **more}


def modal(*components: Any, **more: Any) -> dict[str, Any]:
    return {"custom_id": "m", "title": "Form", "components": list(components), **more}


IN_LABEL = (*C0, "component")
MODALS: list[tuple[Any, tuple[str | int, ...], str]] = [
    (modal(), ("components",), "BASE_TYPE_BAD_LENGTH"),
    (modal(*(label(field(custom_id=str(one))) for one in range(6))), ("components",), "BASE_TYPE_BAD_LENGTH"),
    (modal(label(field()), title="x" * 46), ("title",), "BASE_TYPE_BAD_LENGTH"),
    (modal(label(field()), title=None), ("title",), "BASE_TYPE_REQUIRED"),
    (modal(label(field()), custom_id="x" * 101), ("custom_id",), "BASE_TYPE_BAD_LENGTH"),
    (modal(field()), C0, "UNION_TYPE_CHOICES"),
    (modal(row(button())), (*C0, "components", 0), "UNION_TYPE_CHOICES"),
    (modal(row(field())), (*C0, "components", 0, "label"), "BASE_TYPE_REQUIRED"),
    (modal(label(button())), IN_LABEL, "UNION_TYPE_CHOICES"),
    (modal({"type": 18, "component": field()}), (*C0, "label"), "BASE_TYPE_REQUIRED"),
    (modal(label(field(), label="x" * 46)), (*C0, "label"), "BASE_TYPE_BAD_LENGTH"),
    (modal(label(field(), description="x" * 101)), (*C0, "description"), "BASE_TYPE_BAD_LENGTH"),
    (modal({"type": 18, "label": "x"}), IN_LABEL, "BASE_TYPE_REQUIRED"),
    (modal(label(field(label=""))), (*IN_LABEL, "label"), "BASE_TYPE_BAD_LENGTH"),
    (modal(label(field(style=3))), (*IN_LABEL, "style"), "BASE_TYPE_CHOICES"),
    (modal(label({"type": 4, "custom_id": "f"})), (*IN_LABEL, "style"), "BASE_TYPE_REQUIRED"),
    (modal(label(field(max_length=4001))), (*IN_LABEL, "max_length"), "NUMBER_TYPE_MAX"),
    (modal(label(field(min_length=5, max_length=4))), (*IN_LABEL, "min_length"), "BASE_TYPE_BAD_RANGE"),
    (modal(label(field(placeholder="x" * 101))), (*IN_LABEL, "placeholder"), "BASE_TYPE_MAX_LENGTH"),
    (modal(label(field(value="x" * 4001))), (*IN_LABEL, "value"), "BASE_TYPE_MAX_LENGTH"),
    (
        modal(label(field()), label(field())),
        ("components", 1, "component", "custom_id"),
        "COMPONENT_CUSTOM_ID_DUPLICATED",
    ),
    (modal(label(select(26))), (*IN_LABEL, "options"), "BASE_TYPE_BAD_LENGTH"),
    (modal(label({"type": 19, "custom_id": "f", "max_values": 11})), (*IN_LABEL, "max_values"), ""),
    (modal(label(select(1) | {"type": 21})), (*IN_LABEL, "options"), "BASE_TYPE_BAD_LENGTH"),
    (modal(label(select(11) | {"type": 22})), (*IN_LABEL, "options"), "BASE_TYPE_BAD_LENGTH"),
    (modal(label({"type": 23})), (*IN_LABEL, "custom_id"), "BASE_TYPE_REQUIRED"),
    (modal(text("")), (*C0, "content"), "BASE_TYPE_BAD_LENGTH"),
]


@pytest.mark.parametrize(("sent", "path", "fault"), MODALS)
def test_forms_that_discord_refuses(sent: Any, path: tuple[str | int, ...], fault: str) -> None:
    with pytest.raises(DiscordRefusal) as refused:
        check_modal(sent)

    node = refused.value.body["errors"]["data"]
    for step in path:
        node = node[str(step)]
    assert refused.value.body["code"] == 50035
    assert node["_errors"][0]["code"] == (fault or "NUMBER_TYPE_MAX")


def test_a_form_with_one_of_everything_is_taken() -> None:
    check_modal(
        modal(
            text("Say what happens."),
            label(field(min_length=1, max_length=4000)),
            label(select(2) | {"type": 21, "custom_id": "r"}),
            label({"type": 19, "custom_id": "u", "min_values": 0, "max_values": 10}),
            label({"type": 23, "custom_id": "c", "default": True}),
        )
    )


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"f": "fine", "s": ["0"]}, None),
        ({"f": "no", "s": ["0"]}, "BASE_TYPE_BAD_LENGTH"),
        ({"f": "too long a line", "s": ["0"]}, "BASE_TYPE_BAD_LENGTH"),
        ({"f": "", "s": ["0"]}, "BASE_TYPE_REQUIRED"),
        ({"f": "fine", "s": ["9"]}, "COMPONENT_VALIDATION_FAILED"),
        ({"f": "fine", "s": ["0", "1"]}, "BASE_TYPE_BAD_LENGTH"),
        ({"f": "fine", "s": ["0"], "x": "y"}, "COMPONENT_VALIDATION_FAILED"),
    ],
)
def test_a_person_sends_in_what_the_form_asks_for(values: dict[str, Any], fault: str | None) -> None:
    form = modal(label(field(min_length=3, max_length=9)), label(select()))

    if fault is None:
        check_submission(form, values)
        return
    with pytest.raises(DiscordRefusal) as refused:
        check_submission(form, values)

    (wrong,) = refused.value.body["errors"]["data"]["components"].values()
    assert wrong["_errors"][0]["code"] == fault
