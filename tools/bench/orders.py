"""The stream of orders the benchmark places: limit orders around a wandering price, about 70% of which trade on arrival.

Takers reach across the spread for little (5 to 25 contracts), makers rest more (20 to 50), so that both sides of the book
neither run dry nor grow for ever. Half of all orders are for No, which stand mirrored in the one book.
"""

from collections.abc import Sequence
from random import Random

from markets.engine.orders import NewOrder
from markets.trading.commands import PlaceOrder
from markets.trading.session import Cause
from opinion_market.kernel.ids import uuid7_text

TAKERS = 0.7
REACH = 300  # units a taker reaches across the fair price
DEPTH = 250  # units a maker stands behind it, at most
SET_UNITS = 10_000


class OrderFlow:
    """Orders for one market, reproducible from the seed (but for their ids)."""

    def __init__(self, accounts: Sequence[int], seed: int) -> None:
        self._random = Random(seed)
        self._accounts = accounts
        self._fair = 5_000
        self._cause = Cause("benchmark", uuid7_text())

    def batch(self, size: int) -> list[PlaceOrder]:
        """The next `size` commands."""
        return [PlaceOrder(cause=self._cause, order=self._next()) for _ in range(size)]

    def _next(self) -> NewOrder:
        draw = self._random.random
        self._fair = min(9_000, max(1_000, self._fair + (3 if draw() < 0.5 else -3)))
        is_bid, is_yes, takes = draw() < 0.5, draw() < 0.5, draw() < TAKERS
        away = REACH if takes else -int(1 + draw() * DEPTH)
        price = self._fair + away if is_bid else self._fair - away
        return NewOrder(
            id=uuid7_text(),
            account=self._accounts[int(draw() * len(self._accounts))],
            outcome=0 if is_yes else 1,
            is_buy=is_bid == is_yes,
            price=price if is_yes else SET_UNITS - price,
            quantity=int(5 + draw() * 21) if takes else int(20 + draw() * 31),
        )
