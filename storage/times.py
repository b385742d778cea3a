"""Times as the database keeps them: whole microseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(at: datetime) -> int:
    """An aware datetime as the database keeps it."""
    return (at - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """A kept time as an aware datetime."""
    return _EPOCH + timedelta(microseconds=us)


def maybe_from_us(us: int | None) -> datetime | None:
    """The same for a column that may be empty."""
    return None if us is None else from_us(us)
