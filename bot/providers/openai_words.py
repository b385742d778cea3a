"""An order in the words of the `openai` protocol: which of its calls it is, and what that call says.

| the order                     | the wire's `fields`  | the call                                            |
|-------------------------------|----------------------|-----------------------------------------------------|
| generate                      |                      | `POST /videos`                                      |
| animate, from a picture       |                      | the same, a form with the file as `input_reference` |
| remix of a clip that they have| `video = "video_id"` | `POST /videos/{id}/remix`                           |
| remix of any clip             | `video = "video"`    | `POST /videos/edits`                                |
| extend                        | `video = "video"`    | `POST /videos/extensions`                           |

Edits and extensions name the clip as `{"id": …}` where its own provider still has it, else they are forms
with the file. What starts from a clip is of its model, size and (but for an extension) length, so none of
them is sent (openai/openai-openapi @f85dbe2: `CreateVideoRemixBody`, `…EditJsonBody`, `…ExtendJsonBody`); a
server that wants one all the same gets it by the wire's `constants`. An extension's `seconds` are those of
the new piece alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from bot.domain import Fault, Kind, Order, Source
from bot.providers.outcomes import JOB_ID, offer_changed
from bot.providers.protocol import Wire
from bot.providers.wording import worded

USUAL = {
    "prompt": "prompt",
    "duration": "seconds",
    "size": "size",
    "resolution": "resolution",
    "aspect_ratio": "aspect_ratio",
    "picture": "input_reference",
}
"""The names where a wire says nothing else. `video` decides the call, as above. `characters` are in OpenAI's
guide and in no specification: they are sent, as objects with their `id`, where the wire names them.
"""

_OF_THE_SOURCE = ("size", "resolution", "aspect_ratio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One POST below `/videos`: the rest of its path, already quoted, and its fields.

    `file_field` is where the order's source goes as a file, `""` where none does. `names_clip` says that it
    speaks of a clip by the provider's own id, so that a 404 may be about that.
    """

    path: tuple[str, ...] = ()
    fields: Mapping[str, object]
    file_field: str = ""
    names_clip: bool = False


def called(order: Order, wire: Wire) -> Call | Fault:
    """The call; a fault where the endpoint has no place for something that was ordered."""
    words = worded(order, wire, USUAL)
    if isinstance(words, Fault):
        return words
    fields = dict(words.fields)
    if order.characters:
        fields[wire.fields["characters"]] = [{"id": one} for one in order.characters]
    if order.source is None:
        return Call(fields={"model": wire.endpoint, **fields})
    if order.source.media_type.startswith("image/") is not (order.kind is Kind.ANIMATE):
        return offer_changed(f"{order.kind} of {order.source.media_type}")
    if order.kind is Kind.ANIMATE:
        return Call(fields={"model": wire.endpoint, **fields}, file_field=words.source_field)
    words_left = _OF_THE_SOURCE if order.kind is Kind.EXTEND else (*_OF_THE_SOURCE, "duration")
    left_out = {wire.fields.get(word, USUAL[word]) for word in words_left}
    kept = {name: value for name, value in fields.items() if name not in left_out}
    return _from_clip(order, order.source, words.source_field, {**wire.constants, **kept}, wire)


def _from_clip(order: Order, clip: Source, by: str, fields: Mapping[str, object], wire: Wire) -> Call | Fault:
    its_id = clip.provider_video_id
    if its_id is not None and not JOB_ID.fullmatch(its_id):
        return offer_changed(f"no id of a clip: {its_id!r}")
    match order.kind, by, its_id:
        case Kind.REMIX, "video_id", str():
            return Call(path=(quote(its_id, safe=""), "remix"), fields=fields, names_clip=True)
        case Kind.REMIX | Kind.EXTEND, "video", _:
            path = ("edits",) if order.kind is Kind.REMIX else ("extensions",)
            if its_id is None:
                return Call(path=path, fields=fields, file_field=by)
            return Call(path=path, fields={**fields, by: {"id": its_id}}, names_clip=True)
        case _:
            return offer_changed(f"{wire.endpoint} does not {order.kind} a clip by {by}")
