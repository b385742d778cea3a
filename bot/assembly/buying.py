"""What a member can order and pay for, and the signed-in client that takes the orders."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.assembly.ground import Ground
from bot.budgets import Budgets
from bot.clips.stills import Stills
from bot.domain import JobId, Order
from bot.moderation.fingerprints import Fingerprints
from bot.moderation.gatehouse import moderated
from bot.moderation.hashes import Hashes
from bot.operating.control import carry_out
from bot.operating.identifies import Identifies
from bot.ordering.attachments import Attachments
from bot.ordering.door import Door
from bot.ordering.eligibility import MinimumAges
from bot.ordering.material import Material
from bot.ordering.pictures import Pictures
from bot.ordering.presets import Presets
from bot.ordering.pricing import Pricing, always, never
from bot.ordering.sheets import Sheets
from bot.orders import Orders
from bot.settings import DISCORD_API_URL, DISCORD_GATEWAY_URL
from bot.spend.alerts import Alerts
from bot.spend.distributing import Distributing
from bot.spend.spending import Spending
from bot.spend.standings import Standings
from cogs.alert_delivery import AlertDelivery
from cogs.budget import budget
from cogs.client import Client, use_endpoints
from cogs.managing import Managing
from cogs.operator import operator as operator_command
from cogs.operator import post_notice
from cogs.quota import quota
from cogs.spend import spend


@dataclass(frozen=True, slots=True, kw_only=True)
class Buying:
    """From a press to a job with its money held."""

    orders: Orders
    budgets: Budgets
    material: Material
    hashes: Hashes
    attachments: Attachments
    client: Client
    door: Door


def opened(ground: Ground, *, placed: Callable[[JobId], None], asked: Callable[[], None]) -> Buying:
    """The till: prices, orders, the client with the commands that order."""
    config, database, models, now = ground.config, ground.database, ground.models, ground.now
    budgets = Budgets(database, ground.limits, now=now)
    attachments = Attachments(
        also_from=None if config.discord_api_url == DISCORD_API_URL else config.discord_api_url
    )
    ground.stack.push_async_callback(attachments.close)
    hashes = Hashes(database, Fingerprints(), folder=ground.clips_folder, data=ground.folder, now=now)
    material = Material(
        database, Pictures(), Stills(), folder=ground.folder, ids=ground.ids, now=now, hashes=hashes
    )
    pricing = Pricing(
        models,
        ground.screens.screening,
        material,
        now=now,
        ages=MinimumAges(
            account=timedelta(days=config.account_age_min_days),
            membership=timedelta(days=config.membership_age_min_days),
        ),
        keep_at_provider=config.keep_at_provider,
        block_ip=_asks_about_property(ground),
    )
    door = Door(database, models, ids=ground.ids, now=now, halts=ground.halts)
    orders = Orders(
        database,
        pricing,
        limits=ground.limits,
        ids=ground.ids,
        now=now,
        placed=placed,
        surge=ground.surge,
        door=door,
        asked=asked,
    )
    use_endpoints(config.discord_api_url, config.discord_gateway_url)
    client = Client(
        orders=orders,
        budgets=budgets,
        catalogue=models,
        material=material,
        attachments=attachments,
        presets=Presets(database, models, ground.screens.screening, ids=ground.ids, now=now),
        sheets=Sheets(database, ids=ground.ids, now=now),
        http_trace=ground.timekeeping.listen(ground.meters.discord_trace()),
        confirm_above_micros=config.confirm_above_usd,
        play_money=ground.play_money,
        direct_messages=config.allow_direct_messages,
    )
    # They go to the gateway, whatever stands before the API; a proxy or a sandbox there has its own bounds.
    if config.discord_gateway_url == DISCORD_GATEWAY_URL:
        client.identifies = Identifies(database, now=now)
    ground.stack.push_async_callback(client.close)
    ground.duties["gateway"] = client.connect
    _money(ground, client, orders, budgets)
    _operating(ground, client)
    return Buying(
        orders=orders,
        budgets=budgets,
        material=material,
        hashes=hashes,
        attachments=attachments,
        client=client,
        door=door,
    )


def _asks_about_property(ground: Ground) -> Callable[[Order], Awaitable[bool]]:
    match ground.config.block_ip:
        case "always":
            return always
        case "moderated":
            return partial(moderated, ground.database)
        case "never":
            return never


def _money(ground: Ground, client: Client, orders: Orders, budgets: Budgets) -> None:
    """What shows and sets budgets, and warns of them."""
    config, database, now, play_money = ground.config, ground.database, ground.now, ground.play_money
    spending = Spending(ground.folder / "dailies.db", database, now=now)
    billboard = AlertDelivery(client, play_money=play_money)
    standings = Standings(database, ground.limits, now=now)
    client.managing = Managing(budgets, Distributing(database, now=now), standings, billboard)
    client.tree.add_command(quota(orders, budgets, standings, play_money=play_money))
    client.tree.add_command(budget(client.managing))
    client.tree.add_command(spend(spending, operator_ids=config.operator_ids, play_money=play_money))
    ground.duties["alerts"] = Alerts(database, spending, billboard, now=now).run


def _operating(ground: Ground, client: Client) -> None:
    """What the operator can do and read in Discord."""
    config = ground.config
    if config.operator_ids:
        carry = partial(carry_out, ground.database, now=ground.now)
        client.tree.add_command(operator_command(config.operator_ids, carry, resumed=ground.surge.resumed))
    if config.operator_channel_id is not None:
        post = partial(post_notice, client, config.operator_channel_id)
        ground.duties["notices"] = partial(ground.notices.run, post)
