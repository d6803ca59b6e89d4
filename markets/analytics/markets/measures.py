"""What prices and books say of a market: volatility, momentum, depth and liquidity. Pure; figures in, figures out.

Prices are read as log odds, ln(p / (1 - p)): a move from 50% to 51% and one from 98% to 99% are not the same news.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markets.engine import lmsr
from markets.engine.units import MAX_PRICE, MIN_PRICE, SET_UNITS

# Distances from the mid price, in units: 1, 5 and 10 cents.
DISTANCES_UNITS = (100, 500, 1_000)
_SCORED_DISTANCE_UNITS = 500
# Where each part of the liquidity score is worth nothing (spread) or half (depth, volume).
WORTHLESS_SPREAD_UNITS = 1_000
HALF_DEPTH_CONTRACTS = 500
HALF_VOLUME_UNITS = 1_000 * SET_UNITS
# Keeps the logarithm of a price that has underflowed finite.
_LEAST = 1e-300


@dataclass(frozen=True, slots=True)
class Depth:
    """Contracts that can be sold (bids) and bought (offers) within a distance of the mid price, in units."""

    within_units: int
    bids: int
    offers: int


@dataclass(frozen=True, slots=True)
class Quotes:
    """The best limits at which one contract can be sold and bought (units, None without any), and the depth around their middle."""

    best_bid_units: int | None
    best_offer_units: int | None
    depth: tuple[Depth, ...]

    @property
    def spread_units(self) -> int | None:
        if self.best_bid_units is None or self.best_offer_units is None:
            return None
        return max(0, self.best_offer_units - self.best_bid_units)


Levels = Sequence[tuple[int, int]]


def log_odds(price_units: int) -> float:
    """ln(p / (1 - p)) of a price in units; prices beyond those of orders count as the outermost ones."""
    price = max(MIN_PRICE, min(MAX_PRICE, price_units))
    return math.log(price / (SET_UNITS - price))


def volatility(price_units: Sequence[int]) -> float | None:
    """Standard deviation, about zero, of the changes of the log odds from each price to the next; None without a change to look at.

    With hourly prices: realised volatility per hour, in log odds (Andersen, Bollerslev, Diebold and Labys, "Modeling and
    Forecasting Realized Volatility", Econometrica 71, 2003).
    """
    odds = [log_odds(price) for price in price_units]
    changes = [after - before for before, after in pairwise(odds)]
    if not changes:
        return None
    return math.sqrt(math.fsum(change * change for change in changes) / len(changes))


def momentum(price_units: Sequence[int]) -> float | None:
    """The whole change of the log odds in standard deviations of a walk of so many steps; None if the price never moved.

    Past return over its volatility, as in Moskowitz, Ooi and Pedersen, "Time Series Momentum", Journal of Financial Economics
    104 (2012). Between minus and plus the square root of the number of steps: there, every step was the same.
    """
    deviation = volatility(price_units)
    if not deviation:
        return None
    change = log_odds(price_units[-1]) - log_odds(price_units[0])
    return change / (deviation * math.sqrt(len(price_units) - 1))


@dataclass(frozen=True, slots=True)
class HouseQuotes:
    """The house market maker's side of one outcome: b in contracts and the curve's prices of all outcomes, in (0, 1)."""

    b: int
    prices: Sequence[float]
    outcome: int

    def _q(self) -> list[float]:
        # Prices depend on differences of q only, so any q that gives them will do.
        return [self.b * math.log(max(price, _LEAST)) for price in self.prices]

    @property
    def bid_units(self) -> int | None:
        """The highest limit at which it buys a contract; None where it buys no more."""
        limit = math.floor(self._after(-1) * SET_UNITS)
        return limit if self.bought_down_to(limit) else None

    @property
    def offer_units(self) -> int | None:
        """The lowest limit at which it sells a contract; None where it sells no more."""
        limit = math.ceil(self._after(1) * SET_UNITS)
        return limit if self.sold_up_to(limit) else None

    def bought_down_to(self, units: int) -> int:
        """Contracts it buys from an order with this limit: until its price has fallen so far."""
        target = max(units, lmsr.FLOOR_UNITS) / SET_UNITS
        return max(0, int(-lmsr.contracts_to_price(self._q(), self.b, self.outcome, target)))

    def sold_up_to(self, units: int) -> int:
        """Contracts it sells to an order with this limit: until its price has risen so far."""
        target = min(units, lmsr.CEILING_UNITS) / SET_UNITS
        return max(0, int(lmsr.contracts_to_price(self._q(), self.b, self.outcome, target)))

    def _after(self, contracts: int) -> float:
        """Its price once it has sold so many contracts."""
        q = self._q()
        q[self.outcome] += contracts
        return lmsr.price(q, self.b, self.outcome)


def quotes(*, bids: Levels, offers: Levels, last_units: int, house: HouseQuotes | None) -> Quotes:
    """An outcome's best prices and depth, from its levels (price in units, contracts) and the house's curve.

    The middle is that of the best prices; without both, the last price takes its place.
    """
    own = (house.bid_units, house.offer_units) if house else (None, None)
    bid = max([price for price, _ in bids] + [price for price in own[:1] if price is not None], default=None)
    offer = min([price for price, _ in offers] + [price for price in own[1:] if price is not None], default=None)
    middle = (bid + offer) / 2 if bid is not None and offer is not None else float(last_units)
    depth = []
    for distance in DISTANCES_UNITS:
        # Limits are whole units: the depth is what an order with the outermost limit within the distance could trade.
        low, high = math.ceil(middle - distance), math.floor(middle + distance)
        sellable = sum(contracts for price, contracts in bids if price >= low)
        buyable = sum(contracts for price, contracts in offers if price <= high)
        if house is not None:
            sellable += house.bought_down_to(low)
            buyable += house.sold_up_to(high)
        depth.append(Depth(distance, sellable, buyable))
    return Quotes(bid, offer, tuple(depth))


def liquidity_score(found: Quotes, *, volume_24h_units: int) -> int:
    """0 (nothing can be traded) to 100: 40 for the spread, 40 for the depth within 5 cents, 20 for the volume of 24 hours.

    The spread's part falls in a straight line from 0 to 10 cents. Depth, that of the thinner side, and volume saturate as
    x / (x + half): half of their part is reached at 500 contracts and at 1,000 credits. Without prices on both sides it is 0.
    """
    spread = found.spread_units
    if spread is None:
        return 0
    near = next(each for each in found.depth if each.within_units == _SCORED_DISTANCE_UNITS)
    thin = min(near.bids, near.offers)
    tightness = max(0.0, 1 - spread / WORTHLESS_SPREAD_UNITS)
    depth = thin / (thin + HALF_DEPTH_CONTRACTS)
    turnover = volume_24h_units / (volume_24h_units + HALF_VOLUME_UNITS)
    return round(40 * tightness + 40 * depth + 20 * turnover)
