"""Orders leave the book unfilled: what they reserved is given back, to the last contract and unit."""

from markets.engine.effects import Effects, EventData
from markets.engine.orders import Order
from markets.engine.state import MarketState


def cancelled(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    for order_id in data["orders"]:
        cancel(state, state.orders[order_id], effects)


def cancel(state: MarketState, order: Order, effects: Effects) -> None:
    """Take an order off the book for good."""
    release(state, order, effects)
    order.cancelled += order.remaining
    order.remaining = 0


def release(state: MarketState, order: Order, effects: Effects) -> None:
    """Take an order off the book and give back what it reserved, contracts and cash. Its quantities stay as they are."""
    state.unrest(order)
    stock = order.stock
    if stock:
        holding = state.holding(order.account)
        for outcome in range(len(holding.free)):
            if (outcome == order.book) != order.is_bid:
                holding.free[outcome] += stock
                holding.reserved[outcome] -= stock
        effects.holders.add(order.account)
    if order.reserved:
        effects.move(order.account, 0, -order.reserved)
        order.reserved = 0
    effects.orders[order.id] = order
