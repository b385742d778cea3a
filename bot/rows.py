"""The rows of models.toml and of an operator's own file: read, checked against each other, priced."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain import PROMPT_CHARS_MAX, Kind, Micros, OfferId
from bot.errors import SettingsError
from bot.money import parse_usd
from bot.providers.protocol import Wire

Name = Annotated[str, Field(min_length=1, max_length=120)]
Text = Annotated[str, Field(min_length=1, max_length=400)]
Words = Annotated[list[Name], Field(min_length=1)]
Seconds = Annotated[list[Annotated[int, Field(ge=1, le=120)]], Field(min_length=1)]


class ModelRow(BaseModel):
    """One `[[models]]` row: what can be asked for. The first of each list is the default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Name
    name: Name
    about: Annotated[str, Field(max_length=200)]
    label: Name = "AI-generated"
    kinds: Annotated[list[Kind], Field(min_length=1)]
    prompt_chars_max: Annotated[int, Field(ge=1, le=PROMPT_CHARS_MAX)] = PROMPT_CHARS_MAX
    resolutions: Words
    aspect_ratios: Words
    durations_s: Seconds


class OfferRow(BaseModel):
    """One `[[offers]]` row: a model at a provider. One endpoint is one row, for one kind or several.

    An offer without a price is listed and not sold. `sizes` names the provider's word for each
    `resolution aspect_ratio`; where the provider tells the two apart, `resolutions` and `aspect_ratios`
    name its words for each, and an empty word is not sent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Name
    provider: Name
    protocol: Literal["openai", "fal", "lumenfall", "replicate", "prodia"]
    endpoint: Name
    kinds: Annotated[list[Kind], Field(min_length=1)] = [Kind.GENERATE]
    usd_per_second: dict[str, str] = {}
    price_read_on: date | None = None
    price_from: Text | None = None
    durations_s: Seconds | None = None
    sizes: dict[str, Name] = {}
    resolutions: dict[str, str] = {}
    aspect_ratios: dict[str, str] = {}
    seconds_as: Literal["string", "integer", "suffixed"] = "string"
    fields: dict[str, str] = {}
    constants: dict[str, str | bool | int | float] = {}
    seed_field: Name | None = None
    key_field: Name | None = None
    echo_field: Name | None = None
    can_cancel: bool = False
    retires_on: date | None = None
    note: Text | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    models: list[ModelRow] = []
    offers: list[OfferRow] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model at a provider, with its prices in micro-dollars a second by resolution."""

    id: OfferId
    row: OfferRow
    per_second_micros: Mapping[str, Micros]
    wire: Wire

    def sold_on(self, day: date) -> bool:
        """Whether the provider still has it then."""
        return self.row.retires_on is None or day < self.row.retires_on

    def takes(self, kind: Kind, resolution: str, aspect_ratio: str, duration_s: int) -> bool:
        """Whether this endpoint can be asked for that, at a known price."""
        row = self.row
        return (
            kind in row.kinds
            and resolution in self.per_second_micros
            and (row.durations_s is None or duration_s in row.durations_s)
            and (
                f"{resolution} {aspect_ratio}" in row.sizes
                or (resolution in row.resolutions and aspect_ratio in row.aspect_ratios)
            )
        )


def read(paths: Sequence[Path]) -> tuple[list[ModelRow], list[Offer]]:
    """All rows of these files; a later file's row replaces an earlier one's of the same id.

    Raises:
        SettingsError: a row is wrong; names the file, the row, the key and what is allowed.
    """
    models: dict[str, ModelRow] = {}
    offers: dict[OfferId, Offer] = {}
    for path in paths:
        file = _read(path)
        models |= {row.id: row for row in file.models}
        for row in file.offers:
            if row.model not in models:
                raise SettingsError(f"{path}: an offer names the model {row.model!r}, which no row describes")
            offer = _offer(path, row, models[row.model])
            offers[offer.id] = offer
    return list(models.values()), list(offers.values())


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(tomllib.loads(path.read_text("utf-8-sig")))
    except OSError as gone:
        raise SettingsError(f"DAILIES_MODELS_FILE: {path} cannot be read ({gone.strerror})") from gone
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise SettingsError(f"{path}: not a TOML file: {broken}") from broken
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{path}: {where}: {first['msg']}") from wrong


def _offer(path: Path, row: OfferRow, model: ModelRow) -> Offer:
    offer_id = _id(row)
    sizes = {f"{r} {a}" for r in model.resolutions for a in model.aspect_ratios}
    strange = (
        sorted(set(row.sizes) - sizes)
        or sorted((row.usd_per_second.keys() | row.resolutions.keys()) - set(model.resolutions))
        or sorted(row.aspect_ratios.keys() - set(model.aspect_ratios))
        or sorted(str(seconds) for seconds in set(row.durations_s or []) - set(model.durations_s))
        or sorted(set(row.kinds) - set(model.kinds))
    )
    if strange:
        raise SettingsError(f"{path}: offer {offer_id}: {strange[0]!r} is nothing that the model can do")
    if row.usd_per_second and (row.price_read_on is None or row.price_from is None):
        raise SettingsError(f"{path}: offer {offer_id}: a price needs price_read_on and price_from")
    try:
        prices = {resolution: parse_usd(usd) for resolution, usd in row.usd_per_second.items()}
    except ValueError as wrong:
        raise SettingsError(f"{path}: offer {offer_id}: usd_per_second: {wrong}") from wrong
    return Offer(id=offer_id, row=row, per_second_micros=prices, wire=_wire(row))


def _id(row: OfferRow) -> OfferId:
    """`provider/model`, with the kind where the endpoint is not the one for words alone."""
    own = f"{row.provider}/{row.model}"
    return OfferId(own if Kind.GENERATE in row.kinds else f"{own}/{row.kinds[0]}")


def _wire(row: OfferRow) -> Wire:
    return Wire(
        endpoint=row.endpoint,
        sizes={(key.rpartition(" ")[0], key.rpartition(" ")[2]): size for key, size in row.sizes.items()},
        resolutions=row.resolutions,
        aspect_ratios=row.aspect_ratios,
        seconds_as=row.seconds_as,
        fields=row.fields,
        constants=row.constants,
        seed_field=row.seed_field,
        key_field=row.key_field,
        echo_field=row.echo_field,
    )
