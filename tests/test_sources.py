"""How a clip is gone on from: the best way first, and none that cannot be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import catalogue
from bot.catalogue import Catalogue
from bot.domain import Clip, Job, JobState, Kind, OfferId, Ticket
from bot.ordering.sources import KEPT_FOR, Footage, Start, Way, id_at_provider, starts, told
from tests.props import Clock, job_of

IN_MAY = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    """In the days of Sora."""
    return Clock(IN_MAY)


@pytest.fixture
def models(clock: Clock) -> Catalogue:
    """What an installation sells that has a key for fal."""
    return catalogue.load(None, providers=frozenset({"studio", "fal"}), now=clock)


def made(
    *, model: str = "studio", offer: str = "studio/studio", at: datetime = IN_MAY, **changes: object
) -> Footage:
    """A clip of 4 s that was made with a model."""
    job = job_of(at=at)
    job = replace(
        job,
        order=replace(job.order, model=model, remixable=changes.pop("remixable", False) is True),
        quote=replace(job.quote, offer_id=OfferId(offer)),
        state=JobState.POSTED,
        ticket=Ticket(provider_job_id="request_1"),
        **changes,  # type: ignore[arg-type]  # whatever a job has
    )
    return Footage(job=job, clip=clip_of(job))


def clip_of(job: Job) -> Clip:
    return Clip(
        job_id=job.id,
        path=Path("clips", f"{job.id}.mp4"),
        sha256="0" * 64,
        size_bytes=1_000,
        width=1280,
        height=720,
        duration_ms=4_021,
        has_sound=True,
        stored_at=job.created_at,
    )


def ways(
    footage: Footage, models: Catalogue, clock: Clock, *, kind: Kind = Kind.REMIX, model: str | None = None
) -> list[Start]:
    return list(starts(footage, kind, models, model=model, at=clock()))


def test_the_provider_that_has_the_clip_comes_first_then_the_file_then_the_last_frame(
    models: Catalogue, clock: Clock
) -> None:
    found = ways(made(), models, clock)

    assert found[0] == Start(
        way=Way.AT_PROVIDER,
        kind=Kind.REMIX,
        model="studio",
        only_at="studio",
        provider_video_id="request_1",
    )
    assert found[1] == Start(way=Way.FROM_FILE, kind=Kind.REMIX, model="studio")
    order = [start.way for start in found]
    assert order == sorted(order, key=list(Way).index)
    assert {start.kind for start in found if start.way is Way.LAST_FRAME} == {Kind.ANIMATE}


def test_a_copy_that_the_provider_has_let_go_of_is_not_counted_on(models: Catalogue, clock: Clock) -> None:
    footage = made()
    clock.advance(KEPT_FOR)
    assert ways(footage, models, clock)[0].way is Way.AT_PROVIDER

    clock.advance(timedelta(seconds=1))

    assert Way.AT_PROVIDER not in {start.way for start in ways(footage, models, clock)}


def test_what_the_provider_was_told_to_delete_is_not_asked_for(models: Catalogue, clock: Clock) -> None:
    kept = made(model="sora-2", offer="fal/sora-2", rendered_id="video_7", remixable=True)
    deleted = made(model="sora-2", offer="fal/sora-2", rendered_id="video_7")

    assert ways(kept, models, clock)[0] == Start(
        way=Way.AT_PROVIDER, kind=Kind.REMIX, model="sora-2", only_at="fal", provider_video_id="video_7"
    )
    assert Way.AT_PROVIDER not in {start.way for start in ways(deleted, models, clock)}


def test_the_request_of_fals_is_never_taken_for_its_video(models: Catalogue, clock: Clock) -> None:
    unknown = made(model="sora-2", offer="fal/sora-2", remixable=True)

    assert id_at_provider(unknown.job, models, at=clock()) is None


def test_a_clip_of_a_model_that_is_not_sold_any_more_is_gone_on_from_by_its_file(
    models: Catalogue, clock: Clock
) -> None:
    clock.at = datetime(2026, 11, 21, tzinfo=UTC)
    footage = made(model="sora-2", offer="fal/sora-2", rendered_id="video_7", remixable=True, at=clock())

    found = ways(footage, models, clock)

    assert Way.AT_PROVIDER not in {start.way for start in found}
    assert found[0].way is Way.FROM_FILE


def test_a_model_that_was_named_is_the_only_one(models: Catalogue, clock: Clock) -> None:
    found = ways(made(), models, clock, model="kling-v3")

    assert [(start.way, start.model) for start in found] == [
        (Way.FROM_FILE, "kling-v3"),
        (Way.LAST_FRAME, "kling-v3"),
    ]


def test_the_clips_own_model_is_tried_before_others(models: Catalogue, clock: Clock) -> None:
    footage = made(model="kling-v3", offer="fal/kling-v3")

    found = [start for start in ways(footage, models, clock) if start.way is Way.LAST_FRAME]

    assert found[0].model == "kling-v3"
    assert len(found) > 1


def test_nothing_is_extended_by_its_last_frame(models: Catalogue, clock: Clock) -> None:
    found = ways(made(), models, clock, kind=Kind.EXTEND)

    assert found[0].way is Way.AT_PROVIDER
    assert {start.kind for start in found} == {Kind.EXTEND}


@pytest.mark.parametrize("kind", [Kind.REMIX, Kind.EXTEND])
@pytest.mark.parametrize("way", list(Way))
def test_every_way_is_told_with_the_models_name(kind: Kind, way: Way) -> None:
    assert "Studio" in told(way, kind, "Studio")


def test_where_no_model_changes_clips_a_named_one_animates_the_last_frame(clock: Clock) -> None:
    clock.at = datetime(2026, 11, 21, tzinfo=UTC)
    models = catalogue.load(None, providers=frozenset({"lumenfall"}), now=clock)

    found = ways(made(), models, clock, model="kling-v3")

    assert [(start.way, start.model) for start in found] == [(Way.LAST_FRAME, "kling-v3")]
    assert ways(made(), models, clock, kind=Kind.EXTEND, model="kling-v3") == []


def test_that_no_other_model_changes_a_clip_is_not_said_where_one_was_named() -> None:
    assert "No model that can be had here" in told(Way.LAST_FRAME, Kind.REMIX, "Kling v3")
    named = told(Way.LAST_FRAME, Kind.REMIX, "Kling v3", named=True)
    assert named.startswith("Kling v3 does not change this clip itself: it animates its last frame")


def test_a_clips_length_is_whole_seconds() -> None:
    assert made().seconds == 4
