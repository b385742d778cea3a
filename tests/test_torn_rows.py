"""Lines of a models file that are no TOML: all are named at once, and their rows alone are left out."""

from pathlib import Path

import pytest

from bot.catalogue import load
from bot.domain import Kind, OfferId
from bot.errors import SettingsError
from bot.offers.models_file import Rows, read
from tests.props import Clock

FILE = """\
[[models]]
id = "reel"
name = "Reel"
about = "For tests, [[offers]] of two."
kinds = ["generate", "animate"]
resolutions = ["720p"]
aspect_ratios = ["16:9"]
durations_s = [
  4,
  8,
]

[[offers]]
model = "reel"
provider = "dear"
protocol = "openai"
endpoint = "reel"
usd_per_second = { 720p = "0.30" }
price_read_on = 2026-11-20
price_from = "its price page"
sizes = { "720p 16:9" = "1280x720" }

[offers.source]
bytes_max = 3_000

[[offers]]
model = "reel"
provider = "cheap"
protocol = "openai"
endpoint = "reel-two"
usd_per_second = { 720p = "0.10" }
price_read_on = 2026-11-20
price_from = "its price page"
sizes = { "720p 16:9" = "hd" }
retires_on = 2026-12-24

[[offers]]
model = "reel"
provider = "cheap"
protocol = "openai"
endpoint = "reel-two"
kinds = ["animate"]
usd_per_second = { 720p = "0.20" }
price_read_on = 2026-11-20
price_from = "its price page"
sizes = { "720p 16:9" = "hd" }

[[routes]]
model = "reel"
providers = ["dear"]

[[providers]]
id = "dear"
jobs_at_once = 3
"""
DEAR, CHEAP, ANIMATED = OfferId("dear/reel"), OfferId("cheap/reel"), OfferId("cheap/reel/animate")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "own.toml"


def written(path: Path, *changes: tuple[str, str], on: Rows | None = None) -> Rows:
    text = FILE
    for was, becomes in changes:
        assert was in text
        text = text.replace(was, becomes, 1)
    path.write_text(text)
    return read(path, on=on)


def offers(rows: Rows) -> set[OfferId]:
    return {offer.id for offer in rows.offers}


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("2026-12-24", "2026-13-21", "35: cheap/reel: retires_on: there is no such day; write one such as"),
        ("2026-12-24", "2026-02-30", "35: cheap/reel: retires_on: there is no such day"),
        ("2026-12-24", "24.12.2026", "35: cheap/reel: retires_on: write a whole number without quotes, or"),
        ('"0.10" }', "0,10 }", "31: cheap/reel: usd_per_second: write dollars a second as text in quotes"),
        ('"reel-two"', "reel-two", "30: cheap/reel: endpoint: write this as text in quotes"),
        ('"reel-two"', '"reel-two', "30: cheap/reel: endpoint: write text between two quotes"),
        (
            '"reel-two"',
            '"reel\\quick"',
            "30: cheap/reel: endpoint: write text between two quotes of the same",
        ),
        ('"reel-two"', "", "30: cheap/reel: endpoint: a value must follow the equals sign"),
        ('"reel-two"', '"a"\nendpoint = "b"', "31: cheap/reel: endpoint: this key stands in the same row tw"),
        ('"reel-two"', '"reel-two"\ncan_cancel = True', "31: cheap/reel: can_cancel: write true or false"),
        (
            '"reel-two"',
            '"reel-two"\ncan_cancel true',
            "31: cheap/reel: can_cancel true: write a key, an equa",
        ),
        ('"reel-two"', '"reel-two"\ndurations_s = [4, 8', "31: cheap/reel: durations_s: write a list in squ"),
        ('= "hd" }', '= "hd"', "34: cheap/reel: sizes: write a table in braces, all in one line"),
        ('"hd" }', '"hd" }\n[offers.source\nbytes_max = 3', "35: cheap/reel: [offers.source: a table within"),
    ],
)
def test_a_line_that_is_no_toml_leaves_its_row_out_alone(
    path: Path, was: str, becomes: str, says: str
) -> None:
    at = FILE.index('provider = "cheap"')
    path.write_text(FILE[:at] + FILE[at:].replace(was, becomes, 1))

    rows = read(path)

    (fault,) = rows.faults
    assert fault.startswith(f"{path}:{says}")
    assert offers(rows) == {DEAR, ANIMATED}
    assert [route.providers for route in rows.routes] == [["dear"]]
    assert [limit.jobs_at_once for limit in rows.providers] == [3]


def test_all_faults_of_all_rows_are_named_at_once_whatever_they_are(path: Path) -> None:
    rows = written(
        path,
        ('name = "Reel"', "name = Reel"),
        ("2026-11-20", "2026-11-31"),
        ('"its price page"', "its price page"),
        ("bytes_max = 3_000", "bytes_most = 3_000"),
        ("jobs_at_once = 3", "jobs_at_once ="),
    )

    assert [fault.partition(f"{path}:")[2] for fault in rows.faults] == [
        "3: reel: name: write this as text in quotes",
        "19: dear/reel: price_read_on: there is no such day; write one such as 2026-09-24, without quotes",
        "20: dear/reel: price_from: write this as text in quotes",
        "24: dear/reel: source.bytes_most: there is no such key; did you mean bytes_max?",
        "27: cheap/reel: model: no row that is right describes the model 'reel'",
        "38: cheap/reel/animate: model: no row that is right describes the model 'reel'",
        "50: reel: providers: 'dear' does not offer it; allowed: nobody: there is no offer of this model",
        "54: dear: jobs_at_once: a value must follow the equals sign",
    ]
    assert rows.offers == []


@pytest.mark.parametrize(
    ("was", "becomes", "left"),
    [
        ("retires_on = 2026-12-24", "retires_on = soon", {DEAR, ANIMATED}),
        # Which of the two rows of this model it replaces cannot be read, so neither is sold.
        ('"cheap"', "cheap", {DEAR}),
        ('["animate"]', "animate", {DEAR}),
        ('model = "reel"\nprovider = "cheap"', 'model = reel"\nprovider = "cheap"', {DEAR}),
        ('provider = "cheap"', 'provider = "cheap"\nprovider = "dear"', set()),
    ],
)
def test_what_a_torn_row_was_to_replace_is_not_sold_either(
    path: Path, was: str, becomes: str, left: set[OfferId]
) -> None:
    before = written(path)

    rows = written(path, (was, becomes), on=before)

    assert offers(before) == {DEAR, CHEAP, ANIMATED}
    assert rows.faults != []
    assert offers(rows) == left


def test_a_torn_model_takes_its_offers_with_it_and_a_torn_pin_or_limit_what_it_is_about(path: Path) -> None:
    before = written(path)

    model = written(path, ('id = "reel"', "id = reel"), on=before)
    pin = written(path, ('["dear"]', '["dear"'), on=before)
    limit = written(path, ("jobs_at_once = 3", "jobs_at_once = three"), on=before)
    named = written(path, ('id = "dear"', "id = dear"), on=before)

    assert (model.models, offers(model)) == ([], set())
    assert (pin.routes, offers(pin)) == ([], set())
    assert (limit.providers, offers(limit)) == ([], {CHEAP, ANIMATED})
    assert (named.providers, offers(named)) == ([], {CHEAP, ANIMATED})


def test_a_header_without_its_brackets_begins_a_row_that_is_left_out(path: Path) -> None:
    at = FILE.index("[[offers]]", FILE.index("bytes_max"))
    path.write_text(FILE[:at] + "[[offers]" + FILE[at + len("[[offers]]") :])

    rows = read(path)

    assert rows.faults == [f"{path}:26: cheap/reel: offers: write [[offers]]"]
    assert offers(rows) == {DEAR, ANIMATED}


@pytest.mark.parametrize(
    "changes",
    [
        [("[[models]]", "x = y\n[[models]]")],  # in no row
        [("[[models]]", "[[prices]]\na = b\n[[models]]")],  # in a row of no table of ours
        [('provider = "cheap"', 'endpint = "x')],  # of whom nobody can tell
        [('model = "reel"\nprovider = "dear"', 'model = "reel"\nprovider = {')],
        [('"For tests, [[offers]] of two."', '"""\nFor tests:\n[[offers]]\nof two.')],  # begun, never ended
        [("endpoint = ", "x = y\nnote = '''\n[[offers]]\nmodel = 1\n'''\nendpoint = ")],
        [("endpoint = ", "x = y\nnote = '''\n[[offers]]\nmodel = 'a'\nprovider = 'b'\n'''\nendpoint = ")],
        [("[[models]]", "[models.more]\n[[models]]")],
        [("[[models]]", "[models.more]\n[[models]]"), ("2026-12-24", "2026-12-32")],
        [('name = "Reel"', 'name = "Reel"\n' + 400 * "#\n" + "x = y")],
    ],
)
def test_a_fault_that_cannot_be_laid_to_one_row_refuses_the_file(
    path: Path, changes: list[tuple[str, str]]
) -> None:
    with pytest.raises(SettingsError, match=str(path)):
        written(path, *changes)


def test_a_table_within_an_earlier_row_is_not_counted_as_a_row(path: Path) -> None:
    path.write_text(f"{FILE}\n[models.more]\na = 1\n\n[[models]]\nid = next\n")
    line = path.read_text().splitlines().index("id = next") + 1

    assert f"{path}:{line}: next: id: write this as text in quotes" in read(path).faults


def test_a_sign_that_ends_lines_elsewhere_does_not_shift_the_line_that_is_named(path: Path) -> None:
    rows = written(path, ('"Reel"', '"Re\u2028el"'), ("2026-12-24", "2026-12-32"))

    assert [fault.partition(" ")[0] for fault in rows.faults] == [f"{path}:35:"]


def test_the_rest_is_for_sale(path: Path, clock: Clock) -> None:
    written(path, ("2026-12-24", "2026-12-32"))

    catalogue = load(path, providers=frozenset({"dear", "cheap"}), now=clock)

    assert [row.id for row in catalogue.models(Kind.GENERATE)] == ["reel"]
    assert [offer.id for offer in catalogue.open_offers("reel")] == [DEAR, ANIMATED]
