"""`dailies models`: what is for sale and what is not, and a file of one's own, checked and sold from."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.__main__ import CONFIG_EXIT, main
from bot.catalogue import Catalogue, load, own_rows
from bot.domain import Attempt, ChannelId, InteractionId, Kind
from bot.offers import pricelist
from bot.providers.fal import FalQueue
from bot.providers.fal_addresses import Hosts
from bot.providers.protocol import Taken
from tests.props import ANN, NOON, Clock, job_of

NEW = """
[[models]]
id = "moving-clay-7"
name = "Moving Clay 7"
about = "Made up for this test: no code knows it."
kinds = ["generate"]
resolutions = ["small", "large"]
aspect_ratios = ["16:9", "2:1"]
durations_s = [3, 9]

[[offers]]
model = "moving-clay-7"
provider = "fal"
protocol = "fal"
endpoint = "clay-works/moving-clay/v7"
usd_per_second = { small = "0.07", large = "0.0707" }
price_read_on = 2026-11-20
price_from = "its price page"
resolutions = { small = "S", large = "XL" }
aspect_ratios = { "16:9" = "wide", "2:1" = "wider" }
seconds_as = "suffixed"
fields = { prompt = "text", duration = "length" }
constants = { with_sound = true, fingerprints = 3 }
seed_field = "lump"
prompt_bytes_max = 500
audio = "flag"
"""


@pytest.fixture(autouse=True)
def without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DAILIES_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "models.toml"
    path.write_text(NEW)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["models", *arguments, "--env-file", os.devnull])
    said = capsys.readouterr()
    return code, said.out + said.err


async def test_a_model_that_no_code_knows_is_ordered_in_its_own_words(file: Path) -> None:
    asked: list[object] = []

    async def take(request: web.Request) -> web.Response:
        asked.append((request.path, await request.json()))
        at = f"{request.url.origin()}/clay-works/moving-clay/requests/1"
        addresses = {"status_url": f"{at}/status", "response_url": at, "cancel_url": f"{at}/cancel"}
        return web.json_response({"request_id": "1", **addresses})

    app = web.Application()
    app.router.add_post("/{endpoint:.+}", take)
    catalogue = load(file, providers=frozenset({"fal"}), now=Clock())
    order, quote, _ = catalogue.order(
        kind=Kind.GENERATE,
        member=ANN,
        channel_id=ChannelId(30),
        interaction_id=InteractionId(1),
        prompt="a boat of clay",
        model="Moving Clay 7",
        resolution="large",
        duration_s=9,
        aspect_ratio="2:1",
        seed=11,
    )
    job = replace(job_of(), order=order, quote=quote)
    async with TestServer(app) as server:
        fal = FalQueue(
            "fal",
            api_key="a-key",
            wires=catalogue.wires("fal"),
            now=Clock(),
            hosts=Hosts(queue=str(server.make_url("/")).rstrip("/")),
        )
        try:
            attempt = Attempt(job_id=job.id, number=1, offer_id=quote.offer_id, sent_at=NOON)
            submission = await fal.submit(job, attempt)
        finally:
            await fal.close()

    assert isinstance(submission, Taken)
    assert (quote.offer_id, quote.price_micros) == ("fal/moving-clay-7", 9 * 70_700)
    assert asked == [
        (
            "/clay-works/moving-clay/v7",
            {
                "text": "a boat of clay",
                "length": "9s",
                "resolution": "XL",
                "aspect_ratio": "wider",
                "lump": 11,
                "with_sound": True,
                "fingerprints": 3,
            },
        )
    ]


def test_without_a_key_the_studio_is_for_sale(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys)

    assert code == 0
    assert [line for line in said.splitlines() if not line.startswith(" ")] == [
        "studio: Studio. Our own storyboard artist: draws your words with sound, in seconds. Not AI.",
        "studio-character: Studio character. A face and a name for the studio's storyboards. Not AI.",
    ]
    assert (
        "  studio/studio: generate, animate: 720p $0.00/s, 1080p $0.00/s (read 2026-11-21)"
        in said.splitlines()
    )


def at_noon(*providers: str) -> Catalogue:
    rows = own_rows()
    return Catalogue(rows.models, rows.offers, providers=frozenset(providers), now=Clock())


def test_the_list_is_of_one_kind_and_one_provider_where_that_is_asked() -> None:
    lines = list(
        pricelist.listed(at_noon("fal"), kind=Kind.REMIX, provider="fal", also_closed=False, drifts={})
    )

    offers = [line for line in lines if line.startswith("  fal/")]
    assert "  fal/happy-horse/remix: remix: 720p $0.14/s, 1080p $0.28/s (read 2026-06-20)" in offers
    assert all("/remix: remix: " in line and "not for sale" not in line for line in offers)


def test_what_is_not_for_sale_is_listed_with_the_reason() -> None:
    lines = list(pricelist.listed(at_noon("fal"), kind=None, provider=None, also_closed=True, drifts={}))

    assert sum("for sale" in line for line in lines) > 40
    assert (
        "  fal/sora-2: generate: 720p $0.10/s (read 2026-11-21); not for sale: retired on 2026-08-02" in lines
    )
    assert "  fal/vidu-q3: generate: not for sale: its price is not known" in lines
    assert (
        "  replicate/gen-4.5: generate, animate: 720p $0.12/s (read 2026-09-24); not for sale: "
        "no key for replicate"
    ) in lines


def test_one_model_is_explained_whole(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, "show", "sora-2-pro")

    assert code == 0
    for part in (
        "replaced by: seedance-2.0, kling-v3-pro, veo-3.1",
        "fal/sora-2-pro/animate: fal-ai/sora-2/image-to-video/pro (fal)",
        "lumenfall/sora-2-pro@replicate: replicate/sora-2-pro (lumenfall)",
        "not for sale: retired on 2026-08-02",
        "price: 720p $0.30/s, 1080p $0.50/s, true_1080p $0.50/s (read 2026-11-21)",
        "from: fal's Sora 2 guide and API pages",
        "not sold for want of a price: true_1080p",
        "lengths: 4, 8, 12, 16, 20 s",
        "sound: always",
        "prompt: at least 3 characters, at most 4,096 characters",
        "seed: from 1",
        "retires: 2026-09-24",
        "note: Prodia publishes no price list.",
    ):
        assert f"  {part}" in said.splitlines() or part in said.splitlines()


@pytest.mark.parametrize("model", [row.id for row in own_rows().models])
def test_every_model_can_be_explained(model: str) -> None:
    lines = list(pricelist.shown(at_noon(), model, drifts={}))

    assert sum("for sale" in line for line in lines) == len(at_noon().offers_of(model))


def test_what_cannot_be_shown_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "show", "sora-3")[0] == CONFIG_EXIT
    assert "name the model to show" in run(capsys, "show")[1]


def test_a_provider_that_there_is_not_is_named_and_one_that_sells_nothing_is_said_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nobody, nothing = run(capsys, "list", "--provider", "nobody"), run(capsys, "list", "--provider", "prodia")

    assert nobody[0] == CONFIG_EXIT
    assert "there is no provider 'nobody'; there are: fal, openai, replicate" in nobody[1]
    assert nothing == (0, "nothing of that kind is for sale; --all lists what is not, and why\n")
    assert "not for sale" in run(capsys, "list", "--all", "--provider", "prodia")[1]


def test_a_right_file_is_right(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = own_rows()

    assert run(capsys, "check", str(file)) == (
        0,
        f"{file} is right: with it there are {len(own.models) + 1} models and {len(own.offers) + 1} offers\n",
    )
    assert run(capsys, "check")[0] == 0  # our own


def test_a_wrong_file_is_told_all_that_is_wrong_with_it(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {'"0.07"': "7", "seconds_as": "seconds_is", 'audio = "flag"': 'audio = "loud"', "[3, 9]": "[3.5]"}
    for right, instead in wrong.items():
        file.write_text(file.read_text().replace(right, instead))

    code, said = run(capsys, "check", str(file))

    assert code == 1
    assert said == (
        f"{file}:9: moving-clay-7: durations_s.0: write a whole number without quotes\n"
        f"{file}:16: fal/moving-clay-7: usd_per_second.small: "
        'write dollars a second as text in quotes, such as "0.30"\n'
        f"{file}:26: fal/moving-clay-7: audio: allowed: 'always', 'never' or 'flag'\n"
        f"{file}:21: fal/moving-clay-7: seconds_is: there is no such key; did you mean seconds_as?\n"
    )


def test_a_price_that_is_read_on_a_day_to_come_is_named_and_not_sold(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    today = datetime.now(UTC).date()
    tomorrow, later = (today + timedelta(days=days) for days in (1, 3))  # a midnight may pass meanwhile
    text = file.read_text()

    file.write_text(text.replace("2026-11-20", str(tomorrow)))
    begun_elsewhere = run(capsys, "check", str(file))
    file.write_text(text.replace("2026-11-20", str(later)))
    said = run(capsys, "check", str(file))
    models = load(file, providers=frozenset({"fal"}), now=lambda: datetime.now(UTC))

    assert begun_elsewhere[0] == 0
    to_come = f"{later} is yet to come; write the day on which the price was read"
    assert said == (1, f"{file}:17: fal/moving-clay-7: price_read_on: {to_come}\n")
    assert models.offers_of("moving-clay-7") == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"id = 2026-02-30", "not a TOML file"),
        (b"[[offers", ":1: [[offers]]: write its provider and model, or none of this file can be used"),
        (b"\xff\xfe", "not a TOML file"),
        (b"[[offers]]\nretires_on = 2026-02-30\n", ":2: retires_on: there is no such day; write one such as"),
        (b"[[offers]]\nprice_read_on = 2026-9-24\n", ":2: price_read_on: there is no such day"),
        (b"[[offers]]\nroute = 7\nseed_min = " + 5_000 * b"9", ":3: seed_min: write a whole number"),
        (b"[[offers]]\nnote = " + 5_000 * b"[", ":2: note: write a list in square brackets"),
        (b"#" * (8 << 20) + b"#", "has more than 8,388,608 bytes"),
        (b"models = 3\n", ":1: models: only rows of [[models]], [[offers]], [[routes]] and [[pro"),
        (b"[models]\nid = 'x'\n", ":1: models: only rows of"),
        (b"# none\nprices = {}\n", ":2: prices: only rows of"),
    ],
)
def test_a_file_that_is_no_list_of_rows_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, says: str
) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(content)

    code, said = run(capsys, "check", str(path))

    assert code == 1
    assert says in said
    assert str(path) in said
    assert run(capsys, "check", str(tmp_path / "none.toml")) == (
        1,
        f"{tmp_path / 'none.toml'} cannot be read (No such file or directory)\n",
    )
