"""The little lines beside a market: its price over the last 24 hours, as points of an SVG polyline."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from markets.analytics.markets.models import MarketBucket
from markets.analytics.markets.tape import HOUR_S, floor

WIDTH, HEIGHT = 96, 28
DAY = timedelta(hours=24)
_MARGIN = 2
# Prices that hardly moved must not look like a storm: the line's scale spans 5 % at least.
_LEAST_SPAN_UNITS = 500


@dataclass(frozen=True, slots=True)
class Hour:
    """Prices per outcome after an hour's first and last trades, in units."""

    start: datetime
    open_units: Sequence[int]
    close_units: Sequence[int]


def hours_of(market_ids: Collection[UUID], *, now: datetime) -> Mapping[UUID, list[Hour]]:
    """The hours of trading of each of these markets within a day, oldest first. One query."""
    rows = MarketBucket.objects.filter(
        market_id__in=list(market_ids), seconds=HOUR_S, start__gte=floor(now - DAY, HOUR_S)
    ).order_by("market_id", "start")
    found: dict[UUID, list[Hour]] = defaultdict(list)
    for market_id, start, opened, closed in rows.values_list("market_id", "start", "open_units", "close_units"):
        found[market_id].append(Hour(start, opened, closed))
    return found


def points(hours: Sequence[Hour], *, outcome: int, begun: int | None, last: int, now: datetime) -> str:
    """`x,y x,y …` within WIDTH x HEIGHT: from the price a day ago (`begun`, units; None: it was not open) to the last one."""
    since = now - DAY
    course: list[tuple[float, int]] = [] if begun is None else [(0.0, begun)]
    for hour in hours:
        if outcome < len(hour.open_units):
            ends_at = min(now, hour.start + timedelta(hours=1))
            course += [(_share(hour.start, since), hour.open_units[outcome])]
            course += [(_share(ends_at, since), hour.close_units[outcome])]
    course.append((1.0, last))
    lowest, highest = min(price for _, price in course), max(price for _, price in course)
    span = max(_LEAST_SPAN_UNITS, highest - lowest)
    bottom = (lowest + highest) / 2 - span / 2
    inner = HEIGHT - 2 * _MARGIN
    return " ".join(
        f"{share * WIDTH:.1f},{HEIGHT - _MARGIN - (price - bottom) / span * inner:.1f}" for share, price in course
    )


def _share(at: datetime, since: datetime) -> float:
    """Where in the day a moment lies, from 0 to 1."""
    return min(1.0, max(0.0, (at - since) / DAY))
