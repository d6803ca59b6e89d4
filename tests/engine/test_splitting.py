"""Splitting a new outcome off from one that stands for all the rest."""

import pytest

from markets.engine.errors import OutcomeNotSplittable
from tests.engine.desk import ALICE, BOB, HOUSE, SUBSIDY, Desk, bids, fills


def test_holders_get_as_many_of_the_new_outcome_and_other_orders_stay() -> None:
    desk = Desk(outcomes=3)
    desk.buy(ALICE, 3_000, 10, outcome=2)
    desk.sell(BOB, 3_000, 10, outcome=2)
    desk.buy(ALICE, 1_000, 5, outcome=2)  # rests on Other: cancelled
    desk.buy(BOB, 2_000, 4, outcome=0)  # rests elsewhere: stays
    desk.split(2, 5_000)
    assert desk.free(ALICE) == [0, 0, 10, 10]
    assert desk.free(BOB) == [10, 10, 0, 0]
    assert bids(desk, 2) == []
    assert bids(desk, 0) == [(2_000, 4)]
    assert desk.reserved[ALICE] == 0


def test_the_new_outcome_trades_and_a_set_has_one_more_contract() -> None:
    desk = Desk(outcomes=3)
    desk.split(2, 4_000)
    desk.sell(BOB, 2_000, 5, outcome=3)
    assert fills(desk.buy(ALICE, 2_500, 5, outcome=3)) == [(BOB, 2_000, 5)]
    assert desk.free(BOB) == [5, 5, 5, 0]
    desk.buy(BOB, 2_000, 5, outcome=3)
    desk.sell(ALICE, 2_000, 5, outcome=3)
    assert desk.state.sets == 0


def test_two_outcomes_share_a_book_that_cannot_become_three() -> None:
    desk = Desk(outcomes=2)
    assert not desk.attempt(lambda: desk.split(1, 5_000), OutcomeNotSplittable)


def test_the_house_needs_no_more_than_the_finer_priors_worst_loss() -> None:
    desk = Desk(outcomes=3, liquidity=50)
    desk.buy(ALICE, 9_000, 60, outcome=2)
    before = [desk.state.house_price(i) or 0 for i in range(3)]
    desk.split(2, 2_500)
    after = [desk.state.house_price(i) or 0 for i in range(4)]
    assert after[:2] == pytest.approx(before[:2])
    assert after[2] + after[3] == pytest.approx(before[2])
    assert after[3] / before[2] == pytest.approx(0.25, abs=1e-3)
    assert desk.deposits[SUBSIDY] > 0
    assert desk.cash[HOUSE] > 0


def test_a_closed_market_is_not_split() -> None:
    desk = Desk(outcomes=3)
    desk.close()
    assert not desk.attempt(lambda: desk.split(2, 5_000), OutcomeNotSplittable)
