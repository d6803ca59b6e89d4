"""The sweep: whom an incoming order would trade with. Reads the book and the curve, changes neither."""

from dataclasses import dataclass, field

from markets.engine import lmsr
from markets.engine.orders import Order
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


def sweep(state: MarketState, *, book: int, is_bid: bool, quantity: int, limit: int, account: int) -> Sweep:
    """Match up to `quantity` contracts at `limit` or better, in the book's terms.

    Best price first, then the earliest order, always at the maker's price. The house fills while its price is strictly
    better than the next level's; at equal prices the book wins. Own resting orders are cancelled, not traded with.
    """
    result = Sweep(book)
    house = state.house
    curve = house.quantities() if house else []
    left = quantity
    for price, level in state.books[book].side(not is_bid).within(limit):
        if house:
            left -= _fill_from_house(house, curve, result, book, is_bid, left, price)
        if not left:
            break
        for order in level.values():
            if order.account == account:
                result.own.append(order)
                continue
            taken = min(left, order.remaining)
            result.fills.append(Fill(order, taken, price, price * taken))
            left -= taken
            if not left:
                break
        if not left:
            break
    if house and left:
        left -= _fill_from_house(house, curve, result, book, is_bid, left, limit)
    result.filled = quantity - left
    return result


def _fill_from_house(
    house: House, curve: list[float], result: Sweep, book: int, is_bid: bool, left: int, bound: int
) -> int:
    """Add the house's fill up to the price `bound` (units) and move the curve. Returns the contracts filled."""
    target = min(bound, lmsr.CEILING_UNITS) if is_bid else max(bound, lmsr.FLOOR_UNITS)
    distance = lmsr.contracts_to_price(curve, house.b, book, target / SET_UNITS)
    taken = min(left, int(distance if is_bid else -distance))
    while taken > 0:
        if is_bid:
            value = lmsr.buy_cost_units(curve, house.b, book, taken)
            acceptable = value <= bound * taken
        else:
            value = lmsr.sell_proceeds_units(curve, house.b, book, taken)
            acceptable = value >= bound * taken
        if acceptable:
            break
        taken -= 1  # rounding to units can spoil the last contract; the curve is convex, so fewer are always cheaper
    if taken <= 0:
        return 0
    average = max(MIN_PRICE, min(MAX_PRICE, (2 * value + taken) // (2 * taken)))
    result.fills.append(Fill(None, taken, average, value))
    curve[book] += taken if is_bid else -taken
    return taken


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
