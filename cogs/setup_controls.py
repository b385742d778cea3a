"""What can be chosen and pressed on the message of `/setup`. All of it outlives us, and means this server."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot.domain import ChannelId
from bot.language import _
from bot.moderation.gates import Gate
from cogs.answers import answered


class Place(StrEnum):
    """What a channel is chosen for."""

    CLIPS = "clips"
    REVIEWS = "reviews"
    ALERTS = "alerts"
    LOG = "log"


class Step(StrEnum):
    """What is pressed."""

    BUDGET = "budget"
    CHECK = "check"
    FINISH = "finish"


SETUP_CHANNEL = re.compile(rf"setup:channel:(?P<place>{'|'.join(Place)})")
SETUP_ROLE = re.compile(r"setup:role")
SETUP_GATE = re.compile(rf"setup:gate:(?P<gate>{'|'.join(Gate)})")
SETUP_STEP = re.compile(rf"setup:do:(?P<step>{'|'.join(Step)})")

_TEXT_CHANNELS = [discord.ChannelType.text, discord.ChannelType.news]


class SetupChannelSelect(ui.DynamicItem[ui.ChannelSelect[ui.LayoutView]], template=SETUP_CHANNEL):
    """Names a channel for something; `now` is the one that is named."""

    def __init__(self, place: Place, now: ChannelId | None = None) -> None:
        self.place = place
        shown = [] if now is None else [discord.Object(now)]
        super().__init__(
            ui.ChannelSelect(
                custom_id=f"setup:channel:{place}",
                placeholder=_("Choose a channel"),
                channel_types=_TEXT_CHANNELS,
                default_values=shown,
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(Place(match["place"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await answered(interaction, interaction.client.setting_up.choose_channel(interaction, self.place))


class SetupRoleSelect(ui.DynamicItem[ui.RoleSelect[ui.LayoutView]], template=SETUP_ROLE):
    """Names the role whose members moderate; `now` is the one that is named."""

    def __init__(self, now: int | None = None) -> None:
        super().__init__(
            ui.RoleSelect(
                custom_id="setup:role",
                placeholder=_("Choose a role"),
                default_values=[] if now is None else [discord.Object(now)],
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item, match
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await answered(interaction, interaction.client.setting_up.choose_role(interaction))


class SetupGateSelect(ui.DynamicItem[ui.Select[ui.LayoutView]], template=SETUP_GATE):
    """Says how a gate stands in the whole server."""

    def __init__(self, gate: Gate, options: Sequence[discord.SelectOption]) -> None:
        self.gate = gate
        super().__init__(ui.Select(custom_id=f"setup:gate:{gate}", options=list(options)))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        # Discord wants an option in every select that is sent; this one is only pressed.
        return cls(Gate(match["gate"]), [discord.SelectOption(label="-")])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await answered(interaction, interaction.client.setting_up.choose_gate(interaction, self.gate))


class SetupButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=SETUP_STEP):
    """One of the steps."""

    def __init__(self, step: Step) -> None:
        self.step = step
        main = step is Step.FINISH
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.success if main else discord.ButtonStyle.secondary,
                label=_label(step),
                custom_id=f"setup:do:{step}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(Step(match["step"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await answered(interaction, interaction.client.setting_up.press(interaction, self.step))


def _label(step: Step) -> str:
    match step:
        case Step.BUDGET:
            return _("Each member's budget")
        case Step.CHECK:
            return _("Check permissions")
        case Step.FINISH:
            return _("Finish with a test clip")
