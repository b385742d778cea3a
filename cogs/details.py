"""Details: everything about an order that its server may know, with the command that makes it again."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import ui

from bot.catalogue import Described
from bot.delivery import Take
from bot.domain import ENDED, ClipState, Job, JobState, Micros
from bot.language import _, number
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
    takes: Sequence[Take],
    model: Described,
    *,
    play_money: bool,
    typed: Mapping[str, Any] | None = None,
    cast: Sequence[str] = (),
    source: Job | None = None,
    has_default_preset: bool = False,
    shared: bool = False,
    is_here: bool = True,
) -> tuple[ui.LayoutView, list[discord.File]]:
    """The view, with the files of what it has no room for: a long prompt, a long command.

    Args:
        takes: what it is of: one job, or all takes of an order, the first one first.
        model: how its model is called.
        play_money: whether its price is for trying out only.
        typed: what is kept of the order beside its jobs.
        cast: who is in it.
        source: the job that it was made from, where its reader may see that one's clip.
        has_default_preset: whether orders can take a preset by themselves where it is read.
        shared: of a character, whether others may order with it.
        is_here: whether it is read in the server of the order; the clip's buttons work nowhere else.
    """
    job, typed = takes[0].job, typed or {}
    lines = "\n".join(_lines(takes, model, typed, cast, source, play_money=play_money, is_here=is_here))
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
    parts += _rows(takes) if is_here else []
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts))
    return view, [discord.File(io.BytesIO(text.encode()), name) for name, text in texts.items()]


def _rows(takes: Sequence[Take]) -> list[ui.ActionRow[Any]]:
    """The ways to the clips that are there and to their families."""
    shown: list[ui.Item[Any]] = []
    families: list[ui.Item[Any]] = []
    for take in takes:
        job = take.job
        url, direct = _url(take), _is_direct(take)
        if url is None and not direct:
            continue
        if len(takes) > 1:
            families.append(
                ShelfButton(ShelfAct.HUNG, job.id, label=_("Family of take {n}").format(n=job.take))
            )
            if direct:
                label = _("Show take {n}").format(n=job.take)
                shown.append(ShelfButton(ShelfAct.GET, job.id, label=label))
        else:
            link: ui.Item[Any] = ui.Button(label=_("Show the clip"), url=url)
            if direct:
                link = ShelfButton(ShelfAct.GET, job.id, label=_("Show the clip"))
            families += [link, ShelfButton(ShelfAct.HUNG, job.id)]
    return [ui.ActionRow(*row) for row in (shown, families) if row]


def _url(take: Take) -> str | None:
    return clip_url(take.job) if take.clip_state in STANDS else None


def _is_direct(take: Take) -> bool:
    job = take.job
    return take.clip_state in STANDS and job.clip_is_direct and job.state is JobState.POSTED


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
            "Copy the files below into the message box, one right behind the other: it takes {most} "
            "characters at a time."
        ).format(most=number(PASTE_UNITS_MAX))
        files = {PIECE_FILE.format(n=n): piece for n, piece in enumerate(pieces, start=1)}
    return "\n".join([heading, how, *notes]), files


def _lines(
    takes: Sequence[Take],
    model: Described,
    typed: Mapping[str, Any],
    cast: Sequence[str],
    source: Job | None,
    *,
    play_money: bool,
    is_here: bool,
) -> list[str]:
    job, order = takes[0].job, takes[0].job.order
    offers = list(dict.fromkeys(take.job.quote.offer_id for take in takes))
    several = len(takes) > 1
    settings = (sentences.settings_of_takes if several else sentences.settings)(model.name, order)
    state_at = max(take.job.state_at for take in takes)
    lines = [
        _("**Model** {model} ({offer}), {label}").format(
            model=escaped(model.name),
            offer=escaped(", ".join(offers)),
            label=sentences.made_by(model.label),
        ),
        _("**Settings** {settings}").format(
            settings=(_("draft") + " · " if order.draft else "") + settings,
        ),
        _("**Price** {price}").format(
            price=(amounts.order_price if several else amounts.price)(job.quote, order, play_money=play_money)
        ),
        _("**State** {state} {when}").format(state=sentences.headline(takes), when=sentences.ago(state_at)),
        _("**Asked for** by {member} {when}").format(
            member=f"<@{order.member.user_id}>", when=sentences.ago(job.created_at)
        ),
        _("**Order** {id}").format(id=f"`{job.id}`"),
    ]
    if cast:
        lines.append(_("**Characters** {names}").format(names=escaped(", ".join(cast))))
    if (style := typed.get("style")) is not None:
        lines.append(_("**Preset** {preset}").format(preset=escaped(style)))
    if order.takes > 1 and not several:
        lines.append(_("**Take** {n} of {takes}").format(n=job.take, takes=order.takes))
    if paid := sum(take.job.charged_micros for take in takes):
        lines.append(_("**Paid** {price}").format(price=format_usd(Micros(paid))))
    if source is not None and (made_from := clip_url(source)) is not None:
        lines.append(_("**Made from** {clip}").format(clip=f"[{start_of(source)}]({made_from})"))
    elif order.source_job_id is not None:
        lines.append(_("**Made from** the clip of order {id}").format(id=f"`{order.source_job_id}`"))
    if several:
        lines += [_take_line(take, names_offer=len(offers) > 1) for take in takes]
        return [*lines, *_explained(takes)]
    if job.fault:
        lines.append(_("**Fault** {code}").format(code=escaped(job.fault.code)))
    if not is_here and takes[0].clip_state is ClipState.SHOWN:
        return lines  # it is where it is read
    why = sentences.take_explanation(takes[0])
    return lines if why is None else [*lines, why]


def _take_line(take: Take, *, names_offer: bool) -> str:
    """`2. [Done](…) 3 minutes ago · seed 8 · $0.40 paid · studio/studio · order 01h…`."""
    job = take.job
    told = sentences.take_state(take)
    if (url := _url(take)) is not None:
        told = f"[{told}]({url})"
    facts = [f"{told} {sentences.ago(job.state_at)}"]
    if job.order.seed is not None:
        facts.append(_("seed {seed}").format(seed=job.order.seed))
    if job.quote.price_micros:
        facts.append(_money(job))
    if names_offer:
        facts.append(escaped(job.quote.offer_id))
    if job.fault:
        facts.append(escaped(job.fault.code))
    return f"{job.take}. " + " · ".join([*facts, f"`{job.id}`"])


def _money(job: Job) -> str:
    if job.charged_micros:
        return _("{price} paid").format(price=format_usd(job.charged_micros))
    if job.state in ENDED:
        return _("nothing paid")
    return _("{price} set aside").format(price=format_usd(job.quote.price_micros))


def _explained(takes: Sequence[Take]) -> list[str]:
    """What is to be known of single takes, once of all of which it is true."""
    told: dict[str, list[str]] = {}
    for take in takes:
        if (why := sentences.take_explanation(take)) is not None:
            told.setdefault(why, []).append(str(take.job.take))
    return [sentences.of_takes(numbers, why) for why, numbers in told.items()]
