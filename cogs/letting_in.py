"""Asked at every press that costs or shows something: may this person press at all?"""

from bot.orders import Orders
from cogs.answers import Interaction
from cogs.whereabouts import member_of, timed_out_until


async def let_in(orders: Orders, interaction: Interaction) -> None:
    """Return if the presser is neither blocked nor in Discord's time-out. One short read.

    Raises:
        Barred: they are.
    """
    await orders.check_person(member_of(interaction), timed_out_until=timed_out_until(interaction))
