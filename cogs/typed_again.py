"""What to type to repeat an order, as the picker of its reader names it."""

from collections.abc import Mapping
from typing import Any

from bot.domain import Job, Kind
from bot.language import named
from bot.offers.options import SEED_MAX
from bot.ordering.asked import NO_PRESET
from bot.ordering.framing import Framing
from bot.ordering.sources import Way
from cogs.quoting import plain

PROMPT_CHARS_IN_COMMAND = 300


def command_of(job: Job, typed: Mapping[str, Any]) -> str | None:
    """`/generate prompt:… model:…`; None where no command makes such an order.

    `typed` is what is kept of it beside its jobs. The words of a preset are in the prompt already, so that
    none is to be taken again.
    """
    order = job.order
    duration = {"duration": (order.draft and typed.get("final_s")) or order.duration_s}
    shape = {"resolution": order.resolution, "aspect_ratio": order.aspect_ratio, **duration}
    fit = {"fit": Framing.PAD.value if typed.get("framing") == Framing.PAD else None}
    begins: dict[str, Any] = {}
    given: dict[str, Any]
    match order.kind:
        case Kind.GENERATE:
            name, given = "generate", shape
        case Kind.ANIMATE if typed.get("clip") is not None:
            name, begins, given = (
                "extend",
                {"clip": typed["clip"], "how": Way.LAST_FRAME.value},
                {**shape, **fit},
            )
        case Kind.ANIMATE:
            name, begins, given = "animate", {"image": "…"}, {**shape, **fit, "people": typed.get("people")}
        case Kind.REMIX:
            name, begins, given = "remix", {"clip": order.source_job_id}, {}
        case Kind.EXTEND:
            name, begins, given = "extend", {"clip": order.source_job_id}, duration
        case Kind.CHARACTER:
            return None
    people = dict(zip(("character1", "character2"), typed.get("characters") or (), strict=False))
    options = {
        **begins,
        "prompt": _words(order.prompt),
        "preset": NO_PRESET if typed.get("style") else None,
        "model": order.model,
        **given,
        "seed": _seed_of_the_first(job),
        "takes": order.takes if order.takes > 1 else None,
        **(people if order.kind is Kind.GENERATE else {}),
        "draft": order.draft or None,
        "private": order.private or None,
        "spoiler": order.spoiler or None,
    }
    told = " ".join(f"{named(key)}:{value}" for key, value in options.items() if value is not None)
    return f"/{named(name)} {told}"


def _seed_of_the_first(job: Job) -> int | None:
    """What its order was typed with: each take has the seed after that of the one before."""
    seed = job.order.seed
    return None if seed is None else (seed - job.take + 1) % (SEED_MAX + 1)


def _words(prompt: str) -> str:
    """A long prompt is left out: it stands above the command, or in the file."""
    words = plain(prompt).replace("`", "'")
    return words if len(words) <= PROMPT_CHARS_IN_COMMAND else "…"
