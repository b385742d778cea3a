"""Every check of the simulator can fail: a world in which all is well, and one thing in it made wrong."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from bot.delivery import card_nonce, clip_nonce
from bot.domain import ChannelId, Job, JobId, JobState
from storage import jobs
from tests.books import every_job
from tests.simulation.checks import wrongs
from tests.simulation.drama import Drama, world_of
from tests.simulation.faults import GATED, Event, Kind, Plan
from tests.simulation.providers import Made
from tests.simulation.runs import scene
from tests.simulation.world import World

ORDER = Event(at_s=1.0, kind=Kind.ORDER, where="keyed", call="1002", what="30", number=1)
GATED_ORDER = replace(ORDER, at_s=2.0, what=str(GATED))
PLAN = Plan(seed=10, events=(ORDER, GATED_ORDER), patience_s=600.0, with_surge=False)


def _posted(world: World) -> Job:
    every = every_job(world.connection)
    return next(job for job in every if job.order.channel_id == ChannelId(30))


def _gated(world: World) -> Job:
    every = every_job(world.connection)
    return next(job for job in every if job.order.channel_id == ChannelId(GATED))


def _made(world: World) -> Made:
    return world.books["keyed"].of_job(_posted(world).id)[0]


def _forced(world: World, *statements: str) -> None:
    """What no constraint lets happen."""
    triggers = world.connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        world.connection.execute(f"DROP TRIGGER {name}")
    world.connection.execute("PRAGMA ignore_check_constraints = ON")
    for statement in statements:
        world.connection.execute(statement, {"id": _posted(world).id})


def _never_ends(world: World) -> None:
    _forced(world, "UPDATE jobs SET state = 'stored' WHERE id = :id")


def _hold_stays_open(world: World) -> None:
    _forced(world, "UPDATE holds SET ended_at = NULL, ended_as = NULL WHERE job_id = :id")


def _hold_without_its_end(world: World) -> None:
    _forced(world, "DELETE FROM entries WHERE kind = 'capture'")


def _charged_twice(world: World) -> None:
    _forced(world, "UPDATE jobs SET charged_micros = charged_micros * 2 WHERE id = :id")


def _charged_nothing(world: World) -> None:
    _forced(world, "UPDATE jobs SET charged_micros = 0 WHERE id = :id")


def _failed_and_paid(world: World) -> None:
    _forced(
        world,
        "UPDATE jobs SET state = 'failed', fault_code = 'x', fault_kind = 'ours' WHERE id = :id",
    )


def _dearer_in_the_books(world: World) -> None:
    _made(world).price += 1


def _taken_twice(world: World) -> None:
    made = _made(world)
    books = world.books["keyed"]
    again = Made(
        id="keyed-9",
        key="another",
        job_id=made.job_id,
        price=made.price,
        created_s=made.created_s,
        ready_s=made.ready_s,
        fate=None,
    )
    books.made[again.id] = again


def _taken_for_nobody(world: World) -> None:
    _taken_twice(world)
    world.books["keyed"].made["keyed-9"].job_id = JobId("nobody")


def _submitted_twice(world: World) -> None:
    job = _posted(world)
    attempt = jobs.attempt(world.connection, job.id, 1)
    assert attempt is not None
    world._provider("keyed", world.now)._take(job, replace(attempt, number=2))


def _posted_again(world: World) -> None:
    job = _posted(world)
    world.discord._post(clip_nonce(job.id), job.id, ChannelId(30), ["a clip"])


def _card_again(world: World) -> None:
    job = _posted(world)
    world.discord._post(card_nonce(job.id), job.id, ChannelId(30), [])


def _card_is_wrong(world: World) -> None:
    job = _posted(world)
    assert job.card_message_id is not None
    world.discord.messages[job.card_message_id].says[job.id] = JobState.RUNNING


def _card_is_behind(world: World) -> None:
    _forced(world, "UPDATE jobs SET card_rev = rev - 1 WHERE id = :id")


def _posted_nowhere(world: World) -> None:
    job = _posted(world)
    assert job.clip_message_id is not None
    del world.discord.messages[job.clip_message_id]


def _file_is_gone(world: World) -> None:
    (world.folder / f"{_posted(world).id}.mp4").unlink()


def _file_is_another(world: World) -> None:
    (world.folder / f"{_posted(world).id}.mp4").write_bytes(b"clip of nobody")


def _deletion_did_nothing(world: World) -> None:
    _forced(world, "UPDATE clips SET state = 'deleted' WHERE job_id = :id")


def _paid_for_nothing(world: World) -> None:
    del world.books["keyed"].made[_made(world).id]


def _shown_before_its_gate(world: World) -> None:
    job = _gated(world)
    world.discord._post(clip_nonce(job.id), job.id, ChannelId(GATED), ["a clip"])


def _made_before_its_gate(world: World) -> None:
    world._taken(world.books["keyed"], replace(_made(world), job_id=_gated(world).id))


def _order_vanishes(world: World) -> None:
    world.acknowledged[JobId("vanished")] = 1


def _take_vanishes(world: World) -> None:
    world.acknowledged[_posted(world).id] = 2


def _act_is_rewritten(world: World) -> None:
    _forced(world, "UPDATE acts SET verb = 'clip_deleted' WHERE number = 1")


def _code_of_ours_fails(world: World) -> None:
    world.faults_of_ours.append("a press that got no answer")


def _paid_clip_is_given_up(world: World) -> None:
    _forced(
        world,
        "UPDATE jobs SET state = 'failed', charged_micros = 0, fault_code = 'x', fault_kind = 'ours' "
        "WHERE id = :id",
    )


@pytest.mark.parametrize(
    ("make_wrong", "sentence"),
    [
        (_never_ends, "has not ended"),
        (_hold_stays_open, "has ended 1 times"),
        (_hold_without_its_end, "has ended 0 times"),
        (_hold_without_its_end, "ledger: "),
        (_charged_twice, "its member was charged 800000"),
        (_charged_nothing, "it was posted, and its member paid nothing"),
        (_failed_and_paid, "it failed, and its member paid 400000"),
        (_dearer_in_the_books, "400000 in the ledger, 400001 at the provider"),
        (_taken_twice, "was made 2 times"),
        (_taken_for_nobody, "nobody was made at keyed, and nobody ordered it"),
        (_submitted_twice, "was submitted twice at keyed"),
        (_posted_again, "was posted twice"),
        (_posted_again, "its clip is shown 2 times"),
        (_card_again, "was posted twice"),
        (_card_is_wrong, "its card says running"),
        (_card_is_behind, "its card does not say how it ended"),
        (_posted_nowhere, "it is posted nowhere"),
        (_file_is_gone, "its clip is not on our disk"),
        (_file_is_another, "its clip on our disk is not what was fetched"),
        (_shown_before_its_gate, "was shown, and nobody had let it pass"),
        (_shown_before_its_gate, "its clip is shown, and it was not posted"),
        (_deletion_did_nothing, "its clip was deleted, and its file is there"),
        (_deletion_did_nothing, "its clip was deleted, and is shown"),
        (_paid_for_nothing, "its member paid for nothing"),
        (_made_before_its_gate, "was made, and nobody had let it pass"),
        (_order_vanishes, "vanished was acknowledged with 1 takes, and has 0"),
        (_take_vanishes, "was acknowledged with 2 takes, and has 1"),
        (_act_is_rewritten, "the record of acts is broken"),
        (_code_of_ours_fails, "fault of ours: a press that got no answer"),
        (_paid_clip_is_given_up, "was paid for and is lost"),
    ],
    ids=lambda each: each.__name__.strip("_") if callable(each) else "",
)
def test_each_check_can_fail(make_wrong: Callable[[World], None], sentence: str) -> None:
    with scene() as made:
        world = world_of(made, PLAN)
        Drama(world, PLAN).run()
        before = wrongs(world)

        world.at_s += 600.0
        world.do(partial(make_wrong, world))

        found = wrongs(world)
        made.connection.execute("PRAGMA ignore_check_constraints = OFF")
        world.end()
    assert before == []
    assert any(sentence in each for each in found), found
