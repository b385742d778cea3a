"""What the command line shows of a data folder, read beside a running bot without disturbing it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import StorageError
from bot.money import format_usd
from bot.settings import Settings
from storage import database, guilds, halts, ledger


def ledger_lines(config: Settings, *, newest: int) -> list[str]:
    """The newest entries, oldest first, one a line."""
    with reading(config) as connection:
        return [
            f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.kind:<8} {format_usd(entry.amount_micros):>10}  "
            f"{entry.bearer:<7} {'a grant' if entry.job_id is None else f'job {entry.job_id}'}"
            for entry in ledger.entries(connection, newest=newest)
        ]


def ledger_differences(config: Settings) -> list[str]:
    """What `verify` finds: totals that are not the sum of their entries, holds that do not suit their job."""
    with reading(config) as connection:
        return [
            f"{found.what}: the book says {found.kept}, it should be {found.should_be}"
            for found in ledger.verify(connection)
        ]


def guilds_admitted(config: Settings) -> list[str]:
    """Every server that may spend at paid providers, and how much."""
    with reading(config) as connection:
        return [
            f"{guild.guild_id or 'direct'}: {format_usd(guild.ceiling_monthly_micros)} a month "
            f"(since {guild.changed_at:%Y-%m-%d})"
            for guild in guilds.admitted(connection)
        ] or ["no server is admitted: only the studio is sold"]


def stopped(folder: Path) -> list[str]:
    """What the operator has stopped, each as `dailies resume` takes it."""
    with reading_in(folder) as connection:
        return sorted(f"{what.scope} {what.name}".strip() for what in halts.open_(connection))


@contextmanager
def reading(config: Settings) -> Iterator[sqlite3.Connection]:
    """A connection that only reads.

    Raises:
        StorageError: there is no database, or none that can be read.
    """
    with reading_in(config.data_dir) as connection:
        yield connection


@contextmanager
def reading_in(folder: Path) -> Iterator[sqlite3.Connection]:
    """The same, of a data folder."""
    path = folder / "dailies.db"
    if not path.is_file():
        raise StorageError(f"there is no database at {path}: start the bot once, or set DAILIES_DATA_DIR")
    with database.reading(path) as connection:
        yield connection
