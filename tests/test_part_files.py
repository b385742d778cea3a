"""What a killed process leaves half written is gone at the next start, and nothing else is."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import assembled
from bot.part_files import keep, part_of, sweep
from bot.settings import Settings

STARTED_AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def written(path: Path, *, at: datetime) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"half")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def test_part_files_from_before_the_start_are_removed_in_each_folder(tmp_path: Path) -> None:
    before = STARTED_AT - timedelta(seconds=1)
    left = [written(tmp_path / name / f"a.{name}.part", at=before) for name in ("clips", "pictures")]
    whole = written(tmp_path / "clips" / "a.mp4", at=before)

    removed = sweep(
        [tmp_path / "clips", tmp_path / "pictures", tmp_path / "never made"], started_at=STARTED_AT
    )

    assert removed == 2
    assert [path.exists() for path in left] == [False, False]
    assert whole.exists()


def test_a_part_file_that_is_being_written_stays(tmp_path: Path) -> None:
    ours = written(tmp_path / "clip.mp4.part", at=STARTED_AT)

    assert sweep([tmp_path], started_at=STARTED_AT) == 0
    assert ours.exists()


async def test_a_part_file_ends_by_the_suffix_that_is_swept(tmp_path: Path) -> None:
    async with part_of(tmp_path / "clip.mp4") as part:
        os.utime(part, (0, 0))
        assert sweep([tmp_path], started_at=STARTED_AT) == 1
        part.write_bytes(b"whole")
        kept = await keep(part, tmp_path / "clip.mp4")

    assert kept.size_bytes == len(b"whole")
    assert sweep([tmp_path], started_at=STARTED_AT) == 0


@pytest.mark.parametrize("folder", ["clips", "pictures", "thumbnails"])
async def test_the_bot_sweeps_its_folders_when_it_starts(tmp_path: Path, folder: str) -> None:
    left = written(tmp_path / folder / "0123.mp4.part", at=STARTED_AT)

    async with assembled(Settings(data_dir=tmp_path)):
        assert not left.exists()
