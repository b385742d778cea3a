"""Goes through all checks, in the order in which a person would mend what they find."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot import settings
from bot.checks import (
    book,
    configuration,
    copies,
    data_folder,
    env_file,
    left_there,
    media_tools,
    offers,
    private_files,
    promises,
    start,
)
from bot.checks.finding import Finding
from bot.errors import SettingsError
from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What is looked at: how it was written, and what it says, where that can be read."""

    env_file: Path
    written: Mapping[str, str]
    config: Settings | None
    wrong: SettingsError | None


def installation(file: Path, environment: Mapping[str, str] | None = None) -> Installation:
    """The installation that these settings describe."""
    around = os.environ if environment is None else environment
    written: Mapping[str, str] = {}
    try:
        written = settings.given(around, env_file=file)
        config = settings.load(around, env_file=file)
    except SettingsError as wrong:
        return Installation(env_file=file, written=written, config=None, wrong=wrong)
    return Installation(env_file=file, written=written, config=config, wrong=None)


def offline(about: Installation, *, now: datetime) -> Iterator[Finding]:
    """All that can be looked at without calling anybody."""
    written = list(env_file.written(about.env_file))
    yield from written
    yield from private_files.secrets(private_files.named_in(about.written, about.env_file))
    if about.wrong is not None and not any(found.code == "env_file_unreadable" for found in written):
        yield from configuration.unusable(about.wrong)
    config = about.config
    if config is None:
        return
    yield from configuration.settings(config)
    yield from start.start(config)
    folder = config.data_dir
    yield from data_folder.writable(folder)
    yield from data_folder.room(folder)
    yield from private_files.data(folder, config.backups_in)
    yield from data_folder.worked_on(folder)
    yield from data_folder.volume(folder, confirmed=config.data_encrypted)
    yield from book.sqlite_release()
    yield from book.database(folder, config.backups_in)
    yield from left_there.left_there(config)
    yield from copies.copies(config, now=now)
    yield from promises.promises(config, now=now)
    yield from media_tools.media_tools()
    yield from offers.offers(config, today=now.date())
