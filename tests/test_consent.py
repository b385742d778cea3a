"""Consent: who is not to be depicted, whose clips are left alone or asked for, what is said of pictures."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain import ChannelId, JobId, Kind, Member, Order, UserId
from bot.errors import AgainstRules, ChangeRefused, NotYours, OrderRefused
from bot.moderation.consent import Consents, Matter, Statement, check_depiction, names_in
from bot.ordering.remixing import ALLOWED_FOR, ANSWER_WITHIN, ASKS_A_DAY_MAX, REFUSED_FOR, RemixAsks, check
from storage import acts, objections, pictures, remix_asks
from storage.acts import Wanted
from storage.channel_rules import Layer, Pictured, Remixing, Rules, put
from storage.database import Database
from storage.pictures import KeptPicture
from storage.remix_asks import RemixAsk
from tests import bookkeeping
from tests.props import ANN, ANN_ELSEWHERE, BEN, NOON, Clock, Desk, asked, job_of, rows
from tests.stage import Stage, button, custom_ids, open_stage, texts

CAT = Member(guild_id=ANN.guild_id, user_id=UserId(1003))
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def consents(database: Database, clock: Clock) -> Consents:
    return Consents(database, now=clock)


# Do not depict me


@pytest.mark.parametrize(
    "prompt",
    [
        "a portrait of <@1001>",
        "<@!1001> on a horse",
        "Lady Lovelace, dancing",
        "LADY  \u200blovelace",
        "".join(chr(ord(letter) + 0xFEE0) for letter in "adalove"),  # full width
        "the lady-lovelace machine",
        "ádalóve at night",
        "adalove's hat",
    ],
)
async def test_a_prompt_that_means_somebody_who_objects_is_refused(consents: Consents, prompt: str) -> None:
    await consents.wish(ANN, depict=False, remix=None, known_as=["adalove", "Lady Lovelace"], also="Countess")

    with pytest.raises(OrderRefused) as refused:
        await consents.check(asked(BEN, prompt=prompt), Pictured.ALL)

    assert refused.value.sentence == (
        "The prompt means somebody here who does not want to be depicted. Nothing was charged. "
        "Leave them out and order again."
    )


@pytest.mark.parametrize(
    "prompt", ["a lady in a garden", "lovelace", "adaloves", "<@10010>", "1001", "an island in the sea"]
)
async def test_a_prompt_that_means_nobody_passes(consents: Consents, prompt: str) -> None:
    await consents.wish(ANN, depict=False, remix=None, known_as=["adalove", "Lady Lovelace", "I"])

    await consents.check(asked(BEN, prompt=prompt), Pictured.ALL)


async def test_one_may_depict_oneself_and_change_ones_mind(consents: Consents, database: Database) -> None:
    await consents.wish(ANN, depict=False, remix=None, known_as=["adalove"])
    await consents.check(asked(ANN, prompt="adalove"), Pictured.ALL)

    wishes = await consents.wish(ANN, depict=True, remix=None, known_as=["adalove"])

    assert (wishes.matters, wishes.names) == (frozenset(), ())
    await consents.check(asked(BEN, prompt="adalove"), Pictured.ALL)
    kept = await database.read(partial(acts.newest, wanted=Wanted(), limit=9))
    assert [(one.verb, one.subject, one.detail) for one in reversed(kept)] == [
        ("depiction.refused", "member:1001", "{}"),
        ("depiction.allowed", "member:1001", "{}"),
    ]


async def test_more_names_than_matter_are_not_kept(consents: Consents) -> None:
    with pytest.raises(ChangeRefused):
        await consents.wish(ANN, depict=False, remix=None, known_as=[], also="abcd," * 9)


def test_a_long_prompt_is_looked_through_once() -> None:
    assert len(names_in("word " * 800)) == 4
    many = {UserId(number): [f"name{number} of somebody"] for number in range(5_000)}

    check_depiction("a quiet street " * 260, many, by=UserId(1))


# Pictures of people


async def kept_picture(database: Database, member: Member = ANN) -> str:
    picture = KeptPicture(
        id="p" * 16,
        member=member,
        path=Path("pictures/p.png"),
        media_type="image/png",
        sha256="ab" * 32,
        size_bytes=9,
        width=64,
        height=64,
        kept_at=NOON,
    )
    await database.write(partial(pictures.insert, picture=picture))
    return picture.id


@pytest.mark.parametrize(
    ("rule", "said", "passes"),
    [
        (Pictured.ALL, None, True),
        (Pictured.ALL, Statement.AGREED, True),
        (Pictured.OWN, None, False),
        (Pictured.OWN, "yes", False),
        (Pictured.OWN, Statement.NOBODY, True),
        (Pictured.OWN, Statement.AGREED, True),
        (Pictured.OFF, None, False),
        (Pictured.OFF, Statement.NOBODY, True),
        (Pictured.OFF, Statement.AGREED, False),
    ],
)
async def test_what_is_said_of_a_picture_is_enough_or_not(
    database: Database, consents: Consents, rule: Pictured, said: str | None, *, passes: bool
) -> None:
    order = replace(asked(), kind=Kind.ANIMATE, picture=await kept_picture(database), people=said)

    if passes:
        await consents.check(order, rule)
    else:
        with pytest.raises(OrderRefused):
            await consents.check(order, rule)


async def test_what_is_said_is_kept_once_with_its_words_and_the_pictures_hash(
    database: Database, consents: Consents
) -> None:
    order = replace(asked(), kind=Kind.ANIMATE, picture=await kept_picture(database), people=Statement.AGREED)
    for _ in range(2):
        await consents.check(order, Pictured.OWN)
    await consents.check(replace(order, user_id=BEN.user_id, interaction_id=9), Pictured.OWN)  # not theirs

    def kept(tx: sqlite3.Connection) -> list[tuple[object, ...]]:
        return [tuple(row) for row in tx.execute("SELECT * FROM consents")]

    at = int(NOON.timestamp() * 1_000_000)
    assert await database.read(kept) == [
        (f"c{order.interaction_id}", ANN.guild_id, ANN.user_id, "agreed", 1, "ab" * 32, at)
    ]
    (act,) = await database.read(partial(acts.newest, wanted=Wanted(), limit=9))
    assert (act.verb, json.loads(act.detail)) == ("consent.given", {"statement": "agreed", "version": 1})


# Remixes of others' clips


class Clips:
    """Clips of members, and orders that go on from them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.desk = Desk(database, clock)
        self.asks = RemixAsks(database, ids=self.desk.ids, now=clock)
        self._count = 0

    async def clip(self, member: Member, of: JobId | None = None) -> JobId:
        self._count += 1
        job = job_of(self._count, member=member)
        job = replace(job, order=replace(job.order, source_job_id=of))
        await self.database.write(partial(bookkeeping.place, job=job))
        return job.id

    def remix(self, clip: JobId, member: Member = BEN, kind: Kind = Kind.REMIX) -> Order:
        order = job_of(99, member=member).order
        return replace(order, kind=kind, source_job_id=clip)

    async def refusal(self, rule: Remixing, order: Order) -> str:
        """What is said before it is priced, and that the placing transaction says no too; empty for yes."""
        rules = Rules(remixing=rule)
        try:
            await self.asks.check(rules, order)
        except AgainstRules as refused:
            with pytest.raises(AgainstRules):
                await self.database.read(partial(check, rules=rules, order=order, at=self.clock()))
            return refused.what
        await self.database.read(partial(check, rules=rules, order=order, at=self.clock()))
        return ""

    async def ask(self) -> RemixAsk:
        return (await self.database.read(remix_asks.untold))[-1]


@pytest.fixture
def clips(database: Database, clock: Clock) -> Clips:
    return Clips(database, clock)


async def test_ones_own_clips_can_always_be_gone_on_from(clips: Clips) -> None:
    own = clips.remix(await clips.clip(BEN))

    for rule in Remixing:
        assert await clips.refusal(rule, own) == ""


@pytest.mark.parametrize("kind", [Kind.REMIX, Kind.EXTEND, Kind.ANIMATE])
async def test_clips_of_others_are_left_alone_where_that_is_the_rule(clips: Clips, kind: Kind) -> None:
    order = clips.remix(await clips.clip(ANN), kind=kind)

    assert await clips.refusal(Remixing.OFF, order) == "Clips of others are not remixed in this channel."
    assert await clips.refusal(Remixing.ON, order) == ""
    assert await clips.refusal(Remixing.OFF, replace(order, kind=Kind.GENERATE)) == ""  # a final of a draft


async def test_who_does_not_want_theirs_remixed_is_asked_nothing_and_nor_is_what_was_made_of_it(
    clips: Clips, consents: Consents
) -> None:
    first = await clips.clip(ANN)
    second = await clips.clip(CAT, of=first)
    own = await clips.clip(BEN, of=second)
    await consents.wish(ANN, depict=None, remix=False, known_as=[])

    for clip in (first, second, own):
        told = await clips.refusal(Remixing.ON, clips.remix(clip))
        assert told.startswith("The member whose clip this is, or is made from, does not want")
    assert await clips.refusal(Remixing.ON, clips.remix(first, member=ANN)) == ""
    await consents.wish(ANN, depict=None, remix=True, known_as=[])
    assert await clips.refusal(Remixing.ON, clips.remix(own)) == ""


async def test_the_owner_is_asked_once_and_a_yes_holds_for_a_week_for_that_member_and_clip(
    clips: Clips,
) -> None:
    clip, other = await clips.clip(ANN), await clips.clip(ANN)
    order = clips.remix(clip)

    assert "They are asked now" in await clips.refusal(Remixing.ASKED, order)
    assert "has not answered" in await clips.refusal(Remixing.ASKED, order)
    ask = await clips.ask()
    assert (ask.owner_id, ask.asker_id, ask.clip_job_id) == (ANN.user_id, BEN.user_id, clip)
    for stranger in (BEN, CAT, ANN_ELSEWHERE):
        with pytest.raises(NotYours, match="Only the member whose clip"):
            await clips.asks.answer(ask.id, allowed=True, by=stranger)
    await clips.asks.answer(ask.id, allowed=True, by=ANN)
    with pytest.raises(NotYours, match="answered before"):
        await clips.asks.answer(ask.id, allowed=False, by=ANN)

    assert await clips.refusal(Remixing.ASKED, order) == ""
    assert await clips.refusal(Remixing.ASKED, clips.remix(clip, member=CAT)) != ""
    assert await clips.refusal(Remixing.ASKED, clips.remix(other)) != ""
    clips.clock.advance(ALLOWED_FOR - MOMENT)
    assert await clips.refusal(Remixing.ASKED, order) == ""
    clips.clock.advance(MOMENT)
    assert "They are asked now" in await clips.refusal(Remixing.ASKED, order)


async def test_a_no_holds_for_a_month_and_no_answer_for_two_days(clips: Clips) -> None:
    order = clips.remix(await clips.clip(ANN))
    await clips.refusal(Remixing.ASKED, order)
    first = await clips.ask()
    clips.clock.advance(ANSWER_WITHIN)
    with pytest.raises(NotYours, match="too old"):
        await clips.asks.answer(first.id, allowed=True, by=ANN)

    assert "They are asked now" in await clips.refusal(Remixing.ASKED, order)
    asked_at = clips.clock()
    await clips.asks.answer((await clips.ask()).id, allowed=False, by=ANN)
    assert await clips.refusal(Remixing.ASKED, order) == "Its member does not want this clip remixed."
    clips.clock.at = asked_at + REFUSED_FOR - MOMENT
    assert await clips.refusal(Remixing.ASKED, order) == "Its member does not want this clip remixed."
    clips.clock.advance(MOMENT)
    assert "They are asked now" in await clips.refusal(Remixing.ASKED, order)


async def test_nobody_pings_the_whole_server_with_questions(clips: Clips) -> None:
    for _ in range(ASKS_A_DAY_MAX):
        told = await clips.refusal(Remixing.ASKED, clips.remix(await clips.clip(ANN)))
        assert "They are asked now" in told
    told = await clips.refusal(Remixing.ASKED, clips.remix(await clips.clip(ANN)))

    assert told == "You have asked as many members today as one may."
    assert len(await clips.database.read(remix_asks.untold)) == ASKS_A_DAY_MAX


async def test_an_objection_between_price_and_yes_holds_no_money(clips: Clips, consents: Consents) -> None:
    clip = await clips.clip(ANN)
    order, quote = clips.remix(clip), job_of(98).quote
    await consents.wish(ANN, depict=None, remix=False, known_as=[])
    before = await rows(clips.database)

    with pytest.raises(AgainstRules):
        await clips.desk.orders.place(order, quote)

    assert await rows(clips.database) == before


def test_a_loop_of_sources_ends() -> None:
    book = sqlite3.connect(":memory:")
    book.execute("CREATE TABLE jobs (id TEXT, user_id INTEGER, source_job_id TEXT)")
    book.execute("INSERT INTO jobs VALUES ('a', 1, 'b'), ('b', 2, 'a')")

    assert len(objections.lineage(book, JobId("a"))) == objections.LINEAGE_MAX
    book.close()


# In Discord


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def test_a_member_says_what_others_may_do(stage: Stage) -> None:
    async def say(**options: object) -> str:
        press = await stage.ada.slash("consent", options, channel=stage.channel())
        return texts(await stage.ada.answer(press))

    assert (await say()).startswith("Prompts of others may mean you.")
    told = await say(depict=False, remix=False, names="The Countess")
    assert "You are meant by: ada, the countess." in told
    assert "Nobody but you remixes your clips." in told

    refused = texts(await stage.ask(stage.bruno, prompt="Ada on a horse"))
    assert refused.startswith("The prompt means somebody here who does not want to be depicted.")
    assert "Ordered" in texts(await stage.ask(stage.ada, prompt="Ada on a horse"))
    assert (await say(depict=True)).startswith("Prompts of others may mean you.")
    wishes = await Consents(stage.database, now=stage.clock).wishes(stage.member("Ada"))
    assert wishes.matters == {Matter.REMIX}


async def test_the_owner_answers_in_the_channel(stage: Stage) -> None:
    here = ChannelId(int(stage.channel()))
    guild_id = stage.member("Ada").guild_id
    layer = Layer(remixing=Remixing.ASKED)
    await stage.database.write(partial(put, guild_id=guild_id, channel_id=here, layer=layer))
    await stage.ask(stage.ada, prompt="a paper boat")
    (clip,) = await stage.rows()
    asks = stage.moderated.door.remix_asks
    order = replace(clip.order, kind=Kind.REMIX, member=stage.member("Bruno"), source_job_id=clip.id)
    with pytest.raises(AgainstRules):
        await asks.check(Rules(remixing=Remixing.ASKED), order)

    duty = asyncio.create_task(asks.telling.run())
    card = await stage.ada.wait_for_message(
        lambda message: any(one.startswith("desk:allow:") for one in custom_ids(message)), since=0
    )
    duty.cancel()
    assert texts(card).startswith(f"<@{stage.ada.id}>: may <@{stage.bruno.id}> remix your clip?")
    assert [one["id"] for one in card["mentions"]] == [str(stage.ada.id)]
    wrong = texts(await stage.press(stage.mika, card, "desk:allow:"))
    assert wrong.startswith("Only the member whose clip it is answers this.")
    assert texts(await stage.press(stage.ada, card, "desk:allow:")).startswith("Allowed.")

    now = await stage.bruno.message(stage.channel(), card["id"])
    assert "allows it" in texts(now)
    assert button(now, f"make:remix:{clip.id}")["label"] == "Remix"
    await asks.check(Rules(remixing=Remixing.ASKED), order)
