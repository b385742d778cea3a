"""`/moderation reports`, `reporters`, `takedown` and `steps`: what was reported, and how it is taken away."""

import re
from functools import partial
from typing import Any

from discord import app_commands, ui
from discord.app_commands import Choice, Range, locale_str

from bot.clips.removal import Removals
from bot.domain import JobId
from bot.errors import NotYours
from bot.ids import ID
from bot.language import _, ngettext
from bot.moderation.cases import REPORTERS_MAX, Cases, Reason, Waiting
from bot.moderation.takedowns import Cause, Progress, Takedowns
from bot.quoting import quoted, shortened
from cogs import removal_words, sentences
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.cards import clip_url
from cogs.choices import CHOICE_NAME_UNITS_MAX, CHOICES_MAX
from cogs.clip_buttons import Act, ClipButton
from cogs.clip_presses import SETTLED_WITHIN_S
from cogs.presses import member_of
from cogs.shelves import Shelves
from cogs.wording import said_as

ON_A_PAGE = 4
"""Each with a row of buttons: Discord takes 40 components in a message."""

WORDS_UNITS = 300

ALIKE_NAMED = 20

_CLIP = re.compile(ID)

_WHICH = locale_str("The clip; type some of its words, or its id")


def add_reports(group: app_commands.Group, cases: Cases) -> None:
    """Add the queue of reported clips, and how many people hide one together."""

    @group.command(name="reports", description="Reported clips that wait for you, the most urgent first")
    @app_commands.describe(reason=locale_str("Only those reported for this"))
    @app_commands.choices(reason=_reasons())
    async def reports(interaction: Interaction, reason: str | None = None) -> None:
        await acknowledge(interaction)
        wanted = None if reason is None else Reason(reason)
        guild_id = member_of(interaction).guild_id
        found, count = await cases.waiting(guild_id, wanted)
        await answer(interaction, queue_view(found, count, await cases.reporters_to_hide(guild_id)))

    @group.command(name="reporters", description="How many people who report a clip hide it together")
    @app_commands.describe(count=locale_str("So many; the gravest reasons hide a clip at once all the same"))
    async def reporters(interaction: Interaction, count: Range[int, 1, REPORTERS_MAX]) -> None:
        await acknowledge(interaction)
        await cases.set_reporters_to_hide(count, by=member_of(interaction))
        await answer(interaction, said(_rule(count)))


def add_takedowns(
    group: app_commands.Group, takedowns: Takedowns, removals: Removals, shelves: Shelves
) -> None:
    """Add the take-down of any clip, and how far one is."""

    @group.command(name="takedown", description="Take a clip away everywhere, for good; it may not come back")
    @app_commands.describe(clip=_WHICH, reason=locale_str("Why"))
    @app_commands.choices(reason=_reasons())
    async def takedown(interaction: Interaction, clip: str, reason: str) -> None:
        await acknowledge(interaction)
        by = member_of(interaction)
        taken = await takedowns.ask(_job_id(clip), Cause(reason), by=by)
        await removals.settled(taken, within_s=SETTLED_WITHIN_S)
        await answer(interaction, said(told_of(await takedowns.of(taken[0], seen_in=by.guild_id))))

    @group.command(name="steps", description="How far a take-down is, step by step")
    @app_commands.describe(clip=_WHICH)
    async def steps(interaction: Interaction, clip: str) -> None:
        await acknowledge(interaction)
        found = await takedowns.of(_job_id(clip), seen_in=member_of(interaction).guild_id)
        await answer(interaction, said(told_of(found)))

    @takedown.autocomplete("clip")
    async def clips(interaction: Interaction, typed: str) -> list[Choice[str]]:
        found = await shelves.choices(interaction, typed, limit=CHOICES_MAX)
        return [
            Choice(
                name=shortened(f"{one.job_id} · {one.prompt_start}", CHOICE_NAME_UNITS_MAX), value=one.job_id
            )
            for one in found
        ]

    @steps.autocomplete("clip")
    async def taken(interaction: Interaction, typed: str) -> list[Choice[str]]:
        found = await takedowns.newest(member_of(interaction).guild_id)
        names = [(f"{one.job_id} · {one.begun_at:%Y-%m-%d %H:%M}", one.job_id) for one in found]
        return [Choice(name=name, value=value) for name, value in names if typed.casefold() in name][
            :CHOICES_MAX
        ]


def queue_view(found: list[Waiting], count: int, reporters: int) -> ui.LayoutView:
    """The queue: the first of it with the buttons that decide, the rest as a number."""
    view = ui.LayoutView(timeout=None)
    head = _("Reported clips that wait: {n}").format(n=count)
    view.add_item(ui.TextDisplay(f"### {head}\n-# {_rule(reporters)}"))
    for one in found[:ON_A_PAGE]:
        view.add_item(ui.Container(ui.TextDisplay("\n".join(_lines(one))), ui.ActionRow(*_buttons(one))))
    if len(found) > ON_A_PAGE:
        more = _("{n} more wait behind these; decide, and ask again.").format(n=count - ON_A_PAGE)
        view.add_item(ui.TextDisplay(f"-# {more}"))
    return view


def told_of(progress: Progress) -> str:
    """A take-down, step by step, and what no step can reach."""
    steps = [step for step in progress.steps if removal_words.is_told(step)]
    done = sum(step.done_at is not None for step in steps)
    head = _("Taken down: {done} of {all} steps are done. Nobody can see it any more.").format(
        done=done, all=len(steps)
    )
    lines = [head, *removal_words.removal_lines(steps)]
    if progress.made_from:
        lines.append(
            _("Clips that were made from it and can still be seen: {n}. Look at them, too.").format(
                n=progress.made_from
            )
        )
    if progress.alike:
        named = ", ".join(f"`{job_id}`" for job_id in progress.alike[:ALIKE_NAMED])
        lines.append(
            ngettext(
                "{n} clip looks like it and can still be seen: {clips}. Look at it with /clips show.",
                "{n} clips look like it and can still be seen: {clips}. Look at them with /clips show.",
                len(progress.alike),
            ).format(n=len(progress.alike), clips=named)
        )
    return "\n".join([*lines, removal_words.out_of_reach()])


def _rule(reporters: int) -> str:
    told = _("A clip is hidden when {n} people have reported it, or one for the gravest reasons.")
    return told.format(n=reporters)


def _lines(waiting: Waiting) -> list[str]:
    case = waiting.case
    lines = [
        f"**{sentences.reason(case.reason)}** · `{case.job_id}`",
        _("Made by {member}; reported {when} by {n} people").format(
            member=f"<@{waiting.job.order.member.user_id}>",
            when=sentences.ago(case.opened_at),
            n=case.reports,
        ),
        _("It is hidden until one of you has decided.") if case.hidden_at else _("It is still shown."),
    ]
    if case.due_at is not None:
        lines.append(_("The law's 48 hours end {left}.").format(left=sentences.ago(case.due_at)))
    words = next((report.words for report in waiting.reports if report.words), "")
    if words:
        lines.append(quoted(words, WORDS_UNITS))
    return lines


def _buttons(waiting: Waiting) -> list[ui.Item[Any]]:
    job = waiting.job
    buttons: list[ui.Item[Any]] = [ClipButton(act, job.id) for act in (Act.RESTORE, Act.HIDE, Act.TAKE_DOWN)]
    if (url := clip_url(job)) is not None:
        buttons.append(ui.Button(label=_("To its message"), url=url))
    return buttons


def _reasons() -> list[Choice[str]]:
    return [Choice(name=said_as(partial(sentences.reason, one)), value=one.value) for one in Reason]


def _job_id(typed: str) -> JobId:
    if not _CLIP.fullmatch(typed):
        raise NotYours(
            _("This clip is not known here."), _("Choose one from the list that opens as you type.")
        )
    return JobId(typed)
