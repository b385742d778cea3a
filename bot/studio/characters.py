"""The studio's characters: a name and a face, taken from a clip."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.studio.given import keep_face

CHARACTERS_KEPT_MAX = 500
FACE = "face.png"
_RECORD = "character.json"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Character:
    id: str
    name: str
    created_at: datetime


class CastFull(Exception):
    """There are as many characters as this studio keeps."""


class Characters:
    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder, self._now = folder, now
        self._characters: dict[str, Character] = {}

    async def load(self) -> None:
        for character in await asyncio.to_thread(self._read_all):
            self._characters[character.id] = character

    def get(self, character_id: str) -> Character | None:
        return self._characters.get(character_id)

    def face(self, character: Character) -> Path:
        return self._folder / character.id / FACE

    async def add(self, name: str, video: Path) -> Character:
        """UnreadableVideo when the video has no frame for a face; CastFull when there are too many."""
        if len(self._characters) >= CHARACTERS_KEPT_MAX:
            raise CastFull
        character = Character(f"char_{secrets.token_hex(12)}", name, self._now())
        await asyncio.to_thread(self._write, character, video)
        self._characters[character.id] = character
        return character

    async def remove(self, character: Character) -> None:
        """It is known no more, and its face is gone. Once more is no error."""
        self._characters.pop(character.id, None)
        await asyncio.to_thread(shutil.rmtree, self._folder / character.id, ignore_errors=True)

    def _read_all(self) -> list[Character]:
        self._folder.mkdir(parents=True, exist_ok=True)
        found = []
        for folder in self._folder.iterdir():
            if not (folder / _RECORD).is_file():
                shutil.rmtree(folder)  # a crash came between its face and its record
                continue
            try:
                body = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
                found.append(Character(body["id"], body["name"], datetime.fromisoformat(body["created_at"])))
            except (ValueError, KeyError, TypeError) as error:
                _log.error("%s is no record of a character and is passed over: %r", folder / _RECORD, error)
        return found

    def _write(self, character: Character, video: Path) -> None:
        folder = self._folder / character.id
        folder.mkdir()
        try:
            keep_face(video, folder / FACE)
            body = {
                "id": character.id,
                "name": character.name,
                "created_at": character.created_at.isoformat(),
            }
            part = folder / f"{_RECORD}.part"
            part.write_text(json.dumps(body), encoding="utf-8")
            with part.open("rb") as file:
                os.fsync(file.fileno())  # else the power may go out over an empty record
            part.replace(folder / _RECORD)
        finally:
            if not (folder / _RECORD).is_file():
                shutil.rmtree(folder)
