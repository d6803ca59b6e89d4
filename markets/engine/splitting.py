"""A new outcome is split off from one that stands for all the rest.

Whoever holds the old outcome gets as many contracts of the new one: together they pay what the old one did. The house's
curve is refined likewise. Its cost function over n outcomes equals that over n + 1 whose two parts are sold together, if the
parts' opening prices sum to the old one's, so that no other price moves and the worst loss is that of the finer prior.
"""

from typing import Any

from markets.engine import lmsr
from markets.engine.book import Book
from markets.engine.cancelling import cancel
from markets.engine.effects import Effects
from markets.engine.errors import OutcomeNotSplittable
from markets.engine.state import House, MarketState
from markets.engine.units import MIN_PRICE, SET_UNITS

EventData = dict[str, Any]
SPLITTABLE = ("open", "halted")


def split_outcome(state: MarketState, *, outcome: int, share_bps: int) -> EventData:
    """Decide the split of `outcome`: the new one, the last of all, takes `share_bps` of its price.

    The data name the orders that are cancelled first: all that rest on the outcome's book. `subsidy_units` is what the
    house's worst loss grows by. Raises OutcomeNotSplittable.
    """
    rules = state.opened_rules()
    if state.status not in SPLITTABLE:
        raise OutcomeNotSplittable(f"The market is {state.status.replace('_', ' ')}.", status=state.status)
    if rules.outcomes == 2:
        raise OutcomeNotSplittable("Two outcomes share one book, which cannot become three.", outcomes=2)
    price = state.last_prices[outcome]
    house = state.house
    prior = house.prior_units[outcome] if house else price
    if min(price, prior) < 2 * MIN_PRICE:
        raise OutcomeNotSplittable("Its price is too low to be shared.", price_units=price)
    orders = sorted(order.id for order in state.orders.values() if order.book == outcome)
    data: EventData = {
        "outcome": outcome,
        "outcomes": rules.outcomes + 1,
        "orders": orders,
        "prior_units": None,
        "subsidy_units": 0,
        "prices": _shared(state.last_prices, outcome, share_bps),
    }
    if house:
        finer = _shared(house.prior_units, outcome, share_bps)
        data["prior_units"] = finer
        before = lmsr.subsidy_units(house.b, house.prior_units)
        data["subsidy_units"] = lmsr.subsidy_units(house.b, finer) - before
    return data


def _shared(units: list[int], outcome: int, share_bps: int) -> list[int]:
    """The vector with one entry shared between itself and a new last one, both at least 1."""
    whole = units[outcome]
    new = max(MIN_PRICE, min(whole - MIN_PRICE, whole * share_bps // SET_UNITS))
    return [*units[:outcome], whole - new, *units[outcome + 1 :], new]


def outcome_split(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    """Apply a split."""
    rules = state.opened_rules()
    outcome = data["outcome"]
    for order_id in data["orders"]:
        cancel(state, state.orders[order_id], effects)
    for account, holding in state.holdings.items():
        holding.free.append(holding.free[outcome])
        # What is reserved of it now belongs to bids on other outcomes, whose baskets hold the new one too.
        holding.reserved.append(holding.reserved[outcome])
        if holding.free[outcome] or holding.reserved[outcome]:
            effects.holders.add(account)
    rules.outcomes = data["outcomes"]
    state.books.append(Book())
    state.last_prices = list(data["prices"])
    if state.house is not None:
        house = state.house
        sold = [*house.sold, house.sold[outcome]]
        prior = data["prior_units"]
        state.house = House(house.b, lmsr.start(prior, house.b), prior, sold)
        if data["subsidy_units"]:
            effects.reason = "subsidy"
            effects.move(data["subsidy_account"], -data["subsidy_units"])
            effects.move(rules.house_account, data["subsidy_units"])
