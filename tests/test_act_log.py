"""The channel in which a server's acts are shown: each once, in order, over any crash; `/moderation log`."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain import ChannelId, GuildId, Member, UserId
from bot.errors import DeliveryRefused, DeliveryUnavailable
from bot.jobs.nonces import NONCE_HOLDS
from bot.moderation.act_log import ACTS_IN_A_POST, ActLog
from cogs.act_board import ActBoard, add_log
from storage import acts
from storage.acts import Act, Verb
from storage.database import Database
from tests.props import NOON, Clock
from tests.stage import Stage, open_stage, texts

MIKA = Member(guild_id=GuildId(7), user_id=UserId(5))
OFFICE = ChannelId(31)


class Board:
    """A channel that is as it is told to be."""

    def __init__(self) -> None:
        self.posts: list[list[int]] = []
        self.silent = self.closed = self.dies_after = False

    async def post_acts(self, channel_id: ChannelId, guild_id: GuildId, told: Sequence[Act]) -> None:
        assert (channel_id, guild_id) == (OFFICE, MIKA.guild_id)
        if self.closed:
            raise DeliveryRefused("403")
        if not self.silent:
            numbers = [act.number for act in told]
            if numbers not in self.posts:  # the nonce
                self.posts.append(numbers)
        if self.silent or self.dies_after:
            raise DeliveryUnavailable("503")

    async def stands(self, channel_id: ChannelId, number: int, *, since: datetime) -> bool:
        assert (channel_id, since) == (OFFICE, NOON)
        if self.closed:
            raise DeliveryRefused("403")
        return any(post[-1] == number for post in self.posts)


async def does(database: Database, clock: Clock, count: int = 1, *, guild_id: int = MIKA.guild_id) -> None:
    for _ in range(count):
        await database.write(
            partial(
                acts.record,
                verb=Verb.CLIP_SHOWN,
                actor_id=5,
                guild_id=guild_id,
                subject="job:b",
                detail={},
                at=clock(),
            )
        )


async def test_every_act_is_shown_once_from_the_choice_of_the_channel_on(
    database: Database, clock: Clock
) -> None:
    board = Board()
    log = ActLog(database, board, now=clock)
    await does(database, clock, 3)

    assert await log.choose(OFFICE, by=MIKA) is None
    await does(database, clock, ACTS_IN_A_POST + 1)
    await does(database, clock, guild_id=8)
    await log.look()
    await log.look()

    shown = [number for post in board.posts for number in post]
    assert shown == list(range(4, 4 + ACTS_IN_A_POST + 2))  # the choice is an act, too
    assert max(map(len, board.posts)) == ACTS_IN_A_POST
    assert await log.choose(None, by=MIKA) == OFFICE
    await does(database, clock)
    await log.look()
    assert [number for post in board.posts for number in post] == shown


@pytest.mark.parametrize("later", [timedelta(seconds=5), NONCE_HOLDS * 2])
@pytest.mark.parametrize("arrived", [True, False])
async def test_a_post_whose_answer_was_lost_is_not_there_twice(
    database: Database, clock: Clock, later: timedelta, *, arrived: bool
) -> None:
    board = Board()
    log = ActLog(database, board, now=clock)
    await log.choose(OFFICE, by=MIKA)
    board.silent, board.dies_after = not arrived, arrived

    await log.look()
    await does(database, clock, 2)  # meanwhile more is done
    board.silent = board.dies_after = False
    clock.advance(later)
    await ActLog(database, board, now=clock).look()

    assert board.posts == [[1], [2, 3]]


async def test_a_channel_that_takes_nothing_is_left_until_it_is_named_again(
    database: Database, clock: Clock
) -> None:
    board = Board()
    log = ActLog(database, board, now=clock)
    await log.choose(OFFICE, by=MIKA)
    board.closed = True
    await log.look()
    board.closed = False

    await log.look()
    known = await log.channel_of(MIKA.guild_id)
    assert known is not None
    assert (board.posts, known.refused) == ([], "delivery_refused")

    await log.choose(OFFICE, by=MIKA)
    await log.look()
    assert board.posts == [[2]]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def test_moderators_name_the_channel_and_read_there_what_was_done(stage: Stage) -> None:
    log = ActLog(stage.database, ActBoard(stage.client), now=stage.clock)
    group = stage.client.tree.get_command("moderation")
    add_log(group, log)  # type: ignore[arg-type]  # it is the group
    await stage.client.tree.sync()
    mods, open_to_all = stage.channel("mods"), stage.channel("showcase")

    async def said(**options: object) -> str:
        return texts(
            await stage.mika.answer(
                await stage.mika.slash("moderation log", options, channel=stage.channel())
            )
        )

    assert (await said()).startswith("No channel is named")
    assert (await said(channel=open_to_all)).startswith("Everybody can see that channel")
    assert (await said()).startswith("No channel is named")
    assert await said(channel=mods) == f"From now on every act of moderation is shown in <#{mods}>."
    guild_id = stage.member("Mika").guild_id
    for verb, subject in ((Verb.REPORT_MADE, "job:b"), (Verb.MEMBER_BLOCKED, "member:9")):
        await stage.database.write(
            partial(
                acts.record,
                verb=verb,
                actor_id=int(stage.ada.id),
                guild_id=guild_id,
                subject=subject,
                detail={"hours": 3},
                at=stage.clock(),
            )
        )
    await log.look()

    (post,) = await stage.mika.messages(mods)
    chosen, report, block, head = texts(post).splitlines()
    assert f"**settings.changed** `guild:{guild_id}` · <@{stage.mika.id}> · " in chosen
    assert "**report.made** `job:b` · `hours=3`" in report  # and not who has reported it
    assert f"**member.blocked** `member:9` · <@{stage.ada.id}>" in block
    found = await stage.database.read(acts.head)
    assert head == f"-# {found.number}:{found.hash}"
    assert post["mentions"] == []
    assert await said() == f"Acts of moderation are shown in <#{mods}>."
    assert await log._board.stands(ChannelId(int(mods)), found.number, since=stage.clock())
    assert not await log._board.stands(ChannelId(int(mods)), found.number + 1, since=stage.clock())
    assert (await said(off=True)).startswith("Acts of moderation are shown nowhere now")
