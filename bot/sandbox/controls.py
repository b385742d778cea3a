"""The rules of what can be pressed and chosen from, in messages and modals (docs: components/reference)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.errors import Form, Json, Path

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
SELECTS = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)
LINK, PREMIUM = 5, 6


@dataclass(slots=True)
class Tree:
    """What is gathered on the way through a payload's components: their ids, their number, their text.

    `files` are the names that `attachment://` may point to.
    """

    form: Form
    files: frozenset[str] = frozenset()
    custom_ids: set[str] = field(default_factory=set)
    ids: set[int] = field(default_factory=set)
    count: int = 0
    characters: int = 0
    media: bool = False

    def enter(self, path: Path, component: Any, allowed: tuple[int, ...]) -> Json | None:
        """Count a component and check its type and id; None when it is none that may stand here."""
        if not isinstance(component, dict):
            self.form.wrong(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            return None
        if "type" not in component:
            self.form.required((*path, "type"))
            return None
        if component["type"] not in allowed or isinstance(component["type"], bool):
            message = f'Value of field "type" must be one of {allowed}.'
            self.form.wrong(path, "UNION_TYPE_CHOICES", message)
            return None
        self.count += 1
        number = component.get("id")
        if number and self.form.number((*path, "id"), number, 0, 2**31 - 1):
            if number in self.ids:
                self.form.wrong((*path, "id"), "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
            self.ids.add(number)
        return component

    def custom_id(self, path: Path, component: Json) -> None:
        custom_id = component.get("custom_id")
        where = (*path, "custom_id")
        if custom_id is None:
            self.form.required(where)
        elif self.form.length(where, custom_id, 1, 100):
            if custom_id in self.custom_ids:
                message = "Component custom id cannot be duplicated"
                self.form.wrong(where, "COMPONENT_CUSTOM_ID_DUPLICATED", message)
            self.custom_ids.add(custom_id)

    def text(self, path: Path, value: Any, low: int, high: int) -> None:
        """A text that may be left out."""
        if value is not None:
            self.form.length(path, value, low, high)


def check_button(tree: Tree, path: Path, button: Json) -> None:
    form = tree.form
    if "style" not in button:
        form.required((*path, "style"))
        return
    if not form.choice((*path, "style"), button["style"], (1, 2, 3, 4, LINK, PREMIUM)):
        return
    style = button["style"]
    tree.text((*path, "label"), button.get("label"), 0, 80)
    if style == LINK:
        _check_link(form, path, button)
    elif style == PREMIUM:
        if not button.get("sku_id"):
            form.required((*path, "sku_id"))
    else:
        tree.custom_id(path, button)
        if button.get("url") is not None:
            form.wrong((*path, "url"), "BUTTON_COMPONENT_URL_NOT_ALLOWED", "Only link buttons have a url")
    if style != PREMIUM and not button.get("label") and not button.get("emoji"):
        form.required((*path, "label"))
    _check_emoji(form, path, button.get("emoji"))


def _check_link(form: Form, path: Path, button: Json) -> None:
    if button.get("custom_id") is not None:
        message = "A custom id and url cannot both be specified"
        form.wrong((*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", message)
    url = button.get("url")
    if url is None:
        form.required((*path, "url"))
    elif form.length((*path, "url"), url, 1, 512):
        check_scheme(form, (*path, "url"), url, ("http", "https", "discord"))


def check_scheme(form: Form, path: Path, url: str, schemes: tuple[str, ...]) -> None:
    scheme, colon, rest = url.partition("://")
    if not colon or not rest:
        form.wrong(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
    elif scheme not in schemes:
        message = f'Scheme "{scheme}" is not supported. Scheme must be one of {schemes}.'
        form.wrong(path, "URL_TYPE_INVALID_SCHEME", message)


def _check_emoji(form: Form, path: Path, emoji: Any) -> None:
    """Unicode ones by name; custom ones by id, of which a sandbox has none."""
    if emoji is None:
        return
    where = (*path, "emoji")
    if not isinstance(emoji, dict) or (not emoji.get("id") and not emoji.get("name")):
        form.wrong(where, "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji")
    elif emoji.get("id") or emoji["name"].isascii():
        key = "id" if emoji.get("id") else "name"
        form.wrong((*where, key), "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji")


def check_select(tree: Tree, path: Path, select: Json) -> None:
    form = tree.form
    tree.custom_id(path, select)
    tree.text((*path, "placeholder"), select.get("placeholder"), 0, 150)
    low, high = check_range(form, path, select, most=25)
    if select["type"] == STRING_SELECT:
        values = check_options(tree, path, select, 1, 25)
        if values is not None and high > len(values):
            message = "max_values must be less than or equal to the number of options"
            form.wrong((*path, "max_values"), "SELECT_COMPONENT_MAX_VALUES_TOO_LARGE", message)
        defaults = [
            one for one in select.get("options") or [] if isinstance(one, dict) and one.get("default")
        ]
    else:
        defaults = select.get("default_values") or []
    if len(defaults) > high:
        message = "Number of default values exceeds max_values"
        form.wrong(path, "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", message)
    if low > high:
        message = "min_values must be less than or equal to max_values"
        form.wrong((*path, "min_values"), "SELECT_COMPONENT_MIN_VALUES_TOO_LARGE", message)


def check_range(form: Form, path: Path, component: Json, *, most: int) -> tuple[int, int]:
    """`min_values` and `max_values`, with their defaults for what is left out or wrong."""
    low, high = component.get("min_values"), component.get("max_values")
    fits_low = low is None or form.number((*path, "min_values"), low, 0, most)
    fits_high = high is None or form.number((*path, "max_values"), high, 1, most)
    return (1 if low is None or not fits_low else low), (1 if high is None or not fits_high else high)


def check_options(tree: Tree, path: Path, component: Json, low: int, high: int) -> set[str] | None:
    """The options of a select, radio or checkbox group; their values, or None when they are no list."""
    form = tree.form
    options = component.get("options")
    if options is None:
        form.required((*path, "options"))
        return None
    if not form.count((*path, "options"), options, low, high):
        return None
    values: set[str] = set()
    for index, option in enumerate(options):
        where = (*path, "options", index)
        if not isinstance(option, dict):
            form.wrong(where, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            continue
        for key in ("label", "value"):
            if key not in option:
                form.required((*where, key))
            else:
                form.length((*where, key), option[key], 1, 100)
        tree.text((*where, "description"), option.get("description"), 0, 100)
        _check_emoji(form, where, option.get("emoji"))
        value = option.get("value")
        if isinstance(value, str):
            if value in values:
                message = "The specified option value is already used"
                form.wrong((*where, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
            values.add(value)
    return values


Check = Callable[[Tree, Path, Json], None]
