"""Reading a market's figures: totals and windows from the projection, spread and depth from the book at this moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q

from markets.analytics.markets import measures
from markets.analytics.markets.models import MarketFigures, MarketTrader
from markets.analytics.markets.tape import MINUTE_S, floor
from markets.engine.units import SET_UNITS
from markets.lifecycle.models import Market
from markets.trading.book import MarketBook, OutcomeBook, market_book

HOUR = timedelta(hours=1)
HOURS_OF_DAY, HOURS_OF_WEEK = 24, 24 * 7

# The market as it stood before each moment: its last interval of trades that began before it. Moments are whole minutes, so
# such an interval has ended by then.
_BEFORE = """
SELECT asked.at, before.close_units, before.contracts_after, before.value_units_after, before.trades_after
FROM unnest(%s::timestamptz[]) AS asked (at) LEFT JOIN LATERAL (
  SELECT close_units, contracts_after, value_units_after, trades_after FROM markets_marketbucket
  WHERE market_id = %s AND seconds = %s AND start < asked.at ORDER BY start DESC LIMIT 1) before ON true
"""


@dataclass(frozen=True, slots=True)
class Windows:
    """Where the windows that end now begin: whole minutes, so a window is up to 59 seconds longer than its name says."""

    hour: datetime
    day: datetime
    week: datetime

    @classmethod
    def ending(cls, now: datetime) -> "Windows":
        minute = floor(now, MINUTE_S)
        return cls(minute - HOUR, minute - HOUR * HOURS_OF_DAY, minute - HOUR * HOURS_OF_WEEK)


@dataclass(frozen=True, slots=True)
class Turnover:
    """Contracts traded, the units paid for them in the terms of the books, and the number of trades."""

    contracts: int = 0
    value_units: int = 0
    trades: int = 0

    def since(self, before: "Turnover") -> "Turnover":
        return Turnover(
            self.contracts - before.contracts, self.value_units - before.value_units, self.trades - before.trades
        )


@dataclass(frozen=True, slots=True)
class OutcomeFigures:
    """One outcome. Changes in units of price; volatilities in log odds per hour; momentum in standard deviations."""

    outcome: int
    label: str
    price_units: int
    change_1h_units: int | None
    change_24h_units: int | None
    change_7d_units: int | None
    quotes: measures.Quotes
    liquidity_score: int
    volatility_24h: float | None
    volatility_7d: float | None
    momentum_24h: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """A market's figures at a moment; `version` is the last event counted."""

    market: Market
    at: datetime
    version: int
    windows: Windows
    total: Turnover
    day: Turnover
    week: Turnover
    participants: int
    active_traders_24h: int
    stored: MarketFigures | None
    outcomes: Sequence[OutcomeFigures]

    @property
    def liquidity_score(self) -> int:
        """The mean of the outcomes', rounded."""
        return round(sum(each.liquidity_score for each in self.outcomes) / max(1, len(self.outcomes)))


@dataclass(frozen=True, slots=True)
class _Moment:
    prices: Sequence[int] | None
    turnover: Turnover


def figures_of(market: Market, *, now: datetime) -> Figures:
    """All figures of one market, which the caller has checked may be seen. Five queries, however busy it is."""
    windows = Windows.ending(now)
    stored = MarketFigures.objects.filter(pk=market.pk).first()
    hours = [windows.hour + HOUR - HOUR * back for back in range(HOURS_OF_WEEK, 0, -1)]
    moments = _moments(market.pk, hours)
    total = Turnover(stored.contracts, stored.value_units, stored.trades) if stored else Turnover()
    day, week = (total.since(moments[start].turnover) for start in (windows.day, windows.week))
    participants, active = _traders(market.pk, windows.day)
    book = market_book(market.pk, now=now, depth=SET_UNITS)
    labels = [outcome.label for outcome in market.outcomes.all()]
    series = [_prices_at(stored, at, moments[at]) for at in hours]
    outcomes = [
        _outcome(each, labels[each.outcome], book, series, day, stored) for each in book.outcomes if stored is not None
    ] or [_outcome(each, labels[each.outcome], book, [], day, None) for each in book.outcomes]
    return Figures(
        market=market,
        at=now,
        version=stored.version if stored else 0,
        windows=windows,
        total=total,
        day=day,
        week=week,
        participants=participants,
        active_traders_24h=active,
        stored=stored,
        outcomes=outcomes,
    )


def _moments(market_id: UUID, times: Sequence[datetime]) -> dict[datetime, _Moment]:
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [list(times), market_id, MINUTE_S])
        return {
            at: _Moment(prices, Turnover(contracts or 0, value or 0, trades or 0))
            for at, prices, contracts, value, trades in cursor.fetchall()
        }


def _traders(market_id: UUID, since: datetime) -> tuple[int, int]:
    """Accounts that ever traded, and those that did since. Exact for a window that ends now."""
    counted = MarketTrader.objects.filter(market=market_id).aggregate(
        ever=Count("pk"), active=Count("pk", filter=Q(last_traded_at__gte=since))
    )
    return counted["ever"], counted["active"]


def _prices_at(stored: MarketFigures | None, at: datetime, moment: _Moment) -> Sequence[int] | None:
    """The price vector at a moment: after the trades before it, or as it opened; None before that."""
    if moment.prices is not None:
        return moment.prices
    if stored is None or stored.opened_at is None or at < stored.opened_at:
        return None
    return stored.opening_units


def _outcome(
    book: OutcomeBook,
    label: str,
    market: MarketBook,
    series: Sequence[Sequence[int] | None],
    day: Turnover,
    stored: MarketFigures | None,
) -> OutcomeFigures:
    """`series`: price vectors at the beginnings of the last 168 hours, oldest first; None before the market opened."""
    index = book.outcome
    now_units = stored.price_units[index] if stored and index < len(stored.price_units) else book.last_price
    opening = stored.opening_units[index] if stored and index < len(stored.opening_units) else None
    known = [_at(vector, index) for vector in series]
    week = _path(known, opening, now_units)
    last_day = _path(known[-HOURS_OF_DAY:], opening, now_units)
    house = None
    if market.house_prices is not None and market.status in {"open", "halted"}:
        house = measures.HouseQuotes(market.house_liquidity, market.house_prices, index)
    found = measures.quotes(
        bids=[(level.price, level.quantity) for level in book.bids],
        offers=[(level.price, level.quantity) for level in book.offers],
        last_units=book.last_price,
        house=house,
    )
    return OutcomeFigures(
        outcome=index,
        label=label,
        price_units=now_units,
        change_1h_units=_change(_path(known[-1:], opening, now_units)),
        change_24h_units=_change(last_day),
        change_7d_units=_change(week),
        quotes=found,
        liquidity_score=measures.liquidity_score(found, volume_24h_units=day.value_units),
        volatility_24h=measures.volatility(last_day),
        volatility_7d=measures.volatility(week),
        momentum_24h=measures.momentum(last_day),
    )


def _at(vector: Sequence[int] | None, index: int) -> int | None:
    return vector[index] if vector is not None and index < len(vector) else None


def _path(known: Sequence[int | None], opening: int | None, now_units: int) -> list[int]:
    """The prices of a window, to now. It begins with the opening price if the market opened within it."""
    path = [price for price in known if price is not None]
    if len(path) < len(known) and opening is not None:
        path.insert(0, opening)
    return [*path, now_units] if path else []


def _change(path: Sequence[int]) -> int | None:
    return path[-1] - path[0] if path else None
