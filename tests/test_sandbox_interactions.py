"""Interactions: answered once, in time, by what fits; tokens that end; answers for one pair of eyes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.person import Person, PersonError
from tests.sandboxes import Clock, RawBot, person, raw_bot, running

GENERATE = {
    "name": "generate",
    "description": "Make it.",
    "options": [
        {"type": 3, "name": "model", "description": "Which.", "autocomplete": True},
    ],
}
BUTTON: dict[str, Any] = {"type": 2, "style": 1, "label": "Press", "custom_id": "b"}
SELECT: dict[str, Any] = {"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}]}
ROW: dict[str, Any] = {"type": 1, "components": [BUTTON]}
FORM = {
    "custom_id": "m",
    "title": "Form",
    "components": [
        {"type": 18, "label": "Line", "component": {"type": 4, "custom_id": "f", "style": 1}},
    ],
}
ORIGINAL = "/messages/@original"


def row_of(component: Any) -> dict[str, Any]:
    return {"type": 1, "components": [component]}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def bot(tmp_path: Path, clock: Clock) -> AsyncIterator[RawBot]:
    async with running(tmp_path, now=clock, upload_limit=1000) as sandbox, raw_bot(sandbox) as opened:
        await opened.sync(GENERATE, {"type": 3, "name": "Remix"})
        yield opened


@pytest.fixture
async def ada(bot: RawBot) -> AsyncIterator[Person]:
    async with person(bot.sandbox, "ada") as opened:
        yield opened


async def asked(bot: RawBot, ada: Person) -> dict[str, Any]:
    await ada.slash("generate", channel=ada.channel("dailies"))
    return await bot.next("INTERACTION_CREATE")


async def pressed(bot: RawBot, ada: Person) -> dict[str, Any]:
    sent = (await bot.post("dailies", {"content": "card", "components": [ROW]})).body
    await ada.press(sent, "b")
    return await bot.next("INTERACTION_CREATE")


async def test_an_interaction_is_answered_once(bot: RawBot, ada: Person) -> None:
    interaction = await asked(bot, ada)

    answers = await asyncio.gather(*(bot.answer(interaction, {"type": 5}) for _ in range(2)))

    assert sorted(one.status for one in answers) == [200, 400]
    assert max(answers, key=lambda one: one.status).code == 40060


async def test_two_answers_that_arrive_together_are_one(bot: RawBot, ada: Person) -> None:
    interaction = await asked(bot, ada)
    body = {"type": 4, "data": {"content": "x"}}

    calls = [bot.answer(interaction, body, files={"a.bin": b"x" * 900}) for _ in range(2)]
    answers = await asyncio.gather(*calls)

    assert sorted(one.status for one in answers) == [200, 400]
    assert len(await ada.messages(ada.channel("dailies"))) == 1


async def test_after_three_seconds_an_interaction_is_unknown(bot: RawBot, ada: Person, clock: Clock) -> None:
    interaction = await asked(bot, ada)
    clock.now += timedelta(seconds=3)

    answer = await bot.answer(interaction, {"type": 5})

    assert (answer.status, answer.code) == (404, 10062)


async def test_a_made_up_token_is_unknown(bot: RawBot, ada: Person) -> None:
    interaction = await asked(bot, ada)

    assert (await bot.answer(interaction | {"token": "other"}, {"type": 5})).code == 10062
    assert (await bot.hook("POST", interaction | {"token": "other"}, "", {"content": "x"})).code == 10015


async def test_before_the_answer_there_is_no_webhook(bot: RawBot, ada: Person) -> None:
    interaction = await asked(bot, ada)

    answer = await bot.hook("POST", interaction, "", {"content": "x"})

    assert (answer.status, answer.code) == (404, 10015)


async def test_a_token_lives_fifteen_minutes(bot: RawBot, ada: Person, clock: Clock) -> None:
    interaction = await asked(bot, ada)
    await bot.answer(interaction, {"type": 5})
    clock.now += timedelta(minutes=14)
    assert (await bot.hook("PATCH", interaction, ORIGINAL, {"content": "x"})).status == 200

    clock.now += timedelta(minutes=1)

    for method, rest in (("POST", ""), ("GET", ORIGINAL), ("PATCH", ORIGINAL), ("DELETE", ORIGINAL)):
        body = None if method in ("GET", "DELETE") else {"content": "x"}
        answer = await bot.hook(method, interaction, rest, body)
        assert (answer.status, answer.code) == (401, 50027)


@pytest.mark.parametrize("answer", [1, 6, 7, 8, 12, None, "4"])
async def test_a_command_takes_only_fitting_answers(bot: RawBot, ada: Person, answer: Any) -> None:
    interaction = await asked(bot, ada)

    refused = await bot.answer(interaction, {"type": answer, "data": {}})

    assert refused.fault("type") == "BASE_TYPE_CHOICES"
    assert (await bot.answer(interaction, {"type": 5})).status == 200


@pytest.mark.parametrize(
    ("data", "path", "fault"),
    [
        ({"content": "x" * 2001}, ("data", "content"), "BASE_TYPE_MAX_LENGTH"),
        ({"components": [{}], "content": "x"}, ("data", "components", 0, "type"), "BASE_TYPE_REQUIRED"),
    ],
)
async def test_a_wrong_answer_leaves_time_for_a_right_one(
    bot: RawBot, ada: Person, data: Any, path: tuple[str | int, ...], fault: str
) -> None:
    interaction = await asked(bot, ada)

    assert (await bot.answer(interaction, {"type": 4, "data": data})).fault(*path) == fault
    assert (await bot.answer(interaction, {"type": 4, "data": {}})).code == 50006
    assert (await bot.answer(interaction, {"type": 4, "data": {"content": "x"}})).status == 200


async def test_the_first_follow_up_completes_a_deferred_answer(bot: RawBot, ada: Person) -> None:
    interaction = await asked(bot, ada)
    deferred = (await bot.answer(interaction, {"type": 5, "data": {"flags": 64}})).body
    loading = await ada.wait_for_message(lambda message: bool(message["flags"] & 128))

    first = (await bot.hook("POST", interaction, "", {"content": "done"})).body
    second = (await bot.hook("POST", interaction, "", {"content": "and more"})).body

    assert deferred["interaction"]["response_message_loading"]
    assert deferred["interaction"]["response_message_ephemeral"]
    assert first["id"] == loading["id"] == deferred["interaction"]["response_message_id"]
    assert (first["flags"], first["edited_timestamp"]) == (64, None)
    assert second["id"] != first["id"]
    assert second["flags"] == 0  # visibility is each follow-up's own


async def test_two_follow_ups_at_once_complete_the_deferred_answer_once(bot: RawBot, ada: Person) -> None:
    interaction = await asked(bot, ada)
    await bot.answer(interaction, {"type": 5})

    calls = [bot.hook("POST", interaction, "", {}, files={"a.bin": b"x" * 900}) for _ in range(2)]
    first, second = await asyncio.gather(*calls)

    assert first.body["id"] != second.body["id"]
    assert len(await ada.messages(ada.channel("dailies"))) == 2


async def test_a_deferred_answer_keeps_the_visibility_of_its_moment(bot: RawBot, ada: Person) -> None:
    interaction = await asked(bot, ada)
    await bot.answer(interaction, {"type": 5})

    done = (await bot.hook("POST", interaction, "", {"content": "done", "flags": 64})).body

    assert done["flags"] == 0
    assert [one["id"] for one in await ada.messages(ada.channel("dailies"))] == [done["id"]]


async def test_the_layout_flag_comes_with_the_edit_not_with_the_deferral(bot: RawBot, ada: Person) -> None:
    interaction = await asked(bot, ada)
    await bot.answer(interaction, {"type": 5, "data": {"flags": 64}})
    layout = {"flags": 1 << 15, "components": [{"type": 10, "content": "card"}]}

    done = (await bot.hook("PATCH", interaction, ORIGINAL, layout)).body

    assert done["flags"] == 64 | 1 << 15


async def test_an_ephemeral_answer_is_for_its_asker_alone(bot: RawBot, ada: Person) -> None:
    interaction = await asked(bot, ada)
    shown = await bot.answer(interaction, {"type": 4, "data": {"content": "secret", "flags": 64}})
    message = shown.body["resource"]["message"]
    one = f"/channels/{message['channel_id']}/messages/{message['id']}"

    seen = await ada.wait_for_message(lambda found: found["id"] == message["id"])
    async with person(bot.sandbox, "mika") as mika:
        assert await mika.messages(message["channel_id"]) == []
        for who in (ada, mika):
            with pytest.raises(PersonError) as refused:
                await who.message(message["channel_id"], message["id"])
            assert refused.value.code == 10008
        with pytest.raises(PersonError):
            await mika.press(message, "b", unchecked=True)
        with pytest.raises(PersonError):
            await mika.react(message, "⭐")

    assert seen["content"] == "secret"
    for method in ("GET", "PATCH", "DELETE"):
        body = {"content": "x"} if method == "PATCH" else None
        assert (await bot.call(method, one, body)).code == 10008
    assert (await bot.hook("GET", interaction, ORIGINAL)).body["content"] == "secret"
    assert (await bot.hook("DELETE", interaction, ORIGINAL)).status == 204
    await ada.wait_for(lambda event: event.name == "MESSAGE_DELETE" and event.data["id"] == message["id"])
    assert (await bot.hook("PATCH", interaction, ORIGINAL, {"content": "x"})).code == 10008


async def test_a_token_reaches_its_own_messages_alone(bot: RawBot, ada: Person) -> None:
    first, second = await asked(bot, ada), await asked(bot, ada)
    for interaction in (first, second):
        await bot.answer(interaction, {"type": 4, "data": {"content": "x"}})
    mine = (await bot.hook("POST", first, "", {"content": "mine"})).body
    posted = (await bot.post("dailies", {"content": "the bot's own"})).body

    assert (await bot.hook("PATCH", first, f"/messages/{mine['id']}", {"content": "y"})).status == 200
    assert (await bot.hook("PATCH", second, f"/messages/{mine['id']}", {"content": "y"})).code == 10008
    assert (await bot.hook("DELETE", first, f"/messages/{posted['id']}")).code == 10008


async def test_a_press_can_update_its_message_or_answer_it(bot: RawBot, ada: Person) -> None:
    first, second = await pressed(bot, ada), await pressed(bot, ada)

    updated = (await bot.answer(first, {"type": 7, "data": {"content": "new", "components": []}})).body
    answered = (await bot.answer(second, {"type": 4, "data": {"content": "hello"}})).body

    assert updated["resource"]["type"] == 7
    assert updated["resource"]["message"]["id"] == first["message"]["id"]
    assert updated["resource"]["message"]["components"] == []
    reply = answered["resource"]["message"]
    assert reply["message_reference"]["message_id"] == second["message"]["id"]
    assert reply["interaction_metadata"]["interacted_message_id"] == second["message"]["id"]
    assert reply["mentions"] == []


async def test_a_deferred_update_makes_the_pressed_message_the_original(bot: RawBot, ada: Person) -> None:
    interaction = await pressed(bot, ada)

    assert "resource" not in (await bot.answer(interaction, {"type": 6})).body
    edited = (await bot.hook("PATCH", interaction, ORIGINAL, {"content": "later"})).body

    assert edited["id"] == interaction["message"]["id"]
    shown = await ada.wait_for_message(lambda message: message["content"] == "later")
    assert shown["id"] == edited["id"]


@pytest.mark.parametrize(
    ("components", "custom_id", "values"),
    [
        ([ROW], "other", None),
        ([row_of(BUTTON | {"disabled": True})], "b", None),
        ([row_of(SELECT)], "s", ["z"]),
        ([row_of(SELECT)], "s", []),
    ],
)
async def test_what_is_not_there_cannot_be_pressed(
    bot: RawBot, ada: Person, components: Any, custom_id: str, values: list[str] | None
) -> None:
    sent = (await bot.post("dailies", {"content": "card", "components": components})).body

    with pytest.raises(PersonError) as refused:
        await ada.press(sent, custom_id, values=values)
    await ada.press(sent, custom_id, values=values, unchecked=True)

    assert refused.value.code == 50035
    assert (await bot.next("INTERACTION_CREATE"))["data"]["custom_id"] == custom_id


async def test_a_form_is_shown_and_sent_in_by_the_same_person(bot: RawBot, ada: Person) -> None:
    press = await ada.slash("generate", channel=ada.channel("dailies"))
    interaction = await bot.next("INTERACTION_CREATE")
    await bot.answer(interaction, {"type": 9, "data": FORM})
    modal = await ada.modal(press)

    async with person(bot.sandbox, "bruno") as bruno:
        with pytest.raises(PersonError) as refused:
            await bruno.submit(modal, {"f": "x"})
    with pytest.raises(PersonError) as empty:
        await ada.submit(modal, {"f": ""})
    sent_in = await ada.submit(modal, {"f": "a boat"})
    submission = await bot.next("INTERACTION_CREATE")
    await bot.answer(submission, {"type": 4, "data": {"content": "thanks"}})

    assert refused.value.code == 10062
    assert empty.value.code == 50035
    (field,) = submission["data"]["components"]
    assert field["component"]["value"] == "a boat"
    assert field["component"]["id"] == modal["components"][0]["component"]["id"]
    assert (await ada.answer(sent_in))["content"] == "thanks"
    assert (await bot.hook("GET", interaction, ORIGINAL)).code == 10008


async def test_a_form_may_not_answer_a_form(bot: RawBot, ada: Person) -> None:
    press = await ada.slash("generate", channel=ada.channel("dailies"))
    await bot.answer(await bot.next("INTERACTION_CREATE"), {"type": 9, "data": FORM})
    await ada.submit(await ada.modal(press), {"f": "x"})
    submission = await bot.next("INTERACTION_CREATE")

    assert (await bot.answer(submission, {"type": 9, "data": FORM})).fault("type") == "BASE_TYPE_CHOICES"
    assert (await bot.answer(submission, {"type": 7, "data": {}})).fault("type") == "BASE_TYPE_CHOICES"


@pytest.mark.parametrize(
    ("choices", "path"),
    [
        ([{"name": str(one), "value": str(one)} for one in range(26)], ("choices",)),
        ([{"name": "", "value": "x"}], ("choices", 0, "name")),
        ([{"name": "x", "value": 5}], ("choices", 0, "value")),
        ([{"name": "x", "value": "x" * 101}], ("choices", 0, "value")),
        (None, ("choices",)),
    ],
)
async def test_proposals_that_discord_refuses(
    bot: RawBot, ada: Person, choices: Any, path: tuple[str | int, ...]
) -> None:
    typing = asyncio.create_task(ada.autocomplete("generate", "model", "so", channel=ada.channel("dailies")))
    interaction = await bot.next("INTERACTION_CREATE")

    refused = await bot.answer(interaction, {"type": 8, "data": {"choices": choices}})
    assert refused.fault("data", *path)
    await bot.answer(interaction, {"type": 8, "data": {"choices": [{"name": "Sora", "value": "sora"}]}})

    assert interaction["data"]["options"] == [{"name": "model", "type": 3, "value": "so", "focused": True}]
    assert await typing == [{"name": "Sora", "value": "sora"}]


async def test_a_file_in_an_answer_is_bound_by_the_limit(bot: RawBot, ada: Person) -> None:
    interaction = await asked(bot, ada)
    body = {"type": 4, "data": {"content": "x", "attachments": [{"id": 0, "description": "a clip"}]}}

    refused = await bot.answer(interaction, body, files={"a.mp4": b"x" * 1001})
    answered = await bot.answer(interaction, body, files={"a.mp4": b"x" * 1000})

    assert interaction["attachment_size_limit"] == 1000
    assert (refused.status, refused.code) == (413, 40005)
    (file,) = answered.body["resource"]["message"]["attachments"]
    assert (file["filename"], file["description"], file["size"]) == ("a.mp4", "a clip", 1000)


async def test_what_a_person_sends_is_looked_at(bot: RawBot, ada: Person) -> None:
    hidden = str(bot.sandbox.world.channel_named("mods").id)
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"type": 9, "channel_id": ada.channel("dailies"), "data": {}}, 50035),
        ({"type": 2, "channel_id": ada.channel("dailies"), "data": "x"}, 50035),
        ({"type": 2, "channel_id": ada.channel("dailies"), "data": {}, "application_id": "1"}, 50035),
        ({"type": 2, "channel_id": "1", "data": {}}, 10003),
        ({"type": 2, "channel_id": hidden, "data": {}}, 50001),
        ({"type": 3, "channel_id": ada.channel("dailies"), "message_id": "1", "data": {}}, 10008),
        ({"type": 5, "channel_id": ada.channel("dailies"), "data": {"components": []}}, 10062),
    ]
    for payload, code in wrong:
        with pytest.raises(PersonError) as refused:
            await ada.interaction(payload)
        assert refused.value.code == code
    assert (await bot.call("POST", "/interactions", {})).status == 401


async def test_a_press_in_a_channel_that_is_deleted_meets_an_unknown_channel(
    bot: RawBot, ada: Person
) -> None:
    interaction = await asked(bot, ada)
    world = bot.sandbox.world
    world.remove_channel(world.channel_named("dailies"))

    assert (await bot.answer(interaction, {"type": 5})).code == 10003


async def test_the_log_says_how_long_an_answer_took(bot: RawBot, ada: Person) -> None:
    await bot.answer(await asked(bot, ada), {"type": 5})

    (line,) = bot.sandbox.interactions.logged()

    assert (line["name"], line["answered_with"]) == ("generate", 5)
    assert 0 < line["acknowledged_ms"] < 5000
