"""The rules of a message's components, with rows alone or as a layout (docs: components/reference)."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.controls import (
    BUTTON,
    ROW,
    SELECTS,
    Check,
    Tree,
    check_button,
    check_scheme,
    check_select,
)
from bot.sandbox.errors import Form, Json, Path

SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
IN_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)
IN_LAYOUT = (*IN_CONTAINER, CONTAINER)
ROWS_MAX = 5
LAYOUT_MAX = 40
TEXT_MAX = 4000


def check_components(form: Form, components: Any, *, layout: bool, files: frozenset[str]) -> None:
    """Note every fault of a message's `components`.

    `layout` says whether the message has the flag of components v2; without it there are rows alone.
    `files` are the names of the files that the message will have.
    """
    if components is None:
        return
    tree = Tree(form, files)
    path: Path = ("components",)
    if not form.count(path, components, 0, LAYOUT_MAX if layout else ROWS_MAX):
        return
    allowed = IN_LAYOUT if layout else (ROW,)
    for index, component in enumerate(components):
        _check(tree, (*path, index), component, allowed)
    if layout and tree.count > LAYOUT_MAX:
        message = f"Must be {LAYOUT_MAX} or fewer components in total."
        form.wrong(path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", message)
    if tree.characters > TEXT_MAX:
        message = f"The total displayable text of components must be {TEXT_MAX} or fewer in length."
        form.wrong(path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message)


def _check(tree: Tree, path: Path, component: Any, allowed: tuple[int, ...]) -> None:
    known = tree.enter(path, component, allowed)
    if known is not None:
        _CHECKS[known["type"]](tree, path, known)


def _check_row(tree: Tree, path: Path, row: Json) -> None:
    children = row.get("components")
    where = (*path, "components")
    if children is None:
        tree.form.required(where)
        return
    if not tree.form.count(where, children, 1, 5):
        return
    selects = 0
    for index, child in enumerate(children):
        _check(tree, (*where, index), child, (BUTTON, *SELECTS))
        selects += isinstance(child, dict) and child.get("type") in SELECTS
    if selects and len(children) > 1:
        message = "The specified component exceeds the maximum width"
        tree.form.wrong(where, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message)


def _check_section(tree: Tree, path: Path, section: Json) -> None:
    texts = section.get("components")
    if texts is None:
        tree.form.required((*path, "components"))
    elif tree.form.count((*path, "components"), texts, 1, 3):
        for index, text in enumerate(texts):
            _check(tree, (*path, "components", index), text, (TEXT,))
    if section.get("accessory") is None:
        tree.form.required((*path, "accessory"))
    else:
        _check(tree, (*path, "accessory"), section["accessory"], (BUTTON, THUMBNAIL))


def _check_text(tree: Tree, path: Path, text: Json) -> None:
    content = text.get("content")
    if content is None:
        tree.form.required((*path, "content"))
    elif tree.form.length((*path, "content"), content, 1, TEXT_MAX):
        tree.characters += len(content)


def _check_media(tree: Tree, path: Path, media: Any, *, attached_only: bool = False) -> None:
    if not isinstance(media, dict) or "url" not in media:
        tree.form.required(path if not isinstance(media, dict) else (*path, "url"))
        return
    where = (*path, "url")
    url = media["url"]
    if not tree.form.length(where, url, 1, 2048):
        return
    if url.startswith("attachment://"):
        if url.removeprefix("attachment://") not in tree.files:
            message = "The referenced attachment was not found"
            tree.form.wrong(where, "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", message)
    elif attached_only:
        message = "Only attachment:// references are allowed here"
        tree.form.wrong(where, "UNFURLED_MEDIA_ITEM_ATTACHMENT_REFERENCE_REQUIRED", message)
    else:
        check_scheme(tree.form, where, url, ("http", "https"))


def _check_described(tree: Tree, path: Path, item: Json) -> None:
    _check_media(tree, (*path, "media"), item.get("media"))
    tree.text((*path, "description"), item.get("description"), 1, 1024)


def _check_gallery(tree: Tree, path: Path, gallery: Json) -> None:
    items = gallery.get("items")
    if items is None:
        tree.form.required((*path, "items"))
    elif tree.form.count((*path, "items"), items, 1, 10):
        for index, item in enumerate(items):
            where = (*path, "items", index)
            if isinstance(item, dict):
                _check_described(tree, where, item)
            else:
                tree.form.wrong(where, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")


def _check_file(tree: Tree, path: Path, file: Json) -> None:
    _check_media(tree, (*path, "file"), file.get("file"), attached_only=True)


def _check_separator(tree: Tree, path: Path, separator: Json) -> None:
    if separator.get("spacing") is not None:
        tree.form.choice((*path, "spacing"), separator["spacing"], (1, 2))


def _check_container(tree: Tree, path: Path, container: Json) -> None:
    if container.get("accent_color") is not None:
        tree.form.number((*path, "accent_color"), container["accent_color"], 0, 0xFFFFFF)
    children = container.get("components")
    if children is None:
        tree.form.required((*path, "components"))
    elif tree.form.count((*path, "components"), children, 1, LAYOUT_MAX):
        for index, child in enumerate(children):
            _check(tree, (*path, "components", index), child, IN_CONTAINER)


_CHECKS: Mapping[int, Check] = {
    ROW: _check_row,
    BUTTON: check_button,
    SECTION: _check_section,
    TEXT: _check_text,
    THUMBNAIL: _check_described,
    GALLERY: _check_gallery,
    FILE: _check_file,
    SEPARATOR: _check_separator,
    CONTAINER: _check_container,
} | dict.fromkeys(SELECTS, check_select)


def walk(components: list[Json]) -> list[Json]:
    """Every component of a tree that was found right, outer ones first."""
    found: list[Json] = []
    for component in components:
        found.append(component)
        found += walk(component.get("components", []))
        for key in ("accessory", "component"):
            if isinstance(component.get(key), dict):
                found += walk([component[key]])
    return found
