"""Which take is meant: asked where something is to be done with one clip of an order that has several."""

from collections.abc import Callable
from typing import Any

from discord import ui

from bot.domain import ClipState, Job, JobId, JobState
from bot.errors import NotYours
from bot.language import _
from bot.ordering.material import Material
from bot.orders import Orders
from cogs.answers import Interaction, answer
from cogs.whereabouts import member_of

Pressed = Callable[[JobId, str], ui.Item[Any]]
"""The button that does it with one take, by its label."""


class TakeChoice:
    """Asks which take of an order is meant, where its card was pressed, or opened by a menu."""

    def __init__(self, orders: Orders, material: Material) -> None:
        self._orders = orders
        self._material = material

    async def one(self, interaction: Interaction, job_id: JobId, pressed: Pressed) -> JobId | None:
        """The take that is meant; None where that has to be asked, and has been.

        Raises:
            NotYours: there is no such order here, or none of its takes has a clip that is shown.
        """
        member = member_of(interaction)
        job = await self._orders.job(job_id, seen_in=member.guild_id)
        if job.order.takes == 1:
            return job.id
        states = await self._material.clip_states(job.order_id)
        takes = [
            take
            for take in await self._orders.takes(job)
            if states.get(take.id) is ClipState.SHOWN and (take.order.member == member or _is_posted(take))
        ]
        if not takes:
            raise NotYours(_("No take of this order has a clip that you can see."), _("Choose another clip."))
        if len(takes) == 1:
            return takes[0].id
        view = ui.LayoutView(timeout=None)
        buttons = (pressed(take.id, _("Take {n}").format(n=take.take)) for take in takes)
        view.add_item(
            ui.Container(
                ui.TextDisplay(_("This order has several takes. Which one do you mean?")),
                ui.ActionRow(*buttons),
            )
        )
        await answer(interaction, view)
        return None


def _is_posted(take: Job) -> bool:
    return take.state is JobState.POSTED
