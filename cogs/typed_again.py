"""What to type to repeat an order, as the picker of its reader names it."""

from collections.abc import Mapping
from typing import Any

from bot.asked import NO_PRESET
from bot.domain import Kind, Order
from bot.framing import Framing
from bot.language import named
from cogs.quoting import plain

PROMPT_CHARS_IN_COMMAND = 300


def command_of(order: Order, typed: Mapping[str, Any]) -> str | None:
    """`/generate prompt:… model:…`; None where no command makes such an order.

    `typed` is what is kept of it beside its jobs. The words of a preset are in the prompt already, so that
    none is to be taken again.
    """
    given: dict[str, Any]
    shape = {
        "resolution": order.resolution,
        "aspect_ratio": order.aspect_ratio,
        "duration": order.duration_s,
    }
    match order.kind:
        case Kind.GENERATE:
            name, given = "generate", shape
        case Kind.ANIMATE:
            pads = typed.get("framing") == Framing.PAD
            name, given = "animate", {**shape, "fit": Framing.PAD.value if pads else None}
        case Kind.REMIX:
            name, given = "remix", {}
        case Kind.EXTEND | Kind.CHARACTER:
            return None
    begins = {"image": "…"} if order.kind is Kind.ANIMATE else {}
    if order.kind is Kind.REMIX:
        begins = {"clip": str(order.source_job_id)}
    people = dict(zip(("character1", "character2"), typed.get("characters") or (), strict=False))
    options = {
        **begins,
        "prompt": _words(order.prompt),
        "preset": NO_PRESET if typed.get("style") else None,
        "model": order.model,
        **given,
        "seed": order.seed,
        "takes": order.takes if order.takes > 1 else None,
        **(people if order.kind is Kind.GENERATE else {}),
        "draft": order.draft or None,
        "private": order.private or None,
        "spoiler": order.spoiler or None,
    }
    told = " ".join(f"{named(key)}:{value}" for key, value in options.items() if value is not None)
    return f"/{named(name)} {told}"


def _words(prompt: str) -> str:
    """A long prompt is left out: it stands above the command, or in the file."""
    words = plain(prompt).replace("`", "'")
    return words if len(words) <= PROMPT_CHARS_IN_COMMAND else "…"
