"""The trading that goes on while clients come and go: orders placed and cancelled at a steady rate, books kept small."""

import logging
from random import Random
from threading import Event, Thread
from uuid import UUID

from django.db import DatabaseError, connection

from markets.trading import services as trading
from markets.trading.services import OrderRequest
from opinion_market.kernel import clock
from opinion_market.kernel.errors import DomainError
from tools.bench.venue import Venue

log = logging.getLogger(__name__)

# After so many of their orders, a trader takes back what has not traded.
_CLEARS_EVERY = 40


class Floor:
    """A thread that trades until the block ends. `orders` counts."""

    def __init__(self, venue: Venue, per_s: float, seed: int) -> None:
        self.orders = 0
        self._venue, self._pause_s, self._chance = venue, 1 / per_s, Random(seed)
        self._ended = Event()
        self._thread = Thread(target=self._trade, name="floor")

    def __enter__(self) -> "Floor":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _trade(self) -> None:
        while not self._ended.wait(self._pause_s):
            try:
                self._one_more()
            except (DomainError, DatabaseError) as error:
                log.warning("An order of the soak failed: %s", error)
        connection.close()

    def _one_more(self) -> None:
        chance = self._chance
        trader = self._venue.traders[self.orders % len(self._venue.traders)]
        self.orders += 1
        if self.orders % (_CLEARS_EVERY * len(self._venue.traders)) < len(self._venue.traders):
            trading.cancel_orders(actor=trader)
        request = OrderRequest(
            outcome=chance.randrange(2),
            side=chance.choice(("buy", "sell")),
            price=chance.randrange(4_000, 6_000, 50),
            quantity=chance.randint(1, 20),
        )
        market = UUID(chance.choice(self._venue.market_ids))
        trading.place_order(actor=trader, market_id=market, request=request, now=clock.now())
