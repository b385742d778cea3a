"""Processes that die anywhere, in a world where anything goes wrong: every job still ends once."""

import contextlib
import random
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import ENDED, Job, JobState, Scope
from bot.errors import OrderRefused
from tests.channel import Call, Mishap
from tests.emulators import faults
from tests.emulators.faults import answer
from tests.props import ANN, BEN, count, dice
from tests.workbench import ECHOED, KEYED, KEYLESS, Bench

AT_REST = ENDED | {JobState.UNDELIVERABLE}

ROUTES = ("create", "ask", "list", "content", "delete")
WRONG = (
    faults.RESET_BEFORE_READING,
    faults.LOST_ANSWER,
    faults.HANG_BEFORE_WORK,
    faults.HANG_AFTER_WORK,
    faults.CUT_SHORT,
    faults.DRIP,
    faults.PROXY_502_BEFORE_WORK,
    faults.PROXY_502_AFTER_WORK,
    faults.PROXY_404,
    answer(429, headers={"Retry-After": "7"}),
    answer(401, {"error": {"code": "invalid_api_key"}}),
)
REFUSALS = (answer(400, {"error": {"code": "moderation_blocked"}}), answer(429), answer(402))
"""Certain answers: they would be lies from a route that had worked."""

STEPS = 30
JOBS_MAX = 8
A_DAY = timedelta(hours=25)


class Walk:
    """One world, and what happens in it."""

    def __init__(self, bench: Bench, chance: random.Random) -> None:
        self.bench = bench
        self.chance = chance
        self.clock_is_right = chance.random() < 0.7
        self.history: list[str] = []

    async def go(self) -> None:
        """The whole of it: a while in which things go wrong, then none in which they do."""
        await self.bench.start()
        for _ in range(STEPS):
            await self.step()
        await self.heal()
        self.check()

    async def step(self) -> None:
        """Something happens."""
        happenings = (
            (8, self.order),
            (2, self.cancel),
            (5, self.die),
            (1, self.stop),
            (6, self.time_passes),
            (1, self.days_go_by),
            (5, self.provider_goes_wrong),
            (5, self.discord_goes_wrong),
            (2, self.something_heals),
            (2, self.provider_decides),
            (1, self.somebody_deletes),
        )
        weights = [weight for weight, _ in happenings]
        ((_, happening),) = self.chance.choices(happenings, weights)
        self.note(happening.__name__)
        await happening()

    def note(self, what: str) -> None:
        self.history.append(f"{self.bench.clock():%d %H:%M:%S} {what}")

    async def order(self) -> None:
        if len(self.bench.all_jobs()) < JOBS_MAX:
            # What a list proves, it proves by the time at which we sent: with a clock that is wrong, nothing.
            model = self.chance.choice([KEYED, KEYED, KEYLESS, ECHOED if self.clock_is_right else KEYED])
            with contextlib.suppress(OrderRefused):  # a 404 may have taken the model out
                await self.bench.place(model, member=self.chance.choice([ANN, BEN]))

    async def cancel(self) -> None:
        if every := self.bench.all_jobs():
            await self.bench.cancel(self.chance.choice(every))

    async def die(self) -> None:
        """At any hop to the database, or a little after it."""
        bench = self.bench
        hops = bench.hops + self.chance.randrange(30)
        if bench.process is not None:
            try:
                await bench.until_hop(hops, within_s=5)
            except TimeoutError:
                self.note("  nothing was going on")
            for _ in range(self.chance.randrange(12)):
                await bench.turn()
        await bench.kill()
        bench.check()
        if self.chance.random() < 0.8:
            await bench.start()

    async def stop(self) -> None:
        if self.bench.process is not None:
            await self.bench.stop()
            self.bench.check()
        await self.bench.start()

    async def time_passes(self) -> None:
        await self.bench.passing(seconds=self.chance.choice([0.1, 1, 5, 30, 150]))

    async def days_go_by(self) -> None:
        """While the machine is off; or, in some worlds, only by a clock of ours that is wrong."""
        days = timedelta(days=self.chance.choice([0.5, 1, 1.1]))
        if not self.clock_is_right:
            self.bench.clock.advance(self.chance.choice([-days, days]))
            return
        await self.bench.kill()
        self.bench.clock.advance(days)
        self.bench.true_clock.advance(days)
        await self.bench.start()

    async def provider_goes_wrong(self) -> None:
        route = self.chance.choice(ROUTES)
        fault = self.chance.choice(WRONG + (REFUSALS if route == "create" else ()))
        if self.chance.random() < 0.7:
            times = self.chance.randint(1, 3)
            self.note(f"  {route}, {times} times: {fault}")
            self.bench.emulator.faults.next(route, *[fault] * times)
        else:
            self.note(f"  {route}, from now on: {fault}")
            self.bench.emulator.faults.always(route, fault)

    async def discord_goes_wrong(self) -> None:
        call = self.chance.choice(list(Call))
        # A card that may not be edited is left as it is, which `check` could not tell from one forgotten.
        never = {Mishap.BUG, Mishap.REFUSED} if call is Call.EDIT_CARD else {Mishap.BUG}
        mishap = self.chance.choice([each for each in Mishap if each not in never])
        self.note(f"  {call}: {mishap}")
        if self.chance.random() < 0.7:
            self.bench.channel.next(call, *[mishap] * self.chance.randint(1, 3))
        elif mishap is not Mishap.REFUSED:
            self.bench.channel.always(mishap, call)
        else:
            self.bench.channel.history_open = False

    async def something_heals(self) -> None:
        if self.chance.random() < 0.5:
            self.bench.channel.heal()
        else:
            self.bench.emulator.faults.always(self.chance.choice(ROUTES), None)

    async def provider_decides(self) -> None:
        emulator = self.bench.emulator
        emulator.asks_to_finish = self.chance.choice([1, 2, 5, None])
        if not emulator.jobs:
            return
        made = self.chance.choice(list(emulator.jobs.values()))
        match self.chance.choice(["fail", "finish", "forget", "expire"]):
            case "fail" if made.status in ("queued", "in_progress") and not made.deleted:
                emulator.fail(made.id)
            case "finish" if made.status in ("queued", "in_progress"):
                emulator.finish(made.id)
            case "forget":
                emulator.forget(made.id)
            case "expire" if made.status == "completed":
                emulator.expire(made.id)

    async def somebody_deletes(self) -> None:
        if self.bench.channel.messages:
            self.bench.channel.delete(self.chance.choice(self.bench.channel.messages).id)

    async def heal(self) -> None:
        """Nothing goes wrong any more; a day later all that can end has ended."""
        bench = self.bench
        await bench.kill()
        bench.channel.heal()
        for route in ROUTES:
            bench.emulator.faults.always(route, None)
        bench.emulator.asks_to_finish = 1
        await bench.start()
        await self.look_again(times=8)
        while self.in_hand() and bench.clock() < max(job.state_at for job in self.in_hand()) + A_DAY:
            bench.clock.advance(A_DAY)
        await self.look_again(times=4)

    async def look_again(self, *, times: int) -> None:
        """Have every job looked at, again and again, without waiting for its own time."""
        for _ in range(times):
            await self.bench.passing(minutes=4)
            for job in self.in_hand():
                self.bench.running.worker.wake(job.id)

    def in_hand(self) -> list[Job]:
        return [job for job in self.bench.all_jobs() if job.state not in AT_REST]

    def check(self) -> None:
        """Every job is at rest, or uncertain and the house's; and every card says so."""
        bench = self.bench
        for job in bench.all_jobs():
            assert job.state in AT_REST | {JobState.UNCERTAIN}, job
            assert job.card_rev == job.rev, job
            if job.state is JobState.UNCERTAIN:
                assert bench.holder(job) is Scope.HOUSE
            for message in bench.channel.cards(job.id):
                if not message.deleted and message.id == job.card_message_id:
                    assert message.shown.job.state in (job.state, JobState.STORED), job
        bench.check()


@pytest.mark.soak
async def test_whatever_goes_wrong_every_job_ends_once_and_every_micro_is_accounted_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chance = dice("random walk")
    for number in range(count(small=8, whole=1_500)):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with Bench.open(folder) as bench:
            walk = Walk(bench, random.Random(chance.random()))
            try:
                await walk.go()
            except BaseException:
                print(f"world {number}", *walk.history, sep="\n")
                raise
        ours = [record for record in caplog.records if record.exc_info and record.name.startswith("bot.")]
        assert [record.getMessage() for record in ours] == []
        caplog.clear()


@pytest.mark.soak
async def test_a_process_may_die_at_any_hop_of_a_lifecycle(tmp_path: Path) -> None:
    every = count(small=3, whole=1)
    hop = 0
    while True:
        folder = tmp_path / str(hop)
        folder.mkdir()
        async with Bench.open(folder) as bench:
            await bench.start()
            job = await bench.place()
            try:
                await bench.until_hop(hop, within_s=60)
            except TimeoutError:
                break  # it had ended before
            for _ in range(hop % 5):
                await bench.turn()
            await bench.kill()
            bench.check()

            await bench.start()
            job = await bench.until_shown(await bench.until_state(job, JobState.POSTED))

            assert len(bench.made(job)) == 1
            assert len(bench.channel.clips(job.id)) == 1
            assert bench.channel.card(job.id).job.state is JobState.POSTED
        hop += every
    assert hop > 20
