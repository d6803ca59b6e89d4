"""A market's state as plain JSON values and back. Equal states give equal bytes once serialised with sorted keys."""

from dataclasses import asdict
from heapq import heapify
from typing import Any

from markets.engine import lmsr
from markets.engine.book import Book
from markets.engine.orders import Order
from markets.engine.state import Holding, House, MarketState, Rules

SCHEMA_VERSION = 1

_COUNTERS = (
    "market_id", "version", "status", "sets", "trade_sequence", "volume_contracts", "volume_units", "last_prices",
    "last_trade_us", "payout_units",
)  # fmt: skip


def dump(state: MarketState) -> dict[str, Any]:
    """Everything of the state. Orders stand in priority order, book by book, so that loading restores it."""
    document: dict[str, Any] = {name: getattr(state, name) for name in _COUNTERS}
    document["rules"] = asdict(state.rules) if state.rules else None
    house = state.house
    document["house"] = {"b": house.b, "prior_units": house.prior_units, "sold": house.sold} if house else None
    document["orders"] = [
        asdict(order)
        for book in state.books
        for side in (book.bids, book.offers)
        for key in side.keys
        for order in side.levels[key].values()
    ]
    document["holdings"] = {
        str(account): asdict(holding)
        for account, holding in sorted(state.holdings.items())
        if any(holding.free) or any(holding.reserved)
    }
    return document


def load(document: dict[str, Any]) -> MarketState:
    """The state that `dump` described."""
    state = MarketState(**{name: document[name] for name in _COUNTERS})
    if document["rules"] is None:
        return state
    state.rules = Rules(**document["rules"])
    outcomes = state.rules.outcomes
    state.books = [Book() for _ in range(1 if outcomes == 2 else outcomes)]
    if house := document["house"]:
        state.house = House(
            house["b"], lmsr.start(house["prior_units"], house["b"]), house["prior_units"], house["sold"]
        )
    state.holdings = {int(account): Holding(**holding) for account, holding in document["holdings"].items()}
    if state.house:
        state.holding(state.rules.house_account)
    for given in document["orders"]:
        order = Order(**given)
        state.orders[order.id] = order
        state.books[order.book].side(order.is_bid).add(order)
        if order.expires_us is not None:
            state.expiries.append((order.expires_us, order.id))
    heapify(state.expiries)
    return state
