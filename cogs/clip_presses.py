"""What a press on a button that changes how a clip is shown does. Person and place are checked every time."""

import re

import discord
from discord import ui

from bot.clips.removal import Removals
from bot.clips.showing import Shown
from bot.clips.whispers import Whispers
from bot.domain import JobId, MessageId
from bot.errors import NotYours
from bot.ids import ID
from bot.language import _
from bot.moderation.cases import Cases, Outcome
from bot.moderation.reporting import WORDS_MAX, Reason, Reporting
from bot.orders import Orders
from cogs import removal_words, sentences
from cogs.answers import Interaction, acknowledge, acknowledge_press, answer, said
from cogs.clip_buttons import Act, ClipButton
from cogs.decided_notice import show_decided
from cogs.forms import show
from cogs.letting_in import let_in
from cogs.marks import mark_of
from cogs.moderators import moderator_of
from cogs.presses import member_of
from cogs.sent import sent_id, sent_values
from cogs.take_choice import TakeChoice

SETTLED_WITHIN_S = 6.0
"""For so long the answer to Delete waits for its steps, to say what came of each."""

PREFIX = "report:"
_FORM = re.compile(rf"{PREFIX}(?P<job>{ID})")
_REASON, _WORDS = "reason", "words"


class ClipPresses:
    """The buttons under clips, and the form of a report."""

    def __init__(
        self,
        orders: Orders,
        shown: Shown,
        removals: Removals,
        reporting: Reporting,
        cases: Cases,
        whispers: Whispers,
        choice: TakeChoice,
    ) -> None:
        self._orders = orders
        self._choice = choice
        self._whispers = whispers
        self._shown = shown
        self._removals = removals
        self._reporting = reporting
        self._cases = cases

    def heard(self, interaction: Interaction) -> None:
        """A command was used, whose answer may be where a private clip is shown."""
        self._whispers.heard(interaction.id, interaction.token, at=interaction.created_at)

    async def press(self, interaction: Interaction, act: Act, job_id: JobId) -> None:
        """One of the buttons.

        Raises:
            Refusal: with the sentence for the presser.
        """
        match act:
            case Act.REPORT:
                await self._open_report(interaction, job_id)
            case Act.SPOILER:
                await self._spoiler(interaction, job_id)
            case Act.LINK:
                await acknowledge(interaction)
                await let_in(self._orders, interaction)
                await self._shown.renew(job_id, seen_in=member_of(interaction).guild_id)
                await answer(interaction, said(_("The message has a new link. It cost nothing.")))
            case Act.DELETE | Act.DELETE_ORDER:
                await self._ask_whether(interaction, act, job_id)
            case Act.ERASE | Act.ERASE_ORDER:
                await self._erase(interaction, job_id, whole_order=act is Act.ERASE_ORDER)
            case Act.KEEP:
                await acknowledge_press(interaction)
                await answer(interaction, said(_("Kept. Nothing was deleted.")))
            case Act.RESTORE:
                await self._decide(interaction, job_id, Outcome.DISMISSED)
            case Act.HIDE:
                await self._decide(interaction, job_id, Outcome.KEPT_HIDDEN)
            case Act.TAKE_DOWN:
                await self._decide(interaction, job_id, Outcome.TAKEN_DOWN)
            case Act.PUBLISH:
                await self._publish(interaction, job_id)

    async def submitted(self, interaction: Interaction) -> None:
        """The form of a report was sent in."""
        await acknowledge(interaction)
        known = _FORM.fullmatch(sent_id(interaction))
        values = sent_values(interaction)
        if known is None or values.get(_REASON) not in set(Reason):
            raise NotYours(_("This form is not known any more."), _("Press Report again."))
        by = member_of(interaction)
        report = await self._reporting.report(
            JobId(known["job"]), Reason(values[_REASON]), values.get(_WORDS, ""), by=by
        )
        heard = await self._reporting.is_heard(by.guild_id)
        await answer(interaction, said(_thanks(hidden=report.hidden, heard=heard)))

    async def report_menu(self, interaction: Interaction, message: discord.Message) -> None:
        """Apps > Report this clip."""
        mark = mark_of(message)
        if mark is None:
            raise NotYours(
                _("This message shows no clip of this bot."),
                _("Choose one that does; what others post is reported to Discord."),
            )
        job_id: JobId | None = mark.job_id
        if mark.is_card:
            job_id = await self._choice.one(
                interaction, mark.job_id, lambda take, label: ClipButton(Act.REPORT, take, label=label)
            )
        if job_id is not None:
            await self._open_report(interaction, job_id)

    async def _open_report(self, interaction: Interaction, job_id: JobId) -> None:
        member_of(interaction)
        modal = ui.Modal(title=_("Report this clip"), custom_id=f"{PREFIX}{job_id}")
        options = [discord.RadioGroupOption(label=sentences.reason(one), value=one) for one in Reason]
        group = ui.RadioGroup[ui.Modal](custom_id=_REASON, options=options)
        modal.add_item(ui.Label(text=_("What is wrong with it"), component=group))
        words = ui.TextInput[ui.Modal](
            custom_id=_WORDS, style=discord.TextStyle.paragraph, required=False, max_length=WORDS_MAX
        )
        modal.add_item(ui.Label(text=_("More, if you like"), component=words))
        await show(interaction, modal)

    async def _spoiler(self, interaction: Interaction, job_id: JobId) -> None:
        await acknowledge(interaction)
        await let_in(self._orders, interaction)
        hidden = await self._shown.spoiler(
            job_id, by=member_of(interaction), moderator=interaction.permissions.manage_messages
        )
        told = _("The clip is behind a spoiler now.") if hidden else _("The clip is shown openly now.")
        await answer(interaction, said(told))

    async def _ask_whether(self, interaction: Interaction, act: Act, job_id: JobId) -> None:
        await acknowledge(interaction)
        member = member_of(interaction)
        job = await self._orders.job(job_id, seen_in=member.guild_id)
        if job.order.member != member:
            raise NotYours(
                _("This clip is somebody else's."),
                _("Report it if it should not be here."),
            )
        whole_order = act is Act.DELETE_ORDER
        sure = Act.ERASE_ORDER if whole_order else Act.ERASE
        view = ui.LayoutView(timeout=None)
        view.add_item(
            ui.Container(
                ui.TextDisplay(removal_words.question(job.order.takes, None if whole_order else job.take)),
                ui.ActionRow(ClipButton(sure, job_id), ClipButton(Act.KEEP, job_id)),
            )
        )
        await answer(interaction, view)

    async def _erase(self, interaction: Interaction, job_id: JobId, *, whole_order: bool) -> None:
        await acknowledge_press(interaction)
        deleted = await self._removals.ask(job_id, by=member_of(interaction), whole_order=whole_order)
        steps = await self._removals.settled(deleted, within_s=SETTLED_WITHIN_S)
        lines = [_("Nobody can see it any more."), *removal_words.removal_lines(steps)]
        await answer(interaction, said("\n".join(lines)))

    async def _publish(self, interaction: Interaction, job_id: JobId) -> None:
        await acknowledge(interaction)
        await let_in(self._orders, interaction)
        job = await self._whispers.publish(job_id, by=member_of(interaction))
        told = _("Published in {place}. It cost nothing more.").format(place=f"<#{job.clip_channel_id}>")
        await answer(interaction, said(told))

    async def _decide(self, interaction: Interaction, job_id: JobId, outcome: Outcome) -> None:
        await acknowledge(interaction)
        by = await moderator_of(interaction, self._cases)
        pressed = None if interaction.message is None else MessageId(interaction.message.id)
        taken = await self._cases.decide(
            job_id, outcome, by=by.member, moderator=by.is_moderator, pressed=pressed
        )
        match outcome:
            case Outcome.DISMISSED:
                told = _("The clip is shown again.")
            case Outcome.KEPT_HIDDEN:
                told = _("The clip stays hidden until one of you decides otherwise.")
            case Outcome.TAKEN_DOWN:
                told = await self._taken_down(taken)
        await answer(interaction, said(told))
        await show_decided(interaction, job_id, outcome)

    async def _taken_down(self, taken: list[JobId]) -> str:
        steps = await self._removals.settled(taken, within_s=SETTLED_WITHIN_S)
        lines = [_("Nobody can see it any more."), *removal_words.removal_lines(steps)]
        return "\n".join([*lines, removal_words.out_of_reach()])


def _thanks(*, hidden: bool, heard: bool) -> str:
    """What a report led to, and whether anybody reads of it by themselves."""
    if heard and hidden:
        return _("Thank you. The clip is hidden until a moderator has looked, and they are told now.")
    if heard:
        return _("Thank you. Those who manage this server are told now.")
    if hidden:
        return _(
            "Thank you. The clip is hidden until a moderator has looked. This server has no channel in which "
            "they are told, so tell one of them too."
        )
    return _(
        "Thank you. It is in the moderators' list. This server has no channel in which they are told, so "
        "tell one of them too."
    )
