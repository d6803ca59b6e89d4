"""One market's share of a portfolio's risk: what contracts and open orders come to for each outcome. Pure integers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markets.engine.units import SET_UNITS, fee_units


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """What still rests of an order, in its own outcome's terms. `fee_bps`: the market's maker fee."""

    outcome: int
    is_buy: bool
    price: int
    remaining: int
    fee_bps: int = 0

    def effect_units(self, winner: int) -> int:
        """What filling all of it would change by settlement, if `winner` comes true, the fee (rounded up) deducted.

        Whether contracts are delivered or cash is paid makes no difference: a contract given up is a payout not received.
        """
        pays = SET_UNITS if winner == self.outcome else 0
        gain = (pays - self.price) if self.is_buy else (self.price - pays)
        return gain * self.remaining - fee_units(self.fee_bps, self.price * (SET_UNITS - self.price) * self.remaining)


@dataclass(frozen=True, slots=True)
class MarketExposure:
    """Contracts per outcome (promised ones included) and open orders in a market whose last prices are `price_units`.

    payout_units: set once the resolution is final; then nothing is open any more.
    """

    market_id: str
    category: str
    price_units: Sequence[int]
    contracts: Sequence[int]
    orders: Sequence[OpenOrder] = field(default=())
    payout_units: Sequence[int] | None = None

    def payoffs(self) -> list[tuple[int, int]]:
        """(value, weight) of the contracts at settlement, equal values taken together, by value.

        Weights are the last prices, which sum to 10,000 or nearly; one settles at its share of their sum.
        """
        if self.payout_units is not None:
            return [(self._at(self.payout_units), 1)]
        weights: dict[int, int] = {}
        for held, price in zip(self.contracts, self.price_units, strict=True):
            weights[held * SET_UNITS] = weights.get(held * SET_UNITS, 0) + price
        return sorted((value, weight) for value, weight in weights.items() if weight)

    def expected_units(self) -> int:
        """The contracts' value at the market's chances, rounded down."""
        payoffs = self.payoffs()
        return sum(value * weight for value, weight in payoffs) // sum(weight for _, weight in payoffs)

    def worst_units(self) -> int:
        """The least that contracts and orders can come to, whatever outcome and whichever orders fill before it. Exact.

        Split and scalar payouts are mixtures of outcomes, so none of them is worse than the worst outcome.
        """
        if self.payout_units is not None:
            return self._at(self.payout_units)
        return min(
            held * SET_UNITS + sum(min(0, order.effect_units(winner)) for order in self.orders)
            for winner, held in enumerate(self.contracts)
        )

    def best_units(self) -> int:
        """The most they can come to."""
        if self.payout_units is not None:
            return self._at(self.payout_units)
        return max(
            held * SET_UNITS + sum(max(0, order.effect_units(winner)) for order in self.orders)
            for winner, held in enumerate(self.contracts)
        )

    def _at(self, vector: Sequence[int]) -> int:
        return sum(held * units for held, units in zip(self.contracts, vector, strict=True))


def concentration_millionths(values: Sequence[int]) -> int | None:
    """Herfindahl's index of the shares: a millionth is 1e-6; 1,000,000 where all is in one; None for nothing. values >= 0."""
    whole = sum(values)
    return sum(value * value for value in values) * 1_000_000 // (whole * whole) if whole else None
