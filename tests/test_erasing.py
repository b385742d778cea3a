"""Erasing a person: what goes, what stays as ids, over crashes, and the book that is right all the way."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain import JobState
from bot.errors import BudgetExceeded, ChangeRefused
from bot.privacy.erasing import BOOK_AFTER, Erasing
from storage import acts, erasures, ledger, states, tombstones
from storage.erasures import Step
from tests.privacy_scene import SECRET, People, opened
from tests.props import ANN, BEN, SHORTEST_MICROS, Desk, asked, limits, used

A_WHILE = timedelta(minutes=15)


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    async with opened(tmp_path) as scene:
        yield scene


async def settled(people: People, duty: Erasing) -> dict[Step, str | None]:
    """What came of every step, after as many rounds as it takes for all but the book."""
    for _ in range(6):
        await duty.once()
        await people.take_removals()
        people.clock.advance(A_WHILE)
    progress = await duty.progress(ANN.user_id)
    assert progress is not None
    assert progress.is_over, progress
    return {row.step: row.result for row in progress.steps}


async def test_erased_words_are_gone_from_every_table_and_from_the_file(people: People) -> None:
    await people.clip()
    await people.belongings()
    assert SECRET.encode() in people.bytes_of_database()
    duty = people.erasing()

    await duty.ask(ANN.user_id)
    await settled(people, duty)
    people.clock.advance(BOOK_AFTER)
    await duty.once()
    await people.database.read(lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    assert SECRET.encode() not in people.bytes_of_database()


async def test_before_the_book_is_renamed_the_log_is_already_cut(people: People) -> None:
    await people.clip()
    await people.raw("SELECT 1")
    duty = people.erasing()

    await duty.ask(ANN.user_id)
    results = await settled(people, duty)

    assert results[Step.LOG] == "cut"
    assert SECRET.encode() not in people.bytes_of_database()


async def test_what_others_made_is_not_touched(people: People) -> None:
    await people.clip()
    theirs = await people.clip(BEN, prompt="a lantern of Ben's")
    picture = await people.picture(BEN)
    await people.belongings(BEN, words="words of Ben's")
    duty = people.erasing()
    tables = ("quotes", "sheets", "favourites", "searches", "wishes", "reactions", "shelf", "opened_forms")
    before = {t: await people.raw(f"SELECT count(*) FROM {t} WHERE user_id = ?", BEN.user_id) for t in tables}

    await duty.ask(ANN.user_id)
    await settled(people, duty)

    assert (await people.job(theirs.id)).order.prompt == "a lantern of Ben's"
    assert picture.is_file()
    assert (people.folder / "clips" / f"{theirs.id}.mp4").is_file()
    for table, count in before.items():
        assert await people.raw(f"SELECT count(*) FROM {table} WHERE user_id = ?", BEN.user_id) == count
    assert await people.raw("SELECT words FROM reports") == [("words of Ben's",)]
    assert await people.raw("SELECT reason FROM sanctions") == [("words of Ben's",)]


async def test_clips_go_through_the_removals_and_pictures_in_every_shape_go_too(people: People) -> None:
    job = await people.clip()
    picture = await people.picture()
    duty = people.erasing()

    await duty.ask(ANN.user_id)
    results = await settled(people, duty)

    assert people.removed == [job.id]
    assert await people.raw("SELECT state FROM clips") == [("deleted",)]
    steps = {str(row[0]) for row in await people.raw("SELECT step FROM removals")}
    assert {"clip_message", "card", "provider", "file", "thumbnail", "links"} <= steps
    assert list(picture.parent.iterdir()) == []
    assert await people.raw("SELECT count(*) FROM pictures") == [(0,)]
    assert results[Step.CLIPS] == "removed:1"
    assert results[Step.PICTURES] == "erased:1"


async def test_a_picture_that_an_order_was_typed_with_can_be_forgotten(people: People) -> None:
    job = await people.clip(BEN)
    picture = await people.picture()
    sql = "INSERT INTO typed (order_id, options, picture_id) VALUES (?, '{}', ?)"
    await people.database.write(lambda tx: tx.execute("DELETE FROM typed WHERE order_id = ?", (job.id,)))
    await people.database.write(lambda tx: tx.execute(sql, (job.id, picture.stem)))
    duty = people.erasing()

    await duty.ask(ANN.user_id)
    await settled(people, duty)

    assert await people.raw("SELECT picture_id FROM typed") == [(None,)]


async def test_what_discord_refused_to_remove_is_told(people: People) -> None:
    job = await people.clip()
    duty = people.erasing()
    await duty.ask(ANN.user_id)
    await duty.once()
    sql = """
        UPDATE removals SET done_at = 1, result = 'refused: 50001' WHERE step = 'clip_message' AND job_id = ?
        """
    await people.database.write(lambda tx: tx.execute(sql, (job.id,)))

    results = await settled(people, duty)

    assert results[Step.CLIPS] == "removed:0,refused:1"


async def test_an_order_on_its_way_is_cancelled_and_erased_when_it_rests(people: People) -> None:
    job = await people.desk.place(asked(prompt=SECRET))
    at = people.clock()
    await people.database.write(partial(states.submitting, job=job, provider="studio", at=at))
    waiting = await people.desk.place(asked(prompt=SECRET))
    duty = people.erasing()

    await duty.ask(ANN.user_id)
    await duty.once()
    await people.take_removals()

    assert set(people.cancelled) == {job.id, waiting.id}
    assert (await people.job(waiting.id)).state is JobState.CANCELLED
    assert (await people.job(waiting.id)).order.prompt == "…"
    assert (await people.job(job.id)).order.prompt == SECRET  # whoever renders it reads it still
    assert (await people.job(job.id)).cancel_asked_at is not None
    progress = await duty.progress(ANN.user_id)
    assert progress is not None
    assert not progress.is_over
    assert progress.steps[0].result == "waiting:1"

    sql = """
        UPDATE jobs SET state = 'failed', rev = rev + 1, fault_kind = 'ours', fault_code = 'x',
                        fault_detail = ? WHERE id = ?
        """
    await people.database.write(lambda tx: tx.execute(sql, (SECRET, job.id)))
    await settled(people, duty)
    assert (await people.job(job.id)).order.prompt == "…"
    assert SECRET.encode() not in people.bytes_of_database()


async def test_what_is_ordered_after_the_wish_is_not_meant(people: People) -> None:
    duty = people.erasing()
    await duty.ask(ANN.user_id)
    people.clock.advance(timedelta(seconds=1))
    later = await people.clip()

    await settled(people, duty)

    assert (await people.job(later.id)).order.prompt == SECRET
    assert people.removed == []


async def test_a_second_wish_while_one_is_on_its_way_is_refused_and_later_taken(people: People) -> None:
    duty = people.erasing()
    await duty.ask(ANN.user_id)
    with pytest.raises(ChangeRefused):
        await duty.ask(ANN.user_id)

    await settled(people, duty)
    again = await duty.ask(ANN.user_id)

    assert not again.is_over


async def test_a_process_that_dies_between_any_two_steps_loses_nothing(people: People) -> None:
    await people.clip()
    await people.picture()
    await people.belongings()
    await people.erasing().ask(ANN.user_id)

    for _ in range(12):  # a new process for every step, which dies after it
        duty = people.erasing()
        erasure = await people.database.read(partial(erasures.newest_of, user_id=ANN.user_id))
        assert erasure is not None
        rows = await people.database.read(partial(erasures.steps, erasure_id=erasure.id))
        left = [row.step for row in rows if row.done_at is None and row.step is not Step.BOOK]
        if left:
            await duty._taken(erasure, left[0])
        await people.take_removals()
        people.clock.advance(A_WHILE)

    progress = await people.erasing().progress(ANN.user_id)
    assert progress is not None
    assert progress.is_over
    assert SECRET.encode() not in people.bytes_of_database()


async def test_erasing_oneself_brings_no_money_back(people: People) -> None:
    desk = Desk(people.database, people.clock, limits=limits(member=SHORTEST_MICROS, installation=10**9))
    await people.clip()
    duty = people.erasing()

    await duty.ask(ANN.user_id)
    await settled(people, duty)

    assert await used(people.database, people.clock(), ANN) == SHORTEST_MICROS
    with pytest.raises(BudgetExceeded):
        await desk.place(asked())


async def test_weeks_later_the_book_has_the_amounts_and_nobodys_id(people: People) -> None:
    await people.clip()
    await people.clip(BEN)
    await people.belongings()
    reviewed = await people.clip()
    await people.database.write(
        lambda tx: tx.execute(
            """
            INSERT INTO reviews (id, gate, job_id, guild_id, channel_id, user_id, why, price_micros, needed,
                                 asked_at, remind_at, expires_at)
            VALUES ('review', 'showing', ?, ?, 1, ?, 'all', 0, 1, 0, 0, 0)
            """,
            (reviewed.id, ANN.guild_id, ANN.user_id),
        )
    )
    duty = people.erasing()
    await duty.ask(ANN.user_id)
    await settled(people, duty)
    assert await people.raw("SELECT DISTINCT asked_by FROM removals") == [(ANN.user_id,)]
    totals = "SELECT scope, period, starts_on, spent_micros, held_micros FROM totals ORDER BY 1, 2, 3, 4"
    before = await people.raw(totals)

    people.clock.advance(BOOK_AFTER - 10 * A_WHILE)
    await duty.once()
    assert await people.raw("SELECT count(*) FROM holds WHERE user_id = ?", ANN.user_id) != [(0,)]
    people.clock.advance(timedelta(days=2))
    await duty.once()

    for table in ("jobs", "holds", "grants", "purses", "closed_periods", "shelf", "reviews"):
        assert await people.raw(f"SELECT count(*) FROM {table} WHERE user_id = ?", ANN.user_id) == [(0,)], (
            table
        )
    assert await people.raw("SELECT DISTINCT asked_by < 0 FROM removals") == [(1,)]
    assert await people.raw("SELECT DISTINCT user_id < 0 FROM holds WHERE user_id <> ?", BEN.user_id) == [
        (1,)
    ]
    assert min(await people.database.read(tombstones.people)) > 0
    assert await people.raw(totals) == before
    assert await people.database.read(ledger.verify) == []
    assert (await people.database.read(acts.first_broken))[0] is None
    # The book goes on, for the same person too, and is still right.
    await people.clip()
    assert await people.database.read(ledger.verify) == []


async def test_who_orders_again_is_renamed_only_after_their_last_order(people: People) -> None:
    await people.clip()
    duty = people.erasing()
    await duty.ask(ANN.user_id)
    await settled(people, duty)
    people.clock.advance(timedelta(days=20))
    await people.clip()

    people.clock.advance(timedelta(days=20))
    await duty.once()
    assert await people.raw("SELECT count(*) FROM holds WHERE user_id < 0") == [(0,)]
    people.clock.advance(timedelta(days=17))
    await duty.once()

    assert await people.raw("SELECT count(*) FROM holds WHERE user_id < 0") == [(2,)]
    assert await people.database.read(ledger.verify) == []


async def test_where_a_limit_counts_for_ever_the_id_stays_in_that_servers_book(people: People) -> None:
    await people.clip()
    sql = "INSERT INTO budgets VALUES (7, 'default', 0, 'total', 5000000, 5, '', 0)"
    await people.database.write(lambda tx: tx.execute(sql))
    duty = people.erasing()
    await duty.ask(ANN.user_id)
    await settled(people, duty)

    people.clock.advance(BOOK_AFTER)
    await duty.once()

    progress = await duty.progress(ANN.user_id)
    assert progress is not None
    assert progress.steps[-1].result == "renamed:0,kept:1"
    assert await people.raw("SELECT DISTINCT user_id FROM holds") == [(ANN.user_id,)]


async def test_the_record_of_acts_tells_of_every_step_and_stays_whole(people: People) -> None:
    await people.clip()
    duty = people.erasing()

    await duty.ask(ANN.user_id)
    await settled(people, duty)

    wanted = acts.Wanted(verb="data.erased", subject=f"member:{ANN.user_id}")
    told = await people.database.read(partial(acts.newest, wanted=wanted, limit=99))
    assert len(told) == 1 + len(Step) - 1
    assert '"what":"clips:removed:1"' in " ".join(act.detail for act in told)
    assert (await people.database.read(acts.first_broken))[0] is None
