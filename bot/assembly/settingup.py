"""`/setup`: the one flow through what others set one by one. It keeps nothing of its own."""

from bot.assembly.buying import Buying
from bot.assembly.ground import Ground
from bot.moderation.act_log import ActLog
from bot.moderation.gate_settings import GateSettings
from bot.moderation.reviewing import Reviewing
from bot.places import Places
from bot.spend.distributing import Distributing
from cogs.act_board import ActBoard
from cogs.channel_trial import ChannelTrial
from cogs.setup import SettingUp, setup


def opened(ground: Ground, buying: Buying, reviewing: Reviewing) -> None:
    """The command and its presses."""
    client, database, now = buying.client, ground.database, ground.now
    client.setting_up = SettingUp(
        client.ordering,
        ground.models,
        Places(database, now=now),
        GateSettings(database, now=now),
        Distributing(database, now=now),
        ActLog(database, ActBoard(client), now=now),
        reviewing,
        ChannelTrial(client),
        play_money=ground.play_money,
    )
    client.tree.add_command(setup(client.setting_up))
