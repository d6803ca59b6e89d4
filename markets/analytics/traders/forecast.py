"""The forecast that a position implies, and how it scored. Pure.

A trader with logarithmic utility who has W units of wealth and believes in chances b holds, at prices p, contracts that leave
wealth W b_i / p_i if outcome i comes true (Kelly 1956; for prediction markets Beygelzimer, Langford and Pennock 2012, "Learning
performance of prediction markets with Kelly bettors"). Read backwards, a position of h_i contracts beside cash K says

    b_i  is proportional to  p_i (K + 10,000 h_i)

at the market's prices after the trade. Nobody is asked for anything, and whoever holds nothing agrees with the market.

A forecast stands from the trade that made it until the account's next one in the market, while contracts are held and trading
goes on. Its scores are averaged over that time, as tournaments score standing forecasts day by day (Mellers et al. 2014):

- Brier score, sum over outcomes of (b_i - y_i)^2 in [0, 2] (Brier 1950); less is better;
- logarithmic score, sum of y_i ln b_i <= 0, with b_i at least 0.01% (Good 1952); more is better;

where y is the payout vector. Both are proper. Chances are integers in millionths, durations in milliseconds, logarithms
rounded to millionths of a nat; sums are exact, so an incremental fold and a rebuild agree to the last digit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markets.analytics.traders.average_cost import spread
from markets.engine.units import SET_UNITS

MILLION = 1_000_000
LEAST_CHANCE = 100
_UNIT_CHANCE = MILLION // SET_UNITS


def implied(prices: Sequence[int], contracts: Sequence[int], cash_units: int) -> list[int]:
    """Chances in millionths, summing to a million. Cash below zero counts as none."""
    wealth = [max(0, cash_units) + SET_UNITS * held for held in contracts]
    return spread(MILLION, [price * left for price, left in zip(prices, wealth, strict=True)])


def log_of(chance: int) -> int:
    """ln of a chance in millionths, at least LEAST_CHANCE, in millionths of a nat."""
    return round(math.log(max(chance, LEAST_CHANCE) / MILLION) * MILLION)


@dataclass(slots=True)
class Forecast:
    """The chances that stand since `since_ms` (none while nothing is held), and what stood before, weighted by time."""

    chances: list[int] = field(default_factory=list)
    since_ms: int = 0
    weight_ms: int = 0
    sums: list[int] = field(default_factory=list)
    logs: list[int] = field(default_factory=list)
    squares: list[int] = field(default_factory=list)

    def stand(self, chances: Sequence[int], at_ms: int) -> None:
        """Another forecast stands from now on; none if there are no chances."""
        self.end(at_ms)
        self.chances = list(chances)
        self.since_ms = at_ms

    def end(self, at_ms: int) -> None:
        """What stood counts for the time it stood."""
        stood = at_ms - self.since_ms
        if self.chances and stood > 0:
            if not self.sums:
                self.sums, self.logs, self.squares = ([0] * len(self.chances) for _ in range(3))
            self.weight_ms += stood
            for outcome, chance in enumerate(self.chances):
                self.sums[outcome] += stood * chance
                self.logs[outcome] += stood * log_of(chance)
                self.squares[outcome] += stood * chance * chance
        self.chances = []

    def split(self, outcome: int, price: int, new_price: int) -> None:
        """`outcome` becomes two, itself and a new last one, at these prices: what was expected of it is shared out likewise."""
        whole = price + new_price
        if self.chances:
            shares = spread(self.chances[outcome], [price, new_price])
            self.chances[outcome] = shares[0]
            self.chances.append(shares[1])
        if self.sums:
            total, log, square = self.sums[outcome], self.logs[outcome], self.squares[outcome]
            self.sums[outcome], self.squares[outcome] = total * price // whole, square * price**2 // whole**2
            self.sums.append(total - self.sums[outcome])
            self.squares.append(square * new_price**2 // whole**2)
            self.logs[outcome] = log + self.weight_ms * log_of(price * MILLION // whole)
            self.logs.append(log + self.weight_ms * log_of(new_price * MILLION // whole))

    def brier_millionths(self, payout_units: Sequence[int]) -> int | None:
        """Mean Brier score in millionths, 0 to 2,000,000; None if no forecast ever stood."""
        if not self.weight_ms:
            return None
        truth = [units * _UNIT_CHANCE for units in payout_units]
        cross = sum(share * total for share, total in zip(truth, self.sums, strict=True))
        error = sum(self.squares) - 2 * cross + self.weight_ms * sum(share * share for share in truth)
        return _rounded(error, self.weight_ms * MILLION)

    def log_micronats(self, payout_units: Sequence[int]) -> int | None:
        """Mean logarithmic score in millionths of a nat, at most 0; None if no forecast ever stood."""
        if not self.weight_ms:
            return None
        total = sum(units * logs for units, logs in zip(payout_units, self.logs, strict=True))
        return _rounded(total, self.weight_ms * SET_UNITS)

    def mean_chances(self) -> list[int]:
        """Chances averaged over time, in millionths; empty if no forecast ever stood."""
        return [_rounded(total, self.weight_ms) for total in self.sums] if self.weight_ms else []

    def as_data(self) -> dict[str, Any]:
        return {
            "chances": self.chances, "since_ms": self.since_ms, "weight_ms": self.weight_ms, "sums": self.sums,
            "logs": self.logs, "squares": self.squares,
        }  # fmt: skip


def _rounded(numerator: int, denominator: int) -> int:
    """The nearest integer, halves up; denominator > 0."""
    return (2 * numerator + denominator) // (2 * denominator)
