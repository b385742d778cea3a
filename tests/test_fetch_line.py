"""Who is fetched next, of the clips that wait."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import Job, JobId
from bot.jobs.fetch_line import FetchLine
from tests.props import NOON, job_of


class Line:
    """A line of one place, and who was called."""

    def __init__(self, at_once: int = 1) -> None:
        self.called: list[str] = []
        self.line = FetchLine(at_once=at_once, call=self.called.append)


def made(name: str, at: datetime = NOON) -> Job:
    return replace(job_of(), id=JobId(name), state_at=at)


def test_who_waits_is_called_when_a_place_is_free_and_nobody_comes_before_it() -> None:
    scene = Line()
    line = scene.line
    assert line.enter(made("first"))
    assert not line.enter(made("second"))
    assert scene.called == []

    line.leave()

    assert scene.called == ["second"]
    assert not line.enter(made("third", NOON + timedelta(seconds=1)))
    assert line.enter(made("second"))


def test_what_a_provider_says_outweighs_the_usual_hour() -> None:
    scene = Line()
    line = scene.line
    line.enter(made("first"))
    line.expires(JobId("short"), NOON + timedelta(minutes=5))
    line.expires(JobId("long"), NOON + timedelta(days=7))
    for name in ("long", "usual", "short"):
        assert not line.enter(made(name))

    order = []
    for _ in range(3):
        line.leave()
        order.append(scene.called[-1])
        assert line.enter(made(order[-1]))

    assert order == ["short", "usual", "long"]


def test_one_that_never_comes_keeps_the_place_of_nobody_once_it_is_forgotten() -> None:
    scene = Line()
    line = scene.line
    line.enter(made("first"))
    line.expires(JobId("gone"), NOON)
    line.enter(made("gone"))
    line.enter(made("next"))
    line.leave()
    assert scene.called == ["gone"]
    assert not line.enter(made("next"))

    line.forget(JobId("gone"))

    assert scene.called == ["gone", "next"]
    assert line.enter(made("next"))


def test_as_many_as_there_are_places_go_together() -> None:
    line = Line(at_once=2).line

    assert [line.enter(made(name)) for name in ("a", "b", "c")] == [True, True, False]
