"""The whole bot as it is assembled, at a sandbox: what its forgers know, and the rules that always hold."""

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import discord
from discord.http import Route

from bot.app import App, assembled
from bot.domain import ChannelId, EntryKind, GuildId, JobId, Kind, Member, Micros, UserId
from bot.moderation.gates import Mode
from bot.sandbox.errors import DiscordRefusal
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from bot.settings import Settings
from cogs.client import use_endpoints
from storage import audit, ledger
from tests import fuzz_ids, openapi
from tests.fuzz_rows import ELSEWHERE, Rows, furnish
from tests.fuzzing import AUTOCOMPLETE, COMPONENT, PEOPLE, Input, Known, leaves
from tests.props import PLAY_PRICE
from tests.stage import Json, texts

PATIENCE_S = 60.0
"""For an acknowledgement, while the machine is busy with others; what of it was the bot's own is judged."""

ACKNOWLEDGE_S = 3.0
"""Discord's own (docs: interactions/receiving-and-responding)."""

IDLE = ("worker", "backups", "retirements", "room", "surge", "lag", "identifies", "gateway")
"""The duties that buy from providers, or look at the machine and the clock."""

MODERATOR = "Mika"

_TASKS = ("discord.py: on_interaction", "CommandTree-invoker", "discord-ui-")
_ANSWERS = ("/interactions/", "/webhooks/")
_ROWS_MAX = 19


class Loud(logging.Handler):
    """What was logged that says that something broke, or that an answer was not taken."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or record.levelno >= logging.ERROR or getattr(record, "code", "") == "answer_lost":
            self.heard.append(logging.Formatter().format(record))


@dataclass(slots=True, kw_only=True)
class World:
    """The bot, what its forgers know, and what came of their inputs so far."""

    app: App
    sandbox: Sandbox
    ada: Person
    rows: Rows
    known: Known
    listed: list[Json]
    withheld: JobId
    waiting: JobId
    before: Json
    complaints: list[str]
    loud: Loud = field(default_factory=Loud)
    tally: Counter[str] = field(default_factory=Counter)
    acknowledge_s: float = ACKNOWLEDGE_S
    slowest_s: float = 0.0

    def place(self, name: str) -> str:
        """A channel by its name; "direct" is between Ada and the bot."""
        world = self.sandbox.world
        if name == "direct":
            return str(world.direct_channel(world.user_named("Ada"), world.bot).id)
        return str(world.channel_named(name).id)

    def person(self, name: str) -> AbstractAsyncContextManager[Person]:
        """Somebody at a client of their own."""
        return _person(self.sandbox, name)

    async def send(self, batch: list[Input], *, place: str = "dailies") -> list[Input]:
        """Hand all of a batch to the bot at once, and hold to the rules when it has done with them.

        Returns those that the bot was handed: the sandbox turns away what Discord would not let through.
        """
        requests, stolen_s = self.sandbox.log.count, _stolen_s()
        message_id = await self._post([one.data for one in batch if one.type == COMPONENT], place)
        handed = []
        for one in batch:
            person = "Ada" if place == "direct" else one.person
            body = {
                "type": one.type,
                "application_id": str(self.sandbox.world.application.id),
                "channel_id": self.place(place),
                "message_id": message_id,
                "data": one.data,
            }
            try:
                await self.sandbox.press(self.sandbox.world.user_named(person), body, unchecked=True)
            except DiscordRefusal:
                self.tally["turned away by Discord"] += 1
            else:
                self.tally[f"type {one.type}"] += 1
                handed.append(one)
        # The last in line: when it is answered, the bot has heard all those before it.
        press = await self.ada.slash("help", channel=self.place("dailies"))
        helped = texts(await self.ada.answer(press, timeout_s=PATIENCE_S))
        assert "/generate" in helped
        while tasks := [one for one in asyncio.all_tasks() if one.get_name().startswith(_TASKS)]:
            await asyncio.wait(tasks)
        await self._hold(batch, len(handed) + 1, requests, _stolen_s() - stolen_s)
        return handed

    async def _hold(self, batch: list[Input], sent: int, requests: int, stolen_s: float) -> None:
        heard, self.loud.heard = self.loud.heard, []
        assert not heard, ("logged", "\n".join(heard), batch)
        # A message that somebody has deleted cannot be edited: that much is everyday.
        refused = [
            (one.method, one.path, one.status, one.body)
            for one in self.sandbox.log.since(requests)
            if one.status == 400 or (one.status > 400 and one.path.startswith(_ANSWERS))
        ]
        assert not refused, ("refused by Discord", refused, batch)
        wrong = self.complaints[:]
        self.complaints.clear()
        assert not wrong, ("not as Discord describes it", wrong, batch)
        interactions = self.sandbox.interactions.logged(newest=sent)
        assert len(interactions) == sent
        silent = [one for one in interactions if one["answered_with"] is None and one["type"] != AUTOCOMPLETE]
        assert not silent, ("not answered", silent[:3], len(silent), batch)
        slowest_s = max(one["acknowledged_ms"] or 0.0 for one in interactions) / 1000 - stolen_s
        self.slowest_s = max(self.slowest_s, slowest_s)
        assert slowest_s <= self.acknowledge_s, ("too late", slowest_s, interactions, batch)
        now = await self.money()
        moderated = any(one.person == MODERATOR and self.waiting in repr(one.data) for one in batch)
        if moderated and _but_for(self.waiting, now) == _but_for(self.waiting, self.before):
            self.before = now  # who moderates may end a member's order
        assert now == self.before, (
            "money moved",
            [one for one in now["entries"] if one not in self.before["entries"]],
            now["differences"],
            batch,
        )

    async def money(self) -> Json:
        """Every line of the ledger, and what does not add up.

        What moderators may rightly do with the one job that waits for them, let its money go, is left out.
        """
        return await self.app.database.read(partial(_money, but_for=self.withheld))

    async def _post(self, presses: list[Json], place: str) -> str:
        """A message of the bot's with every control that is going to be pressed; a forger's old one, say."""
        unique = {one["custom_id"]: one for one in presses}
        rows = [{"type": 1, "components": [_control(one)]} for one in unique.values()]
        body = {"flags": 1 << 15, "components": [{"type": 10, "content": "old"}, *rows[:_ROWS_MAX]]}
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=int(self.place(place)))
        posted = await self.app.client.http.request(route, json=body)
        return str(posted["id"])


def _control(data: Json) -> Json:
    kind, custom_id = data["component_type"], data["custom_id"]
    if kind == fuzz_ids.BUTTON:
        return {"type": kind, "style": 2, "label": "x", "custom_id": custom_id}
    options = {"options": [{"label": "x", "value": "x"}]} if kind == fuzz_ids.SELECT else {}
    channels = {"channel_types": [0]} if kind == fuzz_ids.CHANNEL_SELECT else {}
    return {"type": kind, "custom_id": custom_id, **options, **channels}


def _stolen_s() -> float:
    """For how long this thread was ready and another had its core; 0 where the system does not tell."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def _money(tx: sqlite3.Connection, *, but_for: JobId) -> Json:
    lines = [
        one for one in ledger.entries(tx, newest=1_000) if one.job_id != but_for or one.kind is EntryKind.HOLD
    ]
    return {"entries": lines, "differences": audit.verify(tx)}


@asynccontextmanager
async def open_world(folder: Path) -> AsyncIterator[World]:
    """Every command, with clips, jobs and a review that exist; nobody can pay for anything."""
    complaints: list[str] = []
    async with AsyncExitStack() as stack:
        sandbox = Sandbox(folder / "discord", observer=openapi.observer(complaints), acknowledge_s=PATIENCE_S)
        await sandbox.start()
        stack.push_async_callback(sandbox.close)
        before = Route.BASE, str(discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY)
        stack.callback(use_endpoints, *before)
        world = sandbox.world
        people = {name: UserId(world.user_named(name).id) for name in PEOPLE}
        config = Settings(
            data_dir=folder / "data",
            discord_api_url=sandbox.api_url,
            discord_gateway_url=sandbox.gateway_url,
            operator_ids=frozenset({people["Bruno"]}),
            operator_channel_id=world.channel_named("mods").id,
            allow_direct_messages=True,
            studio_play_usd_per_second=PLAY_PRICE,
            # With no budget at all, nothing that is ordered can be valid.
            member_monthly_usd=Micros(0),
            installation_monthly_usd=Micros(0),
        )
        app = await stack.enter_async_context(assembled(config))
        await app.client.sign_in(sandbox.bot_token)
        gateway = asyncio.create_task(app.client.connect(), name="gateway")
        stack.push_async_callback(_ended, [gateway])
        ada = await stack.enter_async_context(_person(sandbox, "Ada"))
        await app.client.ready.wait()
        rows = Rows(
            app,
            config.data_dir,
            Member(guild_id=GuildId(world.guild.id), user_id=people["Ada"]),
            ChannelId(world.channel_named("dailies").id),
        )
        furnished = await furnish(rows, ChannelId(world.channel_named("mods").id))
        duties = [
            asyncio.create_task(duty(), name=name) for name, duty in app.duties.items() if name not in IDLE
        ]
        stack.push_async_callback(_ended, duties)
        listed = sandbox.commands.listed(None)
        for command in listed:  # as where an owner has opened every command to all, under Integrations
            command["default_member_permissions"] = None
        opened = World(
            app=app,
            sandbox=sandbox,
            ada=ada,
            rows=rows,
            known=Known(
                ours=(*furnished.ids, "z" * 16),
                snowflakes=tuple(
                    str(one)
                    for one in (
                        *(world.guild.id, world.bot.id, *world.channels, *people.values()),
                        *(role.id for role in world.guild.roles.values()),
                        *(ELSEWHERE, 0, 1, 2**63 - 1, 10**19 - 1),
                    )
                ),
                messages=tuple(one["id"] for one in await ada.messages(str(rows.channel_id), limit=20)),
                words=_words(listed),
            ),
            listed=listed,
            withheld=furnished.withheld,
            waiting=furnished.waiting,
            before=await app.database.read(partial(_money, but_for=furnished.withheld)),
            complaints=complaints,
        )
        logging.getLogger().addHandler(opened.loud)
        stack.callback(logging.getLogger().removeHandler, opened.loud)
        yield opened
        ended = [task.get_name() for task in duties if task.done()]
        assert not ended, ended


def _person(sandbox: Sandbox, name: str) -> AbstractAsyncContextManager[Person]:
    return Person.open(sandbox.api_url, sandbox.gateway_url, sandbox.world.user_named(name).token)


def _but_for(job_id: JobId, book: Json) -> Json:
    return book | {"entries": [one for one in book["entries"] if one.job_id != job_id]}


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _words(listed: list[Json]) -> tuple[str, ...]:
    """What some option offers, and what some select of ours does."""
    options = [one for command in listed for path in leaves(command) for one in path[-1].get("options", [])]
    offered = {str(one["value"]) for option in options for one in option.get("choices", [])}
    return (*sorted(offered), *Mode, *Kind, "studio", "720p", "16:9", "4", "4000000", "20:00-08:00", "3")
