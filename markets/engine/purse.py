"""The budget of a market order: what it may still spend while it sweeps."""

from collections.abc import Callable
from dataclasses import dataclass

from markets.engine.units import SET_UNITS, fee_units, fill_weight


@dataclass(slots=True)
class Purse:
    """Units for contracts of one outcome, taker fees included. `mirrored`: the outcome is the second in a two-outcome book.

    What counts is what the contracts cost at their trade prices, whether they are paid for in cash or by delivering others.
    """

    budget_units: int
    fee_bps: int
    mirrored: bool
    spent_units: int = 0
    weight: int = 0

    def affordable(self, most: int, value_of: Callable[[int], int]) -> int:
        """The largest number of contracts up to `most` that the budget covers.

        value_of: the value in the book's terms of so many contracts, in units; the cost in own terms must not fall with it.
        """
        if self._cost(most, value_of(most)) <= self.budget_units:
            return most
        low, high = 0, most
        while high - low > 1:
            middle = (low + high) // 2
            if self._cost(middle, value_of(middle)) <= self.budget_units:
                low = middle
            else:
                high = middle
        return low

    def pay(self, contracts: int, value: int) -> None:
        """Spend what a fill costs; `value` in the book's terms."""
        self.spent_units += self._own_value(contracts, value)
        self.weight += fill_weight(value, contracts)

    def _own_value(self, contracts: int, value: int) -> int:
        return SET_UNITS * contracts - value if self.mirrored else value

    def _cost(self, contracts: int, value: int) -> int:
        weight = self.weight + fill_weight(value, contracts)
        return self.spent_units + self._own_value(contracts, value) + fee_units(self.fee_bps, weight)
