"""What an account's contracts in one market cost it, by average cost, under the engine's automatic netting. Pure integers.

Every movement changes contracts, their cost (`basis`, per outcome) and cash. Profit is never summed up by itself:

    realised = cash flow + cost of what is still held        unrealised = value at a mark - cost of what is still held

so realised and unrealised profit add up to cash flow plus mark value to the last unit, whatever the rounding. Rounding only
decides when a unit counts as realised. Contracts that leave take `cost * leaving // held` with them, so the last one takes
all that is left and nothing drifts.

Buying outcome i with baskets of all others is a sale of the baskets at 10,000 - p, and selling i without having it a purchase of
baskets at 10,000 - p, which is what the two are worth. A price paid for several outcomes at once is spread over them in
proportion to the market's prices at the time (see `spread`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markets.engine.state import exchange
from markets.engine.units import SET_UNITS


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in proportion to the weights, rounded down, the units left over going to the first outcomes, one each.

    Weights that are all zero count as equal. total >= 0. The parts sum to the total.
    """
    whole = sum(weights)
    if not whole:
        weights, whole = [1] * len(weights), len(weights)
    parts = [total * weight // whole for weight in weights]
    for index in range(total - sum(parts)):
        parts[index] += 1
    return parts


@dataclass(slots=True)
class Stake:
    """An account's stake in one market.

    contracts: held per outcome, promised ones included. basis_units: what they cost. cash_units: net cash from the market, fees
    included, negative while more was paid in than taken out. turnover_units: cash paid and received in trades, without fees.
    invested_units: cash paid for contracts. fills, traded_contracts: own sides of trades.
    """

    contracts: list[int]
    basis_units: list[int]
    cash_units: int = 0
    fees_units: int = 0
    turnover_units: int = 0
    invested_units: int = 0
    fills: int = 0
    traded_contracts: int = 0

    @classmethod
    def empty(cls, outcomes: int) -> "Stake":
        return cls([0] * outcomes, [0] * outcomes)

    @property
    def realised_units(self) -> int:
        """Profit that no price can change any more, fees deducted."""
        return self.cash_units + sum(self.basis_units)

    def value_units(self, marks: Sequence[int]) -> int:
        """The contracts at these prices."""
        return sum(held * mark for held, mark in zip(self.contracts, marks, strict=True))

    def unrealised_units(self, marks: Sequence[int]) -> int:
        return self.value_units(marks) - sum(self.basis_units)

    def fill(
        self, outcome: int, *, is_buy: bool, quantity: int, value: int, stock: int, fee: int, prices: Sequence[int]
    ) -> None:
        """One side of a trade in the book of `outcome`, whose buyer paid `value`; `stock` of it was delivered, not paid.

        What was delivered counts for `value * stock // quantity`; the rest of the value is the rest's, so no unit is lost.
        """
        for_stock = value * stock // quantity
        in_cash = value - for_stock
        paid = in_cash if is_buy else SET_UNITS * (quantity - stock) - in_cash
        received = SET_UNITS * stock - for_stock if is_buy else for_stock
        before = list(self.contracts)
        for other in range(len(before)):
            if (other == outcome) != is_buy and stock:
                self._release(other, stock)
        exchange(self.contracts, outcome, is_buy, quantity, stock)
        if quantity > stock:
            bought = [int((other == outcome) == is_buy) for other in range(len(before))]
            self._acquire(paid, [price * share for price, share in zip(prices, bought, strict=True)], bought)
        self.cash_units += received - paid - fee
        self.fees_units += fee
        self.turnover_units += received + paid
        self.invested_units += paid
        self.fills += 1
        self.traded_contracts += quantity

    def mint(self, quantity: int, prices: Sequence[int]) -> None:
        """Buy complete sets."""
        paid = quantity * SET_UNITS
        self._acquire(paid, prices, [1] * len(prices))
        self.contracts = [held + quantity for held in self.contracts]
        self.cash_units -= paid
        self.invested_units += paid

    def merge(self, quantity: int) -> None:
        """Complete sets dissolve into cash: one of every outcome is sold, for 10,000 units together."""
        for outcome in range(len(self.contracts)):
            self._release(outcome, quantity)
        self.contracts = [held - quantity for held in self.contracts]
        self.cash_units += quantity * SET_UNITS

    def split(self, outcome: int, price: int, new_price: int) -> None:
        """`outcome` becomes two, itself and a new last one: as many contracts of it, for a share of the cost by these prices."""
        self.contracts.append(self.contracts[outcome])
        self.basis_units[outcome], new = spread(self.basis_units[outcome], [price, new_price])
        self.basis_units.append(new)

    def settle(self, payout_units: int) -> None:
        """All contracts are paid out."""
        self.cash_units += payout_units
        self.contracts = [0] * len(self.contracts)
        self.basis_units = [0] * len(self.basis_units)

    def _release(self, outcome: int, leaving: int) -> None:
        held = self.contracts[outcome]
        self.basis_units[outcome] -= self.basis_units[outcome] * leaving // held if held else 0

    def _acquire(self, paid: int, weights: Sequence[int], among: Sequence[int]) -> None:
        chosen = [outcome for outcome, share in enumerate(among) if share]
        for outcome, part in zip(chosen, spread(paid, [weights[outcome] for outcome in chosen]), strict=True):
            self.basis_units[outcome] += part
