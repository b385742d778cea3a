"""Commands: every rule of their description, broken once each; who sees them, and what they may be given."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.permissions import Permission
from bot.sandbox.person import PersonError
from bot.sandbox.scenery import add_guild
from tests.sandboxes import Clock, RawBot, person, raw_bot, running


def slash(name: str = "generate", *options: Any, **more: Any) -> dict[str, Any]:
    return {"type": 1, "name": name, "description": "Make it.", "options": list(options), **more}


def option(name: str = "prompt", kind: int = 3, **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": name, "description": "What.", **more}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def bot(tmp_path: Path, clock: Clock) -> AsyncIterator[RawBot]:
    async with running(tmp_path, now=clock) as sandbox, raw_bot(sandbox) as opened:
        yield opened


OPTION = (0, "options", 0)
WRONG: list[tuple[dict[str, Any], tuple[str | int, ...], str]] = [
    (slash("Generate"), (0, "name"), "APPLICATION_COMMAND_INVALID_NAME"),
    (slash("two words"), (0, "name"), "APPLICATION_COMMAND_INVALID_NAME"),
    (slash("x" * 33), (0, "name"), "BASE_TYPE_BAD_LENGTH"),
    ({"description": "x"}, (0, "name"), "BASE_TYPE_REQUIRED"),
    (slash(description=""), (0, "description"), "BASE_TYPE_BAD_LENGTH"),
    (slash(description="x" * 101), (0, "description"), "BASE_TYPE_BAD_LENGTH"),
    (slash(name_localizations={"de": "Groß"}), (0, "name_localizations", "de"), ""),
    ({"type": 9, "name": "x"}, (0, "type"), "BASE_TYPE_CHOICES"),
    (
        slash("x", option("a"), option("b", required=True)),
        (0, "options", 1),
        "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
    ),
    (
        slash("x", option("a"), option("a")),
        (0, "options", 1, "name"),
        "APPLICATION_COMMAND_OPTION_NAME_ALREADY_EXISTS",
    ),
    (slash("x", *(option(f"o{number}") for number in range(26))), (0, "options"), "BASE_TYPE_BAD_LENGTH"),
    (slash("x", option("A")), (*OPTION, "name"), "APPLICATION_COMMAND_INVALID_NAME"),
    (slash("x", option(kind=99)), (*OPTION, "type"), "BASE_TYPE_CHOICES"),
    (slash("x", option(kind=1), option("b")), (0, "options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"),
    (
        slash("x", option("g", 2, options=[option("h", 2)])),
        (*OPTION, "options", 0, "type"),
        "BASE_TYPE_CHOICES",
    ),
    (
        slash("x", option(choices=[{"name": str(one), "value": str(one)} for one in range(26)])),
        (*OPTION, "choices"),
        "BASE_TYPE_BAD_LENGTH",
    ),
    (
        slash("x", option(choices=[{"name": "a", "value": 5}])),
        (*OPTION, "choices", 0, "value"),
        "STRING_TYPE_CONVERT",
    ),
    (
        slash("x", option(kind=4, choices=[{"name": "a", "value": "b"}])),
        (*OPTION, "choices", 0, "value"),
        "NUMBER_TYPE_COERCE",
    ),
    (
        slash("x", option(choices=[{"name": "a", "value": "a"}], autocomplete=True)),
        OPTION,
        "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES",
    ),
    (
        slash("x", option(kind=6, autocomplete=True)),
        (*OPTION, "autocomplete"),
        "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID",
    ),
    (slash("x", option(min_value=1)), (*OPTION, "min_value"), "NUMBER_TYPE_COERCE"),
    (slash("x", option(max_length=6001)), (*OPTION, "max_length"), "NUMBER_TYPE_MAX"),
    (slash(contexts=[7]), (0, "contexts", 0), "BASE_TYPE_CHOICES"),
    (slash(default_member_permissions="many"), (0, "default_member_permissions"), "NUMBER_TYPE_COERCE"),
    (
        {"type": 3, "name": "Remix", "description": "x"},
        (0, "description"),
        "APPLICATION_COMMAND_DESCRIPTION_NOT_ALLOWED",
    ),
    ({"type": 2, "name": " "}, (0, "name"), "APPLICATION_COMMAND_INVALID_NAME"),
    (
        slash(
            "x",
            *(
                option(
                    f"o{number}", description="d" * 100, choices=[{"name": "n" * 100, "value": "v" * 100}] * 2
                )
                for number in range(16)
            ),
        ),
        (0,),
        "APPLICATION_COMMAND_TOO_LARGE",
    ),
]


@pytest.mark.parametrize(("command", "path", "fault"), WRONG)
async def test_descriptions_that_discord_refuses(
    bot: RawBot, command: Any, path: tuple[str | int, ...], fault: str
) -> None:
    answer = await bot.sync(command)

    assert (answer.status, answer.code) == (400, 50035)
    assert answer.fault(*path) == (fault or "APPLICATION_COMMAND_INVALID_NAME")


@pytest.mark.parametrize(("kind", "most"), [(1, 100), (2, 15), (3, 15)])
async def test_there_is_room_for_so_many_of_a_kind(bot: RawBot, kind: int, most: int) -> None:
    made = [
        slash(f"c{number}") if kind == 1 else {"type": kind, "name": f"c{number}"} for number in range(101)
    ]

    assert len((await bot.sync(*made[:most])).body) == most
    assert (await bot.sync(*made[: most + 1])).body["errors"]["_errors"][0]["code"] == (
        "APPLICATION_COMMANDS_MAX"
    )


async def test_two_of_a_name_are_refused_and_nothing_is_changed(bot: RawBot) -> None:
    await bot.sync(slash("kept"))

    refused = await bot.sync(slash("same"), slash("same"))

    assert refused.fault(1) == "APPLICATION_COMMANDS_DUPLICATE_NAME"
    listed = await bot.call("GET", f"/applications/{bot.application_id}/commands")
    assert [one["name"] for one in listed.body] == ["kept"]


async def test_two_hundred_new_commands_a_day_are_enough(bot: RawBot, clock: Clock) -> None:
    for half in range(2):
        await bot.sync(*(slash(f"c{half}-{number}") for number in range(100)))

    refused = await bot.sync(slash("one-more"))
    clock.now += timedelta(days=1)
    later = await bot.sync(slash("one-more"))

    assert refused.code == 30034
    assert later.status == 200


async def test_a_command_keeps_its_id_and_gets_a_new_version(bot: RawBot) -> None:
    (first,) = (await bot.sync(slash())).body
    (second,) = (await bot.sync(slash(description="Other."))).body
    base = f"/applications/{bot.application_id}/commands"
    edited = await bot.call("PATCH", f"{base}/{first['id']}", {"description": "Third."})
    upserted = await bot.call("POST", base, slash(description="Fourth."))

    assert {second["id"], edited.body["id"], upserted.body["id"]} == {first["id"]}
    assert second["version"] != first["version"]
    assert (await bot.call("GET", f"{base}/{first['id']}")).body["description"] == "Fourth."
    assert (await bot.call("DELETE", f"{base}/{first['id']}")).status == 204
    assert (await bot.call("GET", f"{base}/{first['id']}")).code == 10063
    assert (await bot.call("GET", "/applications/5/commands")).code == 10002


async def test_the_picker_shows_what_a_member_may_use(bot: RawBot) -> None:
    managing = str(Permission.MANAGE_GUILD)
    await bot.sync(
        slash("generate"),
        slash("budget", default_member_permissions=managing),
        slash("nobody", default_member_permissions="0"),
        slash("direct", contexts=[1]),
    )
    guild = bot.sandbox.world.guild.id
    await bot.sync(slash("generate", description="This server's."), guild=guild)
    async with person(bot.sandbox, "ada") as ada, person(bot.sandbox, "mika") as mika:
        for_ada, for_mika = await ada.commands(), await mika.commands()
        hidden = next(one for one in for_mika if one["name"] == "budget")
        data = {key: hidden[key] for key in ("id", "version", "name", "type")}
        with pytest.raises(PersonError) as refused:
            await ada.interaction({"type": 2, "channel_id": ada.channel("dailies"), "data": data})

    assert [(one["name"], one["description"]) for one in for_ada] == [("generate", "This server's.")]
    assert {one["name"] for one in for_mika} == {"generate", "budget"}
    assert refused.value.code == 50013


VALUES: list[tuple[dict[str, Any], str]] = [
    ({}, "BASE_TYPE_REQUIRED"),
    ({"prompt": "x" * 11}, "BASE_TYPE_MAX_LENGTH"),
    ({"prompt": "x", "seconds": 21}, "NUMBER_TYPE_MAX"),
    ({"prompt": "x", "seconds": 4.5}, "NUMBER_TYPE_COERCE"),
    ({"prompt": "x", "model": "other"}, "BASE_TYPE_CHOICES"),
    ({"prompt": "x", "loud": "yes"}, "BASE_TYPE_CHOICES"),
    ({"prompt": "x", "speed": "fast"}, "NUMBER_TYPE_COERCE"),
    ({"prompt": "x", "whom": "ada"}, "NUMBER_TYPE_COERCE"),
]
FULL = slash(
    "generate",
    option("prompt", required=True, max_length=10),
    option("seconds", 4, min_value=4, max_value=20),
    option("model", choices=[{"name": "Sora", "value": "sora"}]),
    option("loud", 5),
    option("speed", 10, min_value=0.5),
    option("whom", 6),
)


@pytest.mark.parametrize(("values", "fault"), VALUES)
async def test_a_client_may_not_send_what_the_command_does_not_take(
    bot: RawBot, values: dict[str, Any], fault: str
) -> None:
    await bot.sync(FULL)
    async with person(bot.sandbox) as ada:
        channel = ada.channel("dailies")
        with pytest.raises(PersonError) as refused:
            await ada.slash("generate", values, channel=channel)
        await ada.slash("generate", values, channel=channel, unchecked=True)

    (wrong,) = refused.value.body["errors"]["data"]["options"].values()
    assert wrong.get("value", wrong)["_errors"][0]["code"] == fault
    raw = await bot.next("INTERACTION_CREATE")
    assert {one["name"]: one["value"] for one in raw["data"].get("options", [])} == values


async def test_what_values_point_to_comes_resolved(bot: RawBot) -> None:
    kinds = {"whom": 6, "place": 7, "role": 8, "either": 9}
    await bot.sync(
        slash("point", option("to", 1, options=[option(name, kind) for name, kind in kinds.items()]))
    )
    world = bot.sandbox.world
    ada_id, role_id = str(world.user_named("ada").id), str(next(reversed(world.guild.roles)))
    async with person(bot.sandbox, "mika") as mika:
        values = {"whom": ada_id, "place": mika.channel("showcase"), "role": role_id, "either": ada_id}
        await mika.slash("point to", values, channel=mika.channel("dailies"))

    asked = await bot.next("INTERACTION_CREATE")
    resolved = asked["data"]["resolved"]
    assert asked["data"]["options"][0]["name"] == "to"
    assert resolved["users"][ada_id]["username"] == "ada"
    assert resolved["channels"][values["place"]]["name"] == "showcase"
    assert role_id in resolved["roles"]
    assert int(resolved["members"][ada_id]["permissions"]) & Permission.SEND_MESSAGES


async def test_an_outdated_or_unknown_command_is_refused(bot: RawBot) -> None:
    (made,) = (await bot.sync(slash())).body
    async with person(bot.sandbox) as ada:
        base = {"type": 2, "channel_id": ada.channel("dailies")}
        with pytest.raises(PersonError) as outdated:
            await ada.interaction(base | {"data": {"id": made["id"], "version": "1", "name": "generate"}})
        with pytest.raises(PersonError) as unknown:
            await ada.interaction(base | {"data": {"id": "1", "version": "1", "name": "generate"}})

    assert outdated.value.code == 50035
    assert unknown.value.code == 10063


async def test_an_age_restricted_command_stays_in_its_channel(bot: RawBot) -> None:
    await bot.sync(slash("night", nsfw=True))
    async with person(bot.sandbox) as ada:
        with pytest.raises(PersonError) as refused:
            await ada.slash("night", channel=ada.channel("dailies"))
        await ada.slash("night", channel=ada.channel("after-dark"))

    assert refused.value.code == 50035
    assert (await bot.next("INTERACTION_CREATE"))["channel"]["nsfw"]


async def test_where_the_bot_is_no_member_a_user_install_gets_five_follow_ups(bot: RawBot) -> None:
    world = bot.sandbox.world
    elsewhere = add_guild(world, "Elsewhere", upload_limit=1000)
    del elsewhere.members[bot.application_id]
    await bot.sync(slash("here"), slash("anywhere", integration_types=[0, 1]))
    async with person(bot.sandbox) as ada:
        index = await ada.client.request("GET", f"/guilds/{elsewhere.id}/application-command-index")
        (made,) = index["application_commands"]
        data = {key: made[key] for key in ("id", "version", "name", "type")}
        channel = str(next(iter(elsewhere.channels)))
        await ada.interaction({"type": 2, "channel_id": channel, "data": data})
        asked = await bot.next("INTERACTION_CREATE")
        await bot.answer(asked, {"type": 4, "data": {"content": "x"}})
        answers = [await bot.hook("POST", asked, "", {"content": "x"}) for _ in range(6)]

    assert made["name"] == "anywhere"
    assert asked["authorizing_integration_owners"] == {"1": ada.id}
    assert [one.status for one in answers] == [200] * 5 + [400]
    assert answers[-1].code == 40094
    assert (await bot.call("POST", f"/channels/{channel}/messages", {"content": "x"})).code == 50001
