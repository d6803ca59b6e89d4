"""One market in memory. Only `apply` changes it, and only from events, so that it can be rebuilt from its stream."""

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from markets.engine import lmsr
from markets.engine.book import Book
from markets.engine.errors import MarketNotOpen
from markets.engine.orders import Order

TRADING = "open"
NOT_YET_OPEN = ("draft", "pending_approval")


@dataclass(slots=True)
class Holding:
    """Contracts of one account. `reserved` are put aside for resting orders; `kept` complete sets were minted on purpose.

    Free complete sets beyond `kept` are merged into cash after each operation.
    """

    free: list[int]
    reserved: list[int]
    kept: int = 0


@dataclass(slots=True)
class House:
    """The LMSR market maker: its b in contracts, the offsets its prior puts under q, and the contracts it has sold net."""

    b: int
    offsets: list[float]
    prior_units: list[int]
    sold: list[int]

    def quantities(self) -> list[float]:
        """q of the cost function, contracts per outcome, shifted so that the most sold outcome's sales count as 0.

        Prices depend on differences only; taken between integers they stay exact however much has been sold.
        """
        most = max(self.sold)
        return [offset + (sold - most) for offset, sold in zip(self.offsets, self.sold, strict=True)]


@dataclass(slots=True)
class Rules:
    """What is fixed when a market opens. The accounts are ids of the ledger; `house_account` exists if b > 0."""

    outcomes: int
    taker_fee_bps: int
    maker_fee_bps: int
    escrow_account: int
    fee_account: int
    house_account: int


@dataclass(slots=True)
class MarketState:
    """A market after its event `version`. Empty until MarketOpened brings the rules."""

    market_id: str
    version: int = 0
    status: str = "draft"
    rules: Rules | None = None
    house: House | None = None
    books: list[Book] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)
    orders_by_account: dict[int, dict[str, Order]] = field(default_factory=dict)
    holdings: dict[int, Holding] = field(default_factory=dict)
    expiries: list[tuple[int, str]] = field(default_factory=list)
    sets: int = 0
    trade_sequence: int = 0
    volume_contracts: int = 0
    volume_units: int = 0
    last_prices: list[int] = field(default_factory=list)
    last_trade_us: int = 0
    payout_units: list[int] = field(default_factory=list)
    bonds: list[list[int]] = field(default_factory=list)  # [account, units] per dispute of the present proposal

    def opened_rules(self) -> Rules:
        """The rules. Raises MarketNotOpen for a market that was never opened."""
        if self.rules is None:
            raise MarketNotOpen(status=self.status)
        return self.rules

    def holding(self, account: int) -> Holding:
        """The account's holding, made empty if there is none."""
        holding = self.holdings.get(account)
        if holding is None:
            outcomes = self.opened_rules().outcomes
            holding = self.holdings[account] = Holding([0] * outcomes, [0] * outcomes)
        return holding

    def rest(self, order: Order) -> None:
        """Put an order with a remaining quantity on its book, behind all others at its price."""
        self.index(order)
        self.books[order.book].side(order.is_bid).add(order)
        if order.expires_us is not None:
            heappush(self.expiries, (order.expires_us, order.id))
            if len(self.expiries) > 2 * len(self.orders) + 1_000:
                # Quotes cancelled long before their time would pile up here.
                self.expiries = [entry for entry in self.expiries if self._stands(entry)]
                heapify(self.expiries)

    def index(self, order: Order) -> None:
        """Make a resting order known by its id and under its account."""
        self.orders[order.id] = order
        own = self.orders_by_account.get(order.account)
        if own is None:
            own = self.orders_by_account[order.account] = {}
        own[order.id] = order

    def orders_of(self, account: int) -> list[Order]:
        """An account's resting orders."""
        return list(self.orders_by_account.get(account, {}).values())

    def unrest(self, order: Order) -> None:
        """Take an order off its book. Its expiry stays in the heap and is skipped when its time comes."""
        del self.orders[order.id]
        own = self.orders_by_account[order.account]
        del own[order.id]
        if not own:
            del self.orders_by_account[order.account]
        self.books[order.book].side(order.is_bid).remove(order)

    def due(self, now_us: int) -> list[Order]:
        """Resting orders whose time is up at `now_us`, in the order they expire."""
        while self.expiries and not self._stands(self.expiries[0]):
            heappop(self.expiries)  # filled, cancelled or amended meanwhile
        if not self.expiries or self.expiries[0][0] > now_us:
            return []
        # A set: an order amended away from a time and back to it has two entries.
        due = sorted({entry for entry in self.expiries if entry[0] <= now_us and self._stands(entry)})
        return [self.orders[order_id] for _, order_id in due]

    def _stands(self, entry: tuple[int, str]) -> bool:
        order = self.orders.get(entry[1])
        return order is not None and order.expires_us == entry[0]

    def house_price(self, outcome: int) -> float | None:
        """The curve's price of an outcome, in (0, 1); None without a house."""
        return lmsr.price(self.house.quantities(), self.house.b, outcome) if self.house else None


def stock_of(free: list[int], outcome: int, is_bid: bool) -> int:
    """What a side can deliver instead of cash: contracts of the outcome to sell, baskets of all others to buy."""
    if not is_bid:
        return free[outcome]
    if len(free) == 2:
        return free[1 - outcome]
    return min(count for i, count in enumerate(free) if i != outcome)


def exchange(free: list[int], outcome: int, is_buy: bool, quantity: int, stock: int) -> None:
    """One side of a fill, on its contracts: `stock` of the quantity is delivered, the rest received for cash.

    A buyer receives the outcome or delivers baskets of all others (each completing a set with what it bought); a seller
    delivers the outcome, or pays for a set and keeps its basket.
    """
    received = quantity - stock
    own, others = (received, -stock) if is_buy else (-stock, received)
    free[outcome] += own
    if others:
        for other in range(len(free)):
            if other != outcome:
                free[other] += others
