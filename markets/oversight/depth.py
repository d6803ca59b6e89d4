"""The books of one market as its page shows them: price levels, from the open orders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Sum

from markets.engine.units import SET_UNITS
from markets.lifecycle.models import Market
from markets.trading.models import Order

LEVELS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Level:
    """A price with what rests there. `share`: of the largest level shown, percent."""

    price_units: int
    contracts: int
    orders: int
    share: int = 0


@dataclass(slots=True)
class Ladder:
    """The book of one outcome, best prices first; `hidden` levels are further away than those shown."""

    label: str
    price_units: int | None
    bids: list[Level] = field(default_factory=list)
    offers: list[Level] = field(default_factory=list)
    hidden: int = 0

    @property
    def spread_units(self) -> int | None:
        return self.offers[0].price_units - self.bids[0].price_units if self.bids and self.offers else None


def ladders(market: Market, labels: list[str]) -> list[Ladder]:
    """One ladder per outcome; with two outcomes there is one book, in which buying the second is selling the first.

    One statement, over the index of the market's orders.
    """
    rest = F("quantity") - F("filled_quantity") - F("cancelled_quantity")
    rows = (
        Order.objects.filter(market=market, status=Order.Status.OPEN)
        .order_by()
        .values("outcome", "side", "price_units")
        .annotate(contracts=Sum(rest), count=Count("pk"))
    )
    sides: dict[tuple[int, bool], dict[int, tuple[int, int]]] = {}
    for row in rows:
        outcome, is_bid, price = _in_book(row, len(labels))
        levels = sides.setdefault((outcome, is_bid), {})
        contracts, count = levels.get(price, (0, 0))
        levels[price] = (contracts + row["contracts"], count + row["count"])
    shown = labels[:1] if len(labels) == 2 else labels
    found = []
    for outcome, label in enumerate(shown):
        last_price = market.price_units[outcome] if market.price_units else None
        found.append(_ladder(label, last_price, sides.get((outcome, True), {}), sides.get((outcome, False), {})))
    return found


def _in_book(row: Mapping[str, Any], outcomes: int) -> tuple[int, bool, int]:
    """Where an order stands: outcome of the book, whether it bids, and its price there, in units."""
    is_buy, price = row["side"] == Order.Side.BUY, row["price_units"]
    if outcomes == 2 and row["outcome"] == 1:
        return 0, not is_buy, SET_UNITS - price
    return row["outcome"], is_buy, price


def _ladder(
    label: str, price: int | None, bids: dict[int, tuple[int, int]], offers: dict[int, tuple[int, int]]
) -> Ladder:
    best_bids = sorted(bids.items(), reverse=True)
    best_offers = sorted(offers.items())
    shown = best_bids[:LEVELS_SHOWN] + best_offers[:LEVELS_SHOWN]
    largest = max((contracts for _, (contracts, _) in shown), default=1)

    def levels(entries: list[tuple[int, tuple[int, int]]]) -> list[Level]:
        return [
            Level(at, contracts, orders, max(1, 100 * contracts // largest))
            for at, (contracts, orders) in entries[:LEVELS_SHOWN]
        ]

    hidden = max(0, len(bids) - LEVELS_SHOWN) + max(0, len(offers) - LEVELS_SHOWN)
    return Ladder(label, price, levels(best_bids), levels(best_offers), hidden)
