"""The backups: whether there are any, how old the newest is, and whether they lie on another disk."""

import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.checks.finding import Finding, note, warning
from bot.operating import backups
from bot.providers.http import one_line
from bot.settings import Settings

LATE = timedelta(hours=2)
"""A backup is taken a while after it is due, and takes a while."""

NONE_EVERY = timedelta(days=7)
"""How old the newest may be where none is taken by itself."""


def copies(config: Settings, *, now: datetime) -> Iterator[Finding]:
    """What is wrong with the backups; nothing before there is a database to back up."""
    database = config.data_dir / "dailies.db"
    if not database.is_file():
        return
    into = config.backups_in
    try:
        taken = backups.listed(into)
        torn = backups.unreadable(into)
    except OSError as fault:
        words = f"the backups in {into} cannot be read: {one_line(fault)}"
        yield warning("backups_unreadable", words, "mend that folder, or name another DAILIES_BACKUP_DIR")
        return
    for path in torn:
        words = f"the manifest of the backup {path} cannot be read, so it is not offered"
        mend = (
            f"python -m bot restore --check {shlex.quote(str(path))}  # proves what is in it; else remove it"
        )
        yield warning("backups_unreadable", words, mend)
    every = timedelta(hours=config.backup_every_hours)
    if not taken:
        yield warning("backups_none", f"there is no backup in {into}", "python -m bot backup")
    else:
        newest = max(backup.made_at for backup in taken)
        age, most = now - newest, (every or NONE_EVERY) + LATE
        if age > most:
            words = f"the newest backup is {age.days} days and {age.seconds // 3600} hours old"
            yield warning("backup_old", words, "python -m bot backup  # the log says why none was taken")
    if into.is_dir() and into.stat().st_dev == database.stat().st_dev:
        yield note(
            "backups_on_the_same_disk",
            f"{into} lies on the disk of the data folder: they would be lost together",
            "DAILIES_BACKUP_DIR=<a folder on another disk> in .env",
        )
