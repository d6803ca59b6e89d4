"""Commands in, event data out - or a refusal. Nothing here changes the state. Orders are decided in `placing`.

The data hold everything `apply` needs and are JSON: integers, texts, lists, objects. Times are microseconds since 1970.
"""

from typing import Any

from markets.engine.errors import InsufficientContracts, InsufficientFunds, InvalidOrder, OrderNotFound
from markets.engine.placing import require_open
from markets.engine.state import MarketState
from markets.engine.units import MAX_QUANTITY, SET_UNITS

EventData = dict[str, Any]


def cancel_order(state: MarketState, *, order_id: str, account: int | None, reason: str = "requested") -> EventData:
    """Cancel one resting order; `account` must own it unless None (staff). Raises OrderNotFound. Allowed while halted.

    An order that is no longer resting is not found either; the caller can tell from the order's row what became of it.
    """
    order = state.orders.get(order_id)
    if order is None or (account is not None and order.account != account):
        raise OrderNotFound(order_id=order_id)
    return {"orders": [order_id], "reason": reason}


def cancel_orders(state: MarketState, *, account: int | None, reason: str = "requested") -> EventData:
    """Cancel all resting orders of an account, or all there are (None), in the order of their ids. The list may be empty.

    Sorted, because a state loaded from a snapshot does not know in which order its orders came to rest across books.
    """
    resting = state.orders.values() if account is None else state.orders_of(account)
    ids = sorted(order.id for order in resting)
    return {"orders": ids, "reason": reason}


def expire_orders(state: MarketState, now_us: int) -> EventData | None:
    """The orders whose time is up, or None if there are none."""
    due = state.due(now_us)
    return {"orders": [order.id for order in due], "reason": "expired"} if due else None


def mint_sets(state: MarketState, *, account: int, quantity: int, available: int) -> EventData:
    """Buy complete sets at 10,000 units each. They are kept, not merged back, until an order of their holder uses them."""
    require_open(state)
    _require_quantity(quantity)
    if quantity * SET_UNITS > available:
        raise InsufficientFunds(needed_units=quantity * SET_UNITS, available_units=available)
    return {"account": account, "quantity": quantity}


def merge_sets(state: MarketState, *, account: int, quantity: int) -> EventData:
    """Give complete sets back for 10,000 units each. Raises InsufficientContracts. Allowed while halted."""
    _require_quantity(quantity)
    holding = state.holdings.get(account)
    free = min(holding.free) if holding else 0
    if quantity > free:
        raise InsufficientContracts(wanted=quantity, free_sets=free)
    return {"account": account, "quantity": quantity}


def settle(state: MarketState, payout_units: list[int] | None = None) -> EventData:
    """What every holder is paid, by default at the resolution's vector, in account order. The payouts sum to the escrow."""
    vector = state.payout_units if payout_units is None else payout_units
    payouts = [
        [account, sum(count * units for count, units in zip(holding.free, vector, strict=True))]
        for account, holding in sorted(state.holdings.items())
    ]
    return {"payout_units": vector, "payouts": [payout for payout in payouts if payout[1]]}


def _require_quantity(quantity: int) -> None:
    if not 0 < quantity <= MAX_QUANTITY:
        raise InvalidOrder(f"A quantity is a whole number from 1 to {MAX_QUANTITY}.", maximum=MAX_QUANTITY)
