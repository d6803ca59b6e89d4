"""Stakes folded from random trading: they hold what the engine holds, and no unit of profit appears or is lost."""

from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from markets.analytics.traders.average_cost import Stake, spread
from markets.engine.units import SET_UNITS
from tests.engine.desk import ESCROW, FEES, HOUSE, ORGANIZATION, SUBSIDY, TRADERS
from tests.traders.course import MARKET, Trading

worlds = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10**9),
        "outcomes": st.integers(2, 5),
        "taker_fee_bps": st.sampled_from([0, 70, 333]),
        "maker_fee_bps": st.sampled_from([0, 50]),
        "liquidity": st.sampled_from([0, 40]),
        "balance": st.sampled_from([60_000, 5_000_000]),
    }
)


def trading_in(world: dict) -> Trading:
    options = {name: value for name, value in world.items() if name not in ("seed", "outcomes")}
    return Trading(Random(world["seed"]), world["outcomes"], options)


def marks_in(rng: Random, outcomes: int) -> list[int]:
    """A random price vector that sums to a set."""
    cuts = sorted(rng.randint(0, SET_UNITS) for _ in range(outcomes - 1))
    return [upper - lower for lower, upper in zip([0, *cuts], [*cuts, SET_UNITS], strict=True)]


def check_stakes(trading: Trading, marks: list[int]) -> None:
    desk, profit = trading.desk, 0
    for (account, market), result in trading.fold.results.items():
        assert market == MARKET
        stake, holding = result.stake, desk.state.holding(account)
        owned = [free + promised for free, promised in zip(holding.free, holding.reserved, strict=True)]
        assert stake.contracts == owned
        assert all(cost >= 0 and (held or not cost) for held, cost in zip(owned, stake.basis_units, strict=True))
        start = desk.deposits.get(account, 0) if account != HOUSE else desk.deposits[SUBSIDY]
        assert stake.cash_units == desk.cash[account] - start
        worth = stake.cash_units + sum(held * mark for held, mark in zip(owned, marks, strict=True))
        assert stake.realised_units + stake.unrealised_units(marks) == worth
        profit += worth
    assert profit == -desk.cash[FEES] - desk.cash[ORGANIZATION]
    known = {account for account, _ in trading.fold.results}
    for account in desk.state.holdings.keys() - known - {ESCROW}:
        assert not any(desk.state.holding(account).free)
    for account in TRADERS:
        assert trading.fold.balances[account] == desk.cash[account]
    course = trading.fold.courses[MARKET]
    assert course.price_units == (course.payout_units or desk.state.last_prices)


@given(worlds)
def test_stakes_hold_what_the_engine_holds_and_profit_sums_to_minus_the_fees(world: dict) -> None:
    trading = trading_in(world)
    for _ in range(60):
        trading.step()
        check_stakes(trading, marks_in(trading.rng, trading.outcomes))
    payout = marks_in(trading.rng, trading.outcomes)
    trading.desk.close()
    trading.desk.settle(payout)
    trading.follow()
    check_stakes(trading, marks_in(trading.rng, trading.outcomes))
    for result in trading.fold.results.values():
        assert result.stake.unrealised_units(payout) == 0
        assert result.settled_at is not None
    trading.desk.sweep()
    before = {key: result.stake.cash_units for key, result in trading.fold.results.items()}
    trading.follow()
    assert {key: result.stake.cash_units for key, result in trading.fold.results.items()} == before


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10_000), min_size=1, max_size=9))
def test_what_is_spread_is_neither_more_nor_less(total: int, weights: list[int]) -> None:
    parts = spread(total, weights)
    assert sum(parts) == total
    whole = sum(weights) or len(weights)
    for part, weight in zip(parts, weights if sum(weights) else [1] * len(weights), strict=True):
        assert abs(part - Fraction(total * weight, whole)) < len(weights)


def test_bought_twice_sold_once_realises_against_the_average() -> None:
    stake = Stake.empty(2)
    for quantity, price in ((10, 4_000), (30, 6_000)):
        stake.fill(0, is_buy=True, quantity=quantity, value=quantity * price, stock=0, fee=7, prices=[price, 1])
    stake.fill(0, is_buy=False, quantity=20, value=20 * 7_000, stock=20, fee=0, prices=[7_000, 3_000])
    assert stake.contracts == [20, 0]
    assert stake.basis_units == [20 * 5_500, 0]
    assert stake.realised_units == 20 * (7_000 - 5_500) - 14
    assert (stake.turnover_units, stake.invested_units, stake.fees_units) == (360_000, 220_000, 14)


def test_selling_what_one_does_not_hold_is_buying_all_others() -> None:
    short, long = Stake.empty(2), Stake.empty(2)
    short.fill(0, is_buy=False, quantity=10, value=40_000, stock=0, fee=0, prices=[4_000, 6_000])
    long.fill(1, is_buy=True, quantity=10, value=60_000, stock=0, fee=0, prices=[4_000, 6_000])
    assert short == long
    of_three = Stake.empty(3)
    of_three.fill(0, is_buy=False, quantity=10, value=40_000, stock=0, fee=0, prices=[4_000, 1_500, 4_500])
    assert of_three.basis_units == [0, 15_000, 45_000]


def test_a_side_of_the_sale_from_stock_and_short_at_once_keeps_both_parts_apart() -> None:
    stake = Stake.empty(2)
    stake.fill(0, is_buy=True, quantity=4, value=4 * 3_000, stock=0, fee=0, prices=[3_000, 7_000])
    stake.fill(0, is_buy=False, quantity=10, value=50_000, stock=4, fee=0, prices=[5_000, 5_000])
    assert stake.contracts == [0, 6]
    assert stake.basis_units == [0, 30_000]
    assert stake.realised_units == 4 * 2_000


class NaiveAccount:
    """Average cost in fractions, one contract at a time, for a market of two outcomes without minting."""

    def __init__(self) -> None:
        self.held = [0, 0]
        self.cost = [Fraction(0), Fraction(0)]
        self.realised = Fraction(0)
        self.released = 0

    def buy(self, outcome: int, price: Fraction) -> None:
        """One contract. Held against the other outcome, it completes a set, which pays out at once."""
        other = 1 - outcome
        if self.held[other]:
            average = self.cost[other] / self.held[other]
            self.cost[other] -= average
            self.held[other] -= 1
            self.realised += SET_UNITS - price - average
            self.released += 1
        else:
            self.held[outcome] += 1
            self.cost[outcome] += price


@given(st.integers(0, 10**9), st.sampled_from([0, 120]))
def test_realised_profit_is_that_of_a_naive_account_of_single_contracts(seed: int, fee_bps: int) -> None:
    """Orders that never rest, against one maker who never trades otherwise, so that nothing is promised or netted late."""
    rng = Random(seed)
    trading = Trading(rng, 2, {"taker_fee_bps": fee_bps, "balance": 10**9})
    maker, taker = TRADERS[0], TRADERS[1]
    naive, fees = NaiveAccount(), 0
    for _ in range(40):
        price, quantity, outcome = rng.randint(1, 9_999), rng.randint(1, 7), rng.randrange(2)
        trading.desk.order(maker, "buy", 1 - outcome, SET_UNITS - price, quantity)
        if rng.random() < 0.5:
            data = trading.desk.order(taker, "buy", outcome, price, quantity)
        else:
            data = trading.desk.order(taker, "sell", 1 - outcome, SET_UNITS - price, quantity)
        fees += sum(fill["taker_fee"] for fill in data["fills"])
        for _ in range(quantity):
            naive.buy(outcome, Fraction(price))
        trading.follow()
        stake = trading.fold.results[taker, MARKET].stake
        assert stake.contracts == naive.held
        # Each release rounds down by less than a unit.
        assert abs(stake.realised_units + fees - naive.realised) <= naive.released
    assert trading.fold.results[taker, MARKET].stake.fees_units == fees
