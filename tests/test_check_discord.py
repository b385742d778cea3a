"""`dailies check --online` at Discord: the token, the portal, the gateway, every channel that was named."""

import os
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.checks import account, channels, permissions
from bot.checks.discord_api import Application, Discord, Gateway, User
from bot.checks.finding import Finding
from bot.checks.online import online
from bot.domain import ChannelId, GuildId
from bot.sandbox.permissions import ALL, Permission
from bot.sandbox.permissions import in_channel as as_the_sandbox
from bot.sandbox.server import Sandbox
from bot.sandbox.world import Member, Overwrite, Role
from bot.settings import load
from storage import places, upload_limits
from storage.appointed import Appointed
from storage.database import open_database
from storage.places import Purpose
from tests.sandboxes import running
from tests.test_check_reach import serving


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with running(tmp_path / "discord") as opened:
        yield opened


@pytest.fixture
async def discord(sandbox: Sandbox) -> AsyncIterator[Discord]:
    async with aiohttp.ClientSession() as session:
        yield Discord(session, sandbox.api_url, sandbox.bot_token)


def named(sandbox: Sandbox, channel: str, purpose: str = "clips") -> Appointed:
    return Appointed(
        guild_id=GuildId(sandbox.world.guild.id),
        channel_id=ChannelId(sandbox.world.channel_named(channel).id),
        purpose=purpose,
    )


def bot_of(sandbox: Sandbox) -> User:
    return User(id=sandbox.world.bot.id, username="dailies")


async def looked_at(sandbox: Sandbox, discord: Discord, *wanted: Appointed) -> list[Finding]:
    return await channels.channels(discord, bot_of(sandbox), wanted, limits={})


async def test_a_bot_that_is_set_up_well_has_nothing_wrong(sandbox: Sandbox, discord: Discord) -> None:
    bot, found = await account.account(discord, gateway_url=sandbox.gateway_url, now=now)

    assert found == []
    assert bot is not None
    assert bot.id == sandbox.world.bot.id
    assert sandbox.gateway.identifies == 0


async def test_a_wrong_token_is_refused_and_nothing_more_is_asked(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session:
        discord = Discord(session, sandbox.api_url, "wrong.token.here")
        bot, found = await account.account(discord, gateway_url=sandbox.gateway_url, now=now)

    assert bot is None
    assert [finding.code for finding in found] == ["token_refused"]
    assert "wrong.token.here" not in str(found)


async def test_a_clock_ten_minutes_off_is_told_by_discords(sandbox: Sandbox, discord: Discord) -> None:
    off = timedelta(minutes=10)
    _, found = await account.account(discord, gateway_url=sandbox.gateway_url, now=lambda: now() - off)

    assert [finding.code for finding in found] == ["clock_wrong"]
    assert "behind Discord's" in found[0].cause


async def test_a_discord_that_is_not_there_is_unreachable() -> None:
    async with aiohttp.ClientSession() as session:
        discord = Discord(session, "http://127.0.0.1:9/api/v10", "a.b.c")
        _, found = await account.account(discord, gateway_url="ws://127.0.0.1:9", now=now)

    assert [finding.code for finding in found] == ["discord_unreachable"]


async def test_a_gateway_that_does_not_say_hello_is_named(sandbox: Sandbox, discord: Discord) -> None:
    _, found = await account.account(discord, gateway_url="ws://127.0.0.1:9/", now=now)

    assert [finding.code for finding in found] == ["gateway_unreachable"]


WELL = {"id": "1", "integration_types_config": {"0": {}, "1": {}}}
PORTAL: list[tuple[dict[str, object], list[str]]] = [
    ({}, []),
    ({"interactions_endpoint_url": "https://elsewhere.example/"}, ["interactions_elsewhere"]),
    ({"bot_require_code_grant": True}, ["code_grant_required"]),
    ({"integration_types_config": {"1": {}}}, ["install_scopes"]),
    (
        {"integration_types_config": {"0": {"oauth2_install_params": {"scopes": ["bot"]}}}},
        ["install_scopes"],
    ),
    (
        {
            "integration_types_config": {
                "0": {"oauth2_install_params": {"scopes": ["bot", "applications.commands"]}}
            }
        },
        [],
    ),
    ({"flags": 1 << 19}, ["intents_unneeded"]),
]


@pytest.mark.parametrize(("changed", "codes"), PORTAL)
def test_what_the_portal_should_say_otherwise(changed: dict[str, object], codes: list[str]) -> None:
    found = list(account.portal(Application.model_validate(WELL | changed)))

    assert [finding.code for finding in found] == codes


@pytest.mark.parametrize(
    ("left", "shards", "codes"),
    [
        (1000, 1, []),
        (account.STARTS_LOW + 1, 1, []),
        (account.STARTS_LOW, 1, ["identifies_low"]),
        (1000, 2, ["shards_wanted"]),
    ],
)
def test_few_sessions_left_and_too_many_servers_are_warned_of(
    left: int, shards: int, codes: list[str]
) -> None:
    limit = {"total": 1000, "remaining": left, "reset_after": 3_600_000}
    gateway = Gateway.model_validate({"url": "wss://x", "shards": shards, "session_start_limit": limit})

    assert [finding.code for finding in account.starts(gateway)] == codes


async def test_channels_in_which_the_bot_may_do_what_it_must_have_nothing_wrong(
    sandbox: Sandbox, discord: Discord
) -> None:
    assert await looked_at(sandbox, discord, *(named(sandbox, name) for name in ("dailies", "mods"))) == []


async def test_what_the_bot_lacks_in_a_channel_is_named_as_discord_names_it(
    sandbox: Sandbox, discord: Discord
) -> None:
    (finding,) = await looked_at(sandbox, discord, named(sandbox, "read-only"))

    assert finding.code == "permission_missing"
    assert "named for clips, does not let the bot Send Messages, Attach Files" in finding.cause


async def test_a_hidden_channel_and_one_that_is_gone_are_told_apart(
    sandbox: Sandbox, discord: Discord
) -> None:
    channel = sandbox.world.channel_named("mods")
    channel.overwrites = {
        sandbox.world.guild.id: Overwrite(
            id=sandbox.world.guild.id, is_member=False, deny=Permission.VIEW_CHANNEL
        )
    }
    hidden = named(sandbox, "mods", "reports")
    gone = Appointed(guild_id=hidden.guild_id, channel_id=ChannelId(5), purpose="alerts")

    found = await looked_at(sandbox, discord, gone, hidden)

    assert [finding.code for finding in found] == ["channel_gone", "permission_missing"]
    assert found[0].mend == "/budget alerts in that server"
    assert "View Channel" in found[1].mend


async def test_a_server_that_the_bot_left_is_only_noted(sandbox: Sandbox, discord: Discord) -> None:
    left = Appointed(guild_id=GuildId(77), channel_id=ChannelId(5), purpose="clips")

    (finding,) = await looked_at(sandbox, discord, left)

    assert (finding.code, finding.is_to_mend) == ("server_left", False)


async def test_a_limit_that_a_server_has_proven_is_noted(sandbox: Sandbox, discord: Discord) -> None:
    place = named(sandbox, "dailies")

    found = await channels.channels(discord, bot_of(sandbox), [place], limits={place.guild_id: 8 << 20})

    assert [finding.code for finding in found] == ["upload_limit_lower"]
    assert "over 8 MB, and its level says 20" in found[0].cause


async def test_the_whole_round_reads_what_was_named_from_the_database(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    place = named(sandbox, "read-only")
    database = await open_database(folder / "dailies.db")
    try:
        await database.write(
            partial(places.put, guild_id=place.guild_id, purpose=Purpose.CLIPS, channel_id=place.channel_id)
        )
        await database.write(partial(upload_limits.put, guild_id=place.guild_id, bytes_max=8 << 20, at=now()))
    finally:
        await database.close()
    environment = {
        "DAILIES_DATA_DIR": str(folder),
        "DAILIES_DISCORD_TOKEN": sandbox.bot_token,
        "DAILIES_DISCORD_API_URL": sandbox.api_url,
        "DAILIES_DISCORD_GATEWAY_URL": sandbox.gateway_url,
        "DAILIES_OPERATOR_CHANNEL_ID": str(sandbox.world.channel_named("read-only").id),
    }

    found = await online(load(environment, env_file=Path(os.devnull)), now=now)

    assert [finding.code for finding in found] == [
        "upload_limit_lower",
        "permission_missing",
        "permission_missing",
    ]
    assert {"named for clips", "named for operator"} == {
        finding.cause.split(", ")[1] for finding in found[1:]
    }


@pytest.mark.parametrize("status", [500, 429])
async def test_where_discord_does_not_say_no_channel_is_called_gone_or_hidden(
    discord: Discord, sandbox: Sandbox, status: int
) -> None:
    name = "server_error" if status == 500 else "rate_limit"
    sandbox.faults.switch_on({"name": name, "route": "/channels/", "retry_after": 60})
    unlisted = replace(named(sandbox, "dailies"), channel_id=ChannelId(5))

    found = await looked_at(sandbox, discord, unlisted)
    own, more = await channels.operators(discord, unlisted.channel_id)

    assert own is None
    assert [finding.code for finding in [*found, *more]] == ["discord_unreadable"] * 2
    assert all(str(status) in finding.cause for finding in [*found, *more])


async def test_a_channel_that_is_gone_is_named_anew_by_a_command_that_there_is(
    discord: Discord, sandbox: Sandbox
) -> None:
    purposes = ["alerts", "clips", "gallery", "log", "operator", "reports", "reviews"]
    gone = [
        replace(named(sandbox, "dailies", purpose), channel_id=ChannelId(5 + n))
        for n, purpose in enumerate(purposes)
    ]

    mends = [finding.mend for finding in await looked_at(sandbox, discord, *gone)]

    assert mends == [
        "/budget alerts in that server",
        "/settings channels in that server",
        "/settings gallery in that server",
        "/moderation log in that server",
        "DAILIES_OPERATOR_CHANNEL_ID=… in .env",
        "/settings channels in that server",
        "/settings reviews in that server",
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"retry_after": None}, {"retry_after": "soon"}, {"retry_after": -1, "code": 0}, [], "x", None,
        {"code": "x", "retry_after": True},
    ],
)  # fmt: skip
async def test_a_refusal_that_is_not_discords_is_an_answer_and_no_fault(body: object) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response(body, status=429)

    async with serving(web.get("/{rest:.*}", refuse)) as port, aiohttp.ClientSession() as session:
        discord = Discord(session, f"http://127.0.0.1:{port}/api/v10", "a.b.c")
        bot, found = await account.account(discord, gateway_url="ws://127.0.0.1:9", now=now)

    assert bot is None
    assert [finding.code for finding in found] == ["discord_unreadable"]


async def test_an_operators_channel_that_the_bot_cannot_see_is_named(
    discord: Discord, sandbox: Sandbox
) -> None:
    own, found = await channels.operators(discord, 12345)

    assert own is None
    assert [finding.code for finding in found] == ["channel_gone"]


def test_our_permissions_are_those_that_the_sandbox_works_by(sandbox: Sandbox) -> None:
    """The sandbox's rules were written from the same page by another hand: both must say the same."""
    dice, world = random.Random(7), sandbox.world
    guild, bot = world.guild, world.bot
    watched = (*permissions.NAMES, permissions.ADMINISTRATOR)

    def some() -> int:
        return sum(bit for bit in watched if dice.random() < 0.4) & ~(
            permissions.ADMINISTRATOR if dice.random() < 0.8 else 0
        )

    for _ in range(500):
        roles = {guild.id: some(), 11: some(), 12: some()}
        guild.roles = {
            key: Role(id=key, name="x", permissions=bits, position=0) for key, bits in roles.items()
        }
        mine = [role for role in (11, 12) if dice.random() < 0.6]
        channel = world.channel_named("dailies")
        channel.overwrites = {
            key: Overwrite(id=key, is_member=key == bot.id, allow=some(), deny=some())
            for key in (guild.id, 11, 12, bot.id)
            if dice.random() < 0.5
        }
        theirs = as_the_sandbox(guild, channel, Member(user=bot, joined_at=now(), roles=mine))

        ours = permissions.in_channel(
            permissions.in_guild(guild.id, mine, roles, owner=False),
            [
                permissions.Overwrite(id=one.id, allow=one.allow, deny=one.deny)
                for one in channel.overwrites.values()
            ],
            guild_id=guild.id,
            user_id=bot.id,
            roles=mine,
        )

        assert [bool(ours & bit) for bit in watched] == [bool(theirs & bit) for bit in watched]
        assert (ours == ALL) == (theirs == ALL)


def test_every_purpose_needs_to_be_seen_and_written_in() -> None:
    purposes: list[str] = [*permissions.NEEDED, *Purpose, "gallery"]
    everything: Callable[[str], list[str]] = partial(permissions.missing, 0)

    assert all({"View Channel", "Send Messages"} <= set(everything(purpose)) for purpose in purposes)
    assert "Attach Files" in everything("gallery")
