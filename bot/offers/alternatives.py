"""What comes nearest to an order that cannot be taken: by kind, length, shape and price."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.domain import Kind, Micros
from bot.language import _
from bot.money import format_usd
from bot.offers.rows import ModelRow, Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for; what is None was left open."""

    kind: Kind
    resolution: str | None
    aspect_ratio: str | None
    duration_s: int | None
    per_second_micros: Micros | None
    """What the model that cannot be had cost, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Something that can be ordered instead."""

    model: ModelRow
    resolution: str
    aspect_ratio: str
    duration_s: int
    per_second_micros: Micros

    def __str__(self) -> str:
        price = self.per_second_micros * self.duration_s
        return _("{model} ({n} s at {resolution} {aspect_ratio}: {price})").format(
            model=self.model.name,
            n=self.duration_s,
            resolution=self.resolution,
            aspect_ratio=self.aspect_ratio,
            price=format_usd(price) if price else _("free"),
        )


def nearest(wanted: Wanted, choices: Iterable[tuple[ModelRow, Sequence[Offer]]]) -> Alternative | None:
    """The best of what these offers can do; None where they can do nothing of this kind."""
    all_of_them = (each for row, offers in choices for each in _of_model(wanted, row, offers))
    return min(all_of_them, key=lambda each: _distance(wanted, each), default=None)


def _of_model(wanted: Wanted, row: ModelRow, offers: Sequence[Offer]) -> Iterator[Alternative]:
    lengths = row.durations_s
    if wanted.duration_s is not None:
        lengths = sorted(lengths, key=lambda seconds: abs(seconds - (wanted.duration_s or 0)))
    shapes = sorted(row.aspect_ratios, key=lambda shape: shape != wanted.aspect_ratio)
    for offer in offers:
        for resolution, price in offer.per_second_micros.items():
            able = (
                (seconds, shape)
                for seconds in lengths
                for shape in shapes
                if offer.takes(wanted.kind, resolution, shape, seconds)
            )
            if (found := next(able, None)) is not None:
                yield Alternative(
                    model=row,
                    resolution=resolution,
                    aspect_ratio=found[1],
                    duration_s=found[0],
                    per_second_micros=price,
                )


def _distance(wanted: Wanted, it: Alternative) -> tuple[int, bool, int, bool]:
    return (
        0 if wanted.duration_s is None else abs(it.duration_s - wanted.duration_s),
        wanted.aspect_ratio not in (None, it.aspect_ratio),
        it.per_second_micros
        if wanted.per_second_micros is None
        else abs(it.per_second_micros - wanted.per_second_micros),
        wanted.resolution not in (None, it.resolution),
    )
