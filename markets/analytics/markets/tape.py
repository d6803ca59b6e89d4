"""A market's trades added up event by event. Pure: events in, totals and intervals out; no database.

Prices are those after each trade, as the engine has them: a trade between people sets its own outcome's price (with two
outcomes both), a trade with the house moves every outcome along the curve.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from markets.engine import lmsr
from markets.engine.state import House
from markets.engine.units import MAX_PRICE, MIN_PRICE, SET_UNITS

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
WIDTHS_S = (MINUTE_S, HOUR_S, DAY_S)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def floor(at: datetime, seconds: int) -> datetime:
    """The start of the interval of this width that holds the moment; intervals are aligned to whole days, UTC."""
    return at - (at - _EPOCH) % timedelta(seconds=seconds)


@dataclass(slots=True)
class Bucket:
    """Trades of one interval: price vectors in units, contracts per book, totals, and the market's totals at its end."""

    open_units: list[int]
    high_units: list[int]
    low_units: list[int]
    close_units: list[int]
    book_contracts: list[int]
    contracts: int = 0
    value_units: int = 0
    trades: int = 0
    contracts_after: int = 0
    value_units_after: int = 0
    trades_after: int = 0

    @classmethod
    def beginning(cls, prices: Sequence[int]) -> "Bucket":
        """An interval whose first trade left these prices."""
        return cls(list(prices), list(prices), list(prices), list(prices), [0] * len(prices))

    def widen(self, prices: Sequence[int]) -> None:
        """Outcomes split off since the interval began enter it with their present prices."""
        added = prices[len(self.open_units) :]
        if added:
            for vector in (self.open_units, self.high_units, self.low_units, self.close_units):
                vector.extend(added)
            self.book_contracts.extend([0] * len(added))


@dataclass(frozen=True, slots=True)
class LargestTrade:
    """The trade of most contracts; its value in units is exact, in the terms of its book."""

    sequence: int
    outcome: int
    contracts: int
    value_units: int
    at: datetime


@dataclass(slots=True)
class Trader:
    """What is added to an account's row: its trades, the first and the last of them, and the days (UTC)."""

    first_at: datetime
    last_at: datetime
    trades: int = 0
    days: set[date] = field(default_factory=set)


@dataclass(slots=True)
class Tape:
    """A market after its event `version`: prices, the house's position, totals, and the intervals at hand."""

    version: int = 0
    opened_at: datetime | None = None
    opening_units: list[int] = field(default_factory=list)
    price_units: list[int] = field(default_factory=list)
    house: House | None = None
    contracts: int = 0
    value_units: int = 0
    trades: int = 0
    last_trade_at: datetime | None = None
    largest: LargestTrade | None = None
    buckets: dict[tuple[int, datetime], Bucket] = field(default_factory=dict)
    traders: dict[int, Trader] = field(default_factory=dict)

    def add(self, *, version: int, type: str, data: dict[str, Any], at: datetime) -> None:
        """Add one event; one that is counted already is left out. The buckets it falls into must be at hand."""
        if version <= self.version:
            return
        self.version = version
        if type == "MarketOpened":
            self._open(data, at)
        elif type == "OutcomeSplit":
            self._split(data)
        elif data.get("fills"):
            self._trade(data["order"], data["fills"], at)

    def _open(self, data: dict[str, Any], at: datetime) -> None:
        prior = list(data["prior_units"])
        self.opened_at, self.opening_units, self.price_units = at, prior, list(prior)
        if b := data["house_liquidity"]:
            self.house = House(b, lmsr.start(prior, b), prior, [0] * len(prior))

    def _split(self, data: dict[str, Any]) -> None:
        """One more outcome, as `engine.splitting` does it; intervals grow when they are next traded in."""
        self.price_units = list(data["prices"])
        if self.house is not None:
            prior, b = list(data["prior_units"]), self.house.b
            self.house = House(b, lmsr.start(prior, b), prior, [*self.house.sold, self.house.sold[data["outcome"]]])

    def _trade(self, order: dict[str, Any], fills: Iterable[dict[str, Any]], at: datetime) -> None:
        mirrored = len(self.price_units) == 2 and order["outcome"] == 1
        book = 0 if mirrored else order["outcome"]
        takes = (order["side"] == "buy") != mirrored
        for fill in fills:
            self._move_prices(book, takes, fill)
            self._count(book, fill, at)
            self._name(order["account"], at)
            if fill["maker_order"] is not None:
                self._name(fill["maker_account"], at)
        self.last_trade_at = at

    def _move_prices(self, book: int, takes: bool, fill: dict[str, Any]) -> None:
        if fill["maker_order"] is None and self.house is not None:
            self.house.sold[book] += fill["quantity"] if takes else -fill["quantity"]
            curve = lmsr.prices(self.house.quantities(), self.house.b)
            self.price_units = [max(MIN_PRICE, min(MAX_PRICE, round(price * SET_UNITS))) for price in curve]
            return
        self.price_units[book] = fill["price"]
        if len(self.price_units) == 2:
            self.price_units[1 - book] = SET_UNITS - fill["price"]

    def _count(self, book: int, fill: dict[str, Any], at: datetime) -> None:
        quantity, value = fill["quantity"], fill["value"]
        self.contracts += quantity
        self.value_units += value
        self.trades += 1
        if self.largest is None or quantity > self.largest.contracts:
            self.largest = LargestTrade(fill["sequence"], book, quantity, value, at)
        for seconds in WIDTHS_S:
            key = (seconds, floor(at, seconds))
            bucket = self.buckets.get(key)
            if bucket is None:
                bucket = self.buckets[key] = Bucket.beginning(self.price_units)
            bucket.widen(self.price_units)
            bucket.high_units = list(map(max, bucket.high_units, self.price_units))
            bucket.low_units = list(map(min, bucket.low_units, self.price_units))
            bucket.close_units = list(self.price_units)
            bucket.book_contracts[book] += quantity
            bucket.contracts += quantity
            bucket.value_units += value
            bucket.trades += 1
            bucket.contracts_after = self.contracts
            bucket.value_units_after = self.value_units
            bucket.trades_after = self.trades

    def _name(self, account: int, at: datetime) -> None:
        trader = self.traders.get(account)
        if trader is None:
            trader = self.traders[account] = Trader(at, at)
        trader.first_at, trader.last_at = min(trader.first_at, at), max(trader.last_at, at)
        trader.trades += 1
        trader.days.add(at.astimezone(UTC).date())
