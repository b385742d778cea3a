"""What is typed becomes the nearest that can be had: said in the quote, sent as quoted, charged as quoted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogue import Catalogue, Priced, own_rows
from bot.domain import ChannelId, InteractionId, JobId, Kind, Micros, Source, Ticket
from bot.errors import OrderRefused
from bot.jobs import moves
from bot.offers import measures
from bot.offers.normalising import Reason, sentence
from bot.offers.rows import ModelRow, Offer, RouteRow
from bot.providers.wording import Worded
from storage import jobs, states
from tests import bookkeeping
from tests.new_books import new_book
from tests.props import ANN, NOON, Clock, job_of
from tests.test_models_file import in_its_words

ROWS = own_rows()
MODELS = {row.id: row for row in ROWS.models}
OFFERS = [pytest.param(offer, id=offer.id) for offer in ROWS.offers]
MAKING_CLIPS = [
    pytest.param(offer, id=offer.id) for offer in ROWS.offers if offer.row.kinds != [Kind.CHARACTER]
]
"""What makes a character is sent its name and its clip alone."""
LONG_AGO = Clock(datetime(2026, 3, 13, tzinfo=UTC))
"""When nothing had retired."""
EVERYONE = frozenset(offer.row.provider for offer in ROWS.offers)
PRICE = Micros(70_001)


def order(catalogue: Catalogue, *, kind: Kind = Kind.GENERATE, **options: Any) -> Priced:
    return catalogue.order(
        kind=kind,
        member=ANN,
        channel_id=ChannelId(30),
        interaction_id=InteractionId(1),
        prompt="a paper boat",
        **options,
    )


def of(offers: list[Offer], model: ModelRow | None = None) -> Catalogue:
    models = [model] if model else list(MODELS.values())
    return Catalogue(models, offers, providers=EVERYONE, now=LONG_AGO)


def everything() -> Catalogue:
    return of(list(ROWS.offers))


def said(priced: Priced) -> list[str]:
    return [sentence(each, "M") for each in priced.adjustments]


def way(priced: Priced) -> tuple[str, str, int]:
    return priced.order.resolution, priced.order.aspect_ratio, priced.order.duration_s


def picture(width: int, height: int) -> Source:
    return Source(path=Path("picture"), media_type="image/png", width=width, height=height)


# Words


@pytest.mark.parametrize(
    ("word", "side"),
    [
        ("720p", 720),
        ("720", 720),
        (" 4 K", 2_160),
        ("2k", 1_440),
        ("1K", 768),
        ("3k", 1_620),
        ("true_1080p", 1_080),
        ("Full HD", 1_080),
        ("1365x768", 768),
        ("banana", None),
        ("0x0", None),
        ("0p", None),
        ("-720p", None),
        ("99999p", None),
        ("", None),
        ("p", None),
    ],
)
def test_a_tier_is_its_shorter_side(word: str, side: int | None) -> None:
    assert measures.shorter_side(word) == side


@pytest.mark.parametrize(
    ("word", "ratio"),
    [
        ("16:9", 16 / 9),
        ("16 / 9", 16 / 9),
        ("2.39:1", 2.39),
        ("Portrait", 9 / 16),
        ("square", 1.0),
        ("1080x1920", 9 / 16),
        ("0:0", None),
        ("16:0", None),
        ("1:99", None),
        ("-16:9", None),
        ("16", None),
        ("16000x70", None),
    ],
)
def test_a_shape_is_its_ratio(word: str, ratio: float | None) -> None:
    assert measures.shape(word) == ratio


# The nearest


def row(**changes: Any) -> tuple[ModelRow, list[Offer]]:
    model = MODELS["sora-2-pro"].model_copy(update=changes)
    (offer,) = (each for each in ROWS.offers if each.id == "openai/sora-2-pro")
    return model, [offer]


@pytest.mark.parametrize(
    ("typed", "ordered", "says"),
    [
        ({}, ("720p", "16:9", 4), []),
        ({"resolution": "720P", "aspect_ratio": "9:16", "duration_s": 8}, ("720p", "9:16", 8), []),
        ({"resolution": "1080", "aspect_ratio": "portrait"}, ("1080p", "9:16", 4), []),
        ({"size": "1280x720"}, ("720p", "16:9", 4), []),
        ({"size": "720x1280"}, ("720p", "9:16", 4), []),
        ({"resolution": "480p"}, ("720p", "16:9", 4), ["720p instead of 480p: M has only 720p, 1080p."]),
        ({"resolution": "4k"}, ("1080p", "16:9", 4), ["1080p instead of 4k: M has only 720p, 1080p."]),
        (
            {"resolution": "true_1080p"},
            ("1080p", "16:9", 4),
            ["1080p instead of true_1080p: M has only 720p, 1080p."],
        ),
        ({"aspect_ratio": "21:9"}, ("720p", "16:9", 4), ["16:9 instead of 21:9: M has only 16:9, 9:16."]),
        ({"aspect_ratio": "3:4"}, ("720p", "9:16", 4), ["9:16 instead of 3:4: M has only 16:9, 9:16."]),
        ({"duration_s": 6}, ("720p", "16:9", 4), ["4 s instead of 6 s: M has only 4, 8, 12, 16, 20."]),
        ({"duration_s": 7}, ("720p", "16:9", 8), ["8 s instead of 7 s: M has only 4, 8, 12, 16, 20."]),
        ({"duration_s": 60}, ("720p", "16:9", 20), ["20 s instead of 60 s: M has only 4, 8, 12, 16, 20."]),
        ({"resolution": "auto"}, ("720p", "16:9", 4), ["720p for auto."]),
        (
            {"size": "1080x1920", "aspect_ratio": "16:9"},
            ("1080p", "9:16", 4),
            ["16:9 is not used: the size 1080x1920 decides."],
        ),
        (
            {"size": "1365x768"},
            ("720p", "16:9", 4),
            ["720p instead of 1365x768: M has only 720p, 1080p."],
        ),
        ({"seed": 7}, ("720p", "16:9", 4), ["The seed 7 is left out: M takes none."]),
    ],
)
def test_the_nearest_is_ordered_and_the_difference_said(
    typed: dict[str, Any], ordered: tuple[str, str, int], says: list[str]
) -> None:
    model, offers = row()

    priced = order(of(offers, model), model="sora-2-pro", **typed)

    assert way(priced) == ordered
    assert said(priced) == says


def test_what_is_only_there_apart_is_said_to_be_so() -> None:
    model, (offer,) = row()
    apart = replace(offer, row=offer.row.model_copy(update={"sizes": {"720p 9:16": "a", "1080p 16:9": "b"}}))

    priced = order(of([apart], model), model="sora-2-pro", resolution="1080p", aspect_ratio="9:16")

    assert way(priced) == ("720p", "9:16", 4)  # the shape is what a picture cannot do without
    assert said(priced) == ["720p instead of 1080p: M does not make that together with the rest."]


@pytest.mark.parametrize(
    ("size", "typed", "ordered", "reasons"),
    [
        ((1920, 1080), {}, ("720p", "16:9"), []),
        ((900, 1600), {}, ("720p", "9:16"), []),
        (
            (800, 1422),
            {"resolution": "auto", "aspect_ratio": "auto"},
            ("720p", "9:16"),
            [Reason.RESOLVED] * 2,
        ),
        ((1600, 1200), {"resolution": "auto"}, ("1080p", "16:9"), [Reason.RESOLVED, Reason.FITTED]),
        ((900, 1600), {"aspect_ratio": "16:9"}, ("720p", "16:9"), []),
    ],
)
def test_a_picture_says_what_was_left_open_or_auto(
    size: tuple[int, int], typed: dict[str, str], ordered: tuple[str, str], reasons: list[Reason]
) -> None:
    model, offers = row()

    priced = order(of(offers, model), model="sora-2-pro", kind=Kind.ANIMATE, source=picture(*size), **typed)

    assert way(priced)[:2] == ordered
    assert [each.reason for each in priced.adjustments] == reasons


def test_where_the_clip_has_its_pictures_shape_no_other_is_sold() -> None:
    catalogue = everything()
    options: dict[str, Any] = {"model": "kling-v3", "kind": Kind.ANIMATE, "only_at": "fal"}

    own = order(catalogue, source=picture(720, 1280), **options)
    other = order(catalogue, source=picture(720, 1280), aspect_ratio="16:9", **options)

    assert (way(own)[1], own.adjustments) == ("9:16", ())
    assert way(other)[1] == "9:16"
    assert said(other) == ["9:16 instead of 16:9: M keeps the shape of what it starts from."]


def test_a_clip_is_remixed_whole_or_not_at_all() -> None:
    clip = Source(path=Path("clip"), media_type="video/mp4", width=1920, height=1080)
    catalogue = everything()
    whole = order(catalogue, model="kling-o3-edit", kind=Kind.REMIX, source=clip, duration_s=7)

    assert way(whole) == ("1080p", "16:9", 7)
    with pytest.raises(OrderRefused, match="Kling O3 Edit cannot remix a clip of 20 s"):
        order(catalogue, model="kling-o3-edit", kind=Kind.REMIX, source=clip, duration_s=20)


def test_an_operators_order_comes_before_the_price_and_a_pin_leaves_the_others_out() -> None:
    offers = [each for each in ROWS.offers if each.row.model == "kling-v3"]

    def chosen(**changes: Any) -> str:
        rows = Catalogue(list(MODELS.values()), offers, providers=EVERYONE, now=LONG_AGO, **changes)
        return order(rows, model="kling-v3").quote.offer_id

    def route(*providers: str, only: bool = False) -> RouteRow:
        return RouteRow(model="kling-v3", providers=list(providers), only=only)

    assert chosen() == "fal/kling-v3"
    assert chosen(provider_order=("replicate",)) == "replicate/kling-v3"
    assert chosen(provider_order=("prodia", "fal")) == "fal/kling-v3"
    assert chosen(provider_order=("fal",), routes=[route("replicate")]) == "replicate/kling-v3"
    assert chosen(routes=[route("lumenfall", only=True)]) == "lumenfall/kling-v3@fal"
    pinned = Catalogue(
        list(MODELS.values()),
        offers,
        providers=EVERYONE,
        now=LONG_AGO,
        routes=[route("replicate", only=True)],
    )
    assert {offer.row.provider for offer in pinned.open_offers("kling-v3")} == {"replicate"}
    assert pinned.closed_because(offers[0]) == "pinned to replicate"


# What is quoted is what is sent and what is charged


def sold(offer: Offer) -> Offer:
    """The offer with a price where none is known of it."""
    words = {**offer.row.resolutions, **dict.fromkeys(size.rpartition(" ")[0] for size in offer.row.sizes)}
    prices = {word: offer.per_second_micros.get(word) or PRICE for word in words}
    return replace(offer, per_second_micros=prices)


def source_of(kind: Kind, aspect_ratio: str, resolution: str) -> Source | None:
    """A source of exactly that shape and size."""
    if kind is Kind.GENERATE:
        return None
    shape, side = measures.shape(aspect_ratio) or 1.0, measures.shorter_side(resolution) or 720
    width, height = (round(side * shape), side) if shape >= 1 else (side, round(side / shape))
    media_type = "image/png" if kind is Kind.ANIMATE else "video/mp4"
    return Source(
        path=Path("source"), media_type=media_type, width=width, height=height, provider_video_id="video_1"
    )


def combinations(offer: Offer, model: ModelRow) -> Iterator[tuple[Kind, str, str, int]]:
    for kind in offer.row.kinds:
        for resolution in offer.per_second_micros:
            for aspect_ratio in model.aspect_ratios:
                for seconds in offer.row.durations_s or model.durations_s:
                    if offer.takes(kind, resolution, aspect_ratio, seconds):
                        yield kind, resolution, aspect_ratio, seconds


def carried(words: Worded, offer: Offer) -> dict[str, object]:
    """What the request says of shape, tier and length, read back into our words."""
    named = {"duration": {"openai": "seconds", "lumenfall": "seconds", "replicate": "seconds"}}
    found: dict[str, object] = {}
    fields = dict(words.fields)

    def value(word: str) -> object:
        usual = named.get(word, {}).get(offer.row.protocol, word)
        return fields.get(offer.row.fields.get(word, usual))

    if (length := value("duration")) is not None:
        found["duration_s"] = int(str(length).removesuffix("s"))
    if (tier := value("resolution")) is not None:
        found["resolution"] = [ours for ours, theirs in offer.row.resolutions.items() if theirs == tier]
    if (shape := value("aspect_ratio")) is not None:
        found["aspect_ratio"] = [ours for ours, theirs in offer.row.aspect_ratios.items() if theirs == shape]
    if (size := value("size")) is not None:
        found["size"] = [ours for ours, theirs in offer.row.sizes.items() if theirs == size]
    return found


@pytest.mark.parametrize("offer", MAKING_CLIPS)
def test_what_is_quoted_is_what_is_sent(offer: Offer) -> None:
    model = MODELS[offer.row.model]
    offer = sold(offer)
    catalogue = of([offer], model)
    checked = 0
    for kind, resolution, aspect_ratio, seconds in combinations(offer, model):
        source = source_of(kind, aspect_ratio, resolution)
        if source is not None and offer.source_fault(source, 1) is not None:
            continue
        if kind is Kind.REMIX and resolution == "true_1080p":
            continue  # a clip of that height counts as 1080p
        priced = order(
            catalogue,
            kind=kind,
            model=model.id,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            duration_s=seconds,
            source=source,
            source_bytes=1,
        )
        words = in_its_words(priced.order, offer)

        assert priced.adjustments == ()
        assert way(priced) == (resolution, aspect_ratio, seconds)
        assert priced.quote.price_micros == offer.per_second_micros[resolution] * seconds
        assert isinstance(words, Worded)
        sent = carried(words, offer)
        assert sent.pop("duration_s", seconds) == seconds
        assert sent.pop("resolution", [resolution]) == [resolution]
        assert sent.pop("aspect_ratio", [aspect_ratio]) == [aspect_ratio]
        assert sent.pop("size", [f"{resolution} {aspect_ratio}"]) == [f"{resolution} {aspect_ratio}"]
        assert sent == {}
        checked += 1
    assert checked


@pytest.mark.parametrize("offer", OFFERS)
def test_what_is_quoted_is_what_is_charged(offer: Offer) -> None:
    model = MODELS[offer.row.model]
    offer = sold(offer)
    book = new_book()
    *_, (kind, resolution, aspect_ratio, seconds) = combinations(offer, model)
    priced = order(
        of([offer], model),
        kind=kind,
        model=model.id,
        resolution=resolution,
        aspect_ratio=aspect_ratio,
        duration_s=seconds,
    )
    job = replace(job_of(), order=priced.order, quote=priced.quote)
    bookkeeping.place(book, job)

    attempt = states.submitting(book, job, provider=offer.row.provider, at=NOON)
    states.running(book, attempt, Ticket(provider_job_id="theirs"), at=NOON)
    over = moves.rendered(job.id, None, NOON, book)

    charged = jobs.get(book, JobId(job.id))
    assert charged is not None
    assert (over, charged.charged_micros) == (0, priced.quote.price_micros)
    book.close()


def placed(catalogue: Catalogue, **options: Any) -> Priced | str:
    """What an order has become, or the sentence that refuses it."""
    try:
        return order(catalogue, **options)
    except OrderRefused as refused:
        return refused.sentence


NUMBERS = st.integers(-2, 25) | st.sampled_from([4.5, 10.0, float("nan"), float("inf"), 10**9])
TIERS = st.sampled_from(["720p", "1080", "4k", "2K", "auto", "true_1080p", "1280x720", "banana", "0x0", "hd"])
SHAPES = st.sampled_from(
    ["16:9", "9:16", "1:1", "7:1", "2.39:1", "auto", "portrait", "0:0", "-3", "720x1280"]
)


@given(
    model=st.sampled_from(sorted(MODELS)),
    resolution=st.none() | TIERS | st.text(max_size=6),
    aspect_ratio=st.none() | SHAPES | st.text(max_size=6),
    size=st.none() | st.sampled_from(["1280x720", "720x720", "0x0", "9x9", "banana"]),
    duration_s=st.none() | NUMBERS,
    seed=st.none() | st.integers(-1, 10),
)
def test_whatever_is_typed_is_refused_or_becomes_what_can_be_had_and_every_difference_is_said(
    model: str, **typed: Any
) -> None:
    catalogue = everything()
    priced = placed(catalogue, model=model, **typed)
    if isinstance(priced, str):
        assert "Nothing was charged." in priced
        return

    resolution, aspect_ratio, seconds = way(priced)
    offer = catalogue.offer(priced.quote.offer_id)
    assert offer is not None
    assert offer.takes(Kind.GENERATE, resolution, aspect_ratio, seconds)
    assert type(seconds) is int
    assert priced.quote.price_micros == offer.per_second_micros[resolution] * seconds
    differs = {each.option for each in priced.adjustments}
    if typed["duration_s"] not in (None, seconds):
        assert "duration_s" in differs
    if typed["seed"] != priced.order.seed:
        assert "seed" in differs
    if typed["size"] is None and typed["resolution"] is not None:
        theirs, ours = measures.shorter_side(typed["resolution"]), measures.shorter_side(resolution)
        assert theirs == ours or "resolution" in differs or typed["resolution"] == resolution
    if typed["size"] is None and typed["aspect_ratio"] is not None:
        wanted, made = measures.shape(typed["aspect_ratio"]), measures.shape(aspect_ratio)
        assert "aspect_ratio" in differs or (
            wanted is not None and made is not None and measures.apart(wanted, made) <= measures.SAME_SHAPE
        )
    exact: dict[str, Any] = {"resolution": resolution, "aspect_ratio": aspect_ratio, "duration_s": seconds}
    again = order(catalogue, model=model, seed=priced.order.seed, **exact)
    assert again.adjustments == ()
    assert again.quote == priced.quote


@given(width=st.integers(64, 8_000), height=st.integers(64, 8_000), model=st.sampled_from(sorted(MODELS)))
def test_whatever_the_picture_its_order_has_the_nearest_shape_and_never_auto(
    width: int, height: int, model: str
) -> None:
    catalogue = everything()
    priced = placed(catalogue, model=model, kind=Kind.ANIMATE, source=picture(width, height))
    if isinstance(priced, str):
        assert "Nothing was charged." in priced
        return

    offer = catalogue.offer(priced.quote.offer_id)
    assert offer is not None
    shapes = {size.rpartition(" ")[2] for size in offer.row.sizes} | set(offer.row.aspect_ratios)
    distances = {each: measures.apart(measures.shape(each) or 1.0, width / height) for each in shapes}
    assert distances[priced.order.aspect_ratio] == min(distances.values())
