"""The operator's card about a job of which nobody knows: what is known, three verdicts, their form.

It speaks English, as all that the operator reads does.
"""

import re
from collections.abc import Awaitable, Callable, Mapping

import discord
from discord import ui

from bot.domain import ChannelId, Job, JobId, MessageId, Scope, UserId
from bot.errors import NotYours, OrderRefused, StorageError
from bot.ids import ID
from bot.jobs.patience import HOUSE_AFTER
from bot.language import _
from bot.money import format_usd
from bot.operating.control import Change, SettleJob
from bot.operating.unsettled import Uncertain
from bot.quoting import quoted
from bot.spend.settling import Verdict
from cogs import sentences
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.faults import faults
from cogs.forms import show
from cogs.operator import check_operator
from cogs.sent import sent_id, sent_values
from cogs.settle_button import LABELS, SettleButton

PREFIX = "settled:"
_FORM = re.compile(rf"{PREFIX}(?P<verdict>found|absent|lost):(?P<job>{ID})")
_TICKET, _WHY = "ticket", "why"
_KNOWN = "Leave it empty where the card says that it has a ticket: then it is known."
WHY_CHARS_MAX = 500
TICKET_CHARS_MAX = 200


class Settling:
    """What the buttons and their forms do. Whoever presses is checked each time.

    Args:
        change: makes a change and says what was done, as a sentence.
        settled: told of a job that was moved.
        urls: what else the ticket of an offer's job needs.
    """

    def __init__(
        self,
        operator_ids: frozenset[UserId],
        change: Callable[[Change], Awaitable[str]],
        *,
        settled: Callable[[JobId], None],
        urls: Callable[[JobId], Awaitable[Mapping[str, str]]],
    ) -> None:
        self._operator_ids = operator_ids
        self._change = change
        self._settled = settled
        self._urls = urls

    async def press(self, interaction: Interaction, verdict: Verdict, job_id: JobId) -> None:
        """Show the form: why, and for what was found its id there."""
        check_operator(interaction, self._operator_ids)
        modal = ui.Modal(title=LABELS[verdict], custom_id=f"{PREFIX}{verdict}:{job_id}")
        if verdict is Verdict.FOUND:
            ticket: ui.TextInput[ui.Modal] = ui.TextInput(
                custom_id=_TICKET, required=False, max_length=TICKET_CHARS_MAX
            )
            modal.add_item(ui.Label(text="Its id at the provider", description=_KNOWN, component=ticket))
        why: ui.TextInput[ui.Modal] = ui.TextInput(
            custom_id=_WHY, style=discord.TextStyle.long, max_length=WHY_CHARS_MAX
        )
        modal.add_item(ui.Label(text="How do you know?", component=why))
        await show(interaction, modal)

    async def submitted(self, interaction: Interaction) -> None:
        """The form was sent in: decide, once."""
        await acknowledge(interaction)
        check_operator(interaction, self._operator_ids)
        known = _FORM.fullmatch(sent_id(interaction))
        if known is None:
            raise NotYours(_("This form is not known any more."), _("Press the button again."))
        values = sent_values(interaction)
        ticket, why = values.get(_TICKET, "").strip(), values.get(_WHY, "").strip()
        verdict, job_id = Verdict(known["verdict"]), JobId(known["job"])
        if not why or (ticket and verdict is not Verdict.FOUND):
            raise OrderRefused(_("Something is missing in this form."), _("Press the button again."))
        wanted = SettleJob(
            job_id=job_id,
            verdict=verdict,
            ticket=ticket[:TICKET_CHARS_MAX] or None,
            urls=dict(await self._urls(job_id)) if ticket else {},
            by=f"{interaction.user.id} at Discord",
            why=why[:WHY_CHARS_MAX],
        )
        try:
            done = await self._change(wanted)
        except StorageError as refused:  # somebody else was first, or it cannot be
            await answer(interaction, said(quoted(str(refused), WHY_CHARS_MAX)))
            return
        self._settled(job_id)
        await answer(interaction, said(done))


class OperatorBoard:
    """`bot.operating.unsettled.Board` in the operator's channel."""

    def __init__(self, client: discord.Client, channel_id: ChannelId) -> None:
        self._client = client
        self._channel_id = channel_id

    async def ask(self, about: Uncertain, *, nonce: str) -> MessageId:
        """See `Board.ask`."""
        channel = self._client.get_partial_messageable(self._channel_id)
        with faults(self._client):
            message = await channel.send(view=question(about), nonce=nonce)
        return MessageId(message.id)

    async def tell(self, message_id: MessageId, job: Job) -> None:
        """See `Board.tell`."""
        channel = self._client.get_partial_messageable(self._channel_id)
        with faults(self._client):
            await channel.get_partial_message(message_id).edit(
                view=said(f"Job `{job.id}` was uncertain, and is now **{job.state}**.")
            )


def question(about: Uncertain) -> ui.LayoutView:
    """The card."""
    house_at = int((about.since + HOUSE_AFTER).timestamp())
    # The card stands as it is when the house takes it over.
    whose = (
        "the house" if about.bearer is Scope.HOUSE else f"its member, from <t:{house_at}:f> on for the house,"
    )
    ticket = "It has a ticket, so it was certainly taken." if about.has_ticket else "It has no ticket."
    held = format_usd(about.held_micros)
    lines = [
        f"**Nobody knows about job `{about.job_id}`** since {sentences.moment(about.since)}.",
        f"`{about.offer_id}` may have it and bill it: {held} stay held for {whose} until somebody knows.",
        f"{ticket} Our key for it: `{about.key}`.",
    ]
    if about.detail:
        lines.append(quoted(about.detail, 300))
    lines.append("Look for it at the provider and press what is true: it is never ordered again on a guess.")
    view = ui.LayoutView(timeout=None)
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    for verdict in Verdict:
        if not (about.has_ticket and verdict is Verdict.ABSENT):
            row.add_item(SettleButton(verdict, about.job_id))
    view.add_item(ui.Container(ui.TextDisplay("\n".join(lines)), row))
    return view
