"""Price history as candles: open, high, low, close and volume per interval, computed by the database."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from markets.engine.units import SET_UNITS
from opinion_market.kernel.errors import InvalidInput

INTERVALS = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
}
MAX_CANDLES = 1_500
DEFAULT_CANDLES = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The price of a trade is the market's price after it: with a house market maker its average price says where it went
# through, not where it arrived. With two outcomes all trades stand in the first one's terms.
_PRICE = "CASE WHEN %(mirrored)s THEN %(set)s - price_after_units ELSE price_after_units END"
_CANDLES = f"""
SELECT date_bin(%(interval)s, executed_at, %(epoch)s) AS start,
  (array_agg({_PRICE} ORDER BY sequence))[1], max({_PRICE}), min({_PRICE}),
  (array_agg({_PRICE} ORDER BY sequence DESC))[1],
  sum(quantity)::bigint, sum(CASE WHEN %(mirrored)s THEN %(set)s * quantity - value_units ELSE value_units END)::bigint,
  count(*)
FROM markets_trade
WHERE market_id = %(market)s AND outcome = %(book)s AND executed_at >= %(start)s AND executed_at < %(end)s
GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - the text is this module's own
_LAST_BEFORE = f"""
SELECT {_PRICE} FROM markets_trade
WHERE market_id = %(market)s AND outcome = %(book)s AND executed_at < %(start)s ORDER BY sequence DESC LIMIT 1
"""  # noqa: S608 - likewise


class TooManyCandles(InvalidInput):
    """The interval is too short for the span asked for: ask for at most 1,500 candles, or in parts."""

    code = "too_many_candles"
    title = "The span holds too many candles of this interval."


class InvalidSpan(InvalidInput):
    """`from` must lie before `to`."""

    code = "invalid_span"
    title = "The span is empty."


@dataclass(frozen=True, slots=True)
class Candle:
    """Trades with start <= time < start + interval. Prices and values in units of the outcome; volume in contracts."""

    start: datetime
    open: int
    high: int
    low: int
    close: int
    volume: int
    value: int
    trades: int


@dataclass(frozen=True, slots=True)
class Span:
    """start <= time < end in bins of `interval`, which are aligned to whole days of UTC; `start` is a bin's start."""

    interval: timedelta
    start: datetime
    end: datetime

    @classmethod
    def of(cls, interval: timedelta, start: datetime | None, end: datetime | None, *, now: datetime) -> "Span":
        """Until now and 100 candles unless told otherwise. Raises InvalidSpan, TooManyCandles."""
        end = end or now
        if start is not None and start >= end:
            raise InvalidSpan
        is_until_now = end >= now  # nothing is traded in the future
        end = min(end, now)
        if start is None:
            reach = interval * (DEFAULT_CANDLES - 1)
            start = end - reach if end - _EPOCH > reach else _EPOCH
        start = start - (start - _EPOCH) % interval if start > _EPOCH else _EPOCH
        if end > start and end - start > interval * MAX_CANDLES:
            raise TooManyCandles(maximum=MAX_CANDLES)
        if is_until_now and end > _EPOCH:
            # All of the current interval, not up to this clock's present: another machine's may be a moment ahead, and
            # whoever asks within the interval asks the same.
            end += -(end - _EPOCH) % interval or interval
        return cls(interval, start, end)


def candles(market_id: UUID, *, outcome: int, outcomes: int, span: Span, fill: bool) -> list[Candle]:
    """Candles of one outcome's own trades, oldest first.

    Intervals without a trade are left out; with `fill` they are flat at the last close before them, of earlier trades too.
    The candle that `span.end` falls into holds the trades before it.
    """
    mirrored = outcomes == 2 and outcome == 1
    values: dict[str, Any] = {
        "interval": span.interval,
        "epoch": _EPOCH,
        "mirrored": mirrored,
        "set": SET_UNITS,
        "market": market_id,
        "book": 0 if mirrored else outcome,
        "start": span.start,
        "end": span.end,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CANDLES, values)
        traded = [Candle(*row) for row in cursor.fetchall()]
        if not fill:
            return traded
        cursor.execute(_LAST_BEFORE, values)
        before = cursor.fetchone()
    return list(_without_gaps(traded, span, before[0] if before else None))


def _without_gaps(traded: list[Candle], span: Span, last: int | None) -> Iterator[Candle]:
    """Starts with the first interval that has a price."""
    by_start = {candle.start: candle for candle in traded}
    start = span.start
    while start < span.end:
        candle = by_start.get(start)
        if candle is None and last is not None:
            candle = Candle(start, last, last, last, last, volume=0, value=0, trades=0)
        if candle is not None:
            last = candle.close
            yield replace(candle, start=start)
        start += span.interval
