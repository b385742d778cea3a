"""Characters: brought from a member's clip with consent, used in orders, and removed everywhere at once."""

import asyncio
import sqlite3
from collections.abc import AsyncIterable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

from bot import media
from bot.domain import FaultKind, JobId, Member, Source
from bot.errors import ClipUnusable, NotYours, OrderRefused
from bot.ids import Ids
from bot.language import _, later
from bot.media import Probe
from bot.offers.options import CHARACTERS_MAX
from bot.ordering.picture_kinds import HEAD_BYTES, Mistaken, PictureKind, kind_of
from bot.part_files import keep, part_of
from bot.quoting import escaped
from storage import acts, characters, removals
from storage.acts import Verb
from storage.characters import Character
from storage.database import Database
from storage.removals import Step

__all__ = (
    "CHARACTERS",
    "CONSENT",
    "CONSENT_VERSION",
    "KEPT_MAX",
    "NAME_CHARS_MAX",
    "Cast",
    "Character",
    "Characters",
)

CHARACTERS = "characters"
"""The folder in the data folder for the clips of characters that are being made."""

CONSENT = later("Everyone seen or heard in the clip has agreed that videos of them are made here")
CONSENT_VERSION = 1
"""Of those words: whoever changes them counts on, since each character's row says what was agreed to."""

NAME_CHARS_MAX = 80
"""What fal and OpenAI take."""

KEPT_MAX = 25
"""Of one member: what Discord shows to choose from."""

READ_MAX = 1_000
"""Of those that a member may use, which are their own and all that others share here."""

CLIP_BYTES_MAX = 50_000_000
CLIP_WITHIN_S = 60.0
CLIP_MS_MIN, CLIP_MS_MAX = 1_000, 4_250
"""fal looks at the first four seconds, OpenAI takes up to four; a quarter is for what an encoder adds."""
SIDES_RATIO_MAX = 2.67
"""fal's."""

UNUSED_FOR = timedelta(days=1)
FORGOTTEN_AT_ONCE = KEPT_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Those of an order, by the ids that they have at the one provider that knows them."""

    provider: str
    ids: tuple[str, ...]
    names: tuple[str, ...]


class Characters:
    """What members do with characters.

    Args:
        folder: the data folder.
    """

    def __init__(self, database: Database, *, folder: Path, ids: Ids, now: Callable[[], datetime]) -> None:
        self._database = database
        self._folder = folder
        self._ids = ids
        self._now = now
        # One clip is decoded at a time: each child takes some sixty megabytes.
        self._checking = asyncio.Lock()

    async def keep(
        self, chunks: AsyncIterable[bytes], owner: Member, *, name: str, consents: bool, shared: bool
    ) -> str:
        """Copy a member's clip to our disk with what was agreed to, and return the new character's id.

        Raises:
            OrderRefused: no consent, no name, no clip that can be used, or what reading `chunks` raises.
        """
        if not consents:
            raise OrderRefused(
                _("A character needs the consent of everyone in the clip."),
                _("Ask them; if they agree, set consent to True."),
                kind=FaultKind.LIKENESS,
            )
        name = _checked_name(name)
        await self._forget_given_up()
        if await self._database.read(partial(characters.count_of, member=owner)) >= KEPT_MAX:
            raise await self._too_many(owner)
        character_id, at = self._ids.new(), self._now()
        path = Path(CHARACTERS) / f"{character_id}.mp4"
        into = self._folder / path
        await asyncio.to_thread(into.parent.mkdir, exist_ok=True)
        async with part_of(into) as part:
            await _receive(chunks, part)
            probe = await self._checked(part)
            kept = await keep(part, into)
        character = Character(
            id=character_id,
            owner=owner,
            name=name,
            shared=shared and owner.in_server,
            consent_version=CONSENT_VERSION,
            consent_at=at,
            path=path,
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            width=probe.width,
            height=probe.height,
            duration_ms=probe.duration_ms,
        )
        try:
            await self._database.write(partial(characters.insert, character=character))
        except BaseException:  # without a row nobody would know whose it is, and nothing would take it away
            await asyncio.to_thread(into.unlink, missing_ok=True)
            raise
        return character_id

    async def to_make(self, character_id: str, *, of: Member) -> Character:
        """One of this member's whose clip waits to be made into a character.

        Raises:
            NotYours: there is none of this id for them.
            OrderRefused: it has been made, or its clip is not kept any more.
        """
        found = await self._database.read(partial(characters.get, character_id=character_id))
        if found is not None and found.owner != of:
            raise _unknown()
        if found is None or found.made_at is not None:
            raise OrderRefused(
                _("The clip of this character is not kept any more."),
                _("Attach it again with /character add."),
            )
        return found

    async def cast(self, character_ids: Sequence[str], member: Member) -> Cast:
        """Those that an order names, where this member may use them together.

        Raises:
            NotYours: one of them is not for this member, or not here.
            OrderRefused: too many, a removed one, or no provider knows all of them.
        """
        if len(character_ids) > CHARACTERS_MAX:
            raise OrderRefused(
                _("That is too many characters for one clip."),
                _("Name at most {n} of them and order again.").format(n=CHARACTERS_MAX),
            )
        found = [await self._usable(character_id, member) for character_id in dict.fromkeys(character_ids)]
        providers = {one.provider for one in found}
        provider = providers.pop()
        if providers or provider is None:
            raise OrderRefused(
                _("These characters were made at different providers, and no model knows both."),
                _("Name one of them and order again."),
            )
        return Cast(
            provider=provider,
            ids=tuple(one.provider_id for one in found if one.provider_id is not None),
            names=tuple(one.name for one in found),
        )

    async def is_shared(self, character_id: str | None) -> bool:
        """Whether one was brought for everybody in its server; not of one that nobody knows any more."""
        if character_id is None:
            return False
        found = await self._database.read(partial(characters.get, character_id=character_id))
        return found is not None and found.shared

    async def usable_by(self, member: Member) -> list[Character]:
        """Those with which a member may order here, by name, their own before those of others."""
        return await self._database.read(partial(characters.usable_by, member=member, limit=READ_MAX))

    async def choices(self, typed: str, member: Member, *, limit: int) -> list[Character]:
        """Of those the ones whose name has what was typed."""
        wanted = typed.casefold().strip()
        found = await self.usable_by(member)
        return [one for one in found if wanted in one.name.casefold()][:limit]

    async def remove(self, character_id: str, *, by: Member, moderator: bool) -> tuple[Character, JobId]:
        """Nobody can order with it from here on. What its provider has is deleted by the job's removal.

        Returns it, and the job whose removal has begun.

        Raises:
            NotYours: there is none of this id that they may remove.
        """
        return await self._database.write(
            partial(self._remove, character_id, by=by, moderator=moderator, at=self._now())
        )

    async def _usable(self, character_id: str, member: Member) -> Character:
        found = await self._database.read(partial(characters.get, character_id=character_id))
        if found is None or found.owner.guild_id != member.guild_id or found.made_at is None:
            raise _unknown()
        if found.owner != member and not found.shared:
            raise _unknown()
        if found.removed_at is not None:
            raise OrderRefused(
                _("The character {name} has been removed.").format(name=escaped(found.name)),
                _("Choose another, or leave it out."),
            )
        return found

    def _remove(
        self, character_id: str, tx: sqlite3.Connection, *, by: Member, moderator: bool, at: datetime
    ) -> tuple[Character, JobId]:
        found = characters.get(tx, character_id)
        is_theirs = found is not None and (
            found.owner == by or (moderator and found.shared and found.owner.guild_id == by.guild_id)
        )
        if found is None or found.job_id is None or not is_theirs or found.removed_at is not None:
            raise NotYours(
                _("This is no character that you can remove."),
                _("Choose one from the list that opens as you type."),
            )
        characters.removed(tx, character_id, at=at)
        if found.owner != by:  # what members do with their own is no act of moderation
            acts.on_job(tx, Verb.CHARACTER_REMOVED, found.job_id, by=by.user_id, guild_id=by.guild_id, at=at)
        # Its card bears its name, and its provider has its face; files of ours went when it was made.
        removals.begin(tx, found.job_id, by=by.user_id, at=at, steps=(Step.CARD, Step.PROVIDER))
        return found, found.job_id

    async def _checked(self, part: Path) -> Probe:
        head = await asyncio.to_thread(_head, part)
        match kind_of(head):
            case Mistaken.EMPTY:
                raise _refused(_("The file is empty."), _("Attach the clip again."))
            case PictureKind() | Mistaken.HEIC:
                raise _refused(_("The file is a picture, and a clip is needed."), _another())
            case Mistaken.VIDEO | Mistaken.OTHER:
                pass  # which it is, its boxes say
        try:
            async with self._checking:
                probe = await media.check(part)
        except ClipUnusable as unusable:
            raise _refused(_("The file is no MP4 clip that can be read."), _another()) from unusable
        if not CLIP_MS_MIN <= probe.duration_ms <= CLIP_MS_MAX:
            seconds = probe.duration_ms / 1_000
            raise _refused(_("The clip is {seconds:.1f} s long.").format(seconds=seconds), _another())
        if max(probe.width, probe.height) > SIDES_RATIO_MAX * min(probe.width, probe.height):
            raise _refused(_("The clip is too narrow."), _("Crop it to a usual shape and attach it again."))
        return probe

    async def _too_many(self, owner: Member) -> OrderRefused:
        """What to say of as many as are kept, some of which may never have been made."""
        if sum(one.owner == owner for one in await self.usable_by(owner)) >= KEPT_MAX:
            return OrderRefused(
                _("You have {n} characters here, and more are not kept.").format(n=KEPT_MAX),
                _("Remove one with /character remove."),
            )
        return OrderRefused(
            _("You have brought {n} clips for characters, and not all of them were made.").format(n=KEPT_MAX),
            _("Wait until they are, or try again tomorrow: what was not made is forgotten after a day."),
        )

    async def _forget_given_up(self) -> None:
        """Those that never came to be, as many as one may have. Whoever brings one takes others away."""
        before = self._now() - UNUSED_FOR
        for one in await self._database.read(
            partial(characters.given_up, before=before, limit=FORGOTTEN_AT_ONCE)
        ):
            await asyncio.to_thread((self._folder / one.path).unlink, missing_ok=True)
            await self._database.write(partial(characters.forget, character_id=one.id))


def source_of(character: Character) -> Source:
    """The clip of one that is to be made, as what its order starts from."""
    return Source(path=character.path, media_type="video/mp4", width=character.width, height=character.height)


def seconds_of(character: Character) -> int:
    """The length of its clip as it is ordered and paid for."""
    return max(1, round(character.duration_ms / 1_000))


def unnamed(cast: Cast, prompt: str) -> str:
    """What to know of those whom a prompt does not name; empty where it names all."""
    missing = [name for name in cast.names if name.casefold() not in prompt.casefold()]
    if not missing:
        return ""
    told = _("The prompt does not name {names}: a model shows whom the prompt names.")
    return told.format(names=", ".join(missing))


async def _receive(chunks: AsyncIterable[bytes], part: Path) -> None:
    size = 0
    file: BinaryIO = await asyncio.to_thread(part.open, "wb")
    try:
        async with asyncio.timeout(CLIP_WITHIN_S):
            async for chunk in chunks:
                size += len(chunk)
                if size > CLIP_BYTES_MAX:
                    raise _refused(
                        _("The clip has more than {most_mb} MB.").format(most_mb=CLIP_BYTES_MAX // 1_000_000),
                        _another(),
                    )
                await asyncio.to_thread(file.write, chunk)
    except TimeoutError as late:
        raise _refused(_("The clip did not arrive in time."), _("Attach it again.")) from late
    finally:
        await asyncio.to_thread(file.close)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME_CHARS_MAX or not all(char.isprintable() for char in name):
        raise OrderRefused(
            _("That is no name for a character."),
            _("Give it one of 1 to {n} letters, which prompts can use.").format(n=NAME_CHARS_MAX),
        )
    return name


def _refused(what: str, do: str) -> OrderRefused:
    return OrderRefused(what, do, kind=FaultKind.PICTURE)


def _another() -> str:
    return _("Attach an MP4 of 1 to 4 seconds that shows one person or creature well.")


def _unknown() -> NotYours:
    return NotYours(
        _("This character is not known here."), _("Choose one from the list that opens as you type.")
    )
