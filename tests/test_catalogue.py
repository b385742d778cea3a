"""What can be ordered: every raw option is something that the model can do, or a sentence."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogue import Catalogue, Priced, load, price_line
from bot.domain import ChannelId, InteractionId, Kind, Micros, OfferId, Quote
from bot.errors import OrderRefused, SettingsError
from bot.offers.models_file import SPOKEN, read
from bot.offers.options import SEED_MAX
from bot.setting_kinds import ProviderName
from tests.props import ANN, NOON, Clock

OVERLAY = """
[[models]]
id = "reel-2"
name = "Reel 2"
about = "Made up for tests."
kinds = ["generate"]
prompt_chars_max = 100
resolutions = ["720p", "1080p", "4 K"]
aspect_ratios = ["16:9", "9:16"]
durations_s = [5, 10]

[[offers]]
model = "reel-2"
provider = "dear"
protocol = "openai"
endpoint = "reel-2"
usd_per_second = { 720p = "0.30", 1080p = "0.5" }
price_read_on = 2026-11-20
price_from = "its price page"
sizes = { "720p 16:9" = "1280x720", "720p 9:16" = "720x1280", "1080p 16:9" = "hd", "4 K 16:9" = "2160p" }

[[offers]]
model = "reel-2"
provider = "cheap"
protocol = "openai"
endpoint = "reel-two"
usd_per_second = { 720p = "0.000125" }
price_read_on = 2026-11-20
price_from = "its price page"
sizes = { "720p 16:9" = "hd" }
seconds_as = "integer"
seed_field = "seed"
can_cancel = true
retires_on = 2026-12-24
"""
EVERYONE = frozenset({"studio", "dear", "cheap"})


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    path = tmp_path / "models.toml"
    path.write_text(OVERLAY)
    return path


@pytest.fixture
def catalogue(overlay: Path, clock: Clock) -> Catalogue:
    return load(overlay, providers=EVERYONE, now=clock)


def own(clock: Clock | None = None) -> Catalogue:
    return load(None, providers=frozenset({"studio"}), now=clock or Clock())


def ask(catalogue: Catalogue, prompt: str = "a paper boat", **options: Any) -> Priced:
    return catalogue.order(
        kind=Kind.GENERATE,
        member=ANN,
        channel_id=ChannelId(30),
        interaction_id=InteractionId(1),
        prompt=prompt,
        **options,
    )


def test_what_is_left_out_takes_the_first_and_cheapest() -> None:
    order, quote, _ = ask(own())

    assert (order.model, order.resolution, order.aspect_ratio, order.duration_s) == (
        "studio",
        "720p",
        "16:9",
        4,
    )
    assert quote == Quote(
        offer_id=OfferId("studio/studio"), price_micros=Micros(0), per_second_micros=Micros(0)
    )


def test_the_cheapest_offer_that_can_takes_the_order(catalogue: Catalogue) -> None:
    _, cheap, _ = ask(catalogue, model="reel-2", duration_s=10)
    _, portrait, _ = ask(catalogue, model="reel-2", aspect_ratio="9:16")
    _, sharp, _ = ask(catalogue, model="Reel 2", resolution="1080p", duration_s=10)

    assert (cheap.offer_id, cheap.price_micros, cheap.per_second_micros) == ("cheap/reel-2", 1_250, 125)
    assert (portrait.offer_id, portrait.price_micros) == ("dear/reel-2", 1_500_000)
    assert (sharp.offer_id, sharp.price_micros) == ("dear/reel-2", 5_000_000)


def test_what_was_settled_for_one_order_is_not_given_to_another(catalogue: Catalogue, clock: Clock) -> None:
    asked: list[dict[str, Any]] = [
        {},
        {"resolution": "1080p"},
        {"resolution": "1080p", "only_at": "cheap"},
        {"duration_s": 10},
        {"aspect_ratio": "9:16"},
    ]

    first = [ask(catalogue, model="reel-2", **options) for options in asked]
    again = [ask(catalogue, model="reel-2", **options) for options in asked]
    clock.advance(timedelta(days=60))
    later = ask(catalogue, model="reel-2")

    ways = [(each.order.resolution, each.order.aspect_ratio, each.order.duration_s) for each in first]
    assert ways == [
        ("720p", "16:9", 5),
        ("1080p", "16:9", 5),
        ("720p", "16:9", 5),
        ("720p", "16:9", 10),
        ("720p", "9:16", 5),
    ]
    assert again == first
    assert (first[0].quote.offer_id, later.quote.offer_id) == ("cheap/reel-2", "dear/reel-2")


def test_an_offer_is_sold_until_the_day_on_which_it_retires(catalogue: Catalogue, clock: Clock) -> None:
    clock.at = datetime(2026, 12, 23, 23, 59, 59, 999_999, tzinfo=UTC)
    before = ask(catalogue, model="reel-2")[1].offer_id
    clock.advance(timedelta(microseconds=1))

    assert before == "cheap/reel-2"
    assert ask(catalogue, model="reel-2")[1].offer_id == "dear/reel-2"
    assert catalogue.offer(OfferId("cheap/reel-2")) is not None  # jobs in flight still find it


def test_a_model_without_a_provider_is_not_for_sale(overlay: Path, clock: Clock) -> None:
    catalogue = load(overlay, providers=frozenset({"studio"}), now=clock)

    assert [row.id for row in catalogue.models(Kind.GENERATE)] == ["studio"]
    with pytest.raises(OrderRefused, match=r"Reel 2 cannot be ordered here") as refused:
        ask(catalogue, model="reel-2")
    assert refused.value.do == "Nearest to it is Studio (4 s at 720p 16:9: free). Choose one of: Studio."


def test_where_nothing_can_be_ordered_it_says_so(clock: Clock) -> None:
    with pytest.raises(OrderRefused, match="No model can be ordered here"):
        ask(load(None, providers=frozenset(), now=clock))


@pytest.mark.parametrize(
    ("options", "what", "do"),
    [
        ({"model": "sora-9"}, "There is no such model here.", "Choose one of: Studio, Reel 2."),
        ({"resolution": "banana"}, "Studio has no resolution banana.", "Choose one of: 720p, 1080p."),
        ({"resolution": "0x0"}, "Studio has no resolution 0x0.", "Choose one of: 720p, 1080p."),
        ({"resolution": "-1p"}, r"Studio has no resolution \-1p.", "Choose one of: 720p, 1080p."),
        (
            {"resolution": "[x](https://e.example)"},
            r"Studio has no resolution \[x\]\(https\://e.example\).",
            "Choose one of: 720p, 1080p.",
        ),
        ({"aspect_ratio": "0:0"}, r"Studio has no aspect ratio 0\:0.", "Choose one of: 16:9, 9:16."),
        ({"aspect_ratio": "16:"}, r"Studio has no aspect ratio 16\:.", "Choose one of: 16:9, 9:16."),
        ({"size": "banana"}, "banana is no size.", "Write it as width x height, such as 1280x720."),
        ({"duration_s": 0}, "Studio has no length in seconds 0.", "Choose one of: 4, 8, 12, 16, 20."),
        ({"duration_s": -4}, r"Studio has no length in seconds \-4.", "Choose one of: 4, 8, 12, 16, 20."),
        (
            {"duration_s": float("nan")},
            "Studio has no length in seconds nan.",
            "Choose one of: 4, 8, 12, 16, 20.",
        ),
        ({"resolution": "x" * 6000}, f"Studio has no resolution {'x' * 40}.", "Choose one of: 720p, 1080p."),
        ({"seed": -1}, "That seed is out of range.", f"Choose one from 0 to {SEED_MAX}."),
        ({"seed": SEED_MAX + 1}, "That seed is out of range.", f"Choose one from 0 to {SEED_MAX}."),
    ],
)
def test_what_says_nothing_is_refused_with_what_the_model_can_do(
    catalogue: Catalogue, options: dict[str, Any], what: str, do: str
) -> None:
    with pytest.raises(OrderRefused) as refused:
        ask(catalogue, **options)

    assert (refused.value.what, refused.value.do) == (what, do)


@pytest.mark.parametrize("seed", [0, 1, SEED_MAX])
def test_a_seed_within_bounds_is_kept(seed: int) -> None:
    assert ask(own(), seed=seed)[0].seed == seed


def test_a_number_that_came_as_a_float_becomes_no_float_of_money(catalogue: Catalogue) -> None:
    order, quote, _ = ask(catalogue, model="reel-2", duration_s=cast("int", 10.0))

    assert type(order.duration_s) is int
    assert type(quote.price_micros) is int


@pytest.mark.parametrize("prompt", ["", " ", "\n\t ", "\u200b", "\u2060 \u200d", "\u3000"])
def test_a_prompt_of_nothing_to_see_is_empty(prompt: str) -> None:
    with pytest.raises(OrderRefused, match="The prompt is empty"):
        ask(own(), prompt)


@pytest.mark.parametrize("prompt", ["\0", "a\0b", "a \ud800 b", "\udfff"])
def test_a_prompt_that_no_row_could_keep_is_refused(prompt: str) -> None:
    with pytest.raises(OrderRefused, match="no text"):
        ask(own(), prompt)


@pytest.mark.parametrize("prompt", ["x", "…", "\U0001f6a4", "ب", "?", "a\nb\tc", "\x1b[31mred"])
def test_a_prompt_of_anything_to_see_is_taken(prompt: str) -> None:
    assert ask(own(), f"  {prompt}\n")[0].prompt == prompt


def test_a_prompt_may_be_as_long_as_the_model_takes(catalogue: Catalogue) -> None:
    assert len(ask(catalogue, "x" * 4000)[0].prompt) == 4000
    assert len(ask(catalogue, " " + "\U0001f6a4" * 100 + " ", model="reel-2")[0].prompt) == 100

    with pytest.raises(OrderRefused, match=r"The prompt has 4,001 characters; Studio takes 4,000\."):
        ask(catalogue, "x" * 4001)
    with pytest.raises(OrderRefused, match="has 101 characters; Reel 2 takes 100"):
        ask(catalogue, "\U0001f6a4" * 101, model="reel-2")


@given(
    prompt=st.text(max_size=20),
    model=st.none() | st.sampled_from(["studio", "Studio", "reel-2"]) | st.text(max_size=5),
    resolution=st.none() | st.sampled_from(["720p", "1080p"]) | st.text(max_size=5),
    aspect_ratio=st.none() | st.sampled_from(["16:9", "9:16"]) | st.text(max_size=5),
    duration_s=st.none() | st.sampled_from([4, 8, 20]) | st.integers(),
    seed=st.none() | st.integers(),
)
def test_any_raw_options_are_an_order_at_its_price_or_a_sentence(prompt: str, **options: Any) -> None:
    catalogue = load(None, providers=frozenset({"studio"}), now=Clock(), studio_play_price=Micros(100_000))
    sentence, priced = "", True
    try:
        order, quote, _ = ask(catalogue, prompt, **options)
        priced = quote.price_micros == order.duration_s * 100_000
    except OrderRefused as refused:
        sentence = refused.sentence

    assert priced
    assert not sentence or ("Nothing was charged." in sentence and len(sentence) < 500)


def test_play_money_is_the_studios_alone(overlay: Path, clock: Clock) -> None:
    catalogue = load(overlay, providers=EVERYONE, now=clock, studio_play_price=Micros(100_000))

    assert ask(catalogue, model="studio")[1].price_micros == 400_000
    assert ask(catalogue, model="reel-2")[1].price_micros == 5 * 125


def test_the_operators_rows_replace_ours(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "models.toml"
    path.write_text(
        '[[models]]\nid = "studio"\nname = "House artist"\nabout = ""\nkinds = ["generate"]\n'
        'resolutions = ["720p"]\naspect_ratios = ["16:9"]\ndurations_s = [4]\n'
    )
    catalogue = load(path, providers=frozenset({"studio"}), now=clock)

    assert [row.name for row in catalogue.models(Kind.GENERATE)] == ["House artist"]
    assert ask(catalogue, resolution="1080p").order.resolution == "720p"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('id = "reel-2"', 'id = "reel-3"'), "13: dear/reel-2: model: no row that is right describes"),
        (('name = "Reel 2"', 'name = ""'), "4: reel-2: name: String should have at least 1 character"),
        (('name = "Reel 2"\n', ""), "2: reel-2: name: this key must be there"),
        (('kinds = ["generate"]', "kinds = []"), "6: reel-2: kinds: List should have at least 1 item"),
        (
            ('kinds = ["generate"]', 'kinds = ["dream"]'),
            "6: reel-2: kinds.0: allowed: 'generate', 'animate', 'remix', 'extend' or 'character'",
        ),
        (("durations_s = [5, 10]", "durations_s = [0]"), "10: reel-2: durations_s.0: allowed: greater than"),
        (("durations_s = [5, 10]", 'durations_s = "5"'), "10: reel-2: durations_s: write a list in square"),
        (("prompt_chars_max = 100", "prompt_chars_max = 4001"), "7: reel-2: prompt_chars_max: allowed: less"),
        (
            ('protocol = "openai"', 'protocol = "smtp"'),
            "15: dear/reel-2: protocol: allowed: 'openai', 'fal', 'lumenfall', 'replicate' or 'prodia'",
        ),
        (
            ('"0.30"', "0.30"),
            "17: dear/reel-2: usd_per_second.720p: write dollars a second as text in quotes, such as",
        ),
        (('"0.30"', '"30¢"'), "17: dear/reel-2: usd_per_second: write dollars as digits"),
        (('"0.30"', '"-0.30"'), "17: dear/reel-2: usd_per_second: write dollars as digits"),
        (('"0.30"', '"1e3"'), "17: dear/reel-2: usd_per_second: write dollars as digits"),
        (("usd_per_second =", "usd_per_clip ="), "17: dear/reel-2: usd_per_clip: there is no such key"),
        (("1080p = ", "8k = "), "17: dear/reel-2: usd_per_second: '8k' is nothing that the model can do"),
        (("price_read_on = 2026-11-20\n", ""), "17: dear/reel-2: usd_per_second: a price needs price_read"),
        (
            ('"720p 16:9" = "hd"', '"720p 3:1" = "hd"'),
            "30: cheap/reel-2: sizes: '720p 3:1' is nothing that the model can do; allowed: 720p 16:9, ",
        ),
        (("retires_on = 2026-12-24", 'retires_on = "soon"'), "34: cheap/reel-2: retires_on: write a day"),
        (("retires_on = 2026-12-24", "retires_on = 20261224"), "34: cheap/reel-2: retires_on: write a day"),
        (
            ("retires_on = 2026-12-24", "retires_on = 2026-12-24T00:00:00Z"),
            "34: cheap/reel-2: retires_on: write a day without quotes, such as 2026-09-24",
        ),
        (
            ("can_cancel = true", "can_cancle = true"),
            "33: cheap/reel-2: can_cancle: there is no such key; did you mean can_cancel?",
        ),
        (
            ('provider = "cheap"', 'provider = "replicate"'),
            "25: replicate/reel-2: protocol: replicate does not speak openai; allowed: replicate",
        ),
        (
            ('"openai"\nendpoint = "reel-2"', '"fal"\nendpoint = "reel-2"'),
            "16: dear/reel-2: endpoint: write it as fal does, such as fal-ai/wan/v2.7/text-to-video",
        ),
        (
            ('"openai"\nendpoint = "reel-2"', '"replicate"\nendpoint = "a/b/c"'),
            "16: dear/reel-2: endpoint: write owner/name, or owner/name:version",
        ),
        (
            ('"0.30"', '"30"'),
            "17: dear/reel-2: usd_per_second.720p: $30.00 a second is more than $3.00: write dollars",
        ),
        (
            ('"0.30"', '"5"'),  # the cheapest of all, in cents
            "17: dear/reel-2: usd_per_second.720p: $5.00 a second is more than $3.00: write dollars",
        ),
        (
            ('seed_field = "seed"', 'fields = { charcters = "characters" }'),
            "32: cheap/reel-2: fields.charcters: there is no such field; allowed: prompt, duration, ",
        ),
        (('provider = "cheap"', 'provider = "dear"'), "22: dear/reel-2: route: this id was used before"),
        (
            ('sizes = { "720p 16:9" = "hd" }', 'aspect_ratios = { "16:9" = "", "9:16" = "tall" }'),
            "30: cheap/reel-2: aspect_ratios: either every word is",
        ),
        (
            ("[[models]]", "[[model]]"),
            "2: model: only rows of [[models]], [[offers]], [[routes]] and [[providers]] are allowed here",
        ),
        (
            ("durations_s = [5, 10]", 'durations_s = [5, 10]\nreplaced_by = ["reel-9"]'),
            "11: reel-2: replaced_by: no row describes the model 'reel-9'",
        ),
    ],
)
def test_a_wrong_row_is_named_with_its_line_and_what_is_allowed(
    overlay: Path, change: tuple[str, str], says: str
) -> None:
    assert change[0] in OVERLAY
    overlay.write_text(OVERLAY.replace(*change, 1))

    assert [fault for fault in read(overlay).faults if fault.startswith(f"{overlay}:{says}")] != []


def test_a_provider_that_nobody_knows_is_named_with_the_nearest(overlay: Path) -> None:
    overlay.write_text(OVERLAY.replace('"dear"', '"opnai"').replace('"cheap"', '"me"'))

    near, strange = read(overlay, known=SPOKEN).faults

    assert near == (
        f"{overlay}:14: opnai/reel-2: provider: there is no provider 'opnai'; did you mean openai?"
    )
    assert strange == (
        f"{overlay}:24: me/reel-2: provider: there is no provider 'me'; "
        "allowed: fal, openai, replicate, lumenfall, prodia, studio"
    )
    assert set(SPOKEN) == set(get_args(ProviderName))


def test_what_is_wrong_is_left_out_and_the_rest_is_sold(overlay: Path, clock: Clock) -> None:
    overlay.write_text(OVERLAY.replace("can_cancel = true", "can_cancle = true"))

    catalogue = load(overlay, providers=EVERYONE, now=clock)

    assert ask(catalogue, model="reel-2")[1].offer_id == "dear/reel-2"
    assert catalogue.offer(OfferId("cheap/reel-2")) is None


def test_a_wrong_row_takes_the_row_that_it_was_to_replace_with_it(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "models.toml"
    path.write_text(
        '[[offers]]\nmodel = "studio"\nprovider = "studio"\nprotocol = "openai"\nendpoint = "storyboard"\n'
        "usd_per_second = { 720p = 1 }\n"
    )

    with pytest.raises(OrderRefused, match="No model can be ordered here"):
        ask(load(path, providers=frozenset({"studio"}), now=clock))


def test_a_file_of_which_no_row_is_to_blame_stops_the_start(overlay: Path, clock: Clock) -> None:
    overlay.write_text("models\n" + OVERLAY)

    with pytest.raises(SettingsError, match=f"{overlay}: not a TOML file"):
        load(overlay, providers=EVERYONE, now=clock)


def test_a_file_that_is_not_there_is_named_by_its_setting(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(SettingsError, match=r"DAILIES_MODELS_FILE: .*missing\.toml cannot be read"):
        load(tmp_path / "missing.toml", providers=EVERYONE, now=clock)


def test_a_file_from_windows_is_read(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "models.toml"
    path.write_bytes(b"\xef\xbb\xbf" + OVERLAY.replace("\n", "\r\n").encode())

    assert len(load(path, providers=EVERYONE, now=clock).models(Kind.GENERATE)) == 2


def test_an_offer_is_asked_for_in_its_providers_words(catalogue: Catalogue) -> None:
    wire = catalogue.wires("cheap")[OfferId("cheap/reel-2")]

    assert (wire.endpoint, wire.seconds_as, wire.seed_field, wire.key_field) == (
        "reel-two",
        "integer",
        "seed",
        None,
    )
    assert wire.sizes == {("720p", "16:9"): "hd"}
    assert catalogue.wires("dear")[OfferId("dear/reel-2")].sizes[("4 K", "16:9")] == "2160p"
    assert catalogue.wires("nobody") == {}


def test_what_can_be_stopped_is_the_offers_to_say(catalogue: Catalogue) -> None:
    assert catalogue.can_cancel(OfferId("cheap/reel-2"))
    assert not catalogue.can_cancel(OfferId("dear/reel-2"))
    assert not catalogue.can_cancel(OfferId("gone/gone"))


def test_a_model_that_is_gone_is_still_named() -> None:
    assert own().describe("studio").name == "Studio"
    assert own().describe("sora-2").name == "Sora 2"  # retired, and still in the file
    assert (own().describe("reel-1").name, own().describe("reel-1").label) == ("reel-1", "AI-generated")


def test_a_price_is_told_with_where_it_comes_from(catalogue: Catalogue) -> None:
    assert (
        price_line(ask(catalogue, model="reel-2", duration_s=10)[1], 10)
        == "$0.00125 (10 s at $0.000125 a second)"
    )
    assert price_line(ask(catalogue, model="studio")[1], 4) == "free"


def test_our_own_file_is_for_sale_whole() -> None:
    catalogue = own(Clock(NOON))
    for row in catalogue.models(Kind.GENERATE):
        for resolution in row.resolutions:
            for aspect_ratio in row.aspect_ratios:
                for seconds in row.durations_s:
                    order, *_ = ask(
                        catalogue,
                        model=row.id,
                        resolution=resolution,
                        aspect_ratio=aspect_ratio,
                        duration_s=seconds,
                    )
                    assert order.model == row.id
