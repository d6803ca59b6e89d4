"""Events in, every account's stake and forecast out. Pure: rows are brought by `projection`, which also writes them back.

An event says all that is needed, so nothing of the order book is kept here. Fills tell what each side delivered and paid.
Free complete sets merge by themselves in the engine; how many is read off the event's cash: what an account received beyond its
fills, taken from escrow beyond what the fills put there, is 10,000 units for each set. Contracts promised to an order or free again
are held all the same.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from markets.analytics.traders.average_cost import Stake
from markets.analytics.traders.course import Course
from markets.analytics.traders.forecast import Forecast, implied
from markets.engine.units import SET_UNITS
from opinion_market.kernel.clock import microseconds

EventData = dict[str, Any]


@dataclass(slots=True)
class Result:
    """An account's stake and forecast in one market. Scores are there once the market has settled and a forecast stood."""

    stake: Stake
    first_at: datetime
    last_at: datetime
    forecast: Forecast = field(default_factory=Forecast)
    settled_at: datetime | None = None
    brier_millionths: int | None = None
    log_micronats: int | None = None


Key = tuple[int, str]  # account, market


@dataclass(slots=True)
class Fold:
    """The rows that a batch of events concerns; `apply` brings them one event further.

    balances: cash per account, of all events, which forecasts are read against. changed: keys of results, in no order.
    """

    courses: dict[str, Course] = field(default_factory=dict)
    results: dict[Key, Result] = field(default_factory=dict)
    balances: dict[int, int] = field(default_factory=dict)
    changed: set[Key] = field(default_factory=set)

    def apply(self, market: str | None, type: str, data: EventData, at: datetime) -> set[Key]:
        """One event; `market` is the id in the stream's name. Returns the keys of the results it changed."""
        cash = {account: delta for account, delta, _ in data.get("cash", ())}
        for account, delta in cash.items():
            self.balances[account] = self.balances.get(account, 0) + delta
        if market is None:
            return set()
        if type == "MarketOpened":
            self.courses[market] = Course.opened(data)
            return set()
        course = self.courses.get(market)
        if course is None or type == "MarketSwept":
            return set()
        if type == "MarketClosed":
            course.closed_ms = _milliseconds(at)
        touched = _Movement(self, market, course, at, cash).carry_out(type, data)
        self.changed |= touched
        return touched

    def result(self, key: Key, at: datetime) -> Result:
        """The account's result in the market, made empty at its first movement there."""
        found = self.results.get(key)
        if found is None:
            outcomes = len(self.courses[key[1]].price_units)
            found = self.results[key] = Result(Stake.empty(outcomes), at, at)
        return found


@dataclass(slots=True)
class _Movement:
    """One event of an opened market. `left`: cash per account that nothing has explained yet, in units."""

    fold: Fold
    market: str
    course: Course
    at: datetime
    left: dict[int, int]
    escrow: int = 0
    touched: set[Key] = field(default_factory=set)

    def carry_out(self, type: str, data: EventData) -> set[Key]:
        if "fills" in data and "order" in data:
            for fill in data["fills"]:
                self._fill(data["order"], fill)
        elif type == "SetsMinted":
            self._stake(data["account"]).mint(data["quantity"], self.course.price_units)
            self._explain(data["account"], -data["quantity"] * SET_UNITS)
            self.escrow += data["quantity"] * SET_UNITS
        elif type == "OutcomeSplit":
            self._split(data)
        elif "payouts" in data:
            self._settle(data, is_void=type == "MarketVoided")
        elif type == "ResolutionCorrected":
            self._correct(data)
        self._rest()
        for key in self.touched:
            self._forecast(key)
        return self.touched

    def _stake(self, account: int) -> Stake:
        key = (account, self.market)
        self.touched.add(key)
        return self.fold.result(key, self.at).stake

    def _explain(self, account: int, units: int) -> None:
        self.left[account] = self.left.get(account, 0) - units

    def _fill(self, order: EventData, fill: EventData) -> None:
        """Both sides of a trade, in the terms of its book."""
        prices = self.course.price_units
        mirrored = len(prices) == 2 and order["outcome"] == 1
        book = 0 if mirrored else order["outcome"]
        taker_buys = (order["side"] == "buy") != mirrored
        short = baskets = 0
        for account, is_buy, side in (
            (order["account"], taker_buys, "taker"),
            (fill["maker_account"], not taker_buys, "maker"),
        ):
            stake, stock, fee = self._stake(account), fill[f"{side}_stock"], fill[f"{side}_fee"]
            before = stake.cash_units
            stake.fill(
                book,
                is_buy=is_buy,
                quantity=fill["quantity"],
                value=fill["value"],
                stock=stock,
                fee=fee,
                prices=prices,
            )
            self._explain(account, stake.cash_units - before)
            if is_buy:
                baskets = stock
            else:
                short = fill["quantity"] - stock
        self.escrow += (short - baskets) * SET_UNITS
        self.course.trade(book, taker_buys=taker_buys, fill=fill)

    def _split(self, data: EventData) -> None:
        """Everybody who holds the outcome holds the new one too; the house's greater subsidy is nobody's profit."""
        outcome = data["outcome"]
        self.course.split(data)
        price, new_price = data["prices"][outcome], data["prices"][-1]
        for key, result in self._everybody():
            result.stake.split(outcome, price, new_price)
            result.forecast.split(outcome, price, new_price)
            self.touched.add(key)
        if data["subsidy_units"]:
            self._explain(self.course.house_account, data["subsidy_units"])
            self._explain(data["subsidy_account"], -data["subsidy_units"])

    def _everybody(self) -> list[tuple[Key, Result]]:
        """All who ever had a stake in the market."""
        return [(key, result) for key, result in self.fold.results.items() if key[1] == self.market]

    def _correct(self, data: EventData) -> None:
        """Another vector after the settlement: the scores are those against it. What is paid back and forth is cash."""
        self.course.payout_units = list(data["payout_units"])
        self.course.price_units = list(data["payout_units"])
        for key, result in self._everybody():
            self._score(key, result)

    def _score(self, key: Key, result: Result) -> None:
        payout = self.course.payout_units
        self.touched.add(key)
        result.brier_millionths = None if payout is None else result.forecast.brier_millionths(payout)
        result.log_micronats = None if payout is None else result.forecast.log_micronats(payout)

    def _settle(self, data: EventData, *, is_void: bool) -> None:
        """Everybody's contracts are paid out, for nothing too, and the standing forecasts meet what happened.

        What a void market pays says nothing of what happened, so nothing is scored.
        """
        course, payouts = self.course, defaultdict(int, dict(data["payouts"]))
        course.payout_units = list(data["payout_units"])
        course.price_units = list(data["payout_units"])
        ended_ms = _milliseconds(self.at) if course.closed_ms is None else course.closed_ms
        for key, result in self._everybody():
            account = key[0]
            result.stake.settle(payouts[account])
            self._explain(account, payouts[account])
            result.forecast.end(ended_ms)
            result.settled_at = self.at
            self.touched.add(key)
            if not is_void:
                self._score(key, result)
        self.escrow -= sum(payouts.values())

    def _rest(self) -> None:
        """Cash that is left came from escrow for sets that merged; or, if escrow gave nothing, it is plain income or expense."""
        own = self.course.own_accounts
        merged_units = self.escrow - self.left.get(self.course.escrow_account, 0)
        left = {account: units for account, units in self.left.items() if units and account not in own}
        merges = merged_units > 0 and sum(left.values()) == merged_units
        for account, units in left.items():
            if merges:
                self._stake(account).merge(units // SET_UNITS)
            elif (account, self.market) in self.fold.results:
                self._stake(account).cash_units += units

    def _forecast(self, key: Key) -> None:
        """The position after the event says what its holder expects. The house expects nothing: it only quotes."""
        result, account = self.fold.results[key], key[0]
        result.last_at = self.at
        if account == self.course.house_account or self.course.payout_units is not None:
            return
        held = result.stake.contracts
        chances = implied(self.course.price_units, held, self.fold.balances.get(account, 0)) if any(held) else []
        at_ms = _milliseconds(self.at)
        if self.course.closed_ms is not None:
            at_ms, chances = min(at_ms, self.course.closed_ms), result.forecast.chances
        result.forecast.stand(chances, at_ms)


def _milliseconds(at: datetime) -> int:
    return microseconds(at) // 1_000
