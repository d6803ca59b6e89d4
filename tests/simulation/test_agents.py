"""Simulated traders: what each behaviour does with what it sees."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.engine.units import MAX_PRICE, MIN_PRICE
from markets.simulation.agents import STAKE, Decision, View, decide
from markets.simulation.tenants import Behaviour
from markets.simulation.truth import drifted, truth, winner
from opinion_market.kernel.ids import uuid7

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def view(
    prices: list[int],
    *,
    truth: list[float] | None = None,
    earlier: list[int] | None = None,
    held: list[int] | None = None,
) -> View:
    outcomes = len(prices)
    return View(
        prices=prices,
        earlier=earlier or prices,
        truth=truth or [1 / outcomes] * outcomes,
        held=held or [0] * outcomes,
        available=100_000_000,
        now=NOON,
    )


def ask(behaviour: Behaviour, seen: View, *, seed: int = 1) -> Decision:
    return decide(behaviour, seen, Random(seed))


views = st.integers(2, 6).flatmap(
    lambda outcomes: st.builds(
        View,
        prices=st.lists(st.integers(MIN_PRICE, MAX_PRICE), min_size=outcomes, max_size=outcomes),
        earlier=st.lists(st.integers(MIN_PRICE, MAX_PRICE), min_size=outcomes, max_size=outcomes),
        truth=st.lists(st.floats(0.01, 0.99), min_size=outcomes, max_size=outcomes),
        held=st.lists(st.integers(0, 10_000), min_size=outcomes, max_size=outcomes),
        available=st.integers(0, 10**12),
        now=st.just(NOON),
    )
)


@given(views, st.sampled_from(list(Behaviour)), st.integers(0, 10_000))
def test_whatever_a_trader_sees_its_orders_are_well_formed_and_small(
    seen: View, behaviour: Behaviour, seed: int
) -> None:
    for order in ask(behaviour, seen, seed=seed).orders:
        assert order.price is not None
        assert MIN_PRICE <= order.price <= MAX_PRICE
        assert order.outcome in range(len(seen.prices))
        cost = order.price if order.side == "buy" else 10_000 - order.price
        assert order.quantity == 1 or order.quantity * cost <= STAKE * seen.available


@given(views, st.sampled_from(list(Behaviour)), st.integers(0, 10_000))
def test_the_same_chance_gives_the_same_decision(seen: View, behaviour: Behaviour, seed: int) -> None:
    assert ask(behaviour, seen, seed=seed) == ask(behaviour, seen, seed=seed)


@pytest.mark.parametrize(("price", "side"), [(3_000, "buy"), (7_000, "sell")])
def test_the_informed_push_the_price_towards_the_truth_and_never_past_it(price: int, side: str) -> None:
    (order,) = ask(Behaviour.INFORMED, view([price, 10_000 - price], truth=[0.5, 0.5])).orders
    bought_first = (order.side == "buy") == (order.outcome == 0)
    assert bought_first == (side == "buy")
    assert order.price is not None
    assert (order.price < 5_000) == (order.side == "buy")


def test_the_informed_leave_a_right_price_alone() -> None:
    assert ask(Behaviour.INFORMED, view([5_050, 4_950], truth=[0.5, 0.5])).orders == []


def test_momentum_follows_what_moved_most() -> None:
    (order,) = ask(Behaviour.MOMENTUM, view([3_000, 5_000, 2_000], earlier=[3_100, 4_000, 2_900])).orders
    assert (order.outcome, order.side) == (1, "buy")
    assert ask(Behaviour.MOMENTUM, view([5_000, 5_000])).orders == []


def test_a_maker_quotes_both_sides_of_every_book_around_the_price() -> None:
    decision = ask(Behaviour.MAKER, view([3_000, 4_000, 3_000]))
    assert decision.replaces
    for outcome, price in enumerate([3_000, 4_000, 3_000]):
        bid, offer = sorted(
            (order for order in decision.orders if order.outcome == outcome), key=lambda each: each.side
        )
        assert bid.price is not None
        assert offer.price is not None
        assert bid.price < price < offer.price
        assert bid.expires_at == offer.expires_at


def test_a_maker_leans_against_what_it_holds() -> None:
    flat, long = view([5_000, 5_000]), view([5_000, 5_000], held=[50, 0])
    for before, after in zip(ask(Behaviour.MAKER, flat).orders, ask(Behaviour.MAKER, long).orders, strict=True):
        assert before.price is not None
        assert after.price is not None
        assert after.price < before.price


@given(st.integers(2, 8), st.integers(0, 1_000))
def test_the_truth_is_a_distribution_that_stays_one_as_news_arrives(outcomes: int, seed: int) -> None:
    market = uuid7()
    known = truth(market, outcomes, seed=seed)
    assert known == truth(market, outcomes, seed=seed)
    assert sum(known) == pytest.approx(1)
    assert min(known) >= 0.03
    assert sum(drifted(known, step=0.1, rng=Random(seed))) == pytest.approx(1)
    assert winner(market, outcomes, seed=seed) in range(outcomes)
