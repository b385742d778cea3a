"""Raw options of an order, checked against what a model and its offers can do."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from bot.alternatives import Wanted
from bot.domain import FaultKind, Source
from bot.errors import OrderRefused
from bot.language import _, later
from bot.rows import ModelRow, Offer

SEED_MAX = 2**31 - 1
"""The largest seed that every provider with seeds takes (Prodia's bound, the narrowest)."""

NO_SUCH = {
    "resolution": later("{model} has no resolution {value}."),
    "aspect ratio": later("{model} has no aspect ratio {value}."),
    "length in seconds": later("{model} has no length in seconds {value}."),
}

T = TypeVar("T", str, int)


def checked_prompt(prompt: str, row: ModelRow) -> str:
    """The prompt, stripped, where it is text that can be seen and not too long for the model."""
    prompt = prompt.strip()
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in prompt):
        raise OrderRefused(
            _("The prompt has a character that is no text."), _("Type it anew and order again.")
        )
    if not any(char.isprintable() and not char.isspace() for char in prompt):
        raise OrderRefused(
            _("The prompt is empty."), _("Describe what should be seen and heard, and order again.")
        )
    if len(prompt) > row.prompt_chars_max:
        raise OrderRefused(
            _("The prompt has {chars:,} characters; {model} takes {chars_max:,}.").format(
                chars=len(prompt), model=row.name, chars_max=row.prompt_chars_max
            ),
            _("Shorten it and order again."),
        )
    return prompt


def narrowed(row: ModelRow, offers: Sequence[Offer]) -> ModelRow:
    """The row with what these offers take at a known price, in its own order."""
    shapes: set[str] = set()
    for offer in offers:
        shapes.update(offer.row.aspect_ratios, (size.rpartition(" ")[2] for size in offer.row.sizes))
    lengths = [offer.row.durations_s or row.durations_s for offer in offers]
    priced = {resolution for offer in offers for resolution in offer.per_second_micros}
    return row.model_copy(
        update={
            "resolutions": [each for each in row.resolutions if each in priced],
            "aspect_ratios": [each for each in row.aspect_ratios if each in shapes],
            "durations_s": [each for each in row.durations_s if any(each in some for some in lengths)],
        }
    )


def ways(row: ModelRow, wanted: Wanted) -> Iterator[tuple[str, str, int]]:
    """Every way to ask for what is wanted, the model's first values first."""
    for resolution in row.resolutions if wanted.resolution is None else [wanted.resolution]:
        for aspect_ratio in row.aspect_ratios if wanted.aspect_ratio is None else [wanted.aspect_ratio]:
            for seconds in row.durations_s:
                if wanted.duration_s in (None, seconds):
                    yield resolution, aspect_ratio, seconds


def check_seed(seed: int | None) -> None:
    """Return if some provider could take that seed."""
    if seed is not None and not 0 <= seed <= SEED_MAX:
        raise _seed_out_of_range(0)


def _seed_out_of_range(smallest: int) -> OrderRefused:
    return OrderRefused(
        _("That seed is out of range."),
        _("Choose one from {smallest} to {largest}.").format(smallest=smallest, largest=SEED_MAX),
    )


def taking_prompt(offers: Sequence[Offer], prompt: str, row: ModelRow) -> list[Offer]:
    """Those of the offers that take a prompt of this length."""
    able = [offer for offer in offers if offer.prompt_fault(prompt, row.name) is None]
    if not able:
        raise OrderRefused(offers[0].prompt_fault(prompt, row.name) or "", _("Change it and order again."))
    return able


def taking_seed(offers: Sequence[Offer], seed: int, row: ModelRow) -> list[Offer]:
    """Those of the offers at which the same seed makes the same clip again."""
    able = [offer for offer in offers if offer.takes_seed(seed)]
    if not able and any(offer.row.seed_field for offer in offers):
        smallest = min(offer.row.seed_min for offer in offers if offer.row.seed_field)
        raise _seed_out_of_range(smallest)
    if not able:
        raise OrderRefused(
            _("{model} takes no seed.").format(model=row.name), _("Leave the seed out and order again.")
        )
    return able


def taking_source(offers: Sequence[Offer], source: Source, source_bytes: int) -> list[Offer]:
    """Those of the offers that can start from this file."""
    able = [offer for offer in offers if offer.source_fault(source, source_bytes) is None]
    if not able:
        raise OrderRefused(
            offers[0].source_fault(source, source_bytes) or "",
            _("Choose another file or model and order again."),
            kind=FaultKind.PICTURE,
        )
    return able


def named(rows: Sequence[ModelRow]) -> str:
    """Some of these models, for a sentence."""
    return ", ".join(row.name for row in rows[:5])


def one_of(value: T | None, allowed: Sequence[T], row: ModelRow, what: str) -> T:
    """A raw value as the one of ours that it equals; the first where it was left out."""
    if value is None:
        return allowed[0]
    if value not in allowed:
        choices = ", ".join(str(choice) for choice in allowed)
        raise OrderRefused(
            _(NO_SUCH[what]).format(model=row.name, value=str(value)[:40]),
            _("Choose one of: {choices}.").format(choices=choices),
        )
    return allowed[allowed.index(value)]  # ours, not theirs: a raw 4.0 equals 4 and is no price's factor
