"""The buttons that make another clip of one: they outlive us, as those in `buttons` do."""

import re
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot.domain import Job, JobId, Kind
from bot.ids import ID
from bot.language import _
from cogs.answers import answered

MAKING = re.compile(rf"make:(?P<action>remix|extend|frame|again|finals|final|change):(?P<job>{ID})")


class Action(StrEnum):
    """What is made of a clip or an order. `FINALS`, on a card of several takes, asks which `FINAL` it is."""

    REMIX = "remix"
    EXTEND = "extend"
    FRAME = "frame"
    AGAIN = "again"
    FINAL = "final"
    FINALS = "finals"
    CHANGE = "change"


class MakingButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=MAKING):
    """Remix, Extend, Animate last frame and Change open a form; Again orders; Make final quotes."""

    def __init__(self, action: Action, job_id: JobId, *, label: str = "") -> None:
        self.action = action
        self.job_id = job_id
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label or _label(action),
                custom_id=f"make:{action}:{job_id}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(Action(match["action"]), JobId(match["job"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await answered(interaction, interaction.client.making.press(interaction, self.action, self.job_id))


def under_clip(job: Job, *, can_extend: bool) -> list[ui.Item[Any]]:
    """The buttons under a clip: at most five, which is a row."""
    actions = [Action.REMIX, Action.AGAIN, Action.FRAME]
    if can_extend:
        actions.append(Action.EXTEND)
    if job.order.draft:
        actions.append(Action.FINAL)
    return [_button(action, job) for action in actions]


def on_card(job: Job) -> list[ui.Item[Any]]:
    """The buttons on the card of an order that has ended; what made a character is not made again."""
    if job.order.kind is Kind.CHARACTER:
        return []
    final = Action.FINAL if job.order.takes == 1 else Action.FINALS
    return [_button(action, job) for action in [Action.AGAIN, *([final] if job.order.draft else [])]]


def _button(action: Action, job: Job) -> MakingButton:
    """One that says so where it makes all takes of an order once more."""
    label = ""
    if action is Action.AGAIN and job.order.takes > 1:
        label = _("Again, {n} takes").format(n=job.order.takes)
    return MakingButton(action, job.id, label=label)


def _label(action: Action) -> str:
    match action:
        case Action.REMIX:
            return _("Remix")
        case Action.EXTEND:
            return _("Extend")
        case Action.FRAME:
            return _("Animate last frame")
        case Action.AGAIN:
            return _("Again")
        case Action.FINAL | Action.FINALS:
            return _("Make final")
        case Action.CHANGE:
            return _("Change and order again")
