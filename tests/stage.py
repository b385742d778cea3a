"""The Discord side on a stage: a real sandbox, database, catalogue and client on one loop; no worker."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import discord

from bot import catalogue
from bot.budgets import Budgets
from bot.delivery import Card, Post, Take
from bot.domain import (
    Allowance,
    Balance,
    ChannelId,
    Clip,
    GuildId,
    InteractionId,
    Job,
    JobId,
    JobState,
    Kind,
    Limits,
    Member,
    Micros,
    OfferId,
    Order,
    Quote,
    UserId,
)
from bot.ids import Ids
from bot.moderation.gates import Found, Gate, Why
from bot.ordering.attachments import Attachments
from bot.ordering.door import Door
from bot.ordering.material import PICTURES, Material
from bot.ordering.presets import Presets
from bot.ordering.pricing import Pricing
from bot.ordering.sheets import Sheets
from bot.orders import Orders
from bot.reviews import Decision, Review
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from bot.sandbox.world import Overwrite
from bot.spend.distributing import Distributing
from bot.spend.spending import Spending
from bot.spend.standings import Standings
from cogs.alert_delivery import AlertDelivery
from cogs.budget import budget
from cogs.character import character
from cogs.client import Client, use_endpoints
from cogs.delivery import DiscordDelivery
from cogs.managing import Managing
from cogs.quota import quota
from cogs.spend import spend
from storage.database import Database
from tests import openapi
from tests.books import every_job
from tests.moderation_scene import Moderated, moderated, screened
from tests.new_books import new_database
from tests.props import PLAY_PRICE, Clock, material_of

Json = dict[str, Any]

RICH = Limits(member_monthly_micros=Micros(10_000_000), installation_monthly_micros=Micros(100_000_000))
ASK_ABOVE = Micros(1_000_000)
DESCRIBED = catalogue.Described("Studio", "storyboard, not AI")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What stands on the stage.

    `woken` lists the jobs that the worker would have been told of, `removed` those whose characters were
    removed.
    """

    sandbox: Sandbox
    database: Database
    orders: Orders
    budgets: Budgets
    catalogue: catalogue.Catalogue
    material: Material
    attachments: Attachments
    presets: Presets
    sheets: Sheets
    moderated: Moderated
    client: Client
    delivery: DiscordDelivery
    clock: Clock
    woken: list[JobId]
    removed: list[JobId]
    people: dict[str, Person]

    @property
    def ada(self) -> Person:
        return self.people["Ada"]

    @property
    def bruno(self) -> Person:
        return self.people["Bruno"]

    @property
    def mika(self) -> Person:
        return self.people["Mika"]

    def channel(self, name: str = "dailies") -> str:
        return str(self.sandbox.world.channel_named(name).id)

    def member(self, name: str) -> Member:
        world = self.sandbox.world
        return Member(guild_id=GuildId(world.guild.id), user_id=UserId(world.user_named(name).id))

    def deny(self, permission: int, channel: str = "dailies") -> None:
        """Take a permission from the bot in a channel."""
        bot = self.sandbox.world.bot
        place = self.sandbox.world.channel_named(channel)
        place.overwrites[bot.id] = Overwrite(id=bot.id, is_member=True, deny=permission)

    async def rows(self) -> list[Job]:
        """Every job there is."""
        return await self.database.read(every_job)

    async def money(self, name: str) -> Balance:
        """What a member has spent and held."""
        return (await self.budgets.allowance(self.member(name))).balance

    async def ask(self, person: Person, *, channel: str = "dailies", **options: object) -> Json:
        """`/generate`, and the message that answers it."""
        press = await person.slash("generate", options, channel=self.channel(channel))
        return await person.answer(press)

    async def ask_raw(self, person: Person, options: list[Json], *, channel: str = "dailies") -> Json:
        """`/generate` with options that no form would let through."""
        command = next(one for one in await person.commands() if one["name"] == "generate")
        data = {
            "id": command["id"],
            "version": command["version"],
            "name": "generate",
            "type": 1,
            "options": options,
        }
        payload = {"type": 2, "channel_id": self.channel(channel), "data": data}
        return await person.answer(await person.interaction(payload, unchecked=True))

    async def press(self, person: Person, message: Json, start: str) -> Json:
        """Press the button whose `custom_id` begins so, and return the answer to it alone."""
        return await person.answer(await person.press(message, button(message, start)["custom_id"]))

    async def answer_quote(self, person: Person, quote: Json, answer: str) -> Json:
        """Say `yes` or `no` to a quote; the answer takes the quote's place."""
        (custom_id,) = [one for one in custom_ids(quote) if one.endswith(answer)]
        press = await person.press(quote, custom_id)
        return await person.wait_for_message(lambda m: bool(m["id"] == quote["id"]), since=press.mark)

    def job(self, number: int = 1, *, member: str = "Ada", channel: str = "dailies", **changes: Any) -> Job:
        """A job that is in no table, ordered just now in a channel of the sandbox."""
        world = self.sandbox.world
        return job_of(
            number,
            member=self.member(member),
            channel_id=ChannelId(world.channel_named(channel).id),
            interaction_id=InteractionId(world.snowflakes.next()),
            at=self.clock(),
            **changes,
        )


def job_of(
    number: int,
    *,
    member: Member,
    channel_id: ChannelId,
    interaction_id: InteractionId,
    at: datetime,
    prompt: str = "a paper boat crossing a rain puddle",
    price_micros: int = 4 * PLAY_PRICE,
    seed: int | None = None,
    **changes: Any,
) -> Job:
    """A queued job, or one with other fields."""
    job = Job(
        id=JobId(f"{number:016d}"),
        order_id=JobId(f"{number:016d}"),
        take=1,
        order=Order(
            kind=Kind.GENERATE,
            member=member,
            channel_id=channel_id,
            interaction_id=interaction_id,
            prompt=prompt,
            model="studio",
            resolution="720p",
            aspect_ratio="16:9",
            duration_s=4,
            seed=seed,
        ),
        quote=Quote(
            offer_id=OfferId("studio/studio"),
            price_micros=Micros(price_micros),
            per_second_micros=Micros(price_micros // 4),
        ),
        state=JobState.QUEUED,
        rev=0,
        created_at=at,
        state_at=at,
    )
    return replace(job, **changes)


OF_TAKES = ("can_cancel", "progress", "expected_at", "clip_here", "clip_state", "held_back", "review")


def card_of(job: Job, *more: Job, **changes: Any) -> Card:
    """The card of an order, with $9.60 left of the budget. What can be said of one take is said of all."""
    of_takes = {name: changes.pop(name) for name in OF_TAKES if name in changes}
    card = Card(
        takes=tuple(Take(job=one, **of_takes) for one in (job, *more)),
        allowance=Allowance(
            limit_micros=Micros(10_000_000),
            balance=Balance(held_micros=Micros(400_000)),
            left_micros=Micros(9_600_000),
            resets_at=job.created_at + timedelta(days=9),
            left_until=job.created_at + timedelta(days=9),
        ),
        model_name="Studio",
        label="storyboard, not AI",
        play_money=True,
    )
    return replace(card, **changes)


def review_of(job: Job, *, decision: Decision | None) -> Review:
    """A review of an order that is decided so, or waits."""
    return Review(
        id="r",
        gate=Gate.RENDERING,
        job_id=job.id,
        member=job.order.member,
        channel_id=job.order.channel_id,
        why=Why.ALL,
        found=Found(),
        price_micros=job.quote.price_micros,
        needed=1,
        asked_at=job.created_at,
        remind_at=job.created_at,
        expires_at=job.created_at + timedelta(days=2),
        decision=decision,
    )


def post_of(job: Job, path: Path | None, **changes: Any) -> Post:
    """A finished clip of a job; the file may hold anything, since Discord looks at its size alone."""
    clip = Clip(
        job_id=job.id,
        path=path or Path("clip.mp4"),
        sha256="0" * 64,
        size_bytes=path.stat().st_size if path is not None and path.exists() else 0,
        width=1280,
        height=720,
        duration_ms=4_000,
        has_sound=True,
        stored_at=job.created_at,
    )
    post = Post(
        job=job,
        clip=clip,
        channel_id=job.order.channel_id,
        path=path,
        model_name="Studio",
        label="storyboard, not AI",
        play_money=True,
    )
    return replace(post, **changes)


@asynccontextmanager
async def open_stage(
    folder: Path,
    *,
    limits: Limits = RICH,
    second_micros: Micros | None = PLAY_PRICE,
    confirm_above_micros: Micros = ASK_ABOVE,
    upload_limit: int = 20 << 20,
    words: tuple[str, ...] = (),
    guild_locale: str = "en-US",
    community: bool = True,
    direct_messages: bool = False,
    acknowledge_s: float = 3.0,
) -> AsyncIterator[Stage]:
    """Everything connected. At the end, every request of the bot is held to Discord's description."""
    complaints: list[str] = []
    async with contextlib.AsyncExitStack() as stack:
        observer = openapi.observer(complaints)
        sandbox = Sandbox(
            folder / "discord", upload_limit=upload_limit, observer=observer, acknowledge_s=acknowledge_s
        )
        await sandbox.start()
        stack.push_async_callback(sandbox.close)
        sandbox.world.guild.locale = guild_locale
        sandbox.world.guild.is_community = community
        database = await new_database(folder / "dailies.db")
        stack.push_async_callback(database.close)
        clock = Clock(datetime.now(UTC))
        models = catalogue.load(
            None, providers=frozenset({"studio"}), now=clock, studio_play_price=second_micros
        )
        woken: list[JobId] = []
        ids = Ids(clock, random.Random(1).getrandbits)
        await asyncio.to_thread((folder / PICTURES).mkdir)
        material = material_of(database, clock, ids, folder)
        attachments = Attachments(also_from=sandbox.api_url)
        stack.push_async_callback(attachments.close)
        screens = screened(database, words, now=clock)
        orders = Orders(
            database,
            Pricing(models, screens.screening, material, now=clock),
            limits=limits,
            ids=ids,
            now=clock,
            placed=woken.append,
            door=(door := Door(database, models, ids=ids, now=clock)),
        )
        budgets = Budgets(database, limits, now=clock)
        presets = Presets(database, models, screens.screening, ids=ids, now=clock)
        sheets = Sheets(database, ids=ids, now=clock)
        before = discord.http.Route.BASE, str(discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY)
        use_endpoints(sandbox.api_url, sandbox.gateway_url)
        stack.callback(use_endpoints, *before)
        client = Client(
            orders=orders,
            budgets=budgets,
            catalogue=models,
            material=material,
            attachments=attachments,
            presets=presets,
            sheets=sheets,
            confirm_above_micros=confirm_above_micros,
            play_money=second_micros is not None,
            direct_messages=direct_messages,
        )
        stack.push_async_callback(client.close)
        distributing = Distributing(database, now=clock)
        standings = Standings(database, limits, now=clock)
        client.tree.add_command(quota(orders, budgets, standings, play_money=second_micros is not None))
        managing = Managing(
            budgets,
            distributing,
            standings,
            AlertDelivery(client, play_money=second_micros is not None),
        )
        client.managing = managing
        client.tree.add_command(budget(managing))
        spending = Spending(folder / "dailies.db", database, now=clock)
        operators = frozenset({UserId(sandbox.world.user_named("Bruno").id)})
        client.tree.add_command(spend(spending, operator_ids=operators, play_money=second_micros is not None))
        removed: list[JobId] = []
        client.tree.add_command(
            character(client.ordering, material.characters, attachments, models, removed=removed.append)
        )
        under = moderated(
            client, database, models, screens, attachments, door, folder=folder, ids=ids, now=clock
        )
        await client.sign_in(sandbox.bot_token)
        gateway = asyncio.create_task(client.connect(), name="gateway")
        stack.push_async_callback(_ended, gateway)
        people = {}
        for name in ("Ada", "Bruno", "Mika"):
            token = sandbox.world.user_named(name).token
            people[name] = await stack.enter_async_context(
                Person.open(sandbox.api_url, sandbox.gateway_url, token)
            )
        await client.ready.wait()
        yield Stage(
            sandbox=sandbox,
            database=database,
            orders=orders,
            budgets=budgets,
            catalogue=models,
            material=material,
            attachments=attachments,
            presets=presets,
            sheets=sheets,
            moderated=under,
            client=client,
            delivery=DiscordDelivery(client),
            clock=clock,
            woken=woken,
            removed=removed,
            people=people,
        )
    assert complaints == [], complaints


async def _ended(gateway: asyncio.Task[None]) -> None:
    gateway.cancel()
    await asyncio.gather(gateway, return_exceptions=True)


def texts(message: Json) -> str:
    """All text that a message's components show."""
    return "\n".join(one["content"] for one in walk(message["components"]) if one["type"] == 10)


def custom_ids(message: Json) -> list[str]:
    """What can be pressed on a message."""
    return [one["custom_id"] for one in walk(message["components"]) if "custom_id" in one]


def button(message: Json, start: str) -> Json:
    """The one button whose `custom_id` begins so."""
    (found,) = [one for one in walk(message["components"]) if str(one.get("custom_id", "")).startswith(start)]
    return found


def walk(components: list[Json]) -> list[Json]:
    """Every component, however deep."""
    found = []
    for one in components:
        found.append(one)
        found += walk(one.get("components", []))
    return found


def new_client(stage: Stage) -> Client:
    """Another client over the same rows, which is not signed in."""
    return Client(
        orders=stage.orders,
        budgets=stage.budgets,
        catalogue=stage.catalogue,
        material=stage.material,
        attachments=stage.attachments,
        presets=stage.presets,
        sheets=stage.sheets,
        confirm_above_micros=ASK_ABOVE,
    )
