"""What a trader asks for, and an order's life in the engine."""

from dataclasses import dataclass
from typing import NamedTuple

from markets.engine.units import SET_UNITS, fee_units


class NewOrder(NamedTuple):
    """An order as its owner gave it. `price` is the limit, or the worst price of a market order, of `outcome`, in units.

    budget_units: what a market order to buy may spend, its fees included; it then buys what that affords, up to `quantity`.
    """

    id: str
    account: int
    outcome: int
    is_buy: bool
    price: int
    quantity: int
    is_market: bool = False
    time_in_force: str = "gtc"
    post_only: bool = False
    reduce_only: bool = False
    budget_units: int | None = None
    expires_us: int | None = None
    client_order_id: str | None = None


@dataclass(slots=True)
class Order:
    """An order on the book of outcome `book`, where it bids (or offers) at `price`, both in the book's terms.

    With two outcomes there is one book: buying No at p stands there as an offer of Yes at 10,000 - p; `mirrored` says so.
    A resting order delivers contracts it has put aside (`stock`: contracts of the outcome for an offer, baskets of all
    others for a bid) before it pays cash; both, and its maker fees on the cash part, are reserved to the last unit.
    """

    id: str
    account: int
    book: int
    is_bid: bool
    price: int
    quantity: int
    mirrored: bool
    expires_us: int | None
    post_only: bool = False
    reduce_only: bool = False
    filled: int = 0
    cancelled: int = 0
    value: int = 0  # units, sum over fills of what the buyer of the book's outcome paid
    fees: int = 0  # units
    rested: int = 0  # contracts that came to rest
    rested_stock: int = 0  # of those, delivered from stock
    remaining: int = 0  # contracts resting now
    reserved: int = 0  # units of cash reserved now

    @property
    def outcome(self) -> int:
        """The outcome its owner named."""
        return 1 if self.mirrored else self.book

    @property
    def is_buy(self) -> bool:
        """Whether its owner buys that outcome."""
        return self.is_bid != self.mirrored

    @property
    def own_price(self) -> int:
        """The limit in its owner's terms, units."""
        return SET_UNITS - self.price if self.mirrored else self.price

    @property
    def cash_price(self) -> int:
        """Units one contract costs when paid in cash: the price for a bid, its complement for an offer."""
        return self.price if self.is_bid else SET_UNITS - self.price

    @property
    def stock(self) -> int:
        """Contracts (or baskets) still put aside: stock is delivered first."""
        return max(0, self.rested_stock - (self.rested - self.remaining))

    def next_fee_units(self, bps: int, contracts: int) -> int:
        """Maker fee for the next `contracts` filled, in units: all at the order's own price, rounded over what came to rest."""
        if not bps:
            return 0
        weight = self.price * (SET_UNITS - self.price)
        done = self.rested - self.remaining
        return fee_units(bps, weight * (done + contracts)) - fee_units(bps, weight * done)

    def reserve_units(self, bps: int) -> int:
        """Cash the rest may need: the cash part's price and the maker fees that proceeds from stock do not cover.

        Fees on the stock part come out of its proceeds, so only the growth beyond them is reserved; the sum of all
        fees is the same however the fills fall, so the reserve returns to exactly zero. A rebate is paid when it is
        earned; nothing is lent on it.
        """
        if not self.remaining:
            return 0
        done = self.rested - self.remaining
        covered = max(self.rested_stock, done)
        cash = self.cash_price * (self.rested - covered)
        if bps <= 0:
            return cash
        weight = self.price * (SET_UNITS - self.price)
        return cash + fee_units(bps, weight * self.rested) - fee_units(bps, weight * covered)
