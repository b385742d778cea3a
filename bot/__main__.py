"""The `dailies` command and what it does: run, sandbox, ledger, and more. `python -m bot` is the same."""

import argparse
import asyncio
import io
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from bot import settings
from bot.commands import ids
from bot.domain import NOWHERE, Kind, Micros
from bot.errors import DailiesError, SettingsError, StorageError, TooManyIdentifies
from bot.money import parse_usd
from bot.release import RELEASE
from storage.disk import failure

CONFIG_EXIT = 78
"""EX_CONFIG: restarting will not help; the shipped units treat it as final."""

DEMO_PROMPT = "a paper boat crossing a rain puddle, soft rain, no music"


COMMANDS = {
    "check": "what is wrong with this installation, and what mends it",
    "status": "how the running bot stands, live",
    "ledger": "the book of money",
    "reports": "reported clips that wait; the record of every report",
    "takedown": "take a clip away everywhere; how far that is",
    "blocks": "files that may not come back, since they were taken down",
    "audit": "the record of acts: who did what to which clip, member, rule",
    "jobs": "those of which nobody knows, and your word on them",
    "pause": "take no new orders of everything, a provider, model or server",
    "resume": "let that go on, or what the breaker on spending has stopped",
    "backup": "copy the database and the clips, while the bot works",
    "restore": "put a backup back, or with --check prove that it is whole",
    "export": "everything as one tar file, for another machine",
    "import": "an exported file into an empty data folder",
}
"""The commands that have a module of their own in `bot/commands/`."""

_AddTo = Callable[[argparse.ArgumentParser], None]


class _Say(Protocol):
    def __call__(self, chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int: ...


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 1 failed, 78 a setting is missing or wrong."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # an address is of use at once, also through a pipe
    words = sys.argv[1:] if arguments is None else list(arguments)
    chosen = _parser(words[0] if words else None).parse_args(words)
    command: Callable[[argparse.Namespace], int] = chosen.command
    try:
        return command(chosen)
    except SettingsError as wrong:
        print(wrong, file=sys.stderr)
        return CONFIG_EXIT
    except DailiesError as fault:
        print(f"dailies: {fault} [{fault.code}]", file=sys.stderr)
        return CONFIG_EXIT if isinstance(fault, TooManyIdentifies) else 1
    except BrokenPipeError:
        # Whoever read us has seen enough (`| head`); what is still to be flushed at the end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as fault:
        if (disk := failure(fault)) is None:
            raise
        print(f"dailies: {disk} [{disk.code}]", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser of all commands, of which one is about to be run."""
    parser = argparse.ArgumentParser(prog="dailies", description="A Discord bot that makes video.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="the bot, at Discord")
    run.add_argument("--env-file", type=Path, default=Path(".env"), help="settings (default: .env)")
    run.set_defaults(command=_run)

    sandbox = commands.add_parser("sandbox", help="Discord for your own machine, with the bot in it")
    sandbox.add_argument("--port", type=_port, default=8420, help="of the page (default: 8420; 0: any)")
    sandbox.add_argument("--folder", type=Path, default=Path(".sandbox"), help="what it keeps")
    sandbox.set_defaults(command=_sandbox)

    demo = commands.add_parser("demo", help="a member types /generate; see the clip posted")
    demo.add_argument("--prompt", default=DEMO_PROMPT)
    demo.add_argument("--folder", type=Path, default=Path(".demo"), help="where the clip is saved")
    demo.set_defaults(command=_demo)

    studio = commands.add_parser("studio", help="the free renderer alone, as a local video API")
    studio.add_argument("--host", default="127.0.0.1")
    studio.add_argument("--port", type=_port, default=8421)
    studio.add_argument("--folder", type=Path, default=Path(".studio"), help="what it keeps")
    studio.set_defaults(command=_studio)

    models = commands.add_parser("models", help="what can be ordered, and at what price")
    models.add_argument("what", nargs="?", choices=["list", "show", "check"], default="list")
    models.add_argument("name", nargs="?", help="for show: the model's id; for check: the file")
    models.add_argument("--kind", type=Kind, choices=list(Kind), help="list only what makes this")
    models.add_argument("--provider", help="list only what this provider has")
    models.add_argument("--all", action="store_true", help="list also what is not for sale, and why")
    models.add_argument(
        "--online",
        action="store_true",
        help="compare with what the providers say now; nothing is ordered. Exit code 1 where it differs",
    )
    models.add_argument("--env-file", type=Path, default=Path(".env"))
    models.set_defaults(command=_models)

    guilds = commands.add_parser("guilds", help="which servers may spend at paid providers")
    guilds.add_argument("what", choices=["list", "admit", "dismiss"])
    guilds.add_argument(
        "guild", nargs="?", type=_guild_id, help="the server's id, or `direct` for direct messages"
    )
    guilds.add_argument("usd", nargs="?", type=_usd, help="dollars that it may spend in a month")
    guilds.add_argument("--env-file", type=Path, default=Path(".env"))
    guilds.set_defaults(command=_guilds)

    for name, about in COMMANDS.items():
        added = commands.add_parser(name, help=about)
        if name == chosen:
            _fill(name, added)
    return parser


def _fill(name: str, parser: argparse.ArgumentParser) -> None:
    """Say what can be typed after a command of its own module, and what runs it.

    Of one alone: the modules of all take four tenths of a second to import.
    """
    add_to: _AddTo
    run: _Say
    match name:
        case "check":
            from bot.commands import check  # noqa: PLC0415

            add_to, run = check.add_to, check.run
        case "status":
            from bot.commands import status  # noqa: PLC0415

            add_to, run = status.add_to, status.run
        case "ledger":
            from bot.commands import ledger  # noqa: PLC0415

            add_to, run = ledger.add_to, ledger.run
        case "reports":
            from bot.commands import reports  # noqa: PLC0415

            add_to, run = reports.add_to, reports.run
        case "takedown":
            from bot.commands import takedown  # noqa: PLC0415

            add_to, run = takedown.add_to, takedown.run
        case "blocks":
            from bot.commands import takedown  # noqa: PLC0415

            add_to, run = takedown.add_blocks_to, takedown.run_blocks
        case "audit":
            from bot.commands import audit  # noqa: PLC0415

            add_to, run = audit.add_to, audit.run
        case "jobs":
            from bot.commands import jobs  # noqa: PLC0415

            add_to, run = jobs.add_to, jobs.run
        case "pause":
            from bot.commands import halting  # noqa: PLC0415

            add_to, run = halting.add_pause_to, halting.pause
        case "resume":
            from bot.commands import halting  # noqa: PLC0415

            add_to, run = halting.add_resume_to, halting.resume
        case "backup":
            from bot.commands import backup  # noqa: PLC0415

            add_to, run = backup.add_to, backup.run
        case "restore":
            from bot.commands import backup  # noqa: PLC0415

            add_to, run = backup.add_restore_to, backup.run_restore
        case "export":
            from bot.commands import backup  # noqa: PLC0415

            add_to, run = backup.add_file_to, backup.run_export
        case "import":
            from bot.commands import backup  # noqa: PLC0415

            add_to, run = backup.add_file_to, backup.run_import
        case _:
            return
    add_to(parser)
    parser.set_defaults(command=partial(run, say=print))


def _run(chosen: argparse.Namespace) -> int:
    config = settings.load(env_file=chosen.env_file)  # before a second of imports: a wrong one ends at once

    from bot import app  # noqa: PLC0415 - the other commands start without discord.py
    from bot.offers import keys  # noqa: PLC0415 - the other commands start without discord.py
    from bot.operating import fault_reports, logs  # noqa: PLC0415 - the other commands start without discord.py

    logs.configure(config.log_format, secrets=keys.secrets(config))
    if config.sentry_dsn is not None:
        fault_reports.begin(
            config.sentry_dsn.get_secret_value(),
            secrets=keys.secrets(config),
            release=RELEASE,
        )
    asyncio.run(app.run(config))
    return 0


def _sandbox(chosen: argparse.Namespace) -> int:
    from bot import rehearsal  # noqa: PLC0415

    with _given():
        asyncio.run(rehearsal.serve(chosen.folder, port=chosen.port, say=print))
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    from bot import demo  # noqa: PLC0415

    with _given():
        return asyncio.run(demo.play(chosen.prompt, folder=chosen.folder))


def _studio(chosen: argparse.Namespace) -> int:
    from bot.operating import logs  # noqa: PLC0415
    from bot.studio import server  # noqa: PLC0415

    logs.configure("text")
    with _given():
        asyncio.run(_until_terminated(server.serve(chosen.folder, host=chosen.host, port=chosen.port)))
    return 0


@contextmanager
def _given() -> Iterator[None]:
    """A port or a folder that this machine does not give us is a sentence, and no fault of the program's."""
    try:
        yield
    except OSError as fault:
        if isinstance(fault, BrokenPipeError) or failure(fault) is not None:
            raise
        where = f": {fault.filename}" if fault.filename else ""
        raise StorageError(f"{fault.strerror or fault}{where}") from fault


async def _until_terminated(work: Coroutine[object, object, None]) -> None:
    """Run something that ends well when it is cancelled, and cancel it at SIGTERM or SIGINT."""
    task = asyncio.ensure_future(work)
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    await task


def _guilds(chosen: argparse.Namespace) -> int:
    from bot.operating import control, reports  # noqa: PLC0415

    config = settings.load(env_file=chosen.env_file)
    if chosen.what == "list":
        for line in reports.guilds_admitted(config):
            print(line)
        return 0
    if chosen.guild is None or (chosen.what == "admit" and chosen.usd is None):
        raise SettingsError(
            "name the server by its id, and for `admit` the dollars that it may spend a month"
        )
    wanted: control.Change
    if chosen.what == "admit":
        wanted = control.AdmitGuild(guild_id=chosen.guild, ceiling_monthly_micros=chosen.usd)
    else:
        wanted = control.DismissGuild(guild_id=chosen.guild)
    print(asyncio.run(control.change(config.data_dir, wanted, now=lambda: datetime.now(UTC))))
    return 0


def _port(text: str) -> int:
    if not ids.is_number(text) or int(text) > 65_535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _usd(text: str) -> Micros:
    try:
        return parse_usd(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from wrong


def _guild_id(text: str) -> int:
    if text == "direct":
        return NOWHERE
    if not ids.is_number(text) or not int(text):
        raise argparse.ArgumentTypeError(
            "a server's id is a number such as 1198622483471925248 (or write `direct`)"
        )
    return int(text)


def _models(chosen: argparse.Namespace) -> int:
    from bot.commands import models  # noqa: PLC0415

    return models.run(chosen, say=print)


if __name__ == "__main__":
    sys.exit(main())
