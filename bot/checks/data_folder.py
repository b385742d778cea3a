"""The data folder: whether it can be written, how much room is left, who works on it, what it lies on."""

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from bot.checks.finding import Finding, error, note, warning
from bot.errors import DiskFull
from bot.operating.room import FREE_BYTES_MIN, failure
from storage.lock import holder

PROBE = "dailies.probe"
PROBE_BYTES = 4_096

FREE_BYTES_WARNING = 2 << 30

_LARGEST = "du -h {} | sort -h | tail  # and make room; what waits goes on by itself"

_DEVICES = Path("/sys/dev/block")


def writable(folder: Path) -> Iterator[Finding]:
    """Whether a file can be written and synced there, or the folder be made at the first start."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    path = place / PROBE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, bytes(PROBE_BYTES))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            path.unlink()
    except OSError as fault:
        if isinstance(failure(fault), DiskFull):
            if shutil.disk_usage(place).free >= FREE_BYTES_MIN:  # a quota; else `room` says it
                yield error(
                    "disk_full",
                    f"{folder} takes no more ({fault.strerror})",
                    _LARGEST.format(shlex.quote(str(folder))),
                )
            return
        yield error(
            "data_folder_unwritable",
            f"DAILIES_DATA_DIR: {folder} cannot be written ({fault.strerror})",
            "chown -R $(id -u) {0} && chmod 700 {0}  # or name another folder".format(
                shlex.quote(str(folder))
            ),
        )


def room(folder: Path) -> Iterator[Finding]:
    """How much room is left, where there is little."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return
    yield from little_room(folder, free)


def little_room(folder: Path, free_bytes: int) -> Iterator[Finding]:
    """What so much room means."""
    said = f"{folder} has {free_bytes >> 20} MB left"
    if free_bytes < FREE_BYTES_MIN:
        yield error("disk_full", f"{said}: a clip may not fit", _LARGEST.format(shlex.quote(str(folder))))
    elif free_bytes < FREE_BYTES_WARNING:
        yield warning("disk_low", said, _LARGEST.format(shlex.quote(str(folder))))


def worked_on(folder: Path) -> Iterator[Finding]:
    """Who holds the folder, if anybody does."""
    process = holder(folder)
    if process is not None:
        yield note(
            "data_folder_in_use",
            f"process {process} works on {folder}; a second `run` on it ends at once",
            f"kill {process}  # only to stop it",
        )


def volume(folder: Path, *, confirmed: bool, devices: Path = _DEVICES) -> Iterator[Finding]:
    """Discord's terms ask for encryption at rest: known by the device, or by the operator's word."""
    if not confirmed and not _is_encrypted(folder, devices):
        yield note(
            "volume_unconfirmed",
            f"nobody has said that {folder} lies on an encrypted volume, as Discord's terms ask",
            "DAILIES_DATA_ENCRYPTED=true in .env, once it does",
        )


def _is_encrypted(folder: Path, devices: Path) -> bool:
    try:
        device = folder.stat().st_dev
        uuid = (devices / f"{os.major(device)}:{os.minor(device)}" / "dm" / "uuid").read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return False
    return uuid.startswith("CRYPT-")  # dm-crypt names its devices so (cryptsetup, `CRYPT-LUKS2-…`)
