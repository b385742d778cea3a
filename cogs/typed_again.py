"""What to type to repeat an order, as the picker of its reader names it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain import Job, Kind
from bot.language import _, named
from bot.moderation.consent import STATEMENTS
from bot.offers.options import seed_of_the_first
from bot.ordering.asked import NO_PRESET
from bot.ordering.framing import Framing
from bot.quoting import plain, units
from cogs.choices import ADD_BARS, FROM_LAST_FRAME, seconds_choice

PASTE_UNITS_MAX = 2_000
"""What Discord's field takes at a paste (discord-api-docs, issue 3638): of anything longer it makes a file to
send. Typed or pasted piece by piece an option may be much longer."""

LEFT_OPEN = "…"
"""In the place of what cannot be typed, or is to be said anew by whoever orders."""

OPTIONS = (
    "aspect_ratio",
    "character1",
    "character2",
    "clip",
    "consent",
    "draft",
    "duration",
    "fit",
    "how",
    "image",
    "model",
    "name",
    "people",
    "preset",
    "private",
    "prompt",
    "resolution",
    "seed",
    "share",
    "spoiler",
    "takes",
)
"""Of all commands that make something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`/generate model:… prompt:…` on one `line`, and what to know of it before it is sent."""

    line: str
    notes: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether it reads as it is in a block of code: nothing hidden in it, and nothing that ends one."""
        return self.line == plain(self.line) and "```" not in self.line

    def pieces(self) -> list[str]:
        """The line in as many pieces as it takes to paste it. None begins or ends with a space."""
        pieces: list[str] = []
        left = self.line
        while (most := _pasted_at_once(left)) < len(left):
            within_words = (at for at in range(most, 0, -1) if not (left[at - 1] + left[at]).count(" "))
            at = next(within_words, most)
            pieces.append(left[:at])
            left = left[at:]
        return [*pieces, left]


def command_of(
    job: Job, typed: Mapping[str, Any], *, has_default_preset: bool = False, shared: bool = False
) -> Command:
    """The command that makes the same order, its words last.

    Args:
        job: one of the order's.
        typed: what is kept of it beside its jobs. The words of a preset are in the prompt already, so that
            none is to be taken again.
        has_default_preset: whether orders can take a preset by themselves where it is to be typed.
        shared: of a character, whether others may order with it.
    """
    order = job.order
    if order.kind is Kind.CHARACTER:
        return _character(job, shared=shared)
    length = (order.draft and typed.get("final_s")) or order.duration_s
    duration = {"duration": seconds_choice(length)}
    resolution = typed.get("final_resolution") if order.draft else order.resolution
    shape = {"resolution": resolution, "aspect_ratio": order.aspect_ratio, **duration}
    fit = {"fit": _(ADD_BARS) if typed.get("framing") == Framing.PAD else None}
    notes: list[str] = []
    given: dict[str, Any]
    match order.kind:
        case Kind.GENERATE:
            name, given = "generate", shape
        case Kind.ANIMATE if typed.get("clip") is not None:
            name = "extend"
            given = {"clip": typed["clip"], "how": _(FROM_LAST_FRAME), **shape, **fit}
        case Kind.ANIMATE:
            name = "animate"
            given = {"image": LEFT_OPEN, **shape, **fit, "people": _statement(typed.get("people"))}
            notes.append(_("Attach the picture again where the command has “…”."))
        case Kind.REMIX:
            name, given = "remix", {"clip": order.source_job_id}
        case Kind.EXTEND:
            name, given = "extend", {"clip": order.source_job_id, **duration}
    people = dict(zip(("character1", "character2"), typed.get("characters") or (), strict=False))
    takes_preset = has_default_preset and order.kind in (Kind.GENERATE, Kind.ANIMATE)
    options = {
        "preset": NO_PRESET if takes_preset or typed.get("style") else None,
        "model": order.model,
        **given,
        "seed": None if order.seed is None else seed_of_the_first(order.seed, job.take),
        "takes": order.takes if order.takes > 1 else None,
        **(people if order.kind is Kind.GENERATE else {}),
        "draft": order.draft or None,
        "private": order.private or None,
        "spoiler": order.spoiler or None,
        "prompt": _on_one_line(order.prompt),
    }
    return _command([name], options, [*notes, *_notes(order.prompt)])


def _character(job: Job, *, shared: bool) -> Command:
    """Whoever orders it anew says anew who has agreed: it is said of a file."""
    options = {
        "model": job.order.model,
        "clip": LEFT_OPEN,
        "consent": LEFT_OPEN,
        "share": shared or None,
        "name": job.order.prompt,
    }
    note = _("Where the command has “…”, attach the clip again and say again whether all in it have agreed.")
    return _command(["character", "add"], options, [note])


def _command(names: list[str], options: Mapping[str, Any], notes: list[str]) -> Command:
    told = " ".join(f"{named(key)}:{value}" for key, value in options.items() if value is not None)
    return Command(line=f"/{' '.join(map(named, names))} {told}", notes=tuple(notes))


def _pasted_at_once(text: str) -> int:
    """How many characters of it, from the first one on."""
    room = PASTE_UNITS_MAX
    for at, char in enumerate(text):
        room -= units(char)
        if room < 0:
            return at
    return len(text)


def _statement(said: str | None) -> str | None:
    return next((_(words) for one, words in STATEMENTS.items() if one == said), None)


def _on_one_line(prompt: str) -> str:
    return " ".join(line.strip() for line in prompt.splitlines() if line.strip())


def _notes(prompt: str) -> list[str]:
    """What of a prompt no command can say."""
    notes = []
    if _on_one_line(prompt) != prompt:
        notes.append(_("A command has one line, so the lines of the prompt are joined; Again keeps them."))
    names = "|".join(re.escape(name) for name in {*OPTIONS, *map(named, OPTIONS)})
    found = re.search(rf"(?<!\S)(?:{names}):", prompt, re.IGNORECASE)
    if found is not None:
        told = _("Discord may take {words} in the prompt for an option; if it does, press Again instead.")
        notes.append(told.format(words=f"`{found[0]}`"))
    return notes
