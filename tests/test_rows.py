"""What an offer takes, within its limits, until it is gone; and what comes nearest to it then."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.catalogue import Catalogue, Priced
from bot.domain import ChannelId, FaultKind, InteractionId, Kind, OfferId, Source
from bot.errors import OrderRefused
from bot.offers.models_file import read
from bot.offers.normalising import sentence
from tests.props import ANN, Clock

FILE = """
[[models]]
id = "old"
name = "Old"
about = ""
kinds = ["generate", "animate"]
resolutions = ["720p", "1080p"]
aspect_ratios = ["16:9", "9:16"]
durations_s = [4, 8, 12, 20]
replaced_by = ["dear"]

[[offers]]
model = "old"
provider = "one"
protocol = "fal"
endpoint = "one/old"
usd_per_second = { 720p = "0.30" }
price_read_on = 2026-11-20
price_from = "its price page"
resolutions = { 720p = "720p", 1080p = "1080p" }
aspect_ratios = { "16:9" = "16:9", "9:16" = "9:16" }
prompt_chars_min = 3
prompt_bytes_max = 20
seed_field = "seed"
seed_min = 1

[[offers]]
model = "old"
provider = "two"
protocol = "fal"
endpoint = "two/old"
usd_per_second = { 720p = "0.40" }
price_read_on = 2026-11-20
price_from = "its price page"
durations_s = [4, 8]
resolutions = { 720p = "720p" }
aspect_ratios = { "16:9" = "16:9" }
prompt_chars_max = 30

[[offers]]
model = "old"
provider = "one"
protocol = "fal"
endpoint = "one/old/picture"
kinds = ["animate"]
usd_per_second = { 720p = "0.30" }
price_read_on = 2026-11-20
price_from = "its price page"
durations_s = [8]
resolutions = { 720p = "" }
aspect_ratios = { "16:9" = "" }

[offers.source]
media_types = ["image/jpeg", "image/png"]
bytes_max = 1_000
side_px_min = 300
side_px_max = 4_000

[[models]]
id = "near"
name = "Near"
about = ""
kinds = ["generate"]
resolutions = ["480p", "720p"]
aspect_ratios = ["1:1", "16:9"]
durations_s = [3, 10, 18]

[[offers]]
model = "near"
provider = "three"
protocol = "fal"
endpoint = "three/near"
usd_per_second = { 480p = "0.05", 720p = "0.29" }
price_read_on = 2026-11-20
price_from = "its price page"
resolutions = { 480p = "480p", 720p = "720p" }
aspect_ratios = { "1:1" = "1:1", "16:9" = "16:9" }

[[models]]
id = "dear"
name = "Dear"
about = ""
kinds = ["generate"]
resolutions = ["720p"]
aspect_ratios = ["16:9"]
durations_s = [5]

[[offers]]
model = "dear"
provider = "four"
protocol = "fal"
endpoint = "four/dear"
usd_per_second = { 720p = "2" }
price_read_on = 2026-11-20
price_from = "its price page"
resolutions = { 720p = "720p" }
aspect_ratios = { "16:9" = "16:9" }
"""
PICTURE = Source(path=Path("picture"), media_type="image/png", width=640, height=360)


def catalogue(tmp_path: Path, *providers: str, clock: Clock | None = None) -> Catalogue:
    path = tmp_path / "models.toml"
    path.write_text(FILE)
    rows = read(path)
    assert rows.faults == []
    return Catalogue(rows.models, rows.offers, providers=frozenset(providers), now=clock or Clock())


def ask(rows: Catalogue, prompt: str = "a boat", kind: Kind = Kind.GENERATE, **options: Any) -> Priced:
    return rows.order(
        kind=kind,
        member=ANN,
        channel_id=ChannelId(30),
        interaction_id=InteractionId(1),
        prompt=prompt,
        **{"model": "old", **options},
    )


def refusal(rows: Catalogue, prompt: str = "a boat", kind: Kind = Kind.GENERATE, **options: Any) -> str:
    with pytest.raises(OrderRefused) as refused:
        ask(rows, prompt, kind, **options)
    return f"{refused.value.what} {refused.value.do}"


@pytest.mark.parametrize(
    ("prompt", "offer"),
    [
        ("abc", "one/old"),
        ("x" * 20, "one/old"),
        ("x" * 21, "two/old"),
        ("ab", "two/old"),
        ("\U0001f6a4" * 5, "one/old"),  # four bytes each
        ("\U0001f6a4" * 6, "two/old"),
    ],
)
def test_a_prompt_goes_to_the_cheapest_offer_that_takes_it(tmp_path: Path, prompt: str, offer: str) -> None:
    assert ask(catalogue(tmp_path, "one", "two"), prompt)[1].offer_id == offer


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("ab", "has 2 characters; at least 3 are needed by Old."),
        ("x" * 21, "has 21 bytes; 20 are taken (letters beyond English count two to four) by Old."),
        ("\U0001f6a4" * 6, "has 24 bytes; 20 are taken"),
    ],
)
def test_a_prompt_that_no_offer_takes_is_refused_with_the_limit(
    tmp_path: Path, prompt: str, says: str
) -> None:
    assert says in refusal(catalogue(tmp_path, "one"), prompt)


def test_a_seed_goes_only_where_there_are_seeds(tmp_path: Path) -> None:
    both, two = catalogue(tmp_path, "one", "two"), catalogue(tmp_path, "two")

    assert ask(both, seed=1)[1].offer_id == "one/old"
    assert refusal(both, seed=0).startswith("That seed is out of range. Choose one from 1 to ")
    for left_out in (ask(both, "x" * 21, seed=1), ask(two, seed=1)):
        assert (left_out.order.seed, left_out.quote.offer_id) == (None, "two/old")
        assert [sentence(each, "Old") for each in left_out.adjustments] == [
            "The seed 1 is left out: Old takes none."
        ]


@pytest.mark.parametrize(
    ("change", "size", "says"),
    [
        ({"media_type": "image/gif"}, 1, "A file of type image/gif is not taken, only JPEG, PNG."),
        ({}, 1_001, "The file has 1,001 bytes; 1,000 are taken."),
        ({"height": 299}, 1, "The shorter side has 299 pixels; at least 300 are needed."),
        ({"width": 4_001}, 1, "The longer side has 4001 pixels; 4000 are taken."),
    ],
)
def test_a_picture_beyond_the_offers_limits_is_refused(
    tmp_path: Path, change: dict[str, Any], size: int, says: str
) -> None:
    rows = catalogue(tmp_path, "one")
    wrong = Source(**{"path": PICTURE.path, "media_type": "image/png", "width": 640, "height": 360, **change})

    order, *_ = ask(rows, kind=Kind.ANIMATE, source=PICTURE, source_bytes=1_000)
    with pytest.raises(OrderRefused) as refused:
        ask(rows, kind=Kind.ANIMATE, source=wrong, source_bytes=size)

    assert (order.source, order.duration_s) == (PICTURE, 8)  # the first length that this kind has
    assert (refused.value.what, refused.value.kind) == (says, FaultKind.PICTURE)


def test_a_remix_by_the_providers_own_id_takes_only_its_own_clips(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text(
        FILE.replace('kinds = ["generate", "animate"]', 'kinds = ["generate", "remix"]').replace(
            'kinds = ["animate"]', 'kinds = ["remix"]\nfields = { video = "video_id", duration = "" }'
        )
    )
    offer = {offer.id: offer for offer in read(path).offers}[OfferId("one/old/remix")]
    ours = Source(path=Path("clip"), media_type="image/png", width=640, height=360)
    theirs = Source(path=ours.path, media_type="image/png", width=640, height=360, provider_video_id="v1")

    assert "Only a clip that the same provider made" in (offer.source_fault(ours, 1) or "")
    assert offer.source_fault(theirs, 1) is None


def test_what_is_wrong_in_a_table_within_a_row_is_found_there(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text(FILE.replace("bytes_max = 1_000", "byte_max = 1_000"))
    line = FILE.splitlines().index("bytes_max = 1_000") + 1

    (fault,) = read(path).faults

    assert fault == (
        f"{path}:{line}: one/old/animate: source.byte_max: there is no such key; did you mean bytes_max?"
    )


def test_choices_are_what_is_for_sale_and_no_more(tmp_path: Path) -> None:
    def choices(kind: Kind, *providers: str) -> list[Any]:
        rows = catalogue(tmp_path, *providers).models(kind)
        return [(row.id, row.resolutions, row.aspect_ratios, row.durations_s) for row in rows]

    assert choices(Kind.GENERATE, "one") == [("old", ["720p"], ["16:9", "9:16"], [4, 8, 12, 20])]
    assert choices(Kind.GENERATE, "two") == [("old", ["720p"], ["16:9"], [4, 8])]
    assert choices(Kind.ANIMATE, "one", "two") == [("old", ["720p"], ["16:9"], [8])]
    assert choices(Kind.REMIX, "one", "two") == []


def test_what_a_provider_no_longer_has_is_not_sold_from_that_moment_on(tmp_path: Path) -> None:
    rows = catalogue(tmp_path, "one", "two", "three")
    before = ask(rows)[1].offer_id

    rows.gone(before)
    after = ask(rows)[1].offer_id
    rows.gone(after)

    assert (before, after) == ("one/old", "two/old")
    assert rows.models(Kind.GENERATE)[0].id == "near"
    assert rows.offer(before) is not None  # jobs in flight still find it
    assert [row.id for row in rows.models(Kind.ANIMATE)] == ["old"]  # another endpoint
    assert refusal(rows, duration_s=20) == (
        "Old cannot be ordered any more: it was retired on 2026-11-21. "
        "Nearest to it is Near (18 s at 720p 16:9: $5.22). Choose one of: Near."
    )


def test_a_day_that_a_provider_names_counts_but_never_delays_ours(tmp_path: Path) -> None:
    clock = Clock()
    rows = catalogue(tmp_path, "one", clock=clock)
    tomorrow = (clock() + timedelta(days=1)).date()

    rows.retires("one", "one/old", tomorrow)
    rows.retires("one", "one/old", tomorrow + timedelta(days=9))
    rows.retires("one", "another", date(2020, 1, 1))
    today = ask(rows)[1].offer_id
    clock.advance(timedelta(days=1))

    assert today == "one/old"
    assert [row.id for row in rows.models(Kind.GENERATE)] == []


@pytest.mark.parametrize(
    ("providers", "options", "near"),
    [
        (("three", "four"), {}, "Dear (5 s at 720p 16:9: $10.00)"),  # the row says what replaces it
        (("three",), {"duration_s": 12}, "Near (10 s at 720p 16:9: $2.90)"),
        (("three",), {"duration_s": 4, "resolution": "720p"}, "Near (3 s at 720p 16:9: $0.87)"),
        (("three",), {"aspect_ratio": "9:16", "duration_s": 20}, "Near (18 s at 720p 1:1: $5.22)"),
    ],
)
def test_the_nearest_is_by_what_replaces_it_then_length_shape_and_price(
    tmp_path: Path, providers: tuple[str, ...], options: dict[str, Any], near: str
) -> None:
    assert f"Nearest to it is {near}." in refusal(catalogue(tmp_path, *providers), **options)


def test_a_model_that_does_not_do_that_says_so(tmp_path: Path) -> None:
    rows = catalogue(tmp_path, "one", "three")

    assert refusal(rows, kind=Kind.ANIMATE, model="near") == (
        "Near cannot animate a picture. Nearest to it is Old (8 s at 720p 16:9: $2.40). Choose one of: Old."
    )
    assert refusal(rows, model="dear").startswith("Dear cannot be ordered here. ")
