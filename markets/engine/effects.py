"""What an event did beyond the market's own state: to cash, orders, holders and prices."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from markets.engine.orders import Order
from markets.engine.state import MarketState
from markets.engine.units import SET_UNITS

EventData = dict[str, Any]


@dataclass(slots=True)
class Effects:
    """What an event did beyond the state itself.

    cash: per account, change of balance and of the reserved part, in units; sums to zero over all accounts.
    reason: why cash moved, for the journal.
    orders: orders that changed, by id. holders: accounts whose contracts changed. price_after: per fill, in units.
    """

    reason: str = "merge"
    cash: dict[int, list[int]] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    holders: set[int] = field(default_factory=set)
    price_after: list[int] = field(default_factory=list)

    def move(self, account: int, delta: int, reserved: int = 0) -> None:
        """Add to an account's change of balance and of reserved cash, in units."""
        entry = self.cash.get(account)
        if entry is None:
            self.cash[account] = [delta, reserved]
        else:
            entry[0] += delta
            entry[1] += reserved

    def as_data(self) -> list[list[int]]:
        """[[account, delta, reserved delta], ...] in account order, for the event."""
        return [[account, *change] for account, change in sorted(self.cash.items()) if change[0] or change[1]]


Handler = Callable[[MarketState, EventData, int, Effects], None]


def change_sets(state: MarketState, sets: int, effects: Effects) -> None:
    """Complete sets come into being or dissolve; the escrow holds 10,000 units for each."""
    state.sets += sets
    effects.move(state.opened_rules().escrow_account, sets * SET_UNITS)
