"""Events beyond orders and settlements: bonds, voided markets, corrections, outcomes split off, and what is nobody's cash."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from markets.analytics.traders.average_cost import Stake
from markets.analytics.traders.fold import Result
from markets.analytics.traders.forecast import MILLION, Forecast
from markets.analytics.traders.projection import TRADER_FIGURES
from markets.engine.units import SET_UNITS
from tests.api_markets.venue import Venue
from tests.engine.desk import ESCROW, HOUSE, SUBSIDY, TRADERS
from tests.traders.course import MARKET, Trading
from tests.traders.feed import events, kept, refigure

BONDS = 77
ANN, BOB = TRADERS[:2]


def held(outcomes: int = 2, *, settled: bool = False) -> Trading:
    """Ann holds 10 of the first outcome at 40%, Bob the other side; a house stands beside where there are three outcomes."""
    trading = Trading(Random(1), outcomes, {"balance": 1_000_000, "liquidity": 50 if outcomes > 2 else 0})
    if outcomes > 2:
        trading.desk.order(ANN, "buy", 0, 9_000, 10, time_in_force="ioc")
    else:
        trading.desk.order(BOB, "sell", 0, 4_000, 10)
        trading.desk.order(ANN, "buy", 0, 4_000, 10)
    if settled:
        trading.desk.close()
        trading.desk.settle([SET_UNITS, *[0] * (outcomes - 1)])
    trading.follow()
    return trading


def happens(trading: Trading, type: str, cash: list[list[int]], **data: Any) -> None:
    at = trading.desk.happened[-1].at
    trading.fold.apply(MARKET, type, {**data, "cash": [[account, units, 0] for account, units in cash]}, at)


def result_of(trading: Trading, account: int) -> Result:
    return trading.fold.results[account, MARKET]


def test_a_bond_is_an_expense_until_it_is_given_back() -> None:
    trading = held()
    before = result_of(trading, ANN).stake.realised_units
    # As many units as a set pays, so that it could be taken for a merged one.
    happens(trading, "ResolutionDisputed", [[ANN, -SET_UNITS], [BONDS, SET_UNITS]])
    assert result_of(trading, ANN).stake.realised_units == before - SET_UNITS
    happens(trading, "ResolutionUpheld", [[ANN, SET_UNITS], [BONDS, -SET_UNITS]])
    stake = result_of(trading, ANN).stake
    assert (stake.realised_units, stake.contracts) == (before, [10, 0])
    assert (BONDS, MARKET) not in trading.fold.results


def test_a_void_market_pays_and_scores_nobody() -> None:
    trading = held()
    trading.desk.close()
    trading.follow()
    payouts = [[ANN, 45_000], [BOB, 55_000]]
    cash = [[ESCROW, -100_000], *payouts]
    happens(trading, "MarketVoided", cash, payouts=payouts, payout_units=[4_500, 5_500])
    ann, bob = result_of(trading, ANN), result_of(trading, BOB)
    assert (ann.stake.realised_units, bob.stake.realised_units) == (5_000, -5_000)
    assert ann.stake.contracts == bob.stake.contracts == [0, 0]
    assert ann.settled_at is not None
    assert ann.forecast.weight_ms > 0
    assert ann.brier_millionths is ann.log_micronats is None


def test_a_correction_moves_profit_and_scores_anew() -> None:
    trading = held(settled=True)
    ann, bob = result_of(trading, ANN), result_of(trading, BOB)
    scores = ann.brier_millionths, bob.brier_millionths
    assert (ann.stake.realised_units, bob.stake.realised_units) == (60_000, -60_000)
    changes = [[ANN, -100_000], [BOB, 100_000]]
    happens(trading, "ResolutionCorrected", changes, changes=changes, payout_units=[0, SET_UNITS])
    assert (ann.stake.realised_units, bob.stake.realised_units) == (-40_000, 40_000)
    assert ann.brier_millionths != scores[0]
    assert bob.brier_millionths != scores[1]
    assert (ann.brier_millionths, bob.brier_millionths) == tuple(
        each.forecast.brier_millionths([0, SET_UNITS]) for each in (ann, bob)
    )


def split(trading: Trading, **changes: Any) -> None:
    prices = trading.fold.courses[MARKET].price_units
    shared = [*prices[:2], prices[2] - 1_000, 1_000]
    data = {"outcome": 2, "prices": shared, "prior_units": [3_333, 3_333, 2_334, 1_000], "orders": []}
    happens(trading, "OutcomeSplit", [[SUBSIDY, -123], [HOUSE, 123]], **data, **changes)


def test_an_outcome_split_off_takes_contracts_and_a_share_of_the_cost_with_it() -> None:
    trading = held(outcomes=3)
    trading.desk.order(BOB, "sell", 0, 100, 6, time_in_force="ioc")
    trading.follow()
    bob, house = result_of(trading, BOB), result_of(trading, HOUSE)
    prices = trading.fold.courses[MARKET].price_units
    basis, profit = list(bob.stake.basis_units), bob.stake.unrealised_units(prices)
    cash = house.stake.cash_units
    split(trading, subsidy_units=123, subsidy_account=SUBSIDY)
    assert bob.stake.contracts == [0, 6, 6, 6]
    assert bob.stake.basis_units[:2] == basis[:2]
    assert sum(bob.stake.basis_units) == sum(basis)
    assert abs(bob.stake.basis_units[3] - basis[2] * 1_000 // prices[2]) <= 1
    assert bob.stake.unrealised_units(trading.fold.courses[MARKET].price_units) == profit
    assert house.stake.cash_units == cash
    assert len(house.stake.contracts) == len(trading.fold.courses[MARKET].sold) == 4
    assert len(bob.forecast.sums) in (0, 4)
    assert sum(bob.forecast.chances) == MILLION


def test_what_was_expected_of_an_outcome_is_shared_with_the_one_split_off() -> None:
    whole, parted = Forecast(), Forecast()
    whole.stand([200_000, 300_000, 500_000], 0)
    parted.stand([200_000, 300_000, 500_000], 0)
    whole.end(1_000)
    parted.end(1_000)
    parted.split(2, 3_000, 1_000)
    finer = Forecast()
    finer.stand([200_000, 300_000, 375_000, 125_000], 0)
    finer.end(1_000)
    assert parted.mean_chances() == finer.mean_chances()
    for payout in ([SET_UNITS, 0, 0, 0], [0, 0, 0, SET_UNITS], [0, 0, 5_000, 5_000]):
        assert parted.brier_millionths(payout) == finer.brier_millionths(payout)
        assert parted.log_micronats(payout) == pytest.approx(finer.log_micronats(payout), abs=2)
    assert parted.brier_millionths([SET_UNITS, 0, 0, 0]) < whole.brier_millionths([SET_UNITS, 0, 0])


def test_splitting_costs_nothing_and_gains_nothing() -> None:
    stake = Stake([5, 5, 0], [7_001, 3_000, 0], cash_units=-10_001)
    stake.split(0, 2_500, 500)
    assert stake == Stake([5, 5, 0, 5], [5_835, 3_000, 0, 1_166], cash_units=-10_001)


@pytest.mark.django_db
def test_what_a_note_says_of_cash_is_nobodys_cash() -> None:
    venue = Venue()
    ann, bob = venue.trader(), venue.trader()
    market = venue.market()
    bob.order(market, side="sell", price=4_000, quantity=10)
    ann.order(market, price=4_000, quantity=10)
    refigure()
    before, sample = kept(), events()[-1]
    note = replace(sample, type="custom.Said", stream="note-x-y", data={"cash": "much", "payouts": 1})
    TRADER_FIGURES.handler([note, replace(note, stream="market-of-my-own")])
    assert kept() == before
