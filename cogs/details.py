"""Details: everything about an order that its server may know, with the command that makes it again."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import ui

from bot.catalogue import Described
from bot.delivery import Take
from bot.domain import ClipState, Job, JobState
from bot.language import _
from bot.money import format_usd
from bot.quoting import escaped, fits, quoted, units
from cogs import amounts, sentences
from cogs.cards import STANDS, clip_url
from cogs.library_buttons import ShelfAct, ShelfButton
from cogs.notes import start_of
from cogs.typed_again import PASTE_UNITS_MAX, Command, command_of

TEXT_UNITS_MAX = 4_000
"""Of all text in one message of components."""

PROMPT_UNITS_MIN, PROMPT_UNITS_MAX = 300, 2_800
PROMPT_FILE = "prompt.txt"
COMMAND_FILE = "command.txt"
PIECE_FILE = "command-{n}.txt"


def details_view(
    job: Job,
    model: Described,
    *,
    play_money: bool,
    clip_state: ClipState = ClipState.SHOWN,
    typed: Mapping[str, Any] | None = None,
    cast: Sequence[str] = (),
    source: Job | None = None,
    has_default_preset: bool = False,
    shared: bool = False,
) -> tuple[ui.LayoutView, list[discord.File]]:
    """The view, with the files of what it has no room for: a long prompt, a long command.

    Args:
        job: what it is of.
        model: how its model is called.
        play_money: whether its price is for trying out only.
        clip_state: who may see its clip.
        typed: what is kept of the order beside its jobs.
        cast: who is in it.
        source: the job that it was made from, where its reader may see that one's clip.
        has_default_preset: whether orders can take a preset by themselves where it is read.
        shared: of a character, whether others may order with it.
    """
    take, typed = Take(job=job, clip_state=clip_state), typed or {}
    lines = "\n".join(_lines(take, model, typed, cast, source, play_money=play_money))
    command = command_of(job, typed, has_default_preset=has_default_preset, shared=shared)
    told, pieces = _to_type(command, TEXT_UNITS_MAX - units(lines) - PROMPT_UNITS_MIN)
    room = min(PROMPT_UNITS_MAX, TEXT_UNITS_MAX - units(lines) - units(told))
    texts = dict(pieces)
    if not fits(job.order.prompt, room):
        texts = {PROMPT_FILE: job.order.prompt, **texts}
    parts: list[ui.Item[Any]] = [
        ui.TextDisplay(quoted(job.order.prompt, room)),
        ui.TextDisplay(lines),
        *(ui.File(f"attachment://{name}") for name in texts if name == PROMPT_FILE),
        ui.TextDisplay(told),
        *(ui.File(f"attachment://{name}") for name in pieces),
    ]
    family = ShelfButton(ShelfAct.HUNG, job.id)
    stands = clip_state in STANDS
    if stands and (url := clip_url(job)) is not None:
        parts.append(ui.ActionRow(ui.Button(label=_("Show the clip"), url=url), family))
    elif stands and job.clip_is_direct and job.state is JobState.POSTED:
        show = ShelfButton(ShelfAct.GET, job.id, label=_("Show the clip"))
        parts.append(ui.ActionRow(show, family))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts))
    return view, [discord.File(io.BytesIO(text.encode()), name) for name, text in texts.items()]


def _to_type(command: Command, room: int) -> tuple[str, dict[str, str]]:
    """How to order it again in at most so many units, and the files that this needs, by name."""
    heading = _("**To order it again**")
    notes = [f"-# {note}" for note in command.notes]
    whole = "\n".join([heading, f"```\n{command.line}\n```", *notes])
    pieces = command.pieces()
    if len(pieces) == 1 and command.is_plain and units(whole) <= room:
        return whole, {}
    if len(pieces) == 1:
        how = _("Copy all of the file below into the message box.")
        files = {COMMAND_FILE: command.line}
    else:
        how = _(
            "Copy the files below into the message box, one right behind the other: it takes {most:,} "
            "characters at a time."
        ).format(most=PASTE_UNITS_MAX)
        files = {PIECE_FILE.format(n=n): piece for n, piece in enumerate(pieces, start=1)}
    return "\n".join([heading, how, *notes]), files


def _lines(
    take: Take,
    model: Described,
    typed: Mapping[str, Any],
    cast: Sequence[str],
    source: Job | None,
    *,
    play_money: bool,
) -> list[str]:
    job, order = take.job, take.job.order
    is_there = take.clip_state is ClipState.SHOWN
    lines = [
        _("**Model** {model} ({offer}), {label}").format(
            model=escaped(model.name),
            offer=escaped(job.quote.offer_id),
            label=sentences.made_by(model.label),
        ),
        _("**Settings** {settings}").format(
            settings=(_("draft") + " · " if order.draft else "") + sentences.settings(model.name, order)
        ),
        _("**Price** {price}").format(price=amounts.price(job.quote, order, play_money=play_money)),
        _("**State** {state} {when}").format(
            state=sentences.state(job, None) if is_there else sentences.take_state(take),
            when=sentences.ago(job.state_at),
        ),
        _("**Asked for** by {member} {when}").format(
            member=f"<@{order.member.user_id}>", when=sentences.ago(job.created_at)
        ),
        _("**Order** {id}").format(id=f"`{job.id}`"),
    ]
    if cast:
        lines.append(_("**Characters** {names}").format(names=escaped(", ".join(cast))))
    if (style := typed.get("style")) is not None:
        lines.append(_("**Preset** {preset}").format(preset=escaped(style)))
    if order.takes > 1:
        lines.append(_("**Take** {n} of {takes}").format(n=job.take, takes=order.takes))
    if job.charged_micros:
        lines.append(_("**Paid** {price}").format(price=format_usd(job.charged_micros)))
    if source is not None and (made_from := clip_url(source)) is not None:
        lines.append(_("**Made from** {clip}").format(clip=f"[{start_of(source)}]({made_from})"))
    elif order.source_job_id is not None:
        lines.append(_("**Made from** the clip of order {id}").format(id=f"`{order.source_job_id}`"))
    if job.fault:
        lines.append(_("**Fault** {code}").format(code=escaped(job.fault.code)))
    why = sentences.explanation(job) if is_there else sentences.take_explanation(take)
    return lines if why is None else [*lines, why]
