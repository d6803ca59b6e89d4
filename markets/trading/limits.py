"""Position and order limits: what bounds an account in a market, and whether an order keeps within it. Pure; no Django.

What counts is what an order would do: the contracts it fills and leaves resting, and what these cost. An order that could
raise no position (`engine.exposure`) lowers risk or leaves it, and is admitted whatever the limits say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markets.engine.exposure import exposure_of
from markets.engine.orders import NewOrder
from markets.engine.state import MarketState
from markets.engine.units import SET_UNITS
from opinion_market.kernel.errors import Conflict


class PositionLimitExceeded(Conflict):
    """Filled in whole, with all that rests, the order could lead to a larger position on an outcome than is allowed."""

    code = "position_limit_exceeded"
    title = "The position could become larger than allowed."


class OrderLimitExceeded(Conflict):
    """The account has as many open orders in the market as it may have."""

    code = "order_limit_exceeded"
    title = "There are too many open orders in this market."


class OrderTooLarge(Conflict):
    """One order would fill or leave resting more contracts, or cost more, than is allowed."""

    code = "order_too_large"
    title = "The order is larger than allowed."


@dataclass(frozen=True, slots=True)
class MarketLimits:
    """What a market (or else its organization) allows each account; None: no limit. The value is in units."""

    position_contracts: int | None = None
    open_orders: int | None = None
    order_quantity: int | None = None
    order_value_units: int | None = None

    @classmethod
    def of(
        cls, position: int | None, orders: int | None, quantity: int | None, value_units: int | None
    ) -> "MarketLimits | None":
        """None if nothing is limited."""
        if position is orders is quantity is value_units is None:
            return None
        return cls(position, orders, quantity, value_units)


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """What an account is allowed in each market; None: no limit of its own."""

    position_contracts: int | None = None
    open_orders: int | None = None
    order_value_units: int | None = None

    @classmethod
    def of(cls, position: int | None, orders: int | None, value_units: int | None) -> "AccountLimits | None":
        """None if nothing is limited."""
        if position is orders is value_units is None:
            return None
        return cls(position, orders, value_units)


def effective(market: MarketLimits | None, account: AccountLimits | None) -> MarketLimits | None:
    """What binds an account in a market: of two positions or numbers of orders the smaller one.

    The value of an order is limited by the account's own figure, where it has one, instead of the organization's.
    """
    if account is None:
        return market
    if market is None:
        return MarketLimits(account.position_contracts, account.open_orders, None, account.order_value_units)
    own_value = account.order_value_units
    return MarketLimits(
        _smaller(market.position_contracts, account.position_contracts),
        _smaller(market.open_orders, account.open_orders),
        market.order_quantity,
        market.order_value_units if own_value is None else own_value,
    )


def _smaller(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


@dataclass(frozen=True, slots=True)
class Extent:
    """What an order would do: contracts filled or resting, what they cost if all are paid in cash, whether any rest,
    and which orders of its owner it does away with."""

    quantity: int
    value_units: int
    rests: bool
    replaced: Sequence[str] = ()


def extent_of(order: NewOrder, decided: dict[str, Any] | None, *, mirrored: bool) -> Extent:
    """The extent of an order as the engine decided it; as given, all of it at its limit, where nothing is decided yet.

    A contract costs a buyer its price and a seller 10,000 less that: what it costs without any stock.
    """
    each = order.price if order.is_buy else SET_UNITS - order.price
    if decided is None:
        return Extent(order.quantity, each * order.quantity, rests=True)
    is_bid = order.is_buy != mirrored
    rest: int = decided["rest"]
    quantity, value_units = rest, each * rest
    for fill in decided["fills"]:
        quantity += fill["quantity"]
        value_units += fill["value"] if is_bid else SET_UNITS * fill["quantity"] - fill["value"]
    return Extent(quantity, value_units, rest > 0, decided["self_trades"])


def check(
    state: MarketState, order: NewOrder, limits: MarketLimits, decided: dict[str, Any] | None = None, replaces: str = ""
) -> None:
    """Raises PositionLimitExceeded, OrderLimitExceeded or OrderTooLarge, with the figures, unless the order is within limits.

    replaces: a resting order of the same account that this one takes the place of.
    """
    mirrored = state.opened_rules().outcomes == 2 and order.outcome == 1
    extent = extent_of(order, decided, mirrored=mirrored)
    broken = _oversize(extent, limits) or _overcount(state, order.account, extent, limits, replaces)
    if broken is None and limits.position_contracts is None:
        return
    exposure = exposure_of(state, order.account)
    before = exposure.worst_positions()
    if replaces in state.orders:
        replaced = state.orders[replaces]
        exposure.add(replaced.book, replaced.is_bid, -replaced.remaining)
    exposure.add(0 if mirrored else order.outcome, order.is_buy != mirrored, extent.quantity)
    after = exposure.worst_positions()
    raised = [outcome for outcome, (now, then) in enumerate(zip(before, after, strict=True)) if then > now]
    if not raised:
        return
    if broken is not None:
        raise broken
    outcome = max(raised, key=after.__getitem__)
    limit = limits.position_contracts
    if limit is not None and after[outcome] > limit:
        raise PositionLimitExceeded(outcome=outcome, position=after[outcome], before=before[outcome], limit=limit)


def _oversize(extent: Extent, limits: MarketLimits) -> OrderTooLarge | None:
    if limits.order_quantity is not None and extent.quantity > limits.order_quantity:
        return OrderTooLarge(quantity=extent.quantity, limit=limits.order_quantity)
    if limits.order_value_units is not None and extent.value_units > limits.order_value_units:
        return OrderTooLarge(value_units=extent.value_units, limit_units=limits.order_value_units)
    return None


def _overcount(
    state: MarketState, account: int, extent: Extent, limits: MarketLimits, replaces: str
) -> OrderLimitExceeded | None:
    if limits.open_orders is None or not extent.rests:
        return None
    own = state.orders_by_account.get(account, {})
    staying = len(own) - len(extent.replaced) - (replaces in own and replaces not in extent.replaced)
    if staying < limits.open_orders:
        return None
    return OrderLimitExceeded(open_orders=staying, limit=limits.open_orders)
