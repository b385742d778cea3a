"""The rules of channels: laid over each other, each with its sentence, before any money and again with it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.catalogue import load
from bot.domain import ChannelId, InteractionId, Kind, Micros
from bot.errors import AgainstRules
from bot.moderation.channel_rules import spell
from bot.ordering.asked import Asked
from bot.ordering.door import Door
from bot.ordering.pricing import Proposal
from bot.screening.classifier import Subject
from bot.screening.screening import Screening
from bot.screening.verdict import Reason, Verdict
from storage import channel_rules, guilds
from storage.channel_rules import NO_LIMIT, UNSET, WHOLE_SERVER, Layer, Pictured, Remixing, Rules, laid
from storage.database import Database
from storage.guilds import SpendingRules
from tests.new_books import new_database
from tests.props import ANN, ANN_ELSEWHERE, BEN, NOON, Clock, Desk, asked, rows
from tests.workbench import KEYED, MODELS

HERE, THREAD, ELSEWHERE = ChannelId(30), ChannelId(31), ChannelId(32)


class Scene:
    """A desk at which orders are placed, and rules that are set."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Clock(NOON)
        self.desk = Desk(database, self.clock)

    async def rule(self, channel_id: ChannelId = HERE, **rules: object) -> None:
        layer = Layer(**rules)  # type: ignore[arg-type]
        await self.database.write(
            partial(channel_rules.put, guild_id=ANN.guild_id, channel_id=channel_id, layer=layer)
        )

    async def takes(self, order: Asked) -> str:
        """What an order is refused with; empty where it is placed."""
        try:
            await self.desk.orders.order(order, await self.desk.orders.propose(order))
        except AgainstRules as refused:
            return refused.sentence
        return ""


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    database = await new_database(tmp_path / "dailies.db")
    yield Scene(database)
    await database.close()


# Layers


def test_a_threads_rules_lie_over_its_channels_and_those_over_the_servers() -> None:
    server = Layer(duration_max_s=4, slow_s=60, remixing=Remixing.OFF, kinds=("generate",))
    channel = Layer(duration_max_s=8, pictured=Pictured.OWN)
    thread = Layer(kinds=())

    assert laid([thread, channel, server]) == Rules(
        duration_max_s=8, slow_s=60, remixing=Remixing.OFF, pictured=Pictured.OWN
    )


def test_a_channel_may_be_freer_than_its_server() -> None:
    server = Layer(duration_max_s=4, price_max_micros=0, roles=(5,), quiet=(60, 120), slow_s=9)
    channel = Layer(duration_max_s=NO_LIMIT, price_max_micros=NO_LIMIT, roles=(), quiet=(0, 0), slow_s=0)

    assert laid([channel, server]) == Rules()


async def test_rules_are_kept_as_they_were_set_and_forgotten(scene: Scene) -> None:
    layer = Layer(
        roles=(5, 6),
        kinds=("generate", "remix"),
        models=("studio",),
        duration_max_s=8,
        price_max_micros=NO_LIMIT,
        pictured=Pictured.OFF,
        remixing=Remixing.ASKED,
        quiet=(1320, 420),
        slow_s=90,
    )
    put = partial(channel_rules.put, guild_id=ANN.guild_id, channel_id=HERE)
    get = partial(channel_rules.get, guild_id=ANN.guild_id, channel_id=HERE)
    await scene.database.write(partial(put, layer=layer))

    assert await scene.database.read(get) == layer
    await scene.database.write(partial(put, layer=UNSET))
    assert await scene.database.read(get) == UNSET


# Who and what


async def test_only_the_named_roles_order_and_everyone_is_a_role(scene: Scene) -> None:
    await scene.rule(roles=(5, 6))

    assert await scene.takes(asked()) == (
        "Ordering here is for <@&5>, <@&6>. Nothing was charged. Order in another channel."
    )
    assert await scene.takes(replace(asked(), role_ids=[6, 9])) == ""
    assert await scene.takes(replace(asked(), channel_id=ELSEWHERE)) == ""
    assert await scene.takes(asked(ANN_ELSEWHERE)) == ""
    await scene.rule(roles=(ANN.guild_id,))
    assert await scene.takes(asked()) == ""


async def test_only_the_named_kinds_are_taken(scene: Scene) -> None:
    await scene.rule(kinds=(Kind.ANIMATE, Kind.REMIX))

    assert await scene.takes(asked()) == (
        "This channel takes orders made from these alone: pictures, remixes. Nothing was charged. "
        "Order that here, or this in another channel."
    )
    await scene.rule(kinds=(Kind.GENERATE,))
    assert await scene.takes(asked()) == ""


async def test_only_the_named_models_are_taken(scene: Scene) -> None:
    await scene.rule(models=("another",))

    assert (await scene.takes(replace(asked(), model="studio"))).startswith(
        "This channel takes these models alone: another."
    )
    await scene.rule(models=("studio",))
    assert await scene.takes(replace(asked(), model="studio")) == ""
    assert await scene.takes(asked()) == ""


async def test_a_clip_is_as_long_as_its_channel_lets_it_be(scene: Scene) -> None:
    await scene.rule(duration_max_s=8)

    assert await scene.takes(asked(seconds=8)) == ""
    assert (await scene.takes(asked(seconds=12))).startswith("Clips of this channel have 8 seconds at most.")


async def test_an_order_costs_what_its_channel_lets_it_with_all_its_takes(scene: Scene) -> None:
    await scene.rule(price_max_micros=Micros(800_000))

    assert await scene.takes(replace(asked(), takes=2)) == ""
    assert await scene.takes(replace(asked(), takes=3)) == (
        "An order in this channel costs $0.80 at most, and this one $1.20. Nothing was charged. "
        "Choose something cheaper or fewer takes, or order in another channel."
    )
    await scene.rule(price_max_micros=0)
    assert (await scene.takes(asked())).startswith("An order in this channel costs $0.00 at most")


async def test_a_thread_has_the_rules_of_its_channel(scene: Scene) -> None:
    await scene.rule(kinds=(Kind.REMIX,))

    assert await scene.takes(replace(asked(), channel_id=THREAD, parent_id=HERE)) != ""
    await scene.rule(THREAD, kinds=())
    assert await scene.takes(replace(asked(), channel_id=THREAD, parent_id=HERE)) == ""


async def test_the_servers_rules_hold_where_a_channel_has_none(scene: Scene) -> None:
    await scene.rule(WHOLE_SERVER, kinds=(Kind.REMIX,))
    await scene.rule(ELSEWHERE, kinds=(Kind.GENERATE,))

    assert await scene.takes(asked()) != ""
    assert await scene.takes(replace(asked(), channel_id=ELSEWHERE)) == ""


# When


async def test_quiet_hours_are_of_the_servers_zone(scene: Scene) -> None:
    await scene.rule(quiet=(13 * 60, 14 * 60))
    assert await scene.takes(asked()) == ""  # it is noon in UTC
    await scene.database.write(
        partial(
            guilds.set_rules,
            guild_id=ANN.guild_id,
            wanted=SpendingRules(time_zone="Europe/Berlin"),
            by=BEN.user_id,
            reason="",
            at=NOON,
        )
    )

    until = int((NOON + timedelta(hours=1)).timestamp())
    assert (await scene.takes(asked())).startswith(f"This channel has quiet hours until <t:{until}:t>.")
    scene.clock.advance(timedelta(hours=1))
    assert await scene.takes(asked()) == ""


async def test_slow_mode_is_of_each_member_and_of_a_channel_with_its_threads(scene: Scene) -> None:
    await scene.rule(slow_s=600)
    assert await scene.takes(asked()) == ""

    opens_at = int((NOON + timedelta(minutes=10)).timestamp()) + 1
    assert await scene.takes(asked()) == (
        "This channel takes one order of a member every 10 min. Nothing was charged. "
        f"Order again <t:{opens_at}:R>."
    )
    assert await scene.takes(replace(asked(), channel_id=THREAD, parent_id=HERE)) != ""
    assert await scene.takes(replace(asked(), channel_id=ELSEWHERE)) == ""
    assert await scene.takes(asked(BEN)) == ""
    scene.clock.advance(timedelta(minutes=10) - timedelta(microseconds=1))
    assert await scene.takes(asked()) != ""
    scene.clock.advance(timedelta(microseconds=1))
    assert await scene.takes(asked()) == ""


async def test_two_orders_at_once_are_one_under_slow_mode(scene: Scene) -> None:
    await scene.rule(slow_s=600)
    first, second = asked(), asked()
    proposals = [await scene.desk.orders.propose(one) for one in (first, second)]

    await scene.desk.orders.order(first, proposals[0])
    with pytest.raises(AgainstRules):
        await scene.desk.orders.order(second, proposals[1])

    assert (await rows(scene.database))["jobs"] == 1
    assert (await rows(scene.database))["holds"] == 1


async def test_a_rule_that_is_set_after_the_price_holds_no_money(scene: Scene) -> None:
    order = asked()
    proposal = await scene.desk.orders.propose(order)
    await scene.rule(kinds=(Kind.REMIX,))

    with pytest.raises(AgainstRules):
        await scene.desk.orders.order(order, proposal)
    with pytest.raises(AgainstRules):
        await scene.desk.orders.ask(order, proposal.priced)

    assert set((await rows(scene.database)).values()) == {0}


# For adults


class Racy:
    """A classifier that finds every prompt to be for adults."""

    name = "a test"
    sees_pictures = False

    async def look(self, subject: Subject) -> Verdict:
        del subject
        return Verdict(reasons=(Reason(code="score", source="a test", category="sexual"),))


async def test_what_is_for_adults_is_taken_where_discord_marks_the_channel_so(scene: Scene) -> None:
    scene.desk = Desk(scene.database, scene.clock, screening=Screening([Racy()]))

    assert (await scene.takes(asked())).startswith("This is for age-restricted channels alone")
    assert await scene.takes(replace(asked(), age_restricted=True)) == ""


async def test_a_model_for_adults_is_taken_where_discord_marks_the_channel_so(
    scene: Scene, tmp_path: Path
) -> None:
    models = tmp_path / "models.toml"
    models.write_text(MODELS.replace('about = "For tests."', 'about = "For tests."\nmature = true', 1))
    reachable = frozenset({"emulator", "told"})
    catalogue = load(models, providers=reachable, now=scene.clock, studio_play_price=None)
    door = Door(scene.database, catalogue, ids=scene.desk.ids, now=scene.clock)
    priced = catalogue.order(
        kind=Kind.GENERATE,
        member=ANN,
        channel_id=HERE,
        interaction_id=InteractionId(1),
        prompt="a paper boat",
        model=KEYED,
    )

    async def price(order: Asked) -> Proposal:
        del order
        return Proposal(priced=priced)

    with pytest.raises(AgainstRules, match="age-restricted"):
        await door.through(asked(), price)
    assert (await door.through(replace(asked(), age_restricted=True), price)).priced == priced


@pytest.mark.parametrize(
    ("seconds", "told"), [(30, "30 s"), (90, "90 s"), (600, "10 min"), (7_200, "2 h"), (172_800, "2 d")]
)
def test_a_length_of_time_is_said_in_its_largest_unit(seconds: int, told: str) -> None:
    assert spell(seconds) == told
