"""Messages: what Discord refuses to post, whom they mention, the nonce that makes them once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.permissions import Permission
from bot.sandbox.person import PersonError
from bot.sandbox.world import Overwrite
from tests.sandboxes import Clock, RawBot, files_in, path_of, person, raw_bot, running

V2 = 1 << 15
TEXT = {"type": 10, "content": "hello"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def bot(tmp_path: Path, clock: Clock) -> AsyncIterator[RawBot]:
    async with running(tmp_path, now=clock, upload_limit=1000) as sandbox, raw_bot(sandbox) as opened:
        yield opened


def deny(bot: RawBot, channel: str, denied: int) -> None:
    """Take a permission from the bot in a channel."""
    found = bot.sandbox.world.channel_named(channel)
    found.overwrites[bot.application_id] = Overwrite(id=bot.application_id, is_member=True, deny=denied)


@pytest.mark.parametrize(
    ("body", "path", "fault"),
    [
        ({"content": "x" * 2001}, ("content",), "BASE_TYPE_MAX_LENGTH"),
        ({"content": 5}, ("content",), "STRING_TYPE_CONVERT"),
        ({"content": "x", "nonce": "n" * 26}, ("nonce",), "BASE_TYPE_MAX_LENGTH"),
        ({"content": "x", "flags": "many"}, ("flags",), "NUMBER_TYPE_COERCE"),
        ({"embeds": [{"title": "x" * 257}]}, ("embeds", 0, "title"), "BASE_TYPE_MAX_LENGTH"),
        (
            {"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]},
            ("embeds",),
            "MAX_EMBED_SIZE_EXCEEDED",
        ),
        ({"embeds": [{"title": "x"}] * 11}, ("embeds",), "BASE_TYPE_BAD_LENGTH"),
        (
            {"embeds": [{"fields": [{"name": "x"}]}]},
            ("embeds", 0, "fields", 0, "value"),
            "BASE_TYPE_REQUIRED",
        ),
        (
            {"embeds": [{"image": {"url": "attachment://no.png"}}]},
            ("embeds", 0, "image", "url"),
            "EMBED_ATTACHMENT_NOT_FOUND",
        ),
        ({"content": "x", "attachments": [{"id": 0}]}, ("attachments", 0), "ATTACHMENT_NOT_FOUND"),
        ({"content": "x", "allowed_mentions": {"parse": ["dogs"]}}, ("allowed_mentions", "parse", 0), ""),
        (
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
            ("allowed_mentions",),
            "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
        (
            {"content": "x", "message_reference": {"message_id": "12345"}},
            ("message_reference",),
            "MESSAGE_REFERENCE_UNKNOWN_MESSAGE",
        ),
        (
            {"content": "x", "flags": V2, "components": [TEXT]},
            ("content",),
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
        ),
        (
            {"embeds": [{"title": "x"}], "flags": V2, "components": [TEXT]},
            ("embeds",),
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
        ),
    ],
)
async def test_a_wrong_field_is_named_by_its_path(
    bot: RawBot, body: Any, path: tuple[str | int, ...], fault: str
) -> None:
    answer = await bot.post("dailies", body)

    assert (answer.status, answer.code) == (400, 50035)
    assert answer.body["message"] == "Invalid Form Body"
    assert answer.fault(*path) == (fault or "BASE_TYPE_CHOICES")


@pytest.mark.parametrize(
    "body", [{}, {"content": "  \n "}, {"embeds": []}, {"flags": V2, "components": []}, {"components": []}]
)
async def test_an_empty_message_is_refused(bot: RawBot, body: Any) -> None:
    answer = await bot.post("dailies", body)

    assert (answer.status, answer.code) == (400, 50006)


async def test_what_is_no_json_is_refused(bot: RawBot) -> None:
    assert (await bot.post("dailies", b"{not json")).code == 50109
    assert (await bot.post("dailies", b"[1]")).code == 50109
    assert (await bot.post("dailies", b"[" * 100_000)).code == 50109


@pytest.mark.parametrize(
    ("denied", "body", "files", "code"),
    [
        (Permission.VIEW_CHANNEL, {"content": "x"}, None, 50001),
        (Permission.SEND_MESSAGES, {"content": "x"}, None, 50013),
        (Permission.ATTACH_FILES, {"content": "x"}, {"a.txt": b"x"}, 50013),
        (Permission.EMBED_LINKS, {"embeds": [{"title": "x"}]}, None, 50013),
        (Permission.SEND_TTS_MESSAGES, {"content": "x", "tts": True}, None, 50013),
    ],
)
async def test_a_missing_permission_is_refused(
    bot: RawBot, denied: int, body: Any, files: Any, code: int
) -> None:
    deny(bot, "dailies", denied)

    answer = await bot.post("dailies", body, files=files)

    assert (answer.status, answer.code) == (403, code)


async def test_reading_needs_the_right_to_read(bot: RawBot) -> None:
    one = await path_of(bot, {"content": "x"})
    deny(bot, "dailies", Permission.READ_MESSAGE_HISTORY)

    assert (await bot.call("GET", one)).code == 50001
    assert (await bot.call("GET", one.rpartition("/")[0])).body == []
    reply = {"content": "x", "message_reference": {"message_id": one.rpartition("/")[2]}}
    assert (await bot.post("dailies", reply)).code == 160002
    assert (await bot.call("PUT", f"{one}/reactions/⭐/@me")).code == 50001


async def test_a_new_emoji_needs_its_permission_and_an_old_one_does_not(bot: RawBot) -> None:
    one = await path_of(bot, {"content": "x"})
    deny(bot, "dailies", Permission.ADD_REACTIONS)
    async with person(bot.sandbox) as ada:
        seen = await ada.message(*one.split("/")[2::2])
        assert (await bot.call("PUT", f"{one}/reactions/⭐/@me")).code == 50013
        await ada.react(seen, "⭐")

    assert (await bot.call("PUT", f"{one}/reactions/⭐/@me")).status == 204
    assert (await bot.call("PUT", f"{one}/reactions/word/@me")).code == 10014
    (reaction,) = (await bot.call("GET", one)).body["reactions"]
    assert (reaction["count"], reaction["me"]) == (2, True)
    await bot.call("DELETE", f"{one}/reactions/⭐/@me")
    (reaction,) = (await bot.call("GET", one)).body["reactions"]
    assert (reaction["count"], reaction["me"]) == (1, False)


@pytest.mark.parametrize(("channel", "code"), [("read-only", 50013), ("dailies", None)])
async def test_the_read_only_channel_takes_no_message(bot: RawBot, channel: str, code: int | None) -> None:
    answer = await bot.post(channel, {"content": "x"})

    assert answer.body.get("code") == code


async def test_a_hidden_channel_is_hidden_from_members_and_not_from_managers(bot: RawBot) -> None:
    await bot.post("mods", {"content": "for moderators"})
    mods = str(bot.sandbox.world.channel_named("mods").id)
    async with person(bot.sandbox, "ada") as ada, person(bot.sandbox, "mika") as mika:
        with pytest.raises(PersonError) as refused:
            await ada.messages(mods)
        with pytest.raises(KeyError):
            ada.channel("mods")

        assert refused.value.code == 50001
        assert [one["content"] for one in await mika.messages(mods)] == ["for moderators"]


async def test_a_file_over_the_limit_is_refused_and_leaves_nothing(bot: RawBot, tmp_path: Path) -> None:
    fits = await bot.post("dailies", {}, files={"a.bin": b"x" * 1000})
    refused = await bot.post("dailies", {"content": "x"}, files={"b.bin": b"x" * 1001})

    assert fits.status == 200
    assert (refused.status, refused.code) == (413, 40005)
    assert files_in(tmp_path) == [1000]


async def test_eleven_files_are_too_many(bot: RawBot, tmp_path: Path) -> None:
    answer = await bot.post("dailies", {}, files={f"{number}.txt": b"x" for number in range(11)})

    assert answer.code == 30015
    assert files_in(tmp_path) == []


async def test_a_nonce_gives_the_same_message_again(bot: RawBot, clock: Clock) -> None:
    body = {"content": "once", "nonce": "job-1", "enforce_nonce": True}

    first, second = await asyncio.gather(*(bot.post("dailies", body, files={"a": b"x"}) for _ in range(2)))
    elsewhere = await bot.post("showcase", body)
    clock.now += timedelta(minutes=6)
    later = await bot.post("dailies", body)

    assert first.body["id"] == second.body["id"]
    assert first.body["nonce"] == "job-1"
    assert len({first.body["id"], elsewhere.body["id"], later.body["id"]}) == 3


async def test_a_nonce_that_is_not_enforced_makes_two(bot: RawBot) -> None:
    body = {"content": "twice", "nonce": "job-1"}

    assert (await bot.post("dailies", body)).body["id"] != (await bot.post("dailies", body)).body["id"]


async def test_the_nonce_of_a_deleted_message_answers_that_it_is_gone(bot: RawBot) -> None:
    body = {"content": "once", "nonce": "job-1", "enforce_nonce": True}
    await bot.call("DELETE", await path_of(bot, body))

    answer = await bot.post("dailies", body)

    assert (answer.status, answer.code) == (404, 10008)


async def test_only_what_is_allowed_is_mentioned(bot: RawBot) -> None:
    world = bot.sandbox.world
    ada, mika = world.user_named("ada"), world.user_named("mika")
    managers = next(role for role in world.guild.roles.values() if role.name == "managers")
    managers.mentionable = True
    text = f"<@{ada.id}> <@{mika.id}> <@&{managers.id}> @everyone"

    every = (await bot.post("dailies", {"content": text})).body
    none = (await bot.post("dailies", {"content": text, "allowed_mentions": {"parse": []}})).body
    one = (await bot.post("dailies", {"content": text, "allowed_mentions": {"users": [str(ada.id)]}})).body
    card = {"flags": V2, "components": [{"type": 10, "content": f"<@{mika.id}>"}]}
    shown = (await bot.post("dailies", card)).body

    assert {user["username"] for user in every["mentions"]} == {"ada", "mika"}
    assert every["mention_roles"] == [str(managers.id)]
    assert not every["mention_everyone"]  # the bot lacks the permission for that
    assert (none["mentions"], none["mention_roles"]) == ([], [])
    assert [user["username"] for user in one["mentions"]] == ["ada"]
    assert [user["username"] for user in shown["mentions"]] == ["mika"]


async def test_everyone_is_called_by_those_who_may(bot: RawBot) -> None:
    deny(bot, "dailies", 0)
    place = bot.sandbox.world.channel_named("dailies")
    allowed = Permission.MENTION_EVERYONE
    place.overwrites[bot.application_id] = Overwrite(id=bot.application_id, is_member=True, allow=allowed)

    answer = await bot.post("dailies", {"content": "@everyone"})

    assert answer.body["mention_everyone"]


async def test_a_reply_shows_its_original_and_calls_its_author_only_if_asked(bot: RawBot) -> None:
    async with person(bot.sandbox) as ada:
        asked = await ada.say(ada.channel("dailies"), "a boat?")
    reference = {"message_id": asked["id"], "fail_if_not_exists": False}

    calling = (await bot.post("dailies", {"content": "x", "message_reference": reference})).body
    quiet = {"content": "x", "message_reference": reference, "allowed_mentions": {"parse": []}}
    silent = (await bot.post("dailies", quiet)).body
    gone = (await bot.post("dailies", quiet | {"message_reference": reference | {"message_id": "1"}})).body

    assert calling["type"] == 19
    assert calling["referenced_message"]["id"] == asked["id"]
    assert [user["username"] for user in calling["mentions"]] == ["ada"]
    assert silent["mentions"] == []
    assert "message_reference" not in gone


async def test_a_deleted_message_is_unknown(bot: RawBot) -> None:
    one = await path_of(bot, {"content": "x"})

    assert (await bot.call("DELETE", one)).status == 204
    for method in ("GET", "PATCH", "DELETE"):
        answer = await bot.call(method, one, {"content": "y"} if method == "PATCH" else None)
        assert (answer.status, answer.code) == (404, 10008)
    assert (await bot.call("GET", "/channels/5/messages/5")).code == 10003
    assert (await bot.call("GET", "/channels/five/messages/5")).code == 50035


async def test_history_is_paged_before_after_and_around(bot: RawBot) -> None:
    ids = [(await bot.post("dailies", {"content": str(number)})).body["id"] for number in range(7)]
    place = f"/channels/{bot.sandbox.world.channel_named('dailies').id}/messages"

    async def listed(query: str) -> list[int]:
        answer = await bot.call("GET", f"{place}?{query}")
        return [ids.index(message["id"]) for message in answer.body]

    assert await listed("limit=2") == [6, 5]
    assert await listed(f"limit=2&before={ids[3]}") == [2, 1]
    assert await listed(f"limit=2&after={ids[3]}") == [5, 4]
    assert await listed(f"limit=3&around={ids[3]}") == [4, 3, 2]
    assert (await bot.call("GET", f"{place}?limit=101")).code == 50035


async def test_others_words_are_hidden_from_a_bot_without_the_intent(bot: RawBot) -> None:
    async with person(bot.sandbox) as ada:
        channel = ada.channel("dailies")
        said = await ada.say(channel, "secret")
        called = await ada.say(channel, f"<@{bot.application_id}> hello")
        assert (await ada.message(channel, said["id"]))["content"] == "secret"
    place = f"/channels/{channel}/messages"

    assert (await bot.call("GET", f"{place}/{said['id']}")).body["content"] == ""
    assert (await bot.call("GET", f"{place}/{called['id']}")).body["content"].endswith("hello")


async def test_bulk_deletion_is_for_those_who_manage_and_leaves_old_messages(
    bot: RawBot, clock: Clock
) -> None:
    place = bot.sandbox.world.channel_named("dailies")
    ids = [(await bot.post("dailies", {"content": "x"})).body["id"] for _ in range(2)]
    path = f"/channels/{place.id}/messages/bulk-delete"
    assert (await bot.call("POST", path, {"messages": ids})).code == 50013
    allowed = Permission.MANAGE_MESSAGES
    place.overwrites[bot.application_id] = Overwrite(id=bot.application_id, is_member=True, allow=allowed)
    clock.now += timedelta(days=15)
    young = [(await bot.post("dailies", {"content": "x"})).body["id"] for _ in range(2)]

    assert (await bot.call("POST", path, {"messages": ids})).code == 50034
    assert (await bot.call("POST", path, {"messages": young[:1]})).code == 50035
    assert (await bot.call("POST", path, {"messages": young})).status == 204
    assert [one["id"] for one in (await bot.call("GET", path.removesuffix("/bulk-delete"))).body] == ids[::-1]


async def test_direct_messages_reach_those_who_take_them(bot: RawBot) -> None:
    world = bot.sandbox.world
    ada = world.user_named("ada")
    direct = (await bot.call("POST", "/users/@me/channels", {"recipient_id": str(ada.id)})).body
    place = f"/channels/{direct['id']}/messages"

    assert (await bot.call("POST", place, {"content": "x"})).status == 200
    ada.takes_direct = False
    assert (await bot.call("POST", place, {"content": "x"})).code == 50007
    del world.guild.members[ada.id]
    assert (await bot.call("POST", place, {"content": "x"})).code == 50278
