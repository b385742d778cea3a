"""`dailies takedown` and `dailies blocks`: what is taken away for good, and what may come back."""

import argparse
from collections.abc import Callable
from pathlib import Path

from bot import settings
from bot.commands import ids
from bot.commands.halting import changed
from bot.domain import JobId
from bot.errors import StorageError
from bot.moderation.takedowns import progress
from bot.operating import control
from bot.operating.reports import reading
from bot.settings import Settings
from storage import hashes, takedowns
from storage.hashes import Standing
from storage.takedowns import EVERYWHERE, Cause

LISTED_MAX = 1_000

CAUSES = [cause for cause in Cause if cause is not Cause.HASH]


def add_to(parser: argparse.ArgumentParser) -> None:
    """The options of `dailies takedown`."""
    whats = parser.add_subparsers(dest="what", required=True, metavar="what")
    start = whats.add_parser("start", help="take a clip away everywhere, and block its return")
    start.add_argument("job", type=ids.job, help="the clip's job, as its card, the reports and log name it")
    start.add_argument("--cause", type=Cause, choices=CAUSES, required=True)
    start.add_argument("--everywhere", action="store_true", help="block it in every server, not in its own")
    show = whats.add_parser("show", help="how far one is, step by step; without a job, the latest")
    show.add_argument("job", type=ids.job, nargs="?")
    again = whats.add_parser("resume", help="take the steps again that were given up or refused")
    again.add_argument("job", type=ids.job)
    for each in (start, show, again):
        each.add_argument("--env-file", type=Path, default=Path(".env"))


def add_blocks_to(parser: argparse.ArgumentParser) -> None:
    """The options of `dailies blocks`."""
    whats = parser.add_subparsers(dest="what", required=True, metavar="what")
    listed = whats.add_parser("list", help="which files may not come back, and why")
    listed.add_argument("--guild", type=ids.discord, help="only this server's; 0: those that hold everywhere")
    lift = whats.add_parser("lift", help="let one come back; it is on record")
    lift.add_argument("number", type=ids.row, help="as `dailies blocks list` has it")
    for each in (listed, lift):
        each.add_argument("--env-file", type=Path, default=Path(".env"))


def run(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Do what was chosen, and say it; `show JOB` ends with 1 while a step is to do or was given up."""
    config = settings.load(env_file=chosen.env_file)
    match chosen.what:
        case "start":
            wanted = control.TakeDown(job_id=chosen.job, cause=chosen.cause, everywhere=chosen.everywhere)
            say(changed(config, wanted))
        case "resume":
            say(changed(config, control.ResumeTakedown(job_id=chosen.job)))
        case _ if chosen.job is None:
            _latest(config, say)
        case _:
            return _steps(config, chosen.job, say)
    return 0


def run_blocks(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Do what was chosen, and say it."""
    config = settings.load(env_file=chosen.env_file)
    if chosen.what == "lift":
        say(changed(config, control.LiftBlock(hash_id=chosen.number)))
        return 0
    with reading(config) as connection:
        found = hashes.newest(connection, chosen.guild, limit=LISTED_MAX)
    for one in found:
        say(_block(one))
    say(f"blocks: {len(found)}")
    return 0


def _latest(config: Settings, say: Callable[[str], None]) -> None:
    with reading(config) as connection:
        found = takedowns.newest(connection, None, limit=LISTED_MAX)
    for one in found:
        ended = "steps to do" if one.ended_at is None else f"ended {one.ended_at:%Y-%m-%d %H:%M} UTC"
        begun = f"{one.begun_at:%Y-%m-%d %H:%M} UTC by {one.begun_by or 'the operator'}"
        say(f"{one.job_id}  {one.cause}  {_where(one.guild_id)}  begun {begun}  {ended}")
    say(f"take-downs: {len(found)}")


def _steps(config: Settings, job_id: JobId, say: Callable[[str], None]) -> int:
    with reading(config) as connection:
        found = progress(job_id, connection)
    if found is None:
        raise StorageError(f"no clip of a job {job_id} was taken down")
    whole = True
    for step in found.steps:
        result = step.result or f"to do, {step.tries} tries"
        whole = whole and step.done_at is not None and not result.startswith(("given up", "refused"))
        say(f"{step.step:<13} {result}")
    if found.made_from:
        say(f"clips made from it that can still be seen: {found.made_from}")
    for alike in found.alike:
        say(f"looks like it and can still be seen: {alike}")
    say("what others have forwarded or saved cannot be called back")
    return 0 if whole else 1


def _block(one: Standing) -> str:
    blocked = one.blocked
    by = one.begun_by or "the operator"
    return (
        f"{blocked.id}  {blocked.kind}  {one.cause}  {_where(blocked.guild_id)}  of {blocked.job_id}  "
        f"since {blocked.blocked_at:%Y-%m-%d %H:%M} UTC  by {by}"
    )


def _where(guild_id: int) -> str:
    return "everywhere" if guild_id == EVERYWHERE else f"server {guild_id}"
