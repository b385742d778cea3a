"""`/setup` on the stage, with the parts that it changes."""

from bot.catalogue import Catalogue
from bot.moderation.act_log import ActLog
from bot.moderation.gate_settings import GateSettings
from bot.places import Places
from bot.spend.distributing import Distributing
from cogs.act_board import ActBoard
from cogs.channel_trial import ChannelTrial
from cogs.ordering import Ordering
from cogs.setup import SettingUp, setup
from tests.review_stage import Office


async def set_up(office: Office) -> None:
    """Register the command with everything behind it."""
    client = office.stage.client
    client.setting_up = setting_up(office, client.ordering, office.stage.catalogue)
    client.tree.add_command(setup(client.setting_up))
    await client.tree.sync()


def setting_up(office: Office, ordering: Ordering, models: Catalogue) -> SettingUp:
    """What the command talks to."""
    stage = office.stage
    client, database, now = stage.client, stage.database, stage.clock
    return SettingUp(
        ordering,
        models,
        Places(database, now=now),
        GateSettings(database, now=now),
        Distributing(database, now=now),
        ActLog(database, ActBoard(client), now=now),
        office.reviewing,
        ChannelTrial(client),
        play_money=True,
    )
