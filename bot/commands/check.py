"""`dailies check`: what is wrong with this installation, its cause, and the command that mends it."""

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from bot.checks import online, rounds
from bot.checks.finding import Finding, Severity

_MARKS = {Severity.ERROR: "ERROR  ", Severity.WARNING: "WARNING", Severity.NOTE: "note   "}


def add_to(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--json", action="store_true", help="one JSON object, for scripts")
    parser.add_argument(
        "--online",
        action="store_true",
        help="also ask Discord, the providers, and the public address; nothing is ordered or posted",
    )
    parser.add_argument("--fix", action="store_true", help="mend what can be mended without losing anything")
    parser.add_argument("--env-file", type=Path, default=Path(".env"))


def run(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Look, mend where asked to, and say it; the exit code is 1 where something is still to be mended."""
    began = time.monotonic()
    found = _looked(chosen)
    done = list(dict.fromkeys(_mended(found))) if chosen.fix else []
    if done:
        found = _looked(chosen)
    left = [finding for finding in found if finding.is_to_mend]
    took_s = time.monotonic() - began
    if chosen.json:
        say(json.dumps(_object(found, done, took_s), indent=2))
        return 1 if left else 0
    for line in done:
        say(f"mended  {line}")
    for finding in found:
        say(f"{_MARKS[finding.severity]} {finding.code}: {finding.cause}")
        if finding.mend:
            say(f"        mend: {finding.mend}")
    say(f"{f'{len(left)} to mend' if left else 'nothing to mend'} ({took_s:.1f} s)")
    return 1 if left else 0


def _looked(chosen: argparse.Namespace) -> list[Finding]:
    about = rounds.installation(chosen.env_file)
    found = list(rounds.offline(about, now=_now()))
    if chosen.online and about.config is not None:
        found += asyncio.run(online.online(about.config, now=_now))
    return sorted(found, key=_worst_first)


def _now() -> datetime:
    return datetime.now(UTC)


def _worst_first(finding: Finding) -> int:
    return list(Severity).index(finding.severity)


def _mended(found: Iterable[Finding]) -> Iterable[str]:
    for finding in found:
        if finding.fix is not None:
            try:
                yield finding.fix()
            except OSError as fault:
                yield f"{finding.code} could not be mended: {fault.strerror}; {finding.mend}"


def _object(found: list[Finding], done: list[str], took_s: float) -> dict[str, object]:
    return {
        "ok": not any(finding.is_to_mend for finding in found),
        "seconds": round(took_s, 3),
        "mended": done,
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity.value,
                "cause": finding.cause,
                "mend": finding.mend,
                "fixable": finding.fix is not None,
            }
            for finding in found
        ],
    }
