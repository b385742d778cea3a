"""An order in the words of an endpoint that takes its fields in one flat object, as its `Wire` says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain import Fault, FaultKind, Kind, Order
from bot.providers.outcomes import offer_changed
from bot.providers.protocol import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """An order's fields, without its source; `source_field` is where that goes, `""` where there is none.

    `about` says whose matter a field is, for errors that name one.
    """

    fields: Mapping[str, object]
    source_field: str = ""
    about: Mapping[str, FaultKind] = field(default_factory=dict)


def worded(order: Order, wire: Wire, usual: Mapping[str, str]) -> Worded | Fault:
    """The order's fields under their names here: `wire.fields`, else the protocol's `usual` ones.

    A fault where the endpoint has no place for something that was ordered. It had one when the order was
    checked, so the catalogue was edited in the meantime; to leave it out would render something else.
    """

    def name(word: str) -> str:
        return wire.fields.get(word, usual.get(word, ""))

    wanted: list[tuple[str, str, object]] = [("prompt", name("prompt"), order.prompt)]
    if order.seed is not None:
        wanted.append(("seed", wire.seed_field or "", order.seed))
    if order.characters:
        wanted.append(("characters", name("characters"), list(order.characters)))
    if order.blocks_ip or name("blocks_ip"):
        wanted.append(("blocks_ip", name("blocks_ip"), order.blocks_ip))
    if name("remixable"):  # elsewhere nothing can be remixed, whatever is asked for
        wanted.append(("remixable", name("remixable"), order.remixable))
    if wire.sizes:
        size = wire.sizes.get((order.resolution, order.aspect_ratio))
        wanted.append(("size", name("size") if size else "", size))
    fields = dict(wire.constants)
    for word, called, said in wanted:
        if not called:
            return offer_changed(f"{wire.endpoint} no longer takes {word}")
        fields[called] = said
    for word, ordered, taken in (
        ("resolution", order.resolution, wire.resolutions),
        ("aspect ratio", order.aspect_ratio, wire.aspect_ratios),
    ):
        if taken and ordered not in taken:  # left out, it would be their default, perhaps a dearer one
            return offer_changed(f"{wire.endpoint} no longer takes {word} {ordered}")
    shape = {
        "resolution": wire.resolutions.get(order.resolution),
        "aspect_ratio": wire.aspect_ratios.get(order.aspect_ratio),
        "duration": seconds(order.duration_s, wire),
    }
    fields |= {name(word): known for word, known in shape.items() if known is not None and name(word)}
    about = {name("prompt"): FaultKind.PROMPT}
    if order.source is None and order.kind is Kind.GENERATE:
        return Worded(fields=fields, about=about)
    if order.source is None or order.kind is Kind.GENERATE:
        return offer_changed(f"{order.kind} with {'no' if order.source is None else 'a'} source")
    source_field = name("picture" if order.source.media_type.startswith("image/") else "video")
    if not source_field:
        return offer_changed(f"{wire.endpoint} no longer takes {order.source.media_type}")
    return Worded(fields=fields, source_field=source_field, about={**about, source_field: FaultKind.PICTURE})


def seconds(duration_s: int, wire: Wire) -> str | int:
    """A length in the JSON type that the endpoint takes."""
    match wire.seconds_as:
        case "integer":
            return duration_s
        case "suffixed":
            return f"{duration_s}s"
        case _:
            return str(duration_s)
