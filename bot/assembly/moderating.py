"""What moderators do: the commands of `/moderation`, and what members see of it."""

from bot.assembly.buying import Buying
from bot.assembly.ground import Ground
from bot.assembly.showing import Showing
from bot.moderation.act_log import ActLog
from bot.moderation.appeals import Appeals
from bot.moderation.blocks import Blocks
from bot.moderation.consent import Consents
from bot.moderation.gate_settings import GateSettings
from bot.moderation.people import People
from bot.moderation.ruling import Ruling
from bot.moderation.withdrawing import Withdrawing
from bot.worker import Worker
from cogs.act_board import ActBoard, add_log
from cogs.consent import consent
from cogs.delivery import DiscordDelivery
from cogs.desk import Desk
from cogs.desk_delivery import DeskDelivery
from cogs.moderation import moderation
from cogs.moderation_appeals import add_appeals
from cogs.moderation_blocks import add_blocks
from cogs.moderation_member import add_members
from cogs.moderation_pause import add_pauses
from cogs.moderation_reports import add_reports, add_takedowns
from cogs.moderation_words import add_words
from cogs.operator_people import add_operator_blocks
from cogs.remix_ask import RemixAsker
from cogs.rules_desk import RulesDesk
from cogs.standing import standing


def opened(ground: Ground, buying: Buying, showing: Showing, worker: Worker) -> None:
    """The group, with the subcommands of everybody who has one."""
    client, database, now = buying.client, ground.database, ground.now
    ground.pauses.touched = showing.cards.touch
    ground.pauses.woken = worker.wake
    people = People(database, ids=ground.ids, now=now)
    appeals = Appeals(database, DeskDelivery(client, DiscordDelivery(client)), now=now)
    rules = RulesDesk(Ruling(database, now=now), ground.models)
    asks = buying.door.remix_asks
    asks.asker = RemixAsker(client, DiscordDelivery(client))
    client.desk = Desk(appeals, rules, asks, GateSettings(database, now=now))
    group = moderation()
    add_pauses(group, ground.pauses)
    add_members(group, people)
    add_appeals(group, client.desk)
    add_words(group, ground.screens.server_words, buying.attachments, ground.screens.screening)
    rules.add(group)
    taken = showing.removing
    add_reports(group, taken.cases)
    add_blocks(group, Blocks(database, now=now))
    act_log = ActLog(database, ActBoard(client), now=now)
    add_log(group, act_log)
    ground.duties["act log"] = act_log.run
    if client.shelves is not None:
        add_takedowns(group, taken.takedowns, taken.removals, client.shelves)
    client.tree.add_command(group)
    client.tree.add_command(standing(people, appeals))
    withdrawing = Withdrawing(
        database, folder=ground.folder, now=now, moved=worker.wake, taken=taken.takedowns.go
    )
    client.tree.add_command(consent(Consents(database, now=now), withdrawing))
    add_operator_blocks(client.tree, ground.config.operator_ids, people)
    ground.duties["appeals"] = appeals.telling.run
    ground.duties["remix asks"] = asks.telling.run
