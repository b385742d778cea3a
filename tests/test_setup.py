"""`/setup` over a real sandbox: one message from an empty server to a test clip, and run again."""

import random
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot import catalogue
from bot.domain import GuildId
from bot.ids import Ids
from bot.moderation.gate_settings import GateSettings
from bot.moderation.gates import Gate, Mode
from bot.ordering.pricing import Pricing
from bot.orders import Orders
from bot.places import Places, Purpose
from bot.sandbox.permissions import Permission
from bot.screening.screening import Screening
from cogs.ordering import Ordering
from cogs.setup_controls import Step
from storage import acts
from storage.acts import Wanted
from tests.library_scene import open_shelf
from tests.review_stage import MODS, Office, open_office
from tests.setup_scene import set_up, setting_up
from tests.stage import ASK_ABOVE, RICH, Json, Stage, button, open_stage, texts

REFUSED = "Setting up is for those who may manage this server."


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with (
        open_stage(tmp_path) as stage,
        open_shelf(stage, tmp_path) as shelf,
        open_office(stage, shelf, tmp_path) as opened,
    ):
        await Places(stage.database, now=stage.clock).put(Purpose.REVIEWS, None, by=stage.member("Mika"))
        await set_up(opened)
        yield opened


async def opened(stage: Stage, person: Any = None) -> Json:
    who = person or stage.mika
    return await who.answer(await who.slash("setup", channel=stage.channel()))


async def chosen(stage: Stage, message: Json, control: str, value: str, **raw: Any) -> Json:
    """Choose in the message, and the message as it then stands."""
    press = await stage.mika.press(message, f"setup:{control}", values=[value], **raw)
    return await stage.mika.wait_for_message(lambda m: bool(m["id"] == message["id"]), since=press.mark)


async def pressed(stage: Stage, message: Json, step: str) -> Json:
    press = await stage.mika.press(message, f"setup:do:{step}")
    return await stage.mika.wait_for_message(lambda m: bool(m["id"] == message["id"]), since=press.mark)


async def budget(stage: Stage, message: Json, limit: str) -> Json:
    form = await stage.mika.modal(await stage.mika.press(message, "setup:do:budget"))
    press = await stage.mika.submit(form, {"limit": limit}, unchecked=True)
    return await stage.mika.wait_for_message(lambda m: bool(m["id"] == message["id"]), since=press.mark)


def shown_in(message: Json, custom_id: str) -> list[str]:
    """What a select shows as chosen."""
    select = button(message, custom_id)
    values = [str(one["id"]) for one in select.get("default_values", [])]
    return values + [one["value"] for one in select.get("options", []) if one.get("default")]


async def test_a_manager_goes_from_an_empty_server_to_a_clip_in_one_message(office: Office) -> None:
    stage = office.stage
    clips, mods = stage.channel(), stage.channel(MODS)
    role = str(next(one.id for one in stage.sandbox.world.guild.roles.values() if one.name == "managers"))
    message = await opened(stage)
    for place, channel in (("clips", clips), ("reviews", mods), ("alerts", mods), ("log", mods)):
        message = await chosen(stage, message, f"channel:{place}", channel)
        assert f"<#{channel}> is chosen" in texts(message)
    message = await chosen(stage, message, "role", role)
    message = await chosen(stage, message, "gate:rendering", "first")
    message = await chosen(stage, message, "gate:showing", "off")
    message = await budget(stage, message, "5")
    assert "$5.00 a month for each member" in texts(message)
    message = await pressed(stage, message, "check")
    assert texts(message).count("✅") == 2

    message = await chosen(stage, message, "gate:rendering", "off")
    message = await pressed(stage, message, "finish")
    assert f"Its card in <#{clips}> shows how it goes" in texts(message)

    guild_id = GuildId(stage.sandbox.world.guild.id)
    named = await Places(stage.database, now=stage.clock).named(guild_id)
    assert {str(named[Purpose.CLIPS]), str(named[Purpose.REVIEWS])} == {clips, mods}
    known = await GateSettings(stage.database, now=stage.clock).all_of(guild_id)
    assert str(known.rules.moderator_role_id) == role
    assert known.default(Gate.SHOWING).mode is Mode.OFF
    (job,) = await stage.rows()
    assert (job.order.member, str(job.order.channel_id)) == (stage.member("Mika"), clips)
    assert not job.quote.costs_money


async def test_run_again_it_shows_what_is_set_and_changes_only_what_is_chosen(office: Office) -> None:
    stage = office.stage
    message = await opened(stage)
    assert shown_in(message, "setup:channel:clips") == []
    await chosen(stage, message, "channel:clips", stage.channel())
    await chosen(stage, message, "gate:showing", "first")
    await budget(stage, message, "2.50")
    before = await recorded(stage)

    again = await opened(stage)

    assert shown_in(again, "setup:channel:clips") == [stage.channel()]
    assert shown_in(again, "setup:channel:reviews") == []
    assert shown_in(again, "setup:gate:showing") == ["first"]
    assert "$2.50 a month" in texts(again)
    assert await recorded(stage) == before
    await chosen(stage, again, "gate:showing", "first")
    assert await recorded(stage) == before
    last = await chosen(stage, again, "channel:log", stage.channel(MODS))
    assert shown_in(last, "setup:channel:clips") == [stage.channel()]
    assert "$2.50 a month" in texts(last)


async def recorded(stage: Stage) -> list[str]:
    found = await stage.database.read(partial(acts.newest, wanted=Wanted(), limit=100))
    return [act.detail for act in found]


async def test_choices_are_on_record(office: Office) -> None:
    stage = office.stage
    message = await opened(stage)
    await chosen(stage, message, "channel:reviews", stage.channel(MODS))
    await chosen(stage, message, "gate:rendering", "all")

    told = "".join(await recorded(stage))
    assert "reviews_channel" in told
    assert '"now":"all"' in told.replace(" ", "")


@pytest.mark.parametrize(
    ("permission", "told"),
    [
        (Permission.SEND_MESSAGES, "may not post there"),
        (Permission.ATTACH_FILES, "may not post there"),
        (Permission.READ_MESSAGE_HISTORY, "allow it: Read Message History."),
    ],
)
async def test_a_channel_in_which_something_fails_is_not_chosen_whatever_our_copy_of_it_says(
    office: Office, permission: int, told: str
) -> None:
    stage = office.stage
    stage.deny(permission)  # without an event: what we know of the channel is behind
    before = await stage.mika.messages(stage.channel())

    message = await chosen(stage, await opened(stage), "channel:clips", stage.channel())

    assert told in texts(message)
    assert "was not chosen" in texts(message)
    assert await Places(stage.database, now=stage.clock).named(GuildId(stage.sandbox.world.guild.id)) == {}
    assert await stage.mika.messages(stage.channel()) == before


async def test_what_a_channel_lacks_is_named(office: Office) -> None:
    stage = office.stage

    message = await chosen(stage, await opened(stage), "channel:clips", stage.channel("read-only"))

    assert "This bot may not post there; allow it: Send Messages" in texts(message)


async def test_a_trial_leaves_nothing_behind_and_a_later_fault_is_found(office: Office) -> None:
    stage = office.stage
    message = await chosen(stage, await opened(stage), "channel:clips", stage.channel())
    message = await pressed(stage, message, "check")
    assert "✅" in texts(message)
    assert await stage.mika.messages(stage.channel()) == []

    stage.deny(Permission.ATTACH_FILES)
    message = await pressed(stage, message, "check")

    assert f"❌ <#{stage.channel()}> This bot may not post there" in texts(message)


async def test_a_channel_that_everybody_sees_is_none_for_reviews_or_acts(office: Office) -> None:
    stage = office.stage
    message = await opened(stage)
    for place in ("reviews", "log"):
        message = await chosen(stage, message, f"channel:{place}", stage.channel())
        assert "Everybody can see that channel" in texts(message)
        assert shown_in(message, f"setup:channel:{place}") == []


async def test_everybody_is_no_role_of_moderators(office: Office) -> None:
    stage = office.stage
    everyone = str(stage.sandbox.world.guild.id)

    message = await chosen(stage, await opened(stage), "role", everyone)

    assert "Everybody has that role" in texts(message)
    assert shown_in(message, "setup:role") == []


async def test_a_budget_that_is_no_amount_changes_nothing(office: Office) -> None:
    stage = office.stage
    message = await opened(stage)

    for typed in ("-1", "1e3", "NaN", "five"):
        message = await budget(stage, message, typed)
        assert "This is no amount that can be read in one way only. Nothing was changed." in texts(message)
        assert "none is set here" in texts(message)


async def test_of_two_managers_with_the_form_the_second_reads_what_the_first_did(office: Office) -> None:
    stage = office.stage
    message = await opened(stage)
    late = await stage.mika.modal(await stage.mika.press(message, "setup:do:budget"))
    await budget(stage, message, "10")

    press = await stage.mika.submit(late, {"limit": "20"}, unchecked=True)
    told = texts(await stage.mika.wait_for_message(lambda m: m["id"] == message["id"], since=press.mark))

    assert "has changed this meanwhile" in told
    assert "$10.00 a month for each member" in told


async def test_no_channel_no_clip(office: Office) -> None:
    stage = office.stage

    message = await pressed(stage, await opened(stage), "finish")

    assert "No channel is chosen for clips." in texts(message)
    assert await stage.rows() == []


async def test_who_lost_manage_server_can_press_nothing_more(office: Office) -> None:
    stage = office.stage
    message = await opened(stage)
    mika = stage.sandbox.world.guild.members[stage.sandbox.world.user_named("Mika").id]
    mika.roles.clear()
    managers = next(one for one in stage.sandbox.world.guild.roles.values() if one.name == "managers")
    managers.permissions = 0

    for control, value in (
        ("channel:clips", stage.channel()),
        ("role", str(managers.id)),
        ("gate:showing", "all"),
    ):
        assert REFUSED in await refused(stage, message, f"setup:{control}", values=[value])
    for step in Step:
        assert REFUSED in await refused(stage, message, f"setup:do:{step}")

    assert await recorded_gates(stage) == {}
    assert await Places(stage.database, now=stage.clock).named(GuildId(stage.sandbox.world.guild.id)) == {}


async def refused(stage: Stage, message: Json, control: str, **raw: Any) -> str:
    press = await stage.mika.press(message, control, unchecked=True, **raw)
    return texts(await stage.mika.answer(press))


async def recorded_gates(stage: Stage) -> dict[Any, Any]:
    known = await GateSettings(stage.database, now=stage.clock).all_of(GuildId(stage.sandbox.world.guild.id))
    return dict(known.by_channel)


async def test_a_channel_that_the_presser_cannot_see_is_none(office: Office) -> None:
    stage = office.stage
    message = await opened(stage)
    mika = stage.sandbox.world.user_named("Mika")
    guild = stage.sandbox.world.guild
    guild.members[mika.id].roles.clear()
    managers = next(one for one in guild.roles.values() if one.name == "managers")
    everyone = guild.roles[guild.id]
    everyone.permissions |= managers.permissions & ~Permission.ADMINISTRATOR

    for value in (stage.channel(MODS), "1", "-1", "x" * 30, str(2**64)):
        press = await stage.mika.press(message, "setup:channel:clips", values=[value], unchecked=True)
        told = texts(await stage.mika.wait_for_message(lambda m: m["id"] == message["id"], since=press.mark))
        assert "There is no such channel here. Nothing was changed." in told, value

    assert await Places(stage.database, now=stage.clock).named(GuildId(guild.id)) == {}


async def test_nothing_is_ordered_where_the_channel_was_closed_meanwhile(office: Office) -> None:
    stage = office.stage
    message = await chosen(stage, await opened(stage), "channel:clips", stage.channel())
    stage.deny(Permission.SEND_MESSAGES)

    message = await pressed(stage, message, "finish")

    assert f"Nothing was ordered in <#{stage.channel()}>. This bot may not post there" in texts(message)
    assert await stage.rows() == []


async def test_where_no_model_is_free_nothing_is_ordered_and_the_price_is_told(office: Office) -> None:
    stage = office.stage
    models = catalogue.load(None, providers=frozenset({"fal"}), now=stage.clock)
    orders = Orders(
        stage.database,
        Pricing(models, Screening([]), stage.material, now=stage.clock),
        limits=RICH,
        ids=Ids(stage.clock, random.Random(2).getrandbits),
        now=stage.clock,
        placed=stage.woken.append,
    )
    ordering = Ordering(
        orders, stage.budgets, models, stage.presets, confirm_above_micros=ASK_ABOVE, play_money=False
    )
    stage.client.setting_up = setting_up(office, ordering, models)
    message = await chosen(stage, await opened(stage), "channel:clips", stage.channel())

    told = texts(await pressed(stage, message, "finish"))

    assert "No model is free here, so nothing was ordered: a clip of " in told
    assert "would cost $0." in told
    assert await stage.rows() == []
