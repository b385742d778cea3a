"""What was asked for, as the nearest that can be had; every difference is said, none is silent.

As a gateway does it: a size decides over shape and resolution, the nearest shape (by ratio) and the nearest
tier (by the shorter side) are taken, lengths are clamped to the nearest one. What names one of the model's
own values in other words (`1280x720`, `portrait`, `1080`) is that value and no difference. A value that
says nothing (`0x0`, `banana`, a negative length) is refused.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain import Kind, Source
from bot.errors import OrderRefused
from bot.language import _, later
from bot.offers import measures
from bot.offers.alternatives import Wanted
from bot.offers.rows import ModelRow, Offer
from bot.quoting import escaped

AUTO = "auto"
UNKNOWN = 99.0
"""How far a word without a number is from any other: beyond all that can be measured."""

_NO_SUCH = {
    "resolution": later("{model} has no resolution {value}."),
    "aspect ratio": later("{model} has no aspect ratio {value}."),
    "length in seconds": later("{model} has no length in seconds {value}."),
}

_FROM_CLIPS = {Kind.REMIX, Kind.EXTEND}

_WHOLE_CLIPS = {Kind.REMIX, Kind.CHARACTER}
"""Their length is that of the clip they start from, and no other would do."""

Way = tuple[str, str, int]


class Reason(StrEnum):
    """Why something else is ordered than was typed."""

    NEAREST = "nearest"
    TOGETHER = "together"
    RESOLVED = "resolved"
    FOLLOWS_SOURCE = "follows_source"
    FITTED = "fitted"
    SIZE_DECIDES = "size_decides"
    NOT_TAKEN = "not_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """One difference between what was typed and what will be ordered; `choices` is what there would be."""

    option: str
    asked: str
    used: str
    reason: Reason
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What will be ordered, and how that differs from what was typed."""

    resolution: str
    aspect_ratio: str
    duration_s: int
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def way(self) -> Way:
        return self.resolution, self.aspect_ratio, self.duration_s


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """One option: `exact` is the model's own word for it, `number` its measure; neither where left open."""

    asked: str | None = None
    exact: str | None = None
    number: float | None = None

    @property
    def is_auto(self) -> bool:
        return self.asked is not None and measures.tidy(self.asked) == AUTO


def sized(wanted: Wanted, size: str | None) -> tuple[Wanted, tuple[Adjustment, ...]]:
    """The wish with a size in the place of shape and resolution, which it decides; as it is without one.

    Raises:
        OrderRefused: it is no size.
    """
    if size is None:
        return wanted, ()
    if measures.size(size) is None:
        raise OrderRefused(
            _("{value} is no size.").format(value=escaped(size[:40])),
            _("Write it as width x height, such as 1280x720."),
        )
    overruled = (("resolution", wanted.resolution), ("aspect_ratio", wanted.aspect_ratio))
    return replace(wanted, resolution=size, aspect_ratio=size), tuple(
        Adjustment(option=option, asked=word[:40], used=size, reason=Reason.SIZE_DECIDES)
        for option, word in overruled
        if word is not None
    )


def settled(row: ModelRow, offers: Sequence[Offer], wanted: Wanted, source: Source | None) -> Settled:
    """The nearest to what is wanted that some of the offers takes; what is left open takes the first value.

    Args:
        row: the model, with the values that these offers take.
        offers: not empty.
        wanted: raw.
        source: what it is made from: what is left open takes its shape.

    Raises:
        OrderRefused: a value says nothing, or the clip to remix has no length that is taken.
    """
    resolution = _wish(wanted.resolution, row.resolutions, measures.shorter_side, row, "resolution")
    shape = _wish(wanted.aspect_ratio, row.aspect_ratios, measures.shape, row, "aspect ratio")
    seconds = _seconds(wanted, row)
    if source is not None and (shape.asked is None or shape.is_auto):
        shape = replace(shape, number=source.width / source.height)
    if source is not None and resolution.is_auto:
        resolution = replace(resolution, number=float(min(source.width, source.height)))

    def far(way: Way) -> tuple[float, float, float, float, int, int]:
        each, other, length = way
        return (
            _distance(shape, other, measures.shape),
            0.0 if seconds is None else abs(length - seconds),
            0.0 if seconds is None else length,
            _distance(resolution, each, measures.shorter_side),
            row.resolutions.index(each),
            row.aspect_ratios.index(other),
        )

    # Most orders can be had as they are: then the many other ways need not be looked at.
    as_it_is = _only(row, resolution.exact, shape.exact, seconds)
    best = min(_ways(as_it_is, offers, wanted.kind, source), key=far, default=None)
    if best is None or any(far(best)[index] for index in (0, 1, 3)):
        best = min(_ways(row, offers, wanted.kind, source), key=far, default=None)
    if best is None or (wanted.kind in _WHOLE_CLIPS and seconds not in (None, best[2])):
        raise _nothing(row, wanted)
    taken_by = [offer for offer in offers if takes(offer, wanted.kind, best, source)]
    follows = source is not None and all(_follows_shape(offer, wanted.kind) for offer in taken_by)
    said = [
        _difference("resolution", resolution, best[0], row.resolutions, measures.shorter_side),
        _difference("aspect_ratio", shape, best[1], row.aspect_ratios, measures.shape, follows=follows),
    ]
    if seconds not in (None, best[2]):
        reason = Reason.TOGETHER if seconds in row.durations_s else Reason.NEAREST
        choices = tuple(map(str, row.durations_s))
        asked = f"{seconds:g}"[:40]
        said.append(
            Adjustment(option="duration_s", asked=asked, used=str(best[2]), reason=reason, choices=choices)
        )
    if source is not None and wanted.kind is Kind.ANIMATE and not follows:
        said.append(_fitted(shape, source, best[1], row))
    return Settled(
        resolution=best[0],
        aspect_ratio=best[1],
        duration_s=best[2],
        adjustments=tuple(each for each in said if each is not None),
    )


def takes(offer: Offer, kind: Kind, way: Way, source: Source | None) -> bool:
    """Whether an offer can be asked for that, from this source: where it follows that, only for its shape."""
    resolution, aspect_ratio, *_length = way
    if not offer.takes(kind, *way):
        return False
    if source is None:
        return True
    if _follows_shape(offer, kind):
        shapes = offer.row.aspect_ratios or [size.rpartition(" ")[2] for size in offer.row.sizes]
        wish = _Wish(number=source.width / source.height)
        if aspect_ratio != min(shapes, key=lambda each: _distance(wish, each, measures.shape)):
            return False
    if _follows_resolution(offer, kind):
        wish = _Wish(number=float(min(source.width, source.height)))
        if resolution != min(
            offer.per_second_micros, key=lambda each: _distance(wish, each, measures.shorter_side)
        ):
            return False
    return True


def sentence(adjustment: Adjustment, model: str) -> str:
    """A difference in words, as it stands in the quote."""
    it = adjustment
    choices = ", ".join(it.choices[:8]) + (", …" if len(it.choices) > 8 else "")
    match it.reason:
        case Reason.NEAREST:
            said = _("{used} instead of {asked}: {model} has only {choices}.")
        case Reason.TOGETHER:
            said = _("{used} instead of {asked}: {model} does not make that together with the rest.")
        case Reason.RESOLVED:
            said = _("{used} for {asked}.")
        case Reason.FOLLOWS_SOURCE:
            said = _("{used} instead of {asked}: {model} keeps the shape of what it starts from.")
        case Reason.FITTED:
            said = _("The picture ({asked}) is fitted to {used}: {model} has only {choices}.")
        case Reason.SIZE_DECIDES:
            said = _("{asked} is not used: the size {used} decides.")
        case Reason.NOT_TAKEN:
            said = _("The seed {asked} is left out: {model} takes none.")
    return said.format(
        used=_shown(it.option, it.used), asked=_shown(it.option, it.asked), model=model, choices=choices
    )


def _shown(option: str, value: str) -> str:
    return _("{n} s").format(n=value) if option == "duration_s" else value


def _wish(
    word: str | None,
    choices: Sequence[str],
    number_of: Callable[[str], float | None],
    row: ModelRow,
    what: str,
) -> _Wish:
    if word is None or measures.tidy(word) == AUTO:
        return _Wish(asked=word)
    for choice in choices:
        if measures.tidy(choice) == measures.tidy(word):
            return _Wish(asked=word, exact=choice, number=number_of(choice))
    if (number := number_of(word)) is None:
        raise _no_such(row, what, word, choices)
    return _Wish(asked=word, number=number)


def _seconds(wanted: Wanted, row: ModelRow) -> float | None:
    seconds = wanted.duration_s
    if seconds is None:
        return None
    if not 0 < seconds <= measures.SECONDS_MAX:  # also false for what is no number
        raise _no_such(row, "length in seconds", str(seconds), row.durations_s)
    return seconds


def _only(row: ModelRow, resolution: str | None, aspect_ratio: str | None, seconds: float | None) -> ModelRow:
    """The row with no other values than those that were asked for by its own words."""
    return row.model_copy(
        update={
            "resolutions": [each for each in row.resolutions if resolution in (None, each)],
            "aspect_ratios": [each for each in row.aspect_ratios if aspect_ratio in (None, each)],
            "durations_s": [each for each in row.durations_s if seconds in (None, each)],
        }
    )


def _ways(row: ModelRow, offers: Sequence[Offer], kind: Kind, source: Source | None) -> Iterator[Way]:
    for resolution in row.resolutions:
        for aspect_ratio in row.aspect_ratios:
            for seconds in row.durations_s:
                way = (resolution, aspect_ratio, seconds)
                if any(takes(offer, kind, way, source) for offer in offers):
                    yield way


def _distance(wish: _Wish, choice: str, number_of: Callable[[str], float | None]) -> float:
    if wish.exact is not None:
        if wish.exact == choice:
            return 0.0
    elif wish.number is None:
        return 0.0
    measured = number_of(choice)
    if measured is None or wish.number is None:
        return UNKNOWN
    # `true_1080p` measures what `1080p` does, and is not the same.
    other_word = wish.exact is not None or "_" in (wish.asked or "")
    return measures.apart(measured, wish.number) + (1e-6 if other_word else 0.0)


def _difference(
    option: str,
    wish: _Wish,
    used: str,
    choices: Sequence[str],
    number_of: Callable[[str], float | None],
    *,
    follows: bool = False,
) -> Adjustment | None:
    if wish.asked is None:
        return None
    asked = wish.asked[:40]
    if wish.is_auto:
        return Adjustment(option=option, asked=asked, used=used, reason=Reason.RESOLVED)
    tolerance = measures.SAME_SHAPE if number_of is measures.shape else 0.0
    if wish.exact == used or (wish.exact is None and _distance(wish, used, number_of) <= tolerance):
        return None
    if follows:
        return Adjustment(option=option, asked=asked, used=used, reason=Reason.FOLLOWS_SOURCE)
    reason = Reason.TOGETHER if wish.exact is not None else Reason.NEAREST
    return Adjustment(option=option, asked=asked, used=used, reason=reason, choices=tuple(choices))


def _fitted(shape: _Wish, source: Source, used: str, row: ModelRow) -> Adjustment | None:
    if shape.exact is not None or _distance(shape, used, measures.shape) <= measures.SAME_SHAPE:
        return None
    return Adjustment(
        option="picture",
        asked=f"{source.width}x{source.height}",
        used=used,
        reason=Reason.FITTED,
        choices=tuple(row.aspect_ratios),
    )


def _follows_shape(offer: Offer, kind: Kind) -> bool:
    """Whether the clip has its source's shape, since the endpoint is told none."""
    row = offer.row
    if kind is Kind.GENERATE:
        return False
    if row.protocol == "openai" and kind in _FROM_CLIPS:  # its calls from a clip have no field for it
        return True
    unsaid = row.fields.get("aspect_ratio") == "" or not any(row.aspect_ratios.values())
    return not row.sizes and unsaid


def _follows_resolution(offer: Offer, kind: Kind) -> bool:
    row = offer.row
    if kind not in _FROM_CLIPS:  # an endpoint for pictures that is told none knows but one
        return False
    unsaid = row.fields.get("resolution") == "" or not any(row.resolutions.values())
    return row.protocol == "openai" or (not row.sizes and unsaid)


def _nothing(row: ModelRow, wanted: Wanted) -> OrderRefused:
    if wanted.kind is Kind.REMIX and wanted.duration_s is not None:
        return OrderRefused(
            _("{model} cannot remix a clip of {n} s.").format(model=row.name, n=wanted.duration_s),
            _("Choose another clip or model and order again."),
        )
    if wanted.kind is Kind.CHARACTER and wanted.duration_s is not None:
        return OrderRefused(
            _("{model} cannot make a character from a clip of {n} s.").format(
                model=row.name, n=wanted.duration_s
            ),
            _("Attach a clip of another length."),
        )
    return OrderRefused(
        _("{model} cannot be ordered so at the moment.").format(model=row.name),
        _("Choose another resolution, aspect ratio, length or model."),
    )


def _no_such(row: ModelRow, what: str, value: str, choices: Sequence[object]) -> OrderRefused:
    return OrderRefused(
        _(_NO_SUCH[what]).format(model=row.name, value=escaped(value[:40])),
        _("Choose one of: {choices}.").format(choices=", ".join(map(str, choices))),
    )
