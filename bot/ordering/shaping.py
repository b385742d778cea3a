"""What an order takes of the presets that it names or that its channel takes by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.domain import PROMPT_CHARS_MAX, Kind
from bot.errors import OrderRefused
from bot.language import _, number
from bot.ordering.asked import NO_PRESET, Asked
from storage.presets import Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped:
    """An order with what presets give to it. `notes` have to be read before paying, `asides` may be."""

    asked: Asked
    notes: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()


def shaped(
    asked: Asked, chosen: Preset | None, default: Preset | None, *, models: Mapping[str, str]
) -> Shaped:
    """What was typed, with what was left open filled by the preset, and what that leaves by the default.

    The words before and after come from one of them as a pair. For a clip that is gone on from, the words
    alone count: the clip has the rest.

    Args:
        asked: as it was typed.
        chosen: the preset that it names.
        default: the one that its channel takes by itself.
        models: the names of those that can be ordered for this, by id.

    Raises:
        OrderRefused: together with the words the prompt is longer than one may be.
    """
    if chosen is not None and default is not None and chosen.id == default.id:
        default = None
    layers = [layer for layer in (chosen, default) if layer is not None]
    open_ = replace(asked, preset=NO_PRESET)
    if not layers:
        return Shaped(asked=open_)
    told: dict[str, list[str]] = {layer.id: [] for layer in layers}
    notes: list[str] = []
    changes: dict[str, Any] = {}
    if asked.kind not in (Kind.REMIX, Kind.EXTEND):
        changes, notes = _settings(asked, layers, models, told)
    worded = next((layer for layer in layers if layer.prefix or layer.suffix), None)
    if worded is not None and asked.prompt.strip():  # an empty prompt stays one, and is refused as such
        changes["prompt"] = _composed(asked.prompt, worded)
        told[worded.id].append(_("its words with yours"))
    asides = [
        _said(layer, told[layer.id], is_default=layer is not chosen) for layer in layers if told[layer.id]
    ]
    taken = [layer.name for layer in layers if told[layer.id]]
    changes["style"] = ", ".join(taken) or None
    return Shaped(asked=replace(open_, **changes), notes=tuple(notes), asides=tuple(asides))


def _settings(
    asked: Asked, layers: Sequence[Preset], models: Mapping[str, str], told: Mapping[str, list[str]]
) -> tuple[dict[str, Any], list[str]]:
    changes: dict[str, Any] = {}
    notes: list[str] = []
    for layer in layers:
        if asked.model is not None or "model" in changes or layer.model is None:
            continue
        if layer.model in models:
            changes["model"] = layer.model
            told[layer.id].append(models[layer.model])
        else:
            notes.append(
                _(
                    "Preset {name} names the model {model}, which cannot be ordered here now; another is "
                    "taken."
                ).format(name=layer.name, model=layer.model)
            )
    for layer in layers:
        for field, value in (
            ("resolution", layer.resolution),
            ("aspect_ratio", layer.aspect_ratio),
            ("duration_s", layer.duration_s),
        ):
            if value is None or getattr(asked, field) is not None or field in changes:
                continue
            changes[field] = value
            if not asked.draft or field == "aspect_ratio":  # a draft is as short and coarse as can be
                told[layer.id].append(str(value) if field != "duration_s" else _("{n} s").format(n=value))
            if field == "duration_s":
                changes["final_s"] = value
            elif field == "resolution":
                changes["final_resolution"] = value
    return changes, notes


def _composed(prompt: str, preset: Preset) -> str:
    whole = " ".join(part for part in (preset.prefix, prompt.strip(), preset.suffix) if part)
    if len(whole) > PROMPT_CHARS_MAX:
        raise OrderRefused(
            _(
                "With the words of the preset the prompt has {chars} characters; a prompt has {most} at most."
            ).format(chars=number(len(whole)), most=number(PROMPT_CHARS_MAX)),
            _("Shorten yours and order again, or choose no preset."),
        )
    return whole


def _said(preset: Preset, given: Sequence[str], *, is_default: bool) -> str:
    what = ", ".join(given)
    if is_default:
        return _("This channel's preset {name}: {what}").format(name=preset.name, what=what)
    return _("Preset {name}: {what}").format(name=preset.name, what=what)
