"""What looks at prompts, pictures and clips: the lists of words, and the classifiers that have a key."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.clips.stills import Stills
from bot.moderation import gatehouse
from bot.operating.notices import Operator
from bot.screening.classifier import Classifier
from bot.screening.clip_looks import ClipLooks
from bot.screening.lines import Lines, read_lines
from bot.screening.openai import OpenAIModeration
from bot.screening.rulebook import Rulebook
from bot.screening.screening import Screening
from bot.screening.server_words import ServerWords
from bot.screening.word_lists import WordLists, own_rules, read_words, words_of_minors
from bot.settings import Settings
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What the operator has said of words and scores, read before anything outside is touched."""

    books: dict[str, Rulebook]
    lines: dict[str, Lines]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screens:
    """All that looks, and the lists that moderators change."""

    screening: Screening
    words: WordLists
    server_words: ServerWords
    clips: ClipLooks


def lists(config: Settings) -> Lists:
    """Read the operator's lists and lines.

    Raises:
        SettingsError: one of them cannot be read.
    """
    return Lists(
        books={
            "default": Rulebook(own_rules(only_gravest=not config.default_words)),
            "operator": Rulebook(read_words(config.blocked_words_file)),
        },
        lines=read_lines(config.moderation_lines),
    )


def hung(
    config: Settings,
    given: Lists,
    database: Database,
    operator: Operator,
    stack: AsyncExitStack,
    *,
    folder: Path,
    copies_folder: Path,
    now: Callable[[], datetime],
) -> Screens:
    """Make everything that looks; frames of clips are in the folder for copies while they are looked at."""
    server_words = ServerWords(database, now=now)
    words = WordLists(given.books, server_book=server_words.book)
    classifiers: list[Classifier] = [words]
    if config.moderation_api_key is not None:
        openai = OpenAIModeration(
            database,
            operator,
            key=config.moderation_api_key.get_secret_value(),
            base_url=config.moderation_base_url,
            per_minute=config.moderation_per_minute,
            lines=given.lines,
            now=now,
            clock=asyncio.get_running_loop().time,
        )
        stack.push_async_callback(openai.close)
        classifiers.append(openai)
    screening = Screening(
        classifiers,
        folder=folder,
        reviewed=partial(gatehouse.reviewed, database),
        of_minors=words_of_minors(),
    )
    clips = ClipLooks(screening, Stills(), operator, folder=copies_folder, frames=config.moderation_frames)
    return Screens(screening=screening, words=words, server_words=server_words, clips=clips)
