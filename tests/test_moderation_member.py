"""`/moderation member`, `/standing`, appeals and the operator's blocks, by people in the sandbox."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import discord
import pytest

from bot.domain import ChannelId, UserId
from bot.moderation.gate_settings import GateSettings
from bot.moderation.people import Measure
from bot.operating.control import carry_out
from bot.places import Places, Purpose
from bot.sandbox.permissions import Permission
from bot.sandbox.person import Person
from bot.sandbox.world import Role
from cogs.desk_buttons import DeskAct, DeskButton
from cogs.operator import operator
from cogs.operator_people import add_operator_blocks
from storage import acts
from storage.acts import Wanted
from tests.stage import Json, Stage, button, card_of, open_stage, texts


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def moderate(stage: Stage, command: str, person: Person | None = None, **options: object) -> str:
    press = await (person or stage.mika).slash(
        f"moderation {command}", {"member": str(stage.ada.id), **options}, channel=stage.channel()
    )
    return texts(await (person or stage.mika).answer(press))


async def standing(stage: Stage, person: Person | None = None) -> Json:
    who = person or stage.ada
    return await who.answer(await who.slash("standing", {}, channel=stage.channel()))


def makes_moderator(stage: Stage, name: str) -> None:
    """Let somebody manage messages, and no more."""
    world = stage.sandbox.world
    role = Role(
        id=world.snowflakes.next(), name="moderators", permissions=Permission.MANAGE_MESSAGES, position=9
    )
    world.guild.roles[role.id] = role
    world.guild.members[world.user_named(name).id].roles.append(role.id)


async def test_a_blocked_member_orders_nothing_and_reads_why_and_until_when(stage: Stage) -> None:
    done = await moderate(stage, "member block", reason="[spam](x) @everyone", days=3)
    refused = texts(await stage.ask(stage.ada, prompt="a paper boat"))
    until = int((stage.clock() + timedelta(days=3)).timestamp())

    assert "Block: no orders, no buttons" in done
    assert refused == (
        f"You are blocked from this bot on this server until <t:{until + 1}:f>. Nothing was charged. "
        "/standing says why, and takes an appeal."
    )
    shown = texts(await standing(stage))
    assert f"until <t:{until}:f>" in shown
    assert "\\[spam\\]\\(x\\) \\@everyone" in shown
    assert str(stage.mika.id) not in shown
    assert await stage.rows() == []

    stage.clock.advance(timedelta(days=3))
    assert "Ordered" in texts(await stage.ask(stage.ada, prompt="a paper boat"))


async def test_what_costs_or_shows_something_is_refused_to_a_blocked_member(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat")
    job = (await stage.rows())[0]
    card_id = await stage.delivery.post_card(card_of(job))
    card = await stage.mika.message(stage.channel(), str(card_id))
    quote = await stage.ask(stage.ada, prompt="a paper boat", duration=12, takes=4)
    await moderate(stage, "member block", reason="spam")

    details = texts(await stage.press(stage.ada, card, "details:"))
    answer = texts(await stage.answer_quote(stage.ada, quote, "yes"))
    cancelled = texts(await stage.press(stage.ada, card, "cancel:"))

    assert details.startswith("You are blocked from this bot on this server.")
    assert answer.startswith("You are blocked from this bot on this server.")
    assert cancelled == "Cancelled. Nothing was charged."  # what is theirs can always be taken back
    assert len(await stage.rows()) == 1


async def test_a_quote_from_before_a_cool_down_is_not_placed_in_it(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt="a paper boat", duration=12, takes=4)
    await moderate(stage, "member cooldown", reason="calm down", hours=1)

    answer = texts(await stage.answer_quote(stage.ada, quote, "yes"))

    assert answer.startswith("A cool-down keeps you from ordering here until <t:")
    assert await stage.rows() == []


async def test_strikes_add_up_and_are_lifted_from_a_list(stage: Stage) -> None:
    assert "has a strike: 1 counts now." in await moderate(stage, "member strike", reason="one")
    second = await moderate(stage, "member strike", reason="two")
    assert "2 count now" in second
    assert "by this server's rule about strikes" in second

    listed = await stage.moderated.people.open_of(stage.member("Ada"))
    strike = next(one for one in reversed(listed) if one.measure is Measure.STRIKE)
    choices = await stage.mika.autocomplete(
        "moderation member lift",
        "sanction",
        "",
        options={"member": str(stage.ada.id)},
        channel=stage.channel(),
    )
    assert {one["value"] for one in choices} == {one.id for one in listed}
    assert "Lifted for" in await moderate(stage, "member lift", sanction=strike.id)
    shown = await moderate(stage, "member show")

    assert "in good standing, 1 strike counts." in shown
    assert shown.count("lifted <t:") == 2
    assert f"by <@{stage.mika.id}>" in shown


async def test_a_server_sets_its_own_rule_of_strikes(stage: Stage) -> None:
    press = await stage.mika.slash(
        "moderation strikes", {"cooldown_at": 0, "block_at": 1, "block_days": 2}, channel=stage.channel()
    )
    told = texts(await stage.mika.answer(press))

    assert told == "A strike counts for 90 days. From 1 on, a block of 2 d follows."
    assert "Block: no orders" in await moderate(stage, "member strike", reason="spam")


async def test_moderators_cannot_act_on_themselves_on_bots_or_above_them(stage: Stage) -> None:
    world = stage.sandbox.world
    makes_moderator(stage, "Bruno")
    own = await moderate(stage, "member warn", member=str(stage.mika.id), reason="spam")
    bot = await moderate(stage, "member warn", member=str(world.bot.id), reason="spam")
    manager = await moderate(
        stage, "member block", stage.bruno, member=str(stage.mika.id), reason="she is in my way"
    )

    assert own.startswith("Nobody decides about themselves. Nothing was changed.")
    assert bot.startswith("A bot orders nothing.")
    assert manager.startswith("This person manages the server, and you do not.")
    assert not (await stage.moderated.people.standing(stage.member("Mika"))).is_blocked


async def test_an_appeal_is_decided_by_another_moderator_and_once(stage: Stage) -> None:
    await moderate(stage, "member block", reason="spam")
    shown = await standing(stage)
    press = await stage.ada.press(shown, button(shown, "desk:appeal:")["custom_id"])
    form = await stage.ada.modal(press)
    sent = await stage.ada.submit(form, {"words": "it was **not** me"})
    assert texts(await stage.ada.answer(sent)).startswith("Your appeal is with the moderators")

    listed = await stage.mika.answer(
        await stage.mika.slash("moderation appeals", {}, channel=stage.channel())
    )
    assert "it was \\*\\*not\\*\\* me" in texts(listed)
    own = texts(await stage.press(stage.mika, listed, "desk:grant:"))
    assert own.startswith("Another moderator decides this")
    (sanction,) = await stage.moderated.people.open_of(stage.member("Ada"))
    again = texts(await stage.press(stage.ada, shown, "desk:appeal:"))
    assert again.startswith("You have appealed this before")

    bruno = stage.member("Bruno")
    await stage.moderated.appeals.decide(sanction.id, granted=True, by=bruno)
    late = texts(await stage.press(stage.mika, listed, "desk:refuse:"))
    assert late.startswith(f"It was granted by <@{bruno.user_id}>.")
    assert "Your appeal was granted" in texts(await standing(stage))
    assert "Ordered" in texts(await stage.ask(stage.ada, prompt="a paper boat"))
    verbs = [one.verb for one in await stage.database.read(lambda tx: acts.newest(tx, Wanted(), limit=9))]
    assert verbs == ["member.unblocked", "appeal.upheld", "appeal.made", "member.blocked"]


async def test_whoever_has_the_named_role_decides_and_changes_rules_as_who_manages_messages(
    stage: Stage,
) -> None:
    people, ada = stage.moderated.people, stage.member("Ada")
    made = await people.sanction(ada, Measure.BLOCK, by=UserId(9), reason="spam")
    await stage.moderated.appeals.appeal(made.id, "no", by=ada)
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.ActionRow(DeskButton(DeskAct.GRANT, made.id)))
    view.add_item(discord.ui.ActionRow(DeskButton(DeskAct.RULES_WHAT, stage.channel())))
    posted = await stage.client.get_partial_messageable(int(stage.channel())).send(view=view)
    message = await stage.bruno.message(stage.channel(), str(posted.id))
    assert texts(await stage.press(stage.bruno, message, "desk:grant:")).startswith("This is for moderators.")

    world = stage.sandbox.world
    role = next(one for one in world.guild.roles.values() if one.name == "managers")
    role.permissions = 0
    world.guild.members[world.user_named("Bruno").id].roles.append(role.id)
    settings = GateSettings(stage.database, now=stage.clock)
    await settings.change_rules({"moderator_role_id": role.id}, by=stage.member("Mika"))

    assert texts(await stage.press(stage.bruno, message, "desk:grant:")).startswith("Granted")
    form = await stage.bruno.press(message, button(message, "desk:what:")["custom_id"])
    assert "Who and what" in str(await stage.bruno.modal(form))


async def test_more_appeals_than_a_message_takes_are_shown_as_far_as_there_is_room(stage: Stage) -> None:
    people, appeals = stage.moderated.people, stage.moderated.appeals
    ada, bruno = stage.member("Ada"), stage.member("Bruno").user_id

    async def appealed(count: int, words: str) -> None:
        for _number in range(count):
            made = await people.sanction(ada, Measure.WARNING, by=bruno, reason="spam")
            await appeals.appeal(made.id, words, by=ada)

    async def listed() -> Json:
        return await stage.mika.answer(
            await stage.mika.slash("moderation appeals", {}, channel=stage.channel())
        )

    await appealed(9, "no")
    of_short_ones = await listed()
    await stage.database.write(lambda tx: tx.execute("DELETE FROM appeals"))
    await appealed(9, "(no) " * 200)
    of_long_ones = await listed()

    assert texts(of_short_ones).count("### Appeal of") == 7
    assert "2 more wait behind these" in texts(of_short_ones)
    assert texts(of_long_ones).count("### Appeal of") == 2
    assert "7 more wait behind these" in texts(of_long_ones)


async def test_whatever_was_done_about_somebody_fits_into_what_is_shown_of_it(stage: Stage) -> None:
    people, ada = stage.moderated.people, stage.member("Ada")
    for _number in range(9):
        await people.sanction(
            ada, Measure.BLOCK, by=stage.member("Bruno").user_id, reason="(:|-_*`#@" * 40 + "end"
        )

    own = texts(await standing(stage))
    of_moderators = await moderate(stage, "member show")

    assert own.count("Block: no orders") == 5
    assert "… and 4 more" in own
    assert of_moderators.count("Block: no orders") == 5


async def test_the_moderators_channel_shows_an_appeal_once_and_a_member_cannot_decide(stage: Stage) -> None:
    place = stage.sandbox.world.channel_named("showcase")
    places = Places(stage.database, now=stage.clock)
    await places.put(Purpose.REPORTS, ChannelId(place.id), by=stage.member("Mika"))
    people, appeals = stage.moderated.people, stage.moderated.appeals
    made = await people.sanction(
        stage.member("Ada"), Measure.BLOCK, by=stage.member("Bruno").user_id, reason="spam"
    )
    await appeals.appeal(made.id, "it was not me", by=stage.member("Ada"))

    duty = asyncio.create_task(appeals.telling.run())
    told = stage.mika.wait_for_message(lambda m: m["channel_id"] == str(place.id), since=0)
    card = await told
    duty.cancel()

    assert "it was not me" in texts(card)
    assert texts(await stage.press(stage.ada, card, "desk:grant:")).startswith("This is for moderators.")
    refused = texts(await stage.press(stage.mika, card, "desk:refuse:"))
    assert refused.startswith("Refused: it stays for")
    assert "Your appeal was refused" in texts(await standing(stage))


async def test_the_operator_blocks_everywhere_and_nobody_else_can(stage: Stage) -> None:
    operators = frozenset({UserId(int(stage.mika.id))})
    change = partial(carry_out, stage.database, now=stage.clock)
    stage.client.tree.add_command(operator(operators, change, resumed=lambda: None))
    add_operator_blocks(stage.client.tree, operators, stage.moderated.people)
    await stage.client.tree.sync()

    for registered in stage.sandbox.commands.listed(None):  # as where it was opened to all under Integrations
        registered["default_member_permissions"] = None

    async def operate(command: str, person: Person = stage.mika, **options: object) -> str:
        options = {"member": str(stage.ada.id), **options}
        press = await person.slash(f"operator {command}", options, channel=stage.channel())
        return texts(await person.answer(press))

    for command, options in (("block", {"reason": "fraud"}), ("unblock", {})):
        refused = await operate(command, stage.bruno, **options)
        assert refused.startswith("Only whoever runs this bot can do that.")
    assert "Ordered" in texts(await stage.ask(stage.ada, prompt="a paper boat"))

    assert "by whoever runs this bot" in await operate("block", reason="fraud")
    refused = texts(await stage.ask(stage.ada, prompt="a paper boat"))
    assert refused == (
        "Whoever runs this bot has blocked you from it. Nothing was charged. /standing says why."
    )
    assert "may use this bot again" in await operate("unblock")
    assert "Nothing holds against" in await operate("unblock")
    assert "Ordered" in texts(await stage.ask(stage.ada, prompt="a paper boat"))
