"""Raw options of an order, checked against what a model and its offers can do."""

from collections.abc import Sequence

from bot.domain import FaultKind, Kind, Order, Source
from bot.errors import OrderRefused
from bot.language import _, number
from bot.offers.normalising import Adjustment, Reason
from bot.offers.rows import ModelRow, Offer

SEED_MAX = 2**31 - 1
"""The largest seed that every provider with seeds takes (Prodia's bound, the narrowest)."""

CHARACTERS_MAX = 2
"""In one clip: what fal and OpenAI take."""


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
            _("The prompt has {chars} characters; {model} takes {chars_max}.").format(
                chars=number(len(prompt)), model=row.name, chars_max=number(row.prompt_chars_max)
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


def check_seed(seed: int | None) -> None:
    """Return if some provider could take that seed."""
    if seed is not None and not 0 <= seed <= SEED_MAX:
        raise _seed_out_of_range(0)


def seed_of(seed: int, take: int) -> int:
    """The seed of a take, counted from one: that after the one before, or all would be the same clip."""
    return (seed + take - 1) % (SEED_MAX + 1)


def seed_of_the_first(seed: int, take: int) -> int:
    """What an order was asked with, of which that take has this seed."""
    return (seed - take + 1) % (SEED_MAX + 1)


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


def of_provider(offers: Sequence[Offer], provider: str | None, row: ModelRow) -> list[Offer]:
    """Those at one provider, where only that one can have the order."""
    able = [offer for offer in offers if provider in (None, offer.row.provider)]
    if not able:
        raise OrderRefused(
            _("{model} is not made where what you start from is kept.").format(model=row.name),
            _("Choose the model that it was made with."),
        )
    return able


def taking_extras(
    offers: Sequence[Offer], row: ModelRow, *, characters: Sequence[str], blocks_ip: bool
) -> list[Offer]:
    """Those that can be told of characters, and to refuse what is somebody's property, as far as asked."""
    able = [offer for offer in offers if not characters or offer.row.fields.get("characters")]
    if not able:
        raise OrderRefused(
            _("{model} takes no characters.").format(model=row.name), _("Leave them out and order again.")
        )
    if len(characters) > CHARACTERS_MAX:
        raise OrderRefused(
            _("That is too many characters for one clip."),
            _("Name at most {n} of them and order again.").format(n=CHARACTERS_MAX),
        )
    able = [offer for offer in able if not blocks_ip or offer.row.fields.get("blocks_ip")]
    if not able:
        raise OrderRefused(
            _("{model} cannot leave out what is somebody's property.").format(model=row.name),
            _("Choose another model."),
        )
    return able


def has_place_for(offer: Offer, order: Order) -> bool:
    """Whether an endpoint can be told all of an order beside its source and what it is to look like."""
    fields = offer.row.fields
    return (
        offer.prompt_fault(order.prompt, order.model) is None
        and (order.seed is None or offer.takes_seed(order.seed))
        and (not order.characters or bool(fields.get("characters")))
        and (not order.blocks_ip or bool(fields.get("blocks_ip")))
    )


def taking_seed(
    offers: Sequence[Offer], seed: int | None
) -> tuple[list[Offer], int | None, tuple[Adjustment, ...]]:
    """Those of the offers at which the same seed makes the same clip again, with the seed.

    Where none has seeds, all of them without it, which is then said.
    """
    if seed is None:
        return list(offers), None, ()
    able = [offer for offer in offers if offer.takes_seed(seed)]
    if able:
        return able, seed, ()
    if any(offer.row.seed_field for offer in offers):
        raise _seed_out_of_range(min(offer.row.seed_min for offer in offers if offer.row.seed_field))
    left_out = Adjustment(option="seed", asked=str(seed), used="", reason=Reason.NOT_TAKEN)
    return list(offers), None, (left_out,)


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


def choose_one_of(rows: Sequence[ModelRow]) -> str:
    """What to do where a model cannot be had."""
    return _("Choose one of: {choices}.").format(choices=named(rows))


def cannot(row: ModelRow, kind: Kind) -> str:
    """That a model does not make clips so."""
    match kind:
        case Kind.GENERATE:
            said = _("{model} cannot make a clip from words alone.")
        case Kind.ANIMATE:
            said = _("{model} cannot animate a picture.")
        case Kind.REMIX:
            said = _("{model} cannot remix a clip.")
        case Kind.EXTEND:
            said = _("{model} cannot extend a clip.")
        case Kind.CHARACTER:
            said = _("{model} cannot make a character.")
    return said.format(model=row.name)
