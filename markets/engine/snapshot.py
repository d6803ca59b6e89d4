"""A market's state as plain JSON values and back. Equal states give equal bytes once serialised with sorted keys."""

from dataclasses import asdict, fields
from heapq import heapify
from operator import attrgetter
from typing import Any

from markets.engine import lmsr
from markets.engine.book import Book
from markets.engine.orders import Order
from markets.engine.state import Holding, House, MarketState, Rules

SCHEMA_VERSION = 2

_ORDER_FIELDS = tuple(field.name for field in fields(Order))
_order_values = attrgetter(*_ORDER_FIELDS)

_COUNTERS = (
    "market_id", "version", "status", "sets", "trade_sequence", "volume_contracts", "volume_units", "last_prices",
    "last_trade_us", "payout_units", "bonds",
)  # fmt: skip


def dump(state: MarketState) -> dict[str, Any]:
    """Everything of the state, as it is now: nothing of the document is shared with the state, which goes on living.

    Orders stand in priority order, book by book, so that loading restores it.
    """
    document: dict[str, Any] = {name: _copy(getattr(state, name)) for name in _COUNTERS}
    document["rules"] = asdict(state.rules) if state.rules else None
    house = state.house
    document["house"] = (
        {"b": house.b, "prior_units": list(house.prior_units), "sold": list(house.sold)} if house else None
    )
    document["orders"] = [
        list(_order_values(order))
        for book in state.books
        for side in (book.bids, book.offers)
        for key in side.keys
        for order in side.levels[key].values()
    ]
    document["holdings"] = {
        str(account): [list(holding.free), list(holding.reserved), holding.kept]
        for account, holding in sorted(state.holdings.items())
        if any(holding.free) or any(holding.reserved)
    }
    return document


def load(document: dict[str, Any]) -> MarketState:
    """The state that `dump` described. It shares nothing with the document either."""
    state = MarketState(**{name: _copy(document[name]) for name in _COUNTERS})
    if document["rules"] is None:
        return state
    state.rules = Rules(**document["rules"])
    outcomes = state.rules.outcomes
    state.books = [Book() for _ in range(1 if outcomes == 2 else outcomes)]
    if house := document["house"]:
        state.house = House(
            house["b"], lmsr.start(house["prior_units"], house["b"]), list(house["prior_units"]), list(house["sold"])
        )
    state.holdings = {
        int(account): Holding(list(free), list(reserved), kept)
        for account, (free, reserved, kept) in document["holdings"].items()
    }
    if state.house:
        state.holding(state.rules.house_account)
    for given in document["orders"]:
        order = Order(*given)
        state.index(order)
        state.books[order.book].side(order.is_bid).add(order)
        if order.expires_us is not None:
            state.expiries.append((order.expires_us, order.id))
    heapify(state.expiries)
    return state


def _copy(value: Any) -> Any:
    """Lists are copied; all other values of the counters are immutable."""
    return list(value) if isinstance(value, list) else value
