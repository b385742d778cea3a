"""The world: permissions as Discord computes them, threads, guilds, members, direct channels."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.permissions import ALL, Permission, in_channel, in_guild
from bot.sandbox.person import Person, PersonError
from bot.sandbox.world import Overwrite, Role
from tests.sandboxes import Clock, RawBot, path_of, person, raw_bot, running

P = Permission


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def bot(tmp_path: Path, clock: Clock) -> AsyncIterator[RawBot]:
    async with running(tmp_path, now=clock) as sandbox, raw_bot(sandbox) as opened:
        yield opened


@pytest.fixture
async def ada(bot: RawBot) -> AsyncIterator[Person]:
    async with person(bot.sandbox, "ada") as opened:
        yield opened


def allow_bot(bot: RawBot, bits: int) -> None:
    """Give the bot's own role more."""
    guild = bot.sandbox.world.guild
    (role_id,) = guild.members[bot.application_id].roles
    guild.roles[role_id].permissions |= bits


OWN, FIRST, SECOND, EVERYONE = "own", "first", "second", "everyone"


@pytest.mark.parametrize(
    ("overwrites", "may"),
    [
        ({}, True),
        ({EVERYONE: (0, P.SEND_MESSAGES)}, False),
        ({EVERYONE: (0, P.SEND_MESSAGES), FIRST: (P.SEND_MESSAGES, 0)}, True),
        ({FIRST: (0, P.SEND_MESSAGES), SECOND: (P.SEND_MESSAGES, 0)}, True),  # allow wins between roles
        ({FIRST: (0, P.SEND_MESSAGES)}, False),
        ({FIRST: (P.SEND_MESSAGES, 0), OWN: (0, P.SEND_MESSAGES)}, False),
        ({FIRST: (0, P.SEND_MESSAGES), OWN: (P.SEND_MESSAGES, 0)}, True),
        ({EVERYONE: (0, P.VIEW_CHANNEL)}, False),
    ],
)
async def test_overwrites_are_read_in_discords_order(bot: RawBot, overwrites: Any, may: bool) -> None:  # noqa: FBT001  # a table's column
    world = bot.sandbox.world
    guild, channel = world.guild, world.channel_named("dailies")
    member = guild.members[world.user_named("ada").id]
    places = {EVERYONE: guild.id, OWN: member.user.id}
    for name in (FIRST, SECOND):
        role = Role(id=world.snowflakes.next(), name=name, permissions=0, position=9)
        guild.roles[role.id] = role
        member.roles.append(role.id)
        places[name] = role.id
    for name, (allow, deny) in overwrites.items():
        place = places[name]
        channel.overwrites[place] = Overwrite(id=place, is_member=name == OWN, allow=allow, deny=deny)

    bits = in_channel(guild, channel, member)

    assert bool(bits & P.SEND_MESSAGES) is may
    assert bool(bits & P.ATTACH_FILES) is may  # files need the right to send


async def test_administrators_and_owners_may_everything(bot: RawBot) -> None:
    world = bot.sandbox.world
    guild, hidden = world.guild, world.channel_named("mods")
    ada = guild.members[world.user_named("ada").id]
    role = Role(id=world.snowflakes.next(), name="admin", permissions=P.ADMINISTRATOR, position=9)
    guild.roles[role.id] = role

    assert in_channel(guild, hidden, ada) == 0
    ada.roles.append(role.id)
    assert in_channel(guild, hidden, ada) == ALL
    assert in_guild(guild, guild.members[guild.owner_id]) == ALL


async def test_a_member_in_timeout_reads_and_is_silent(bot: RawBot, ada: Person, clock: Clock) -> None:
    member = bot.sandbox.world.guild.members[int(ada.id)]
    member.timeout_until = clock.now + timedelta(minutes=1)
    channel = ada.channel("dailies")

    assert await ada.messages(channel) == []
    with pytest.raises(PersonError) as refused:
        await ada.say(channel, "x")
    clock.now += timedelta(minutes=1)
    await ada.say(channel, "x")

    assert refused.value.code == 50013


async def test_a_role_is_called_when_it_may_be(bot: RawBot) -> None:
    world = bot.sandbox.world
    role = next(one for one in world.guild.roles.values() if one.name == "managers")

    closed = await bot.post("dailies", {"content": f"<@&{role.id}>"})
    role.mentionable = True
    opened = await bot.post("dailies", {"content": f"<@&{role.id}>"})

    assert (closed.body["mention_roles"], opened.body["mention_roles"]) == ([], [str(role.id)])


async def test_a_thread_follows_its_channel_and_has_a_right_of_its_own(bot: RawBot, ada: Person) -> None:
    channel = bot.sandbox.world.channel_named("dailies")
    one = await path_of(bot, {"content": "card"})
    thread = (await bot.call("POST", f"{one}/threads", {"name": "takes"})).body
    twice = await bot.call("POST", f"{one}/threads", {"name": "takes"})
    place = f"/channels/{thread['id']}/messages"

    assert (await bot.call("POST", place, {"content": "x"})).status == 200
    assert twice.code == 160004
    channel.overwrites[channel.guild_id or 0] = Overwrite(
        id=channel.guild_id or 0, is_member=False, deny=P.SEND_MESSAGES_IN_THREADS
    )
    assert (await bot.call("POST", place, {"content": "x"})).code == 50013
    assert (await bot.post("dailies", {"content": "x"})).status == 200
    with pytest.raises(PersonError) as refused:
        await ada.say(thread["id"], "x")
    assert refused.value.code == 50013
    listed = (await bot.call("GET", f"/guilds/{bot.sandbox.world.guild.id}/threads/active")).body
    assert [found["id"] for found in listed["threads"]] == [thread["id"]]


async def test_a_private_thread_is_for_those_who_joined(bot: RawBot, ada: Person) -> None:
    channel = bot.sandbox.world.channel_named("dailies")
    path = f"/channels/{channel.id}/threads"
    assert (await bot.call("POST", path, {"name": "secret"})).code == 50013
    allow_bot(bot, P.CREATE_PRIVATE_THREADS)
    thread = (await bot.call("POST", path, {"name": "secret"})).body

    with pytest.raises(PersonError) as refused:
        await ada.messages(thread["id"])
    bot.sandbox.world.channels[int(thread["id"])].joined[int(ada.id)] = bot.sandbox.world.now()

    assert thread["type"] == 12
    assert refused.value.code == 50001
    assert await ada.messages(thread["id"]) == []
    members = (await bot.call("GET", f"/channels/{thread['id']}/thread-members")).body
    assert {member["user_id"] for member in members} == {str(bot.application_id), ada.id}
    assert (await bot.call("DELETE", f"/channels/{thread['id']}/thread-members/@me")).status == 204
    assert (await bot.call("GET", f"/channels/{thread['id']}")).code == 50001


async def test_an_archived_thread_is_woken_edited_and_left_alone_by_strangers(
    bot: RawBot, ada: Person
) -> None:
    one = await path_of(bot, {"content": "card"})
    thread = (await bot.call("POST", f"{one}/threads", {"name": "takes"})).body
    path = f"/channels/{thread['id']}"
    said = (await bot.call("POST", f"{path}/messages", {"content": "x"})).body

    with pytest.raises(PersonError) as refused:
        await ada.client.request("PATCH", path, body={"archived": True})
    assert (await bot.call("PATCH", path, {"archived": True})).body["thread_metadata"]["archived"]
    edited = await bot.call("PATCH", f"{path}/messages/{said['id']}", {"content": "y"})
    reacted = await bot.call("PUT", f"{path}/messages/{said['id']}/reactions/⭐/@me")
    deleted = await bot.call("DELETE", f"{path}/messages/{said['id']}")
    joined = await bot.call("PUT", f"{path}/thread-members/@me")
    renamed = await bot.call("PATCH", path, {"name": "other"})
    woken = await bot.call("PATCH", path, {"archived": False})
    locked = await bot.call("PATCH", path, {"locked": True})

    assert refused.value.code == 50013
    assert {one.code for one in (edited, reacted, deleted, joined, renamed)} == {50083}
    assert not woken.body["thread_metadata"]["archived"]
    assert locked.code == 50013  # to lock takes the right to manage threads


@pytest.mark.parametrize(
    ("body", "path", "fault"),
    [
        ({}, "name", "BASE_TYPE_REQUIRED"),
        ({"name": "x" * 101}, "name", "BASE_TYPE_BAD_LENGTH"),
        ({"name": "x", "auto_archive_duration": 7}, "auto_archive_duration", "BASE_TYPE_CHOICES"),
        ({"name": "x", "type": 5}, "type", "BASE_TYPE_CHOICES"),
    ],
)
async def test_threads_that_discord_refuses(bot: RawBot, body: Any, path: str, fault: str) -> None:
    channel = bot.sandbox.world.channel_named("dailies")

    assert (await bot.call("POST", f"/channels/{channel.id}/threads", body)).fault(path) == fault


async def test_channels_are_changed_and_deleted_by_those_who_manage_them(
    bot: RawBot, ada: Person, tmp_path: Path
) -> None:
    channel = bot.sandbox.world.channel_named("showcase")
    path = f"/channels/{channel.id}"
    file = await bot.post("showcase", {}, files={"a.txt": b"x"})

    assert (await bot.call("PATCH", path, {"topic": "x"})).code == 50013
    assert (await bot.call("DELETE", path)).code == 50013
    allow_bot(bot, P.MANAGE_CHANNELS)
    assert (await bot.call("PATCH", path, {"topic": "clips"})).body["topic"] == "clips"
    assert (await bot.call("PATCH", path, {"name": ""})).fault("name") == "BASE_TYPE_BAD_LENGTH"
    assert (await bot.call("DELETE", path)).status == 200
    assert (await bot.call("GET", path)).code == 10003
    await ada.wait_for(lambda event: event.name == "CHANNEL_DELETE")
    with pytest.raises(PersonError):
        await ada.download(file.body["attachments"][0]["url"], tmp_path / "a.txt")


async def test_typing_needs_the_right_to_send(bot: RawBot, ada: Person) -> None:
    world = bot.sandbox.world

    assert (await bot.call("POST", f"/channels/{world.channel_named('dailies').id}/typing")).status == 204
    assert (await bot.call("POST", f"/channels/{world.channel_named('read-only').id}/typing")).code == 50013
    typing = await ada.wait_for(lambda event: event.name == "TYPING_START")
    assert typing.data["user_id"] == str(bot.application_id)


async def test_a_guild_is_read_as_far_as_one_is_in_it(bot: RawBot, ada: Person) -> None:
    world = bot.sandbox.world
    path = f"/guilds/{world.guild.id}"
    visible = await ada.client.request("GET", f"{path}/channels")

    assert {channel["name"] for channel in visible} == {"dailies", "showcase", "read-only", "after-dark"}
    assert len((await bot.call("GET", f"{path}/channels")).body) == 5
    assert (await bot.call("GET", f"{path}?with_counts=true")).body["approximate_member_count"] == 5
    assert {role["name"] for role in (await bot.call("GET", f"{path}/roles")).body} >= {"managers"}
    assert (await bot.call("GET", f"{path}/members/{ada.id}")).body["user"]["username"] == "ada"
    assert (await bot.call("GET", f"{path}/members/1")).code == 10007
    assert len((await bot.call("GET", f"{path}/members?limit=2")).body) == 2
    assert (await bot.call("GET", f"{path}/emojis")).body == []
    assert (await bot.call("GET", "/guilds/1")).code == 10004
    del world.guild.members[bot.application_id]
    assert (await bot.call("GET", path)).code == 50001


async def test_one_knows_oneself_and_others(bot: RawBot, ada: Person) -> None:
    mine = await ada.client.request("GET", "/users/@me")
    guilds = await ada.client.request("GET", "/users/@me/guilds")

    assert (mine["username"], mine["bot"]) == ("ada", False)
    assert [guild["id"] for guild in guilds] == [str(bot.sandbox.world.guild.id)]
    assert (await bot.call("GET", f"/users/{ada.id}")).body["global_name"] == "Ada"
    assert (await bot.call("GET", "/users/1")).code == 10013
    assert (await bot.call("GET", f"/users/{ada.id}", token="")).status == 401
    assert (await bot.call("GET", "/oauth2/applications/@me")).body["id"] == str(bot.application_id)
    assert (await bot.call("GET", f"/applications/{bot.application_id}/emojis")).body == {"items": []}
    with pytest.raises(PersonError):
        await ada.client.request("GET", "/gateway/bot")


async def test_a_direct_channel_is_opened_once_and_told(bot: RawBot, ada: Person) -> None:
    first = (await bot.call("POST", "/users/@me/channels", {"recipient_id": ada.id})).body
    second = (await bot.call("POST", "/users/@me/channels", {"recipient_id": ada.id})).body

    told = await ada.wait_for(lambda event: event.name == "CHANNEL_CREATE")
    assert first["id"] == second["id"] == told.data["id"]
    assert (await bot.call("POST", "/users/@me/channels", {})).fault("recipient_id") == "BASE_TYPE_REQUIRED"
    own = await bot.call("POST", "/users/@me/channels", {"recipient_id": str(bot.application_id)})
    assert own.code == 50035


async def test_a_command_works_in_direct_messages(bot: RawBot, ada: Person) -> None:
    (made,) = (await bot.sync({"name": "quota", "description": "Mine."})).body
    direct = (await bot.call("POST", "/users/@me/channels", {"recipient_id": ada.id})).body
    data = {key: made[key] for key in ("id", "version", "name", "type")}

    await ada.interaction({"type": 2, "channel_id": direct["id"], "data": data})
    asked = await bot.next("INTERACTION_CREATE")
    answer = await bot.answer(asked, {"type": 4, "data": {"content": "$1"}})

    assert asked["context"] == 1
    assert asked["user"]["id"] == ada.id
    assert "member" not in asked
    assert answer.body["resource"]["message"]["channel_id"] == direct["id"]


@pytest.mark.parametrize(
    ("who", "said", "status"),
    [
        ("{ada}", {"locale": "de"}, 204),
        ("{ada}", {"locale": "xx"}, 400),
        ("{ada}", {"locale": ["de"]}, 400),
        ("{ada}", {}, 400),
        ("77", {"locale": "de"}, 404),
        ("9" * 5_000, {"locale": "de"}, 404),
    ],
)
async def test_a_member_speaks_only_a_language_that_discord_has(
    tmp_path: Path, who: str, said: dict[str, object], status: int
) -> None:
    async with running(tmp_path) as sandbox, aiohttp.ClientSession() as session:
        ada = sandbox.world.user_named("Ada")
        url = f"{sandbox.page_url}sandbox/members/{who.format(ada=ada.id)}"

        async with session.post(url, json=said) as answer:
            assert answer.status == status

    assert ada.locale == ("de" if status == 204 else "en-US")
