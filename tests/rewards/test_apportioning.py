"""Dividing units: exact, fair, and the same whatever the order."""

from fractions import Fraction
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from markets.rewards.apportioning import apportion, hour_budget

weights = st.dictionaries(st.integers(1, 10**6), st.integers(1, 10**15), min_size=1, max_size=40)


@given(units=st.integers(0, 10**15), weights=weights)
def test_the_shares_sum_to_the_whole_and_none_is_off_by_a_unit(units, weights):
    shares = apportion(units, weights)
    assert sum(shares.values()) == units
    total = sum(weights.values())
    for key, weight in weights.items():
        assert abs(shares.get(key, 0) - Fraction(units * weight, total)) < 1


@given(units=st.integers(0, 10**9), weights=weights, seed=st.integers())
def test_the_order_of_the_weights_does_not_matter(units, weights, seed):
    shuffled = list(weights.items())
    Random(seed).shuffle(shuffled)
    assert apportion(units, dict(shuffled)) == apportion(units, weights)


@given(units=st.integers(0, 10**9), weights=weights, factor=st.integers(2, 1_000))
def test_only_the_proportions_matter(units, weights, factor):
    assert apportion(units, {key: weight * factor for key, weight in weights.items()}) == apportion(units, weights)


@given(units=st.integers(0, 10**9), weights=weights)
def test_a_larger_weight_is_never_paid_less(units, weights):
    shares = apportion(units, weights)
    ranked = sorted(weights, key=lambda key: weights[key])
    for lighter, heavier in pairwise(ranked):
        if weights[lighter] < weights[heavier]:
            assert shares.get(lighter, 0) <= shares.get(heavier, 0)


def test_nobody_is_paid_where_nobody_quoted():
    assert apportion(1_000, {}) == {}


def test_equal_weights_differ_by_a_unit_and_the_first_account_has_it():
    assert apportion(10, {3: 5, 1: 5, 2: 5}) == {1: 4, 2: 3, 3: 3}


@given(budget=st.integers(0, 10**12), hours=st.integers(1, 500))
def test_the_hours_budgets_sum_to_the_budget_and_differ_by_a_unit_at_most(budget, hours):
    parts = [hour_budget(budget, hours, hour) for hour in range(hours)]
    assert sum(parts) == budget
    assert max(parts) - min(parts) <= 1
