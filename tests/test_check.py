"""`dailies check`: each thing to mend is a line that says what to do; a clean installation has none."""

import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot import catalogue
from bot.__main__ import main
from bot.commands import check
from bot.settings import load

TODAY = date(2026, 11, 22)

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


def found(tmp_path: Path, today: date = TODAY, **settings: str) -> list[str]:
    environment = {
        "DAILIES_DATA_DIR": str(tmp_path / "data"),
        "DAILIES_DISCORD_TOKEN": "a.b.c",
        **{f"DAILIES_{name.upper()}": value for name, value in settings.items()},
    }
    return list(check.findings(load(environment, env_file=Path(os.devnull)), today=today))


def test_a_studio_with_a_token_has_nothing_to_mend(tmp_path: Path) -> None:
    assert found(tmp_path) == []


def test_a_wrong_row_is_named_by_file_line_key_and_what_is_allowed(tmp_path: Path) -> None:
    models = tmp_path / "mine.toml"
    models.write_text(BROKEN)

    (line,) = found(tmp_path, models_file=str(models))

    assert line.startswith(f"{models}:10: paper: colour: there is no such key; allowed: id, name, ")


def test_a_models_file_that_is_no_toml_is_said_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    models = tmp_path / "mine.toml"
    models.write_text("[[models")

    lines = found(tmp_path, models_file=str(models), fal_key="id:secret")

    assert lines[0].startswith("DAILIES_MODELS_FILE: ")
    assert lines[1].startswith("DAILIES_INSTALLATION_MONTHLY_USD is not set")


def test_old_prices_are_named_for_providers_with_a_key(tmp_path: Path) -> None:
    settings = {"replicate_api_token": "r8_1", "installation_monthly_usd": "5"}
    read_on = [
        offer.row.price_read_on
        for offer in catalogue.own_rows().offers
        if offer.row.provider == "replicate" and offer.per_second_micros
    ]
    oldest = min(day for day in read_on if day is not None)

    fresh = found(tmp_path, today=oldest + check.PRICE_AGE_MAX, **settings)
    later = found(tmp_path, today=oldest + check.PRICE_AGE_MAX + timedelta(days=1), **settings)

    assert not any("its price was read on" in line for line in fresh)
    assert any("its price was read on" in line for line in later)
    assert all(line.startswith("replicate/") for line in later)


def test_the_command_ends_with_1_where_something_is_to_be_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAILIES_DATA_DIR", str(tmp_path))

    assert main(["check", "--env-file", os.devnull]) == 1
    assert "DAILIES_DISCORD_TOKEN is not set" in capsys.readouterr().out
    monkeypatch.setenv("DAILIES_DISCORD_TOKEN", "a.b.c")
    assert main(["check", "--env-file", os.devnull]) == 0
    monkeypatch.setenv("DAILIES_FAL_KEY", "r8_somebody_else_s")
    assert main(["check", "--env-file", os.devnull]) == 78
