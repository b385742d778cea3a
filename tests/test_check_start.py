"""`dailies check` at what a start needs beside its settings: it says beforehand what `run` would end with."""

import os
import socket
import sys
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.checks.start import start
from bot.errors import SettingsError
from bot.settings import load
from storage.lock import FolderLock

TOKEN = {"DAILIES_DISCORD_TOKEN": "a.b.c", "DAILIES_DISCORD_API_URL": "http://127.0.0.1:9/api/v10"}

WRONG = [
    ({"DAILIES_BLOCKED_WORDS_FILE": "{folder}/none"}, "none cannot be read (No such file or directory)"),
    ({"DAILIES_BLOCKED_WORDS_FILE": "{folder}/words"}, "words: line 2: it has no letter or digit"),
    ({"DAILIES_MODERATION_LINES": "violence"}, "DAILIES_MODERATION_LINES: write a category and two numbers"),
    (
        {"DAILIES_C2PA_CERTIFICATE_PATH": "{folder}/none", "DAILIES_C2PA_KEY_PATH": "{folder}/none"},
        "DAILIES_C2PA_CERTIFICATE_PATH cannot be read: No such file or directory",
    ),
    ({"DAILIES_SENTRY_DSN": "sentry"}, "DAILIES_SENTRY_DSN is no address of Sentry's: copy it again"),
]


def written(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    (folder / "words").write_text("gore\n& &\n")
    return {name: value.format(folder=folder) for name, value in settings.items()} | {
        "DAILIES_DATA_DIR": str(folder / "data")
    }


@pytest.mark.parametrize(("settings", "words"), WRONG)
def test_check_says_what_run_ends_with(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, str],
    words: str,
) -> None:
    for name, value in (written(tmp_path, settings) | TOKEN).items():
        monkeypatch.setenv(name, value)
    before = os.umask(0o077)  # `run` sets its own, for all of the process

    try:
        ended = main(["run", "--env-file", os.devnull])
    finally:
        os.umask(before)
    said = capsys.readouterr().err
    (finding,) = start(load(env_file=Path(os.devnull)))

    assert ended == 78
    assert words in said
    assert finding.code == "setting_wrong"
    assert words in finding.cause
    assert finding.mend


@pytest.mark.parametrize(
    ("settings", "package", "extra"),
    [
        ({"DAILIES_OTLP_URL": "http://127.0.0.1:9"}, "opentelemetry.exporter.otlp.proto.http", "otel"),
        ({"DAILIES_SENTRY_DSN": "https://a@example.org/1"}, "sentry_sdk.utils", "sentry"),
    ],
)
def test_a_package_that_is_not_there_is_named_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], package: str, extra: str
) -> None:
    config = load(written(tmp_path, settings), env_file=Path(os.devnull))
    assert list(start(config)) == []
    monkeypatch.setitem(sys.modules, package, None)  # how Python marks what cannot be imported

    (finding,) = start(config)

    assert finding.code == "setting_wrong"
    assert finding.mend.startswith(f"pip install 'dailies[{extra}]'")


def test_a_port_of_the_vitals_that_is_anothers_is_named_unless_it_is_our_running_bots(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        config = load(written(tmp_path, {"DAILIES_VITALS_PORT": port}), env_file=Path(os.devnull))
        config.data_dir.mkdir()

        (finding,) = start(config)
        with FolderLock(config.data_dir):
            assert list(start(config)) == []

    assert finding.code == "vitals_port_taken"
    assert f":{port} " in finding.mend
    assert list(start(config)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DAILIES_FAL_KEY", "two words"),
        ("DAILIES_REPLICATE_API_TOKEN", "r8_one\tr8_two"),
        ("DAILIES_PUBLIC_URL", "clips.example.net"),
        ("DAILIES_PUBLIC_URL", "https://exa mple.org"),
        ("DAILIES_OPENAI_BASE_URL", "ws://example.org/v1"),
        ("DAILIES_OPENAI_BASE_URL", "https://example.org/v1?key=x"),
        ("DAILIES_OTLP_URL", "clips.example.net"),
        ("DAILIES_DISPLAY_CURRENCY", "EURO"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_words_and_never_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({name: value}, env_file=Path(os.devnull))

    assert str(refused.value).startswith(f"{name}: ")
    assert value not in str(refused.value)
    assert "pattern" not in str(refused.value)
