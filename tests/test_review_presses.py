"""The message of a review and its buttons: who may press, what they say, what the member's card says then."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain import JobState, Kind, Micros, Source
from bot.moderation.gates import Gate, ReviewRules
from bot.ordering.material import PICTURES
from bot.reviews import Decision
from bot.sandbox.world import Overwrite
from storage import gates
from tests.review_stage import Office, open_closed
from tests.stage import Json, button, custom_ids, texts, walk

VIEW = 1 << 10


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_closed(tmp_path) as opened:
        yield opened


def media(message: Json) -> list[Json]:
    return [item for one in walk(message["components"]) if one["type"] == 12 for item in one["items"]]


def acts(message: Json) -> list[str]:
    """What can be pressed on a review, without its id."""
    return [one.split(":")[1] for one in custom_ids(message) if one.startswith("review:")]


def let_see(office: Office, name: str) -> None:
    """Let somebody see the moderators' channel who moderates nothing."""
    world = office.stage.sandbox.world
    user = world.user_named(name)
    place = world.channel_named("mods")
    place.overwrites[user.id] = Overwrite(id=user.id, is_member=True, allow=VIEW)


# What is shown


async def test_a_review_shows_all_that_is_known_and_waits_in_the_moderators_channel(office: Office) -> None:
    job = await office.order(office.stage.ada, "a [paper](https://evil.example) boat @everyone")

    message = await office.message(job)

    told = texts(message)
    assert message["channel_id"] == office.stage.channel("mods")
    assert "An order waits before it is made" in told
    assert "Everything waits in this channel." in told
    assert f"<@{office.stage.ada.id}>, account since <t:" in told
    assert "here: 1 order, 0 approved, 0 denied, 0 strikes" in told
    assert "$0.40 (4 s at $0.10 a second), play money" in told
    assert "ends by itself <t:" in told
    assert "](https://evil" not in told
    assert message["mentions"] == []
    assert not message["mention_everyone"]
    assert acts(message) == ["yes", "spoiler", "no", "strike", "change", "take"]


async def test_a_clip_is_shown_behind_a_spoiler_until_it_is_decided(office: Office) -> None:
    job = await office.withheld()
    message = await office.message(job, Gate.SHOWING)

    (item,) = media(message)
    assert item["spoiler"]
    assert [one["filename"] for one in message["attachments"]] == [f"dailies-{job.id}.mp4"]
    await office.press(office.stage.mika, message, "yes")
    await office.shown(job)

    after = await office.message(job, Gate.SHOWING)
    assert after["id"] == message["id"]
    assert (media(after), after["attachments"], acts(after)) == ([], [], [])
    assert f"Approved by <@{office.stage.mika.id}>" in texts(after)


async def test_the_picture_that_it_starts_from_is_shown_beside_the_clip(
    office: Office, tmp_path: Path
) -> None:
    kept = Path(PICTURES) / "boat.png"
    await asyncio.to_thread((tmp_path / kept).write_bytes, b"\x89PNG\r\n\x1a\n" + bytes(64))
    source = Source(path=kept, media_type="image/png", width=16, height=9)
    job = await office.withheld(kind=Kind.ANIMATE, source=source)

    message = await office.message(job, Gate.SHOWING)

    names = [one["filename"] for one in message["attachments"]]
    assert names == [f"picture-{job.id}.png", f"dailies-{job.id}.mp4"]
    assert [item["spoiler"] for item in media(message)] == [True, True]


async def test_the_card_of_a_waiting_order_says_so_and_until_when(office: Office) -> None:
    job = await office.order(office.stage.ada)
    clip = await office.withheld()

    before = "A moderator looks at it before it is made. Nothing is charged yet"
    for waiting, words, cancel in (
        (job, before, "Cancel: nothing is charged"),
        (clip, "A moderator looks at the clip before it is shown", "Take it back: it stays paid"),
    ):
        card = await office.shelf.scene.card(waiting)
        assert words in texts(card)
        assert "if nobody has looked <t:" in texts(card)
        assert button(card, "cancel:")["label"] == cancel


async def test_a_clip_that_is_taken_back_leaves_the_moderators_channel_too(office: Office) -> None:
    job = await office.withheld()
    card = await office.shelf.scene.card(job)

    said = texts(await office.stage.press(office.stage.ada, card, "cancel:"))
    await office.shown(job)

    assert "Taken back: nobody sees the clip. It was made before, so it stays paid." in said
    message = await office.message(job, Gate.SHOWING)
    assert "Taken back by its member" in texts(message)
    assert message["attachments"] == []


# Deciding


async def test_an_approved_order_goes_on_and_its_message_says_by_whom(office: Office) -> None:
    job = await office.order(office.stage.ada)

    said = await office.press(office.stage.mika, await office.message(job), "yes")
    job = await office.shown(job)

    assert "Approved." in said
    assert job.state is JobState.QUEUED
    assert office.moved == [job.id]
    assert "In line" in texts(await office.shelf.scene.card(job))


async def test_the_second_moderator_reads_who_decided(office: Office) -> None:
    office.promote("Bruno")
    job = await office.order(office.stage.ada)
    message = await office.message(job)
    await office.press(office.stage.mika, message, "yes")

    approved = await office.press(office.stage.bruno, message, "spoiler")
    denied = await office.press(office.stage.bruno, message, "no")

    decided = f"<@{office.stage.mika.id}> has approved this already."
    assert decided in approved
    assert decided in denied


async def test_nobody_decides_on_their_own_order(office: Office) -> None:
    job = await office.order(office.stage.mika)
    message = await office.message(job)

    for verdict in ("yes", "no", "change"):
        assert "Nobody decides on their own order." in await office.press(office.stage.mika, message, verdict)
    assert (await office.review(job)).decision is None


async def test_who_sees_the_channel_and_moderates_nothing_decides_nothing(office: Office) -> None:
    let_see(office, "Bruno")
    job = await office.order(office.stage.ada)
    message = await office.message(job)

    for verdict in ("yes", "spoiler", "no", "strike", "change", "take"):
        assert "Only a moderator can decide this." in await office.press(office.stage.bruno, message, verdict)
    assert (await office.review(job)).decision is None


async def test_a_role_that_the_server_named_makes_a_moderator(office: Office) -> None:
    let_see(office, "Bruno")
    world = office.stage.sandbox.world
    role = next(one for one in world.guild.roles.values() if one.name == "managers")
    role.permissions = 0
    world.guild.members[world.user_named("Bruno").id].roles.append(role.id)
    rules = ReviewRules(moderator_role_id=role.id)
    guild_id = office.stage.member("Ada").guild_id
    await office.stage.database.write(partial(gates.set_rules, guild_id=guild_id, wanted=rules))
    job = await office.order(office.stage.ada)

    assert "Approved." in await office.press(office.stage.bruno, await office.message(job), "yes")


async def test_above_a_price_the_first_approval_is_noted_and_another_decides(office: Office) -> None:
    office.promote("Bruno")
    guild_id = office.stage.member("Ada").guild_id
    rules = ReviewRules(two_above_micros=Micros(0))
    await office.stage.database.write(partial(gates.set_rules, guild_id=guild_id, wanted=rules))
    job = await office.order(office.stage.ada)

    first = await office.press(office.stage.mika, await office.message(job), "yes")
    await office.shown(job)
    noted = texts(await office.message(job))
    second = await office.press(office.stage.bruno, await office.message(job), "yes")

    assert "Your approval is noted." in first
    assert f"Two moderators have to approve this: <@{office.stage.mika.id}>." in noted
    assert "Approved." in second


# Forms


async def test_a_denial_says_why_and_its_member_alone_reads_it(office: Office) -> None:
    job = await office.order(office.stage.ada)

    said = await office.send(
        office.stage.mika, await office.message(job), "no", reason="no brands, **please** @everyone"
    )
    job = await office.shown(job)
    card = await office.shelf.scene.card(job)
    why = texts(await office.stage.press(office.stage.ada, card, "why:"))

    assert "Denied. Nothing was charged: what was set aside is free again." in said
    assert job.state is JobState.REJECTED
    assert "no brands" not in texts(card)
    assert "A moderator did not let it pass. Nothing was charged. Press Why for the reason." in texts(card)
    assert "no brands" in why
    assert "**please**" not in why
    assert "somebody else" in texts(await office.stage.press(office.stage.bruno, card, "why:"))


@pytest.mark.parametrize("refund", ["yes", "no"])
async def test_who_denies_a_clip_chooses_who_pays(office: Office, refund: str) -> None:
    job = await office.withheld()
    modal = await office.form(office.stage.mika, await office.message(job, Gate.SHOWING), "strike")
    (group,) = [one["component"] for one in modal["components"] if one["component"]["custom_id"] == "refund"]
    assert [one["value"] for one in group["options"] if one.get("default")] == ["no"]

    press = await office.stage.mika.submit(modal, {"reason": "a face", "refund": refund})
    said = texts(await office.stage.mika.answer(press))
    job = await office.shown(job)

    assert "Denied, with a strike." in said
    assert ("whoever runs this bot pays it" in said) is (refund == "yes")
    assert ("stays paid by its member" in said) is (refund == "no")
    assert job.charged_micros == (0 if refund == "yes" else job.quote.price_micros)
    cost = "Nothing was charged." if refund == "yes" else "It was made before that: you pay $0.40."
    assert cost in texts(await office.shelf.scene.card(job))
    assert "1 strike" in texts(await office.message(job, Gate.SHOWING))


async def test_a_denied_order_asks_nothing_about_a_refund(office: Office) -> None:
    job = await office.order(office.stage.ada)

    modal = await office.form(office.stage.mika, await office.message(job), "no")

    assert [one["component"]["custom_id"] for one in modal["components"]] == ["reason"]


async def test_a_form_without_a_reason_or_of_what_was_decided_meanwhile_decides_nothing(
    office: Office,
) -> None:
    office.promote("Bruno")
    job = await office.order(office.stage.ada)
    mika, message = office.stage.mika, await office.message(job)
    first = await office.form(mika, message, "no")
    second = await office.form(mika, message, "strike")

    blank = texts(await mika.answer(await mika.submit(first, {"reason": "   "}, unchecked=True)))
    assert "No reason was given, so nothing was decided." in blank
    assert (await office.review(job)).decision is None
    await office.press(office.stage.bruno, message, "yes")
    late = texts(await mika.answer(await mika.submit(second, {"reason": "no"})))

    assert f"<@{office.stage.bruno.id}> has approved this already." in late
    assert (await office.shelf.scene.job(job.id)).state is JobState.QUEUED


async def test_a_change_that_is_asked_for_opens_the_order_again_filled_in(office: Office) -> None:
    ada = office.stage.ada
    job = await office.order(ada, "a paper boat with a logo", duration=8, seed=7)

    said = await office.send(
        office.stage.mika, await office.message(job), "change", reason="without the logo"
    )
    job = await office.shown(job)
    card = await office.shelf.scene.card(job)
    office.stage.clock.advance(timedelta(seconds=1))
    press = await ada.press(card, button(card, "make:change:")["custom_id"])
    modal = await ada.modal(press)
    quote = await ada.answer(await ada.submit(modal, {"prompt": "a paper boat"}))

    assert "Its member is asked for a change. Nothing was charged" in said
    assert "A moderator asks for a change. Nothing was charged." in texts(card)
    (field,) = [one["component"] for one in modal["components"]]
    assert field["value"] == "a paper boat with a logo"
    assert "> a paper boat" in texts(quote)
    assert "8 s" in texts(quote)
    await office.stage.answer_quote(ada, quote, "yes")
    newest = (await office.stage.rows())[0]
    assert (newest.order.prompt, newest.order.duration_s, newest.state) == (
        "a paper boat",
        8,
        JobState.REVIEW,
    )


async def test_another_member_does_not_change_an_order(office: Office) -> None:
    job = await office.order(office.stage.ada)
    await office.send(office.stage.mika, await office.message(job), "change", reason="smaller")
    card = await office.shelf.scene.card(await office.shown(job))

    said = texts(await office.stage.press(office.stage.bruno, card, "make:change:"))

    assert "This order is somebody else's." in said


# Handing over


async def test_a_moderator_takes_a_review_and_hands_it_to_another(office: Office) -> None:
    office.promote("Bruno")
    mika, bruno = office.stage.mika, office.stage.bruno
    job = await office.order(office.stage.ada)

    async def hand_to(person_id: str) -> str:
        message = await office.message(job)
        custom_id = button(message, "handover:")["custom_id"]
        said = texts(await mika.answer(await mika.press(message, custom_id, values=[person_id])))
        await office.shown(job)
        return said

    taken = await office.press(mika, await office.message(job), "take")
    await office.shown(job)
    assert f"<@{mika.id}> looks at it" in texts(await office.message(job))
    assert f"<@{mika.id}> looks at it now." in taken
    assert f"<@{bruno.id}> looks at it now." in await hand_to(bruno.id)
    assert "does not moderate here" in await hand_to(office.stage.ada.id)
    assert (await office.review(job)).assigned_to == int(bruno.id)
    assert "Nobody in particular" in await office.press(bruno, await office.message(job), "take")


async def test_what_was_decided_is_handed_to_nobody(office: Office) -> None:
    office.promote("Bruno")
    job = await office.order(office.stage.ada)
    message = await office.message(job)
    await office.press(office.stage.mika, message, "yes")

    said = await office.press(office.stage.bruno, message, "take")

    assert "has approved this already" in said
    assert (await office.review(job)).decision is Decision.APPROVED
