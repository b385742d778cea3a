"""Our books beside a provider's usage or invoice file: what one side has and the other lacks."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path

from bot.domain import JobId, Micros
from bot.errors import SettingsError
from bot.money import MICROS_PER_USD, USD_MAX, format_usd

ID_COLUMNS = ("request_id", "prediction_id", "video_id", "job_id", "id")
AMOUNT_COLUMNS = ("cost_usd", "amount_usd", "usd", "cost", "amount", "total", "price")
"""Tried in this order, whatever their case; a file with other names is read by naming them."""

LINE_CHARS_MAX = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """One job on which the two sides differ; None is what a side does not have at all."""

    provider_job_id: str
    job_id: JobId | None
    ours_micros: Micros | None
    theirs_micros: Micros | None

    def __str__(self) -> str:
        if self.theirs_micros is None:
            return (
                f"only here: job {self.job_id} ({self.provider_job_id}) "
                f"is booked at {format_usd(self.ours_micros or 0)}"
            )
        if self.ours_micros is None:
            return (
                f"only at the provider: {self.provider_job_id} is billed at {format_usd(self.theirs_micros)}"
            )
        return (
            f"differs: job {self.job_id} ({self.provider_job_id}) is booked at "
            f"{format_usd(self.ours_micros)} and billed at {format_usd(self.theirs_micros)}"
        )


def read_usage(
    path: Path, *, id_column: str | None = None, amount_column: str | None = None
) -> dict[str, Micros]:
    """What a provider says that each of its jobs cost. Several lines about one job are added up.

    Args:
        path: a CSV file with a heading, or JSON lines (by its name: `.jsonl`, `.ndjson` or `.json`).
        id_column: the name of the column with the provider's id of a job, where it is none of the usual.
        amount_column: the same for the column with the dollars.

    Raises:
        SettingsError: names the line and what is wrong with it; nothing is guessed.
    """
    costs: dict[str, Micros] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            is_json = path.suffix in {".jsonl", ".ndjson", ".json"}
            rows = _json_lines(file, path) if is_json else _csv_rows(file, path, id_column, amount_column)
            for number, row in rows:
                names = {str(name).strip().lower(): value for name, value in row.items()}
                own_id = _value(names, id_column, ID_COLUMNS, path, number, "id")
                cost = _micros(_value(names, amount_column, AMOUNT_COLUMNS, path, number, "amount"))
                if cost is None:
                    raise SettingsError(f"{path}: line {number}: the amount is no number of dollars")
                costs[own_id] = Micros(costs.get(own_id, 0) + cost)
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        why = fault.strerror if isinstance(fault, OSError) else fault
        raise SettingsError(f"{path} cannot be read: {why}") from fault
    return costs


def compared(
    ours: Iterable[tuple[str, JobId, Micros]], theirs: Mapping[str, Micros]
) -> Iterator[Discrepancy]:
    """Every job on which the two sides differ: ours in our order, then what only the provider has.

    A job that cost nothing by our books may be missing from theirs.
    """
    seen: set[str] = set()
    for provider_job_id, job_id, booked in ours:
        seen.add(provider_job_id)
        said = theirs.get(provider_job_id)
        if (said or 0) != booked:
            yield Discrepancy(
                provider_job_id=provider_job_id, job_id=job_id, ours_micros=booked, theirs_micros=said
            )
    for provider_job_id, said in theirs.items():
        if provider_job_id not in seen:
            yield Discrepancy(
                provider_job_id=provider_job_id, job_id=None, ours_micros=None, theirs_micros=said
            )


def _csv_rows(
    file: Iterable[str], path: Path, id_column: str | None, amount_column: str | None
) -> Iterator[tuple[int, Mapping[str, object]]]:
    reader = csv.DictReader(file)
    # Without one line below it a page of an error, or half a download, would pass for a month without jobs.
    heading = {str(name).strip().lower(): name for name in reader.fieldnames or ()}
    if not heading:
        raise SettingsError(f"{path} is empty: a month without jobs has its heading at least")
    if len(heading) == 1 and (mark := next((mark for mark in ";\t|" if mark in next(iter(heading))), None)):
        raise SettingsError(f"{path}: its columns stand apart by {mark!r}: save it with commas between them")
    _value(heading, id_column, ID_COLUMNS, path, 1, "id")
    _value(heading, amount_column, AMOUNT_COLUMNS, path, 1, "amount")
    for row in reader:
        yield reader.line_num, {name: value for name, value in row.items() if name is not None}


def _json_lines(file: Iterable[str], path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line[:LINE_CHARS_MAX], parse_float=Decimal)
        except ValueError as wrong:
            raise SettingsError(f"{path}: line {number} is no JSON: {wrong}") from wrong
        if not isinstance(row, dict):
            raise SettingsError(f"{path}: line {number} is no JSON object: write one a line")
        yield number, row


def _value(
    row: Mapping[str, object], named: str | None, usual: Iterable[str], path: Path, number: int, what: str
) -> str:
    for name in [named.lower()] if named else usual:
        if row.get(name) not in (None, ""):
            return str(row[name]).strip()
    raise SettingsError(
        f"{path}: line {number} has no {what}: it has {', '.join(row)[:200]}; name the column with "
        f"--{what}-column"
    )


def _micros(text: str) -> Micros | None:
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount) > USD_MAX:
        return None
    return Micros(int((amount * MICROS_PER_USD).to_integral_value(rounding=ROUND_HALF_EVEN)))
