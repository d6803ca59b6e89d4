"""Commands in, event data out - or a refusal. Nothing here changes the state.

The data hold everything `apply` needs and are JSON: integers, texts, lists, objects. Times are microseconds since 1970.
"""

from typing import Any

from markets.engine.errors import (
    InsufficientContracts,
    InsufficientFunds,
    InvalidOrder,
    MarketNotOpen,
    OrderNotFound,
    PriceOutOfRange,
    Unfillable,
    WouldTake,
)
from markets.engine.matching import Sweep, sweep
from markets.engine.orders import NewOrder, Order
from markets.engine.state import TRADING, MarketState, exchange, stock_of
from markets.engine.units import MAX_PRICE, MAX_QUANTITY, MIN_PRICE, SET_UNITS, fee_units, fill_weight

EventData = dict[str, Any]


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
    if (order.expires_us is not None) != (order.time_in_force == "gtd"):
        raise InvalidOrder("expires_at belongs to time in force gtd, and gtd needs it.")
    if order.expires_us is not None and order.expires_us <= now_us:
        raise InvalidOrder("expires_at has passed.")


def place_order(state: MarketState, order: NewOrder, *, available: int, now_us: int) -> EventData:
    """Decide a new order: its fills, what rests, what is dropped.

    available: the account's unreserved cash in units. Raises MarketNotOpen, PriceOutOfRange, InvalidOrder, WouldTake,
    Unfillable, InsufficientFunds. Orders past their time must have been expired before.
    """
    require_open(state)
    rules = state.opened_rules()
    validate(order, rules.outcomes, now_us)
    mirrored = rules.outcomes == 2 and order.outcome == 1
    book = 0 if mirrored else order.outcome
    is_bid = order.is_buy != mirrored
    price = SET_UNITS - order.price if mirrored else order.price

    swept = sweep(state, book=book, is_bid=is_bid, quantity=order.quantity, limit=price, account=order.account)
    if order.post_only and swept.filled:
        raise WouldTake(best_price=SET_UNITS - swept.fills[0].price if mirrored else swept.fills[0].price)
    if order.time_in_force == "fok" and swept.filled < order.quantity:
        raise Unfillable(fillable=swept.filled)

    stock, freed_cash = _after_self_trade_prevention(state, order.account, book, is_bid, swept)
    fills, cash_delta, stock_left = _settle(state, swept, is_bid, stock)
    rest = 0 if order.time_in_force in ("ioc", "fok") else order.quantity - swept.filled
    resting = Order(order.id, order.account, book, is_bid, price, order.quantity, mirrored, order.expires_us)
    resting.rested = resting.remaining = rest
    resting.rested_stock = min(rest, stock_left)
    needed = resting.reserve_units(rules.maker_fee_bps) - cash_delta - freed_cash
    if needed > 0 and needed > available:
        raise InsufficientFunds(needed_units=needed, available_units=available)
    return {
        "order": _order_data(order, mirrored),
        "self_trades": [own.id for own in swept.own],
        "fills": fills,
        "rest": rest,
        "rest_stock": resting.rested_stock,
        "cancelled": order.quantity - swept.filled - rest,
    }


def _order_data(order: NewOrder, mirrored: bool) -> EventData:
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
    if order.expires_us is not None:
        data["expires_us"] = order.expires_us
    if order.client_order_id is not None:
        data["client_order_id"] = order.client_order_id
    return data


def _after_self_trade_prevention(
    state: MarketState, account: int, book: int, is_bid: bool, swept: Sweep
) -> tuple[int, int]:
    """The taker's stock, and the cash set free, once its own orders met in the sweep are cancelled and its sets merged."""
    holding = state.holdings.get(account)
    free = list(holding.free) if holding else [0] * state.opened_rules().outcomes
    if not swept.own:
        return stock_of(free, book, is_bid), 0
    cash = 0
    for own in swept.own:
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


def cancel_order(state: MarketState, *, order_id: str, account: int | None, reason: str = "requested") -> EventData:
    """Cancel one resting order; `account` must own it unless None (staff). Raises OrderNotFound. Allowed while halted.

    An order that is no longer resting is not found either; the caller can tell from the order's row what became of it.
    """
    order = state.orders.get(order_id)
    if order is None or (account is not None and order.account != account):
        raise OrderNotFound(order_id=order_id)
    return {"orders": [order_id], "reason": reason}


def cancel_orders(state: MarketState, *, account: int | None, reason: str = "requested") -> EventData:
    """Cancel all resting orders of an account, or all there are (None), in the order of their ids. The list may be empty.

    Sorted, because a state loaded from a snapshot does not know in which order its orders came to rest across books.
    """
    resting = state.orders.values() if account is None else state.orders_of(account)
    ids = sorted(order.id for order in resting)
    return {"orders": ids, "reason": reason}


def expire_orders(state: MarketState, now_us: int) -> EventData | None:
    """The orders whose time is up, or None if there are none."""
    due = state.due(now_us)
    return {"orders": [order.id for order in due], "reason": "expired"} if due else None


def mint_sets(state: MarketState, *, account: int, quantity: int, available: int) -> EventData:
    """Buy complete sets at 10,000 units each. They are kept, not merged back, until an order of their holder uses them."""
    require_open(state)
    _require_quantity(quantity)
    if quantity * SET_UNITS > available:
        raise InsufficientFunds(needed_units=quantity * SET_UNITS, available_units=available)
    return {"account": account, "quantity": quantity}


def merge_sets(state: MarketState, *, account: int, quantity: int) -> EventData:
    """Give complete sets back for 10,000 units each. Raises InsufficientContracts. Allowed while halted."""
    _require_quantity(quantity)
    holding = state.holdings.get(account)
    free = min(holding.free) if holding else 0
    if quantity > free:
        raise InsufficientContracts(wanted=quantity, free_sets=free)
    return {"account": account, "quantity": quantity}


def settle(state: MarketState, payout_units: list[int] | None = None) -> EventData:
    """What every holder is paid, by default at the resolution's vector, in account order. The payouts sum to the escrow."""
    vector = state.payout_units if payout_units is None else payout_units
    payouts = [
        [account, sum(count * units for count, units in zip(holding.free, vector, strict=True))]
        for account, holding in sorted(state.holdings.items())
    ]
    return {"payout_units": vector, "payouts": [payout for payout in payouts if payout[1]]}


def _require_quantity(quantity: int) -> None:
    if not 0 < quantity <= MAX_QUANTITY:
        raise InvalidOrder(f"A quantity is a whole number from 1 to {MAX_QUANTITY}.", maximum=MAX_QUANTITY)
