"""`dailies jobs`: those of which nobody knows, a person's word on them, and what a bill says."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot import catalogue, settings
from bot.commands import ids
from bot.commands.halting import changed, who
from bot.errors import SettingsError, StorageError
from bot.money import format_usd, parse_usd
from bot.offers import keys
from bot.operating import control, reports
from bot.settings import Settings
from bot.spend.settling import ticket_urls
from storage import jobs, verdicts
from storage.verdicts import Uncertain, Verdict


def add_to(parser: argparse.ArgumentParser) -> None:
    """The options of `dailies jobs`."""
    whats = parser.add_subparsers(dest="what", required=True, metavar="what")
    uncertain = whats.add_parser("uncertain", help="jobs that a provider may have, and may bill")
    settle = whats.add_parser("settle", help="decide about one of them, after looking at the provider")
    settle.add_argument("job", type=ids.job, help="as `dailies jobs uncertain` names it")
    settle.add_argument(
        "verdict",
        type=Verdict,
        choices=list(Verdict),
        help="found: the provider has it; absent: it never had it; lost: it had it, and nothing is to be had",
    )
    settle.add_argument("ticket", nargs="?", help="with found: the provider's id of the job")
    settle.add_argument("--why", required=True, help="how you know; it is kept on record")
    cost = whats.add_parser("cost", help="what a failed or cancelled job cost, by its provider's bill")
    cost.add_argument("job", type=ids.job, help="one whose price the house has carried: nobody knew it")
    cost.add_argument("dollars", help="what was billed for it, such as 0 or 0.35")
    cost.add_argument("--why", required=True, help="where you read it; it is kept on record")
    for each in (uncertain, settle, cost):
        each.add_argument("--env-file", type=Path, default=Path(".env"))


def run(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Do what was chosen, and say it."""
    config = settings.load(env_file=chosen.env_file)
    if chosen.what == "settle":
        say(_settled(config, chosen))
        return 0
    if chosen.what == "cost":
        say(_corrected(config, chosen))
        return 0
    with reports.reading(config) as connection:
        waiting = verdicts.uncertain(connection)
    for each in waiting:
        say(_line(each))
    say(f"uncertain jobs: {len(waiting)}")
    return 0


def _settled(config: Settings, chosen: argparse.Namespace) -> str:
    if chosen.ticket is not None and chosen.verdict is not Verdict.FOUND:
        raise SettingsError("a ticket is named only with `found`")
    if chosen.ticket is not None and not 1 <= len(chosen.ticket) <= control.TICKET_CHARS_MAX:
        raise SettingsError(f"no provider's id has {len(chosen.ticket)} letters: copy it again")
    why = _why(chosen)
    with reports.reading(config) as connection:
        found = [each for each in verdicts.uncertain(connection) if each.job_id == chosen.job]
    if not found:
        raise StorageError(f"job {chosen.job} is not uncertain: see `dailies jobs uncertain`")
    return changed(
        config,
        control.SettleJob(
            job_id=chosen.job,
            verdict=chosen.verdict,
            ticket=chosen.ticket,
            urls={} if chosen.ticket is None else _urls(config, found[0]),
            by=who(),
            why=why,
        ),
    )


def _corrected(config: Settings, chosen: argparse.Namespace) -> str:
    try:
        billed = parse_usd(chosen.dollars)
    except ValueError as wrong:
        raise SettingsError(f"{chosen.dollars!r} is no amount: {wrong}") from wrong
    why = _why(chosen)
    with reports.reading(config) as connection:
        if jobs.get(connection, chosen.job) is None:
            raise StorageError(f"there is no job {chosen.job}")
    return changed(config, control.CorrectCost(job_id=chosen.job, billed_micros=billed, by=who(), why=why))


def _why(chosen: argparse.Namespace) -> str:
    why = str(chosen.why).strip()
    if not 1 <= len(why) <= 500:
        raise SettingsError("--why: say how you know, in at most 500 characters")
    return why


def _urls(config: Settings, job: Uncertain) -> dict[str, str]:
    rows = catalogue.load(config.models_file, providers=keys.names(config), now=_now)
    return ticket_urls(rows, job.offer_id, job.kind)


def _line(job: Uncertain) -> str:
    house = "the house" if job.bearer.value == "house" else "its member"
    ticket = "has a ticket" if job.has_ticket else "no ticket"
    return (
        f"{job.job_id}  since {job.since:%Y-%m-%d %H:%M} UTC  {job.offer_id}  "
        f"{format_usd(job.held_micros)} held for {house}  key {job.key}  {ticket}  {job.detail}"
    ).rstrip()


def _now() -> datetime:
    return datetime.now(UTC)
