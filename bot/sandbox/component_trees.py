"""Components as they are kept and shown: numbered, and with links in place of the names of files."""

from bot.sandbox.components import CONTAINER, FILE, SEPARATOR, THUMBNAIL, walk
from bot.sandbox.controls import SELECTS
from bot.sandbox.errors import Json

_SHOWN_OF_MEDIA = ("url", "proxy_url", "width", "height", "content_type")
_DESCRIBED: Json = {"description": None, "spoiler": False}
_DEFAULTS: dict[int, Json] = {
    CONTAINER: {"accent_color": None, "spoiler": False},
    FILE: {"spoiler": False},
    SEPARATOR: {"spacing": 1, "divider": True},
    THUMBNAIL: _DESCRIBED,
}
_DEFAULTS |= {select: {"min_values": 1, "max_values": 1} for select in SELECTS}


def with_ids(components: list[Json]) -> list[Json]:
    """A copy as Discord keeps it: every component numbered in order, with what was left out."""
    taken = {component["id"] for component in walk(components) if component.get("id")}
    last = 0

    def copied(component: Json) -> Json:
        nonlocal last
        copy = {**_DEFAULTS.get(component["type"], {}), **component}
        if not copy.get("id"):
            last += 1
            while last in taken:
                last += 1
            copy["id"] = last
        if "components" in copy:
            copy["components"] = [copied(child) for child in copy["components"]]
        for key in ("accessory", "component"):
            if isinstance(copy.get(key), dict):
                copy[key] = copied(copy[key])
        return copy

    return [copied(component) for component in components]


def with_media(components: list[Json], media: dict[str, Json]) -> list[Json]:
    """A copy in which `attachment://name` has become the file's link, size and type, as readers get it."""

    def resolved(item: Json) -> Json:
        name = item["url"].removeprefix("attachment://")
        if name == item["url"] or name not in media:
            return {"id": "0", "proxy_url": item["url"], "loading_state": 2, **item}
        file = media[name]
        shown: Json = {key: file[key] for key in _SHOWN_OF_MEDIA if key in file}
        return {**shown, "id": file["id"], "attachment_id": file["id"], "loading_state": 2, "flags": 0}

    def copied(component: Json) -> Json:
        copy = dict(component)
        if "media" in copy:
            copy["media"] = resolved(copy["media"])
        if "items" in copy:
            copy["items"] = [
                {**_DESCRIBED, **item, "media": resolved(item["media"])} for item in copy["items"]
            ]
        if component["type"] == FILE:
            file = media.get(copy["file"]["url"].removeprefix("attachment://"), {})
            copy |= {"file": resolved(copy["file"]), "name": file.get("filename"), "size": file.get("size")}
        if "components" in copy:
            copy["components"] = [copied(child) for child in copy["components"]]
        if isinstance(copy.get("accessory"), dict):
            copy["accessory"] = copied(copy["accessory"])
        return copy

    return [copied(component) for component in components]
