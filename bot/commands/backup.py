"""`dailies backup`, `restore`, `export` and `import`: a data folder kept, proved, put back, and moved."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot import settings
from bot.counting import counted
from bot.errors import StorageError
from bot.operating import backups, restoring
from bot.operating.restoring import Restored


def add_to(backup: argparse.ArgumentParser) -> None:
    """What can be said after `backup`."""
    backup.add_argument("--list", action="store_true", help="only say which there are")
    _add_env_file(backup)


def add_restore_to(restore: argparse.ArgumentParser) -> None:
    """What can be said after `restore`."""
    restore.add_argument("backup", nargs="?", type=Path, help="its folder (default: the newest)")
    restore.add_argument("--check", action="store_true", help="prove it in a scratch place; change nothing")
    _add_env_file(restore)


def add_file_to(parser: argparse.ArgumentParser) -> None:
    """What can be said after `export` and `import`."""
    parser.add_argument("file", type=Path)
    _add_env_file(parser)


def _add_env_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env-file", type=Path, default=Path(".env"))


def run(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Copy the data folder, and let old copies go."""
    config = settings.load(env_file=chosen.env_file)
    into = config.backups_in
    if chosen.list:
        every = backups.listed(into)
        for each in every:
            say(f"{each.path}  {each.made_at:%Y-%m-%d %H:%M} UTC  {counted(each.files, 'file')}")
        say(f"backups in {into}: {len(every)}")
        return 0
    made = backups.make(config.data_dir, into, at=_now())
    say(f"backed up to {made.path}: the database and {counted(made.files, 'file')}")
    gone = backups.prune(into, keep=config.backup_keep, not_before=_now() - config.backups_for)
    say(f"old backups removed: {len(gone)}")
    return 0


def run_restore(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Put a backup back, or prove it."""
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


def run_export(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Everything as one file."""
    config = settings.load(env_file=chosen.env_file)
    files = restoring.packed(config.data_dir, chosen.file, at=_now())
    inside = f"the database and {counted(files, 'file')}"
    say(f"{chosen.file}: {inside}. It holds all that members typed: keep it safe")
    return 0


def run_import(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Such a file into an empty data folder."""
    config = settings.load(env_file=chosen.env_file)
    _tell(restoring.unpacked(chosen.file, config.data_dir, at=_now()), say)
    return 0


def _tell(restored: Restored, say: Callable[[str], None]) -> None:
    if restored.former is not None:
        say(f"the former database is kept in {restored.former}")
    for job in restored.ended:
        say(f"{job.id}: ended, its money given back; look whether {job.quote.offer_id} made it since")
    if restored.looked_for:
        say(f"clips on their way, looked for before any is posted: {restored.looked_for}")
    if restored.again.people or restored.again.clips:
        say(
            f"forgotten since and asked for again: people {restored.again.people}, "
            f"clips {restored.again.clips}; the bot takes their steps when it runs"
        )
    say("restored. What was spent since is not in this book: compare with `dailies ledger reconcile`")


def _now() -> datetime:
    return datetime.now(UTC)
