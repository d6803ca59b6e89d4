"""Events in, the next state out - and what they did to cash and orders. Deterministic; used live and in replay alike."""

from markets.engine import lmsr
from markets.engine.cancelling import cancel, cancelled, release
from markets.engine.effects import Effects, EventData, Handler, change_sets
from markets.engine.lifecycle import LIFECYCLE
from markets.engine.orders import Order
from markets.engine.splitting import outcome_split
from markets.engine.state import MarketState, Rules, exchange
from markets.engine.units import MAX_PRICE, MIN_PRICE, SET_UNITS


def apply(state: MarketState, type: str, data: EventData, at_us: int) -> Effects:
    """Bring the state one event further. `at_us`: the event's time, microseconds since 1970."""
    effects = Effects()
    _HANDLERS[type](state, data, at_us, effects)
    for account in effects.holders:
        _merge_free_sets(state, account, effects)
    state.version += 1
    return effects


def _merge_free_sets(state: MarketState, account: int, effects: Effects) -> None:
    """Turn an account's free complete sets, beyond those it minted to keep, back into cash."""
    holding = state.holdings[account]
    whole = min(holding.free)
    if whole < holding.kept:
        holding.kept = whole
    elif whole > holding.kept:
        merged = whole - holding.kept
        holding.free = [count - merged for count in holding.free]
        change_sets(state, -merged, effects)
        effects.move(account, merged * SET_UNITS)


def _minted(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    account, quantity = data["account"], data["quantity"]
    holding = state.holding(account)
    holding.free = [count + quantity for count in holding.free]
    holding.kept += quantity
    effects.reason = "mint"
    effects.move(account, -quantity * SET_UNITS)
    effects.holders.add(account)
    change_sets(state, quantity, effects)


def _merged(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    account, quantity = data["account"], data["quantity"]
    holding = state.holding(account)
    holding.free = [count - quantity for count in holding.free]
    holding.kept = max(0, holding.kept - quantity)
    effects.reason = "merge"
    effects.move(account, quantity * SET_UNITS)
    effects.holders.add(account)
    change_sets(state, -quantity, effects)


def _placed(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    effects.reason = "trade"
    rules = state.opened_rules()
    given = data["order"]
    mirrored = rules.outcomes == 2 and given["outcome"] == 1
    order = Order(
        id=given["id"],
        account=given["account"],
        book=0 if mirrored else given["outcome"],
        is_bid=(given["side"] == "buy") != mirrored,
        price=SET_UNITS - given["price"] if mirrored else given["price"],
        quantity=given["quantity"],
        mirrored=mirrored,
        expires_us=given.get("expires_us"),
        post_only=given["post_only"],
        reduce_only=given.get("reduce_only", False),
    )
    _trade(state, rules, order, data, at_us, effects)


def _amended(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    """An open order leaves its place and is placed anew, under its id and with what was filled of it."""
    effects.reason = "trade"
    rules = state.opened_rules()
    given = data["order"]
    order = state.orders[given["id"]]
    release(state, order, effects)
    order.remaining = 0
    order.price = SET_UNITS - given["price"] if order.mirrored else given["price"]
    order.quantity = given["quantity"]
    order.expires_us = given.get("expires_us")
    if order.account in state.holdings:
        _merge_free_sets(state, order.account, effects)
    _trade(state, rules, order, data, at_us, effects)


def _reduced(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    """An open order becomes smaller and keeps its place; what the part taken away had reserved is given back."""
    rules = state.opened_rules()
    order = state.orders[data["order"]]
    cut = order.quantity - data["quantity"]
    stock = order.stock
    order.quantity -= cut
    order.remaining -= cut
    order.rested -= cut
    order.rested_stock = min(order.rested_stock, order.rested)
    if freed := stock - order.stock:
        holding = state.holding(order.account)
        for outcome in range(len(holding.free)):
            if (outcome == order.book) != order.is_bid:
                holding.free[outcome] += freed
                holding.reserved[outcome] -= freed
        effects.holders.add(order.account)
    reserve = order.reserve_units(rules.maker_fee_bps)
    if reserve != order.reserved:
        effects.move(order.account, 0, reserve - order.reserved)
        order.reserved = reserve
    effects.orders[order.id] = order


def _trade(state: MarketState, rules: Rules, order: Order, data: EventData, at_us: int, effects: Effects) -> None:
    """What an order does when its turn comes: own orders in its way go, it fills, and the rest of it rests."""
    effects.orders[order.id] = order
    for own in data["self_trades"]:
        cancel(state, state.orders[own], effects)
    if data["self_trades"] and order.account in state.holdings:
        _merge_free_sets(state, order.account, effects)
    for fill in data["fills"]:
        _fill(state, rules, order, fill, at_us, effects)
    order.cancelled += data["cancelled"]
    if data["rest"]:
        _rest(state, rules, order, data["rest"], data["rest_stock"], effects)


def _fill(state: MarketState, rules: Rules, taker: Order, fill: EventData, at_us: int, effects: Effects) -> None:
    """Carry out one match: contracts, cash, fees, sets, and the maker's reserve."""
    quantity, value = fill["quantity"], fill["value"]
    taker_stock, maker_stock = fill["taker_stock"], fill["maker_stock"]
    maker_account = fill["maker_account"]
    exchange(state.holding(taker.account).free, taker.book, taker.is_bid, quantity, taker_stock)
    _pay(taker.account, taker.is_bid, quantity, value, taker_stock, fill["taker_fee"], effects)
    taker.filled += quantity
    taker.value += value
    taker.fees += fill["taker_fee"]

    maker = state.orders[fill["maker_order"]] if fill["maker_order"] is not None else None
    holding = state.holding(maker_account)
    _pay(maker_account, not taker.is_bid, quantity, value, maker_stock, fill["maker_fee"], effects)
    if maker is None:
        exchange(holding.free, taker.book, not taker.is_bid, quantity, maker_stock)
        if state.house is not None:
            state.house.sold[taker.book] += quantity if taker.is_bid else -quantity
    else:
        exchange(holding.free, maker.book, maker.is_bid, quantity - maker_stock, 0)
        _fill_resting(state, rules, maker, holding.reserved, quantity, maker_stock, effects)
        maker.value += value
        maker.fees += fill["maker_fee"]
    if fees := fill["taker_fee"] + fill["maker_fee"]:
        effects.move(rules.fee_account, fees)

    sold_short = quantity - (maker_stock if taker.is_bid else taker_stock)
    bought_with_baskets = taker_stock if taker.is_bid else maker_stock
    if sold_short != bought_with_baskets:
        change_sets(state, sold_short - bought_with_baskets, effects)
    effects.holders.add(taker.account)
    effects.holders.add(maker_account)
    _record_price(state, taker.book, fill, quantity, value, at_us, effects)


def _pay(account: int, is_buy: bool, quantity: int, value: int, stock: int, fee: int, effects: Effects) -> None:
    """A buyer pays the value and is paid for sets its baskets complete; a seller is paid the value and pays for sets it lacks."""
    delta = SET_UNITS * stock - value if is_buy else value - SET_UNITS * (quantity - stock)
    effects.move(account, delta - fee)


def _fill_resting(
    state: MarketState, rules: Rules, maker: Order, reserved: list[int], quantity: int, stock: int, effects: Effects
) -> None:
    """Take the filled part out of the maker's resting order and out of what it reserved."""
    if stock:
        for outcome in range(len(reserved)):
            if (outcome == maker.book) != maker.is_bid:
                reserved[outcome] -= stock
    maker.filled += quantity
    maker.remaining -= quantity
    reserve = maker.reserve_units(rules.maker_fee_bps)
    if reserve != maker.reserved:
        effects.move(maker.account, 0, reserve - maker.reserved)
        maker.reserved = reserve
    if not maker.remaining:
        state.unrest(maker)
    effects.orders[maker.id] = maker


def _rest(state: MarketState, rules: Rules, order: Order, rest: int, stock: int, effects: Effects) -> None:
    """Put the rest of an order on the book and reserve its worst case."""
    order.rested = order.remaining = rest
    order.rested_stock = stock
    if stock:
        holding = state.holding(order.account)
        for outcome in range(len(holding.free)):
            if (outcome == order.book) != order.is_bid:
                holding.free[outcome] -= stock
                holding.reserved[outcome] += stock
        effects.holders.add(order.account)
    order.reserved = order.reserve_units(rules.maker_fee_bps)
    if order.reserved:
        effects.move(order.account, 0, order.reserved)
    state.rest(order)


def _record_price(
    state: MarketState, book: int, fill: EventData, quantity: int, value: int, at_us: int, effects: Effects
) -> None:
    """Last prices, volume and the trade sequence. After a house fill the price is the curve's, for every outcome."""
    state.trade_sequence = fill["sequence"]
    state.volume_contracts += quantity
    state.volume_units += value
    state.last_trade_us = at_us
    if fill["maker_order"] is None and state.house is not None:
        curve = lmsr.prices(state.house.quantities(), state.house.b)
        state.last_prices = [max(MIN_PRICE, min(MAX_PRICE, round(price * SET_UNITS))) for price in curve]
    else:
        state.last_prices[book] = fill["price"]
        if len(state.last_prices) == 2:
            state.last_prices[1 - book] = SET_UNITS - fill["price"]
    effects.price_after.append(state.last_prices[book])


_HANDLERS: dict[str, Handler] = {
    **LIFECYCLE,
    "OrderPlaced": _placed,
    "OrderAmended": _amended,
    "OrderReduced": _reduced,
    "OrdersCancelled": cancelled,
    "OrdersExpired": cancelled,
    "SetsMinted": _minted,
    "SetsMerged": _merged,
    "OutcomeSplit": outcome_split,
}
