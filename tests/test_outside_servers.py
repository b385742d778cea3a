"""Orders outside servers: in direct messages, and where the bot can only answer whoever installed it."""

import logging
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot import budgets
from bot.clips.library import Aisle
from bot.domain import (
    NO_CHANNEL,
    NOWHERE,
    ChannelId,
    Job,
    JobState,
    Limits,
    Member,
    Micros,
    OfferId,
    Period,
    Quote,
)
from bot.errors import BudgetExceeded, NotYours, PaidNotEnabled
from bot.operating import control
from bot.sandbox.client import PersonError
from bot.sandbox.person import Person
from cogs.tree import OUTSIDE_SERVERS
from storage import wishes
from storage.budgets import OPERATOR, BudgetScope, set_limit
from storage.database import Database
from storage.wishes import Wishes
from tests.closed_places import failed
from tests.library_scene import AllSeen, Shelf, open_shelf
from tests.stage import Json, custom_ids, open_stage, texts, walk

PROMPT = "a paper boat crossing a rain puddle"
DEAR = Quote(offer_id=OfferId("fal/x"), price_micros=Micros(2_000_000), per_second_micros=Micros(500_000))
LIMITS = Limits(member_monthly_micros=Micros(5_000_000), installation_monthly_micros=Micros(50_000_000))


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_stage(tmp_path, direct_messages=True) as stage, open_shelf(stage, tmp_path) as opened:
        yield opened


async def direct(shelf: Shelf, person: Person) -> str:
    return await person.direct_channel(str(shelf.stage.sandbox.world.bot.id))


def leave(shelf: Shelf) -> None:
    """The bot is a member of no server any more: whoever uses it there has installed it for themselves."""
    world = shelf.stage.sandbox.world
    del world.guild.members[world.bot.id]


async def ask(person: Person, channel: str, name: str = "generate", **options: object) -> Json:
    given = {"prompt": PROMPT} | options if name == "generate" else options
    return await person.answer(await person.slash(name, given, channel=channel))


async def ordered(shelf: Shelf) -> Job:
    (job,) = await shelf.stage.rows()
    await shelf.scene.whispers.keep(job)
    await shelf.scene.touched(job.id)
    return await shelf.scene.job(job.id)


def media(message: Json) -> list[Json]:
    return [item for one in walk(message["components"]) if one["type"] == 12 for item in one["items"]]


async def test_in_direct_messages_an_order_has_its_card_and_its_clip_there(shelf: Shelf) -> None:
    ada = shelf.stage.ada
    place = await direct(shelf, ada)

    receipt = texts(await ask(ada, place))
    job = await shelf.scene.post(await ordered(shelf), shelf.film)

    clip, card = await ada.messages(place)
    assert f"Its card in <#{place}>" in receipt
    assert job.order.member == Member(guild_id=NOWHERE, user_id=shelf.stage.member("Ada").user_id)
    assert (job.state, job.clip_channel_id) == (JobState.POSTED, int(place))
    assert texts(card).startswith("### Done")
    assert PROMPT in texts(clip)
    links = [one["url"] for one in walk(card["components"]) if one.get("url")]
    assert f"https://discord.com/channels/@me/{place}/{clip['id']}" in links


async def test_in_direct_messages_all_speaks_the_language_of_who_ordered(shelf: Shelf) -> None:
    ada = shelf.stage.ada
    shelf.stage.sandbox.world.user_named("Ada").locale = "de"
    place = await direct(shelf, ada)

    await ask(ada, place)
    job = await shelf.scene.post(await ordered(shelf), shelf.film)

    clip, card = await ada.messages(place)
    assert job.order.locale == "de"
    assert texts(card).startswith("### Fertig")
    assert "bestellt von" in texts(clip)
    (film,) = media(clip)
    assert film["description"].startswith("Video (Storyboard, keine KI):")


async def test_the_buttons_of_a_card_work_in_direct_messages(shelf: Shelf) -> None:
    ada = shelf.stage.ada
    place = await direct(shelf, ada)
    await ask(ada, place)
    await ordered(shelf)
    (card,) = await ada.messages(place)

    details = await shelf.stage.press(ada, card, "details:")
    cancelled = await shelf.stage.press(ada, card, "cancel:")

    assert PROMPT in texts(details)
    assert texts(cancelled) == "Cancelled. Nothing was charged."


async def test_where_the_bot_is_no_member_the_answer_alone_shows_the_clip(shelf: Shelf) -> None:
    ada = shelf.stage.ada
    leave(shelf)

    receipt = await ask(ada, shelf.stage.channel())
    job = await shelf.scene.whisper(await ordered(shelf), shelf.film)

    seen = await ada.wait_for_message(lambda one: bool(one["id"] == receipt["id"] and media(one)))
    assert "This bot may not post here, so only you see the clip" in texts(receipt)
    assert "card in" not in texts(receipt)
    assert job.order.private
    assert job.order.channel_id == NO_CHANNEL
    assert job.order.member.guild_id == NOWHERE
    assert job.card_tried_at is None
    assert await ada.messages(shelf.stage.channel()) == []
    assert not [one for one in custom_ids(seen) if "publish" in one]
    assert "/clips keeps it, in a direct message with this bot" in texts(seen)


async def test_later_it_is_found_in_direct_messages_and_told_there_if_wished(shelf: Shelf) -> None:
    stage, ada = shelf.stage, shelf.stage.ada
    bot = stage.sandbox.world.bot
    seat = stage.sandbox.world.guild.members[bot.id]
    leave(shelf)
    await ask(ada, stage.channel())
    job = await ordered(shelf)
    stage.sandbox.world.guild.members[bot.id] = seat
    wished = partial(wishes.put, user_id=job.order.member.user_id, wishes=Wishes(direct_messages=True))
    await stage.database.write(wished)
    stage.clock.advance(timedelta(minutes=15))

    await shelf.scene.whisper(job, shelf.film)

    place = await direct(shelf, ada)
    (told,) = await ada.messages(place)
    mine = await ask(ada, place, "clips mine")
    shown = await ask(ada, place, "clips show", clip=job.id)
    assert told["content"] == "A private clip that you ordered is ready. Find it here with /clips."
    assert PROMPT in texts(mine)
    assert media(shown)
    assert not [one for one in custom_ids(shown) if "publish" in one]


async def test_a_private_clip_of_direct_messages_is_never_offered_to_others(shelf: Shelf) -> None:
    ada = shelf.stage.ada
    place = await direct(shelf, ada)

    receipt = await ask(ada, place, private=True)
    job = await shelf.scene.whisper(await ordered(shelf), shelf.film)

    seen = await ada.wait_for_message(lambda one: bool(one["id"] == receipt["id"] and media(one)))
    shown = await ask(ada, place, "clips show", clip=job.id)
    (card,) = await ada.messages(place)
    assert "Its card says nothing of the prompt." in texts(receipt)
    assert "It is kept and paid for. You find it here with /clips." in texts(card)
    assert PROMPT not in texts(card)
    for one in (receipt, seen, shown, card):
        assert "ublish" not in texts(one)
        assert not [each for each in custom_ids(one) if "publish" in each]
    assert [each for each in custom_ids(seen) if "delete" in each]


async def test_an_order_without_a_card_that_fails_says_so_in_its_answer(shelf: Shelf) -> None:
    ada, place = shelf.stage.ada, shelf.stage.channel()
    leave(shelf)
    answer = await ask(ada, place)
    job = await ordered(shelf)

    await failed(shelf.scene, job)

    told = await ada.wait_for_message(
        lambda one: bool(one["id"] == answer["id"] and texts(one).startswith("**Your order: Failed**"))
    )
    assert job.order.channel_id == NO_CHANNEL
    assert "The provider could not make it. Nothing was charged." in texts(told)


async def test_help_names_outside_what_can_be_called_there_and_what_there_is_not(shelf: Shelf) -> None:
    ada, stage = shelf.stage.ada, shelf.stage

    inside = texts(await ask(ada, stage.channel(), "help"))
    in_direct = texts(await ask(ada, await direct(shelf, ada), "help"))
    leave(shelf)
    aside = texts(await ask(ada, stage.channel(), "help"))

    named = [set(re.findall(r"- `/(\w+)`", said)) for said in (inside, in_direct, aside)]
    assert named[1] == named[2] == named[0] & OUTSIDE_SERVERS < named[0]
    assert ["no shared character and no publishing" in said for said in (inside, in_direct, aside)] == [
        False,
        True,
        True,
    ]
    assert ["A card in the channel follows" in said for said in (inside, in_direct, aside)] == [
        True,
        True,
        False,
    ]
    assert "This bot may not post here: you alone see the clip" in aside
    assert [re.search(r"\bPublish\b", said) is not None for said in (inside, in_direct, aside)] == [
        True,
        False,
        False,
    ]


async def test_the_help_on_buttons_names_publish_in_servers_alone(shelf: Shelf) -> None:
    ada, stage = shelf.stage.ada, shelf.stage

    inside = texts(await ask(ada, stage.channel(), "help", topic="buttons"))
    in_direct = texts(await ask(ada, await direct(shelf, ada), "help", topic="buttons"))

    assert "**Publish** shows your private clip to all" in inside
    assert "Publish" not in in_direct


async def test_outside_servers_nobody_finds_what_is_not_their_own(shelf: Shelf) -> None:
    ada, mika = shelf.stage.ada, shelf.stage.mika
    place = await direct(shelf, ada)
    await ask(ada, place)
    job = await shelf.scene.post(await ordered(shelf), shelf.film)
    theirs = await direct(shelf, mika)

    for aisle in ("server", "mine", "best"):
        assert PROMPT not in texts(await ask(mika, theirs, f"clips {aisle}"))
    typed = await mika.autocomplete("clips show", "clip", "boat", channel=theirs)
    own = await ada.autocomplete("clips show", "clip", "boat", channel=place)
    shown = await ask(mika, theirs, "clips show", clip=job.id)

    assert typed == []
    assert [one["value"] for one in own] == [job.id]
    assert "This clip is not known here." in texts(shown)


async def test_outside_servers_no_sight_shows_what_is_not_ones_own(shelf: Shelf) -> None:
    await ask(shelf.stage.ada, await direct(shelf, shelf.stage.ada))
    job = await shelf.scene.post(await ordered(shelf), shelf.film)
    mika = replace(job.order.member, user_id=shelf.stage.member("Mika").user_id)

    for aisle in (Aisle.SERVER, Aisle.BEST, Aisle.MINE):
        assert (await shelf.library.search(aisle, AllSeen(), by=mika)).total == 0
    assert await shelf.library.choices("", AllSeen(), by=mika, limit=25) == []
    with pytest.raises(NotYours):
        await shelf.library.clip(job.id, AllSeen(), by=mika)


async def test_a_clip_of_a_server_is_not_known_by_its_id_outside(shelf: Shelf) -> None:
    ada = shelf.stage.ada
    there = await shelf.clip("a kite")

    answer = await ask(ada, await direct(shelf, ada), "remix", clip=there.id, prompt="at night")

    assert texts(answer).startswith("This clip is not known here. Nothing was charged.")
    assert [job.id for job in await shelf.stage.rows()] == [there.id]


async def test_a_moderator_of_any_server_is_none_outside_servers(shelf: Shelf) -> None:
    ada = shelf.stage.ada
    place = await direct(shelf, ada)
    await ask(ada, place)
    job = await ordered(shelf)

    with pytest.raises(NotYours, match="somebody else's"):
        await shelf.stage.orders.cancel_order(
            job.id, by=replace(job.order.member, user_id=shelf.stage.member("Bruno").user_id), moderator=True
        )

    assert (await shelf.scene.job(job.id)).state is JobState.QUEUED


async def test_managers_commands_stay_in_servers(shelf: Shelf) -> None:
    mika = shelf.stage.mika
    place = await direct(shelf, mika)

    with pytest.raises(PersonError):
        await mika.slash("preset list", {}, channel=place)


async def test_where_the_operator_does_not_allow_it_nothing_is_ordered_outside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_stage(tmp_path) as stage:
        place = await stage.ada.direct_channel(str(stage.sandbox.world.bot.id))
        command = next(one for one in await stage.ada.commands() if one["name"] == "generate")
        data = {key: command[key] for key in ("id", "version", "name", "type")}
        data["options"] = [{"name": "prompt", "type": 3, "value": PROMPT}]

        with pytest.raises(PersonError):
            await stage.ada.slash("generate", {"prompt": PROMPT}, channel=place)

        assert (command["contexts"], command["integration_types"]) == ([0], [0])
        assert await stage.rows() == []
        answer = await told_all_the_same(stage.ada, data, place)
        assert texts(answer).startswith("This works in servers only.")
        assert await stage.rows() == []

        typed = [{"name": "clip", "type": 3, "value": "", "focused": True}]
        typing = data | {"id": "1", "name": "remix", "options": typed}
        await stage.ada.interaction({"type": 4, "channel_id": place, "data": typing}, unchecked=True)
        await told_all_the_same(stage.ada, data, place)  # by then the other has ended
        assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def told_all_the_same(person: Person, data: Json, place: str) -> Json:
    """The answer to a command that is of an age when direct messages were allowed still."""
    data = data | {"id": "1"}
    press = await person.interaction({"type": 2, "channel_id": place, "data": data}, unchecked=True)
    return await person.answer(press)


async def test_it_is_paid_from_the_members_own_budget_outside_and_no_servers(shelf: Shelf) -> None:
    ada = shelf.stage.ada
    await ask(ada, await direct(shelf, ada))
    job = await ordered(shelf)

    outside = await shelf.stage.budgets.allowance(job.order.member)
    inside = await shelf.stage.budgets.allowance(shelf.stage.member("Ada"))

    assert outside.balance.held_micros == job.quote.price_micros
    assert outside.limit_micros == 10_000_000
    assert inside.balance.held_micros == 0


async def admitted(database: Database, micros: int, shelf: Shelf) -> str:
    wanted = control.AdmitGuild(guild_id=NOWHERE, ceiling_monthly_micros=micros)
    return await control.carry_out(database, wanted, now=shelf.stage.clock)


async def test_what_costs_money_is_sold_outside_only_once_the_operator_has_admitted_it(shelf: Shelf) -> None:
    database = shelf.stage.database
    member = Member(guild_id=NOWHERE, user_id=shelf.stage.member("Ada").user_id)
    admit = partial(
        budgets.admit,
        member=member,
        quote=DEAR,
        limits=LIMITS,
        at=shelf.stage.clock(),
        channel_id=ChannelId(7),
    )

    with pytest.raises(PaidNotEnabled, match="switched off in direct messages"):
        await database.read(admit)
    done = await admitted(database, 3_000_000, shelf)
    await database.read(admit)
    with pytest.raises(BudgetExceeded):
        await database.read(partial(admit, takes=2))

    assert done == "use outside servers (direct messages) may spend $3.00 a month at paid providers"


async def test_the_installations_default_for_a_day_leaves_the_months_setting_in_force(shelf: Shelf) -> None:
    database, at = shelf.stage.database, shelf.stage.clock()
    await database.write(
        partial(
            set_limit,
            guild_id=NOWHERE,
            scope=BudgetScope.DEFAULT,
            scope_id=0,
            period=Period.DAY,
            limit_micros=Micros(9_000_000),
            by=OPERATOR,
            reason="",
            at=at,
        )
    )
    await admitted(database, 50_000_000, shelf)
    member = Member(guild_id=NOWHERE, user_id=shelf.stage.member("Ada").user_id)

    with pytest.raises(BudgetExceeded):  # three of them are $6, and the setting says $5 a month
        await database.read(
            partial(
                budgets.admit,
                member=member,
                quote=DEAR,
                limits=LIMITS,
                at=at,
                channel_id=ChannelId(7),
                takes=3,
            )
        )
