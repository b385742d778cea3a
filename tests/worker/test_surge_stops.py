"""The breaker on the rate of spending, with the worker: what waits, what goes on, and by whose word."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.domain import JobState, Micros, OfferId, Scope
from bot.operating import control
from bot.providers.protocol import ProvenAbsent, Unknown
from bot.spend.surge import LOOK_EVERY_S, SurgeBounds
from cogs import sentences
from storage import stops
from storage.stops import Stop
from tests import bookkeeping
from tests.props import job_of
from tests.workbench import TOLD, Bench

FLOOR = SurgeBounds(floor_micros=Micros(3 * 400_000), times=4)
"""Room for three jobs of the bench's."""


async def test_a_surge_stops_submissions_and_everything_waits_with_its_hold(bench: Bench) -> None:
    bench.surge_bounds = FLOOR
    jobs = [await bench.place(TOLD) for _ in range(4)]  # one more than the floor has room for
    await bench.start()

    await bench.until(lambda: all(bench.channel.cards(job.id) for job in jobs))
    await bench.passing(hours=3)

    assert bench.told.submitted == []
    assert {bench.job(job.id).state for job in jobs} == {JobState.QUEUED}
    assert {bench.holder(job) for job in jobs} == {Scope.MEMBER}
    assert bench.operator.told == ["spending_stopped"]
    assert bench.running.surge is not None
    assert bench.running.surge.holds_back(bench.job(jobs[0].id))
    (take,) = bench.channel.card(jobs[0].id).takes
    assert sentences.take_explanation(take) == (
        "Whoever runs this bot has stopped paid orders for now. Nothing was charged; the price stays set "
        "aside. Nothing to do: it goes on by itself when they go on, or press Cancel."
    )


async def test_a_stop_outlives_the_process_and_ends_by_a_persons_word(bench: Bench) -> None:
    bench.surge_bounds = FLOOR
    jobs = [await bench.place(TOLD) for _ in range(4)]
    await bench.start()
    await bench.until(lambda: "spending_stopped" in bench.operator.told)
    await bench.kill()

    await bench.start()
    await bench.passing(hours=2)
    assert bench.operator.told == ["spending_stopped", "spending_still_stopped"]
    assert bench.told.submitted == []
    wanted = control.ResumeSpending(by="a test")
    said = await control.carry_out(bench.running.database, wanted, now=bench.clock)
    again = await control.carry_out(bench.running.database, wanted, now=bench.clock)

    assert (said, again) == ("paid orders go on", "paid orders were not stopped")
    for job in jobs:  # two hours in line by no fault of theirs
        await bench.until_state(job, JobState.POSTED)
    row = bench.connection.execute("SELECT resumed_by FROM stops").fetchall()
    assert [tuple(each) for each in row] == [("a test",)]


async def test_after_a_persons_word_the_count_begins_anew(bench: Bench) -> None:
    bench.surge_bounds = FLOOR
    before = [await bench.place(TOLD) for _ in range(4)]
    await bench.start()
    await bench.until(lambda: bench.operator.told == ["spending_stopped"])
    await bench.passing(seconds=1)
    bench.write(partial(stops.resume, by="a test", at=bench.clock()))
    for job in before:
        await bench.until_state(job, JobState.POSTED)

    few = [await bench.place(TOLD) for _ in range(3)]
    for job in few:
        await bench.until_state(job, JobState.POSTED)
    more = await bench.place(TOLD)
    await bench.until(lambda: len(bench.operator.told) == 2)

    assert bench.job(more.id).state is JobState.QUEUED
    assert bench.operator.told == ["spending_stopped"] * 2


async def test_nobody_comes_for_a_day_and_the_order_ends_with_its_hold_given_back(bench: Bench) -> None:
    bench.surge_bounds = SurgeBounds(floor_micros=Micros(0), times=4)
    job = await bench.place(TOLD)
    await bench.start()

    ended = await bench.until_state(job, JobState.FAILED, within_s=100_000)

    assert ended.fault is not None
    assert ended.fault.code == "spending_stopped"
    assert ended.state_at - job.created_at >= timedelta(hours=24)
    assert bench.holder(job) is None
    assert sentences.explanation(ended) == (
        "Whoever runs this bot had stopped paid orders, and it waited for a day. Nothing was charged. "
        "Order again when they go on."
    )


async def test_what_is_being_made_goes_on_through_a_stop(bench: Bench) -> None:
    running = await bench.leave(JobState.RUNNING)
    bench.emulator.finish(running.ticket.provider_job_id if running.ticket else "")
    bench.surge_bounds = SurgeBounds(floor_micros=Micros(0), times=4)
    waiting = await bench.place(TOLD)
    await bench.start()

    await bench.until_state(running, JobState.POSTED)

    assert bench.job(waiting.id).state is JobState.QUEUED


async def test_a_surge_of_holds_is_seen_while_nothing_is_submitted(bench: Bench) -> None:
    bench.surge_bounds = SurgeBounds(floor_micros=Micros(1), times=4)
    surge = (await bench.start()).surge
    assert surge is not None
    duty = asyncio.create_task(surge.run())
    await bench.passing(seconds=LOOK_EVERY_S / 2)
    assert bench.operator.told == []

    waiting = replace(job_of(at=bench.clock()), state=JobState.REVIEW)  # which the worker leaves alone
    quote = replace(waiting.quote, offer_id=OfferId("emulator/keyed"))
    bookkeeping.place(bench.connection, replace(waiting, quote=quote))
    await bench.passing(seconds=LOOK_EVERY_S)

    assert bench.operator.told == ["spending_stopped"]
    duty.cancel()


async def test_what_the_house_took_over_and_was_never_there_is_not_ordered_on_its_money(bench: Bench) -> None:
    bench.surge_bounds = FLOOR
    bench.told.submissions.append(Unknown("lost"))
    await bench.start()
    job = await bench.until_state(await bench.place(TOLD), JobState.UNCERTAIN)
    bench.clock.advance(timedelta(hours=25))
    await bench.until(lambda: bench.holder(job) is Scope.HOUSE)
    # What went on again a moment ago makes every order as young as that: none has waited for too long.
    at, nothing = bench.clock(), Micros(0)
    stop = Stop(stopped_at=at, spent_micros=nothing, limit_micros=nothing, usual_micros=nothing)
    bench.write(partial(stops.stop, wanted=stop))
    bench.write(partial(stops.resume, by="a test", at=at))

    bench.told.searches.append(ProvenAbsent())
    job = await bench.until_state(job, JobState.FAILED, JobState.POSTED)

    assert job.fault is not None
    assert (job.state, job.fault.code) == (JobState.FAILED, "proven_absent")
    assert len(bench.told.submitted) == 1
    assert bench.holder(job) is None
    assert job.charged_micros == 0
