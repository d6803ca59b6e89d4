"""A market under its row lock, within one transaction: commands record events here, and one write carries them all.

Lock order everywhere: the market's row, then accounts by id, all in one statement.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from markets.engine.apply import apply
from markets.engine.effects import Effects
from markets.engine.errors import MarketNotOpen
from markets.engine.orders import Order
from markets.engine.state import MarketState
from markets.trading.errors import MarketNotFound
from markets.trading.limits import AccountLimits, MarketLimits
from markets.trading.memory import LoadedMarket, MarketMemory
from opinion_market.eventstore.append import Head, NewEvent, metadata
from opinion_market.kernel import clock
from opinion_market.kernel.clock import microseconds
from opinion_market.kernel.prepared import array_literal, run_prepared

MEMORY = MarketMemory()


@dataclass(slots=True)
class Cash:
    """An account under lock: its balance and the part reserved, in units, and what bounds its trading."""

    balance: int
    reserved: int
    is_blocked: bool = False
    limits: AccountLimits | None = None

    @property
    def available(self) -> int:
        return self.balance - self.reserved


@dataclass(frozen=True, slots=True)
class Cause:
    """Who gave a command, and under which correlation id."""

    actor: str | None
    correlation_id: str


@dataclass(slots=True)
class PlacedRow:
    """A new order's row: what was given, the engine's order, the event's version."""

    given: dict[str, Any]
    order: Order
    version: int


# A posting in the making: index of its event in the session, account, reason, change and balance after it in units. A plain
# tuple, for there are more of these than of anything else.
PostingRow = tuple[int, int, str, int, int]


@dataclass(slots=True)
class TradeRow:
    """A trade in the making: the fill's data, its taker's order, the price after it."""

    fill: dict[str, Any]
    taker: Order
    price_after: int


@dataclass(slots=True)
class MarketSession:
    """Everything one transaction does to one market.

    amended: orders with new terms, and the trade sequence from which on they hold. fields: further columns of the market's
    row to set. traded: what trades moved on the market's own accounts and is not posted yet, by account. client_order_ids:
    those of the batch that are in use already. limits: what bounds every account here; None if nothing does.
    """

    market_id: str
    organization_id: str
    closes_at: datetime | None
    now: datetime
    loaded: LoadedMarket
    head: Head
    accounts: dict[int, Cash] = field(default_factory=dict)
    events: list[NewEvent] = field(default_factory=list)
    placed: dict[str, PlacedRow] = field(default_factory=dict)
    changed: dict[str, tuple[Order, bool]] = field(default_factory=dict)
    amended: dict[str, tuple[Order, int]] = field(default_factory=dict)
    trades: list[TradeRow] = field(default_factory=list)
    postings: list[PostingRow] = field(default_factory=list)
    traded: dict[int, PostingRow] = field(default_factory=dict)
    holders: set[int] = field(default_factory=set)
    touched: set[int] = field(default_factory=set)
    state: MarketState = field(init=False)
    now_us: int = 0
    now_text: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    client_order_ids: set[tuple[int, str]] = field(default_factory=set)
    opens_at: datetime | None = None
    limits: MarketLimits | None = None
    metadata: dict[Cause, dict[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.state = self.loaded.state
        self.now_us = microseconds(self.now)
        self.now_text = clock.text(self.now)

    def require_trading_hours(self) -> None:
        """Raises MarketNotOpen outside of [opens_at, closes_at), whether or not the scheduler has come by."""
        if self.opens_at is not None and self.now < self.opens_at:
            raise MarketNotOpen(f"Trading begins at {clock.text(self.opens_at)}.", status=self.state.status)
        if self.closes_at is not None and self.now >= self.closes_at:
            raise MarketNotOpen("The market's closing time has passed.", status="closed")

    def lock_accounts(self, ids: Iterable[int]) -> None:
        """Lock accounts in id order and read their true balances. To be called once, before anything is recorded."""
        wanted = sorted(set(ids))
        if not wanted:
            return
        locked = run_prepared(
            "SELECT id, balance_units, reserved_units, blocked_at IS NOT NULL, max_position_contracts, max_open_orders, "
            "max_order_value_units FROM markets_account WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE",
            [array_literal(wanted)],
        )
        for account, balance, reserved, is_blocked, *limits in locked.fetchall():
            self.accounts[account] = Cash(balance, reserved, is_blocked, AccountLimits.of(*limits))

    def adopt_account(self, account: int) -> None:
        """Bring in an account this transaction has just created, which nobody else can have locked."""
        self.accounts.setdefault(account, Cash(0, 0))

    def record(self, type: str, data: dict[str, Any], cause: Cause) -> Effects:
        """Apply an event to the state and note what it does to rows. Accounts it moves cash of must be locked."""
        effects = apply(self.state, type, data, self.now_us)
        if cash := effects.as_data():
            data["cash"] = cash
        index = len(self.events)
        self.events.append(
            NewEvent(
                type,
                data,
                self.now,
                metadata=self._metadata_of(cause),
            )
        )
        self._move(index, effects)
        self.holders |= effects.holders
        if type == "OrderPlaced":
            given = data["order"]
            taker = effects.orders.pop(given["id"])
            self.placed[taker.id] = PlacedRow(given, taker, self.state.version)
            self._note_trades(data, taker, effects)
        elif type in {"OrderAmended", "OrderReduced"}:
            order_id = data["order"]["id"] if type == "OrderAmended" else data["order"]
            taker = effects.orders[order_id]
            self.amended[order_id] = taker, self.state.trade_sequence + 1 - len(data.get("fills", ()))
            self._note_trades(data, taker, effects)
        for order_id, order in effects.orders.items():
            if order_id not in self.placed:
                self.changed[order_id] = (order, type == "OrdersExpired")
        return effects

    def _metadata_of(self, cause: Cause) -> dict[str, object]:
        """The metadata of an event: the same object for all events of one cause, which are thus rendered once."""
        found = self.metadata.get(cause)
        if found is None:
            found = self.metadata[cause] = metadata(
                actor=cause.actor, organization=self.organization_id, correlation=cause.correlation_id
            )
        return found

    def _note_trades(self, data: dict[str, Any], taker: Order, effects: Effects) -> None:
        self.trades += [
            TradeRow(fill, taker, after) for fill, after in zip(data.get("fills", ()), effects.price_after, strict=True)
        ]

    def all_postings(self) -> list[PostingRow]:
        """The postings, the market's own for its trades included."""
        return self.postings + _moving(self.traded.values())

    def _move(self, event: int, effects: Effects) -> None:
        """Carry out an event's changes of cash, and note its postings (ADR 0025: the market's own for trades together)."""
        reason, rules = effects.reason, self.state.rules
        is_trade = reason == "trade"
        own: tuple[int, ...] = (rules.escrow_account, rules.fee_account) if is_trade and rules is not None else ()
        for account, (delta, reserved) in effects.cash.items():
            if not (delta or reserved):
                continue
            cash = self.accounts[account]
            cash.balance += delta
            cash.reserved += reserved
            self.touched.add(account)
            if account in own:
                before = self.traded.get(account)
                total = delta if before is None else delta + before[3]
                self.traded[account] = (event, account, "fee" if account == own[1] else reason, total, cash.balance)
            elif delta:
                if not is_trade and account in self.traded:
                    self.postings += _moving([self.traded.pop(account)])
                self.postings.append((event, account, reason, delta, cash.balance))


def _moving(rows: Iterable[PostingRow]) -> list[PostingRow]:
    """Those that change a balance: what trades moved to and fro may come to nothing."""
    return [row for row in rows if row[3]]


@contextmanager
def market_session(market_id: str, *, now: datetime) -> Iterator[MarketSession]:
    """Lock a market and bring it up to date. Must be the first thing a transaction does. Raises MarketNotFound."""
    # Planned while a table is small, the batch's updates would scan it whole, and keep that plan while it grows.
    row = run_prepared(
        "SELECT m.version, m.head_hash, m.organization_id::text, m.opens_at, m.closes_at, "
        "set_config('enable_seqscan', 'off', true), "
        "coalesce(m.position_limit_contracts, d.position_limit_contracts), coalesce(m.order_limit, d.order_limit), "
        "coalesce(m.order_quantity_limit, d.order_quantity_limit), d.order_value_limit_units FROM markets_market m "
        "LEFT JOIN markets_limitdefaults d ON d.organization_id = m.organization_id WHERE m.id = %s "
        "FOR NO KEY UPDATE OF m",
        [market_id],
    ).fetchone()
    if row is None:
        raise MarketNotFound(market=market_id)
    version, head_hash, organization_id, opens_at, closes_at, _, *limits = row
    with MEMORY.checked_out(market_id, version=version, head_hash=bytes(head_hash)) as loaded:
        yield MarketSession(
            market_id,
            organization_id,
            closes_at,
            now,
            loaded,
            loaded.head,
            opens_at=opens_at,
            limits=MarketLimits.of(*limits),
        )
