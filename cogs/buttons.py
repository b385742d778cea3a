"""The buttons that outlive us: what each one means stands in its `custom_id`, as the id of a row.

Whoever presses is checked in `presses`, at every press. The templates begin differently, since discord.py
runs every template that matches.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Self

import discord
from discord import ui

from bot.delivery import card_nonce, clip_nonce
from bot.domain import JobId
from bot.ids import ID
from bot.language import _
from cogs.advice_button import AdviceButton
from cogs.alert_button import AlertButton
from cogs.answers import answered
from cogs.clip_buttons import ClipButton
from cogs.desk_buttons import DeskButton
from cogs.fit_button import FitButton
from cogs.library_buttons import PageButton, ShelfButton
from cogs.making_buttons import MakingButton
from cogs.privacy_buttons import PrivacyButton
from cogs.review_buttons import HandOverSelect, ReviewButton, WhyButton
from cogs.sent import sent_id
from cogs.settle_button import SettleButton
from cogs.setup_controls import (
    SetupButton,
    SetupChannelSelect,
    SetupGateSelect,
    SetupRoleSelect,
)
from cogs.storyboard_controls import ChoiceSelect, PartsButton

_CANCEL = re.compile(rf"cancel:(?P<job>{ID})")
_DETAILS = re.compile(rf"details:(?P<nonce>[kc]{ID})")
_QUOTE = re.compile(rf"quote:(?P<quote>{ID}):(?P<answer>yes|no)")

Press = discord.Interaction[Any]
"""Its `client` is always a `cogs.client.Client`; discord.py has no way to say so."""


class CancelButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=_CANCEL):
    """Wishes that a job ends without a clip."""

    def __init__(self, job_id: JobId, *, label: str | None = None, disabled: bool = False) -> None:
        self.job_id = job_id
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label or _("Cancel"),
                disabled=disabled,
                custom_id=f"cancel:{job_id}",
            )
        )

    @classmethod
    async def from_custom_id(cls, interaction: Press, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(JobId(match["job"]))

    async def callback(self, interaction: Press) -> None:
        await answered(interaction, interaction.client.presses.cancel(interaction, self.job_id))


class DetailsButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=_DETAILS):
    """Shows all there is to know of a job; on a card, of all takes of its order.

    `nonce` is that of its own message, which is found again by it.
    """

    def __init__(self, nonce: str) -> None:
        self.job_id = JobId(nonce[1:])
        self.whole_order = nonce == card_nonce(self.job_id)
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary, label=_("Details"), custom_id=details_custom_id(nonce)
            )
        )

    @classmethod
    async def from_custom_id(cls, interaction: Press, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(match["nonce"])

    async def callback(self, interaction: Press) -> None:
        details = interaction.client.presses.details(interaction, self.job_id, whole_order=self.whole_order)
        await answered(interaction, details)


class QuoteButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=_QUOTE):
    """The member's yes or no to a quote."""

    def __init__(self, quote_id: str, *, accepts: bool, label: str) -> None:
        self.quote_id = quote_id
        self.accepts = accepts
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.success if accepts else discord.ButtonStyle.secondary,
                label=label,
                custom_id=f"quote:{quote_id}:{'yes' if accepts else 'no'}",
            )
        )

    @classmethod
    async def from_custom_id(cls, interaction: Press, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """See `DynamicItem.from_custom_id`."""
        del interaction, item
        return cls(match["quote"], accepts=match["answer"] == "yes", label=match["answer"])

    async def callback(self, interaction: Press) -> None:
        presses = interaction.client.presses
        answer = presses.accept if self.accepts else presses.decline
        await answered(interaction, answer(interaction, self.quote_id))


DYNAMIC_ITEMS: tuple[type[ui.DynamicItem[Any]], ...] = (
    CancelButton,
    DetailsButton,
    QuoteButton,
    MakingButton,
    ClipButton,
    PageButton,
    ShelfButton,
    AlertButton,
    AdviceButton,
    FitButton,
    PartsButton,
    ChoiceSelect,
    DeskButton,
    ReviewButton,
    HandOverSelect,
    WhyButton,
    SettleButton,
    PrivacyButton,
    SetupChannelSelect,
    SetupRoleSelect,
    SetupGateSelect,
    SetupButton,
)


_TEMPLATES = [item.__discord_ui_compiled_template__ for item in DYNAMIC_ITEMS]


def is_ours(interaction: Press) -> bool:
    """Whether a press is one that the items above answer: its button has a known form and is where it says.

    discord.py drops any other press without a word.
    """
    custom_id = sent_id(interaction)
    message = interaction.message
    return (
        message is not None
        and custom_id in custom_ids(message.components)
        and any(template.fullmatch(custom_id) for template in _TEMPLATES)
    )


def custom_ids(components: Sequence[Any]) -> Iterator[str]:
    """Every `custom_id` of a message, however deep in containers, sections and rows."""
    for component in components:
        if (accessory := getattr(component, "accessory", None)) is not None:
            yield from custom_ids([accessory])
        if (custom_id := getattr(component, "custom_id", None)) is not None:
            yield custom_id
        yield from custom_ids(getattr(component, "children", ()))


def texts_of(components: Sequence[Any]) -> Iterator[str]:
    """Every text that a message shows, however deep."""
    for component in components:
        if isinstance(content := getattr(component, "content", None), str):
            yield content
        yield from texts_of(getattr(component, "children", ()))


def details_custom_id(nonce: str) -> str:
    """What marks the message of a nonce for ever, long after Discord has forgotten the nonce itself."""
    return f"details:{nonce}"


def card_mark(job_id: JobId) -> str:
    """The `custom_id` that only the card of this job has."""
    return details_custom_id(card_nonce(job_id))


def clip_mark(job_id: JobId) -> str:
    """The `custom_id` that only the clip of this job has."""
    return details_custom_id(clip_nonce(job_id))
