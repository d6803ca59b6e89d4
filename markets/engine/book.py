"""One outcome's resting orders by price, then time."""

from bisect import bisect_left, insort
from collections.abc import Iterator

from markets.engine.orders import Order


class BookSide:
    """Bids or offers. `keys` is sorted so that the best price stands last: prices for bids, negated prices for offers.

    A level is a dict, whose insertion order is the orders' time priority and whose deletion by id is O(1).
    """

    __slots__ = ("is_bid", "keys", "levels")

    def __init__(self, is_bid: bool) -> None:
        self.is_bid = is_bid
        self.keys: list[int] = []
        self.levels: dict[int, dict[str, Order]] = {}

    def add(self, order: Order) -> None:
        key = order.price if self.is_bid else -order.price
        level = self.levels.get(key)
        if level is None:
            insort(self.keys, key)
            level = self.levels[key] = {}
        level[order.id] = order

    def remove(self, order: Order) -> None:
        key = order.price if self.is_bid else -order.price
        level = self.levels[key]
        del level[order.id]
        if not level:
            del self.levels[key]
            if self.keys[-1] == key:
                self.keys.pop()
            else:
                del self.keys[bisect_left(self.keys, key)]

    def best(self) -> int | None:
        """The best price in units, or None when the side is empty."""
        return abs(self.keys[-1]) if self.keys else None

    def within(self, limit: int) -> Iterator[tuple[int, dict[str, Order]]]:
        """(price, orders) from the best level to the last one that a counterparty with this limit price accepts."""
        worst = limit if self.is_bid else -limit
        for key in reversed(self.keys):
            if key < worst:
                return
            yield abs(key), self.levels[key]

    def depth(self) -> list[tuple[int, int, int]]:
        """(price, contracts, orders) per level, best first."""
        return [
            (abs(key), sum(order.remaining for order in self.levels[key].values()), len(self.levels[key]))
            for key in reversed(self.keys)
        ]


class Book:
    """Bids and offers of one outcome."""

    __slots__ = ("bids", "offers")

    def __init__(self) -> None:
        self.bids = BookSide(True)
        self.offers = BookSide(False)

    def side(self, is_bid: bool) -> BookSide:
        return self.bids if is_bid else self.offers
