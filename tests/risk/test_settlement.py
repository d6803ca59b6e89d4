"""Worst cases and tails against enumerating every joint outcome and every pattern of fills."""

from fractions import Fraction
from itertools import product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.analytics.risk import settlement
from markets.analytics.risk.exposure import MarketExposure, OpenOrder, concentration_millionths
from markets.analytics.risk.settlement import settlement_of
from markets.engine.units import SET_UNITS

orders = st.builds(
    OpenOrder,
    outcome=st.integers(0, 1),
    is_buy=st.booleans(),
    price=st.integers(1, 9_999),
    remaining=st.integers(1, 50),
    fee_bps=st.sampled_from([0, 0, 40]),
)


@st.composite
def exposures(draw: st.DrawFn, most_orders: int = 0) -> MarketExposure:
    outcomes = draw(st.integers(2, 3))
    return MarketExposure(
        market_id="m",
        category="",
        price_units=draw(st.lists(st.integers(1, 9_999), min_size=outcomes, max_size=outcomes)),
        contracts=draw(st.lists(st.integers(0, 40), min_size=outcomes, max_size=outcomes)),
        orders=draw(st.lists(orders, max_size=most_orders)),
    )


portfolios = st.lists(exposures(), min_size=1, max_size=4)


def enumerated(portfolio: list[MarketExposure]) -> list[tuple[int, Fraction]]:
    """(value, probability) of every joint outcome, worst first."""
    joint = []
    for winners in product(*(range(len(each.contracts)) for each in portfolio)):
        value = sum(each.contracts[winner] * SET_UNITS for each, winner in zip(portfolio, winners, strict=True))
        chance = prod(
            (Fraction(each.price_units[w], sum(each.price_units)) for each, w in zip(portfolio, winners, strict=True)),
            start=Fraction(1),
        )
        joint.append((value, chance))
    return sorted(joint)


@given(portfolios)
def test_value_at_risk_and_shortfall_are_those_of_every_joint_outcome(portfolio: list[MarketExposure]) -> None:
    joint = enumerated(portfolio)
    mean = sum(value * chance for value, chance in joint)
    found = settlement_of([each.payoffs() for each in portfolio])
    assert found.draws == 0
    assert 0 <= mean - found.expected_units < len(portfolio)
    assert [tail.level for tail in found.tails] == [95, 99]
    for tail in found.tails:
        level = Fraction(tail.level, 100)
        losses = sorted((found.expected_units - value, chance) for value, chance in joint)
        reached, smallest = Fraction(0), losses[-1][0]
        for loss, chance in losses:
            reached += chance
            if reached >= level:
                smallest = loss
                break
        assert tail.value_at_risk_units == smallest
        left, shortfall = 1 - level, Fraction(0)
        for loss, chance in reversed(losses):
            taken = min(left, chance)
            shortfall += taken * loss
            left -= taken
        assert 0 <= tail.expected_shortfall_units - shortfall / (1 - level) < 1
        assert tail.expected_shortfall_units >= tail.value_at_risk_units


@given(exposures(most_orders=4))
def test_the_worst_case_is_the_worst_of_every_outcome_and_pattern_of_fills(exposure: MarketExposure) -> None:
    everything = [
        held * SET_UNITS
        + sum(order.effect_units(winner) for order, fills in zip(exposure.orders, pattern, strict=True) if fills)
        for winner, held in enumerate(exposure.contracts)
        for pattern in product([False, True], repeat=len(exposure.orders))
    ]
    assert exposure.worst_units() == min(everything)
    assert exposure.best_units() == max(everything)


@given(exposures(), st.integers(0, 100), st.data())
def test_no_split_payout_is_worse_than_the_worst_outcome(
    exposure: MarketExposure, cut: int, data: st.DataObject
) -> None:
    first = cut * 100
    vector = [first, SET_UNITS - first, *[0] * (len(exposure.contracts) - 2)]
    vector = data.draw(st.permutations(vector))
    paid = sum(held * units for held, units in zip(exposure.contracts, vector, strict=True))
    assert exposure.worst_units() <= paid <= exposure.best_units()


@given(portfolios)
def test_draws_agree_with_the_exact_distribution_within_their_confidence(portfolio: list[MarketExposure]) -> None:
    markets = [each.payoffs() for each in portfolio]
    exact = settlement_of(markets)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settlement, "MOST_SUMS", 0)
        drawn, again = settlement_of(markets), settlement_of(markets)
    assert drawn == again
    assert drawn.draws == settlement.DRAWS
    losses = sorted((exact.expected_units - value, chance) for value, chance in enumerated(portfolio))
    for tail in drawn.tails:
        assert tail.low_units <= tail.value_at_risk_units <= tail.high_units
        # Whatever the generator drew, the true distribution puts the interval's ends within five standard errors of the level.
        level, error = tail.level / 100, 5 * (tail.level / 100 * (1 - tail.level / 100) / settlement.DRAWS) ** 0.5
        assert float(sum(chance for loss, chance in losses if loss < tail.low_units)) <= level + error
        assert float(sum(chance for loss, chance in losses if loss <= tail.high_units)) >= level - error


def test_more_sums_than_can_be_kept_are_drawn() -> None:
    markets = [[(0, 5_000), (3**n * SET_UNITS, 5_000)] for n in range(20)]
    assert settlement_of(markets).draws == settlement.DRAWS
    assert settlement_of(markets[:10]).draws == 0


def test_nothing_held_is_nothing_at_risk() -> None:
    found = settlement_of([])
    assert found.expected_units == 0
    assert {(tail.value_at_risk_units, tail.expected_shortfall_units) for tail in found.tails} == {(0, 0)}


def test_a_final_market_is_certain() -> None:
    exposure = MarketExposure("m", "", [4_000, 6_000], [10, 0], payout_units=[10_000, 0])
    assert exposure.payoffs() == [(100_000, 1)]
    assert exposure.worst_units() == exposure.best_units() == exposure.expected_units() == 100_000


def test_concentration_is_one_over_the_number_of_equal_parts() -> None:
    assert concentration_millionths([7]) == 1_000_000
    assert concentration_millionths([5, 5, 5, 5]) == 250_000
    assert concentration_millionths([0, 0]) is None
