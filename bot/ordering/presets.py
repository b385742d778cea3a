"""Presets: styles with their settings that managers save, and what an order takes of them."""

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from bot.catalogue import Catalogue
from bot.domain import PROMPT_CHARS_MAX, ChannelId, GuildId, InteractionId, Kind, Member, UserId
from bot.errors import NotYours, OrderRefused
from bot.ids import Ids
from bot.language import _, number
from bot.offers.normalising import Adjustment
from bot.ordering.asked import NO_PRESET, Asked
from bot.screening.screening import Screening
from storage import presets
from storage.database import Database
from storage.presets import WHOLE_SERVER, Preset

__all__ = ("NO_PRESET", "WHOLE_SERVER", "Preset", "Presets", "Shaped", "shaped")

NAME_CHARS_MAX = 40
WORDS_CHARS_MAX = 1_000
"""Of each of a preset's two pieces of text; half of a prompt stays the member's at least."""

PRESETS_MAX = 100
"""Of one server: four screens of Discord's list of choices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped:
    """An order with what presets give to it. `notes` have to be read before paying, `asides` may be."""

    asked: Asked
    notes: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A preset as it was saved, and how the model will do it, where that differs."""

    preset: Preset
    is_new: bool
    adjustments: tuple[Adjustment, ...] = ()
    model_name: str = ""


class Presets:
    """What managers save and everybody's orders take."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        screening: Screening,
        *,
        ids: Ids,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._screening = screening
        self._ids = ids
        self._now = now

    async def shape(self, asked: Asked) -> Shaped:
        """The order with its preset and its channel's default; what it comes to names no preset any more.

        Raises:
            NotYours: there is no such preset here.
            OrderRefused: together with the preset's words the prompt is too long.
        """
        if asked.preset == NO_PRESET:
            return Shaped(asked=asked)
        listed, default = await self._database.read(
            partial(presets.visible, guild_id=GuildId(asked.guild_id), places=_places(asked))
        )
        chosen = None
        if asked.preset is not None:
            chosen = _named(listed, asked.preset)
        kind = Kind(asked.kind)
        if kind in (Kind.REMIX, Kind.EXTEND) and chosen is None:
            return Shaped(asked=replace(asked, preset=NO_PRESET))
        names = {row.id: row.name for row in self._catalogue.models(kind)}
        return shaped(asked, chosen, default, models=names)

    async def choices(
        self, typed: str, *, guild_id: GuildId, places: Sequence[ChannelId], limit: int
    ) -> tuple[list[Preset], Preset | None]:
        """The presets that can be chosen in a place and have what was typed in their names; its default."""
        listed, default = await self._database.read(
            partial(presets.visible, guild_id=guild_id, places=places)
        )
        wanted = typed.casefold()
        return [one for one in listed if wanted in one.name.casefold()][:limit], default

    async def of_guild(self, guild_id: GuildId) -> tuple[list[Preset], dict[ChannelId, str]]:
        """Every preset of a server, and the id of the one that each channel takes by itself."""

        def both(connection: sqlite3.Connection) -> tuple[list[Preset], dict[ChannelId, str]]:
            return presets.of_guild(connection, guild_id), presets.defaults(connection, guild_id)

        return await self._database.read(both)

    async def has_default(self, guild_id: GuildId) -> bool:
        """Whether any channel of a server takes a preset by itself."""
        return bool(await self._database.read(partial(presets.defaults, guild_id=guild_id)))

    async def save(
        self,
        name: str,
        *,
        by: Member,
        channel_id: ChannelId,
        model: str | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        duration_s: int | None = None,
        prefix: str = "",
        suffix: str = "",
    ) -> Saved:
        """Save a preset for a channel, or for `WHOLE_SERVER`; one of that name and place is changed.

        Raises:
            OrderRefused: it could not be ordered with, its words are not allowed, or there are too many.
        """
        name = _checked_name(name)
        prefix, suffix = " ".join(prefix.split()), " ".join(suffix.split())
        if max(len(prefix), len(suffix)) > WORDS_CHARS_MAX:
            raise OrderRefused(
                _("The words of a preset have {most} characters at most, before and after.").format(
                    most=number(WORDS_CHARS_MAX)
                ),
                _("Shorten them and save it again."),
            )
        if not any((model, resolution, aspect_ratio, duration_s, prefix, suffix)):
            raise OrderRefused(
                _("This preset says nothing."), _("Give it words or a setting and save it again.")
            )
        adjustments, row_id, row_name = await self._tried(
            name, by, model, resolution, aspect_ratio, duration_s, prefix, suffix
        )
        preset = Preset(
            id=self._ids.new(),
            guild_id=by.guild_id,
            channel_id=channel_id,
            name=name,
            model=None if model is None else row_id,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            duration_s=duration_s,
            prefix=prefix,
            suffix=suffix,
            saved_by=by.user_id,
            saved_at=self._now(),
        )
        is_new = await self._database.write(partial(_save, preset))
        return Saved(preset=preset, is_new=is_new, adjustments=adjustments, model_name=row_name)

    async def remove(self, preset: str, *, guild_id: GuildId, places: Sequence[ChannelId]) -> Preset:
        """Be done with a preset of this server, by its id or name; it as it was.

        Of several of a name that of the nearest of the `places` is meant.

        Raises:
            NotYours: there is none.
        """
        found = _named((await self.of_guild(guild_id))[0], preset, places)
        if not await self._database.write(partial(presets.remove, guild_id=guild_id, preset_id=found.id)):
            raise _unknown()
        return found

    async def set_default(
        self, preset: str, *, guild_id: GuildId, channel_id: ChannelId, by: UserId
    ) -> Preset:
        """Let a channel's orders take a preset of this server, by its id or name.

        Raises:
            NotYours: there is none.
        """
        found = _named((await self.of_guild(guild_id))[0], preset, [channel_id])

        def put(tx: sqlite3.Connection) -> None:
            if all(one.id != found.id for one in presets.of_guild(tx, guild_id)):
                raise _unknown()
            presets.set_default(tx, guild_id, channel_id, found.id, by=by, at=self._now())

        await self._database.write(put)
        return found

    async def clear_default(self, *, guild_id: GuildId, channel_id: ChannelId) -> bool:
        """Let a channel's orders take none; False where they took none."""
        return await self._database.write(
            partial(presets.clear_default, guild_id=guild_id, channel_id=channel_id)
        )

    async def _tried(
        self,
        name: str,
        by: Member,
        model: str | None,
        resolution: str | None,
        aspect_ratio: str | None,
        duration_s: int | None,
        prefix: str,
        suffix: str,
    ) -> tuple[tuple[Adjustment, ...], str, str]:
        """An order with it, checked and screened as any: what fails now would fail for every member."""
        kind = next(
            (
                Kind(kind)
                for row in self._catalogue.all_models()
                if model in (row.id, row.name)
                for kind in row.kinds
                if kind in (Kind.GENERATE, Kind.ANIMATE)
            ),
            Kind.GENERATE,
        )
        priced = self._catalogue.order(
            kind=kind,
            member=by,
            channel_id=WHOLE_SERVER,
            interaction_id=InteractionId(0),
            prompt=f"{prefix} {suffix}".strip() or name,
            model=model,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            duration_s=duration_s,
        )
        await self._screening.look(priced.order)
        return priced.adjustments, priced.order.model, self._catalogue.describe(priced.order.model).name


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


def _named(listed: Collection[Preset], wanted: str, places: Sequence[ChannelId] = ()) -> Preset:
    """By id, as Discord's list gives it, or by name, as it is typed where the list was closed."""
    for preset in listed:
        if preset.id == wanted:
            return preset
    near = [*places, WHOLE_SERVER]
    for preset in sorted(listed, key=lambda one: (*near, one.channel_id).index(one.channel_id)):
        if preset.name.casefold() == " ".join(wanted.split()).casefold():
            return preset
    raise _unknown()


def _places(asked: Asked) -> list[ChannelId]:
    return [ChannelId(each) for each in (asked.channel_id, asked.parent_id) if each]


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_CHARS_MAX:
        raise OrderRefused(
            _("The name of a preset has 1 to {most} characters.").format(most=NAME_CHARS_MAX),
            _("Give it another and save it again."),
        )
    if not any(char.isalnum() for char in name) or not name.isprintable():
        raise OrderRefused(
            _("The name of a preset needs a letter or a digit, and nothing that cannot be seen."),
            _("Give it another and save it again."),
        )
    return name


def _save(preset: Preset, tx: sqlite3.Connection) -> bool:
    is_new = presets.save(tx, preset)
    if is_new and presets.count(tx, preset.guild_id) > PRESETS_MAX:
        raise OrderRefused(
            _("This server has {most} presets, and there can be no more.").format(most=PRESETS_MAX),
            _("Remove one and save this again."),
        )
    return is_new


def _unknown() -> NotYours:
    return NotYours(_("There is no such preset here."), _("Choose one from the list, or order without."))
