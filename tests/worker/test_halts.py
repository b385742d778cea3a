"""What the operator stops without a restart: what waits, what goes on, what is told, and by whose word."""

import random
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.domain import Fault, FaultKind, GuildId, Job, JobState, Scope
from bot.errors import OrderRefused, Paused
from bot.ids import Ids
from bot.operating import control
from bot.operating.control import GoOn, Halt
from bot.operating.halts import Halted, Halts, HaltScope
from bot.ordering.door import Door
from bot.providers.protocol import NotTaken
from cogs import sentences
from storage import halts
from tests.props import ANN
from tests.workbench import KEYED, TOLD, Bench

GUILD = str(ANN.guild_id)


async def change(bench: Bench, wanted: Halt | GoOn) -> str:
    """What the running bot's socket does with a change."""
    said = await control.carry_out(bench.running.database, wanted, now=bench.clock)
    if isinstance(wanted, Halt):
        for job_id in await bench.halts.halted(wanted.what, bench.running.database):
            bench.running.worker.wake(job_id)
    else:
        bench.halts.resumed(wanted.what, at=bench.clock())
        bench.running.worker.go_on()
    return said


def halt(scope: HaltScope, name: str = "") -> Halt:
    return Halt(scope=scope, name=name, by="a test")


OF_ANY_SCOPE = pytest.mark.parametrize(
    ("scope", "name"),
    [
        (HaltScope.EVERYTHING, ""),
        (HaltScope.PROVIDER, "told"),
        (HaltScope.MODEL, TOLD),
        (HaltScope.GUILD, GUILD),
    ],
)


def go_on(scope: HaltScope, name: str = "") -> GoOn:
    return GoOn(scope=scope, name=name, by="a test")


@OF_ANY_SCOPE
async def test_what_is_queued_waits_with_its_hold_until_it_may_go_on(
    bench: Bench, scope: HaltScope, name: str
) -> None:
    job = await bench.place(TOLD)
    await bench.start()
    said = await change(bench, halt(scope, name))  # before the worker's first look

    await bench.passing(hours=3)

    assert said.endswith("stopped: nothing new is taken or submitted; what a provider has goes on")
    assert bench.told.submitted == []
    assert (bench.job(job.id).state, bench.holder(job)) == (JobState.QUEUED, Scope.MEMBER)
    (take,) = bench.channel.card(job.id).takes
    explained = sentences.take_explanation(take)
    assert explained is not None
    assert explained.startswith("Whoever runs this bot has paused this for now. Nothing was charged")

    await bench.kill()
    await bench.start()  # it outlives the process
    await bench.passing(hours=1)
    assert bench.told.submitted == []
    assert "going on" in await change(bench, go_on(scope, name))
    await bench.until_state(job, JobState.POSTED)


@OF_ANY_SCOPE
async def test_a_stop_is_on_the_card_and_over_at_once_whenever_its_job_was_to_be_looked_at(
    bench: Bench, scope: HaltScope, name: str
) -> None:
    busy = NotTaken(Fault(kind=FaultKind.PROVIDER, code="provider_busy"), 3_000.0)
    bench.told.submissions.append(busy)
    await bench.start()
    job = await bench.place(TOLD)
    await bench.until(lambda: len(bench.told.submitted) == 1 and bench.job(job.id).state is JobState.QUEUED)
    other = Halted(scope, "1" if name else "")
    of_another = await bench.running.database.read(partial(halts.waiting_of, what=other))

    await bench.until(lambda: len(bench.channel.cards(job.id)) == 1)
    await change(bench, halt(scope, name))
    await bench.until(lambda: bench.channel.card(job.id).takes[0].held_back is not None, within_s=1)
    await bench.passing(hours=2)
    await change(bench, go_on(scope, name))

    await bench.until(lambda: bench.job(job.id).state is not JobState.QUEUED, within_s=1)
    assert of_another == ([] if name else [job.id])


async def test_what_a_provider_has_is_finished(bench: Bench) -> None:
    await bench.start()
    job = await bench.until_state(await bench.place(TOLD), JobState.RUNNING)

    await change(bench, halt(HaltScope.EVERYTHING))

    await bench.until_state(job, JobState.POSTED)


async def test_others_go_on(bench: Bench) -> None:
    await bench.start()
    await change(bench, halt(HaltScope.PROVIDER, "told"))
    await change(bench, halt(HaltScope.MODEL, "another"))
    await change(bench, halt(HaltScope.GUILD, "1"))

    await bench.until_state(await bench.place(KEYED), JobState.POSTED)


async def test_what_waits_for_a_day_fails_and_costs_nothing(bench: Bench) -> None:
    await bench.start()
    await change(bench, halt(HaltScope.EVERYTHING))
    job = await bench.place(TOLD)

    await bench.passing(hours=25)

    ended = bench.job(job.id)
    assert ended.state is JobState.FAILED
    assert ended.fault is not None
    assert (ended.fault.code, ended.fault.kind) == ("halted", FaultKind.PERMISSIONS)
    assert bench.holder(job) is None


async def test_new_orders_are_refused_where_they_are_placed(bench: Bench) -> None:
    await bench.start()
    job = await bench.place(KEYED)
    ids = Ids(bench.clock, random.Random(1).getrandbits)
    door = Door(bench.running.database, bench.catalogue(), ids=ids, now=bench.clock, halts=bench.halts)

    def placed(of: Job) -> None:
        bench.write(partial(door.admit, order=of.order, quote=of.quote, role_ids=(), at=bench.clock()))

    await change(bench, halt(HaltScope.GUILD, GUILD))
    elsewhere = replace(ANN, guild_id=GuildId(ANN.guild_id + 1))

    with pytest.raises(Paused) as refused:
        placed(job)

    assert refused.value.sentence == (
        "Whoever runs this bot has paused orders for now. Nothing was charged. Order again later."
    )
    placed(replace(job, order=replace(job.order, member=elsewhere)))
    await change(bench, go_on(HaltScope.GUILD, GUILD))
    placed(job)


@pytest.mark.parametrize(("scope", "name"), [(HaltScope.MODEL, TOLD), (HaltScope.PROVIDER, "told")])
async def test_an_order_of_a_stopped_model_names_who_stopped_it_and_what_to_do(
    bench: Bench, scope: HaltScope, name: str
) -> None:
    await bench.start()
    await change(bench, halt(scope, name))

    with pytest.raises(OrderRefused) as refused:
        await bench.place(TOLD)

    assert "cannot be ordered at the moment: whoever runs this bot has paused it." in refused.value.sentence
    assert "Choose another model, or order again later." in refused.value.sentence


async def test_to_stop_twice_is_to_stop_once_and_all_of_it_is_on_record(bench: Bench) -> None:
    await bench.start()
    first = await change(bench, halt(HaltScope.PROVIDER, "told"))
    again = await change(bench, halt(HaltScope.PROVIDER, "told"))
    await change(bench, go_on(HaltScope.PROVIDER, "told"))
    gone = await change(bench, go_on(HaltScope.PROVIDER, "told"))

    assert (first != again, again) == (True, "provider told is stopped already")
    assert gone == "provider told is not stopped"
    acts = bench.connection.execute("SELECT verb, subject FROM acts ORDER BY number").fetchall()
    assert [tuple(row) for row in acts] == [
        ("orders.paused", "provider:told"),
        ("orders.resumed", "provider:told"),
    ]


async def test_when_it_went_on_is_remembered_for_those_who_waited(bench: Bench) -> None:
    await bench.start()
    job = await bench.place(TOLD)
    await change(bench, halt(HaltScope.PROVIDER, "told"))
    at = bench.clock()
    await change(bench, go_on(HaltScope.PROVIDER, "told"))

    later = Halts()
    await later.begin(bench.running.database, at=bench.clock() + timedelta(hours=1))

    assert later.resumed_at(job) == at
    assert not later.stops(job)
