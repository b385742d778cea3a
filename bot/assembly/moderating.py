"""What moderators do: the commands of `/moderation`."""

from bot.assembly.buying import Buying
from bot.assembly.ground import Ground
from bot.assembly.showing import Showing
from bot.worker import Worker
from cogs.moderation import moderation
from cogs.moderation_pause import add_pauses


def opened(ground: Ground, buying: Buying, showing: Showing, worker: Worker) -> None:
    """The group, with the subcommands of everybody who has one."""
    ground.pauses.touched = showing.cards.touch
    ground.pauses.woken = worker.wake
    group = moderation()
    add_pauses(group, ground.pauses)
    buying.client.tree.add_command(group)
