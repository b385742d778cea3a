"""The ledger as other programs read it: CSV, JSON lines, a double-entry journal for beancount and hledger.

In the journal a hold moves money from a budget to what is held for its bearer; its end moves it back, and
a capture books the cost as an expense of the one who bears it and a liability to the provider. Play money
is a commodity of its own, `PLAY`, so that no report adds it to dollars.
"""

import json
from collections.abc import Iterable, Iterator

from bot.csv_lines import csv_lines
from bot.domain import STUDIO, EntryKind, Micros, Scope
from bot.money import MICROS_PER_USD
from storage.booked import Booked

FORMATS = ("csv", "jsonl", "beancount")

_COLUMNS = (
    *("number", "at", "kind", "bearer", "usd", "amount_micros", "held_micros", "play_money", "guild_id"),
    *("channel_id", "user_id", "job_id", "model", "provider", "provider_job_id", "grant_id"),
)


def written(entries: Iterable[Booked], form: str) -> Iterator[str]:
    """The lines of a file in one of `FORMATS`, without their ends."""
    match form:
        case "csv":
            return csv_lines(_COLUMNS, map(_fields, entries))
        case "jsonl":
            return map(json.dumps, map(_fields, entries))
        case _:
            return _beancount(entries)


def decimal(micros: int) -> str:
    """Dollars as programs read them: `1.20`, `-0.0035`."""
    whole, rest = divmod(abs(micros), MICROS_PER_USD)
    return f"{'-' if micros < 0 else ''}{whole}.{f'{rest:06d}'.rstrip('0').ljust(2, '0')}"


def _fields(entry: Booked) -> dict[str, object]:
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "kind": entry.kind.value,
        "bearer": entry.bearer.value,
        "usd": decimal(entry.amount_micros),
        "amount_micros": entry.amount_micros,
        "held_micros": entry.held_micros,
        "play_money": entry.provider == STUDIO,
        # As text: these are above what a spreadsheet, or JavaScript, keeps exactly in a number.
        "guild_id": str(entry.guild_id),
        "channel_id": None if entry.channel_id is None else str(entry.channel_id),
        "user_id": str(entry.user_id),
        "job_id": entry.job_id,
        "model": entry.model,
        "provider": entry.provider,
        "provider_job_id": entry.provider_job_id,
        "grant_id": entry.grant_id,
    }


def _beancount(entries: Iterable[Booked]) -> Iterator[str]:
    # No `option` lines: hledger, which reads the rest (`open` as a transaction of nothing), stops at them.
    known: set[str] = set()
    for entry in entries:
        postings = _postings(entry)
        for account, _ in postings:
            if account not in known:
                known.add(account)
                yield f"1970-01-01 open {account}"
        about = f"grant {entry.grant_id}" if entry.job_id is None else f"job {entry.job_id}"
        yield f'{entry.at:%Y-%m-%d} * "{entry.kind.value} {entry.number}, {about}"'
        currency = "PLAY" if entry.provider == STUDIO else "USD"
        for account, micros in postings:
            yield f"  {account}  {decimal(micros)} {currency}"


def _postings(entry: Booked) -> list[tuple[str, int]]:
    owner = "House" if entry.bearer is Scope.HOUSE else f"G{entry.guild_id}:M{entry.user_id}"
    provider = _component(entry.provider or "none")
    held, budget = f"Assets:Held:{owner}", f"Equity:Budgets:{owner}"
    expense, liability = f"Expenses:Clips:{provider}:{owner}", f"Liabilities:Providers:{provider}"
    house = f"Expenses:Clips:{provider}:House"
    amount = entry.amount_micros
    match entry.kind:
        case EntryKind.HOLD:
            return _pair(held, budget, amount)
        case EntryKind.RELEASE:
            return _pair(budget, held, entry.held_micros)
        case EntryKind.CAPTURE:
            return [*_pair(budget, held, entry.held_micros), *_pair(expense, liability, amount)]
        case EntryKind.REFUND if entry.bearer is Scope.HOUSE:
            return _pair(liability, house, amount)  # a bill has shown that it is not owed
        case EntryKind.REFUND:
            return _pair(house, expense, amount)
        case EntryKind.ADJUST:
            return _pair(house, liability, amount)
        case EntryKind.GRANT:
            return _pair(budget, "Equity:Grants", amount)


def _pair(to: str, source: str, amount: Micros) -> list[tuple[str, int]]:
    return [(to, amount), (source, -amount)]


def _component(name: str) -> str:
    """A provider's name as a part of an account's: letters, digits and hyphens, a capital first."""
    letters = "".join(char if char.isascii() and char.isalnum() else "-" for char in name)
    return "P-" + letters if not letters[:1].isalpha() else letters[0].upper() + letters[1:]
