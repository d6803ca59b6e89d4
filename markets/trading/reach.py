"""Which makers a batch's orders could meet, found before anything is matched, so that one statement locks them all."""

from collections.abc import Iterable
from typing import NamedTuple

from markets.engine.matching import makers_within_reach
from markets.engine.state import MarketState
from markets.engine.units import MAX_PRICE, MIN_PRICE, SET_UNITS


class Incoming(NamedTuple):
    """An order that would be matched, in its owner's terms: price in units, quantity in contracts, budget in units."""

    outcome: int
    is_buy: bool
    price: int
    quantity: int
    budget_units: int | None = None


def makers_of(state: MarketState, orders: Iterable[Incoming], takers: set[int]) -> set[int]:
    """Makers that the orders could meet, from each side's total quantity and most aggressive price."""
    reach: dict[tuple[int, bool], tuple[int, int]] = {}
    outcomes = state.opened_rules().outcomes
    for order in orders:
        if order.quantity < 1 or not (0 <= order.outcome < outcomes and MIN_PRICE <= order.price <= MAX_PRICE):
            continue  # will be refused; counted, a negative quantity would hide makers from the lock
        mirrored = outcomes == 2 and order.outcome == 1
        is_bid = order.is_buy != mirrored
        price = SET_UNITS - order.price if mirrored else order.price
        key = (0 if mirrored else order.outcome, is_bid)
        quantity, limit = reach.get(key, (0, price))
        wanted = order.quantity
        if order.budget_units is not None:
            wanted = min(wanted, _most_affordable(state, *key, order.budget_units))
        reach[key] = (quantity + wanted, max(limit, price) if is_bid else min(limit, price))
    makers: set[int] = set()
    for (book, is_bid), (quantity, limit) in reach.items():
        makers |= makers_within_reach(state, book=book, is_bid=is_bid, quantity=quantity, limit=limit, takers=takers)
    return makers


def _most_affordable(state: MarketState, book: int, is_bid: bool, budget_units: int) -> int:
    """Contracts a budget could buy of the orders resting now: each costs at least the best price."""
    best = state.books[book].side(not is_bid).best()
    if best is None:
        return 0
    return budget_units // (best if is_bid else SET_UNITS - best)
