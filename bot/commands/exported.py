"""Lines for other programs: into a new file, or onto the terminal."""

from collections.abc import Callable, Iterable
from pathlib import Path

from bot.errors import StorageError


def write(lines: Iterable[str], to: Path | None, say: Callable[[str], None]) -> None:
    """Write each as it comes; a file that is there already is never written over, and none is left half.

    Raises:
        StorageError: the file is there, or cannot be written.
    """
    if to is None:
        for line in lines:
            say(line)
        return
    try:
        file = to.open("x", encoding="utf-8")
        with file:
            try:
                file.writelines(f"{line}\n" for line in lines)
                file.flush()
            except BaseException:
                to.unlink()
                raise
    except OSError as fault:
        raise StorageError(f"{to} cannot be written: {fault.strerror}") from fault
