"""Backups: the database as it stands, then the files that it names, in a folder of the backup's own."""

import asyncio
import errno
import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.clips.library import THUMBNAILS
from bot.errors import StorageError
from bot.operating.notices import Notices
from bot.ordering.material import PICTURES
from storage import snapshots

log = logging.getLogger(__name__)

DATABASE = "dailies.db"
FOLDERS = ("clips", PICTURES, THUMBNAILS)
"""Their files never change once they have their name, so a backup may share them by hard links."""
KEY = "links.key"
MANIFEST = "manifest.json"
PART = ".part-"

LEFT_BEHIND_S = 6 * 3_600.0
"""A part that is so old is nobody's any more: no backup takes that long."""

TRY_AGAIN = timedelta(minutes=15)

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"\d{8}T\d{6}Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One backup; `files` are those beside the database."""

    path: Path
    made_at: datetime
    files: int


def make(folder: Path, into: Path, *, at: datetime) -> Backup:
    """Back a data folder up while the bot works. It appears under its name only when it is whole.

    The database first, then the files: so no row of the copy names a file that came later. On the same disk
    files are linked, not copied; on another, a file that the newest backup there has is linked to that.

    Raises:
        StorageError: there is nothing to back up, it is damaged, or the backup cannot be written.
    """
    part = into / f"{PART}{secrets.token_hex(8)}"  # the bot and the shell may be at it together
    try:
        into.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in into.glob(f"{PART}*"):
            if at.timestamp() - left.stat().st_mtime > LEFT_BEHIND_S:  # by a process that died
                shutil.rmtree(left, ignore_errors=True)
        newest = max(listed(into), key=lambda backup: backup.made_at, default=None)
        part.mkdir(mode=0o700)
        snapshots.copy(folder / DATABASE, part / DATABASE)
        snapshots.check_sound(part / DATABASE)  # a damaged one would push out those from before
        files = 0
        for kept in FOLDERS:
            (part / kept).mkdir(mode=0o700)
            for file in sorted((folder / kept).glob("*")):
                if file.is_file() and not file.name.endswith(".part"):
                    before = None if newest is None else newest.path / kept / file.name
                    files += _taken(file, part / kept / file.name, before)
        if (folder / KEY).is_file():
            shutil.copy2(folder / KEY, part / KEY)
        said = {"made_at": at.astimezone(UTC).isoformat(), "files": files}
        (part / MANIFEST).write_text(json.dumps(said) + "\n", "utf-8")
        os.sync()
        made = _named(part, into, at)
    except OSError as fault:
        shutil.rmtree(part, ignore_errors=True)
        raise StorageError(f"no backup in {into}: {fault.strerror or fault}") from fault
    except StorageError:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return Backup(path=made, made_at=at, files=files)


def _named(part: Path, into: Path, at: datetime) -> Path:
    """Give a whole backup its name: its time, or the next second that is free."""
    while True:
        made = into / at.astimezone(UTC).strftime(_STAMP)
        try:
            return part.rename(made)
        except OSError as taken:
            if taken.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            at += timedelta(seconds=1)


def _taken(file: Path, to: Path, before: Path | None) -> int:
    """Put one file into a backup; 0 where it has gone meanwhile."""
    try:
        there = file.stat()
        try:
            to.hardlink_to(file)
        except FileNotFoundError:
            raise
        except OSError:  # another disk, or one without links
            if before is not None and before.is_file() and _same(before.stat(), there):
                to.hardlink_to(before)
            else:
                shutil.copy2(file, to)
    except FileNotFoundError:
        return 0
    return 1


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_size, int(one.st_mtime)) == (other.st_size, int(other.st_mtime))


def are_in(folder: Path) -> bool:
    """Whether there is any whole backup; nothing of it is read."""
    try:
        return any(_NAME.fullmatch(path.name) and (path / MANIFEST).is_file() for path in folder.iterdir())
    except OSError:
        return False


def listed(into: Path) -> list[Backup]:
    """The whole backups in a folder, oldest first; one whose manifest cannot be read is none of them."""
    return [backup for _, backup in _looked_at(into) if backup is not None]


def unreadable(into: Path) -> list[Path]:
    """What looks like a backup and has a manifest that cannot be read: it is neither offered nor removed."""
    return [path for path, backup in _looked_at(into) if backup is None]


def _looked_at(into: Path) -> Iterator[tuple[Path, Backup | None]]:
    for path in sorted(into.glob("*")) if into.is_dir() else []:
        if not _NAME.fullmatch(path.name) or not (path / MANIFEST).is_file():
            continue
        try:
            said = json.loads((path / MANIFEST).read_text("utf-8"))
            made_at, files = datetime.fromisoformat(said["made_at"]), int(said["files"])
            yield path, Backup(path=path, made_at=made_at.astimezone(UTC), files=files)
        except (OSError, ValueError, KeyError, TypeError):
            yield path, None


def _removed(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def prune(
    into: Path, *, keep: int, not_before: datetime, remove: Callable[[Path], None] = _removed
) -> list[Path]:
    """Remove what is beyond the newest `keep`, or older than is promised; the newest always stays.

    Raises:
        StorageError: one cannot be removed.
    """
    every = listed(into)
    old = [
        backup
        for place, backup in enumerate(reversed(every))
        if place and (place >= keep or backup.made_at < not_before)
    ]
    for backup in old:
        try:
            # The manifest last: what a death in between leaves counts as a backup, and goes the next time.
            for part in backup.path.iterdir():
                if part.name != MANIFEST:
                    remove(part)
            remove(backup.path.rename(into / f"{PART}{secrets.token_hex(8)}"))
        except FileNotFoundError:  # the bot and the shell may be at it together
            continue
        except OSError as fault:
            raise StorageError(f"{backup.path} cannot be removed: {fault.strerror or fault}") from fault
    return [backup.path for backup in old]


class Backups:
    """The duty that makes one when it is due, and removes those that are no longer promised.

    Args:
        folder: the data folder.
        into: where backups go.
        every, keep, days: how often, how many at most, and for how long at most.
    """

    def __init__(
        self,
        folder: Path,
        into: Path,
        notices: Notices,
        *,
        every: timedelta,
        keep: int,
        days: int,
        now: Callable[[], datetime],
        prune: Callable[..., list[Path]] = prune,
    ) -> None:
        self._folder = folder
        self._into = into
        self._prune = prune
        self._told = ""
        self._notices = notices
        self._every = every
        self._keep = keep
        self._for = timedelta(days=days)
        self._now = now

    async def run(self) -> None:
        """Back up whenever it is due, until cancelled."""
        while True:
            wait = await self.once()
            await asyncio.sleep(wait.total_seconds())

    async def once(self) -> timedelta:
        """Make a backup if one is due; the time until the next look."""
        try:
            newest = max((each.made_at for each in await asyncio.to_thread(listed, self._into)), default=None)
            if newest is not None and newest <= self._now() < newest + self._every:
                return newest + self._every - self._now()
            made = await asyncio.to_thread(make, self._folder, self._into, at=self._now())
        except (StorageError, OSError) as fault:
            log.error("no backup: %s", fault, extra={"code": "backup_failed"})  # noqa: TRY400
            self._tell(f"The backup failed: {fault}. It is tried again every 15 minutes.")
            return TRY_AGAIN
        log.info("backed up to %s", made.path, extra={"code": "backed_up"})
        try:
            gone = await asyncio.to_thread(
                self._prune, self._into, keep=self._keep, not_before=self._now() - self._for
            )
        except StorageError as fault:
            log.error("an old backup stays: %s", fault, extra={"code": "backup_not_removed"})  # noqa: TRY400
            self._tell(f"Backed up, but an old backup stays: {fault}. Members are promised that it goes.")
        else:
            log.info("old backups removed: %d", len(gone), extra={"code": "backups_removed"})
            self._told = ""
        return self._every

    def _tell(self, sentence: str) -> None:
        """Once for each thing: a disk that is full all night is one sentence, and not forty."""
        if sentence != self._told:
            self._told = sentence
            self._notices.tell("backup", sentence)
