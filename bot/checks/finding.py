"""One thing that a check has found: a stable code, how bad it is, its cause, and what mends it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is. The first two make the command end with 1."""

    ERROR = "error"
    """Something does not work, or is open to others."""
    WARNING = "warning"
    """It works today, and will not, or not well."""
    NOTE = "note"
    """Good to know; nothing has to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found.

    `fix` mends it and says what was done, where that is safe: nothing is lost by it that anybody wrote. It
    may raise `OSError`.
    """

    code: str
    severity: Severity
    cause: str
    mend: str
    fix: Callable[[], str] | None = field(default=None, compare=False, repr=False)

    @property
    def is_to_mend(self) -> bool:
        return self.severity is not Severity.NOTE


def error(code: str, cause: str, mend: str, fix: Callable[[], str] | None = None) -> Finding:
    """It does not work."""
    return Finding(code=code, severity=Severity.ERROR, cause=cause, mend=mend, fix=fix)


def warning(code: str, cause: str, mend: str, fix: Callable[[], str] | None = None) -> Finding:
    """It works today."""
    return Finding(code=code, severity=Severity.WARNING, cause=cause, mend=mend, fix=fix)


def note(code: str, cause: str, mend: str = "", fix: Callable[[], str] | None = None) -> Finding:
    """It is good to know."""
    return Finding(code=code, severity=Severity.NOTE, cause=cause, mend=mend, fix=fix)
