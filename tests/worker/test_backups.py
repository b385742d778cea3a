"""Backups of a folder that is worked in: whole or named as broken, put back without doubling anything."""

import io
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.domain import Job, JobState
from bot.errors import DataFolderInUse, StorageError
from bot.operating import backups, restoring
from bot.operating.backups import Backups
from bot.operating.notices import Notices
from bot.operating.retention import Retention
from storage import audit
from storage.lock import FolderLock
from storage.times import to_us
from tests.props import NOON
from tests.workbench import Bench


class Told(Notices):
    """Notices of which a test reads what was said."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[str] = []

    def tell(self, code: str, sentence: str) -> None:
        self.all.append(f"{code}: {sentence}")


def laid_out(bench: Bench) -> Path:
    """The bench's folder as a data folder: its clips in theirs."""
    clips = bench.folder / "clips"
    clips.mkdir(exist_ok=True)
    for file in bench.folder.glob("*.mp4"):
        if not (clips / file.name).exists():
            (clips / file.name).hardlink_to(file)
    return bench.folder


async def posted(bench: Bench) -> Job:
    await bench.start()
    job = await bench.until_state(await bench.place(), JobState.POSTED)
    await bench.kill()
    return job


def opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    return connection


async def test_a_backup_of_a_database_that_is_being_written_is_whole(bench: Bench, tmp_path: Path) -> None:
    job = await posted(bench)
    folder = laid_out(bench)
    bench.connection.execute("BEGIN IMMEDIATE")  # somebody is in the middle of a transaction
    bench.connection.execute("UPDATE jobs SET spoiler = 1 WHERE id = ?", (job.id,))

    made = backups.make(folder, tmp_path / "kept", at=bench.clock())
    bench.connection.execute("ROLLBACK")
    proof = restoring.proved(made.path)

    assert proof.findings == []
    assert (proof.entries, proof.clips, made.files) == (2, 1, 1)
    assert (made.path / backups.DATABASE).stat().st_mode & 0o777 == 0o600
    assert [each.path for each in backups.listed(tmp_path / "kept")] == [made.path]


def torn(backup: Path) -> None:
    file = backup / backups.DATABASE
    with closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'jobs'").fetchone()
    raw = bytearray(file.read_bytes())
    raw[(page - 1) * 4096 : page * 4096 - 2048] = b"\xff" * 2048
    file.write_bytes(raw)


def cut(backup: Path) -> None:
    file = backup / backups.DATABASE
    file.write_bytes(file.read_bytes()[:5_000])


def meddled(sql: str) -> Callable[[Path], None]:
    def meddle(backup: Path) -> None:
        with closing(sqlite3.connect(backup / backups.DATABASE)) as connection, connection:
            connection.execute(sql)

    return meddle


def emptied(backup: Path) -> None:
    (backup / backups.DATABASE).write_bytes(b"")


def with_a_torn_schema(backup: Path) -> None:
    path = backup / backups.DATABASE
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"CREATE TABLE jobs") + 3] = 0xBD
    path.write_bytes(raw)


def without_its_clip(backup: Path) -> None:
    next((backup / "clips").glob("*.mp4")).unlink()


def with_another_clip(backup: Path) -> None:
    file = next((backup / "clips").glob("*.mp4"))
    raw = file.read_bytes()
    file.unlink()  # the same bytes are in the data folder by a link
    file.write_bytes(raw[:-1] + b"?")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        pytest.param(torn, "database", id="a torn page"),
        pytest.param(cut, "cannot be opened", id="cut short"),
        pytest.param(emptied, "is an empty database", id="nothing at all"),
        pytest.param(with_a_torn_schema, "the schema is malformed", id="a torn schema"),
        pytest.param(
            meddled("UPDATE purses SET total_spent_micros = total_spent_micros + 1"),
            "ledger: ",
            id="a wrong total",
        ),
        pytest.param(without_its_clip, "is missing", id="a clip that is missing"),
        pytest.param(with_another_clip, "is another one", id="a clip that is another"),
        pytest.param(meddled("PRAGMA user_version = 9999"), "schema version 9999", id="a newer release's"),
        pytest.param(meddled("PRAGMA application_id = 7"), "another program", id="another program's"),
    ],
)
async def test_what_is_wrong_with_a_backup_is_named_and_it_is_not_put_back(
    bench: Bench, tmp_path: Path, broken: Callable[[Path], None], said: str
) -> None:
    await posted(bench)
    folder = laid_out(bench)
    backup = backups.make(folder, tmp_path / "kept", at=bench.clock()).path
    broken(backup)
    bench.connection.commit()
    before = (folder / "dailies.db").read_bytes()

    try:
        found = "; ".join(restoring.proved(backup).findings)
    except StorageError as fault:
        found = str(fault)
    with pytest.raises(StorageError):
        restoring.restore(backup, folder, at=bench.clock())

    assert said in found
    assert (folder / "dailies.db").read_bytes() == before


async def test_what_was_in_line_may_have_been_ordered_since_and_is_never_ordered_again(
    bench: Bench, tmp_path: Path
) -> None:
    waiting = await bench.place()
    stored = await bench.leave(JobState.STORED)
    folder = laid_out(bench)
    backup = backups.make(folder, tmp_path / "kept", at=bench.clock()).path
    elsewhere = tmp_path / "elsewhere"

    restored = restoring.restore(backup, elsewhere, at=bench.clock())

    with closing(opened(elsewhere / "dailies.db")) as book:
        assert [job.id for job in restored.ended] == [waiting.id]
        ended = book.execute("SELECT state, fault_code FROM jobs WHERE id = ?", (waiting.id,)).fetchone()
        assert tuple(ended) == ("failed", "set_back")
        tried = book.execute(
            "SELECT clip_tried_at, clip_channel_id FROM jobs WHERE id = ?", (stored.id,)
        ).fetchone()
        assert None not in tuple(tried)
        assert audit.verify(book) == []
    assert (restored.former, restored.looked_for) == (None, 1)


async def test_the_former_database_is_kept_and_its_clips_stay(bench: Bench, tmp_path: Path) -> None:
    first = await posted(bench)
    folder = laid_out(bench)
    backup = backups.make(folder, tmp_path / "kept", at=bench.clock()).path
    second = await posted(bench)
    laid_out(bench)
    shutil.copytree(folder, tmp_path / "data", ignore=shutil.ignore_patterns("kept", "data"))

    restored = restoring.restore(backup, tmp_path / "data", at=bench.clock())

    assert restored.former is not None
    with (
        closing(opened(restored.former / "dailies.db")) as former,
        closing(opened(tmp_path / "data" / "dailies.db")) as present,
    ):
        every = "SELECT id FROM jobs ORDER BY id"
        assert [row[0] for row in former.execute(every)] == sorted([first.id, second.id])
        assert [row[0] for row in present.execute(every)] == [first.id]
    assert (tmp_path / "data" / "clips" / f"{second.id}.mp4").is_file()


async def test_nothing_is_put_under_a_bot_that_runs(bench: Bench, tmp_path: Path) -> None:
    await posted(bench)
    backup = backups.make(laid_out(bench), tmp_path / "kept", at=bench.clock()).path

    with FolderLock(bench.folder), pytest.raises(DataFolderInUse):
        restoring.restore(backup, bench.folder, at=bench.clock())


async def test_two_backups_of_one_second_are_two_and_a_dead_ones_part_goes(
    bench: Bench, tmp_path: Path
) -> None:
    await posted(bench)
    folder, into, at = laid_out(bench), tmp_path / "kept", bench.clock()
    dead, other = into / f"{backups.PART}dead", into / f"{backups.PART}of-another"
    for part, age_s in ((dead, backups.LEFT_BEHIND_S + 60), (other, 60.0)):
        part.mkdir(parents=True)
        os.utime(part, (at.timestamp() - age_s, at.timestamp() - age_s))

    made = [backups.make(folder, into, at=at).path for _ in range(2)]

    assert [each.path for each in backups.listed(into)] == sorted(made)
    assert len(set(made)) == 2
    assert (dead.exists(), other.exists()) == (False, True)
    assert [restoring.proved(path).findings for path in made] == [[], []]


async def test_old_backups_go_and_the_newest_stays_however_old(bench: Bench, tmp_path: Path) -> None:
    await posted(bench)
    folder, into, start = laid_out(bench), tmp_path / "kept", bench.clock()
    for day in range(5):
        backups.make(folder, into, at=start + timedelta(days=day))

    backups.prune(into, keep=3, not_before=start)
    kept = [each.made_at - start for each in backups.listed(into)]
    backups.prune(into, keep=3, not_before=start + timedelta(days=3))
    promised = [each.made_at - start for each in backups.listed(into)]
    backups.prune(into, keep=3, not_before=start + timedelta(days=100))

    assert kept == [timedelta(days=2), timedelta(days=3), timedelta(days=4)]
    assert promised == [timedelta(days=3), timedelta(days=4)]
    assert [each.made_at - start for each in backups.listed(into)] == [timedelta(days=4)]


async def test_a_backup_is_made_when_it_is_due_and_a_restart_makes_no_other(
    bench: Bench, tmp_path: Path
) -> None:
    await posted(bench)
    notices = Notices()
    duty = Backups(
        laid_out(bench),
        tmp_path / "kept",
        notices,
        every=timedelta(hours=24),
        keep=14,
        days=30,
        now=bench.clock,
    )

    first = await duty.once()
    await bench.passing(hours=1)
    again = await duty.once()
    await bench.passing(hours=23)
    await duty.once()

    assert first == timedelta(hours=24)
    assert timedelta(hours=22) < again <= timedelta(hours=23)
    assert len(backups.listed(tmp_path / "kept")) == 2


@pytest.mark.parametrize("alive_for", range(5))
async def test_an_old_backup_that_was_half_removed_goes_the_next_time(
    bench: Bench, tmp_path: Path, alive_for: int
) -> None:
    await posted(bench)
    folder, into, start = laid_out(bench), tmp_path / "kept", bench.clock()
    new = [backups.make(folder, into, at=start + timedelta(days=day)).path for day in (0, 1)][1]
    removed: list[Path] = []

    def dying(path: Path) -> None:
        if len(removed) == alive_for:
            raise KeyboardInterrupt
        removed.append(path)
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    with pytest.raises(KeyboardInterrupt):
        backups.prune(into, keep=1, not_before=start, remove=dying)
    backups.prune(into, keep=1, not_before=start)

    assert [each.path for each in backups.listed(into)] == [new]
    left = [path for path in into.iterdir() if path != new]
    assert [
        (path.name.startswith(backups.PART), [each.name for each in path.iterdir()]) for path in left
    ] == ([(True, [backups.MANIFEST])] if alive_for == 4 else []), (
        "which the next backup clears away as any dead one's part"
    )


async def test_an_old_backup_that_cannot_be_removed_is_told_of_and_the_new_one_counts(
    bench: Bench, tmp_path: Path
) -> None:
    await posted(bench)
    folder, into, told = laid_out(bench), tmp_path / "kept", Told()

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    every = timedelta(hours=24)
    prune = partial(backups.prune, remove=refuse)
    duty = Backups(folder, into, told, every=every, keep=1, days=30, now=bench.clock, prune=prune)
    waits = [await duty.once()]
    await bench.passing(hours=24)
    waits.append(await duty.once())

    assert waits == [every] * 2
    assert len(backups.listed(into)) == 2
    assert len(told.all) == 1
    assert told.all[0].startswith("backup: Backed up, but an old backup stays: ")
    assert "cannot be removed: Permission denied" in told.all[0]


@pytest.mark.parametrize("into", ["a file/kept", "a name that is too long" * 20])
async def test_a_backup_that_fails_is_told_and_tried_again(bench: Bench, tmp_path: Path, into: str) -> None:
    await posted(bench)
    (tmp_path / "a file").write_text("in the way")
    notices = Told()
    told = notices.all
    duty = Backups(
        laid_out(bench),
        tmp_path / into,
        notices,
        every=timedelta(hours=24),
        keep=14,
        days=30,
        now=bench.clock,
    )

    assert await duty.once() == backups.TRY_AGAIN
    assert told[0].startswith("backup: ")
    assert "tried again every 15 minutes" in told[0]
    assert await duty.once() == backups.TRY_AGAIN
    assert len(told) == 1, "said once, and not every quarter of an hour"


async def test_a_damaged_database_pushes_no_whole_backup_out(bench: Bench, tmp_path: Path) -> None:
    await posted(bench)
    folder, into, told = laid_out(bench), tmp_path / "kept", Told()
    whole = backups.make(folder, into, at=bench.clock()).path
    bench.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    with (folder / backups.DATABASE).open("r+b") as file:
        file.seek(40 * 4096)
        file.write(b"\xff" * 4096)
    bench.clock.advance(timedelta(days=2))
    duty = Backups(folder, into, told, every=timedelta(days=1), keep=1, days=1, now=bench.clock)

    assert await duty.once() == backups.TRY_AGAIN

    assert "backup: The backup failed: the database is damaged (" in told.all[0]
    assert [each.path for each in backups.listed(into)] == [whole]
    assert list(into.iterdir()) == [whole]
    assert restoring.proved(whole).findings == []


async def test_an_installation_moves_to_another_folder_as_one_file(bench: Bench, tmp_path: Path) -> None:
    job = await posted(bench)
    folder = laid_out(bench)

    restoring.packed(folder, tmp_path / "all.tar", at=bench.clock())
    restoring.unpacked(tmp_path / "all.tar", tmp_path / "new", at=bench.clock())

    with closing(opened(tmp_path / "new" / "dailies.db")) as book:
        assert book.execute("SELECT state FROM jobs WHERE id = ?", (job.id,)).fetchone()[0] == "posted"
    there = (tmp_path / "new" / "clips" / f"{job.id}.mp4").read_bytes()
    assert there == (folder / "clips" / f"{job.id}.mp4").read_bytes()
    assert (tmp_path / "all.tar").stat().st_mode & 0o777 == 0o600
    assert list(folder.glob(".export-*")) == []
    with pytest.raises(StorageError, match="empty DAILIES_DATA_DIR"):
        restoring.unpacked(tmp_path / "all.tar", tmp_path / "new", at=bench.clock())
    with pytest.raises(StorageError, match="exists"):
        restoring.packed(folder, tmp_path / "all.tar", at=bench.clock())


async def test_an_export_is_its_owners_alone_from_the_first_byte(bench: Bench, tmp_path: Path) -> None:
    await posted(bench)
    folder, part = laid_out(bench), tmp_path / "all.tar.part"
    part.write_text("of a process that was killed")
    part.chmod(0o644)
    with part.open() as left:
        restoring.packed(folder, tmp_path / "all.tar", at=bench.clock())

        assert os.fstat(left.fileno()).st_nlink == 0, "who had that open reads nothing of ours"
        assert left.read() == "of a process that was killed"


async def test_a_backup_with_a_torn_manifest_stands_in_the_way_of_no_other(
    bench: Bench, tmp_path: Path
) -> None:
    await posted(bench)
    kept = tmp_path / "kept"
    folder = laid_out(bench)
    whole = backups.make(folder, kept, at=bench.clock())
    torn = [backups.make(folder, kept, at=bench.clock() + timedelta(days=n)).path for n in (1, 2, 3, 4)]
    for path, said in zip(torn, ("{", "[]", '{"made_at": "soon", "files": 1}', '{"files": 1}'), strict=True):
        (path / backups.MANIFEST).write_text(said)
    (whole.path / "clips" / "a folder of somebody's").mkdir()
    duty = Backups(
        folder,
        kept,
        Notices(),
        every=timedelta(hours=1),
        keep=1,
        days=30,
        now=lambda: NOON + timedelta(days=9),
    )

    assert (backups.listed(kept), backups.unreadable(kept)) == ([whole], torn)
    restoring.restore(whole.path, tmp_path / "back", at=bench.clock())
    assert await duty.once() == timedelta(hours=1)
    assert [path.is_dir() for path in (whole.path, *torn)] == [False, True, True, True, True]


def member(name: str, kind: bytes = tarfile.REGTYPE, to: str = "") -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, to
    return found


def extended(**headers: str) -> tarfile.TarInfo:
    found = member("dailies/clips/x.mp4")
    found.pax_headers = headers
    return found


SPARSE = {
    "GNU.sparse.major": "0",
    "GNU.sparse.minor": "1",
    "GNU.sparse.name": "dailies/clips/x.mp4",
    "GNU.sparse.size": "1000000",
    "GNU.sparse.numblocks": "1",
    "GNU.sparse.map": "1000000,0",
}
"""A file of a million bytes, of which the archive has none."""


@pytest.mark.parametrize(
    "evil",
    [
        member("dailies/../../escaped"),
        member("/etc/escaped"),
        member("dailies/clips/../../escaped"),
        member("dailies/clips/x.mp4", tarfile.SYMTYPE, "/etc/passwd"),
        member("dailies/clips/x.mp4", tarfile.CHRTYPE),
        member("dailies/dailies.db", tarfile.SYMTYPE, "/etc/passwd"),
        member("dailies/other"),
        member("escaped"),
        extended(path="dailies/clips/x\0.mp4"),
        extended(**SPARSE),
    ],
    ids=lambda evil: f"{evil.name} {evil.type!r}",
)
def test_a_file_that_leads_out_of_the_folder_is_not_taken_in(tmp_path: Path, evil: tarfile.TarInfo) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        for folder in ("dailies", "dailies/clips"):
            tar.addfile(member(folder, tarfile.DIRTYPE))
        tar.addfile(evil, io.BytesIO(b""))

    with pytest.raises(StorageError, match=r"is no export of Dailies|cannot be read"):
        restoring.unpacked(tmp_path / "evil.tar", tmp_path / "new", at=NOON)

    assert list(tmp_path.rglob("escaped")) == []
    assert list((tmp_path / "new").iterdir()) == []


async def test_the_shell_backs_up_proves_and_moves(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await posted(bench)
    monkeypatch.setenv("DAILIES_DATA_DIR", str(laid_out(bench)))

    codes = [main([*command]) for command in (("backup",), ("backup", "--list"), ("restore", "--check"))]
    codes.append(main(["export", str(tmp_path / "all.tar")]))
    monkeypatch.setenv("DAILIES_DATA_DIR", str(tmp_path / "new"))
    codes += [main(["import", str(tmp_path / "all.tar")]), main(["backup"]), main(["restore"])]
    said = capsys.readouterr().out

    assert codes == [0] * 7
    assert "the database and 1 file\nold backups removed: 0" in said
    assert "whole: 2 entries of the ledger, 0 acts, 1 clip" in said
    assert f"backups in {bench.folder / 'backups'}: 1" in said
    assert "the former database is kept in" in said
    assert main(["restore", "--check", str(tmp_path / "nowhere")]) == 1


async def test_clips_that_are_too_old_or_too_many_go_and_their_posts_stay(bench: Bench) -> None:
    old, between, young = await posted(bench), await posted(bench), await posted(bench)
    for job, days in ((old, 40), (between, 20), (young, 1)):
        stored_at = to_us(bench.clock() - timedelta(days=days))
        bench.connection.execute("UPDATE clips SET stored_at = ? WHERE job_id = ?", (stored_at, job.id))
    size = bench.connection.execute("SELECT size_bytes FROM clips").fetchone()[0]
    process = await bench.start()
    woken: list[str] = []

    async def gone(keep_for: timedelta | None, bytes_max: int | None) -> list[str]:
        duty = Retention(
            process.database, keep_for=keep_for, bytes_max=bytes_max, wake=woken.append, now=bench.clock
        )
        return [*await duty.once()]

    assert await gone(None, 3 * size) == []
    assert await gone(timedelta(days=30), 3 * size) == [old.id]
    assert await gone(timedelta(days=30), size) == [between.id]
    assert await gone(None, 0) == [young.id]
    assert woken == [old.id, between.id, young.id]
    states = {row[0] for row in bench.connection.execute("SELECT state FROM clips")}
    steps = {row[0] for row in bench.connection.execute("SELECT step FROM removals")}
    assert states == {"expired"}
    assert steps == {"links", "file", "thumbnail"}
    assert {job.state for job in bench.all_jobs()} == {JobState.POSTED}
