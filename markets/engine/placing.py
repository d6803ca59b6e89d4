"""Deciding orders: a new one, or an open one with other terms. Event data out, or a refusal; nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markets.engine.errors import (
    InsufficientFunds,
    InvalidOrder,
    MarketNotOpen,
    NothingToReduce,
    OrderNotFound,
    PriceOutOfRange,
    Unfillable,
    WouldTake,
)
from markets.engine.matching import Sweep, sweep
from markets.engine.orders import NewOrder, Order
from markets.engine.purse import Purse
from markets.engine.state import TRADING, MarketState, exchange, stock_of
from markets.engine.units import MAX_PRICE, MAX_QUANTITY, MIN_PRICE, SET_UNITS, fee_units, fill_weight

EventData = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Amendment:
    """Other terms for an open order; None leaves one as it is. `quantity`: the order's new whole, what was filled included.

    price: in units, in its owner's terms. new_expiry: whether `expires_us` is given; None then means good till cancelled.
    """

    price: int | None = None
    quantity: int | None = None
    expires_us: int | None = None
    new_expiry: bool = False


def require_open(state: MarketState) -> None:
    """Raises MarketNotOpen unless orders may trade."""
    if state.status != TRADING:
        raise MarketNotOpen(f"The market is {state.status.replace('_', ' ')}.", status=state.status)


def validate(order: NewOrder, outcomes: int, now_us: int) -> None:
    """Shape of an order. Raises PriceOutOfRange, InvalidOrder."""
    if not MIN_PRICE <= order.price <= MAX_PRICE:
        raise PriceOutOfRange(price=order.price, minimum=MIN_PRICE, maximum=MAX_PRICE)
    if not 0 <= order.outcome < outcomes:
        raise InvalidOrder(f"There is no outcome {order.outcome}; the market has {outcomes}.", outcomes=outcomes)
    if not 0 < order.quantity <= MAX_QUANTITY:
        raise InvalidOrder(f"A quantity is a whole number from 1 to {MAX_QUANTITY}.", maximum=MAX_QUANTITY)
    immediate = order.time_in_force in ("ioc", "fok")
    if order.is_market and not immediate:
        raise InvalidOrder("A market order is immediate: its time in force is ioc or fok.")
    if order.post_only and immediate:
        raise InvalidOrder("A post-only order rests, so it cannot be ioc or fok.")
    if order.budget_units is not None:
        _validate_budget(order)
    if (order.expires_us is not None) != (order.time_in_force == "gtd"):
        raise InvalidOrder("expires_at belongs to time in force gtd, and gtd needs it.")
    if order.expires_us is not None and order.expires_us <= now_us:
        raise InvalidOrder("expires_at has passed.")


def _validate_budget(order: NewOrder) -> None:
    if not (order.is_market and order.is_buy and order.time_in_force == "ioc" and not order.reduce_only):
        raise InvalidOrder("A budget belongs to a market order that buys, is ioc and is not reduce-only.")
    if not 0 < (order.budget_units or 0) <= MAX_QUANTITY * SET_UNITS:
        raise InvalidOrder(f"A budget is a whole number of units from 1 to {MAX_QUANTITY * SET_UNITS}.")


def place_order(state: MarketState, order: NewOrder, *, available: int, now_us: int) -> EventData:
    """Decide a new order: its fills, what rests, what is dropped.

    available: the account's unreserved cash in units. Raises MarketNotOpen, PriceOutOfRange, InvalidOrder, WouldTake,
    Unfillable, NothingToReduce, InsufficientFunds. Orders past their time must have been expired before.
    """
    require_open(state)
    validate(order, state.opened_rules().outcomes, now_us)
    return _decide(state, order, available, ())


def amend_order(
    state: MarketState, *, order_id: str, account: int, amendment: Amendment, available: int, now_us: int
) -> tuple[str, EventData]:
    """Decide other terms for an open order: the event's type and data.

    A smaller quantity alone keeps the order's place (`OrderReduced`, allowed while halted). Anything else takes it off the
    book and places it anew under its id, behind all others at its price, where it may trade at once (`OrderAmended`).
    Raises OrderNotFound, and whatever `place_order` raises.
    """
    order = state.orders.get(order_id)
    if order is None or order.account != account:
        raise OrderNotFound(order_id=order_id)
    quantity = order.quantity if amendment.quantity is None else amendment.quantity
    amended = amended_order(order, amendment)
    if amended.quantity <= 0:
        raise InvalidOrder(
            f"{order.filled} contracts are filled already; cancel the order instead.", filled=order.filled
        )
    is_same = amended.price == order.own_price and amended.expires_us == order.expires_us
    if is_same and amended.quantity == order.remaining:
        raise InvalidOrder("The order has these terms already.")
    if is_same and amended.quantity < order.remaining:
        return "OrderReduced", {"order": order_id, "quantity": quantity}
    require_open(state)
    validate(amended, state.opened_rules().outcomes, now_us)
    data = _decide(state, amended, available, (order,))
    data["order"]["quantity"] = quantity
    return "OrderAmended", data


def amended_order(order: Order, amendment: Amendment) -> NewOrder:
    """What an open order becomes: its quantity is what is left to fill, perhaps none."""
    quantity = order.quantity if amendment.quantity is None else amendment.quantity
    expires_us = amendment.expires_us if amendment.new_expiry else order.expires_us
    return NewOrder(
        id=order.id,
        account=order.account,
        outcome=order.outcome,
        is_buy=order.is_buy,
        price=order.own_price if amendment.price is None else amendment.price,
        quantity=quantity - order.filled - order.cancelled,
        time_in_force="gtc" if expires_us is None else "gtd",
        post_only=order.post_only,
        reduce_only=order.reduce_only,
        expires_us=expires_us,
    )


def _decide(state: MarketState, order: NewOrder, available: int, replaced: Sequence[Order]) -> EventData:
    """The order's event data, as if the orders `replaced` had just left the book."""
    rules = state.opened_rules()
    mirrored = rules.outcomes == 2 and order.outcome == 1
    book = 0 if mirrored else order.outcome
    is_bid = order.is_buy != mirrored
    price = SET_UNITS - order.price if mirrored else order.price

    swept, wanted, stock, freed_cash = _swept(state, order, book, is_bid, price, mirrored, replaced)
    if order.post_only and swept.filled:
        raise WouldTake(best_price=SET_UNITS - swept.fills[0].price if mirrored else swept.fills[0].price)
    if order.time_in_force == "fok" and swept.filled < order.quantity:
        raise Unfillable(fillable=swept.filled)
    if order.budget_units is not None:
        if not swept.filled:
            raise Unfillable("The budget does not buy a single contract at this price.", fillable=0)
        order = order._replace(quantity=swept.filled)

    fills, cash_delta, stock_left = _settle(state, swept, is_bid, stock)
    rest = 0 if order.time_in_force in ("ioc", "fok") else wanted - swept.filled
    rest_stock = min(rest, stock_left)
    needed = -cash_delta - freed_cash
    if rest:
        resting = Order(order.id, order.account, book, is_bid, price, order.quantity, mirrored, order.expires_us)
        resting.rested = resting.remaining = rest
        resting.rested_stock = rest_stock
        needed += resting.reserve_units(rules.maker_fee_bps)
    if needed > 0 and needed > available:
        raise InsufficientFunds(needed_units=needed, available_units=available)
    return {
        "order": _order_data(order),
        "self_trades": [own.id for own in swept.own],
        "fills": fills,
        "rest": rest,
        "rest_stock": rest_stock,
        "cancelled": order.quantity - swept.filled - rest,
    }


def _swept(
    state: MarketState, order: NewOrder, book: int, is_bid: bool, price: int, mirrored: bool, replaced: Sequence[Order]
) -> tuple[Sweep, int, int, int]:
    """The sweep; the contracts wanted; the taker's stock and the cash set free once the orders it displaces are gone.

    A reduce-only order wants no more than its stock. Own orders met on the way may leave less of that, since complete sets
    they give back are merged: then it sweeps again for less.
    """
    purse = None
    if order.budget_units is not None:
        purse = Purse(order.budget_units, state.opened_rules().taker_fee_bps, mirrored)
    wanted = order.quantity
    if order.reduce_only:
        wanted = min(wanted, _after_releases(state, order.account, book, is_bid, replaced)[0])
    while True:
        if not wanted:
            raise NothingToReduce
        swept = sweep(state, book=book, is_bid=is_bid, quantity=wanted, limit=price, account=order.account, purse=purse)
        stock, cash = _after_releases(state, order.account, book, is_bid, (*replaced, *swept.own))
        if not order.reduce_only or stock >= wanted:
            return swept, wanted, stock, cash
        wanted = stock


def _order_data(order: NewOrder) -> EventData:
    data: EventData = {
        "id": order.id,
        "account": order.account,
        "outcome": order.outcome,
        "side": "buy" if order.is_buy else "sell",
        "type": "market" if order.is_market else "limit",
        "price": order.price,
        "quantity": order.quantity,
        "time_in_force": order.time_in_force,
        "post_only": order.post_only,
    }
    # Rare terms stand in the event only where they are given: a shorter event is hashed, written and read faster.
    if order.reduce_only:
        data["reduce_only"] = True
    if order.budget_units is not None:
        data["budget"] = order.budget_units
    if order.expires_us is not None:
        data["expires_us"] = order.expires_us
    if order.client_order_id is not None:
        data["client_order_id"] = order.client_order_id
    return data


def _after_releases(
    state: MarketState, account: int, book: int, is_bid: bool, released: Sequence[Order]
) -> tuple[int, int]:
    """The account's stock, and the cash set free, once these orders of its own are off the book and its sets merged."""
    holding = state.holdings.get(account)
    free = list(holding.free) if holding else [0] * state.opened_rules().outcomes
    if not released:
        return stock_of(free, book, is_bid), 0
    cash = 0
    for own in released:
        cash += own.reserved
        for outcome in range(len(free)):
            if (outcome == own.book) != own.is_bid:
                free[outcome] += own.stock
    merged = max(0, min(free) - (holding.kept if holding else 0))
    return stock_of(free, book, is_bid) - merged, cash + merged * SET_UNITS


def _settle(state: MarketState, swept: Sweep, is_bid: bool, stock: int) -> tuple[list[EventData], int, int]:
    """Each fill with its settlement and fees; the taker's cash change, fees included; its stock left."""
    rules = state.opened_rules()
    house_free = list(state.holdings[rules.house_account].free) if state.house else []
    fills: list[EventData] = []
    cash = weight = charged = 0
    for sequence, fill in enumerate(swept.fills, start=state.trade_sequence + 1):
        quantity, value, maker = fill.quantity, fill.value, fill.maker
        taker_stock = min(stock, quantity)
        stock -= taker_stock
        cash += SET_UNITS * taker_stock - value if is_bid else value - SET_UNITS * (quantity - taker_stock)
        weight += fill_weight(value, quantity)
        fee = fee_units(rules.taker_fee_bps, weight)
        if maker is None:
            maker_stock = min(stock_of(house_free, swept.book, not is_bid), quantity)
            exchange(house_free, swept.book, not is_bid, quantity, maker_stock)
            maker_fee = 0
        else:
            maker_stock = min(maker.stock, quantity)
            maker_fee = maker.next_fee_units(rules.maker_fee_bps, quantity)
        fills.append(
            {
                "sequence": sequence,
                "maker_order": maker.id if maker else None,
                "maker_account": maker.account if maker else rules.house_account,
                "price": fill.price,
                "quantity": quantity,
                "value": value,
                "taker_stock": taker_stock,
                "maker_stock": maker_stock,
                "taker_fee": fee - charged,
                "maker_fee": maker_fee,
            }
        )
        charged = fee
    return fills, cash - charged, stock
