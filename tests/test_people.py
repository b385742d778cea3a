"""Sanctions: what holds until when, what strikes lead to, who may decide about whom, what is on record."""

import asyncio
import itertools
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain import GuildId, Member, UserId
from bot.errors import ChangeRefused, NotYours
from bot.ids import Ids
from bot.moderation import people
from bot.moderation.people import BY_RULE, EVERYWHERE, Discipline, Measure, People, Standing
from storage import acts
from storage import people as rows
from storage.acts import Wanted
from storage.database import Database
from tests.inline import InlineHop
from tests.new_books import new_book
from tests.props import ANN, ANN_ELSEWHERE, BEN, NOON, Clock

MOD, OTHER_MOD = UserId(5), UserId(6)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def book() -> Iterator[sqlite3.Connection]:
    with closing(new_book()) as opened:
        yield opened


class Scene:
    """Moderators at work on a book, with a clock that they move."""

    def __init__(self, book: sqlite3.Connection) -> None:
        self.book = book
        self.clock = Clock(NOON)
        numbers = itertools.count(1)
        self.ids = Ids(self.clock, lambda _bits: next(numbers))
        self.people = People(Database(InlineHop(book, lambda: None)), ids=self.ids, now=self.clock)

    async def struck(self, member: Member = ANN, times: int = 1) -> people.Struck:
        for _ in range(times):
            last = await self.people.strike(member, by=MOD, reason="spam")
        return last

    def standing(self, member: Member = ANN) -> Standing:
        return people.standing(self.book, member.guild_id, member.user_id, self.clock())

    def verbs(self) -> list[str]:
        return [one.verb for one in reversed(acts.newest(self.book, Wanted(), limit=99))]

    @property
    def blocked_until(self) -> datetime | None:
        block = self.standing().block
        return None if block is None else block.until


@pytest.fixture
def scene(book: sqlite3.Connection) -> Scene:
    return Scene(book)


async def test_a_block_holds_to_the_moment_and_in_its_server_alone(scene: Scene) -> None:
    await scene.people.sanction(ANN, Measure.BLOCK, by=MOD, reason="  rude \n words ", holds_for=DAY)

    assert scene.blocked_until == NOON + DAY
    assert scene.standing().why == "rude words"
    assert not scene.standing(BEN).is_blocked
    assert not scene.standing(ANN_ELSEWHERE).is_blocked
    scene.clock.advance(DAY - MOMENT)
    assert scene.standing().is_blocked
    scene.clock.advance(MOMENT)
    assert scene.standing() == Standing()


async def test_the_operators_block_holds_everywhere_until_it_is_lifted(scene: Scene) -> None:
    made = await scene.people.sanction(ANN, Measure.BLOCK, by=MOD, reason="fraud", everywhere=True)
    scene.clock.advance(1_000 * DAY)

    assert scene.standing().is_blocked
    assert scene.blocked_until is None
    assert scene.standing(ANN_ELSEWHERE).is_blocked
    with pytest.raises(NotYours):
        await scene.people.lift(made.id, guild_id=ANN.guild_id, by=OTHER_MOD)
    await scene.people.lift(made.id, guild_id=EVERYWHERE, by=OTHER_MOD)
    assert not scene.standing(ANN_ELSEWHERE).is_blocked


async def test_of_several_blocks_the_longest_is_named(scene: Scene) -> None:
    for holds_for in (3 * DAY, 9 * DAY, DAY):
        await scene.people.sanction(ANN, Measure.BLOCK, by=MOD, reason="spam", holds_for=holds_for)
    assert scene.blocked_until == NOON + 9 * DAY

    await scene.people.sanction(ANN, Measure.BLOCK, by=MOD, reason="spam")
    assert scene.standing().is_blocked
    assert scene.blocked_until is None


async def test_strikes_lead_to_a_cool_down_and_then_to_a_block(scene: Scene) -> None:
    first, second = await scene.struck(), await scene.struck()
    third, fourth = await scene.struck(), await scene.struck()

    assert [one.strikes for one in (first, second, third, fourth)] == [1, 2, 3, 4]
    assert first.led_to is None
    assert second.led_to is not None
    assert (second.led_to.measure, second.led_to.by_id) == (Measure.COOLDOWN, BY_RULE)
    assert second.led_to.until == NOON + DAY
    assert fourth.led_to is not None
    assert (fourth.led_to.measure, fourth.led_to.until) == (Measure.BLOCK, NOON + 30 * DAY)
    assert scene.standing().strikes == 4
    assert scene.verbs() == [
        "member.struck",
        "member.struck",
        "member.cooled_down",
        "member.struck",
        "member.cooled_down",
        "member.struck",
        "member.blocked",
    ]


async def test_a_strike_counts_for_its_days_and_then_no_more(scene: Scene) -> None:
    await scene.struck()
    scene.clock.advance(90 * DAY - MOMENT)
    assert scene.standing().strikes == 1

    scene.clock.advance(MOMENT)
    assert scene.standing().strikes == 0
    assert (await scene.struck()).led_to is None


async def test_a_server_sets_what_strikes_lead_to_and_zero_is_nothing(scene: Scene) -> None:
    wanted = Discipline(strike_days=7, cooldown_strikes=0, block_strikes=3, block_days=1)
    mod = Member(guild_id=ANN.guild_id, user_id=MOD)
    await asyncio.gather(
        scene.people.discipline(mod, strike_days=7, cooldown_strikes=0),
        scene.people.discipline(mod, block_strikes=3, block_days=1),
    )

    last = await scene.struck(times=3)

    assert await scene.people.discipline(mod) == wanted
    assert await scene.people.discipline(replace(mod, guild_id=GuildId(8))) == Discipline()
    assert last.led_to is not None
    assert (last.led_to.measure, last.led_to.until) == (Measure.BLOCK, NOON + DAY)
    assert scene.standing().cooldown is None
    changed = [one for one in acts.newest(scene.book, Wanted(), limit=99) if one.verb == "rules.changed"]
    assert [json.loads(one.detail)["rule"] for one in reversed(changed)] == [
        "strike_days",
        "cooldown_strikes",
        "block_strikes",
        "block_days",
    ]


async def test_lifting_a_strike_lifts_what_it_led_to(scene: Scene) -> None:
    last = await scene.struck(times=2)

    await scene.people.lift(last.sanction.id, guild_id=ANN.guild_id, by=OTHER_MOD)

    assert scene.standing().strikes == 1
    assert scene.standing().cooldown is None
    assert scene.verbs()[-2:] == ["member.unstruck", "member.unblocked"]
    with pytest.raises(NotYours):
        await scene.people.lift(last.sanction.id, guild_id=ANN.guild_id, by=OTHER_MOD)


async def test_what_has_run_out_cannot_be_lifted(scene: Scene) -> None:
    made = await scene.people.sanction(ANN, Measure.COOLDOWN, by=MOD, reason="calm down", holds_for=HOUR)
    scene.clock.advance(HOUR)

    with pytest.raises(NotYours, match="no such open sanction"):
        await scene.people.lift(made.id, guild_id=ANN.guild_id, by=OTHER_MOD)
    assert not people.lifted(scene.book, made, by=OTHER_MOD, at=scene.clock())


async def test_nobody_decides_about_themselves_nor_in_another_server(scene: Scene) -> None:
    with pytest.raises(ChangeRefused, match="Nobody decides about themselves"):
        await scene.people.sanction(ANN, Measure.WARNING, by=ANN.user_id, reason="spam")
    with pytest.raises(ChangeRefused, match="Nobody decides about themselves"):
        await scene.people.strike(ANN, by=ANN.user_id, reason="spam")
    made = await scene.people.sanction(ANN, Measure.BLOCK, by=MOD, reason="spam")
    with pytest.raises(ChangeRefused, match="Nobody decides about themselves"):
        await scene.people.lift(made.id, guild_id=ANN.guild_id, by=ANN.user_id)
    with pytest.raises(NotYours):
        await scene.people.lift(made.id, guild_id=GuildId(8), by=MOD)
    with pytest.raises(ChangeRefused, match="No reason"):
        await scene.people.sanction(ANN, Measure.WARNING, by=MOD, reason=" \n ")

    assert scene.verbs() == ["member.blocked"]


async def test_the_record_holds_ids_and_no_words(scene: Scene) -> None:
    await scene.people.sanction(ANN, Measure.PROBATION, by=MOD, reason="secret words", holds_for=DAY)

    (act,) = acts.newest(scene.book, Wanted(), limit=9)

    assert (act.verb, act.actor_id, act.guild_id) == ("member.on_probation", MOD, ANN.guild_id)
    assert act.subject == f"member:{ANN.user_id}"
    assert json.loads(act.detail)["until"] == int((NOON + DAY).timestamp())
    assert "secret" not in act.detail
    assert scene.standing().on_probation
    assert not scene.standing().is_blocked


async def test_a_strike_is_undone_with_the_transaction_that_it_is_of(scene: Scene) -> None:
    database = Database(InlineHop(scene.book, lambda: None))

    def deny_and_fail(tx: sqlite3.Connection) -> None:
        people.strike(tx, ANN, by=MOD, reason="denied", ids=scene.ids, at=NOON)
        raise NotYours("somebody decided before", "")

    with pytest.raises(NotYours):
        await database.write(deny_and_fail)

    assert scene.standing().strikes == 0
    assert scene.verbs() == []


async def test_all_that_was_done_stays_to_be_seen(scene: Scene) -> None:
    await scene.people.sanction(ANN, Measure.WARNING, by=MOD, reason="one")
    made = await scene.people.sanction(ANN, Measure.BLOCK, by=MOD, reason="two")
    await scene.people.lift(made.id, guild_id=ANN.guild_id, by=OTHER_MOD)

    assert [one.reason for one in await scene.people.history(ANN)] == ["two", "one"]
    assert [one.reason for one in await scene.people.open_of(ANN)] == ["one"]
    kept = rows.get(scene.book, made.id)
    assert kept is not None
    assert (kept.lifted_by, kept.lifted_at) == (OTHER_MOD, NOON)
    assert scene.standing().warnings == 1
