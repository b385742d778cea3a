"""What those who manage a server read of a report, and of its clock, with the three ways to decide."""

from typing import Any

from discord import ui

from bot.clips.showing import Notice, Reminder
from bot.domain import Job
from bot.language import _
from bot.moderation.reporting import Reason
from bot.quoting import quoted
from cogs import sentences
from cogs.cards import PROMPT_UNITS_ON_CARD, clip_url
from cogs.clip_buttons import Act, ClipButton

_RED = 0xD83C3E


def notice_view(notice: Notice) -> ui.LayoutView:
    """A report that has come in."""
    job = notice.job
    reason = sentences.reason(Reason(notice.reason))
    lines = [
        "### " + _("A clip was reported: {reason}").format(reason=reason),
        _("Made by {member} {when}").format(
            member=f"<@{job.order.member.user_id}>", when=sentences.ago(job.created_at)
        ),
        _("It is hidden until one of you has decided.") if notice.hidden else _("It is still shown."),
    ]
    if notice.reports > 1:
        lines.append(_("People who have reported it: {n}").format(n=notice.reports))
    if notice.due_at is not None:
        lines.append(
            _("It has to be decided by {when}, {left}: the law gives 48 hours.").format(
                when=sentences.moment(notice.due_at), left=sentences.ago(notice.due_at)
            )
        )
    if notice.words:
        lines.append(quoted(notice.words, PROMPT_UNITS_ON_CARD))
    lines.append("-# " + _("Report {id}").format(id=notice.id))
    return _view(job, lines)


def reminder_view(reminder: Reminder) -> ui.LayoutView:
    """A report's clock that runs out."""
    job = reminder.job
    head = (
        _("Time is up for a reported clip: {reason}")
        if reminder.mark_hours == 0
        else _("Time runs out for a reported clip: {reason}")
    )
    lines = ["### " + head.format(reason=sentences.reason(Reason(reminder.reason)))]
    if reminder.due_at is not None:
        lines.append(
            _("Nobody has decided yet. The law's 48 hours end {left}.").format(
                left=sentences.ago(reminder.due_at)
            )
        )
    return _view(job, lines)


def _view(job: Job, lines: list[str]) -> ui.LayoutView:
    buttons: list[ui.Item[Any]] = []
    if (url := clip_url(job)) is not None:
        buttons.append(ui.Button(label=_("To its message"), url=url))
    buttons += [ClipButton(act, job.id) for act in (Act.RESTORE, Act.HIDE, Act.TAKE_DOWN)]
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(ui.TextDisplay("\n".join(lines)), ui.ActionRow(*buttons), accent_colour=_RED))
    return view
