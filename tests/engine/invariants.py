"""The engine's invariants of the exchange rules, checked on a desk after any command. Numbers are those of the rules."""

from fractions import Fraction
from math import ceil

from markets.engine import lmsr
from markets.engine.orders import Order
from markets.engine.units import SET_UNITS
from tests.engine.desk import ESCROW, FEES, HOUSE, SUBSIDY, Desk, EventData

INTERNAL = (ESCROW, FEES, HOUSE, SUBSIDY)


def check(desk: Desk, mark_units: list[int]) -> None:
    """Assert every invariant that a state and its ledger can show. `mark_units` sums to a set."""
    _contracts_and_escrow_agree(desk)
    _cash_is_conserved(desk)
    _reserves_are_those_of_the_open_orders(desk)
    _complete_sets_are_merged(desk)
    _books_are_not_crossed(desk)
    _orders_add_up(desk)
    _profit_and_loss_sums_to_minus_the_fees(desk, mark_units)
    _curve_is_sound(desk)


def _contracts_and_escrow_agree(desk: Desk) -> None:
    """Invariants 3 and 4."""
    state = desk.state
    totals = [0] * state.opened_rules().outcomes
    for holding in state.holdings.values():
        assert min(holding.free) >= 0
        assert min(holding.reserved) >= 0
        for outcome, (free, reserved) in enumerate(zip(holding.free, holding.reserved, strict=True)):
            totals[outcome] += free + reserved
    assert set(totals) == {state.sets}
    assert desk.cash[ESCROW] == state.sets * SET_UNITS


def _cash_is_conserved(desk: Desk) -> None:
    """Invariants 3 and 5; and each event by itself moves cash without making any."""
    assert sum(desk.cash.values()) == sum(desk.deposits.values())
    assert sum(delta for _, delta, _ in desk.last_effects.as_data()) == 0
    for account in desk.cash:
        assert desk.reserved[account] >= 0
        assert desk.available(account) >= 0, account


def _reserves_are_those_of_the_open_orders(desk: Desk) -> None:
    """Invariant 2, for cash and for contracts."""
    state = desk.state
    outcomes = state.opened_rules().outcomes
    cash = dict.fromkeys(desk.cash, 0)
    contracts = {account: [0] * outcomes for account in state.holdings}
    for order in state.orders.values():
        assert order.remaining > 0
        cash[order.account] += order.reserved
        delivered = [order.book] if not order.is_bid else [i for i in range(outcomes) if i != order.book]
        for outcome in delivered if order.stock else []:
            contracts[order.account][outcome] += order.stock
        in_cash = order.cash_price * (order.remaining - order.stock)
        assert in_cash <= order.reserved <= in_cash + max(0, _total_maker_fee(desk, order, order.rested))
    assert cash == desk.reserved
    assert contracts == {account: holding.reserved for account, holding in state.holdings.items()}


def _total_maker_fee(desk: Desk, order: Order, contracts: int) -> int:
    rate = Fraction(desk.state.opened_rules().maker_fee_bps, 10_000)
    return ceil(rate * order.price * (SET_UNITS - order.price) * contracts / SET_UNITS)


def _complete_sets_are_merged(desk: Desk) -> None:
    """Invariant 6: no free complete set beyond those its holder minted to keep."""
    for account, holding in desk.state.holdings.items():
        assert min(holding.free) == holding.kept <= desk.minted[account]


def _books_are_not_crossed(desk: Desk) -> None:
    """Invariant 7."""
    for book in desk.state.books:
        bid, offer = book.bids.best(), book.offers.best()
        assert bid is None or offer is None or bid < offer


def _orders_add_up(desk: Desk) -> None:
    """Invariant 9, for every order there ever was; one that is done has nothing reserved."""
    for order in desk.orders.values():
        assert order.filled + order.remaining + order.cancelled == order.quantity
        assert min(order.filled, order.remaining, order.cancelled) >= 0
        assert (order.id in desk.state.orders) == (order.remaining > 0)
        assert order.remaining or (order.reserved == 0 and order.stock == 0)


def _profit_and_loss_sums_to_minus_the_fees(desk: Desk, mark_units: list[int]) -> None:
    """Invariant 11. The subsidy's stake counts as the house's deposit."""
    profit = 0
    for account, cash in desk.cash.items():
        if account in (ESCROW, FEES):
            continue
        profit += cash - desk.deposits.get(account, 0)
        if holding := desk.state.holdings.get(account):
            owned = zip(holding.free, holding.reserved, mark_units, strict=True)
            profit += sum((free + reserved) * mark for free, reserved, mark in owned)
    assert profit == -desk.cash[FEES]


def _curve_is_sound(desk: Desk) -> None:
    """Invariant 12. Its cash not being negative, the house cannot lose more than its subsidy."""
    if house := desk.state.house:
        prices = lmsr.prices(house.quantities(), house.b)
        assert abs(sum(prices) - 1) < 1e-12
        assert desk.cash[HOUSE] >= 0


def check_priority(desk: Desk, data: EventData) -> None:
    """Invariants 7 and 8, of a decision not yet applied: the makers are the head of the queue, at their own prices."""
    order = data["order"]
    mirrored = desk.state.opened_rules().outcomes == 2 and order["outcome"] == 1
    is_bid = (order["side"] == "buy") != mirrored
    limit = SET_UNITS - order["price"] if mirrored else order["price"]
    book = desk.state.books[0 if mirrored else order["outcome"]]
    queue = [resting for _, level in book.side(not is_bid).within(limit) for resting in level.values()]
    counterparties = [resting for resting in queue if resting.account != order["account"]]
    matched = [fill for fill in data["fills"] if fill["maker_order"] is not None]

    assert [fill["maker_order"] for fill in matched] == [resting.id for resting in counterparties[: len(matched)]]
    for place, (fill, resting) in enumerate(zip(matched, counterparties, strict=False)):
        assert fill["price"] == resting.price
        assert fill["value"] == resting.price * fill["quantity"]
        assert fill["quantity"] == resting.remaining or (
            place == len(matched) - 1 and fill["quantity"] < resting.remaining
        )
    for fill in data["fills"]:
        assert fill["maker_account"] != order["account"]
        assert fill["value"] <= limit * fill["quantity"] if is_bid else fill["value"] >= limit * fill["quantity"]
    _check_time_in_force(data, mirrored)


def _check_time_in_force(data: EventData, mirrored: bool) -> None:
    """Invariant 9."""
    order = data["order"]
    filled = sum(fill["quantity"] for fill in data["fills"])
    assert filled + data["rest"] + data["cancelled"] == order["quantity"]
    if order["time_in_force"] == "fok":
        assert filled == order["quantity"]
    if order["time_in_force"] in ("ioc", "fok"):
        assert data["rest"] == 0
    if order["post_only"]:
        assert filled == 0
    if order.get("reduce_only"):
        assert all(fill["taker_stock"] == fill["quantity"] for fill in data["fills"])
        assert data["rest_stock"] == data["rest"]
    if "budget" in order:
        assert spent_units(data, mirrored) <= order["budget"]


def spent_units(data: EventData, mirrored: bool) -> int:
    """What an order's contracts cost at their trade prices, in its own outcome's terms, and the fees on them."""
    values = [SET_UNITS * fill["quantity"] - fill["value"] if mirrored else fill["value"] for fill in data["fills"]]
    return sum(values) + sum(fill["taker_fee"] for fill in data["fills"])


def check_fees(desk: Desk, data: EventData) -> None:
    """Many small fills cost what one large one does: the sum is the rounded-up fee of the exact total."""
    rules = desk.state.opened_rules()
    weight = sum(
        ceil(Fraction(fill["value"] * (SET_UNITS * fill["quantity"] - fill["value"]), fill["quantity"]))
        for fill in data["fills"]
    )
    charged = sum(fill["taker_fee"] for fill in data["fills"])
    assert charged == ceil(Fraction(rules.taker_fee_bps * weight, SET_UNITS * 10_000))


def check_maker_fees(desk: Desk) -> None:
    """Each resting order has paid exactly the rounded-up fee of what was filled while it rested; an amended one rests anew."""
    placed_anew = {data["order"]["id"] for type, data, _ in desk.events if type == "OrderAmended"}
    paid: dict[str, int] = {}
    filled: dict[str, int] = {}
    for _, data, _ in desk.events:
        for fill in data.get("fills", ()):
            if (maker := fill["maker_order"]) is not None:
                paid[maker] = paid.get(maker, 0) + fill["maker_fee"]
                filled[maker] = filled.get(maker, 0) + fill["quantity"]
    for order_id in paid.keys() - placed_anew:
        assert paid[order_id] == _total_maker_fee(desk, desk.orders[order_id], filled[order_id])
