"""A market's history by hour or day, as the projection keeps it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Count

from markets.analytics.markets.models import MarketBucket, MarketTraderDay
from markets.analytics.markets.tape import DAY_S, HOUR_S, floor
from opinion_market.kernel.errors import InvalidInput

INTERVALS_S = {"hour": HOUR_S, "day": DAY_S}
MOST_INTERVALS = 2_000
DEFAULT_INTERVALS = {"hour": 24 * 7, "day": 90}


class TooLongHistory(InvalidInput):
    """Ask for at most 2,000 intervals, or in parts."""

    code = "too_long_history"
    title = "The span holds too many intervals."


class EmptyHistory(InvalidInput):
    """`from` must lie before `to`."""

    code = "empty_history"
    title = "The span is empty."


@dataclass(frozen=True, slots=True)
class Stretch:
    """start <= time < end, both whole intervals of `seconds`: the interval that holds `end` is in it."""

    interval: str
    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        return INTERVALS_S[self.interval]

    @classmethod
    def of(cls, interval: str, start: datetime | None, end: datetime | None, *, now: datetime) -> "Stretch":
        """Until now, and a week of hours or 90 days, unless told otherwise. Raises EmptyHistory, TooLongHistory."""
        seconds = INTERVALS_S[interval]
        width = timedelta(seconds=seconds)
        end = min(end or now, now)
        last = floor(end, seconds)
        if start is None:
            begin = last - width * (DEFAULT_INTERVALS[interval] - 1)
        elif start >= end:
            raise EmptyHistory
        else:
            begin = floor(start, seconds)
        stop = last if last == end else last + width
        if stop - begin > width * MOST_INTERVALS:
            raise TooLongHistory(maximum=MOST_INTERVALS)
        return cls(interval, begin, stop)


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval with trades; `traders` (distinct accounts) is known per day only."""

    bucket: MarketBucket
    traders: int | None


def history(market_id: UUID, stretch: Stretch) -> list[Interval]:
    """The intervals with trades, oldest first. The caller has checked who may see the market."""
    span = MarketBucket.objects.filter(market=market_id, seconds=stretch.seconds)
    found = list(span.filter(start__gte=stretch.start, start__lt=stretch.end).order_by("start"))
    if stretch.interval != "day":
        return [Interval(bucket, None) for bucket in found]
    counts = _traders_per_day(market_id, found)
    return [Interval(bucket, counts[bucket.start.astimezone(UTC)]) for bucket in found]


def _traders_per_day(market_id: UUID, days: Sequence[MarketBucket]) -> Counter[datetime]:
    if not days:
        return Counter()
    named = MarketTraderDay.objects.filter(
        market=market_id, day__gte=days[0].start.date(), day__lte=days[-1].start.date()
    )
    rows = named.order_by().values_list("day").annotate(traders=Count("account"))
    return Counter({datetime(day.year, day.month, day.day, tzinfo=UTC): traders for day, traders in rows})
