import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from discord import ui

from bot.domain import Limits, Micros
from bot.orders import QUOTE_HOLDS
from bot.sandbox.permissions import Permission
from bot.sandbox.person import Person
from bot.sandbox.world import PUBLIC_THREAD, Channel
from cogs.answers import WENT_WRONG_ORDERING
from cogs.buttons import QuoteButton
from tests.stage import Json, Stage, custom_ids, open_stage, texts

EPHEMERAL = 64
NOTHING_CHARGED = "Nothing was charged."


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def assert_refused(stage: Stage, answer: Json, *, saying: str) -> None:
    """One plain sentence for one reader, no row, no money."""
    assert answer["flags"] & EPHEMERAL
    assert NOTHING_CHARGED in texts(answer)
    assert saying in texts(answer)
    assert custom_ids(answer) == []
    assert await stage.rows() == []
    assert (await stage.money("Ada")).used_micros == 0


async def test_a_small_order_is_placed_at_once(stage: Stage) -> None:
    answer = await stage.ask(stage.ada, prompt="a paper boat")

    (job,) = await stage.rows()
    assert answer["flags"] & EPHEMERAL
    assert "Ordered. $0.40 of play money is set aside" in texts(answer)
    assert f"<#{stage.channel()}>" in texts(answer)
    assert (job.order.prompt, job.order.member) == ("a paper boat", stage.member("Ada"))
    assert (await stage.money("Ada")).held_micros == 400_000
    assert stage.woken == [job.id]


async def test_every_option_reaches_the_order(stage: Stage) -> None:
    await stage.ask(
        stage.ada,
        prompt="rain",
        model="studio",
        resolution="1080p",
        aspect_ratio="9:16",
        duration=8,
        seed=7,
    )

    (job,) = await stage.rows()
    order = job.order
    assert (order.model, order.resolution, order.aspect_ratio) == ("studio", "1080p", "9:16")
    assert (order.duration_s, order.seed) == (8, 7)
    assert str(order.channel_id) == stage.channel()


async def test_a_dear_order_is_quoted_and_holds_nothing_until_confirmed(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt="a paper boat", duration=20)

    assert quote["flags"] & EPHEMERAL
    assert "$2.00 (20 s at $0.10 a second)" in texts(quote)
    assert "play money" in texts(quote)
    assert "$10.00 left, $8.00 after this" in texts(quote)
    assert "storyboard, not AI" in texts(quote)
    assert await stage.rows() == []

    receipt = await stage.answer_quote(stage.ada, quote, "yes")

    (job,) = await stage.rows()
    assert "Ordered. $2.00" in texts(receipt)
    assert custom_ids(receipt) == []
    assert job.order.duration_s == 20
    assert (await stage.money("Ada")).held_micros == 2_000_000


async def test_a_cheap_order_that_is_not_quite_what_was_typed_is_placed_as_it_was_quoted(
    stage: Stage,
) -> None:
    quote = await stage.ask_raw(stage.ada, [PROMPT, option("duration", 9, 4)])
    assert "$0.80 (8 s at $0.10 a second)" in texts(quote)
    assert await stage.rows() == []

    receipt = await stage.answer_quote(stage.ada, quote, "yes")

    (job,) = await stage.rows()
    assert "Ordered. $0.80" in texts(receipt)
    assert (job.order.duration_s, job.quote.price_micros) == (8, 800_000)


async def test_a_declined_quote_orders_nothing_for_good(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt="a paper boat", duration=20)
    yes = await stage.client.get_partial_messageable(int(stage.channel())).send(
        view=quote_buttons(custom_ids(quote)[0].split(":")[1])
    )

    declined = await stage.answer_quote(stage.ada, quote, "no")
    refused = await stage.answer_quote(
        stage.ada, await stage.ada.message(stage.channel(), str(yes.id)), "yes"
    )

    assert "Nothing was charged" in texts(declined)
    await assert_refused(
        stage, refused | {"flags": EPHEMERAL}, saying="This quote was declined or has expired."
    )


async def test_a_quote_that_is_pressed_twice_at_once_is_one_order(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt="a paper boat", duration=20)
    (yes,) = [one for one in custom_ids(quote) if one.endswith("yes")]

    presses = await asyncio.gather(stage.ada.press(quote, yes), stage.ada.press(quote, yes))
    outcomes = [await stage.ada.outcome(press) for press in presses]
    receipt = await stage.ada.wait_for_message(
        lambda message: bool(message["id"] == quote["id"]), since=presses[0].mark
    )

    assert outcomes == ["INTERACTION_SUCCESS"] * 2
    assert "Ordered." in texts(receipt)
    assert len(await stage.rows()) == 1
    assert (await stage.money("Ada")).held_micros == 2_000_000


async def test_an_expired_quote_is_refused(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt="a paper boat", duration=20)
    stage.clock.advance(QUOTE_HOLDS + timedelta(seconds=1))

    answer = await stage.answer_quote(stage.ada, quote, "yes")

    await assert_refused(stage, answer, saying="This quote was declined or has expired.")


async def test_nobody_can_answer_the_quote_of_another(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt="a paper boat", duration=20)
    quote_id = custom_ids(quote)[0].split(":")[1]
    shown = await stage.client.get_partial_messageable(int(stage.channel())).send(
        view=quote_buttons(quote_id)
    )
    message = await stage.bruno.message(stage.channel(), str(shown.id))

    answer = await stage.answer_quote(stage.bruno, message, "yes")

    assert "not yours" in texts(answer)
    assert NOTHING_CHARGED in texts(answer)
    assert await stage.rows() == []
    assert "Ordered." in texts(await stage.answer_quote(stage.ada, quote, "yes"))


async def test_a_quote_with_no_room_left_is_refused_when_confirmed(stage: Stage) -> None:
    quotes = [await stage.ask(stage.ada, prompt="a paper boat", duration=20) for _ in range(6)]

    answers = [await stage.answer_quote(stage.ada, quote, "yes") for quote in quotes]

    assert ["Ordered." in texts(answer) for answer in answers] == [True] * 5 + [False]
    assert "$2.00 too little" in texts(answers[-1])
    assert NOTHING_CHARGED in texts(answers[-1])
    assert (await stage.money("Ada")).held_micros == 10_000_000


def option(name: str, value: object, kind: int = 3) -> Json:
    return {"type": kind, "name": name, "value": value}


PROMPT = option("prompt", "a paper boat")

BAD_INPUT = {
    "an empty prompt": ([option("prompt", "")], "The prompt is empty."),
    "only spaces": ([option("prompt", " \n\t ")], "The prompt is empty."),
    "only invisible characters": ([option("prompt", "\u200b\u200e\u2060")], "The prompt is empty."),
    "half a character": ([option("prompt", "a \ud83c boat")], "a character that is no text"),
    "a prompt over the limit": ([option("prompt", "a" * 4_001)], "4,001 characters"),
    "no duration at all": ([PROMPT, option("duration", 0, 4)], "Choose one of: 4, 8, 12, 16, 20."),
    "a negative duration": ([PROMPT, option("duration", -4, 4)], "Choose one of: 4, 8, 12, 16, 20."),
    "an endless duration": ([PROMPT, option("duration", 10**18, 4)], "Choose one of: 4, 8, 12, 16, 20."),
    "a size that is none": ([PROMPT, option("resolution", "0x0")], "Choose one of: 720p, 1080p."),
    "a shape that is none": ([PROMPT, option("aspect_ratio", "banana")], "Choose one of: 16:9, 9:16."),
    "an unknown model": ([PROMPT, option("model", "dream-9")], "There is no such model here."),
    "a negative seed": ([PROMPT, option("seed", -1, 4)], "Choose one from 0 to"),
    "a huge seed": ([PROMPT, option("seed", 2**40, 4)], "Choose one from 0 to"),
    "no prompt": ([option("duration", 4, 4)], "Pick it again from the list"),
    "no options": ([], "Pick it again from the list"),
    "a number for a prompt": ([option("prompt", 12, 4)], "Pick it again from the list"),
    "a number called text": ([option("prompt", 12)], "Pick it again from the list"),
    "text called a number": ([PROMPT, option("duration", "4", 4)], "Pick it again from the list"),
    "text for a duration": ([PROMPT, option("duration", "4")], "Pick it again from the list"),
    "a truth for a duration": ([PROMPT, option("duration", True, 4)], "Pick it again from the list"),
    "a fraction for a duration": ([PROMPT, option("duration", 4.5, 10)], "Pick it again from the list"),
    "a person for a prompt": ([option("prompt", "1573663433683894273", 6)], "Pick it again from the list"),
    "a file for a prompt": ([option("prompt", "0", 11)], "Pick it again from the list"),
    "an option that is not there": ([PROMPT, option("price", 0, 4)], "Pick it again from the list"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
async def test_bad_input_gets_one_plain_sentence_and_costs_nothing(stage: Stage, case: str) -> None:
    options, saying = BAD_INPUT[case]

    answer = await stage.ask_raw(stage.ada, options)

    await assert_refused(stage, answer, saying=saying)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (option("duration", 5, 4), "4 s instead of 5 s: Studio has only 4, 8, 12, 16, 20."),
        (option("resolution", "9000p"), "1080p instead of 9000p: Studio has only 720p, 1080p."),
        (option("aspect_ratio", "1:1"), "16:9 instead of 1:1: Studio has only 16:9, 9:16."),
    ],
)
async def test_what_is_not_there_is_quoted_as_the_nearest_that_is(
    stage: Stage, typed: Json, says: str
) -> None:
    answer = await stage.ask_raw(stage.ada, [PROMPT, typed])

    assert says in texts(answer).replace("\\", "")
    assert "Nothing is charged until you confirm." in texts(answer)
    assert await stage.rows() == []


async def test_a_word_of_the_operators_list_is_refused(tmp_path: Path) -> None:
    async with open_stage(tmp_path, words=("kraken",)) as stage:
        answer = await stage.ask(stage.ada, prompt="a KRAKEN in a bathtub")

        await assert_refused(stage, answer, saying="a word that is not allowed here")
        assert "kraken" not in texts(answer).casefold()


async def test_a_budget_too_small_is_named_with_what_is_missing(tmp_path: Path) -> None:
    limits = Limits(member_monthly_micros=Micros(300_000), installation_monthly_micros=Micros(10**9))
    async with open_stage(tmp_path, limits=limits) as stage:
        at_once = await stage.ask(stage.ada, prompt="a paper boat")
        quoted = await stage.ask(stage.ada, prompt="a paper boat", duration=20)

        await assert_refused(stage, at_once, saying="This costs $0.40 and your budget has $0.30 left")
        await assert_refused(stage, quoted, saying="$1.70 too little")


async def test_paid_models_are_refused_until_the_operator_sets_a_limit(tmp_path: Path) -> None:
    async with open_stage(tmp_path, limits=Limits()) as stage:
        answer = await stage.ask(stage.ada, prompt="a paper boat")

        await assert_refused(stage, answer, saying="Models that cost money are switched off here.")


async def test_what_is_free_is_called_free(tmp_path: Path) -> None:
    async with open_stage(
        tmp_path, limits=Limits(), second_micros=None, confirm_above_micros=Micros(0)
    ) as stage:
        answer = await stage.ask(stage.ada, prompt="a paper boat", duration=20)

        assert "Ordered. It is free." in texts(answer)
        assert len(await stage.rows()) == 1


async def test_a_place_where_the_bot_may_not_write_is_refused_before_any_money(stage: Stage) -> None:
    answer = await stage.ask(stage.ada, channel="read-only", prompt="a paper boat")

    await assert_refused(stage, answer, saying="it lacks: Send Messages")


async def test_a_place_where_the_bot_may_not_attach_is_refused_before_any_money(stage: Stage) -> None:
    stage.deny(Permission.ATTACH_FILES)

    answer = await stage.ask(stage.ada, prompt="a paper boat")

    await assert_refused(stage, answer, saying="it lacks: Attach Files.")


async def test_a_thread_is_asked_for_its_own_permission(stage: Stage) -> None:
    stage.deny(Permission.SEND_MESSAGES)
    thread = add_thread(stage)

    assert "Ordered." in texts(await stage.ask(stage.ada, channel=thread, prompt="a paper boat"))

    stage.deny(Permission.SEND_MESSAGES_IN_THREADS)
    refused = texts(await stage.ask(stage.ada, channel=thread, prompt="a paper boat"))
    assert "it lacks: Send Messages in Threads" in refused
    assert NOTHING_CHARGED in refused


async def test_a_locked_thread_is_refused_before_any_money(stage: Stage) -> None:
    thread = add_thread(stage, locked=True)

    answer = await stage.ask(stage.ada, channel=thread, prompt="a paper boat")

    await assert_refused(stage, answer, saying="Manage Threads (this one is locked)")


async def test_outside_servers_nothing_can_be_ordered(stage: Stage) -> None:
    world = stage.sandbox.world
    direct = world.direct_channel(world.user_named("Ada"), world.bot)
    data = {"id": "1", "version": "1", "name": "generate", "type": 1, "options": [PROMPT]}
    payload = {"type": 2, "channel_id": str(direct.id), "guild_id": None, "data": data}

    answer = await stage.ada.answer(await stage.ada.interaction(payload, unchecked=True))

    await assert_refused(stage, answer, saying="This works in servers only.")


async def test_a_command_that_is_gone_is_answered(stage: Stage) -> None:
    data = {"id": "1", "version": "1", "name": "animate", "type": 1, "options": []}
    payload = {"type": 2, "channel_id": stage.channel(), "data": data}

    answer = await stage.ada.answer(await stage.ada.interaction(payload, unchecked=True))

    await assert_refused(stage, answer, saying="Pick it again from the list")


async def test_a_place_without_history_will_do(stage: Stage) -> None:
    stage.deny(Permission.READ_MESSAGE_HISTORY)

    answer = await stage.ask(stage.ada, prompt="a paper boat")

    assert "Ordered." in texts(answer)


async def test_a_process_that_stops_takes_no_more_orders(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt="a paper boat", duration=20)
    stage.client.stop_taking_orders()

    asked = await stage.ask(stage.ada, prompt="a paper boat")
    confirmed = await stage.answer_quote(stage.ada, quote, "yes")

    await assert_refused(stage, asked, saying="The bot is restarting.")
    await assert_refused(stage, confirmed, saying="The bot is restarting.")


async def test_the_command_is_acknowledged_ephemerally_before_anything_else(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat")

    first = next(one for one in stage.sandbox.log.since(0) if one.path.startswith("/interactions/"))
    assert first.body == {"type": 5, "data": {"flags": EPHEMERAL}}


async def test_a_lost_acknowledgement_still_makes_one_order(stage: Stage) -> None:
    stage.sandbox.faults.switch_on({"name": "lost_answer", "route": "/callback", "count": 1})

    answer = await stage.ask(stage.ada, prompt="a paper boat")

    assert "Ordered." in texts(answer)
    assert len(await stage.rows()) == 1


async def test_a_lost_receipt_leaves_the_order_standing(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.sandbox.faults.switch_on(
        {"name": "server_error", "route": "/messages/@original", "status": 404, "count": 1}
    )

    press = await stage.ada.slash("generate", {"prompt": "a boat"}, channel=stage.channel())
    await stage.ada.outcome(press)
    await stage.ask(stage.bruno, prompt="another")

    assert len(await stage.rows()) == 2
    assert [record.getMessage()[:11] for record in caplog.records if has_code(record, "answer_lost")] == [
        "answer lost"
    ]


async def test_a_fault_of_ours_is_told_truthfully_and_logged_whole(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.database.write(lambda tx: tx.execute("DROP TABLE quotes").rowcount)

    answer = await stage.ask(stage.ada, prompt="a paper boat", duration=20)

    assert texts(answer) == WENT_WRONG_ORDERING
    assert answer["flags"] & EPHEMERAL
    (record,) = [record for record in caplog.records if has_code(record, "interaction_failed")]
    assert record.exc_info is not None
    assert vars(record)["interaction"] > 0


async def test_models_are_proposed_while_typing(stage: Stage) -> None:
    some = await stage.ada.autocomplete("generate", "model", "STU", channel=stage.channel())
    none = await stage.ada.autocomplete("generate", "model", "dream", channel=stage.channel())

    assert [choice["value"] for choice in some] == ["studio"]
    assert some[0]["name"].startswith("Studio: ")
    assert none == []


async def test_the_form_offers_what_the_catalogue_has(stage: Stage) -> None:
    command = next(one for one in await stage.ada.commands() if one["name"] == "generate")

    options = {one["name"]: one for one in command["options"]}
    assert [choice["value"] for choice in options["resolution"]["choices"]] == ["720p", "1080p"]
    assert [choice["value"] for choice in options["aspect_ratio"]["choices"]] == ["16:9", "9:16"]
    assert [choice["value"] for choice in options["duration"]["choices"]] == [4, 8, 12, 16, 20]
    assert (options["prompt"]["min_length"], options["prompt"]["max_length"]) == (1, 4_000)
    assert (options["seed"]["min_value"], options["seed"]["max_value"]) == (0, 2**31 - 1)
    assert command["contexts"] == [0]
    assert command["integration_types"] == [0]


async def test_forty_orders_at_once_never_pass_the_budget(stage: Stage) -> None:
    async def order(person: Person) -> str:
        return texts(await stage.ask(person, prompt="a paper boat"))

    answers = await asyncio.gather(*(order(stage.ada) for _ in range(40)))

    assert sum("Ordered." in answer for answer in answers) == 25
    assert (await stage.money("Ada")).held_micros == 10_000_000


def add_thread(stage: Stage, *, locked: bool = False) -> str:
    """The name of a new thread of the first channel."""
    world = stage.sandbox.world
    thread = Channel(
        id=world.snowflakes.next(),
        type=PUBLIC_THREAD,
        guild_id=world.guild.id,
        name="takes",
        parent_id=world.channel_named("dailies").id,
        owner_id=world.user_named("Ada").id,
        locked=locked,
    )
    world.add_channel(thread)
    return "takes"


def quote_buttons(quote_id: str) -> ui.LayoutView:
    """A public message with the buttons of a quote, as nobody but a forger would make one."""
    view = ui.LayoutView(timeout=None)
    view.add_item(
        ui.ActionRow(
            QuoteButton(quote_id, accepts=True, label="Confirm"),
            QuoteButton(quote_id, accepts=False, label="Cancel"),
        )
    )
    return view


def has_code(record: logging.LogRecord, code: str) -> bool:
    return getattr(record, "code", None) == code
