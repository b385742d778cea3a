"""`dailies check`: each thing to mend has a code, a cause and a command; a clean installation has none."""

import json
import os
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import catalogue
from bot.__main__ import main
from bot.checks import configuration, media_tools, offers, rounds
from bot.checks.finding import Finding, Severity
from bot.settings import Settings, load

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

BROKEN = """
[[models]]
id = "paper"
name = "Paper"
about = "For tests."
kinds = ["generate"]
resolutions = ["720p"]
aspect_ratios = ["16:9"]
durations_s = [4]
colour = "red"
"""


def config(tmp_path: Path, **settings: str) -> Settings:
    environment = {
        "DAILIES_DATA_DIR": str(tmp_path / "data"),
        "DAILIES_DISCORD_TOKEN": "a.b.c",
        **{f"DAILIES_{name.upper()}": value for name, value in settings.items()},
    }
    return load(environment, env_file=Path(os.devnull))


def sold(tmp_path: Path, today: date = TODAY, **settings: str) -> list[Finding]:
    return list(offers.offers(config(tmp_path, **settings), today=today))


def codes(found: list[Finding]) -> set[str]:
    return {finding.code for finding in found}


def test_a_studio_with_a_token_has_nothing_to_mend(tmp_path: Path) -> None:
    environment = {"DAILIES_DATA_DIR": str(tmp_path / "data"), "DAILIES_DISCORD_TOKEN": "a.b.c"}

    found = rounds.offline(rounds.installation(Path(os.devnull), environment), now=NOW)

    assert [finding for finding in found if finding.is_to_mend] == []


def test_a_wrong_row_is_named_by_file_line_key_and_what_is_allowed(tmp_path: Path) -> None:
    models = tmp_path / "mine.toml"
    models.write_text(BROKEN)

    (finding,) = sold(tmp_path, models_file=str(models))

    assert finding.code == "model_row_wrong"
    assert finding.cause.startswith(f"{models}:10: paper: colour: there is no such key; allowed: id, name, ")


def test_a_provider_that_there_is_not_is_named_in_an_offer_and_in_a_limit(tmp_path: Path) -> None:
    models = tmp_path / "mine.toml"
    models.write_text(
        '[[offers]]\nmodel = "kling-v3"\nprovider = "fall"\nprotocol = "fal"\nendpoint = "a/b"\n'
        '[[providers]]\nid = "replicat"\njobs_at_once = 2\n'
    )

    offer, limit = sold(tmp_path, models_file=str(models))

    assert (
        offer.cause == f"{models}:3: fall/kling-v3: provider: there is no provider 'fall'; did you mean fal?"
    )
    assert (
        limit.cause == f"{models}:7: replicat: id: there is no provider 'replicat'; did you mean replicate?"
    )


def test_a_models_file_that_is_no_toml_is_said_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    models = tmp_path / "mine.toml"
    models.write_text("[[models")
    environment = {
        "DAILIES_DATA_DIR": str(tmp_path),
        "DAILIES_MODELS_FILE": str(models),
        "DAILIES_FAL_KEY": "id:secret",
    }

    found = list(rounds.offline(rounds.installation(Path(os.devnull), environment), now=NOW))

    assert codes(found) >= {"models_file_wrong", "no_spending_limit", "token_missing", "operator_not_told"}


def test_old_prices_are_named_for_providers_with_a_key(tmp_path: Path) -> None:
    settings = {"replicate_api_token": "r8_1", "installation_monthly_usd": "5"}
    read_on = [
        offer.row.price_read_on
        for offer in catalogue.own_rows().offers
        if offer.row.provider == "replicate" and offer.per_second_micros
    ]
    oldest = min(day for day in read_on if day is not None)

    fresh = sold(tmp_path, today=oldest + offers.PRICE_AGE_MAX, **settings)
    later = sold(tmp_path, today=oldest + offers.PRICE_AGE_MAX + timedelta(days=1), **settings)

    assert "price_old" not in codes(fresh)
    assert "price_old" in codes(later)
    (old,) = (finding for finding in later if finding.code == "price_old")
    assert old.cause.startswith("replicate: prices were read over 30 days ago: replicate/")
    assert f" on {oldest}" in old.cause


def test_a_model_is_named_before_it_ends_and_once_it_has_ended(tmp_path: Path) -> None:
    settings = {"fal_key": "id:secret", "openai_api_key": "sk-proj-1", "replicate_api_token": "r8_1"}
    offer = next(
        offer
        for offer in catalogue.own_rows().offers
        if offer.row.retires_on and offer.per_second_micros and offer.row.provider in ("fal", "replicate")
    )
    ends_on = offer.row.retires_on
    assert ends_on is not None

    def said(today: date) -> dict[str, Severity]:
        return {
            finding.code: finding.severity
            for finding in sold(tmp_path, today=today, **settings)
            if f"{offer.id} " in finding.cause and "price" not in finding.code
        }

    assert said(ends_on - offers.RETIRES_WITHIN - timedelta(days=1)) == {}
    assert said(ends_on - offers.RETIRES_WITHIN) == {"model_retires_soon": Severity.WARNING}
    assert said(ends_on) == {"model_retired": Severity.NOTE}
    assert "nothing_sold" in codes(sold(tmp_path, today=date(2099, 1, 1), fal_key="id:secret")) | codes(
        sold(tmp_path, today=date(2099, 1, 1), openai_api_key="sk-proj-1")
    )


def test_a_token_that_was_cut_or_pasted_with_its_neighbour_is_said(tmp_path: Path) -> None:
    (finding,) = configuration.settings(config(tmp_path, discord_token="a.b.c DAILIES_FAL_KEY=x"))

    assert finding.code == "token_wrong"
    assert "DAILIES_FAL_KEY=x" not in finding.cause


def test_a_dry_run_is_only_noted(tmp_path: Path) -> None:
    found = list(
        configuration.settings(
            config(
                tmp_path,
                fal_key="id:secret",
                dry_run="true",
                installation_monthly_usd="5",
                operator_channel_id="5",
            )
        )
    )

    assert [(finding.code, finding.is_to_mend) for finding in found] == [("dry_run", False)]


def test_each_missing_codec_and_format_is_named_and_those_here_are_all_there() -> None:
    assert list(media_tools.media_tools()) == []

    found = list(media_tools.media_tools(lambda _name, _way: False, lambda _name: False))

    words = " ".join(finding.cause for finding in found)
    named = (*media_tools.ENCODERS, *media_tools.DECODERS, *media_tools.FORMATS, "JPEG", "WebP", "AVIF")
    assert all(name in words for name in named)
    assert len(found) == len(named)
    assert not media_tools._in_ffmpeg("no_such_codec", "w")
    assert media_tools._in_pillow("webp")


def test_libraries_that_cannot_be_loaded_are_named_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)  # as Python marks what cannot be imported
    monkeypatch.setitem(sys.modules, "PIL.features", None)

    found = list(media_tools.media_tools())

    assert [finding.code for finding in found] == ["codec_missing", "picture_format_missing"]
    assert "av cannot be loaded" in found[0].cause


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAILIES_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DAILIES_DISCORD_TOKEN", raising=False)
    return tmp_path


def test_the_command_ends_with_1_where_something_is_to_be_mended(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--env-file", os.devnull]) == 1
    said = capsys.readouterr().out
    assert "ERROR   token_missing: DAILIES_DISCORD_TOKEN is not set" in said
    assert "mend: DAILIES_DISCORD_TOKEN=…" in said
    monkeypatch.setenv("DAILIES_DISCORD_TOKEN", "a.b.c")
    assert main(["check", "--env-file", os.devnull]) == 0
    assert "nothing to mend" in capsys.readouterr().out


def test_settings_that_cannot_be_read_are_findings_here_and_end_run_with_78(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAILIES_DISCORD_TOKEN", "a.b.c")
    monkeypatch.setenv("DAILIES_FAL_KEY", "r8_somebody_else_s")

    assert main(["check", "--json", "--env-file", os.devnull]) == 1
    told = json.loads(capsys.readouterr().out)
    assert main(["run", "--env-file", os.devnull]) == 78

    assert not told["ok"]
    (finding,) = told["findings"]
    assert finding["code"] == "setting_wrong"
    assert finding["cause"].startswith("DAILIES_FAL_KEY holds a key of Replicate's")
    assert "r8_" not in json.dumps(told).replace("r8_ and letters", "")


def test_every_name_that_is_no_setting_is_told_with_what_to_write_in_its_place(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAILIES_FAL_KEYY", "x")
    monkeypatch.setenv("DAILIES_QQQQQQ", "y")

    assert main(["check", "--json", "--env-file", os.devnull]) == 1

    found = json.loads(capsys.readouterr().out)["findings"]
    assert [(one["cause"], one["mend"]) for one in found] == [
        (
            "DAILIES_FAL_KEYY is no setting of Dailies; did you mean DAILIES_FAL_KEY?",
            "write DAILIES_FAL_KEY in its place, or take it out",
        ),
        ("DAILIES_QQQQQQ is no setting of Dailies", "take it out"),
    ]


def test_what_the_json_says_of_a_clean_installation(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAILIES_DISCORD_TOKEN", "a.b.c")

    assert main(["check", "--json", "--env-file", os.devnull]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["ok"]
    assert told["mended"] == []
    assert {finding["severity"] for finding in told["findings"]} <= {"note"}


@pytest.mark.parametrize(
    ("name", "right", "odd"),
    [
        ("DAILIES_FAL_KEY", "id:secret", "Xy12345"),
        ("DAILIES_REPLICATE_API_TOKEN", "r8_letters", "Xy12345"),
        ("DAILIES_LUMENFALL_API_KEY", "lmnfl_letters", "Xy12345"),
        ("DAILIES_OPENAI_API_KEY", "sk-letters", "Xy12345"),
    ],
)
def test_a_key_that_lost_its_beginning_is_a_warning_and_no_reason_not_to_start(
    name: str, right: str, odd: str
) -> None:
    limits = {"DAILIES_INSTALLATION_MONTHLY_USD": "5", "DAILIES_OPERATOR_CHANNEL_ID": "5"}

    def said(value: str) -> list[tuple[str, bool]]:
        config = load(limits | {name: value, "DAILIES_DISCORD_TOKEN": "a.b.c"}, env_file=Path(os.devnull))
        return [(finding.code, odd in finding.cause) for finding in configuration.settings(config)]

    assert said(right) == []
    assert said(odd) == [("key_odd", False)]


def test_a_server_of_ones_own_may_have_keys_of_any_kind() -> None:
    given = {"DAILIES_OPENAI_BASE_URL": "http://gpu:8000/v1", "DAILIES_OPENAI_API_KEY": "letters"}
    config = load(given, env_file=Path(os.devnull))

    assert "key_odd" not in {finding.code for finding in configuration.settings(config)}
