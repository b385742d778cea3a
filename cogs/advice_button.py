"""The buttons that lead to advice on a prompt, and from there to its change. They outlive us."""

import re
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot.domain import JobId
from bot.ids import ID
from bot.language import _, ngettext
from cogs.answers import answered

ADVICE = re.compile(rf"advice:(?P<action>show|edit):(?P<of>quote|job):(?P<id>{ID})")


class Of(StrEnum):
    """What a prompt is read from."""

    QUOTE = "quote"
    JOB = "job"


class AdviceButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=ADVICE):
    """Advice shows it, Edit the prompt opens a form; both name a quote or an order."""

    def __init__(self, of: Of, about: str, *, edits: bool = False, label: str | None = None) -> None:
        self.of = of
        self.about = about
        self.edits = edits
        action = "edit" if edits else "show"
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label or (_("Edit the prompt") if edits else _("Advice")),
                custom_id=f"advice:{action}:{of}:{about}",
            )
        )

    @classmethod
    def of_quote(cls, quote_id: str, count: int) -> Self:
        """The one beside a quote's answers, which says how much there is."""
        return cls(Of.QUOTE, quote_id, label=_label(count))

    @classmethod
    def of_job(cls, job_id: JobId, count: int) -> Self:
        """The one under a receipt."""
        return cls(Of.JOB, job_id, label=_label(count))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(Of(match["of"]), match["id"], edits=match["action"] == "edit")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        advising = interaction.client.advising
        press = advising.open if self.edits else advising.show
        await answered(interaction, press(interaction, self.of, self.about))


def _label(count: int) -> str:
    return ngettext("{n} piece of advice", "{n} pieces of advice", count).format(n=count)
