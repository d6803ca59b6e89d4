"""The periods that figures are asked for: whole days of UTC, today included."""

from datetime import UTC, date, datetime, timedelta

PERIODS: dict[str, int | None] = {"7d": 7, "30d": 30, "90d": 90, "all": None}


def first_day(period: str, now: datetime) -> date | None:
    """The day a period began with: 7d is today and the six days before it. None for all time."""
    days = PERIODS[period]
    return None if days is None else now.astimezone(UTC).date() - timedelta(days=days - 1)
