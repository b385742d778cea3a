"""When questions are asked: by what the provider says, and by how long such jobs have taken."""

from bot.domain import JobState, OfferId
from bot.jobs.rendertimes import Work
from tests.emulators.faults import answer
from tests.workbench import KEYED, Bench, ticket_of


def asks(bench: Bench) -> int:
    return sum(seen.route == "ask" for seen in bench.emulator.seen)


async def test_a_429_to_one_question_slows_the_questions_about_all_jobs_of_that_provider(
    bench: Bench,
) -> None:
    bench.emulator.asks_to_finish = None
    await bench.start()
    running = [await bench.until_state(await bench.place(), JobState.RUNNING) for _ in range(20)]
    await bench.passing(minutes=2)
    before = asks(bench)
    await bench.passing(seconds=30)
    usual = asks(bench) - before

    bench.emulator.faults.next("ask", answer(429, headers={"Retry-After": "30"}))
    await bench.until(lambda: not bench.emulator.faults._next["ask"])
    await bench.turn()
    before = asks(bench)
    await bench.passing(seconds=28)

    assert usual > 20
    assert asks(bench) - before <= 1
    for job in running:
        bench.emulator.finish(ticket_of(job).provider_job_id)
    for job in running:
        await bench.until_state(job, JobState.POSTED)


async def test_how_long_jobs_took_is_learned_from_the_rows_and_from_each_that_ends(bench: Bench) -> None:
    bench.emulator.asks_to_finish = None
    await bench.start()
    for _ in range(6):
        job = await bench.until_state(await bench.place(), JobState.RUNNING)
        await bench.passing(seconds=100)
        bench.emulator.finish(ticket_of(job).provider_job_id)
        await bench.until_state(job, JobState.POSTED)

    def expected_s() -> float:
        said = bench.running.worker._times.expected_end_at(job, at=bench.clock())
        assert said is not None
        return (said - job.state_at).total_seconds()

    job = await bench.until_state(await bench.place(), JobState.RUNNING)
    assert 85 < expected_s() < 115

    await bench.kill()
    await bench.start()
    await bench.passing(seconds=1)
    assert 85 < expected_s() < 135


async def test_a_job_of_a_known_kind_is_asked_for_when_it_may_have_ended(bench: Bench) -> None:
    bench.emulator.asks_to_finish = None
    await bench.start()
    worker, offer = bench.running.worker, OfferId(f"emulator/{KEYED}")
    for took_s in range(290, 310):
        worker._times.learn(Work(offer, "720p", 4), float(took_s))

    await bench.until_state(await bench.place(), JobState.RUNNING)
    await bench.passing(seconds=60)
    first = asks(bench)
    await bench.passing(seconds=200)
    early = asks(bench) - first
    await bench.passing(seconds=60)
    around = asks(bench) - first - early

    assert early <= 8
    assert around >= 9
