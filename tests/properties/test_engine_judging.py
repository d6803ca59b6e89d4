"""Random markets through disputes, reviews, voiding and corrections: the money always adds up, and everybody gets their due."""

import json
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from markets.engine import decide, judging, snapshot
from markets.engine.errors import AlreadyDisputed, InsufficientCover, InsufficientFunds, NothingHeld
from markets.engine.units import MAX_PRICE, MIN_PRICE, SET_UNITS
from opinion_market.kernel.errors import DomainError
from tests.engine.desk import ESCROW, FEES, HOUSE, ORGANIZATION, SUBSIDY, TRADERS, Desk, as_bytes
from tests.engine.flow import random_ask
from tests.properties.test_engine_market import vector_summing_to_a_set

BOND = 6
seeds = st.integers(0, 2**32 - 1)


class Court:
    """A traded and closed market, and everything that may be decided about it at random."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = Random(seed)
        outcomes = rng.randint(2, 5)
        self.desk = Desk(
            outcomes=outcomes,
            taker_fee_bps=rng.choice([0, 70, 333]),
            maker_fee_bps=rng.choice([0, 50]),
            liquidity=rng.choice([0, 7, 100]),
            prior_units=None,
            balance=rng.choice([60_000, 400_000]),
        )
        self.desk.cash[BOND] = self.desk.reserved[BOND] = 0
        self.outcomes = outcomes
        self.mark = self.vector()
        for _ in range(rng.randint(5, 40)):
            ask = random_ask(rng, outcomes)
            self.desk.expire()
            with suppress(DomainError):
                self.desk.order(
                    ask.account, ask.side, ask.outcome % outcomes, ask.price, ask.size, **ask.terms_at(self.desk.now_us)
                )
            self.check()

    def vector(self) -> list[int]:
        if self.rng.random() < 0.5:
            won = self.rng.randrange(self.outcomes)
            return [SET_UNITS * (i == won) for i in range(self.outcomes)]
        return vector_summing_to_a_set([self.rng.randint(0, 9) + (i == 0) for i in range(self.outcomes)])

    def check(self) -> None:
        """Invariants 1 to 6 and 11, with the bonds."""
        desk, state = self.desk, self.desk.state
        assert sum(delta for _, delta, _ in desk.last_effects.as_data()) == 0
        assert sum(desk.cash.values()) == sum(desk.deposits.values())
        assert all(desk.reserved[account] >= 0 and desk.available(account) >= 0 for account in desk.cash)
        assert desk.cash[BOND] == sum(units for _, units in state.bonds)
        held = {account: judging.held(state, account) for account in state.holdings}
        for outcome in range(self.outcomes):
            assert sum(contracts[outcome] for contracts in held.values()) == state.sets
        assert desk.cash[ESCROW] == state.sets * SET_UNITS
        assert all(min(holding.free) == holding.kept for holding in state.holdings.values())
        worth = sum(
            count * mark for contracts in held.values() for count, mark in zip(contracts, self.mark, strict=True)
        )
        parties = (*TRADERS, HOUSE, SUBSIDY, BOND)
        profit = worth + sum(desk.cash[each] - desk.deposits.get(each, 0) for each in parties)
        assert profit == -(desk.cash[FEES] + desk.cash[ORGANIZATION])

    def propose(self) -> None:
        self.desk.commit("ResolutionProposed", {"payout_units": self.vector()})
        self.check()

    def dispute(self, bond_units: int) -> bool:
        """Somebody disputes, if they may; every refusal is for the reason the oracle sees."""
        desk, account = self.desk, self.rng.choice(TRADERS)
        holds = any(judging.held(desk.state, account))
        again = any(disputer == account for disputer, _ in desk.state.bonds)
        before = desk.available(account)
        try:
            data = judging.dispute(desk.state, account=account, bond_units=bond_units, available=before)
        except NothingHeld:
            assert not holds
            return False
        except AlreadyDisputed:
            assert again
            return False
        except InsufficientFunds:
            assert before < bond_units
            return False
        assert holds
        assert not again
        desk.commit("ResolutionDisputed", {**data, "bond_account": BOND})
        assert desk.available(account) == before - bond_units
        self.check()
        return True

    def review(self) -> None:
        """Uphold, overturn or withdraw: bonds are lost in the first case and come back in the others."""
        desk, state = self.desk, self.desk.state
        bonds, before = dict(state.bonds), dict(desk.cash)  # type: ignore[arg-type]
        verdict = self.rng.choice(["ResolutionUpheld", "ResolutionOverturned", "ResolutionWithdrawn"])
        is_lost = verdict == "ResolutionUpheld"
        released = judging.forfeited_bonds(state, ORGANIZATION) if is_lost else judging.returned_bonds(state)
        desk.commit(verdict, {"payout_units": self.vector(), "bonds": released, "bond_account": BOND})
        self.check()
        assert state.bonds == []
        for account, units in bonds.items():
            assert desk.cash[account] - before[account] == (0 if is_lost else units)
        if verdict == "ResolutionWithdrawn":
            assert (state.status, state.payout_units) == ("closed", [])
            self.propose()

    def judge(self) -> None:
        self.desk.close()
        self.propose()
        for _ in range(self.rng.randint(0, 3)):
            bond_units = self.rng.choice([0, 1, 5_000, 300_000])
            raised = [self.dispute(bond_units) for _ in range(self.rng.randint(1, 6))]
            if any(raised):
                assert self.desk.state.status == "disputed"
                self.review()
        assert self.desk.state.status == "resolved"

    def settle(self) -> None:
        self.desk.commit("ResolutionFinalized", {})
        self.desk.commit("MarketSettled", decide.settle(self.desk.state))
        self.sweep()

    def sweep(self) -> None:
        self.desk.sweep()
        self.check()
        assert self.desk.state.sets == 0
        assert self.desk.cash[ESCROW] == self.desk.cash[FEES] == self.desk.cash[HOUSE] == self.desk.cash[BOND] == 0

    def withdraw_some(self) -> None:
        """Traders take money away, now and then nearly all of it."""
        for account in TRADERS:
            units = self.desk.available(account) * self.rng.choice([0, 0, 50, 99, 100]) // 100
            self.desk.cash[account] -= units
            self.desk.deposits[account] -= units


def worth(contracts: list[int], vector: list[int]) -> int:
    return sum(count * units for count, units in zip(contracts, vector, strict=True))


@given(seed=seeds)
def test_disputes_and_reviews_only_move_bonds_and_the_settlement_pays_the_last_resolution(seed: int) -> None:
    court = Court(seed)
    court.judge()
    desk = court.desk
    held = {account: judging.held(desk.state, account) for account in TRADERS}
    before, vector = dict(desk.cash), list(desk.state.payout_units)
    court.settle()
    for account, contracts in held.items():
        assert desk.cash[account] - before[account] == (worth(contracts, vector) if contracts else 0)
    assert as_bytes(desk.replayed()) == as_bytes(desk.state)


@given(seed=seeds)
def test_voiding_pays_the_frozen_prices_from_wherever_the_market_stands(seed: int) -> None:
    court = Court(seed)
    desk, state = court.desk, court.desk.state
    frozen = judging.frozen_prices(state.last_prices)
    stage = court.rng.choice(["halted", "closed", "judged", "disputed"])
    if stage == "halted":
        desk.commit("MarketHalted", {})
    elif stage == "closed":
        desk.close()
    else:
        court.judge()
        if stage == "disputed":
            court.dispute(court.rng.choice([0, 5_000]))
    bonds = dict(state.bonds)  # type: ignore[arg-type]
    due = {account: judging.held(state, account) for account in TRADERS}
    before = dict(desk.cash)
    desk.cancel_all()
    court.check()
    desk.commit("BondsReturned", {"bonds": judging.returned_bonds(state), "bond_account": BOND})
    desk.commit("MarketVoided", judging.void(state))
    court.sweep()
    assert (state.status, state.payout_units, state.orders) == ("voided", frozen, {})
    assert set(desk.reserved.values()) == {0}
    for account, contracts in due.items():
        paid = desk.cash[account] - before[account]
        assert paid == (worth(contracts, frozen) if contracts else 0) + bonds.get(account, 0)
    assert as_bytes(desk.replayed()) == as_bytes(state)


@given(seed=seeds)
def test_corrections_repeat_from_the_last_and_never_take_what_is_not_there(seed: int) -> None:
    court = Court(seed)
    court.judge()
    desk, state = court.desk, court.desk.state
    holdings = {account: list(holding.free) for account, holding in state.holdings.items() if any(holding.free)}
    court.settle()
    received = {a: worth(contracts, state.payout_units) for a, contracts in holdings.items() if a != HOUSE}
    owed: dict[int, int] = {}
    for _ in range(court.rng.randint(1, 4)):
        court.withdraw_some()
        new, before = court.vector(), dict(desk.cash)
        available = {account: desk.available(account) for account in desk.cash}
        try:
            data = judging.correct(
                state, new, holdings=holdings, shortfalls=owed, available=available, subsidy_account=SUBSIDY
            )
        except InsufficientCover as refused:
            missing = int(str(refused.data["needed_units"])) - desk.available(SUBSIDY)
            assert missing > 0
            desk.cash[SUBSIDY] += missing
            desk.deposits[SUBSIDY] += missing
            continue
        desk.commit("ResolutionCorrected", data)
        court.check()
        owed = dict(json.loads(json.dumps(data))["shortfalls"])
        received = {account: units + desk.cash[account] - before[account] for account, units in received.items()}
        for account, units in received.items():
            # Either all is as if the market had paid this vector at once, or the account has nothing left.
            assert units == worth(holdings[account], new) + owed.get(account, 0)
            assert owed.get(account, 0) >= 0
            assert not owed.get(account) or desk.available(account) == 0
        assert (state.status, state.payout_units) == ("settled", new)
    assert as_bytes(desk.replayed()) == as_bytes(state)


@given(prices=st.lists(st.integers(MIN_PRICE, MAX_PRICE), min_size=2, max_size=64))
def test_frozen_prices_are_the_nearest_whole_units_that_sum_to_a_set(prices: list[int]) -> None:
    frozen = judging.frozen_prices(prices)
    assert sum(frozen) == SET_UNITS
    exact = [Fraction(price * SET_UNITS, sum(prices)) for price in prices]
    assert all(abs(units - share) < 1 for units, share in zip(frozen, exact, strict=True))
    pairs = sorted(zip(prices, frozen, strict=True))
    assert all(low[1] <= high[1] for low, high in pairwise(pairs) if low[0] < high[0])
    # No other way of rounding errs less in all.
    up = {i for i, (units, share) in enumerate(zip(frozen, exact, strict=True)) if units > share}
    down = {i for i, (units, share) in enumerate(zip(frozen, exact, strict=True)) if units < share}
    remainder = [share - int(share) for share in exact]
    assert all(remainder[i] >= remainder[j] for i in up for j in down)


@given(seed=seeds)
def test_a_snapshot_in_the_middle_of_a_dispute_loses_nothing(seed: int) -> None:
    court = Court(seed)
    court.judge()
    court.dispute(5_000)
    document = json.loads(json.dumps(snapshot.dump(court.desk.state)))
    assert as_bytes(snapshot.load(document)) == as_bytes(court.desk.state)
