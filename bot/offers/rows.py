"""A model and an offer, as rows of a models file and as what can be asked of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from bot.domain import PROMPT_CHARS_MAX, Kind, Micros, OfferId, Source
from bot.language import _, number
from bot.providers.protocol import Wire


def _day(value: object) -> object:
    # Else a number would be read as seconds since 1970, and a time of day would lose its zone.
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError("write a day without quotes, such as 2026-09-24")  # noqa: TRY004 - what pydantic catches
    return value


Name = Annotated[str, Field(min_length=1, max_length=120)]
Text = Annotated[str, Field(min_length=1, max_length=400)]
Words = Annotated[list[Name], Field(min_length=1)]
Seconds = Annotated[list[Annotated[int, Field(strict=True, ge=1, le=120)]], Field(min_length=1)]
Count = Annotated[int, Field(strict=True, ge=0, le=2**40)]
Day = Annotated[date, BeforeValidator(_day)]
FIELD_WORDS = (
    "prompt",
    "duration",
    "resolution",
    "aspect_ratio",
    "size",
    "picture",
    "video",
    "characters",
    "remixable",
    "blocks_ip",
)
"""Our words for what is sent. One that nobody knows would be left out of every request without a word."""


def _field_word(value: str) -> str:
    if value not in FIELD_WORDS:
        raise ValueError(f"there is no such field; allowed: {', '.join(FIELD_WORDS)}")
    return value


FieldWord = Annotated[str, AfterValidator(_field_word)]


class ModelRow(BaseModel):
    """One `[[models]]` row: what can be asked for. The first of each list is the default.

    What a `mature` model makes is for age-restricted channels alone.
    `replaced_by` names models (by id, the best first) that are suggested when this one cannot be had.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Name
    name: Name
    about: Annotated[str, Field(max_length=200)]
    label: Name = "AI-generated"
    mature: bool = False
    kinds: Annotated[list[Kind], Field(min_length=1)]
    prompt_chars_max: Annotated[int, Field(strict=True, ge=1, le=PROMPT_CHARS_MAX)] = PROMPT_CHARS_MAX
    resolutions: Words
    aspect_ratios: Words
    durations_s: Seconds
    replaced_by: list[Name] = []


class SourceRow(BaseModel):
    """What an endpoint takes to start from, as its provider says; what is left out has no known limit.

    `side_px_min` and `side_px_max` are of the shorter and of the longer side.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    media_types: Words | None = None
    bytes_max: Count | None = None
    side_px_min: Count | None = None
    side_px_max: Count | None = None


class OfferRow(BaseModel):
    """One `[[offers]]` row: a model at a provider. One endpoint is one row, for one kind or several.

    Its id is `provider/model`, then the kind where it is not the endpoint for words alone, then `@route`
    where one provider has the same model in several ways. An offer without a price is listed and not sold.

    `sizes` names the provider's word for each `resolution aspect_ratio`; where the provider tells the two
    apart, `resolutions` and `aspect_ratios` name its words for each. Where all words are empty the endpoint
    takes none: it follows its source, or knows but one. For `remix`, `durations_s` are the lengths of the
    clips that may be remixed, and the price is by the second of these.

    The prompt's limits are the provider's own, in characters or in bytes of UTF-8. `audio` says whether
    clips have sound: `always`, `never`, or by a `flag`, which `constants` then set; prices are with it.
    `seed_min` is the smallest seed that is taken.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Name
    provider: Name
    route: Name | None = None
    protocol: Literal["openai", "fal", "lumenfall", "replicate", "prodia"]
    endpoint: Name
    kinds: Annotated[list[Kind], Field(min_length=1)] = [Kind.GENERATE]
    usd_per_second: dict[str, str] = {}
    price_read_on: Day | None = None
    price_from: Text | None = None
    durations_s: Seconds | None = None
    sizes: dict[str, Name] = {}
    resolutions: dict[str, str] = {}
    aspect_ratios: dict[str, str] = {}
    seconds_as: Literal["string", "integer", "suffixed"] = "string"
    fields: dict[FieldWord, str] = {}
    constants: dict[str, str | bool | int | float] = {}
    prompt_chars_min: Count = 1
    prompt_chars_max: Count | None = None
    prompt_bytes_max: Count | None = None
    audio: Literal["always", "never", "flag"] | None = None
    source: SourceRow | None = None
    seed_field: Name | None = None
    seed_min: Count = 0
    key_field: Name | None = None
    echo_field: Name | None = None
    can_cancel: bool = False
    retires_on: Day | None = None
    note: Text | None = None


class RouteRow(BaseModel):
    """One `[[routes]]` row: at which providers a model is ordered first, the best first, whatever they cost.

    `only` leaves all others out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Name
    providers: Words
    only: bool = False


class ProviderRow(BaseModel):
    """One `[[providers]]` row: what one key of a provider may do; what is left out has no limit here.

    `jobs_at_once` counts jobs from their submission until they are made (uncertain ones for a day),
    `submissions_per_minute` the calls.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Name
    jobs_at_once: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    submissions_per_minute: Annotated[int, Field(strict=True, ge=1, le=60_000)] | None = None
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model at a provider, with its prices in micro-dollars a second by resolution."""

    id: OfferId
    row: OfferRow
    per_second_micros: Mapping[str, Micros]
    wire: Wire

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

    def prompt_fault(self, prompt: str, model: str) -> str | None:
        """Why this endpoint does not take the prompt, as a sentence with the model's name; None: it does."""
        chars, size = len(prompt), len(prompt.encode())
        row = self.row
        if chars < row.prompt_chars_min:
            return _("The prompt has {chars} characters; at least {least} are needed by {model}.").format(
                chars=chars, least=row.prompt_chars_min, model=model
            )
        if row.prompt_chars_max is not None and chars > row.prompt_chars_max:
            return _("The prompt has {chars} characters; {most} are taken by {model}.").format(
                chars=number(chars), most=number(row.prompt_chars_max), model=model
            )
        if row.prompt_bytes_max is not None and size > row.prompt_bytes_max:
            return _(
                "The prompt has {size} bytes; {most} are taken "
                "(letters beyond English count two to four) by {model}."
            ).format(size=number(size), most=number(row.prompt_bytes_max), model=model)
        return None

    def takes_seed(self, seed: int) -> bool:
        """Whether the same number can be asked for again here."""
        return self.row.seed_field is not None and seed >= self.row.seed_min

    def source_fault(self, source: Source, source_bytes: int) -> str | None:
        """Why this endpoint does not take the picture or clip, as a sentence; None where it does."""
        limits = self.row.source or SourceRow()
        shorter, longer = sorted((source.width, source.height))
        if limits.media_types is not None and source.media_type not in limits.media_types:
            allowed = ", ".join(name.partition("/")[2].upper() for name in limits.media_types)
            return _("A file of type {type} is not taken, only {allowed}.").format(
                type=source.media_type[:40], allowed=allowed
            )
        if limits.bytes_max is not None and source_bytes > limits.bytes_max:
            return _("The file has {size} bytes; {most} are taken.").format(
                size=number(source_bytes), most=number(limits.bytes_max)
            )
        if limits.side_px_min is not None and shorter < limits.side_px_min:
            return _("The shorter side has {side} pixels; at least {least} are needed.").format(
                side=shorter, least=limits.side_px_min
            )
        if limits.side_px_max is not None and longer > limits.side_px_max:
            return _("The longer side has {side} pixels; {most} are taken.").format(
                side=longer, most=limits.side_px_max
            )
        if self.wire.fields.get("video", "").endswith("_id") and source.provider_video_id is None:
            return _("Only a clip that the same provider made, and still has, can be remixed with it.")
        return None


def wire_of(row: OfferRow) -> Wire:
    """How an offer's row says that it is asked for."""
    return Wire(
        endpoint=row.endpoint,
        sizes={(key.rpartition(" ")[0], key.rpartition(" ")[2]): size for key, size in row.sizes.items()},
        resolutions=row.resolutions if any(row.resolutions.values()) else {},
        aspect_ratios=row.aspect_ratios if any(row.aspect_ratios.values()) else {},
        seconds_as=row.seconds_as,
        fields=row.fields,
        constants=row.constants,
        seed_field=row.seed_field,
        key_field=row.key_field,
        echo_field=row.echo_field,
    )
