"""Proves that a backup is whole, and puts one in the place of a data folder."""

import hashlib
import os
import secrets
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot.clips.link_key import key_in
from bot.counting import counted
from bot.domain import ClipState, Fault, FaultKind, Job, JobState, Micros
from bot.errors import StorageError
from bot.ids import Ids
from bot.jobs import moves
from bot.operating import backups
from bot.operating.backups import DATABASE, FOLDERS, KEY, MANIFEST
from bot.privacy.tombstones import NAME, Reapplied, Stone, read, reapply
from storage import acts, audit, clips, snapshots
from storage.lock import FolderLock

FINDINGS_MAX = 50

RESTORED = Fault(
    kind=FaultKind.OURS,
    code="set_back",
    detail="the database was set back to a backup; this order may have been submitted since",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was looked at, and what is wrong with it."""

    findings: list[str]
    entries: int
    acts: int
    clips: int

    def sentence(self) -> str:
        """All of it in a line."""
        entries = "1 entry" if self.entries == 1 else f"{self.entries} entries"
        seen = f"{entries} of the ledger, {counted(self.acts, 'act')}, {counted(self.clips, 'clip')}"
        faults = counted(len(self.findings), "fault")
        return f"whole: {seen}" if not self.findings else f"{faults} in {seen}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did: where the former database is, and which orders were ended, since nobody knows.

    `again` is what was forgotten after the backup, and is so anew.
    """

    former: Path | None
    ended: list[Job]
    looked_for: int
    again: Reapplied


def proved(backup: Path) -> Proof:
    """Open a copy of a backup in a scratch place, bring it up to date, and check all that can be checked.

    Raises:
        StorageError: it is no backup, or cannot be opened at all.
    """
    with tempfile.TemporaryDirectory(prefix="dailies-check-") as scratch:
        copy = Path(scratch) / DATABASE
        _copy_of(backup / DATABASE, copy)
        with closing(snapshots.brought_up_to_date(copy)) as connection:
            findings = [f"database: {each}" for each in snapshots.faults(connection)]
            if findings:  # what is read from torn pages proves nothing more
                return Proof(findings=findings[:FINDINGS_MAX], entries=0, acts=0, clips=0)
            findings += [
                f"ledger: {each.what} is {each.kept} and should be {each.should_be}"
                for each in audit.verify(connection)
            ]
            broken, head = acts.first_broken(connection)
            if broken is not None:
                findings.append(f"record: act {broken.number} is broken: {broken.why}")
            missing, checked = _clips(connection, backup / "clips")
            entries = snapshots.entries(connection)
    return Proof(
        findings=[*findings, *missing][:FINDINGS_MAX], entries=entries, acts=head.number, clips=checked
    )


def _clips(connection: sqlite3.Connection, folder: Path) -> tuple[list[str], int]:
    """Every clip that somebody may still see is there, byte for byte."""
    findings, checked = [], 0
    for clip in clips.every(connection, folder=folder, among={ClipState.SHOWN, ClipState.HIDDEN}):
        checked += 1
        try:
            with clip.path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            findings.append(f"clip: the file of job {clip.job_id} is missing")
            continue
        if found != clip.sha256:
            findings.append(f"clip: the file of job {clip.job_id} is another one")
    return findings, checked


def restore(backup: Path, folder: Path, *, at: datetime, beside: Path | None = None) -> Restored:
    """Put a backup in the place of a data folder's content, whose database is kept beside it.

    What was ordered since is unknown to the copy. So orders that wait in it end without being submitted
    (a provider may have them), and clips that are on their way are looked for before they are posted.
    Who and what was forgotten since is so again: the notes of it stand beside the backup, or in `beside`.
    Files are added and none removed. Killed at any point, the folder has the one database or the other.

    Raises:
        StorageError: the backup is not whole; nothing was changed.
        DataFolderInUse: a bot runs there.
    """
    proof = proved(backup)
    if proof.findings:
        why = "; ".join(proof.findings[:3])
        raise StorageError(
            f"{backup} is not whole, and nothing was changed: {why}. `dailies backup --list` names the others"
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FolderLock(folder):
        fresh = folder / f"{DATABASE}.restoring"
        fresh.unlink(missing_ok=True)
        _copy_of(backup / DATABASE, fresh)
        made_at = _made_at(backup)
        if (backup / KEY).is_file():
            shutil.copy2(backup / KEY, folder / KEY)
        stones = [stone for place in {backup.parent, beside or backup.parent} for stone in read(place / NAME)]
        set_back = partial(_set_back, made_at=made_at, at=at, stones=stones, key=key_in(folder))
        ended, looked_for, again = snapshots.changed(fresh, set_back)
        for kept in FOLDERS:
            (folder / kept).mkdir(exist_ok=True, mode=0o700)
            for file in sorted((backup / kept).glob("*")):
                if file.is_file():
                    _added(file, folder / kept / file.name)
        former = _set_aside(folder, at=at)
        fresh.replace(folder / DATABASE)
        os.sync()
    return Restored(former=former, ended=ended, looked_for=looked_for, again=again)


def _set_back(
    tx: sqlite3.Connection, *, made_at: datetime, at: datetime, stones: Sequence[Stone], key: bytes
) -> tuple[list[Job], int, Reapplied]:
    ended = snapshots.set_back(tx)
    for job in ended:
        if job.state is JobState.REVIEW:
            moves.rejected(job, at, tx, refund=True)
        else:
            moves.failed(job.id, RESTORED, Micros(0), at, tx)
    again = reapply(tx, stones, key, ids=Ids(lambda: at, secrets.randbits), at=at)
    looked_for = snapshots.may_have_been_posted(tx, at=made_at)
    return ended, looked_for, again


def _set_aside(folder: Path, *, at: datetime) -> Path | None:
    """Keep the database that is there, whole or not, under another name."""
    present = folder / DATABASE
    if not present.is_file():
        return None
    snapshots.fold(present)
    aside = folder / f"before-restore-{at:%Y%m%dT%H%M%SZ}"
    aside.mkdir(mode=0o700)
    (aside / DATABASE).hardlink_to(present)
    for beside in ("-wal", "-shm"):  # what belongs to the old file must never be read with the new one
        file = folder / f"{DATABASE}{beside}"
        if file.exists():
            file.rename(aside / file.name)
    return aside


def _made_at(backup: Path) -> datetime:
    every = {each.path.resolve(): each.made_at for each in backups.listed(backup.parent)}
    return every.get(backup.resolve()) or datetime.fromtimestamp((backup / DATABASE).stat().st_mtime, tz=UTC)


def _copy_of(file: Path, to: Path) -> None:
    try:
        shutil.copyfile(file, to)
        to.chmod(0o600)
    except FileNotFoundError as fault:
        raise StorageError(f"{file.parent} is no backup: it has no {DATABASE}") from fault


def _added(file: Path, to: Path) -> None:
    if to.exists():
        return
    part = to.with_name(f"{to.name}.restoring.part")
    shutil.copy2(file, part)
    part.replace(to)


def packed(folder: Path, into: Path, *, at: datetime) -> int:
    """Write a backup of a data folder as one tar file; how many files it has beside the database.

    Raises:
        StorageError: the file exists, or there is no room.
    """
    if into.exists():
        raise StorageError(f"{into} exists: choose another name")
    part = into.with_name(f"{into.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as scratch:
            made = backups.make(folder, Path(scratch), at=at)
            part.unlink(missing_ok=True)
            # Nobody else may read along while it is being written.
            private = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(private, "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
                tar.add(made.path, arcname="dailies")
            part.rename(into)
    except OSError as fault:
        part.unlink(missing_ok=True)
        raise StorageError(f"{into} cannot be written: {fault.strerror or fault}") from fault
    return made.files


def unpacked(file: Path, folder: Path, *, at: datetime) -> Restored:
    """Put an exported installation into a data folder that has none yet.

    Raises:
        StorageError: the folder has a database, the file is none of ours, or what is in it is not whole.
    """
    if (folder / DATABASE).exists():
        raise StorageError(f"{folder} has a database: import goes into an empty DAILIES_DATA_DIR")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with tempfile.TemporaryDirectory(prefix=".import-", dir=folder) as scratch:
            with tarfile.open(file, "r:") as tar:
                for member in tar:
                    if not _is_ours(member):
                        raise StorageError(f"{file} is no export of Dailies: it has {member.name[:100]!r}")
                    _taken_out(tar, member, Path(scratch))
            return restore(Path(scratch) / "dailies", folder, at=at)
    except (OSError, ValueError, tarfile.TarError) as fault:  # no file system takes a name with a zero byte
        raise StorageError(f"{file} cannot be read: {fault}") from fault


def _taken_out(tar: tarfile.TarFile, member: tarfile.TarInfo, into: Path) -> None:
    """Write one member that is ours, with no mode, owner or link of its own."""
    path = into / member.name
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return
    source = tar.extractfile(member)
    if source is None:
        raise StorageError(f"{member.name[:100]!r} cannot be read out of the export")
    with source, path.open("xb") as file:
        path.chmod(0o600)
        shutil.copyfileobj(source, file)


def _is_ours(member: tarfile.TarInfo) -> bool:
    """Only plain files and folders by the names that an export has: no path leads out of it.

    No sparse ones either: those are as large as they say, and not as the bytes that the export has.
    """
    if member.issparse():
        return False
    match Path(member.name).parts:
        case ("dailies",):
            return member.isdir()
        case ("dailies", name) if member.isdir():
            return name in FOLDERS
        case ("dailies", name):
            return member.isreg() and name in {DATABASE, KEY, MANIFEST}
        case ("dailies", kept, name):
            return kept in FOLDERS and member.isfile() and not name.startswith(".")
        case _:
            return False
