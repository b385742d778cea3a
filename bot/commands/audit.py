"""`dailies audit`: the record of acts, checked against itself, shown, and exported."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from bot import settings
from bot.commands import days, exported, ids
from bot.counting import counted
from bot.moderation import acts as forms
from bot.operating import reports
from bot.settings import Settings
from storage import acts
from storage.acts import Head, Verb, Wanted

_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


def add_to(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    whats = parser.add_subparsers(dest="what", required=True, metavar="what")
    verify = whats.add_parser("verify", help="hash every act anew; name the first that was meddled with")
    verify.add_argument(
        "--against",
        type=_head,
        metavar="NUMBER:HASH",
        help="a head that an earlier `verify`, or the log channel, has named: it must still be there",
    )
    show = whats.add_parser("show", help="the newest acts")
    show.add_argument("--newest", type=int, choices=range(1, 10_001), default=50, metavar="LINES")
    export = whats.add_parser("export", help="every act, for other programs")
    export.add_argument("--format", choices=forms.FORMATS, required=True)
    export.add_argument("--to", type=Path, help="the file to write, which must not exist; else the terminal")
    for each in (show, export):
        each.add_argument("--guild", type=ids.discord, help="only this server's")
        each.add_argument("--actor", type=ids.discord, help="only what this person did")
        each.add_argument("--verb", choices=list(Verb), metavar="VERB", help="only these, as clip.hidden")
        each.add_argument("--subject", help="only what was done to this, as job:01ABC or member:123")
        each.add_argument("--since", type=days.day, help="the first day (UTC), as 2026-11-01")
        each.add_argument("--until", type=days.day, help="the last day (UTC)")
    for each in (verify, show, export):
        each.add_argument("--env-file", type=Path, default=Path(".env"))


def run(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Do what was chosen, and say it; the exit code is 1 where the record is broken."""
    config = settings.load(env_file=chosen.env_file)
    match chosen.what:
        case "verify":
            return _verify(config, chosen.against, say)
        case "show":
            with reports.reading(config) as connection:
                found = acts.newest(connection, _wanted(chosen), limit=chosen.newest)
            for act in reversed(found):
                say(forms.line(act))
            say(counted(len(found), "act"))
            return 0
        case _:
            _export(config, chosen, say)
            return 0


def _verify(config: Settings, against: Head | None, say: Callable[[str], None]) -> int:
    with reports.reading(config) as connection:
        broken, head = acts.first_broken(connection)
        found = None if against is None else acts.hash_of(connection, against.number)
    if broken is not None:
        say(f"act {broken.number} is broken: {broken.why}")
        say(f"the record is whole up to {head.number}:{head.hash}")
        return 1
    if against is not None and found != against.hash:
        gone = "is not there any more" if found is None else "is another one now"
        say(f"act {against.number} {gone}: the record was written anew, or cut")
        return 1
    say(f"the record is whole: {counted(head.number, 'act')}, head {head.number}:{head.hash}")
    return 0


def _export(config: Settings, chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    with reports.reading(config) as connection:
        lines = forms.written(acts.every(connection, _wanted(chosen)), chosen.format)
        exported.write(lines, chosen.to, say)


def _wanted(chosen: argparse.Namespace) -> Wanted:
    since, until = days.begin_and_end(chosen.since, chosen.until)
    return Wanted(
        guild_id=chosen.guild,
        actor_id=chosen.actor,
        verb=chosen.verb,
        subject=chosen.subject,
        since=since,
        until=until,
    )


def _head(text: str) -> Head:
    match = _HEAD.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError("write a head as `verify` does: 123:9f86d0…")
    return Head(int(match[1]), match[2])
