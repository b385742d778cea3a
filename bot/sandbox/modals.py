"""The rules of a modal, when the bot opens it and when a person sends it in (docs: components/reference)."""

from typing import Any

from bot.sandbox.components import TEXT, walk
from bot.sandbox.controls import (
    ROW,
    SELECTS,
    STRING_SELECT,
    TEXT_INPUT,
    Tree,
    check_options,
    check_range,
    check_select,
)
from bot.sandbox.errors import Form, Json, Path

LABEL, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 18, 19, 21, 22, 23
IN_LABEL = (*SELECTS, TEXT_INPUT, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX)


def check_modal(modal: Json) -> None:
    """Refuse a modal that Discord would not open.

    Raises:
        DiscordRefusal: 50035.
    """
    form = Form(("data",))
    tree = Tree(form)
    for key, most in (("custom_id", 100), ("title", 45)):
        if modal.get(key) is None:
            form.required((key,))
        else:
            form.length((key,), modal[key], 1, most)
    components = modal.get("components")
    path: Path = ("components",)
    if components is None:
        form.required(path)
    elif form.count(path, components, 1, 5):
        for index, component in enumerate(components):
            _check_field(tree, (*path, index), component)
    form.settle()


def _check_field(tree: Tree, path: Path, component: Any) -> None:
    known = tree.enter(path, component, (ROW, TEXT, LABEL))
    if known is None:
        return
    if known["type"] == ROW:
        children = known.get("components")
        if tree.form.count((*path, "components"), children, 1, 1) and isinstance(children, list):
            where = (*path, "components", 0)
            child = tree.enter(where, children[0], (TEXT_INPUT,))
            if child is not None:
                tree.text((*where, "label"), child.get("label"), 1, 45)
                if child.get("label") is None:
                    tree.form.required((*where, "label"))
                _check_input(tree, where, child)
    elif known["type"] == TEXT:
        tree.form.length((*path, "content"), known.get("content"), 1, 4000)
    else:
        _check_label(tree, path, known)


def _check_label(tree: Tree, path: Path, label: Json) -> None:
    if label.get("label") is None:
        tree.form.required((*path, "label"))
    else:
        tree.form.length((*path, "label"), label["label"], 1, 45)
    tree.text((*path, "description"), label.get("description"), 1, 100)
    if label.get("component") is None:
        tree.form.required((*path, "component"))
        return
    where = (*path, "component")
    child = tree.enter(where, label["component"], IN_LABEL)
    if child is None:
        return
    match child["type"]:
        case 4:
            tree.text((*where, "label"), child.get("label"), 1, 45)
            _check_input(tree, where, child)
        case 19:
            tree.custom_id(where, child)
            low, high = check_range(tree.form, where, child, most=10)
            _check_order(tree.form, (*where, "min_values"), low, high)
        case 21:
            tree.custom_id(where, child)
            check_options(tree, where, child, 2, 10)
        case 22:
            tree.custom_id(where, child)
            check_options(tree, where, child, 1, 10)
            check_range(tree.form, where, child, most=10)
        case 23:
            tree.custom_id(where, child)
        case _:
            check_select(tree, where, child)


def _check_input(tree: Tree, path: Path, field: Json) -> None:
    form = tree.form
    tree.custom_id(path, field)
    if field.get("style") is None:
        form.required((*path, "style"))
    else:
        form.choice((*path, "style"), field["style"], (1, 2))
    low, high = field.get("min_length"), field.get("max_length")
    fits_low = low is None or form.number((*path, "min_length"), low, 0, 4000)
    fits_high = high is None or form.number((*path, "max_length"), high, 1, 4000)
    if fits_low and fits_high:
        _check_order(form, (*path, "min_length"), low or 0, high or 4000)
    tree.text((*path, "placeholder"), field.get("placeholder"), 0, 100)
    tree.text((*path, "value"), field.get("value"), 0, 4000)


def _check_order(form: Form, path: Path, low: int, high: int) -> None:
    if low > high:
        form.wrong(path, "BASE_TYPE_BAD_RANGE", "The minimum must be less than or equal to the maximum.")


def fields_of(modal: Json) -> dict[str, Json]:
    """The modal's fields by custom id."""
    return {one["custom_id"]: one for one in walk(modal["components"]) if "custom_id" in one}


def check_submission(modal: Json, submitted: dict[str, Any]) -> None:
    """Refuse what a Discord client would not let a person send in: too short, too long, not offered.

    `submitted` maps custom ids to a text, a list of values, or a truth.

    Raises:
        DiscordRefusal: 50035.
    """
    form = Form(("data",))
    fields = fields_of(modal)
    for custom_id in submitted:
        if custom_id not in fields:
            form.wrong(("components", custom_id), "COMPONENT_VALIDATION_FAILED", "Unknown component")
    for custom_id, field in fields.items():
        _check_value(form, ("components", custom_id), field, submitted.get(custom_id))
    form.settle()


def _check_value(form: Form, path: Path, field: Json, value: Any) -> None:
    if value in (None, "", []):
        if field.get("required", True) and field["type"] != CHECKBOX and field.get("min_values") != 0:
            form.required(path)
        return
    if field["type"] == TEXT_INPUT:
        form.length(path, value, field.get("min_length") or 0, field.get("max_length") or 4000)
    values = value if isinstance(value, list) else [value]
    if field["type"] in (*SELECTS, FILE_UPLOAD, CHECKBOX_GROUP):
        low, high = field.get("min_values"), field.get("max_values")
        if field["type"] == CHECKBOX_GROUP and high is None:
            high = len(field["options"])
        form.count(path, values, 1 if low is None else low, high or 1)
    if field["type"] in (STRING_SELECT, RADIO_GROUP, CHECKBOX_GROUP):
        offered = {option["value"] for option in field["options"]}
        for one in values:
            if one not in offered:
                form.wrong(path, "COMPONENT_VALIDATION_FAILED", "Value was not offered")
