"""The duty that shows reviews: each one message, whatever was lost; reminders and ends in time."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from discord import app_commands

from bot.clips.packing import Packing
from bot.domain import ChannelId, GuildId, JobState, MessageId
from bot.errors import DeliveryUnavailable
from bot.moderation.gates import Gate, ReviewRules
from bot.moderation.reviewing import Exhibit, Reminder, Reviewing
from bot.reviews import Decision, Review
from bot.sandbox.world import Overwrite
from storage import gates, places, review_cards
from storage.places import Purpose
from tests.inline import as_it_is
from tests.review_stage import MODS, Office, open_closed
from tests.stage import button, texts

SEND = 1 << 11


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_closed(tmp_path) as opened:
        yield opened


class LosesAnswers:
    """The real desk over a line that loses the answer to every post: the message is there, nobody knows."""

    def __init__(self, office: Office) -> None:
        self._desk = office.desk

    async def post_review(self, channel_id: ChannelId, exhibit: Exhibit) -> MessageId:
        await self._desk.post_review(channel_id, exhibit)
        raise DeliveryUnavailable("the answer got lost")

    async def edit_review(self, channel_id: ChannelId, message_id: MessageId, exhibit: Exhibit) -> None:
        await self._desk.edit_review(channel_id, message_id, exhibit)

    async def find_review(self, channel_id: ChannelId, review: Review) -> MessageId | None:
        return await self._desk.find_review(channel_id, review)

    async def remind(self, channel_id: ChannelId, reminder: Reminder) -> None:
        await self._desk.remind(channel_id, reminder)
        raise DeliveryUnavailable("the answer got lost")

    async def managers_channel(self, guild_id: GuildId) -> ChannelId | None:
        return await self._desk.managers_channel(guild_id)


def over_a_bad_line(office: Office, folder: Path) -> Reviewing:
    """A process whose answers get lost, on the same rows."""
    stage = office.stage
    packing = Packing(
        stage.database, as_it_is, folder=folder, level=stage.delivery.upload_limit, link=None, now=stage.clock
    )
    return Reviewing(
        stage.database,
        stage.catalogue,
        LosesAnswers(office),
        packing,
        folder=folder,
        clips_folder=office.shelf.scene.folder,
        play_money=True,
        now=stage.clock,
        moved=office.moved.append,
    )


@pytest.mark.parametrize("later", [timedelta(seconds=20), timedelta(minutes=30)])
async def test_a_review_whose_answer_got_lost_is_one_message_soon_and_late(
    office: Office, tmp_path: Path, later: timedelta
) -> None:
    await office.stage.ask(office.stage.ada, prompt="a paper boat")
    (job,) = await office.stage.rows()
    assert await over_a_bad_line(office, tmp_path).look(), "it is to be tried again"
    assert (await office.review(job)).card_message_id is None

    office.stage.clock.advance(later)
    assert not await office.reviewing.look()

    (message,) = await office.in_mods()
    assert (await office.review(job)).card_message_id == int(message["id"])


async def test_what_was_decided_while_its_message_was_lost_says_so(office: Office, tmp_path: Path) -> None:
    await office.stage.ask(office.stage.ada, prompt="a paper boat")
    (job,) = await office.stage.rows()
    await over_a_bad_line(office, tmp_path).look()
    (message,) = await office.in_mods()
    await office.press(office.stage.mika, message, "yes")

    office.stage.clock.advance(timedelta(minutes=30))
    await office.reviewing.look()

    (after,) = await office.in_mods()
    assert "Approved by" in texts(after)
    assert (await office.review(job)).decision is Decision.APPROVED


async def test_a_message_that_somebody_deleted_is_not_posted_again(office: Office) -> None:
    job = await office.order(office.stage.ada)
    await office.stage.mika.delete(await office.message(job))

    await office.press_in_list(office.stage.mika, "yes")
    assert not await office.reviewing.look()

    assert await office.in_mods() == []
    assert (await office.shelf.scene.job(job.id)).state is JobState.QUEUED


async def test_where_nothing_can_be_posted_the_order_waits_all_the_same(office: Office) -> None:
    world = office.stage.sandbox.world
    mods = world.channel_named(MODS)
    before = dict(mods.overwrites)
    mods.overwrites[world.bot.id] = Overwrite(id=world.bot.id, is_member=True, deny=SEND)
    job = await office.order(office.stage.ada)

    assert await office.in_mods() == []
    assert (await office.review(job)).decision is None
    mods.overwrites.clear()
    mods.overwrites.update(before)
    await office.reviewing.show_again(office.stage.member("Ada").guild_id)
    await office.reviewing.look()
    (message,) = await office.in_mods()
    assert "An order waits" in texts(message)


async def test_without_a_named_channel_nothing_is_posted_and_review_has_it(office: Office) -> None:
    guild_id = office.stage.member("Ada").guild_id
    put = partial(places.put, guild_id=guild_id, purpose=Purpose.REVIEWS, channel_id=None)
    await office.stage.database.write(put)

    await office.order(office.stage.ada, "a paper boat")
    assert not await office.reviewing.look(), "there is nothing to try again"

    assert await office.in_mods() == []
    assert "a paper boat" in texts(await office.listed(office.stage.mika))


# In time


async def test_moderators_are_reminded_once_of_all_that_waits(office: Office) -> None:
    first = await office.order(office.stage.ada)
    second = await office.order(office.stage.bruno)
    await office.press(office.stage.mika, await office.message(second), "take")

    office.stage.clock.advance(timedelta(minutes=59))
    await office.reviewing.look()
    assert len(await office.in_mods()) == 2
    office.stage.clock.advance(timedelta(minutes=1))
    await office.reviewing.look()
    await office.reviewing.look()

    reminder, *_reviews = await office.in_mods()
    assert len(await office.in_mods()) == 3
    assert "Reviews wait for a moderator" in texts(reminder)
    assert texts(reminder).count("ends by itself") == 2
    assert f"/{(await office.review(first)).card_message_id})" in texts(reminder)
    assert [one["id"] for one in reminder["mentions"]] == [office.stage.mika.id]


async def test_a_reminder_whose_answer_got_lost_is_one_message(office: Office, tmp_path: Path) -> None:
    await office.order(office.stage.ada)
    office.stage.clock.advance(timedelta(hours=1))

    assert await over_a_bad_line(office, tmp_path).look()
    assert not await office.reviewing.look()

    assert len(await office.in_mods()) == 2


@pytest.mark.parametrize("gate", list(Gate))
async def test_what_nobody_looked_at_in_time_says_so_to_moderators_and_member(
    office: Office, gate: Gate
) -> None:
    guild_id = office.stage.member("Ada").guild_id
    rules = ReviewRules(prompt_expires=timedelta(hours=2), clip_expires=timedelta(hours=2))
    await office.stage.database.write(partial(gates.set_rules, guild_id=guild_id, wanted=rules))
    job = await office.order(office.stage.ada) if gate is Gate.RENDERING else await office.withheld()

    office.stage.clock.advance(timedelta(hours=2))
    job = await office.shown(job)

    assert job.state is JobState.REJECTED
    assert office.moved == [job.id]
    message = await office.message(job, gate)
    assert "Nobody looked in time: turned down by itself" in texts(message)
    assert message["attachments"] == []
    told = texts(await office.shelf.scene.card(job))
    assert "No moderator looked in time. Nothing was charged." in told


async def test_what_waits_when_the_process_ends_is_shown_and_ended_by_the_next(
    office: Office, tmp_path: Path
) -> None:
    await office.stage.ask(office.stage.ada, prompt="a paper boat")
    (job,) = await office.stage.rows()

    await over_a_bad_line(office, tmp_path).look()
    office.stage.clock.advance(timedelta(hours=24))
    assert not await office.reviewing.look()

    assert (await office.review(job)).decision is Decision.EXPIRED
    assert await office.stage.database.read(partial(review_cards.stale, limit=9)) == []


# /review


async def test_review_lists_filters_and_goes_round(office: Office) -> None:
    mika = office.stage.mika
    await office.order(office.stage.ada, "a paper boat")
    await office.order(office.stage.bruno, "a calm sea")
    await office.withheld()
    own = await office.order(mika, "my own")

    first = await office.listed(mika)
    assert "1 of 3 that wait" in texts(first)
    assert "a paper boat" in texts(first)
    second = await office.turn(mika, first, "next")
    third = await office.turn(mika, second, "next")
    assert "A clip waits" in texts(third)
    assert "storyboard, not AI" in texts(third)
    assert len(third["attachments"]) == 1
    again = await office.turn(mika, third, "next")
    assert "1 of 3 that wait" in texts(again)
    assert again["attachments"] == []
    assert "3 of 3 that wait" in texts(await office.turn(mika, again, "previous"))
    assert "1 of 1 that wait" in texts(await office.listed(mika, show="clips"))
    assert "1 of 2 that wait" in texts(await office.listed(mika, show="prompts"))
    assert "Nothing waits for a moderator here." in texts(await office.listed(mika, show="mine"))
    assert "Nothing waits for a moderator here." in texts(await office.listed(mika, show="flagged"))
    assert (await office.review(own)).decision is None


async def test_in_the_list_a_decision_brings_the_next_one(office: Office) -> None:
    mika = office.stage.mika
    boat = await office.order(office.stage.ada, "a paper boat")
    sea = await office.order(office.stage.bruno, "a calm sea")

    taken = await office.turn(mika, await office.listed(mika), "take")
    assert f"<@{mika.id}> looks at it" in texts(taken)
    modal = await mika.modal(await mika.press(taken, button(taken, "review:no:")["custom_id"]))
    press = await mika.submit(modal, {"reason": "not here"})
    following = await mika.wait_for_message(
        lambda one: bool(one["id"] == taken["id"]) and "a calm sea" in texts(one), since=press.mark
    )

    assert "Denied. Nothing was charged" in texts(following)
    assert (await office.review(boat)).decision is Decision.DENIED
    done = await office.turn(mika, following, "spoiler")
    assert "Nothing waits for a moderator here." in texts(done)
    assert (await office.review(sea)).spoiler


async def test_review_shows_nothing_to_who_moderates_nothing(office: Office) -> None:
    await office.order(office.stage.ada, "a secret garden")
    review = office.stage.client.tree.get_command("review")
    assert isinstance(review, app_commands.Command)
    review.default_permissions = None  # as an owner may open it to all under Integrations
    await office.stage.client.tree.sync()
    listed = await office.listed(office.stage.mika)

    told = texts(await office.listed(office.stage.bruno))

    assert "a secret garden" in texts(listed)
    assert "Only a moderator can decide this." in told
    assert "a secret garden" not in told


# /settings


async def test_gates_and_reviews_are_set_and_listed_and_each_change_is_on_record(office: Office) -> None:
    mika = office.stage.mika

    async def settings(name: str, **options: object) -> str:
        press = await mika.slash(f"settings {name}", options, channel=office.stage.channel())
        return texts(await mika.answer(press))

    showcase = office.stage.channel("showcase")
    assert "How many of each member wait was not said." in await settings("gates", before_showing="first")
    told = await settings("gates", before_showing="first", first_n=3, channel=showcase)
    assert "In this server, before an order is made: everything waits." in told
    assert f"- <#{showcase}>: before a clip: the first 3 of each member wait, and what is flagged" in told
    assert f"<#{showcase}>" not in await settings("gates", before_showing="unset", channel=showcase)
    assert "nothing waits" in await settings("gates", before_rendering="off")
    assert "Everybody can see that channel" in await settings("reviews", channel=office.stage.channel())
    told = await settings(
        "reviews", channel=office.stage.channel(MODS), refund=True, two_above="2.5", prompts_end_after_hours=5
    )
    assert f"What waits is shown in <#{office.stage.channel(MODS)}>." in told
    assert "A clip that is denied is given back" in told
    assert "Above $2.50 two have to approve." in told
    assert "an order ends by itself after 5 h, a clip after 72 h" in told
    assert "no amount that can be read" in await settings("reviews", two_above="2,5")
    assert "No channel is named for reviews" in await settings("reviews", forget=True)

    recorded = await office.recorded("gates.changed", "settings.changed")
    assert recorded[:3] == [
        ("gates.changed", '{"gate":"showing","now":"first:3","was":"unset"}'),
        ("gates.changed", '{"gate":"showing","now":"unset","was":"first:3"}'),
        ("gates.changed", '{"gate":"rendering","now":"off","was":"all"}'),
    ]
    assert ("settings.changed", '{"now":2500000,"was":"none","what":"two_above_micros"}') in recorded
    assert ("settings.changed", '{"now":1,"was":0,"what":"refunds"}') in recorded
