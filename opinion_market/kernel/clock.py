"""The one source of the present. Edges call `now()` and pass the result down; nothing below reads a clock."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def now() -> datetime:
    """The present, in UTC, with microseconds (PostgreSQL's resolution)."""
    return datetime.now(UTC)


def microseconds(at: datetime) -> int:
    """Whole microseconds since 1970, exactly (timestamp() would go through a float)."""
    return (at - _EPOCH) // _MICROSECOND


def from_microseconds(at_us: int) -> datetime:
    """The inverse of `microseconds`, in UTC."""
    return _EPOCH + at_us * _MICROSECOND


def text(at: datetime) -> str:
    """A time in UTC as the API writes it: RFC 3339 with a Z, microseconds where there are any."""
    return at.isoformat().replace("+00:00", "Z")
