"""How large a position could become: the formula against every combination of fills, and the limit in a busy market."""

from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.engine.exposure import Exposure, exposure_of
from markets.engine.orders import NewOrder
from markets.engine.units import SET_UNITS
from markets.trading.limits import (
    AccountLimits,
    MarketLimits,
    OrderLimitExceeded,
    OrderTooLarge,
    PositionLimitExceeded,
    check,
    effective,
)
from opinion_market.kernel.errors import DomainError
from tests.engine.desk import ALICE, BOB, TRADERS, Desk
from tests.engine.flow import random_ask

seeds = st.integers(0, 2**32)


def position(held: list[int]) -> list[int]:
    """Contracts beyond complete sets."""
    return [count - min(held) for count in held]


def largest_after_any_fills(held: list[int], orders: list[tuple[int, bool, int]]) -> list[int]:
    """Tries every combination of fills, in whole and in part."""
    worst = position(held)
    for fills in product(*(range(quantity + 1) for _, _, quantity in orders)):
        then = list(held)
        for (book, is_bid, _), filled in zip(orders, fills, strict=True):
            then[book] += filled if is_bid else -filled
        worst = [max(pair) for pair in zip(worst, position(then), strict=True)]
    return worst


@given(
    outcomes=st.integers(2, 4),
    data=st.data(),
    orders=st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(1, 3)), max_size=5),
)
def test_the_worst_position_is_the_largest_that_any_fills_lead_to(outcomes, data, orders):
    held = data.draw(st.lists(st.integers(0, 6), min_size=outcomes, max_size=outcomes))
    own = [(0 if outcomes == 2 else book % outcomes, is_bid, quantity) for book, is_bid, quantity in orders]
    exposure = Exposure(held, [0] * outcomes, [0] * outcomes)
    for order in own:
        exposure.add(*order)
    assert exposure.worst_positions() == largest_after_any_fills(held, own)


@given(seed=seeds, outcomes=st.integers(2, 5), limit=st.integers(0, 40), most=st.integers(1, 6), house=st.booleans())
def test_whatever_happens_nobody_passes_the_limits(seed, outcomes, limit, most, house):
    rng = Random(seed)
    limits = MarketLimits(position_contracts=limit, open_orders=most, order_quantity=60)
    desk = Desk(outcomes=outcomes, liquidity=40 if house else 0, balance=50_000_000)
    for _ in range(80):
        ask = random_ask(rng, outcomes)
        try:
            if rng.random() < 0.05:
                desk.mint(ask.account, rng.randint(1, 30))
            elif rng.random() < 0.05:
                desk.cancel_all(ask.account)
            place(desk, limits, ask)
        except DomainError:
            continue
        for trader in TRADERS:
            exposure = exposure_of(desk.state, trader)
            assert max(position(exposure.held)) <= limit
            assert max(exposure.worst_positions()) <= limit
    assert all(not own or len(own) <= most + stock_orders(desk, trader) for trader, own in by_trader(desk))


def by_trader(desk: Desk) -> list[tuple[int, list[object]]]:
    return [(trader, list(desk.state.orders_of(trader))) for trader in TRADERS]


def stock_orders(desk: Desk, trader: int) -> int:
    """Orders that deliver contracts held: they may lower risk, and then none is one too many."""
    return sum(order.rested_stock > 0 for order in desk.state.orders_of(trader))


def place(desk: Desk, limits: MarketLimits, ask) -> None:
    """Place an order if the limits admit it."""
    desk.expire()
    order = NewOrder(
        f"o{len(desk.orders) + 1}", ask.account, ask.outcome, ask.buys, ask.price, ask.size,
        **ask.terms_at(desk.now_us),
    )  # fmt: skip
    terms = ask.terms_at(desk.now_us)
    data = desk.decision(ask.account, ask.side, ask.outcome, ask.price, ask.size, **terms)
    check(desk.state, order, limits, data)
    desk.commit("OrderPlaced", data)


NOTHING_ALLOWED = MarketLimits(position_contracts=0, open_orders=0, order_quantity=0, order_value_units=0)


@given(held=st.integers(1, 50), quantity=st.integers(1, 80), price=st.integers(1, 9_999), sells_yes=st.booleans())
def test_one_may_always_get_out_of_a_position_and_never_beyond(held, quantity, price, sells_yes):
    desk = Desk(balance=50_000_000)
    desk.sell(BOB, 5_000, held)
    desk.buy(ALICE, 5_000, held)
    order = (
        NewOrder("way out", ALICE, 0, False, price, quantity)
        if sells_yes
        else NewOrder("way out", ALICE, 1, True, price, quantity)
    )
    if quantity <= held:
        check(desk.state, order, NOTHING_ALLOWED)
    else:
        with pytest.raises(OrderTooLarge):
            check(desk.state, order, NOTHING_ALLOWED)


def test_out_of_kept_sets_one_sells_into_a_position():
    desk = Desk()
    desk.mint(ALICE, 10)
    order = NewOrder("short", ALICE, 0, False, 5_000, 10)
    with pytest.raises(PositionLimitExceeded) as refused:
        check(desk.state, order, MarketLimits(position_contracts=9))
    assert refused.value.data == {"outcome": 1, "position": 10, "before": 0, "limit": 9}


def test_an_order_counts_with_what_it_would_do_not_with_what_it_asks_for():
    desk = Desk()
    desk.sell(BOB, 6_000, 5)
    order = NewOrder("much", ALICE, 0, True, 9_999, 1_000, is_market=True, time_in_force="ioc")
    decided = desk.decision(ALICE, "buy", 0, 9_999, 1_000, is_market=True, time_in_force="ioc")
    check(desk.state, order, MarketLimits(5, 0, 5, 30_000), decided)
    with pytest.raises(OrderTooLarge) as refused:
        check(desk.state, order, MarketLimits(order_value_units=29_999), decided)
    assert refused.value.data == {"value_units": 30_000, "limit_units": 29_999}
    with pytest.raises(OrderTooLarge):
        check(desk.state, order, MarketLimits(order_quantity=999))


@given(quantity=st.integers(1, 30), price=st.integers(1, 9_999), outcome=st.integers(0, 1), is_buy=st.booleans())
def test_the_value_is_what_the_contracts_cost_without_stock(quantity, price, outcome, is_buy):
    cost = quantity * (price if is_buy else SET_UNITS - price)
    order = NewOrder("o", ALICE, outcome, is_buy, price, quantity)
    desk = Desk(balance=10**9)
    decided = desk.decision(ALICE, "buy" if is_buy else "sell", outcome, price, quantity)
    for decision in (None, decided):
        check(desk.state, order, MarketLimits(order_value_units=cost), decision)
        with pytest.raises(OrderTooLarge):
            check(desk.state, order, MarketLimits(order_value_units=cost - 1), decision)


def test_an_amended_order_takes_the_place_of_the_one_it_replaces():
    desk = Desk()
    desk.buy(ALICE, 4_000, 10)
    order = NewOrder("o2", ALICE, 0, True, 4_100, 10)
    limits = MarketLimits(position_contracts=10, open_orders=1)
    with pytest.raises(OrderLimitExceeded):
        check(desk.state, order, limits)
    with pytest.raises(PositionLimitExceeded):
        check(desk.state, order, MarketLimits(position_contracts=10))
    check(desk.state, order, limits, replaces="o1")


figures = st.one_of(st.none(), st.integers(0, 5))


@given(market=st.lists(figures, min_size=4, max_size=4), account=st.lists(figures, min_size=3, max_size=3))
def test_of_two_limits_the_smaller_binds(market, account):
    both = effective(MarketLimits.of(*market), AccountLimits.of(*account))

    def smaller(one, other):
        given = [each for each in (one, other) if each is not None]
        return min(given) if given else None

    expected = [smaller(market[0], account[0]), smaller(market[1], account[1]), market[2]]
    expected.append(account[2] if account[2] is not None else market[3])
    if both is None:
        assert expected == [None] * 4
    else:
        assert [both.position_contracts, both.open_orders, both.order_quantity, both.order_value_units] == expected
