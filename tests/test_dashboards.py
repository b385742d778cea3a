"""The dashboard and the alert rules: every number and label in them is one that the bot has."""

import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain import OfferId
from bot.offers.health import Health
from bot.operating.exposition import Family
from bot.operating.instruments import STATES, Instruments
from bot.operating.meters import Meters
from bot.operating.notices import LoggedOperator
from bot.operating.room import FULL_BYTES
from bot.operating.vitals import Vitals
from storage.database import open_database
from tests.props import PLENTY, Clock

FOLDER = Path(__file__).parent.parent / "bot" / "dashboards"
RULES = (FOLDER / "alerts.yaml").read_text("utf-8")
BOARD: dict[str, Any] = json.loads((FOLDER / "grafana.json").read_text("utf-8"))

OF_PROMETHEUS = {"up": {"job"}}
SCRAPED = {"job", "instance"}
_USED = re.compile(r"\b((?:dailies|process)_\w+|up)\b(?:\{([^}]*)\})?")
_NAMED = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_GROUPED = re.compile(r"by \(([\w, ]+)\)")


def expressions() -> Iterator[str]:
    """Every expression of a panel, of an annotation, and of a rule."""
    for panel in BOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (annotation["expr"] for annotation in BOARD["annotations"]["list"])
    for rule in RULES.split("- alert:")[1:]:
        found = re.search(r"expr: (?:>\n)?(.*?)\n        (?:for|labels):", rule, re.DOTALL)
        assert found is not None, rule
        yield found[1]


@pytest.fixture
async def families(tmp_path: Path) -> AsyncIterator[list[Family]]:
    """Every number that there can be, each counted at least once."""
    meters, clock = Meters(), Clock()
    meters.calls.add("fal", "fal/sora-2", "submit", "taken")
    meters.call_seconds.observe(0.3, "fal", "fal/sora-2", "submit")
    meters.delivered("channel", "file")
    meters.discord_answered(429, "user")
    meters.lag.observe(0.001)
    meters.identifies_left = 990
    meters.clock_off_s = 0.5
    database = await open_database(tmp_path / "dailies.db")
    health = Health(LoggedOperator(), clock=lambda: 0.0)
    health.failed(OfferId("fal/sora-2"), "provider_out_of_credit")
    vitals = Vitals(
        database,
        gateway_latency_s=lambda: 0.04,
        worker_late_s=lambda: 0.0,
        free_bytes=lambda: FULL_BYTES,
        clock=lambda: 0.0,
    )
    limit = PLENTY.installation_monthly_micros
    instruments = Instruments(tmp_path, meters, health, vitals, limit_micros=limit, now=clock)
    try:
        yield await instruments.families()
    finally:
        await database.close()


def labels(families: list[Family]) -> dict[str, set[str]]:
    """The labels of each number, by the name that an expression uses."""
    found: dict[str, set[str]] = defaultdict(set)
    for family in families:
        assert family.samples, f"{family.name} was never counted: the test is to count it"
        for sample in family.samples:
            found[family.name + sample.suffix] |= set(sample.labels)
    return found


def test_every_number_and_label_that_is_asked_for_is_one_of_ours(families: list[Family]) -> None:
    known = labels(families) | OF_PROMETHEUS
    asked = list(expressions())

    assert len(asked) > 40
    for expression in asked:
        used = _USED.findall(expression)
        assert used, expression
        for name, conditions in used:
            assert name in known, f"{name} in {expression}"
            assert set(_NAMED.findall(conditions)) <= known[name] | SCRAPED, expression
        grouped = {label.strip() for group in _GROUPED.findall(expression) for label in group.split(",")}
        assert grouped <= set().union(*(known[name] for name, _ in used)), expression


def test_every_number_of_ours_is_shown_or_watched(families: list[Family]) -> None:
    used = {name for expression in expressions() for name, _ in _USED.findall(expression)}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in used} | used

    unseen = {family.name for family in families} - shown
    assert unseen == {"dailies_build_info", "dailies_ledger_entries_total"}


def test_the_states_that_rules_name_are_states() -> None:
    named = set(re.findall(r'state="(\w+)"', RULES)) | {
        state for group in re.findall(r'state=~"([\w|]+)"', RULES) for state in group.split("|")
    }

    assert named <= set(STATES)
    assert any(re.fullmatch("review_.*", state) for state in STATES)


def test_every_rule_says_what_it_is_and_what_to_do() -> None:
    rules = RULES.split("- alert:")[1:]

    assert all("summary:" in rule and "action:" in rule and "severity:" in rule for rule in rules)
    assert len({rule.split("\n", 1)[0].strip() for rule in rules}) == len(rules)


def test_panels_have_their_own_place() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
