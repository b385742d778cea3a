"""The buttons under the operator's card about an uncertain job, which outlive us."""

import re
from typing import Any, Self

import discord
from discord import ui

from bot.domain import JobId
from bot.ids import ID
from bot.spend.settling import Verdict
from cogs.answers import answer, answered, said

SETTLE = re.compile(rf"settle:(?P<verdict>found|absent|lost):(?P<job>{ID})")

LABELS = {
    Verdict.FOUND: "The provider has it",
    Verdict.ABSENT: "It was never there",
    Verdict.LOST: "It is lost",
}

NO_CHANNEL = "This bot has no operator's channel any more. Nothing was decided. Run `dailies jobs settle`."


class SettleButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=SETTLE):
    """Opens the form of a verdict."""

    def __init__(self, verdict: Verdict, job_id: JobId) -> None:
        self.verdict, self.job_id = verdict, job_id
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=LABELS[verdict],
                custom_id=f"settle:{verdict}:{job_id}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(Verdict(match["verdict"]), JobId(match["job"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        settling = interaction.client.settling
        if settling is None:  # the operator's channel was named to an earlier process
            await answer(interaction, said(NO_CHANNEL))
        else:
            await answered(interaction, settling.press(interaction, self.verdict, self.job_id))
