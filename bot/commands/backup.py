"""`dailies backup`, `restore`, `export` and `import`: a data folder kept, proved, put back, and moved."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot import backups, restoring, settings
from bot.errors import StorageError
from bot.restoring import Restored


def add_to(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", say: Callable[[str], None]
) -> None:
    """The four commands."""
    backup = commands.add_parser("backup", help="copy the database and the clips, while the bot works")
    backup.add_argument("--list", action="store_true", help="only say which there are")
    backup.set_defaults(command=lambda chosen: _backup(chosen, say))

    restore = commands.add_parser("restore", help="put a backup back, or with --check prove that it is whole")
    restore.add_argument("backup", nargs="?", type=Path, help="its folder (default: the newest)")
    restore.add_argument("--check", action="store_true", help="prove it in a scratch place; change nothing")
    restore.set_defaults(command=lambda chosen: _restore(chosen, say))

    export = commands.add_parser("export", help="everything as one tar file, for another machine")
    export.add_argument("file", type=Path)
    export.set_defaults(command=lambda chosen: _export(chosen, say))

    take_in = commands.add_parser("import", help="an exported file into an empty data folder")
    take_in.add_argument("file", type=Path)
    take_in.set_defaults(command=lambda chosen: _import(chosen, say))

    for each in (backup, restore, export, take_in):
        each.add_argument("--env-file", type=Path, default=Path(".env"))


def _backup(chosen: argparse.Namespace, say: Callable[[str], None]) -> int:
    config = settings.load(env_file=chosen.env_file)
    into = config.backups_in
    if chosen.list:
        for each in backups.listed(into):
            say(f"{each.path}  {each.made_at:%Y-%m-%d %H:%M} UTC  {each.files} files")
        return 0
    made = backups.make(config.data_dir, into, at=_now())
    not_before = _now() - config.backups_for
    gone = backups.prune(into, keep=config.backup_keep, not_before=not_before)
    say(f"backed up to {made.path}: the database and {made.files} files; {len(gone)} old backups removed")
    return 0


def _restore(chosen: argparse.Namespace, say: Callable[[str], None]) -> int:
    config = settings.load(env_file=chosen.env_file)
    backup = chosen.backup
    if backup is None:
        every = backups.listed(config.backups_in)
        if not every:
            raise StorageError(
                f"there is no backup in {config.backups_in}: where they lie elsewhere, set "
                "DAILIES_BACKUP_DIR, or name the one that is to be put back"
            )
        backup = every[-1].path
    if chosen.check:
        proof = restoring.proved(backup)
        for finding in proof.findings:
            say(finding)
        say(f"{backup}: {proof.sentence()}")
        return 1 if proof.findings else 0
    say(f"restoring {backup}")
    _tell(restoring.restore(backup, config.data_dir, at=_now(), beside=config.backups_in), say)
    return 0


def _export(chosen: argparse.Namespace, say: Callable[[str], None]) -> int:
    config = settings.load(env_file=chosen.env_file)
    files = restoring.packed(config.data_dir, chosen.file, at=_now())
    say(f"{chosen.file}: the database and {files} files. It holds all that members typed: keep it safe")
    return 0


def _import(chosen: argparse.Namespace, say: Callable[[str], None]) -> int:
    config = settings.load(env_file=chosen.env_file)
    _tell(restoring.unpacked(chosen.file, config.data_dir, at=_now()), say)
    return 0


def _tell(restored: Restored, say: Callable[[str], None]) -> None:
    if restored.former is not None:
        say(f"the former database is kept in {restored.former}")
    for job in restored.ended:
        say(f"{job.id}: ended, its money given back; look whether {job.quote.offer_id} made it since")
    if restored.looked_for:
        say(f"{restored.looked_for} clips on their way are looked for before any is posted")
    if restored.again.people or restored.again.clips:
        say(
            f"forgotten since and asked for again: {restored.again.people} people, "
            f"{restored.again.clips} clips; the bot takes their steps when it runs"
        )
    say("restored. What was spent since is not in this book: compare with `dailies ledger reconcile`")


def _now() -> datetime:
    return datetime.now(UTC)
