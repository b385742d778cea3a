"""The rules of a message's body, when it is posted and when it is edited (docs: resources/message)."""

from typing import Any

from bot.sandbox.components import check_components
from bot.sandbox.controls import check_scheme
from bot.sandbox.errors import Form, Json, Path, empty_message
from bot.sandbox.mentions import check_allowed_mentions
from bot.sandbox.message import COMPONENTS_V2, Message
from bot.sandbox.uploads import FILES_MAX, Upload

CONTENT_MAX = 2000
EMBEDS_MAX = 10
EMBED_TOTAL_MAX = 6000
NONCE_MAX = 25
# What components v2 takes the place of.
LEGACY = ("content", "embeds", "sticker_ids", "poll")


def check_new(body: Json, uploads: list[Upload], *, root: Path = ()) -> None:
    """Refuse a new message that Discord would refuse; `root` is where the body stands in what was sent.

    Raises:
        DiscordRefusal: 50035 with the fields' paths, or 50006 for an empty message.
    """
    form = Form(root)
    flags = _checked_flags(form, body)
    layout = bool(flags & COMPONENTS_V2)
    names = _check_attachments(form, body.get("attachments"), uploads, kept={})
    _check_parts(form, body, layout=layout, files=names)
    nonce = body.get("nonce")
    if isinstance(nonce, bool) or not isinstance(nonce, (str, int, type(None))):
        form.wrong(("nonce",), "NONCE_TYPE_INVALID", "Must be a string or an integer.")
    elif nonce is not None:
        form.length(("nonce",), str(nonce), 0, NONCE_MAX)
    form.settle()
    something = [body.get("embeds"), uploads, body.get("sticker_ids"), body.get("poll")]
    something.append(body.get("components") if layout else (body.get("content") or "").strip())
    if not any(something):
        raise empty_message()


def check_edit(body: Json, message: Message, uploads: list[Upload], *, root: Path = ()) -> None:
    """Refuse a change to `message` that Discord would refuse; `root` as for a new one.

    Raises:
        DiscordRefusal: 50035 with the fields' paths, or 50006 for a message left empty.
    """
    form = Form(root)
    flags = message.flags
    if body.get("flags") is not None:
        flags = _checked_flags(form, body)
        if message.layout and not flags & COMPONENTS_V2:
            text = "The flag MessageFlags.IS_COMPONENTS_V2 cannot be removed from a message"
            form.wrong(("flags",), "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", text)
    layout = message.layout or bool(flags & COMPONENTS_V2)
    kept = {attachment.id: attachment.filename for attachment in message.attachments}
    entries = body.get("attachments")
    if "attachments" not in body:
        entries = [{"id": str(attachment.id)} for attachment in message.attachments]
        entries += [{"id": upload.index} for upload in uploads]
    names = _check_attachments(form, entries, uploads, kept=kept)
    parts = dict(body)
    if layout and not message.layout:
        # What the message has already must be taken away in the same edit.
        parts.setdefault("content", message.content)
        parts.setdefault("embeds", message.embeds)
    _check_parts(form, parts, layout=layout, files=names)
    form.settle()
    content = message.content if "content" not in body else body["content"] or ""
    embeds = body.get("embeds", message.embeds)
    components = body.get("components", message.components)
    if not any((names, components) if layout else (content.strip(), embeds, names)):
        raise empty_message()


def _checked_flags(form: Form, body: Json) -> int:
    flags = body.get("flags")
    if flags is None:
        return 0
    return int(flags) if form.number(("flags",), flags, 0, 2**31 - 1) else 0


def _check_parts(form: Form, body: Json, *, layout: bool, files: frozenset[str]) -> None:
    if layout:
        for field in LEGACY:
            if body.get(field):
                text = f"The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
                form.wrong((field,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
    if body.get("content") is not None:
        form.length(("content",), body["content"], 0, CONTENT_MAX)
    _check_embeds(form, body.get("embeds"), files)
    check_allowed_mentions(form, body.get("allowed_mentions"))
    check_components(form, body.get("components"), layout=layout, files=files)


def _check_attachments(
    form: Form, entries: Any, uploads: list[Upload], *, kept: dict[int, str]
) -> frozenset[str]:
    """Match `attachments` with the files and with those that the message has; the names that it will have."""
    names = {upload.index: upload.filename for upload in uploads}
    if entries is None:
        return frozenset(names.values())
    path: Path = ("attachments",)
    if not form.count(path, entries, 0, FILES_MAX):
        return frozenset()
    found = set(names.values())
    for index, entry in enumerate(entries):
        number = str(entry.get("id", "")) if isinstance(entry, dict) else ""
        if not number.isdecimal():
            form.required((*path, index, "id"))
        elif int(number) in kept:
            found.add(kept[int(number)])
        elif int(number) not in names:
            form.wrong((*path, index), "ATTACHMENT_NOT_FOUND", "Attachment data not found")
        if isinstance(entry, dict) and entry.get("description") is not None:
            form.length((*path, index, "description"), entry["description"], 0, 1024)
    return frozenset(found)


_EMBED_TEXTS = (("title", 256), ("description", 4096))


def _check_embeds(form: Form, embeds: Any, files: frozenset[str]) -> None:
    if embeds is None or not form.count(("embeds",), embeds, 0, EMBEDS_MAX):
        return
    total = 0
    for index, embed in enumerate(embeds):
        path: Path = ("embeds", index)
        if not isinstance(embed, dict):
            form.wrong(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            continue
        for key, most in _EMBED_TEXTS:
            total += _embed_text(form, (*path, key), embed.get(key), 0, most)
        total += _embed_text(form, (*path, "footer", "text"), _inner(embed, "footer", "text"), 0, 2048)
        total += _embed_text(form, (*path, "author", "name"), _inner(embed, "author", "name"), 0, 256)
        fields = embed.get("fields") or []
        if form.count((*path, "fields"), fields, 0, 25):
            for number, field in enumerate(fields):
                for key, most in (("name", 256), ("value", 1024)):
                    where = (*path, "fields", number, key)
                    value = field.get(key) if isinstance(field, dict) else None
                    if value is None:
                        form.required(where)
                    total += _embed_text(form, where, value, 1, most)
        if embed.get("color") is not None:
            form.number((*path, "color"), embed["color"], 0, 0xFFFFFF)
        for key in ("image", "thumbnail"):
            _check_embed_url(form, (*path, key, "url"), _inner(embed, key, "url"), files)
    if total > EMBED_TOTAL_MAX:
        text = f"Embed size exceeds maximum size of {EMBED_TOTAL_MAX}"
        form.wrong(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", text)


def _inner(embed: Json, key: str, inner: str) -> Any:
    part = embed.get(key)
    return part.get(inner) if isinstance(part, dict) else None


def _embed_text(form: Form, path: Path, value: Any, low: int, high: int) -> int:
    if value is None or not form.length(path, value, low, high):
        return 0
    return len(value)


def _check_embed_url(form: Form, path: Path, url: Any, files: frozenset[str]) -> None:
    if url is None:
        return
    if not isinstance(url, str):
        form.length(path, url, 1, 2048)
    elif not url.startswith("attachment://"):
        check_scheme(form, path, url, ("http", "https"))
    elif url.removeprefix("attachment://") not in files:
        form.wrong(path, "EMBED_ATTACHMENT_NOT_FOUND", "The referenced attachment was not found")
