"""The buttons of reviews: they outlive us, as those in `buttons` do.

They stand under the message of a review in the moderators' channel, and in the answer to `/review`, where
they carry what is listed, so that the next one can take the place of the one that was decided.
"""

import re
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot.domain import JobId
from bot.ids import ID
from bot.language import _
from cogs.answers import answered


class Verdict(StrEnum):
    """What a moderator does with a review; the last three change nothing of the order."""

    APPROVE = "yes"
    SPOILER = "spoiler"
    DENY = "no"
    STRIKE = "strike"
    CHANGE = "change"
    TAKE = "take"
    PREVIOUS = "previous"
    NEXT = "next"


class Listed(StrEnum):
    """Which reviews `/review` goes through."""

    ALL = "all"
    PROMPTS = "prompts"
    CLIPS = "clips"
    FLAGGED = "flagged"
    MINE = "mine"
    FREE = "free"


REVIEW = re.compile(
    rf"review:(?P<verdict>{'|'.join(Verdict)}):(?P<review>{ID})(?::(?P<listed>{'|'.join(Listed)}))?"
)
HAND_OVER = re.compile(rf"handover:(?P<review>{ID})(?::(?P<listed>{'|'.join(Listed)}))?")
WHY = re.compile(rf"why:(?P<job>{ID})")

_STYLES = {
    Verdict.APPROVE: discord.ButtonStyle.success,
    Verdict.DENY: discord.ButtonStyle.danger,
    Verdict.STRIKE: discord.ButtonStyle.danger,
}


class ReviewButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=REVIEW):
    """One of them."""

    def __init__(
        self, verdict: Verdict, review_id: str, listed: Listed | None = None, *, disabled: bool = False
    ) -> None:
        self.verdict = verdict
        self.review_id = review_id
        self.listed = listed
        super().__init__(
            ui.Button(
                style=_STYLES.get(verdict, discord.ButtonStyle.secondary),
                label=_label(verdict),
                disabled=disabled,
                custom_id=_with(f"review:{verdict}:{review_id}", listed),
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(Verdict(match["verdict"]), match["review"], _listed(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        presses = interaction.client.review_presses
        await answered(interaction, presses.press(interaction, self.verdict, self.review_id, self.listed))


class HandOverSelect(ui.DynamicItem[ui.UserSelect[ui.LayoutView]], template=HAND_OVER):
    """Names who looks at a review."""

    def __init__(self, review_id: str, listed: Listed | None = None) -> None:
        self.review_id = review_id
        self.listed = listed
        super().__init__(
            ui.UserSelect(
                custom_id=_with(f"handover:{review_id}", listed), placeholder=_("Hand it over to …")
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(match["review"], _listed(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        presses = interaction.client.review_presses
        chosen = presses.hand_over(interaction, self.review_id, self.listed, self.item.values)
        await answered(interaction, chosen)


class WhyButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=WHY):
    """Tells a member, alone, what a moderator wrote of their order."""

    def __init__(self, job_id: JobId, *, label: str = "") -> None:
        self.job_id = job_id
        super().__init__(
            ui.Button(style=discord.ButtonStyle.secondary, label=label or _("Why"), custom_id=f"why:{job_id}")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(JobId(match["job"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await answered(interaction, interaction.client.review_presses.why(interaction, self.job_id))


def _with(custom_id: str, listed: Listed | None) -> str:
    return custom_id if listed is None else f"{custom_id}:{listed}"


def _listed(match: re.Match[str]) -> Listed | None:
    return None if match["listed"] is None else Listed(match["listed"])


def _label(verdict: Verdict) -> str:
    match verdict:
        case Verdict.APPROVE:
            return _("Approve")
        case Verdict.SPOILER:
            return _("Approve as spoiler")
        case Verdict.DENY:
            return _("Deny")
        case Verdict.STRIKE:
            return _("Deny and strike")
        case Verdict.CHANGE:
            return _("Ask for a change")
        case Verdict.TAKE:
            return _("I look at it")
        case Verdict.PREVIOUS:
            return _("Previous")
        case Verdict.NEXT:
            return _("Next")
