"""How large an account's position could become: what it holds, and what its resting orders would bring. Integers only.

Complete sets are cash, so a position is what exceeds them: h(j) - min over k of h(k) for holdings h. A buy of outcome i
raises h(i) by one, whether paid in cash or with a basket of all others; a sale lowers it by one, whether delivered from
stock or sold short, up to complete sets in either case. Of any two outcomes j and k, the difference h(j) - h(k) is largest
when all bids on j and all offers of k are filled and nothing else is; therefore

    worst(j) = max(0, h(j) + bids(j) - min over k != j of (h(k) - offers(k)))

is exactly the largest position on j that any fills of the resting orders, in whole or in part, can lead to. Fills move
contracts from one term to the other, cancelling lowers a term, minting and merging move all h alike: none of these raises it.
With two outcomes both stand in one book, where buying No is an offer of Yes, and the formula holds as it is.
"""

from collections.abc import Container
from dataclasses import dataclass

from markets.engine.state import MarketState


@dataclass(slots=True)
class Exposure:
    """Contracts per outcome: held (promised ones included), bid for, and offered."""

    held: list[int]
    bids: list[int]
    offers: list[int]

    def add(self, book: int, is_bid: bool, quantity: int) -> None:
        """Count an order of so many contracts; negative: count it no more."""
        side = self.bids if is_bid else self.offers
        side[book] += quantity

    def worst_positions(self) -> list[int]:
        """The largest position each outcome could come to, in contracts beyond complete sets."""
        floors = [held - offered for held, offered in zip(self.held, self.offers, strict=True)]
        least, second = sorted(floors)[:2]
        lowest = floors.index(least)
        return [
            max(0, held + bid - (second if outcome == lowest else least))
            for outcome, (held, bid) in enumerate(zip(self.held, self.bids, strict=True))
        ]


def exposure_of(state: MarketState, account: int, *, without: Container[str] = ()) -> Exposure:
    """An account's holdings and resting orders, but for the orders in `without`. One pass over its own orders."""
    outcomes = state.opened_rules().outcomes
    holding = state.holdings.get(account)
    held = [f + r for f, r in zip(holding.free, holding.reserved, strict=True)] if holding else [0] * outcomes
    exposure = Exposure(held, [0] * outcomes, [0] * outcomes)
    for order in state.orders_of(account):
        if order.id not in without:
            exposure.add(order.book, order.is_bid, order.remaining)
    return exposure
