"""The table of threats names tests: each of them is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_ROW = re.compile(r"^\| (?!Asset)(?P<asset>[^|]+)\|(?P<attack>[^|]+)\|(?P<defence>[^|]+)\|(?P<test>[^|]+)\|$")


def rows() -> list[re.Match[str]]:
    text = (ROOT / "SECURITY.md").read_text()
    return [found for line in text.splitlines() if (found := _ROW.match(line))]


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row["attack"]).strip()[:40])
def test_every_threat_has_tests_that_are_there(row: re.Match[str]) -> None:
    named = _NAMED.findall(row["test"])

    assert named, row["attack"]
    for path, name in named:
        assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE), (path, name)


def test_the_table_is_read_whole() -> None:
    lines = [line for line in (ROOT / "SECURITY.md").read_text().splitlines() if line.startswith("|")]

    assert len(rows()) == len(lines) - 2 >= 20
