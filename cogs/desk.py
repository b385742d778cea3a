"""What the buttons and forms of moderation do. Person and place are checked here, at every one of them."""

import re
from typing import Any

import discord
from discord import ui

from bot.domain import Member
from bot.errors import NotYours
from bot.ids import ID
from bot.language import _
from bot.moderation.appeals import WORDS_MAX, Appealed, Appeals
from bot.ordering.remixing import RemixAsks
from bot.quoting import quoted, whole_lines
from cogs import people_words
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.desk_buttons import DeskAct, DeskButton
from cogs.forms import show
from cogs.moderators import Rules, moderator_of
from cogs.presses import member_of
from cogs.remix_ask import replace_ask
from cogs.rules_desk import PREFIX as RULES
from cogs.rules_desk import RulesDesk
from cogs.sent import sent_id, sent_values
from cogs.sentences import LISTED_UNITS_MAX

PREFIX = "desk:"
_APPEAL = re.compile(rf"{PREFIX}appeal:(?P<id>{ID})")
_WORDS = "words"
WORDS_UNITS = 1_500
CARDS_MAX = 7
"""Of five components each: Discord takes 40 in a message."""


class Desk:
    """Where members and moderators meet."""

    def __init__(self, appeals: Appeals, rules: RulesDesk, asks: RemixAsks, moderators: Rules) -> None:
        self._appeals = appeals
        self._rules = rules
        self._asks = asks
        self._moderators = moderators

    async def press(self, interaction: Interaction, act: DeskAct, about: str) -> None:
        """One of the buttons.

        Raises:
            Refusal: with the sentence for the presser.
        """
        match act:
            case DeskAct.APPEAL:
                await self._open_appeal(interaction, about)
            case DeskAct.GRANT | DeskAct.REFUSE:
                await self._decide(interaction, about, granted=act is DeskAct.GRANT)
            case DeskAct.ALLOW_REMIX | DeskAct.REFUSE_REMIX:
                await self._allow(interaction, about, allowed=act is DeskAct.ALLOW_REMIX)
            case DeskAct.RULES_WHAT | DeskAct.RULES_WHEN:
                await self._check_moderator(interaction)
                await self._rules.open(interaction, act, about)

    async def submitted(self, interaction: Interaction) -> None:
        """A form was sent in."""
        await acknowledge(interaction)
        if sent_id(interaction).startswith(RULES):
            await self._check_moderator(interaction)
            await self._rules.submitted(interaction)
            return
        known = _APPEAL.fullmatch(sent_id(interaction))
        if known is None:
            raise NotYours(_("This form is not known any more."), _("Open it again."))
        words = sent_values(interaction).get(_WORDS, "")
        await self._appeals.appeal(known["id"], words, by=member_of(interaction))
        told = _("Your appeal is with the moderators; one who did not act decides. /standing shows how.")
        await answer(interaction, said(told))

    async def list_appeals(self, interaction: Interaction) -> None:
        """`/moderation appeals`."""
        await acknowledge(interaction)
        found = await self._appeals.open_in(member_of(interaction).guild_id)
        if not found:
            await answer(interaction, said(_("No appeal waits.")))
            return
        texts = [_appeal_text(one) for one in found[:CARDS_MAX]]
        shown = whole_lines(texts, LISTED_UNITS_MAX)
        view = ui.LayoutView(timeout=None)
        for one in found[:shown]:
            view.add_item(appeal_card(one))
        if shown < len(found):
            more = _("{n} more wait behind these; decide, and ask again.").format(n=len(found) - shown)
            view.add_item(ui.TextDisplay(f"-# {more}"))
        await answer(interaction, view)

    async def _open_appeal(self, interaction: Interaction, sanction_id: str) -> None:
        found = await self._appeals.appealable(sanction_id, by=member_of(interaction))
        modal = ui.Modal(title=_("Appeal"), custom_id=f"{PREFIX}appeal:{found.id}")
        modal.add_item(
            ui.Label(
                text=_("What should a moderator know?"),
                component=ui.TextInput(
                    custom_id=_WORDS, style=discord.TextStyle.paragraph, max_length=WORDS_MAX
                ),
            )
        )
        await show(interaction, modal)

    async def _allow(self, interaction: Interaction, ask_id: str, *, allowed: bool) -> None:
        await acknowledge(interaction)
        ask = await self._asks.answer(ask_id, allowed=allowed, by=member_of(interaction))
        clip = await self._asks.clip(ask)
        if clip is not None and interaction.message is not None:
            await replace_ask(interaction, ask, clip)
        told = _("Allowed. /consent is for all of them at once.") if allowed else _("Refused.")
        await answer(interaction, said(told))

    async def _decide(self, interaction: Interaction, sanction_id: str, *, granted: bool) -> None:
        await acknowledge(interaction)
        by = await self._check_moderator(interaction)
        decided = await self._appeals.decide(sanction_id, granted=granted, by=by)
        member = f"<@{decided.sanction.user_id}>"
        told = (
            _("Granted: it is lifted for {member}, who reads so with /standing.")
            if granted
            else _("Refused: it stays for {member}, who reads so with /standing.")
        )
        await answer(interaction, said(told.format(member=member)))

    async def _check_moderator(self, interaction: Interaction) -> Member:
        """Who presses, if they moderate here.

        Raises:
            NotYours: they do not.
        """
        by = await moderator_of(interaction, self._moderators)
        if not by.is_moderator:
            raise NotYours(_("This is for moderators."), _("Ask one of them."))
        return by.member


def appeal_card(one: Appealed) -> ui.Container[Any]:
    """What a moderator reads of an appeal, with the two ways to decide."""
    grant = DeskButton(DeskAct.GRANT, one.sanction.id)
    refuse = DeskButton(DeskAct.REFUSE, one.sanction.id)
    return ui.Container(ui.TextDisplay(_appeal_text(one)), ui.ActionRow(grant, refuse))


def _appeal_text(one: Appealed) -> str:
    lines = [
        _("### Appeal of {member}").format(member=f"<@{one.sanction.user_id}>"),
        people_words.line(one.sanction, for_moderators=True),
        quoted(one.appeal.words, WORDS_UNITS),
        _("-# Whoever acted cannot decide."),
    ]
    return "\n".join(lines)
