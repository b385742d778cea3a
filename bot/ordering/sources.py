"""How a clip can be gone on from: where, from what, with which model. Pure: facts in, ways out.

A remix is made by the provider that has the clip, where it still has it; else by a model that takes the
stored file; else the clip's last frame is animated. An extension has the first two of these.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.catalogue import Catalogue
from bot.domain import Clip, Job, Kind, Source
from bot.language import _
from bot.offers.rows import Offer

KEPT_FOR = timedelta(hours=23)
"""For how long we count on a provider's own copy. The studio keeps its clips for a day; no document says it
of the others. What is gone after all is refused there, and nothing is charged.
"""


class Way(StrEnum):
    """How a clip is gone on from."""

    AT_PROVIDER = "at_provider"
    FROM_FILE = "from_file"
    LAST_FRAME = "last_frame"


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """A clip that may be started from, and the job that made it; the clip's path is in the data folder."""

    job: Job
    clip: Clip

    @property
    def seconds(self) -> int:
        """Its length, to the nearest second."""
        return max(1, round(self.clip.duration_ms / 1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One way to go on from a clip, which the catalogue may still refuse."""

    way: Way
    kind: Kind
    model: str
    only_at: str | None = None
    provider_video_id: str | None = None


def starts(
    footage: Footage, kind: Kind, catalogue: Catalogue, *, model: str | None, at: datetime
) -> Iterator[Start]:
    """Every way for a remix or an extension, the best first.

    Args:
        footage: the clip.
        kind: `REMIX` or `EXTEND`.
        catalogue: what can be ordered.
        model: the one that its member wants; None tries the clip's own, then the others in their order.
        at: now.
    """
    made_with = footage.job.order.model
    its_id = id_at_provider(footage.job, catalogue, at=at)
    if its_id is not None and model in (None, made_with):
        provider = footage.job.quote.provider
        offers = [offer for offer in catalogue.open_offers(made_with) if offer.row.provider == provider]
        if any(kind in offer.row.kinds and names_clip(offer) for offer in offers):
            yield Start(
                way=Way.AT_PROVIDER, kind=kind, model=made_with, only_at=provider, provider_video_id=its_id
            )
    for each in _models(catalogue, kind, model, made_with):
        yield Start(way=Way.FROM_FILE, kind=kind, model=each)
    if kind is Kind.REMIX:
        for each in _models(catalogue, Kind.ANIMATE, model, made_with):
            yield Start(way=Way.LAST_FRAME, kind=Kind.ANIMATE, model=each)


def id_at_provider(job: Job, catalogue: Catalogue, *, at: datetime) -> str | None:
    """The provider's own id of a job's clip, where it was to keep it and can still be expected to."""
    offer = catalogue.offer(job.quote.offer_id)
    if offer is None or job.ticket is None or at - job.created_at > KEPT_FOR:
        return None
    if "remixable" in offer.row.fields and not job.order.remixable:
        return None  # it was told to delete it
    if offer.row.protocol == "openai":
        return job.rendered_id or job.ticket.provider_job_id
    return job.rendered_id


def names_clip(offer: Offer) -> bool:
    """Whether an endpoint can be told of a clip by the provider's own id."""
    by = offer.row.fields.get("video", "")
    return by.endswith("_id") or (offer.row.protocol == "openai" and by == "video")


def source_of(clip: Clip, start: Start) -> Source:
    """The clip as what an order starts from."""
    return Source(
        path=clip.path,
        media_type="video/mp4",
        width=clip.width,
        height=clip.height,
        provider_video_id=start.provider_video_id,
    )


def told(way: Way, kind: Kind, model: str, *, named: bool = False) -> str:
    """The way in a sentence, for the quote; `named` is whether the member wanted that model and no other."""
    goes_on = kind is Kind.EXTEND
    match way:
        case Way.AT_PROVIDER if goes_on:
            said = _("{model} goes on from its own copy of the clip.")
        case Way.AT_PROVIDER:
            said = _("{model} makes the change in its own copy of the clip.")
        case Way.FROM_FILE if goes_on:
            said = _("{model} goes on from the stored clip.")
        case Way.FROM_FILE:
            said = _("{model} edits the stored clip.")
        case Way.LAST_FRAME if named:
            said = _(
                "{model} does not change this clip itself: it animates its last frame instead, so the new "
                "clip begins where this one ends."
            )
        case Way.LAST_FRAME:
            said = _(
                "No model that can be had here changes this clip itself: {model} animates its last frame "
                "instead, so the new clip begins where this one ends."
            )
    return said.format(model=model)


def _models(catalogue: Catalogue, kind: Kind, wanted: str | None, made_with: str) -> list[str]:
    ids = [row.id for row in catalogue.models(kind)]
    if wanted is not None:  # where none does it at all, there is nothing to be said of this one
        return [wanted] if ids else []
    return sorted(ids, key=lambda each: each != made_with)
