"""Trading: the commands a member gives on their own account, and staff cancels. All go through the sequencer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from governance.access.policies import require
from governance.identity.models import User
from markets.engine.errors import InvalidOrder, OrderNotFound, OrderNotOpen
from markets.engine.orders import NewOrder
from markets.engine.placing import Amendment
from markets.engine.units import MAX_PRICE, MAX_QUANTITY, MIN_PRICE
from markets.trading.commands import (
    AmendOrder,
    CancelOrder,
    CancelOrders,
    Command,
    IdempotencyKey,
    MergeSets,
    MintSets,
    Outcome,
    PlaceOrder,
)
from markets.trading.models import Order
from markets.trading.selectors import Seat, order_of, orders_of, refusal, seat, seats
from markets.trading.sequencer import submit
from markets.trading.session import Cause
from opinion_market.kernel.clock import microseconds
from opinion_market.kernel.correlation import correlation_id
from opinion_market.kernel.errors import DomainError
from opinion_market.kernel.ids import uuid7_text


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order as a member asks for it. A market order without a price accepts any; one to buy has a quantity or a budget."""

    outcome: int
    side: str
    quantity: int | None = None
    budget: int | None = None
    type: str = "limit"
    price: int | None = None
    time_in_force: str | None = None
    post_only: bool = False
    reduce_only: bool = False
    expires_at: datetime | None = None
    client_order_id: str | None = None
    valid_until: datetime | None = None


def place_order(
    *, actor: User, market_id: UUID, request: OrderRequest, now: datetime, idempotency: IdempotencyKey | None = None
) -> Outcome:
    """Place one order on the actor's account; durable when it returns.

    Locks: market, then accounts by id. Raises: MarketNotFound, NotAMember; refusals are in the outcome.
    Appends: OrderPlaced, and OrdersExpired for orders whose time is up.
    """
    place = seat(user=actor, market_id=market_id, now=now)
    return submit(str(market_id), [_place_command(actor, place, request, idempotency)])[0]


def place_orders(
    *,
    actor: User,
    requests: Sequence[tuple[UUID, OrderRequest]],
    now: datetime,
    idempotency: IdempotencyKey | None = None,
) -> list[Outcome]:
    """Place many orders, in any markets, each with its own outcome, in the order given within a market.

    Each market's orders are one transaction. With an idempotency key, the n-th order is remembered under `key#n`.
    """
    places = seats(user=actor, market_ids={market_id for market_id, _ in requests}, now=now)
    outcomes: dict[int, Outcome] = {}
    by_market: dict[UUID, list[tuple[int, Command]]] = {}
    for index, (market_id, request) in enumerate(requests):
        place = places.get(market_id)
        if place is None:
            error = refusal(market_id)
            outcomes[index] = Outcome(error=error, status=error.status)
            continue
        key = replace(idempotency, key=f"{idempotency.key}#{index}") if idempotency else None
        try:
            command = _place_command(actor, place, request, key)
        except InvalidOrder as refused:
            outcomes[index] = Outcome(error=refused, status=refused.status)
            continue
        by_market.setdefault(market_id, []).append((index, command))
    for market_id, entries in by_market.items():
        results = _submit_each_answered(str(market_id), [command for _, command in entries])
        outcomes.update(zip((index for index, _ in entries), results, strict=True))
    return [outcomes[index] for index in range(len(requests))]


def _submit_each_answered(market_id: str, commands: list[Command]) -> list[Outcome]:
    """Submit; if the market as a whole refuses, each of its commands is answered so, and other markets go on."""
    try:
        return submit(market_id, commands)
    except DomainError as error:
        return [Outcome(error=error, status=error.status)] * len(commands)


def _place_command(actor: User, place: Seat, request: OrderRequest, key: IdempotencyKey | None) -> PlaceOrder:
    is_buy, is_market = request.side == "buy", request.type == "market"
    if (request.quantity is None) == (request.budget is None):
        raise InvalidOrder("An order has a quantity, or a market order to buy has a budget instead.")
    price = request.price
    if price is None:
        price = (MAX_PRICE if is_buy else MIN_PRICE) if is_market else 0  # 0 is refused as out of range
    order = NewOrder(
        id=uuid7_text(),
        account=place.account_id,
        outcome=request.outcome,
        is_buy=is_buy,
        price=price,
        quantity=MAX_QUANTITY if request.quantity is None else request.quantity,
        is_market=is_market,
        time_in_force=request.time_in_force or ("ioc" if is_market else "gtc"),
        post_only=request.post_only,
        reduce_only=request.reduce_only,
        budget_units=request.budget,
        expires_us=microseconds(request.expires_at) if request.expires_at is not None else None,
        client_order_id=request.client_order_id,
    )
    return PlaceOrder(cause=_cause(actor), valid_until=request.valid_until, idempotency=key, order=order)


def amend_order(
    *,
    actor: User,
    order_id: UUID,
    amendment: Amendment,
    valid_until: datetime | None = None,
    idempotency: IdempotencyKey | None = None,
) -> Outcome:
    """Give one of the actor's open orders other terms; a smaller quantity alone keeps its place in the queue.

    Locks: market, then accounts by id. Raises: OrderNotFound, OrderNotOpen; refusals are in the outcome.
    Appends: OrderReduced or OrderAmended.
    """
    order = order_of(actor, order_id)
    command = AmendOrder(
        cause=_cause(actor),
        order_id=str(order_id),
        account=order.account_id,
        amendment=amendment,
        client_order_id=order.client_order_id,
        created_at=order.created_at,
        valid_until=valid_until,
        idempotency=idempotency,
    )
    return submit(str(order.market_id), [command])[0]


def cancel_order(*, actor: User, order_id: UUID, idempotency: IdempotencyKey | None = None) -> Outcome:
    """Cancel one of the actor's open orders and release what it reserved.

    Locks: market, then account. Raises: OrderNotFound, OrderNotOpen. Appends: OrdersCancelled.
    """
    order = order_of(actor, order_id)
    command = CancelOrder(
        cause=_cause(actor), order_id=str(order_id), account=order.account_id, idempotency=idempotency
    )
    return submit(str(order.market_id), [command])[0]


def cancel_order_as_staff(*, actor: User, order_id: UUID, reason: str) -> Outcome:
    """Cancel anybody's order. Needs orders.cancel in the market's organization. Raises: OrderNotFound, NotPermitted."""
    order = Order.objects.select_related("market").filter(pk=order_id).first()
    if order is None:
        raise OrderNotFound(order_id=str(order_id))
    require(actor, "orders.cancel", order.market.organization_id)
    if order.status != Order.Status.OPEN:
        raise OrderNotOpen(order_id=str(order_id))
    command = CancelOrder(cause=_cause(actor), order_id=str(order_id), account=None, reason=f"staff: {reason}")
    return submit(str(order.market_id), [command])[0]


def cancel_listed_orders(*, actor: User, order_ids: Sequence[UUID]) -> list[Outcome]:
    """Cancel many of the actor's open orders, in any markets: one outcome each, in the order given.

    Each market's are one transaction. An order that is not the actor's is as if it did not exist (OrderNotFound).
    """
    rows = orders_of(actor).filter(pk__in=order_ids).order_by().values_list("pk", "market_id", "account_id")
    places = {order: (market, account) for order, market, account in rows}
    outcomes: dict[UUID, Outcome] = {}
    by_market: dict[UUID, list[UUID]] = {}
    for order_id in dict.fromkeys(order_ids):
        if order_id in places:
            by_market.setdefault(places[order_id][0], []).append(order_id)
        else:
            error = OrderNotFound(order_id=str(order_id))
            outcomes[order_id] = Outcome(error=error, status=error.status)
    for market_id, ids in sorted(by_market.items()):
        commands: list[Command] = [
            CancelOrder(cause=_cause(actor), order_id=str(order_id), account=places[order_id][1]) for order_id in ids
        ]
        outcomes.update(zip(ids, _submit_each_answered(str(market_id), commands), strict=True))
    return [outcomes[order_id] for order_id in order_ids]


def cancel_orders(*, actor: User, market_id: UUID | None = None) -> dict[str, list[str]]:
    """Cancel all the actor's open orders, in one market or in all: the cancelled ids per market.

    Each market is one transaction. A market in which the actor has none is left out, whether it exists or not.
    """
    open_orders = orders_of(actor).filter(status=Order.Status.OPEN).order_by()
    if market_id is not None:
        open_orders = open_orders.filter(market_id=market_id)
    cancelled: dict[str, list[str]] = {}
    for market, account in sorted(set(open_orders.values_list("market_id", "account_id"))):
        reply = submit(str(market), [CancelOrders(cause=_cause(actor), account=account)])[0].unwrap()
        cancelled[str(market)] = reply["cancelled"]
    return cancelled


def mint_sets(
    *,
    actor: User,
    market_id: UUID,
    quantity: int,
    now: datetime,
    valid_until: datetime | None = None,
    idempotency: IdempotencyKey | None = None,
) -> Outcome:
    """Buy complete sets for 1 credit each. Raises: MarketNotFound, NotAMember. Appends: SetsMinted."""
    place = seat(user=actor, market_id=market_id, now=now)
    command = MintSets(
        cause=_cause(actor),
        account=place.account_id,
        quantity=quantity,
        valid_until=valid_until,
        idempotency=idempotency,
    )
    return submit(str(market_id), [command])[0]


def merge_sets(
    *,
    actor: User,
    market_id: UUID,
    quantity: int,
    now: datetime,
    valid_until: datetime | None = None,
    idempotency: IdempotencyKey | None = None,
) -> Outcome:
    """Give complete sets back for 1 credit each. Raises: MarketNotFound, NotAMember. Appends: SetsMerged."""
    place = seat(user=actor, market_id=market_id, now=now)
    command = MergeSets(
        cause=_cause(actor),
        account=place.account_id,
        quantity=quantity,
        valid_until=valid_until,
        idempotency=idempotency,
    )
    return submit(str(market_id), [command])[0]


def _cause(actor: User) -> Cause:
    return Cause(str(actor.pk), correlation_id())
