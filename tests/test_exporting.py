"""Exports: everything of one person and nothing of another, in ZIPs that can harm nobody."""

import json
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ChangeRefused
from bot.privacy.exporting import BYTES_MAX, EXPORTS, Exporting
from storage import personal
from tests.new_books import new_book
from tests.privacy_scene import SECRET, People, opened
from tests.props import ANN, BEN

NOT_OF_PEOPLE = frozenset(
    {
        *("guild_id", "channel_id", "parent_id", "message_id", "interaction_id", "clip_channel_id"),
        *("clip_message_id", "card_message_id", "card_channel_id", "moderator_role_id"),
        *("hold_id", "grant_id", "case_id", "hash_id", "id"),
    }
)
"""Columns of numbers that end like a person's id and are something else."""

ELSEWHERE = {
    "jobs": "orders",
    "entries": "book",
    "holds": "book",
    "sheets": "forms",
    "reports": "reports_made",
    "remix_asks": "remix_asks_made",
    "acts": "acts_by_you",
}
"""Tables that an export calls otherwise."""


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    async with opened(tmp_path) as scene:
        yield scene


async def exported(people: People, *, part_bytes: int = 1 << 30, parts_max: int = 1) -> dict[str, Any]:
    made = await Exporting(people.database, folder=people.folder, now=people.clock).make(
        ANN.user_id, name="x", part_bytes=part_bytes, parts_max=parts_max
    )
    found: dict[str, Any] = {"parts": made.parts, "left_out": made.left_out, "files": []}
    for part in made.parts:
        with zipfile.ZipFile(part) as zipped:
            assert zipped.testzip() is None
            for name in zipped.namelist():
                if name.endswith(".json"):
                    found[name.removesuffix(".json")] = json.loads(zipped.read(name))
                elif name != "README.txt":
                    found["files"].append(name)
    return found


def test_no_table_that_names_people_is_forgotten() -> None:
    book = new_book()
    forgotten = []
    tables = [row[0] for row in book.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        columns = [
            row["name"] for row in book.execute(f"PRAGMA table_info({table})") if row["type"] == "INTEGER"
        ]
        of_people = {c for c in columns if re.search(r"(_id|_by|_to)$", c)} - NOT_OF_PEOPLE
        known = ELSEWHERE.get(table, table) in personal.TABLES or table in personal.LEFT_OUT
        if of_people and not known:
            forgotten.append((table, of_people))
    book.close()

    assert forgotten == []


async def test_every_part_holds_what_was_kept(people: People) -> None:
    job = await people.clip()
    picture = await people.picture()
    await people.belongings()

    found = await exported(people)

    for part in (
        *("orders", "clips", "pictures", "book", "totals", "grants", "quotes", "forms", "opened_forms"),
        *("searches", "favourites", "reactions", "wishes", "reports_made", "sanctions", "appeals"),
    ):
        assert found[part], part
    assert found["orders"][0]["prompt"] == SECRET
    assert found["orders"][0]["created_at"] == "2026-11-21T12:00:00+00:00"
    assert sorted(found["files"]) == [f"clips/{job.id}.mp4", f"pictures/{picture.name}"]


async def test_nothing_of_another_is_in_it(people: People) -> None:
    await people.clip()
    theirs = await people.clip(BEN, prompt="Ben's own words")
    await people.picture(BEN)
    await people.belongings(BEN, words="Ben's own words")

    found = await exported(people)

    said = json.dumps({key: value for key, value in found.items() if key != "parts"})
    assert "Ben's own words" not in said
    assert str(BEN.user_id) not in said
    assert theirs.id not in " ".join(found["files"])


async def test_a_hidden_clip_is_not_handed_out(people: People) -> None:
    await people.clip()
    await people.database.write(lambda tx: tx.execute("UPDATE clips SET state = 'hidden'"))

    assert (await exported(people))["files"] == []


async def test_files_go_into_as_many_parts_as_it_takes_and_what_is_left_is_counted(people: People) -> None:
    for _ in range(5):
        await people.clip()
    rows_only = (await exported(people, part_bytes=1))["parts"][0].stat().st_size
    people.clock.advance(timedelta(days=2))

    part_bytes = rows_only + 4_096 + 1_700

    two = await exported(people, part_bytes=part_bytes, parts_max=2)
    assert len(two["parts"]) == 2
    assert all(part.stat().st_size <= part_bytes for part in two["parts"])
    assert (len(two["files"]), two["left_out"]) == (5, 0)
    people.clock.advance(timedelta(days=2))
    one = await exported(people, part_bytes=part_bytes, parts_max=1)

    assert len(one["parts"]) == 1
    assert one["left_out"] > 0
    assert len(one["files"]) + one["left_out"] == 5


@pytest.mark.parametrize("name", ["../../secret.mp4", "/etc/passwd", "a\\..\\b.mp4", "a/../../b.mp4"])
async def test_no_name_in_a_row_leads_out_of_the_folders(people: People, name: str) -> None:
    job = await people.clip()
    (people.folder / "secret.mp4").write_bytes(b"secret")
    await people.database.write(lambda tx: tx.execute("UPDATE clips SET file = ?", (name,)))

    found = await exported(people)

    assert job.id not in " ".join(found["files"])
    assert found["files"] == []


async def test_a_link_in_the_folder_is_not_followed(people: People) -> None:
    job = await people.clip()
    (people.folder / "secret").write_bytes(b"secret")
    path = people.folder / "clips" / f"{job.id}.mp4"
    path.unlink()
    path.symlink_to(people.folder / "secret")

    assert (await exported(people))["files"] == []


async def test_once_a_day_for_everybody(people: People) -> None:
    await exported(people)
    people.clock.advance(timedelta(hours=23))
    with pytest.raises(ChangeRefused, match="within the last day"):
        await exported(people)
    people.clock.advance(timedelta(hours=2))

    assert (await exported(people))["acts_by_you"]


async def test_an_export_that_came_to_nothing_counts_for_none_and_leaves_nothing(people: People) -> None:
    job = await people.clip()
    path = people.folder / "clips" / f"{job.id}.mp4"
    large = BYTES_MAX + 1
    was = await people.database.write(
        lambda tx: tx.execute("UPDATE clips SET size_bytes = ? RETURNING 1", (large,)).fetchall()
    )
    with pytest.raises(ChangeRefused, match="too many for one export"):
        await exported(people)
    await people.database.write(
        lambda tx: tx.execute("UPDATE clips SET size_bytes = ?", (path.stat().st_size,))
    )
    (people.folder / EXPORTS / "x-1.zip").mkdir()
    with pytest.raises(IsADirectoryError):
        await exported(people)
    (people.folder / EXPORTS / "x-1.zip").rmdir()

    assert was
    assert list((people.folder / EXPORTS).iterdir()) == []
    assert (await exported(people))["files"] == [f"clips/{job.id}.mp4"]


async def test_what_nobody_fetched_is_removed_after_a_day(people: People) -> None:
    found = await exported(people)
    exporting = Exporting(people.database, folder=people.folder, now=people.clock)
    path = found["parts"][0]
    assert path.parent.name == EXPORTS

    people.clock.at = people.clock.at.fromtimestamp(path.stat().st_mtime, people.clock.at.tzinfo)
    await exporting.sweep()
    assert path.exists()
    people.clock.advance(timedelta(days=1, seconds=1))
    (path.parent / "gone-1.zip").symlink_to("nowhere")  # as one that is removed while they are looked at
    await exporting.sweep()

    assert not path.exists()
