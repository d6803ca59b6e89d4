"""The sweep: whom an incoming order would trade with. Reads the book and the curve, changes neither."""

from dataclasses import dataclass, field
from functools import partial

from markets.engine import lmsr
from markets.engine.orders import Order
from markets.engine.purse import Purse
from markets.engine.state import House, MarketState
from markets.engine.units import MAX_PRICE, MIN_PRICE, SET_UNITS


@dataclass(slots=True)
class Fill:
    """A match to be: with a resting order, or with the house (None). `value` is what the buyer pays, in units."""

    maker: Order | None
    quantity: int
    price: int
    value: int


@dataclass(slots=True)
class Sweep:
    """Fills in the order they happen, and the taker's own orders met on the way, which are cancelled."""

    book: int
    fills: list[Fill] = field(default_factory=list)
    own: list[Order] = field(default_factory=list)
    filled: int = 0


def sweep(
    state: MarketState,
    *,
    book: int,
    is_bid: bool,
    quantity: int,
    limit: int,
    account: int,
    purse: Purse | None = None,
) -> Sweep:
    """Match up to `quantity` contracts at `limit` or better, in the book's terms, as far as the purse goes.

    Best price first, then the earliest order, always at the maker's price. The house fills while its price is strictly
    better than the next level's; at equal prices the book wins. Own resting orders are cancelled, not traded with.
    """
    result = Sweep(book)
    house = state.house
    curve = house.quantities() if house else []
    left = quantity
    for price, level in state.books[book].side(not is_bid).within(limit):
        if house:
            taken, left = _fill_from_house(house, curve, result, book, is_bid, left, price, purse)
            result.filled += taken
        if left:
            left = _fill_from_level(result, price, level, left, account, purse)
        if not left:
            break
    if house and left:
        taken, left = _fill_from_house(house, curve, result, book, is_bid, left, limit, purse)
        result.filled += taken
    return result


def _fill_from_level(
    result: Sweep, price: int, level: dict[str, Order], left: int, account: int, purse: Purse | None
) -> int:
    """Add fills with a level's orders, the earliest first. Returns the contracts still wanted: none once the purse is empty."""
    for order in level.values():
        if order.account == account:
            if purse is not None and not purse.affordable(1, lambda contracts: price * contracts):
                return 0  # it would not have got as far as this order
            result.own.append(order)
            continue
        taken = wanted = min(left, order.remaining)
        if purse is not None:
            taken = purse.affordable(wanted, lambda contracts: price * contracts)
            if taken:
                purse.pay(taken, price * taken)
        if taken:
            result.fills.append(Fill(order, taken, price, price * taken))
            result.filled += taken
            left -= taken
        if taken < wanted:
            return 0
        if not left:
            break
    return left


def _fill_from_house(
    house: House,
    curve: list[float],
    result: Sweep,
    book: int,
    is_bid: bool,
    left: int,
    bound: int,
    purse: Purse | None,
) -> tuple[int, int]:
    """Add the house's fill up to the price `bound` (units) and move the curve.

    Returns the contracts filled, and those still wanted: none once the purse is empty.
    """
    target = min(bound, lmsr.CEILING_UNITS) if is_bid else max(bound, lmsr.FLOOR_UNITS)
    distance = lmsr.contracts_to_price(curve, house.b, book, target / SET_UNITS)
    taken = min(left, int(distance if is_bid else -distance))
    value_of = partial(lmsr.buy_cost_units if is_bid else lmsr.sell_proceeds_units, curve, house.b, book)
    wanted = taken
    if purse is not None and taken > 0:
        taken = purse.affordable(taken, value_of)
    is_poor = taken < wanted
    while taken > 0:
        value = value_of(taken)
        if value <= bound * taken if is_bid else value >= bound * taken:
            break
        taken -= 1  # rounding to units can spoil the last contract; the curve is convex, so fewer are always cheaper
    if taken <= 0:
        return 0, 0 if is_poor else left
    if purse is not None:
        purse.pay(taken, value)
    average = max(MIN_PRICE, min(MAX_PRICE, (2 * value + taken) // (2 * taken)))
    result.fills.append(Fill(None, taken, average, value))
    curve[book] += taken if is_bid else -taken
    return taken, 0 if is_poor else left - taken


def makers_within_reach(
    state: MarketState, *, book: int, is_bid: bool, quantity: int, limit: int, takers: set[int]
) -> set[int]:
    """Accounts whose resting orders incoming ones of `quantity` contracts in all, at `limit` or better, could touch.

    A superset, found without matching, so that a batch can lock every account it might touch in one statement. Orders
    of the takers themselves may vanish without filling anything, so they are not counted against the quantity.
    """
    found: set[int] = set()
    left = quantity
    for _, level in state.books[book].side(not is_bid).within(limit):
        for order in level.values():
            found.add(order.account)
            if order.account not in takers:
                left -= order.remaining
                if left <= 0:
                    return found
    return found
