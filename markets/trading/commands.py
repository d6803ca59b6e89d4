"""The commands a market takes. Each says which accounts it may touch and decides itself within a session."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from markets.engine import decide, placing
from markets.engine.errors import CommandExpired, OrderNotOpen
from markets.engine.orders import NewOrder
from markets.engine.placing import Amendment
from markets.engine.state import MarketState
from markets.trading.admission import check_limits, require_unblocked
from markets.trading.errors import DuplicateClientOrderId
from markets.trading.reach import Incoming
from markets.trading.replies import Reply, placed_order, reduced_order
from markets.trading.rows import order_status
from markets.trading.session import Cause, MarketSession
from opinion_market.kernel.clock import text
from opinion_market.kernel.errors import DomainError


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The caller's key for a command, and the hash of the request it came with (see `kernel.idempotency`)."""

    caller: UUID
    key: str
    request_hash: str


@dataclass(frozen=True, kw_only=True)
class Command(ABC):
    """Something asked of one market. `valid_until`: past it, the command is refused when its turn comes."""

    cause: Cause
    valid_until: datetime | None = None
    idempotency: IdempotencyKey | None = None

    def accounts(self, state: MarketState) -> set[int]:
        """Accounts of the ledger this command touches for sure; makers within reach are added by the batch."""
        return set()

    def incoming(self, state: MarketState) -> Incoming | None:
        """The order this command would match against the book, so that the makers it could meet are locked."""
        return None

    @property
    def status(self) -> int:
        """HTTP status of a successful answer."""
        return 200

    def check_time(self, now: datetime) -> None:
        """Raises CommandExpired."""
        if self.valid_until is not None and now > self.valid_until:
            raise CommandExpired(valid_until=self.valid_until.isoformat())

    @abstractmethod
    def decide(self, session: MarketSession) -> Reply:
        """Record what happens, or raise a DomainError having changed nothing."""


@dataclass(frozen=True, kw_only=True)
class PlaceOrder(Command):
    """Place an order for its account."""

    order: NewOrder

    @property
    def status(self) -> int:
        return 201

    def accounts(self, state: MarketState) -> set[int]:
        return {self.order.account}

    def incoming(self, state: MarketState) -> Incoming | None:
        order = self.order
        return Incoming(order.outcome, order.is_buy, order.price, order.quantity, order.budget_units)

    def decide(self, session: MarketSession) -> Reply:
        order = self.order
        session.require_trading_hours()
        require_unblocked(session, order.account)
        client_id = order.client_order_id
        if client_id is not None and (order.account, client_id) in session.client_order_ids:
            raise DuplicateClientOrderId(client_order_id=client_id)
        available = session.accounts[order.account].available
        data = placing.place_order(session.state, order, available=available, now_us=session.now_us)
        check_limits(session, order, data)
        if client_id is not None:
            session.client_order_ids.add((order.account, client_id))
        session.record("OrderPlaced", data, self.cause)
        placed = session.placed[order.id].order
        return placed_order(session.market_id, data, placed, order_status(placed), session.now_text)


@dataclass(frozen=True, kw_only=True)
class AmendOrder(Command):
    """Give an open order other terms. `client_order_id` and `created_at` are its row's, for the answer."""

    order_id: str
    account: int
    amendment: Amendment
    client_order_id: str | None
    created_at: datetime

    def accounts(self, state: MarketState) -> set[int]:
        return {self.account}

    def incoming(self, state: MarketState) -> Incoming | None:
        order = state.orders.get(self.order_id)
        if order is None:
            return None
        price, quantity = self.amendment.price, self.amendment.quantity
        return Incoming(
            order.outcome,
            order.is_buy,
            order.own_price if price is None else price,
            order.quantity if quantity is None else quantity,
        )

    def decide(self, session: MarketSession) -> Reply:
        resting = session.state.orders.get(self.order_id)
        if resting is None:
            raise OrderNotOpen(order_id=self.order_id)
        session.require_trading_hours()
        require_unblocked(session, self.account)
        type, data = placing.amend_order(
            session.state,
            order_id=self.order_id,
            account=self.account,
            amendment=self.amendment,
            available=session.accounts[self.account].available,
            now_us=session.now_us,
        )
        if type == "OrderAmended":
            check_limits(session, placing.amended_order(resting, self.amendment), data, replaces=self.order_id)
            if self.client_order_id is not None:
                data["order"]["client_order_id"] = self.client_order_id
        session.record(type, data, self.cause)
        created_at = text(self.created_at)
        if type == "OrderReduced":
            return reduced_order(session.market_id, resting, self.client_order_id, created_at, session.now_text)
        return placed_order(session.market_id, data, resting, order_status(resting), session.now_text, created_at)


@dataclass(frozen=True, kw_only=True)
class CancelOrder(Command):
    """Cancel one order. `account`: its owner's, or None when staff cancels it."""

    order_id: str
    account: int | None
    reason: str = "requested"

    def accounts(self, state: MarketState) -> set[int]:
        order = state.orders.get(self.order_id)
        return {order.account} if order else set()

    def decide(self, session: MarketSession) -> Reply:
        resting = session.state.orders.get(self.order_id)
        if resting is None:
            # The service saw its row and that it belongs to the caller, so it has been filled or cancelled since.
            raise OrderNotOpen(order_id=self.order_id)
        data = decide.cancel_order(session.state, order_id=self.order_id, account=self.account, reason=self.reason)
        session.record("OrdersCancelled", data, self.cause)
        return {"cancelled": data["orders"], "cancelled_quantity": resting.cancelled}


@dataclass(frozen=True, kw_only=True)
class CancelOrders(Command):
    """Cancel all open orders of an account in the market; all there are with account None."""

    account: int | None
    reason: str = "requested"

    def accounts(self, state: MarketState) -> set[int]:
        return set(state.orders_by_account) if self.account is None else {self.account}

    def decide(self, session: MarketSession) -> Reply:
        data = decide.cancel_orders(session.state, account=self.account, reason=self.reason)
        if data["orders"]:
            session.record("OrdersCancelled", data, self.cause)
        return {"cancelled": data["orders"]}


@dataclass(frozen=True, kw_only=True)
class MintSets(Command):
    """Buy complete sets for 1 credit each."""

    account: int
    quantity: int

    def accounts(self, state: MarketState) -> set[int]:
        return {self.account}

    def decide(self, session: MarketSession) -> Reply:
        session.require_trading_hours()
        available = session.accounts[self.account].available
        data = decide.mint_sets(session.state, account=self.account, quantity=self.quantity, available=available)
        session.record("SetsMinted", data, self.cause)
        return _holding(session, self.account)


@dataclass(frozen=True, kw_only=True)
class MergeSets(Command):
    """Give complete sets back for 1 credit each."""

    account: int
    quantity: int

    def accounts(self, state: MarketState) -> set[int]:
        return {self.account}

    def decide(self, session: MarketSession) -> Reply:
        data = decide.merge_sets(session.state, account=self.account, quantity=self.quantity)
        session.record("SetsMerged", data, self.cause)
        return _holding(session, self.account)


@dataclass(frozen=True, kw_only=True)
class ExpireOrders(Command):
    """Expire what is due; the batch does so before its commands, so this one only makes a batch happen."""

    def decide(self, session: MarketSession) -> Reply:
        return {}


def _holding(session: MarketSession, account: int) -> Reply:
    holding = session.state.holding(account)
    return {
        "market": session.market_id,
        "free": holding.free,
        "reserved": holding.reserved,
        "available": session.accounts[account].available,
    }


class Outcome(NamedTuple):
    """What became of a command: a reply with its HTTP status, or the refusal. `replayed`: answered from memory."""

    reply: Reply | None = None
    error: DomainError | None = None
    status: int = 200
    replayed: bool = False

    def unwrap(self) -> Reply:
        """The reply. Raises the refusal."""
        if self.error is not None:
            raise self.error
        return self.reply or {}
