"""Our own models.toml: every row is what its protocol can send, and every price has a source."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.catalogue import Catalogue, own_rows
from bot.domain import ChannelId, Fault, InteractionId, Kind, Micros, OfferId, Order, Source
from bot.money import format_usd
from bot.offers.rows import ModelRow, Offer
from bot.providers import lumenfall_words, prodia, replicate
from bot.providers.fal_words import in_fals_words
from bot.providers.openai_words import called
from bot.providers.wording import Worded, worded
from tests.props import ANN, Clock

ROWS = own_rows()
MODELS = {row.id: row for row in ROWS.models}
OFFERS = [pytest.param(offer, id=offer.id) for offer in ROWS.offers]
OF_CLIPS = [pytest.param(each, id=each.id) for each in ROWS.offers if each.row.kinds != [Kind.CHARACTER]]
"""A character is no clip: its order is a name and a file, in each protocol's own call."""

BEFORE = Clock(datetime(2026, 3, 13, tzinfo=UTC))
"""Sora 2 was for sale then."""

ALL = frozenset(offer.row.provider for offer in ROWS.offers)


def source(kind: Kind) -> Source | None:
    if kind is Kind.GENERATE:
        return None
    media_type = "image/png" if kind is Kind.ANIMATE else "video/mp4"
    return Source(path=Path("source"), media_type=media_type, width=1280, height=720)


def orders(offer: Offer, model: ModelRow) -> Iterator[Order]:
    """Every combination that an offer claims, whatever is known of its price."""
    row = offer.row
    shapes = [
        (resolution, aspect_ratio)
        for resolution in model.resolutions
        for aspect_ratio in model.aspect_ratios
        if f"{resolution} {aspect_ratio}" in row.sizes
        or (resolution in row.resolutions and aspect_ratio in row.aspect_ratios)
    ]
    for kind in row.kinds:
        for resolution, aspect_ratio in shapes:
            for seconds in row.durations_s or model.durations_s:
                yield Order(
                    kind=kind,
                    member=ANN,
                    channel_id=ChannelId(30),
                    interaction_id=InteractionId(1),
                    prompt="a paper boat",
                    model=model.id,
                    resolution=resolution,
                    aspect_ratio=aspect_ratio,
                    duration_s=seconds,
                    seed=row.seed_min if row.seed_field else None,
                    source=source(kind),
                )


def in_its_words(order: Order, offer: Offer) -> Worded | Fault:
    """The order as the offer's protocol words it."""
    match offer.row.protocol:
        case "fal":
            return in_fals_words(order, offer.wire)
        case "replicate":
            return worded(order, offer.wire, replicate.USUAL)
        case "prodia":
            return worded(order, offer.wire, prodia.USUAL)
        case "lumenfall":
            return worded(order, offer.wire, lumenfall_words.USUAL)
        case "openai":
            kept = order.source and replace(order.source, provider_video_id="video_1")
            call = called(replace(order, source=kept), offer.wire)
            if isinstance(call, Fault):
                return call
            by_id = "id" if call.names_clip else ""
            return Worded(fields=call.fields, source_field=call.file_field or by_id)


def test_nothing_is_wrong_in_it() -> None:
    assert ROWS.faults == []
    assert len(ROWS.models) >= 30
    assert {"fal", "openai", "replicate", "lumenfall", "prodia", "studio"} == ALL


@pytest.mark.parametrize("offer", OF_CLIPS)
def test_whatever_an_offer_claims_its_protocol_can_send(offer: Offer) -> None:
    model = MODELS[offer.row.model]
    asked = list(orders(offer, model))
    sent = [in_its_words(order, offer) for order in asked]

    assert asked
    assert [each for each in sent if isinstance(each, Fault)] == []
    for order, words in zip(asked, sent, strict=True):
        assert isinstance(words, Worded)
        assert order.prompt in words.fields.values()
        assert words.fields.items() >= offer.wire.constants.items()
        lengths = {order.duration_s, str(order.duration_s), f"{order.duration_s}s"}
        silent = offer.row.fields.get("duration") == ""
        assert silent or any(type(v) in (int, str) and v in lengths for v in words.fields.values())
        assert bool(words.source_field) == (order.source is not None)


def test_sora_at_fal_is_always_told_whether_to_delete_its_copy_also_through_lumenfall() -> None:
    ways = [offer for offer in ROWS.offers if offer.row.fields.get("blocks_ip")]

    assert {offer.row.provider for offer in ways} == {"fal", "lumenfall"}
    assert len(ways) == 6
    for offer in ways:
        for order in orders(offer, MODELS[offer.row.model]):
            words = in_its_words(order, offer)
            assert isinstance(words, Worded)
            assert words.fields["delete_video"] is True


@pytest.mark.parametrize("offer", OFFERS)
def test_what_is_for_sale_has_a_price_in_micros_its_day_and_its_source(offer: Offer) -> None:
    row = offer.row
    assert all(type(price) is int and price >= 0 for price in offer.per_second_micros.values())
    assert not offer.per_second_micros or (row.price_from and row.price_read_on)
    assert row.price_read_on is None or date(2026, 1, 1) <= row.price_read_on <= date(2026, 11, 21)
    assert (
        all(0 < price < 2_000_000 for price in offer.per_second_micros.values()) or row.provider == "studio"
    )


@pytest.mark.parametrize("offer", OFFERS)
def test_what_is_dearer_stands_later_in_a_models_lists(offer: Offer) -> None:
    model = MODELS[offer.row.model]
    prices = [offer.per_second_micros[r] for r in model.resolutions if r in offer.per_second_micros]

    assert prices == sorted(prices)
    assert model.durations_s == sorted(set(model.durations_s))


def priced(catalogue: Catalogue, model: str, **options: object) -> tuple[str, str]:
    _, quote, _ = catalogue.order(
        kind=Kind.GENERATE,
        member=ANN,
        channel_id=ChannelId(30),
        interaction_id=InteractionId(1),
        prompt="a paper boat",
        model=model,
        **options,  # type: ignore[arg-type]  # a table of options
    )
    return format_usd(quote.price_micros), quote.offer_id


def at(*providers: str, clock: Clock = BEFORE) -> Catalogue:
    return Catalogue(ROWS.models, ROWS.offers, providers=frozenset(providers), now=clock)


@pytest.mark.parametrize(
    ("seconds", "at_720p", "at_1080p"),
    [
        (4, "$1.20", "$2.00"),
        (8, "$2.40", "$4.00"),
        (12, "$3.60", "$6.00"),
        (16, "$4.80", "$8.00"),
        (20, "$6.00", "$10.00"),
    ],
)
@pytest.mark.parametrize("provider", ["fal", "openai", "lumenfall"])
def test_sora_2_pro_cost_what_its_guide_says(
    provider: str, seconds: int, at_720p: str, at_1080p: str
) -> None:
    catalogue = at(provider)

    assert priced(catalogue, "sora-2-pro", duration_s=seconds, resolution="720p")[0] == at_720p
    assert priced(catalogue, "sora-2-pro", duration_s=seconds, resolution="1080p")[0] == at_1080p
    if provider == "fal":
        assert priced(catalogue, "sora-2-pro", duration_s=seconds, resolution="true_1080p")[0] == at_1080p


@pytest.mark.parametrize("provider", ["fal", "openai", "replicate"])
def test_sora_2_cost_ten_cents_a_second(provider: str) -> None:
    assert priced(at(provider), "sora-2", duration_s=12) == ("$1.20", f"{provider}/sora-2")


def test_what_has_no_known_price_is_not_sold() -> None:
    offers = {offer.id: offer for offer in ROWS.offers}

    assert at("prodia").models(Kind.GENERATE) == []
    assert "true_1080p" not in offers[OfferId("openai/sora-2-pro")].per_second_micros


def test_sora_2_is_sold_until_the_day_that_is_known_of_each_provider() -> None:
    ends = {
        offer.id: offer.row.retires_on
        for offer in ROWS.offers
        if offer.row.model in ("sora-2", "sora-2-pro") and "@" not in offer.id
    }

    assert {day for name, day in ends.items() if name.startswith("fal/")} == {date(2026, 8, 2)}
    assert {day for name, day in ends.items() if not name.startswith("fal/")} == {date(2026, 9, 24)}
    assert at(*ALL, clock=Clock()).open_offers("sora-2") == []


@pytest.mark.parametrize("kind", [Kind.GENERATE, Kind.ANIMATE, Kind.REMIX])
def test_there_is_something_for_sale_today_for_each_kind(kind: Kind) -> None:
    assert len(at("fal", clock=Clock()).models(kind)) >= 2


def test_where_lumenfall_picks_the_provider_the_dearest_is_the_price() -> None:
    offers = {offer.id: offer.per_second_micros for offer in ROWS.offers}
    for model in ("sora-2-pro", "kling-v3"):
        forced = [prices for name, prices in offers.items() if name.startswith(f"lumenfall/{model}@")]
        free = offers[OfferId(f"lumenfall/{model}")]

        assert all(free[r] >= prices.get(r, Micros(0)) for r in free for prices in forced)


def test_the_studio_is_the_first_that_is_offered() -> None:
    assert at("studio", clock=Clock()).models(Kind.GENERATE)[0].id == "studio"
