"""The house market maker: never cheaper than its curve, never drained, never in the way of a better order."""

from decimal import Decimal
from math import log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.engine import lmsr
from markets.engine.errors import InsufficientFunds
from markets.engine.state import House
from markets.engine.units import MAX_PRICE, MIN_PRICE, SET_UNITS
from tests.engine.curve_oracle import Curve
from tests.engine.desk import ALICE, BOB, HOUSE, SUBSIDY, TRADERS, Desk, EventData, equal_prices
from tests.engine.flow import random_ask
from tests.engine.invariants import check

seeds = st.integers(0, 2**32 - 1)
liquidities = st.one_of(st.integers(1, 1_000), st.integers(1, 100_000_000))
contracts = st.one_of(st.integers(1, 100), st.integers(1, 1_000_000_000))
BARELY_LESS = 1 - Decimal("1e-50")  # the oracle's own rounding


@st.composite
def houses(draw: st.DrawFn) -> House:
    """A house with any prior that has sold, or bought, up to a thousand million contracts of each outcome."""
    b = draw(liquidities)
    weights = draw(st.lists(st.integers(1, 500), min_size=2, max_size=6))
    prior = prior_of(weights)
    far = draw(st.sampled_from([0, b, 30 * b, 2_000 * b, 1_000_000_000]))
    far = min(far, 1_000_000_000)
    sold = draw(st.lists(st.integers(-far, far), min_size=len(prior), max_size=len(prior)))
    return House(b, lmsr.start(prior, b), prior, sold)


def prior_of(weights: list[int]) -> list[int]:
    """Prices in proportion to the weights, none below 1 unit; the first takes the rounding."""
    prior = [max(1, weight * SET_UNITS // sum(weights)) for weight in weights]
    return [prior[0] + SET_UNITS - sum(prior), *prior[1:]]


def exact(house: House) -> Curve:
    return Curve(house.b, house.prior_units, house.sold)


def tolerance(house: House, outcome: int, units: Decimal) -> Decimal:
    """What rounding against the trader may cost beyond one unit: parts in 10^12, more where a price is all but 0 or 1."""
    return abs(units) * (Decimal("3e-12") + Decimal("1e-14") * abs(exact(house).odds(outcome).ln()))


@given(house=houses(), outcome=st.integers(0, 5), size=contracts)
def test_a_purchase_is_rounded_up_and_by_no_more_than_a_unit(house: House, outcome: int, size: int) -> None:
    outcome %= len(house.sold)
    cost = lmsr.buy_cost_units(house.quantities(), house.b, outcome, size)
    true_cost = exact(house).cost_units(outcome, size)
    assert true_cost * BARELY_LESS <= cost <= true_cost + 1 + tolerance(house, outcome, true_cost)


@given(house=houses(), outcome=st.integers(0, 5), size=contracts)
def test_a_sale_is_rounded_down_and_by_no_more_than_a_unit(house: House, outcome: int, size: int) -> None:
    outcome %= len(house.sold)
    proceeds = lmsr.sell_proceeds_units(house.quantities(), house.b, outcome, size)
    true_proceeds = -exact(house).cost_units(outcome, -size)
    assert true_proceeds - 1 - tolerance(house, outcome, true_proceeds) <= proceeds * BARELY_LESS <= true_proceeds


@given(house=houses())
def test_prices_are_the_exact_ones_and_sum_to_one(house: House) -> None:
    prices = lmsr.prices(house.quantities(), house.b)
    assert abs(sum(prices) - 1) < 1e-12
    for outcome, price in enumerate(prices):
        assert abs(Decimal(price) * SET_UNITS - exact(house).price_units(outcome)) < Decimal("1e-4")


@given(house=houses(), outcome=st.integers(0, 5), target=st.integers(lmsr.FLOOR_UNITS, lmsr.CEILING_UNITS))
def test_the_distance_to_a_price_leads_to_that_price(house: House, outcome: int, target: int) -> None:
    outcome %= len(house.sold)
    distance = lmsr.contracts_to_price(house.quantities(), house.b, outcome, target / SET_UNITS)
    curve = exact(house)
    curve.sell(outcome, int(distance))
    after = curve.price_units(outcome)
    one_more = 1 if distance > 0 else -1
    curve.sell(outcome, one_more)
    beyond = curve.price_units(outcome)
    dust = Decimal("1e-3")
    assert min(after, beyond) - dust <= target <= max(after, beyond) + dust


@given(house=houses(), outcome=st.integers(0, 5), budget=st.integers(1, 10**12))
def test_a_budget_buys_contracts_that_cost_the_budget(house: House, outcome: int, budget: int) -> None:
    outcome %= len(house.sold)
    bought = lmsr.spend_contracts(house.quantities(), house.b, outcome, budget)
    whole = int(bought)
    assert exact(house).cost_units(outcome, whole) <= budget * (1 + Decimal("1e-9"))
    assert exact(house).cost_units(outcome, whole + 2) >= budget * (1 - Decimal("1e-9"))


@given(b=liquidities, weights=st.lists(st.integers(1, 500), min_size=2, max_size=6))
def test_the_subsidy_is_the_worst_loss_rounded_up(b: int, weights: list[int]) -> None:
    prior = prior_of(weights)
    subsidy = lmsr.subsidy_units(b, prior)
    sold_out = 200 * b  # no price is further than that from all but 1
    losses = [
        sold_out * SET_UNITS - Curve(b, prior, [0] * len(prior)).cost_units(i, sold_out) for i in range(len(prior))
    ]
    assert max(losses) <= subsidy <= max(losses) * (1 + Decimal("3e-12")) + 1


@given(b=liquidities, outcomes=st.sampled_from([2, 4, 5]))
def test_equal_prices_cost_a_subsidy_of_b_times_the_logarithm_of_the_outcomes(b: int, outcomes: int) -> None:
    assert lmsr.subsidy_units(b, equal_prices(outcomes)) == pytest.approx(
        b * log(outcomes) * SET_UNITS, rel=1e-11, abs=2
    )


@given(house=houses(), outcome=st.integers(0, 5), parts=st.lists(contracts, min_size=1, max_size=30), data=st.data())
def test_a_round_trip_never_profits_however_it_is_cut(
    house: House, outcome: int, parts: list[int], data: st.DataObject
) -> None:
    outcome %= len(house.sold)
    true_cost = exact(house).cost_units(outcome, sum(parts)) * BARELY_LESS
    at_once = lmsr.buy_cost_units(house.quantities(), house.b, outcome, sum(parts))
    in_parts = in_parts_back = 0
    for part in parts:
        in_parts += lmsr.buy_cost_units(house.quantities(), house.b, outcome, part)
        house.sold[outcome] += part
    back_at_once = lmsr.sell_proceeds_units(house.quantities(), house.b, outcome, sum(parts))
    for part in data.draw(st.permutations(parts)):
        in_parts_back += lmsr.sell_proceeds_units(house.quantities(), house.b, outcome, part)
        house.sold[outcome] -= part
    assert max(back_at_once, in_parts_back) * BARELY_LESS <= true_cost <= min(at_once, in_parts)


@given(seed=seeds, b=st.sampled_from([1, 3, 50, 2_000]), outcomes=st.integers(2, 5), commands=st.integers(1, 120))
def test_no_sequence_of_orders_drains_the_house(seed: int, b: int, outcomes: int, commands: int) -> None:
    """The adversaries buy to the ceiling, sell to the floor and know the outcome; the house keeps what it may lose."""
    rng = Random(seed)
    desk = Desk(outcomes=outcomes, liquidity=b, balance=10**12)
    for _ in range(commands):
        buys, outcome = rng.random() < 0.6, rng.randrange(outcomes)
        price = rng.choice([MAX_PRICE, 9_000, 6_000]) if buys else rng.choice([MIN_PRICE, 1_000, 4_000])
        size = rng.choice([1, b, 10 * b, 1_000_000])
        desk.order(rng.choice(TRADERS), "buy" if buys else "sell", outcome, price, size, time_in_force="ioc")
        assert desk.cash[HOUSE] >= 0
    check(desk, equal_prices(outcomes))
    payout = [0] * outcomes
    payout[rng.randrange(outcomes)] = SET_UNITS
    desk.close()
    desk.settle(payout)
    desk.sweep()
    assert desk.cash[SUBSIDY] >= 0


def test_prices_too_small_for_a_float_still_trade() -> None:
    """Trading to and fro along two outcomes drives the third's price towards 0 without end, past 10^-308."""
    desk = Desk(outcomes=3, liquidity=2, balance=10**12)
    for _ in range(200):
        desk.buy(ALICE, MAX_PRICE, 1_000, outcome=0, time_in_force="ioc")
        desk.buy(BOB, MAX_PRICE, 1_000, outcome=1, time_in_force="ioc")
    assert desk.state.house_price(2) == 0.0
    assert desk.decision(ALICE, "sell", 2, MIN_PRICE, 10, time_in_force="ioc")["fills"] == []
    cheap = desk.buy(ALICE, MAX_PRICE, 1, outcome=2, time_in_force="ioc")
    assert cheap["fills"][0]["value"] == 1
    desk.buy(ALICE, MAX_PRICE, 100_000, outcome=2, time_in_force="ioc")
    assert 0.95 < (desk.state.house_price(2) or 0.0) <= 0.99
    check(desk, equal_prices(3))


@given(seed=seeds, b=st.sampled_from([1, 20, 400, 100_000]), outcomes=st.integers(2, 4), commands=st.integers(1, 60))
def test_house_and_book_fill_in_the_order_of_their_prices(seed: int, b: int, outcomes: int, commands: int) -> None:
    rng = Random(seed)
    desk = Desk(outcomes=outcomes, liquidity=b, balance=10**9)
    for _ in range(commands):
        ask = random_ask(rng, outcomes)
        terms = {**ask.terms_at(desk.now_us), "time_in_force": rng.choice(["gtc", "ioc"])}
        terms = {"time_in_force": terms["time_in_force"]}
        desk.expire()
        try:
            data = desk.decision(ask.account, ask.side, ask.outcome, ask.price, ask.size * b, **terms)
        except InsufficientFunds:
            continue
        assert_best_price_first(desk, data)
        desk.commit("OrderPlaced", data)


def assert_best_price_first(desk: Desk, data: EventData) -> None:
    """The house fills only while strictly better than what comes next, to the last contract; the book wins ties."""
    house = desk.state.house
    assert house is not None
    order = data["order"]
    mirrored = len(house.sold) == 2 and order["outcome"] == 1
    outcome = 0 if mirrored else order["outcome"]
    sign = 1 if (order["side"] == "buy") != mirrored else -1
    limit = SET_UNITS - order["price"] if mirrored else order["price"]
    curve = exact(house)
    dust = Decimal("1e-6")
    for place, fill in enumerate(data["fills"]):
        if fill["maker_order"] is None:
            later = [f["price"] for f in data["fills"][place + 1 :] if f["maker_order"] is not None]
            bound = later[0] if later else limit
            curve.sell(outcome, sign * fill["quantity"])
            assert sign * curve.price_units(outcome) <= sign * bound + dust
            assert lmsr.FLOOR_UNITS - dust <= curve.price_units(outcome) <= lmsr.CEILING_UNITS + dust
        else:
            assert_house_is_no_better(curve, outcome, sign, fill["price"])
    if data["rest"] or data["cancelled"]:
        assert_house_is_no_better(curve, outcome, sign, limit)


def assert_house_is_no_better(curve: Curve, outcome: int, sign: int, price: int) -> None:
    """One contract more from the house would carry its price past `price`, or past where it stops trading."""
    stop = lmsr.CEILING_UNITS if sign > 0 else lmsr.FLOOR_UNITS
    curve.sell(outcome, sign)
    beyond = curve.price_units(outcome)
    curve.sell(outcome, -sign)
    dust = Decimal("1e-6")
    assert sign * beyond >= min(sign * price, sign * stop) - dust
