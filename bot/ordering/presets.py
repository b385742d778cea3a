"""Presets: styles with their settings that managers save, and the places where orders take them."""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from bot.catalogue import Catalogue
from bot.domain import ChannelId, GuildId, InteractionId, Kind, Member
from bot.errors import NotYours, OrderRefused
from bot.ids import Ids
from bot.language import _, number
from bot.offers.normalising import Adjustment
from bot.ordering.asked import NO_PRESET, Asked
from bot.ordering.shaping import Shaped, shaped
from bot.screening.screening import Screening
from storage import acts, presets
from storage.acts import Verb
from storage.database import Database
from storage.presets import WHOLE_SERVER, Preset

__all__ = ("NO_PRESET", "WHOLE_SERVER", "Preset", "Presets")

NAME_CHARS_MAX = 40
WORDS_CHARS_MAX = 1_000
"""Of each of a preset's two pieces of text; half of a prompt stays the member's at least."""

PRESETS_MAX = 100
"""Of one server: four screens of Discord's list of choices."""


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
        is_new = await self._database.write(partial(_save, preset, by))
        return Saved(preset=preset, is_new=is_new, adjustments=adjustments, model_name=row_name)

    async def remove(self, preset: str, *, by: Member, places: Sequence[ChannelId]) -> Preset:
        """Be done with a preset of this server, by its id or name; it as it was.

        Of several of a name that of the nearest of the `places` is meant.

        Raises:
            NotYours: there is none.
        """
        found = _named((await self.of_guild(by.guild_id))[0], preset, places)

        def gone(tx: sqlite3.Connection) -> None:
            if not presets.remove(tx, by.guild_id, found.id):
                raise _unknown()
            _on_record(tx, Verb.PRESET_REMOVED, found, found.id, by, self._now())

        await self._database.write(gone)
        return found

    async def set_default(self, preset: str, *, channel_id: ChannelId, by: Member) -> Preset:
        """Let a channel's orders take a preset of this server, by its id or name.

        Raises:
            NotYours: there is none.
        """
        found = _named((await self.of_guild(by.guild_id))[0], preset, [channel_id])

        def put(tx: sqlite3.Connection) -> None:
            if all(one.id != found.id for one in presets.of_guild(tx, by.guild_id)):
                raise _unknown()
            at = self._now()
            presets.set_default(tx, by.guild_id, channel_id, found.id, by=by.user_id, at=at)
            _taken_on_record(tx, found.id, channel_id, by, at)

        await self._database.write(put)
        return found

    async def clear_default(self, *, channel_id: ChannelId, by: Member) -> bool:
        """Let a channel's orders take none; False where they took none."""

        def clear(tx: sqlite3.Connection) -> bool:
            had = presets.clear_default(tx, by.guild_id, channel_id)
            if had:
                _taken_on_record(tx, "none", channel_id, by, self._now())
            return had

        return await self._database.write(clear)

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


def _save(preset: Preset, by: Member, tx: sqlite3.Connection) -> bool:
    saved_id = presets.save(tx, preset)
    is_new = saved_id == preset.id
    if is_new and presets.count(tx, preset.guild_id) > PRESETS_MAX:
        raise OrderRefused(
            _("This server has {most} presets, and there can be no more.").format(most=PRESETS_MAX),
            _("Remove one and save this again."),
        )
    _on_record(tx, Verb.PRESET_SAVED, preset, saved_id, by, preset.saved_at)
    return is_new


def _on_record(
    tx: sqlite3.Connection, verb: Verb, preset: Preset, preset_id: str, by: Member, at: datetime
) -> None:
    acts.record(
        tx,
        verb=verb,
        actor_id=by.user_id,
        guild_id=by.guild_id,
        subject=f"preset:{preset_id}",
        detail={"channel": preset.channel_id},
        at=at,
    )


def _taken_on_record(
    tx: sqlite3.Connection, preset: str, channel_id: ChannelId, by: Member, at: datetime
) -> None:
    acts.record(
        tx,
        verb=Verb.PRESET_TAKEN,
        actor_id=by.user_id,
        guild_id=by.guild_id,
        subject=f"channel:{channel_id}",
        detail={"preset": preset},
        at=at,
    )


def _unknown() -> NotYours:
    return NotYours(_("There is no such preset here."), _("Choose one from the list, or order without."))
