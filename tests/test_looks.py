"""The rows of jobs that are due together: read together, each with its own fault, and as they are now."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from bot.domain import Job, JobId
from bot.jobs.looks import Looks
from storage import questions, states
from storage.database import Database
from storage.questions import Question
from tests import bookkeeping
from tests.props import NOON, Inline, job_of

T = TypeVar("T")


class Counting(Inline):
    """Counts its hops, each of which takes a turn of the loop."""

    hops = 0

    async def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> T:
        self.hops += 1
        await asyncio.sleep(0)
        return work(self.connection)


async def test_those_that_are_wanted_together_are_read_in_one_hop_and_each_gets_its_own() -> None:
    hop = Counting()
    database = Database(hop)
    for number in range(1, 21):
        bookkeeping.place(hop.connection, job_of(number))
    bookkeeping.start(hop.connection, job_of(3))
    looks = Looks(database)

    wanted = [job_of(number).id for number in range(1, 21)]
    found = await asyncio.gather(*(looks.at(job_id) for job_id in wanted), looks.at(JobId("nobody")))

    assert hop.hops == 1
    assert found[-1] is None
    assert [isinstance(each, Question) for each in found[:-1]] == [number == 3 for number in range(1, 21)]
    assert [each.job_id if isinstance(each, Question) else each and each.id for each in found[:-1]] == wanted
    await database.close()


async def test_a_row_that_cannot_be_read_is_the_fault_of_its_own_job_alone() -> None:
    hop = Counting()
    database = Database(hop)
    for number in (1, 2, 3):
        bookkeeping.place(hop.connection, job_of(number))
        bookkeeping.start(hop.connection, job_of(number))
    hop.connection.execute("UPDATE jobs SET ticket = '{' WHERE id = ?", (job_of(2).id,))
    looks = Looks(database)

    found = await asyncio.gather(
        *(looks.at(job_of(number).id) for number in (1, 2, 3)), return_exceptions=True
    )

    assert [type(each) for each in found] == [Question, json.JSONDecodeError, Question]
    await database.close()


async def test_a_step_that_is_cancelled_while_it_waits_takes_nobody_with_it() -> None:
    hop = Counting()
    database = Database(hop)
    bookkeeping.place(hop.connection, job_of(1))
    looks = Looks(database)

    steps = [asyncio.create_task(looks.at(job_of(1).id)) for _ in range(3)]
    await asyncio.sleep(0)
    steps[1].cancel()
    found = await asyncio.gather(*steps, return_exceptions=True)

    assert [type(each) for each in found] == [Job, asyncio.CancelledError, Job]
    await database.close()


async def test_a_question_knows_of_a_wish_to_cancel_and_of_the_attempt_that_was_taken() -> None:
    hop = Counting()
    database = Database(hop)
    bookkeeping.place(hop.connection, job_of())
    bookkeeping.start(hop.connection, job_of(), at=NOON)

    (first,) = await database.read(partial(questions.looks, job_ids=[job_of().id]))
    states.wish_cancelled(hop.connection, job_of().id, at=NOON)
    (second,) = await database.read(partial(questions.looks, job_ids=[job_of().id]))

    assert isinstance(first, Question)
    assert isinstance(second, Question)
    assert (first.sent_at, first.running_at, first.is_cancel_wished) == (NOON, NOON, False)
    assert second.is_cancel_wished
    assert first.ticket.provider_job_id == f"theirs-{job_of().id}"
    await database.close()
