import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.domain import ChannelId, GuildId, JobState
from bot.errors import (
    ClipTooLarge,
    DailiesError,
    DeliveryRefused,
    DeliveryUnavailable,
    MessageGone,
    PlaceGone,
    SettingsError,
)
from bot.sandbox.permissions import Permission
from bot.sandbox.wire import guild_wire
from cogs.buttons import DYNAMIC_ITEMS
from cogs.client import Client
from cogs.delivery import DiscordDelivery
from cogs.faults import ThreadArchived, fault_of
from tests.stage import Json, Stage, card_of, custom_ids, new_client, open_stage, post_of, texts, walk

CLIP = bytes(range(256)) * 400
UPLOAD_LIMIT = 1 << 20


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, upload_limit=UPLOAD_LIMIT) as opened:
        yield opened


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(CLIP)
    return path


@pytest.fixture
def too_large(tmp_path: Path) -> Path:
    path = tmp_path / "large.mp4"
    path.write_bytes(bytes(UPLOAD_LIMIT + 1))
    return path


def switch_on(stage: Stage, name: str, route: str = "", **more: object) -> None:
    stage.sandbox.faults.switch_on({"name": name, "route": route, **more})


async def channel_messages(stage: Stage) -> list[Json]:
    """What stands in the channel, oldest first."""
    return (await stage.ada.messages(stage.channel()))[::-1]


def gallery(message: Json) -> Json:
    (item,) = next(one for one in walk(message["components"]) if one["type"] == 12)["items"]
    return dict(item)


# sizes


@pytest.mark.parametrize(("tier", "most_mib"), [(0, 20), (1, 20), (2, 50), (3, 100)])
async def test_a_boosted_server_says_by_its_level_what_a_file_may_have_there(
    stage: Stage, tier: int, most_mib: int
) -> None:
    world = stage.sandbox.world
    guild_id = GuildId(world.guild.id)
    world.guild.premium_tier = tier
    told = stage.client.wait_for("guild_update")
    stage.sandbox.gateway.dispatch("GUILD_UPDATE", guild_wire(world.guild, world), lambda _: True)
    await asyncio.wait_for(told, 30)

    assert await stage.delivery.upload_limit(guild_id) == most_mib << 20
    assert await stage.delivery.upload_limit(GuildId(0)) == 20 << 20  # direct messages


# cards


async def test_a_card_is_posted_once_however_often_it_is_tried(stage: Stage) -> None:
    card = card_of(stage.job())

    first = await stage.delivery.post_card(card)
    second = await stage.delivery.post_card(card)

    (message,) = await channel_messages(stage)
    assert first == second == int(message["id"])
    assert texts(message).startswith("### In line")
    assert custom_ids(message) == [f"cancel:{card.job.id}", f"details:k{card.job.id}"]


async def test_a_card_follows_its_job_through_every_state(stage: Stage) -> None:
    job = stage.job()
    job = replace(job, card_message_id=await stage.delivery.post_card(card_of(job)))

    for state in JobState:
        await stage.delivery.edit_card(card_of(replace(job, state=state)))

    (message,) = await channel_messages(stage)
    assert texts(message).startswith("### Cancelled")


async def test_a_card_pings_nobody(stage: Stage) -> None:
    job = stage.job(prompt="@everyone <@1>")

    job = replace(job, card_message_id=await stage.delivery.post_card(card_of(job)))
    (posted,) = await channel_messages(stage)
    await stage.delivery.edit_card(card_of(job))
    (edited,) = await channel_messages(stage)

    for message in (posted, edited):
        assert message["mentions"] == []
        assert not message["mention_everyone"]


async def test_a_deleted_card_is_noticed_on_the_next_edit(stage: Stage) -> None:
    job = stage.job()
    job = replace(job, card_message_id=await stage.delivery.post_card(card_of(job)))
    (message,) = await channel_messages(stage)
    await stage.mika.delete(message)

    with pytest.raises(MessageGone):
        await stage.delivery.edit_card(card_of(job))


async def test_a_card_that_was_deleted_is_not_posted_again(stage: Stage) -> None:
    card = card_of(stage.job())
    await stage.delivery.post_card(card)
    (message,) = await channel_messages(stage)
    await stage.mika.delete(message)

    with pytest.raises(MessageGone):
        await stage.delivery.post_card(card)

    assert await channel_messages(stage) == []


async def test_a_place_that_takes_no_messages_refuses(stage: Stage) -> None:
    with pytest.raises(DeliveryRefused):
        await stage.delivery.post_card(card_of(stage.job(channel="read-only")))


async def test_a_channel_that_is_gone_refuses(stage: Stage) -> None:
    job = stage.job()
    gone = replace(job, order=replace(job.order, channel_id=ChannelId(1)))

    with pytest.raises(DeliveryRefused):
        await stage.delivery.post_card(card_of(gone))


# clips


async def test_a_clip_is_posted_as_a_reply_to_its_card_and_can_be_fetched(
    stage: Stage, clip: Path, tmp_path: Path
) -> None:
    job = stage.job()
    job = replace(job, card_message_id=await stage.delivery.post_card(card_of(job)))

    posted = await stage.delivery.post_clip(post_of(job, clip))

    message = await stage.ada.message(stage.channel(), str(posted))
    assert message["message_reference"]["message_id"] == str(job.card_message_id)
    assert message["mentions"] == []
    item = gallery(message)
    assert item["description"] == "Video (storyboard, not AI): a paper boat crossing a rain puddle"
    assert f"dailies-{job.id}.mp4" in item["media"]["url"]
    saved = tmp_path / "saved.mp4"
    await stage.ada.download(item["media"]["url"], saved)
    assert saved.read_bytes() == CLIP


async def test_a_clip_is_posted_once_however_often_it_is_tried(stage: Stage, clip: Path) -> None:
    post = post_of(stage.job(), clip)

    first = await stage.delivery.post_clip(post)
    second = await stage.delivery.post_clip(post)

    assert first == second
    assert len(await channel_messages(stage)) == 1


async def test_a_clip_whose_answer_got_lost_is_posted_once(stage: Stage, clip: Path) -> None:
    post = post_of(stage.job(), clip)
    switch_on(stage, "lost_answer", "POST /channels", count=1)

    with pytest.raises(DeliveryUnavailable):
        await stage.delivery.post_clip(post)
    posted = await stage.delivery.post_clip(post)

    (message,) = await channel_messages(stage)
    assert int(message["id"]) == posted


async def test_a_clip_outlives_its_card(stage: Stage, clip: Path) -> None:
    job = stage.job()
    job = replace(job, card_message_id=await stage.delivery.post_card(card_of(job)))
    await stage.mika.delete((await channel_messages(stage))[0])

    await stage.delivery.post_clip(post_of(job, clip))

    (message,) = await channel_messages(stage)
    assert "message_reference" not in message


async def test_a_clip_is_posted_without_a_reply_where_history_is_closed(stage: Stage, clip: Path) -> None:
    job = stage.job()
    job = replace(job, card_message_id=await stage.delivery.post_card(card_of(job)))
    stage.deny(Permission.READ_MESSAGE_HISTORY)

    posted = await stage.delivery.post_clip(post_of(job, clip))

    message = await stage.ada.message(stage.channel(), str(posted))
    assert "message_reference" not in message
    assert gallery(message)


async def test_a_place_that_takes_no_files_refuses(stage: Stage, clip: Path) -> None:
    stage.deny(Permission.ATTACH_FILES)

    with pytest.raises(DeliveryRefused):
        await stage.delivery.post_clip(post_of(stage.job(), clip))


async def test_a_clip_over_the_limit_is_too_large(stage: Stage, too_large: Path) -> None:
    with pytest.raises(ClipTooLarge):
        await stage.delivery.post_clip(post_of(stage.job(), too_large))


async def test_an_answer_of_413_is_too_large(stage: Stage, clip: Path) -> None:
    switch_on(stage, "server_error", "POST /channels", status=413, count=1)

    with pytest.raises(ClipTooLarge):
        await stage.delivery.post_clip(post_of(stage.job(), clip))


async def test_a_clip_that_was_deleted_is_not_posted_again(stage: Stage, clip: Path) -> None:
    post = post_of(stage.job(), clip)
    await stage.delivery.post_clip(post)
    await stage.mika.delete((await channel_messages(stage))[0])

    with pytest.raises(MessageGone):
        await stage.delivery.post_clip(post)


async def test_a_missing_file_is_no_matter_of_discords(stage: Stage, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await stage.delivery.post_clip(post_of(stage.job(), tmp_path / "gone.mp4"))


async def test_a_card_can_carry_the_clip_and_then_stays_as_it_is(stage: Stage, clip: Path) -> None:
    job = stage.job(state=JobState.STORED)
    job = replace(job, card_message_id=await stage.delivery.post_card(card_of(job)))

    await stage.delivery.edit_card(card_of(job, clip_here=clip))
    await stage.delivery.edit_card(card_of(job, clip_here=clip))
    await stage.delivery.edit_card(
        card_of(replace(job, state=JobState.POSTED, clip_message_id=job.card_message_id))
    )

    (message,) = await channel_messages(stage)
    assert texts(message).startswith("### Done")
    assert gallery(message)["media"]["url"]


async def test_a_card_refuses_a_clip_over_the_limit(stage: Stage, too_large: Path) -> None:
    job = stage.job(state=JobState.STORED)
    job = replace(job, card_message_id=await stage.delivery.post_card(card_of(job)))

    with pytest.raises(ClipTooLarge):
        await stage.delivery.edit_card(card_of(job, clip_here=too_large))


# faults on the way


@pytest.mark.parametrize(
    ("fault", "more"),
    [
        ("server_error", {"status": 503}),
        ("rate_limit", {"retry_after": 120}),
        ("server_error", {"status": 404}),
        ("lost_answer", {}),
    ],
)
async def test_what_may_pass_is_tried_again_later(stage: Stage, fault: str, more: Json) -> None:
    card = card_of(stage.job())
    switch_on(stage, fault, "POST /channels", count=1, **more)

    with pytest.raises(DeliveryUnavailable):
        await stage.delivery.post_card(card)
    await stage.delivery.post_card(card)

    assert len(await channel_messages(stage)) == 1


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, 30046, DeliveryUnavailable),  # too many edits of an old message
        (400, 40005, ClipTooLarge),
        (400, 50035, DeliveryRefused),  # an invalid form
        (400, 50083, ThreadArchived),  # an archived thread
        (400, 200000, DeliveryRefused),  # the server's own filter
        (401, 0, SettingsError),
        (403, 0, DeliveryUnavailable),  # a proxy's page, not Discord
        (403, 40333, DeliveryUnavailable),  # Cloudflare, which knows nothing of the place
        (403, 50001, DeliveryRefused),
        (403, 50013, DeliveryRefused),
        (404, 0, DeliveryUnavailable),
        (404, 10003, PlaceGone),
        (404, 10008, MessageGone),
        (413, 0, ClipTooLarge),
        (429, 0, DeliveryUnavailable),
        (429, 20028, DeliveryUnavailable),
        (502, 0, DeliveryUnavailable),
    ],
)
def test_every_answer_of_discord_has_its_meaning(status: int, code: int, meaning: type[DailiesError]) -> None:
    response: Any = SimpleNamespace(status=status, reason="")

    assert type(fault_of(discord.HTTPException(response, {"code": code, "message": "no"}))) is meaning


async def test_a_refused_token_names_the_setting_and_stops(stage: Stage) -> None:
    switch_on(stage, "server_error", "POST /channels", status=401, count=1)

    with pytest.raises(SettingsError, match="DAILIES_DISCORD_TOKEN"):
        await stage.delivery.post_card(card_of(stage.job()))


async def test_nothing_is_delivered_before_signing_in_or_after_signing_out(stage: Stage) -> None:
    card = card_of(stage.job())
    early = DiscordDelivery(new_client(stage))

    with pytest.raises(DeliveryUnavailable):
        await early.post_card(card)
    await stage.client.close()
    with pytest.raises(DeliveryUnavailable):
        await stage.delivery.post_card(card)


# finding what an earlier try posted


async def test_card_and_clip_are_found_again_and_told_apart(stage: Stage, clip: Path) -> None:
    job = stage.job()
    other = stage.job(2)
    await stage.ada.say(stage.channel(), "a chat between")
    card = await stage.delivery.post_card(card_of(job))
    posted = await stage.delivery.post_clip(post_of(job, clip))
    await stage.delivery.post_card(card_of(other))

    assert await stage.delivery.find_card(job.order.channel_id, job) == card
    assert await stage.delivery.find_clip(job.order.channel_id, job) == posted
    assert await stage.delivery.find_clip(other.order.channel_id, other) is None


async def test_what_was_never_posted_is_not_found_in_a_quiet_channel(stage: Stage) -> None:
    job = stage.job()

    assert await stage.delivery.find_card(job.order.channel_id, job) is None


async def test_a_closed_history_is_no_proof_of_absence(stage: Stage) -> None:
    job = stage.job()
    await stage.delivery.post_card(card_of(job))
    stage.deny(Permission.READ_MESSAGE_HISTORY)

    with pytest.raises(DeliveryRefused):
        await stage.delivery.find_card(job.order.channel_id, job)


async def test_a_history_too_long_to_read_is_no_proof_of_absence(stage: Stage) -> None:
    job = stage.job()
    for number in range(3):
        await stage.ada.say(stage.channel(), f"chat {number}")
    hasty = DiscordDelivery(stage.client, history_max=3)

    with pytest.raises(DeliveryRefused):
        await hasty.find_card(job.order.channel_id, job)


# what discord.py forgets


async def test_every_button_is_still_known_after_sends_and_edits(stage: Stage, clip: Path) -> None:
    before = known_buttons(stage.client)
    jobs = [stage.job(number) for number in range(1, 4)]
    for job in jobs:
        sent = replace(job, card_message_id=await stage.delivery.post_card(card_of(job)))
        for state in JobState:  # some cards have Cancel, some have lost it
            await stage.delivery.edit_card(card_of(replace(sent, state=state)))
        await stage.delivery.post_clip(post_of(sent, clip))

    assert before == {item.__name__ for item in DYNAMIC_ITEMS}
    assert known_buttons(stage.client) == before
    assert stage.client.persistent_views == []  # and no message is remembered for ever


async def test_a_button_still_answers_after_another_card_has_lost_it(stage: Stage) -> None:
    lost = stage.job(1)
    kept = stage.job(2)
    lost = replace(lost, card_message_id=await stage.delivery.post_card(card_of(lost)))
    await stage.delivery.post_card(card_of(kept))
    await stage.delivery.edit_card(card_of(replace(lost, state=JobState.POSTED)))
    message = (await channel_messages(stage))[1]

    answer = await stage.press(stage.ada, message, "cancel:")

    assert "This order is not known here." in texts(answer)


async def test_the_buttons_of_a_past_process_answer(stage: Stage) -> None:
    past = new_client(stage)
    await past.sign_in(stage.sandbox.bot_token)
    await DiscordDelivery(past).post_card(card_of(stage.job()))
    await past.close()
    (message,) = await channel_messages(stage)

    answer = await stage.press(stage.ada, message, "details:")

    assert "This order is not known here." in texts(answer)


def known_buttons(client: Client) -> set[str]:
    """The names of the classes that discord.py would hand a press to."""
    return {one.__name__ for one in client._connection._view_store._dynamic_items.values()}
