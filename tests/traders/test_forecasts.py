"""Forecasts implied by positions and their scores, against the formulas written out in fractions."""

import math
from datetime import timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.analytics.traders.forecast import LEAST_CHANCE, MILLION, Forecast, implied
from markets.engine.units import SET_UNITS
from tests.engine.desk import TRADERS
from tests.traders.course import MARKET, START, Trading
from tests.traders.test_average_cost import marks_in

vectors = st.integers(2, 5).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(1, 9_999), min_size=n, max_size=n),
        st.lists(st.integers(0, 500), min_size=n, max_size=n),
        st.integers(0, 10_000_000),
    )
)


@given(vectors)
def test_chances_are_prices_weighted_by_wealth_in_each_outcome(drawn: tuple) -> None:
    prices, contracts, cash = drawn
    chances = implied(prices, contracts, cash)
    assert sum(chances) == MILLION
    weights = [price * (cash + SET_UNITS * held) for price, held in zip(prices, contracts, strict=True)]
    for chance, weight in zip(chances, weights, strict=True):
        if sum(weights):
            assert abs(chance - Fraction(MILLION * weight, sum(weights))) < len(prices)


def test_whoever_holds_nothing_agrees_with_the_market_and_whoever_holds_more_believes_more() -> None:
    assert implied([3_000, 7_000], [0, 0], 5_000) == [300_000, 700_000]
    beliefs = [implied([3_000, 7_000], [held, 0], 1_000_000)[0] for held in (0, 10, 50, 400)]
    assert beliefs == sorted(set(beliefs))
    assert implied([3_000, 7_000], [1, 0], 0) == [MILLION, 0]


def test_a_kelly_bettors_belief_is_found_again() -> None:
    """A bettor of belief b puts the share f = (b - p) / (1 - p) of the wealth W on an outcome at price p (Kelly 1956)."""
    wealth, price, belief = 100_000_000, 4_000, Fraction(55, 100)
    share = (belief - Fraction(price, SET_UNITS)) / (1 - Fraction(price, SET_UNITS))
    contracts = int(share * wealth / price)
    cash = wealth - contracts * price
    assert abs(implied([price, SET_UNITS - price], [contracts, 0], cash)[0] - belief * MILLION) < 10


standings = st.lists(
    st.tuples(st.integers(1, 10**9), st.lists(st.integers(0, 50), min_size=3, max_size=3).filter(any)),
    min_size=1,
    max_size=6,
)


@given(standings, st.integers(0, 10**9))
def test_scores_are_the_formulas_averaged_over_time(stood: list, seed: int) -> None:
    forecast, now = Forecast(), 1_000
    expected: list[tuple[int, list[int]]] = []
    for duration, weights in stood:
        chances = [weight * MILLION // sum(weights) for weight in weights]
        forecast.stand(chances, now)
        expected.append((duration, chances))
        now += duration
    forecast.end(now)
    payout = marks_in(Random(seed), 3)
    truth = [Fraction(units, SET_UNITS) for units in payout]
    whole = sum(duration for duration, _ in expected)
    brier = sum(
        duration * sum((Fraction(chance, MILLION) - y) ** 2 for chance, y in zip(chances, truth, strict=True))
        for duration, chances in expected
    )
    log = sum(
        duration * float(y) * math.log(max(chance, LEAST_CHANCE) / MILLION)
        for duration, chances in expected
        for chance, y in zip(chances, truth, strict=True)
    )
    assert abs(forecast.brier_millionths(payout) - brier / whole * MILLION) <= Fraction(1, 2)
    assert forecast.log_micronats(payout) == pytest.approx(log / whole * MILLION, abs=2)
    assert sum(forecast.mean_chances()) == pytest.approx(MILLION, abs=6)


def test_what_stood_for_no_time_has_no_score() -> None:
    forecast = Forecast()
    forecast.stand([MILLION, 0], 5)
    forecast.end(5)
    assert forecast.brier_millionths([SET_UNITS, 0]) is None
    assert forecast.log_micronats([SET_UNITS, 0]) is None
    assert forecast.mean_chances() == []


def test_a_forecast_stands_while_something_is_held_until_trading_closes() -> None:
    """Bought at minute 14, doubled at 28, closed at 49; settled later, which no longer counts."""
    trading = Trading(Random(1), 2, {"balance": 1_000_000})
    desk, (maker, taker) = trading.desk, TRADERS[:2]
    told = []
    for quantity in (20, 40):
        desk.order(maker, "sell", 0, 4_000, quantity)
        desk.order(taker, "buy", 0, 4_000, quantity)
        trading.follow()
        told.append((desk.happened[-1].at, implied([4_000, 6_000], desk.free(taker), desk.cash[taker])))
    desk.cancel_all()
    desk.close()
    closed_at = desk.happened[-1].at
    desk.settle([SET_UNITS, 0])
    trading.follow()
    result = trading.fold.results[taker, MARKET]
    spans = zip(told, [*(at for at, _ in told[1:]), closed_at], strict=True)
    weighed = [((until - at) // timedelta(milliseconds=1), chances) for (at, chances), until in spans]
    assert weighed[0][1][0] < weighed[1][1][0]
    errors = sum(
        weight * ((Fraction(chances[0], MILLION) - 1) ** 2 + Fraction(chances[1], MILLION) ** 2)
        for weight, chances in weighed
    )
    assert result.forecast.weight_ms == sum(weight for weight, _ in weighed)
    assert abs(result.brier_millionths - errors / result.forecast.weight_ms * MILLION) <= Fraction(1, 2)
    assert result.first_at > START


def test_both_sides_of_a_trade_are_scored_apart() -> None:
    trading = Trading(Random(1), 2, {"balance": 1_000_000})
    desk, (maker, taker) = trading.desk, TRADERS[:2]
    desk.order(maker, "sell", 0, 5_000, 60)
    desk.order(taker, "buy", 0, 5_000, 60)
    desk.close()
    desk.settle([SET_UNITS, 0])
    trading.follow()
    right, wrong = (trading.fold.results[account, MARKET] for account in (taker, maker))
    assert right.brier_millionths < 500_000 < wrong.brier_millionths
    assert right.log_micronats > round(math.log(0.5) * MILLION) > wrong.log_micronats
