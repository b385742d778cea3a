"""Prometheus' own tool at our numbers, alert rules and dashboard: what it takes, and what then speaks."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.operating.exposition import text
from bot.operating.meters import Meters
from tests.test_dashboards import BOARD, FOLDER, RULES

PROMTOOL = shutil.which("promtool")
pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="no promtool on this machine")

EVERY_MIN = 4
"""How often those rules are looked at here that wait for hours: Prometheus forgets a value after five."""
AN_HOUR = 60

ILL: dict[str, list[tuple[str, str]]] = {
    "DailiesDown": [('up{job="dailies"}', "0")],
    "DailiesGatewayDisconnected": [("dailies_gateway_connected", "0")],
    "DailiesWorkerStuck": [("dailies_worker_running", "0")],
    "DailiesUncertainJobs": [('dailies_jobs{state="uncertain"}', "2")],
    "DailiesQueueOld": [('dailies_oldest_waiting_seconds{state="queued"}', "1801")],
    "DailiesReviewOld": [('dailies_oldest_waiting_seconds{state="review_showing"}', "43201")],
    "DailiesClipsNotPosted": [('dailies_oldest_waiting_seconds{state="stored"}', "1801")],
    "DailiesSpendingStopped": [("dailies_spending_stopped", "1")],
    "DailiesHalted": [('dailies_halts{scope="provider"}', "1")],
    "DailiesPaused": [('dailies_pauses{scope="channel"}', "3")],
    "DailiesBudgetNearlySpent": [
        ("dailies_spent_month_micros", "900000"),
        ("dailies_held_month_micros", "1"),
        ("dailies_installation_limit_micros", "1000000"),
    ],
    "DailiesProviderFailing": [
        ('dailies_provider_calls_total{call="submit",offer="fal/x",outcome="unknown"}', "0+6x"),
        ('dailies_provider_calls_total{call="submit",offer="fal/x",outcome="taken"}', "0+4x"),
    ],
    "DailiesBreakerOpen": [('dailies_breaker{name="fal/x",circuit="open"}', "1")],
    "DailiesInvalidRequests": [("dailies_discord_invalid_requests_total", "0+201x")],
    "DailiesSessionsLow": [("dailies_gateway_identifies_left", "99")],
    "DailiesLoopLate": [
        ('dailies_event_loop_lag_seconds_bucket{le="0.5"}', "0+1x"),
        ('dailies_event_loop_lag_seconds_bucket{le="1.0"}', "0+10x"),
        ('dailies_event_loop_lag_seconds_bucket{le="+Inf"}', "0+10x"),
    ],
    "DailiesClockOff": [("dailies_clock_ahead_seconds", "-31")],
    "DailiesDiskFull": [("dailies_disk_free_bytes", "209715199")],
    "DailiesDiskLow": [("dailies_disk_free_bytes", "2147483647")],
}
"""What makes each rule speak: series, and what they say every minute (`0+6x`: six more each time)."""

WELL: dict[str, list[tuple[str, str]]] = {
    "DailiesDown": [('up{job="dailies"}', "1")],
    "DailiesGatewayDisconnected": [("dailies_gateway_connected", "1")],
    "DailiesWorkerStuck": [("dailies_worker_running", "1"), ("dailies_worker_late_seconds", "60")],
    "DailiesUncertainJobs": [
        ('dailies_jobs{state="uncertain"}', "0"),
        ('dailies_jobs{state="running"}', "9"),
    ],
    "DailiesQueueOld": [('dailies_oldest_waiting_seconds{state="queued"}', "1800")],
    "DailiesReviewOld": [('dailies_oldest_waiting_seconds{state="review_showing"}', "43200")],
    "DailiesClipsNotPosted": [('dailies_oldest_waiting_seconds{state="running"}', "9000")],
    "DailiesSpendingStopped": [("dailies_spending_stopped", "0")],
    "DailiesHalted": [('dailies_halts{scope="provider"}', "0")],
    "DailiesPaused": [('dailies_pauses{scope="channel"}', "0")],
    "DailiesBudgetNearlySpent": [
        ("dailies_spent_month_micros", "900000"),
        ("dailies_held_month_micros", "0"),
        ("dailies_installation_limit_micros", "1000000"),
    ],
    "DailiesProviderFailing": [
        ('dailies_provider_calls_total{call="submit",offer="fal/x",outcome="unknown"}', "0+5x"),
        ('dailies_provider_calls_total{call="submit",offer="fal/x",outcome="taken"}', "0+5x"),
    ],
    "DailiesBreakerOpen": [('dailies_breaker{name="fal/x",circuit="half_open"}', "1")],
    "DailiesInvalidRequests": [("dailies_discord_invalid_requests_total", "0+199x")],
    "DailiesSessionsLow": [("dailies_gateway_identifies_left", "100")],
    "DailiesLoopLate": [
        ('dailies_event_loop_lag_seconds_bucket{le="0.5"}', "0+10x"),
        ('dailies_event_loop_lag_seconds_bucket{le="+Inf"}', "0+10x"),
    ],
    "DailiesClockOff": [("dailies_clock_ahead_seconds", "30")],
    "DailiesDiskFull": [("dailies_disk_free_bytes", "2147483648")],
    "DailiesDiskLow": [("dailies_disk_free_bytes", "2147483648")],
}

ALSO = {"DailiesDiskFull": ["DailiesDiskLow"]}
"""What speaks beside it."""


def promtool(*arguments: str | Path, text: str | None = None) -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *arguments], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def rules() -> dict[str, int]:
    """The minutes that each rule waits before it speaks."""
    found: dict[str, int] = {}
    for rule in RULES.split("- alert:")[1:]:
        waits = re.search(r"\n        for: (\d+)([mh])\n", rule)
        name = rule.split("\n", 1)[0].strip()
        found[name] = 0 if waits is None else int(waits[1]) * (60 if waits[2] == "h" else 1)
    return found


def played(series: list[tuple[str, str]], says: dict[int, list[str]]) -> dict[str, object]:
    """A test of promtool's: the series, and which alerts speak at which minutes."""
    end = max(says) + 1
    return {
        "interval": "1m",
        "input_series": [
            {"series": name, "values": f"{value}{end}" if value.endswith("x") else f"{value}x{end}"}
            for name, value in series
        ],
        "promql_expr_test": [
            {
                "expr": 'sort(count by (alertname) (ALERTS{alertstate="firing"}))',
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in speaking],
            }
            for minute, speaking in says.items()
        ],
    }


def ill(name: str, waits: dict[str, int]) -> dict[str, object]:
    rates = any(value.endswith("x") for _, value in ILL[name])
    at = waits[name] + (16 if rates else 1)  # a rate needs its window
    says = {at: sorted([name, *(other for other in ALSO.get(name, []) if waits[other] < at)])}
    if waits[name] > 1 and not rates:
        says[waits[name] - 1] = []
    return played(ILL[name], says)


def run(tests: list[dict[str, object]], file: Path, *, every_min: int) -> None:
    written = {
        "rule_files": [str(FOLDER / "alerts.yaml")],
        "evaluation_interval": f"{every_min}m",
        "tests": tests,
    }
    file.write_text(json.dumps(written))  # JSON is YAML
    promtool("test", "rules", file)


def test_every_rule_speaks_when_it_should_as_late_as_it_says_and_not_else(tmp_path: Path) -> None:
    waits = rules()
    slow = {name for name, minutes in waits.items() if minutes > AN_HOUR}
    well = dict(pair for pairs in WELL.values() for pair in pairs)

    run([ill(name, waits) for name in waits.keys() - slow], tmp_path / "quick.json", every_min=1)
    run(
        [played(list(well.items()), {max(waits.values()) + 1: []}), *(ill(name, waits) for name in slow)],
        tmp_path / "slow.json",
        every_min=EVERY_MIN,
    )

    assert set(ILL) == set(WELL) == set(waits)
    assert slow


def test_the_rules_the_dashboard_and_the_numbers_are_well_formed(tmp_path: Path) -> None:
    asked = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
    asked += [annotation["expr"] for annotation in BOARD["annotations"]["list"]]
    recorded = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(asked)
    ]
    file = tmp_path / "panels.json"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": recorded}]}))

    promtool("check", "rules", FOLDER / "alerts.yaml")
    promtool("check", "rules", file)
    promtool("check", "metrics", text=text(list(Meters().families())))
