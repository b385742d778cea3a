"""Hands a person all that is kept of them, as ZIP files: rows as JSON, and their pictures and clips as files.

Names in a ZIP are made here, of ids of ours, never of anybody's words: none can lead out of a folder. Files
are stored as they are and no ZIP is larger than what lies on our own disk, so none is a bomb.
"""

import asyncio
import contextlib
import json
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bot.domain import NOWHERE, UserId
from bot.errors import ChangeRefused
from bot.language import _
from storage import acts, personal
from storage.acts import Verb, Wanted
from storage.database import Database, open_for_reading

EXPORTS = "exports"
"""The folder in the data folder for what waits to be fetched."""

ONCE_IN = timedelta(days=1)
BYTES_MAX = 4_000_000_000
"""Of all files of one export; a ZIP beyond 4 GiB is what older programs cannot open."""
SPARE_BYTES = 1_000_000_000
"""What is left free on the disk for those who make clips."""
HOLDS = timedelta(days=1)
"""For how long a ZIP waits to be fetched."""

_OVERHEAD_BYTES = 4_096
_TIMES = re.compile(r"^(.*_at|at|since|until)$")
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,64}\.[a-z0-9]{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The ZIPs of one person, in order; `left_out` are clips for which there was no room in any."""

    parts: Sequence[Path]
    left_out: int


class Exporting:
    """Makes exports, one at a time.

    Args:
        folder: the data folder.
    """

    def __init__(self, database: Database, *, folder: Path, now: Callable[[], datetime]) -> None:
        self._database = database
        self._folder = folder
        self._now = now
        self._turn = asyncio.Lock()

    async def make(
        self, user_id: UserId, *, name: str, part_bytes: int, parts_max: int, anew: bool = False
    ) -> Export:
        """Write everything of a person into ZIPs named `name-1.zip` and on; whoever sends them removes them.

        Args:
            user_id: whose.
            name: an id of ours, or a secret of a link's.
            part_bytes: how large one ZIP may be.
            parts_max: how many there may be.
            anew: whether it takes the place of one whose parts were too large to be sent.

        Raises:
            ChangeRefused: they had one within the last day, or there is no room.
        """
        async with self._turn:
            if not anew:
                await self._database.read(partial(_check_none_within, user_id, self._now()))
            folder = self._folder / EXPORTS
            export = await asyncio.to_thread(
                _written, self._folder, folder, user_id, name, part_bytes, parts_max
            )
            # Behind it: one that there was no room for is none, and may be asked for again today.
            if not anew:
                await self._database.write(partial(_noted, user_id, self._now()))
            return export

    async def sweep(self) -> None:
        """Remove what nobody has fetched in time."""
        before = (self._now() - HOLDS).timestamp()
        await asyncio.to_thread(_swept, self._folder / EXPORTS, before)


def _check_none_within(user_id: UserId, at: datetime, connection: sqlite3.Connection) -> None:
    wanted = Wanted(verb=Verb.DATA_EXPORTED, subject=f"member:{user_id}", since=at - ONCE_IN)
    if acts.newest(connection, wanted, limit=1):
        raise ChangeRefused(_("You have had your data within the last day."), _("Ask for it again tomorrow."))


def _noted(user_id: UserId, at: datetime, tx: sqlite3.Connection) -> None:
    acts.record(
        tx,
        verb=Verb.DATA_EXPORTED,
        actor_id=user_id,
        guild_id=NOWHERE,
        subject=f"member:{user_id}",
        detail={},
        at=at,
    )


def _written(data: Path, folder: Path, user_id: UserId, name: str, part_bytes: int, parts_max: int) -> Export:
    """In a thread, on a connection of its own: what is large keeps nobody waiting."""
    folder.mkdir(mode=0o700, exist_ok=True)
    parts = [folder / f"{name}-1.zip"]
    try:
        return _packed(data, parts, user_id, part_bytes, parts_max)
    except BaseException:  # whatever it was, half an export of a person lies about for nobody
        for part in parts:
            part.unlink(missing_ok=True)
        raise


def _packed(data: Path, parts: list[Path], user_id: UserId, part_bytes: int, parts_max: int) -> Export:
    connection = open_for_reading(data / "dailies.db")
    try:
        files = personal.files(connection, user_id)
        _check_room(parts[0].parent, sum(size for _kind, _path, size in files))
        with zipfile.ZipFile(parts[0], "w", zipfile.ZIP_DEFLATED) as zipped:
            for table in personal.TABLES:
                with zipped.open(f"{table}.json", "w", force_zip64=True) as into:
                    into.write(b"[")
                    for number, row in enumerate(personal.rows(connection, table, user_id)):
                        into.write(b",\n" if number else b"\n")
                        into.write(_json(row))
                    into.write(b"\n]\n")
            zipped.writestr("README.txt", _README)
    finally:
        connection.close()
    left_out = 0
    for kind, path, _size in files:
        left_out += not _added(parts, data, kind, path, part_bytes=part_bytes, parts_max=parts_max)
    return Export(parts=parts, left_out=left_out)


def _added(parts: list[Path], data: Path, kind: str, path: str, *, part_bytes: int, parts_max: int) -> bool:
    """Put a file into the last ZIP, or into a new one where that would be too large."""
    name = Path(path).name
    source = data / kind / name
    if not _SAFE.fullmatch(name) or source.is_symlink() or not source.is_file():
        return False
    size = source.stat().st_size + _OVERHEAD_BYTES
    if size > part_bytes:
        return False
    if parts[-1].stat().st_size + size > part_bytes:
        if len(parts) >= parts_max:
            return False
        stem = parts[0].name.removesuffix("-1.zip")
        parts.append(parts[0].with_name(f"{stem}-{len(parts) + 1}.zip"))
    with zipfile.ZipFile(parts[-1], "a", zipfile.ZIP_STORED) as zipped:
        zipped.write(source, f"{kind}/{name}")
    return True


def _check_room(folder: Path, size_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if size_bytes > BYTES_MAX or size_bytes + SPARE_BYTES > free:
        raise ChangeRefused(
            _("Your clips are too many for one export."),
            _("Save or delete some with /clips, or ask whoever runs this bot for all of them."),
        )


def _json(row: dict[str, object]) -> bytes:
    """One row, its times as people read them."""
    told = {
        key: _time(value) if _TIMES.fullmatch(key) and isinstance(value, int) else value
        for key, value in row.items()
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _time(us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).isoformat()


def _swept(folder: Path, before: float) -> None:
    for path in folder.glob("*.zip"):
        with contextlib.suppress(FileNotFoundError):  # sent and removed in this moment
            if path.stat().st_mtime < before:
                path.unlink()


_README = """Everything that this bot keeps of you. Amounts are micro-dollars (1,000,000 are one dollar),
times UTC, days are counted from 1970-01-01. Clips and pictures are in folders of their name; those that are
hidden after a report are not among them. What stays of you when you erase your data: see /privacy policy.
"""
