"""A server that is admitted to every provider there is, and what its members are told fits their budgets."""

import random
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot import catalogue
from bot.budgets import Budgets
from bot.catalogue import Catalogue
from bot.domain import Job, Kind, Limits, Micros, OfferId, Period, UserId
from bot.errors import BudgetExceeded, PaidNotEnabled
from bot.ids import Ids
from bot.money import format_usd
from bot.offers.health import Fitness
from bot.ordering.asked import Asked
from bot.ordering.door import Door
from bot.ordering.presets import Presets
from bot.ordering.pricing import Pricing
from bot.orders import Orders
from bot.screening.classifier import Classifier
from bot.screening.screening import Screening
from bot.spend.affordable import Affordable
from cogs.ordering import Ordering
from storage import budgets as rows
from storage import guilds
from storage.budgets import BudgetScope
from storage.database import Database
from tests.props import ANN, Clock, Inline, asked, material_of

DOLLAR = 1_000_000
PROVIDERS = frozenset({"fal", "openai", "replicate", "lumenfall", "prodia", "studio"})
CHANNEL = 30
WHOLE = Limits(installation_monthly_micros=Micros(1_000 * DOLLAR))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Everything that sells, at every provider, to a server that is admitted."""

    database: Database
    models: Catalogue
    orders: Orders
    affordable: Affordable
    ordering: Ordering
    clock: Clock

    async def set(self, work: Callable[[sqlite3.Connection], object]) -> None:
        await self.database.write(work)

    async def limit(
        self, scope: BudgetScope, scope_id: int, micros: int, period: Period = Period.MONTH
    ) -> None:
        at = self.clock()
        key = (ANN.guild_id, scope, scope_id, period)
        await self.set(lambda tx: rows.set_limit(tx, *key, Micros(micros), by=UserId(5), reason="", at=at))

    async def admit(self, dollars: int) -> None:
        at = self.clock()
        await self.set(lambda tx: guilds.admit(tx, ANN.guild_id, Micros(dollars * DOLLAR), at=at))

    async def order(self, wanted: Asked) -> Job:
        """As the command does it where nothing has to be confirmed."""
        proposal = await self.orders.propose(wanted)
        async with self.affordable.told(wanted, proposal):
            return await self.orders.order(wanted, proposal)

    async def named(self, wanted: Asked) -> list[str]:
        """What is named where this is refused."""
        with pytest.raises((BudgetExceeded, PaidNotEnabled)) as refused:
            await self.order(wanted)
        told = re.search(r"This would fit: (.*?)\. [A-Z]", refused.value.do)
        return [] if told is None else told[1].split("; ")

    def as_named(self, choice: str, wanted: Asked) -> Asked:
        """What somebody types who goes by a choice; a new press."""
        fresh = replace(wanted, interaction_id=asked().interaction_id)
        if found := re.fullmatch(r"(\d+) takes? for .*", choice):
            return replace(fresh, takes=int(found[1]))
        if found := re.fullmatch(r"(\d+) s for .*", choice):
            return replace(fresh, duration_s=int(found[1]))
        if found := re.fullmatch(r"(?:(\d+) s of )?(.*) at (\S+) for .*", choice):
            (model,) = [row.id for row in self.models.all_models() if row.name == found[2]]
            like = replace(fresh, model=model, resolution=found[3])
            return like if found[1] is None else replace(like, duration_s=int(found[1]))
        found = re.fullmatch(r"(\S+) for .*", choice)
        assert found is not None, choice
        return replace(fresh, resolution=found[1])

    async def costs(self, wanted: Asked) -> int:
        order, quote, _adjustments = (await self.orders.propose(wanted)).priced
        return quote.price_micros * order.takes


def shop_of(
    fitness: Callable[[OfferId], Fitness] = lambda _offer: Fitness.READY,
    *,
    classifiers: Sequence[Classifier] = (),
    patience_s: float = 60.0,
    providers: frozenset[str] = PROVIDERS,
) -> Shop:
    clock = Clock()
    database = Database(Inline())
    ids = Ids(clock, random.Random(1).getrandbits)
    models = catalogue.load(None, providers=providers, now=clock, fitness=fitness)
    orders = Orders(
        database,
        Pricing(models, Screening(classifiers), material_of(database, clock, ids), now=clock),
        limits=WHOLE,
        ids=ids,
        now=clock,
        placed=lambda _job_id: None,
        door=Door(database, models, ids=ids, now=clock),
    )
    budgets = Budgets(database, WHOLE, now=clock)
    return Shop(
        database=database,
        models=models,
        orders=orders,
        affordable=Affordable(orders, budgets, models, patience_s=patience_s),
        ordering=Ordering(
            orders,
            budgets,
            models,
            Presets(database, models, Screening(), ids=ids, now=clock),
            confirm_above_micros=Micros(0),
            play_money=False,
        ),
        clock=clock,
    )


def dear(models: Catalogue, **more: Any) -> Asked:
    """The longest clip at the highest resolution of a model that has several of both."""
    for row in models.models(Kind.GENERATE):
        if len(row.durations_s) > 1 and len(row.resolutions) > 1 and row.id != "studio":
            return replace(
                asked(), model=row.id, resolution=row.resolutions[-1], duration_s=max(row.durations_s), **more
            )
    raise AssertionError("no model has several lengths and resolutions")


async def all_are_taken(shop: Shop, named: list[str], wanted: Asked) -> None:
    """Order each as it is named, one after the other; what it held is given back before the next."""
    for choice in named:
        like = shop.as_named(choice, wanted)
        order, quote, adjustments = (await shop.orders.propose(like)).priced
        job = await shop.order(like)
        price = choice.rpartition(" for ")[2]
        whole = quote.price_micros * order.takes
        assert price == ("free" if not whole else format_usd(whole)), choice
        assert adjustments == (), choice
        await shop.orders.cancel_order(job.id, by=ANN, moderator=False)
