"""What members are promised about their data, and what on the disk says otherwise."""

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime

from bot.checks.finding import Finding, error, note, warning
from bot.errors import SettingsError
from bot.operating import backups
from bot.privacy.policy import operators_words
from bot.settings import Settings

_FORMER = ("before-schema-*", "before-restore-*")
"""What a new release, and a restore, leave of the database that was there."""


def promises(config: Settings, *, now: datetime) -> Iterator[Finding]:
    """Whether the policy can be shown and says who runs this, and whether old copies outlive what it says."""
    try:
        if operators_words(config.policy_file) is None:
            yield note(
                "policy_unsigned",
                "/privacy policy does not say who runs this bot and how they are reached",
                "DAILIES_POLICY_FILE=<a text file that says it> in .env",
            )
    except SettingsError as wrong:
        yield error("policy_unreadable", str(wrong), "correct the file, or leave the setting out")
    taken = _backups(config)
    backed_up = [backup.path for backup in taken if now - backup.made_at > config.backups_for]
    old = backed_up + [
        path
        for kept in _FORMER
        for path in config.data_dir.glob(kept)
        if now - datetime.fromtimestamp(path.stat().st_mtime, UTC) > config.backups_for
    ]
    if old:
        # Whoever removes the last one is to have another.
        first = "python -m bot backup && " if backed_up and len(backed_up) == len(taken) else ""
        names = shlex.join(str(path) for path in sorted(old)[:10])
        yield warning(
            "copies_older_than_promised",
            f"members are told that what they erase is gone from all copies after {config.backup_days} days, "
            f"and {len(old)} are older",
            f"{first}rm -r {names}",
        )


def _backups(config: Settings) -> list[backups.Backup]:
    try:
        return backups.listed(config.backups_in)
    except OSError:
        return []  # `copies` says so
