"""What the documents name is there: files, commands, settings; and no row of theirs stands twice."""

import re
from collections import Counter
from pathlib import Path

import pytest
from discord import app_commands

from bot.app import assembled
from bot.domain import UserId
from bot.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
SOURCES = tuple(
    path.relative_to(ROOT).as_posix()
    for folder in ("bot", "cogs", "storage")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".sql", ".toml", ".yaml"}
)

_IN_TICKS = re.compile(r"`((?:bot|cogs|storage|tests|\.ci|\.deploy|\.github)/[\w./*\-]*)")
_OF_A_FILE = re.compile(
    r"(?<![\w/.])((?:bot|cogs|storage|tests)/[\w./\-]+\.(?:py|sql|toml|txt|md|yaml|jsonl))\b"
)
_COMMAND = re.compile(r"`/([a-z]+)(?: ([a-z|]+))?(?=[ `:])")
_SETTING = re.compile(r"DAILIES_[A-Z0-9_]+[A-Z0-9]\b")
_LINK = re.compile(r"\]\(([^)]+)\)")

PATHS_OF_ADDRESSES = {"healthz", "readyz", "metrics"}
NO_FIELDS = {"DAILIES_SECRETS_DIR", "DAILIES_SHOTS", "DAILIES_SHOTS_LOCALE", "DAILIES_SURGE"}
"""Where secrets are read from, what tests read, and three settings by what they begin with."""

HEADS = {"| Command | Does |", "| To find | Look in |"}
"""The first rows of tables, which several have alike."""


def text_of(document: str) -> str:
    return (ROOT / document).read_text("utf-8")


def is_there(path: str) -> bool:
    return any(ROOT.glob(path)) if "*" in path else (ROOT / path).exists()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_a_document_names_is_there(document: str) -> None:
    named = set(_IN_TICKS.findall(text_of(document)))

    assert sorted(path for path in named if not is_there(path)) == []


def test_every_file_that_a_source_names_is_there() -> None:
    missing = [
        (source, path)
        for source in SOURCES
        for path in _OF_A_FILE.findall(text_of(source))
        if not is_there(path)
    ]

    assert missing == []


def test_a_path_that_is_not_there_is_found() -> None:
    assert [path for path in _IN_TICKS.findall("`bot/gone.py` and `cogs/gone*.py`") if not is_there(path)]
    assert [path for path in _OF_A_FILE.findall("as storage/gone.sql says") if not is_there(path)]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_within_the_repository_leads_somewhere(document: str) -> None:
    text = text_of(document)
    titles = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}

    for link in _LINK.findall(text):
        if link.startswith("#"):
            assert link.removeprefix("#") in titles
        else:
            assert is_there(link)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_setting_that_a_document_names_is_one(document: str) -> None:
    known = {f"DAILIES_{name.upper()}" for name in Settings.model_fields} | NO_FIELDS

    named = set(_SETTING.findall(text_of(document)))

    assert sorted(name for name in named if not {name, name.removesuffix("_FILE")} & known) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_row_of_a_document_stands_twice(document: str) -> None:
    rows = Counter(line for line in text_of(document).splitlines() if re.match(r"\| [^|]|[-*] |\d+\. ", line))

    assert [row for row, times in rows.items() if times > 1 and row not in HEADS] == []


async def test_every_command_that_a_document_names_is_registered(tmp_path: Path) -> None:
    config = Settings(data_dir=tmp_path, operator_ids=frozenset({UserId(1)}))
    async with assembled(config) as app:
        registered = {
            command.name: {each.name for each in command.commands}
            if isinstance(command, app_commands.Group)
            else None
            for command in app.client.tree.get_commands()
        }

    unknown = []
    for document in DOCUMENTS:
        for name, then in _COMMAND.findall(text_of(document)):
            if name in PATHS_OF_ADDRESSES:
                continue
            held = registered.get(name, set())
            if name not in registered or (held is not None and not set(then.split("|")) - {""} <= held):
                unknown.append((document, name, then))
    assert unknown == []


def test_each_step_of_the_way_names_what_stands_in_the_file_behind_it() -> None:
    way = text_of("README.md").partition("### The way of a `/generate`")[2].partition("Kill the process")[0]
    named = re.findall(r"`([A-Za-z_.]+)`(?: in|,? of)\s+`([\w/]+\.py)`", " ".join(way.split()))

    missing = []
    for name, path in named:
        source = text_of(path)
        wanted = [rf"\b(?:class|def) {part}\b" for part in name.split(".")]
        missing += [(name, path) for each in wanted if not re.search(each, source)]
    assert missing == []
    assert len(named) > 15
