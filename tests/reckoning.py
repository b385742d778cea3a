"""What must be true between the process's rows, the provider's books and the channel when all is over."""

import asyncio
import contextlib
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from bot.domain import ENDED, EntryKind, Job, JobState, Scope
from storage import clips, identifies
from storage.database import open_database, open_for_reading
from tests.books import entries_of
from tests.household import LOOK_EVERY_S, Household

PAGE = 100


async def messages(house: Household) -> list[dict[str, Any]]:
    """Every message of the channel."""
    found = await house.ada.messages(house.channel, limit=PAGE)
    while len(page := await house.ada.messages(house.channel, limit=PAGE, before=found[-1]["id"])) > 0:
        found += page
    return found


async def some_instant(dice: random.Random, *, within_s: float = 1.5) -> None:
    """Any instant at all: a wait for nothing, since what it stands for is a kill that nobody chose."""
    await asyncio.sleep(dice.uniform(0, within_s))


async def settle(house: Household, *, orders: int | None = None, within_s: float = 90.0) -> list[Job]:
    """Wait until every order has ended, then check all that must hold; returns the jobs.

    Args:
        orders: how many there must be; None where nobody can know, since some never reached the bot.
    """
    try:
        async with asyncio.timeout(within_s):
            while True:
                if _all_over(house.jobs(), orders):
                    break
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        left = Counter(str(job.state) for job in house.jobs())
        raise AssertionError(f"not all has ended: {left}; the log ends {house.log_text()[-3000:]}") from None
    every = house.jobs()
    _check_money(house, every)
    await _check_clips(house, every)
    return every


def _all_over(every: list[Job], orders: int | None) -> bool:
    return orders in (None, len(every)) and all(job.state in ENDED for job in every)


def _check_money(house: Household, every: list[Job]) -> None:
    """Nothing was submitted twice, every hold ended once, and both books show the same sum."""
    assert house.ledger_differences() == []
    assert house.held_micros() == 0
    made = Counter(job.prompt for job in house.emulator.jobs.values())
    assert set(made.values()) <= {1}, "submitted twice"
    assert set(made) <= {job.order.prompt for job in every}, "made without an order"
    paid: Counter[Scope] = Counter()
    with contextlib.closing(open_for_reading(house.data_dir / "dailies.db")) as book:
        for job in every:
            entries = entries_of(book, job.id)
            holds = sum(entry.kind is EntryKind.HOLD for entry in entries)
            ends = sum(entry.kind in (EntryKind.CAPTURE, EntryKind.RELEASE) for entry in entries)
            assert holds == ends == 1, f"{job.id}: {holds} holds, {ends} ends"
            for entry in entries:
                if entry.kind is EntryKind.CAPTURE:
                    paid[entry.bearer] += entry.amount_micros
    assert paid == Counter({Scope.MEMBER: house.emulator.billed_micros} if house.emulator.jobs else {})


async def _check_clips(house: Household, every: list[Job]) -> None:
    """Whatever was made is posted, once, and is the file on our disk; and nothing else is."""
    shown = await messages(house)
    posted = [message for message in shown if message["attachments"]]
    cards = [message for message in shown if not message["attachments"] and message["author"].get("bot")]
    made = {job.prompt for job in house.emulator.jobs.values() if job.status == "completed"}
    assert {job.order.prompt for job in every if job.state is JobState.POSTED} == made
    names = Counter(message["attachments"][0]["filename"] for message in posted)
    assert set(names.values()) <= {1}, "posted twice"
    assert len(posted) == len(made), "a paid clip is not posted, or one that nobody ordered is"
    assert {message["id"] for message in posted} == {
        str(job.clip_message_id) for job in every if job.state is JobState.POSTED
    }
    assert len(cards) <= len(every), "two cards of one order"
    _check_files(house, every)


def _check_files(house: Household, every: list[Job]) -> None:
    folder = house.data_dir / "clips"
    with contextlib.closing(open_for_reading(house.data_dir / "dailies.db")) as book:
        for job in every:
            if job.state is JobState.POSTED:
                clip = clips.get(book, job.id, folder=folder)
                assert clip is not None
                assert sha256(clip.path.read_bytes()).hexdigest() == clip.sha256


async def forget_identifies(house: Household) -> None:
    """While the bot is dead: what a day of waiting would do for one that was started very often."""
    database = await open_database(house.data_dir / "dailies.db")
    at = datetime.now(UTC) - timedelta(days=2)
    later = datetime.now(UTC) + timedelta(days=1)
    await database.write(partial(identifies.note, at=at, forget_before=later))
    await database.close()
