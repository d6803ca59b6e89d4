"""Random markets, random commands: after each one every invariant of the exchange rules holds."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from markets.engine import decide, placing, snapshot
from markets.engine.apply import apply
from markets.engine.errors import MarketNotOpen
from markets.engine.orders import NewOrder, Order
from markets.engine.state import MarketState
from markets.engine.units import MAX_QUANTITY, SET_UNITS
from opinion_market.kernel.errors import DomainError
from tests.engine.desk import ALICE, ESCROW, FEES, HOUSE, TRADERS, Desk, as_bytes
from tests.engine.flow import TERMS, Ask, random_ask
from tests.engine.invariants import check, check_fees, check_maker_fees, check_priority

traders = st.sampled_from(TRADERS)
fee_rates = st.sampled_from([0, 0, 1, 70, 333, 10_000])
maker_rates = st.sampled_from([0, 0, 1, 70, 333, 10_000, -1, -70, -10_000])
moments = st.integers(1, 6)
quantities = st.one_of(st.integers(1, 12), st.integers(1, 2_000))
asks = st.builds(
    Ask,
    account=traders,
    buys=st.booleans(),
    outcome=st.integers(0, 5),
    price=st.one_of(st.sampled_from([3_300, 4_900, 5_000, 5_100, 6_700]), st.integers(1, SET_UNITS - 1)),
    size=quantities,
    terms=st.sampled_from(TERMS),
)


def vector_summing_to_a_set(weights: list[int]) -> list[int]:
    """Integers in proportion to the weights that sum to 10,000; the last takes the rounding."""
    shares = [weight * SET_UNITS // sum(weights) for weight in weights]
    return [*shares[:-1], SET_UNITS - sum(shares[:-1])]


def weights(outcomes: int, least: int) -> st.SearchStrategy[list[int]]:
    """Some weight is always positive, so that there is a whole to share out."""
    ordinary = st.lists(st.integers(least, 30), min_size=outcomes, max_size=outcomes)
    return st.tuples(ordinary, st.integers(0, outcomes - 1)).map(lambda drawn: _with_one_positive(*drawn))


def _with_one_positive(drawn: list[int], place: int) -> list[int]:
    return [max(weight, 1) if i == place else weight for i, weight in enumerate(drawn)]


class TradedMarket(RuleBasedStateMachine):
    """One market from its opening to its settlement. `twin` was loaded from a snapshot and lives on beside it."""

    desk: Desk
    twin: MarketState | None = None

    @initialize(data=st.data(), outcomes=st.integers(2, 6), house=st.booleans(), taker=fee_rates, maker=maker_rates)
    def open(self, data: st.DataObject, outcomes: int, house: bool, taker: int, maker: int) -> None:
        prior = vector_summing_to_a_set(data.draw(weights(outcomes, 1)))
        self.desk = Desk(
            outcomes=outcomes,
            taker_fee_bps=taker,
            maker_fee_bps=max(maker, -taker),
            liquidity=data.draw(st.sampled_from([1, 7, 100, 5_000])) if house else 0,
            prior_units=prior if house else None,
            balance=data.draw(st.sampled_from([30_000, 400_000, 50_000_000])),
        )
        self.mark_units = vector_summing_to_a_set(data.draw(weights(outcomes, 0)))
        winner = st.integers(0, outcomes - 1).map(lambda won: [int(i == won) for i in range(outcomes)])
        self.payout_units = vector_summing_to_a_set(data.draw(st.one_of(winner, weights(outcomes, 0))))

    def run_command(self, command: Callable[[], object]) -> None:
        """Carry a command out, unless it is refused; let the twin follow."""
        known = len(self.desk.events)
        self.desk.attempt(command, DomainError)
        if self.twin is not None:
            for type, data, at_us in self.desk.events[known:]:
                apply(self.twin, type, data, at_us)
            assert as_bytes(self.twin) == as_bytes(self.desk.state)

    @rule(ask=asks)
    def place_an_order(self, ask: Ask) -> None:
        desk = self.desk
        self.run_command(desk.expire)
        outcome = ask.outcome % desk.state.opened_rules().outcomes
        terms = ask.terms_at(desk.now_us)
        size = MAX_QUANTITY if "budget_units" in terms else ask.size
        order = NewOrder(f"o{len(desk.orders) + 1}", ask.account, outcome, ask.buys, ask.price, size, **terms)

        def place() -> None:
            known = {"available": desk.available(ask.account), "now_us": desk.now_us}
            before = as_bytes(desk.state)
            data = placing.place_order(desk.state, order, **known)
            assert as_bytes(desk.state) == before
            if self.twin is not None:
                assert placing.place_order(self.twin, order, **known) == data
            check_priority(desk, data)
            check_fees(desk, data)
            desk.commit("OrderPlaced", data)

        self.run_command(place)

    @rule(seed=st.integers(0, 2**32 - 1), commands=st.integers(5, 40))
    def trade_for_a_while(self, seed: int, commands: int) -> None:
        rng = Random(seed)
        for _ in range(commands):
            self.place_an_order(random_ask(rng, self.desk.state.opened_rules().outcomes))
            check(self.desk, self.mark_units)

    @precondition(lambda self: self.desk.state.orders)
    @rule(
        index=st.integers(0, 50),
        stranger=st.sampled_from([None, None, None, *TRADERS]),
        price_change=st.one_of(st.none(), st.integers(-2_000, 2_000)),
        quantity_change=st.one_of(st.none(), st.integers(-15, 8)),
        expiry=st.one_of(st.none(), st.none(), st.just("never"), moments),
    )
    def amend_an_order(
        self,
        index: int,
        stranger: int | None,
        price_change: int | None,
        quantity_change: int | None,
        expiry: int | str | None,
    ) -> None:
        """Smaller, larger, dearer, cheaper, for longer: an open order's terms change, or the refusal changes nothing."""
        desk = self.desk
        self.run_command(desk.expire)
        if not desk.state.orders:
            return
        order = desk.state.orders[sorted(desk.state.orders)[index % len(desk.state.orders)]]
        terms: dict[str, Any] = {
            "price": None if price_change is None else order.own_price + price_change,
            "quantity": None if quantity_change is None else order.quantity + quantity_change,
        }
        if expiry is not None:
            terms |= {"new_expiry": True, "expires_us": desk.now_us + expiry if isinstance(expiry, int) else None}
        filled, ahead = order.filled, self.orders_ahead(order)
        whose = order.account if stranger is None else stranger
        self.run_command(lambda: desk.amend(order.id, whose, **terms))
        assert desk.orders[order.id].filled >= filled
        if desk.events[-1][0] == "OrderReduced":
            assert self.orders_ahead(order) == ahead

    def orders_ahead(self, order: Order) -> list[str]:
        """Orders that are filled before this one at its price."""
        side = self.desk.state.books[order.book].side(order.is_bid)
        level = list(side.levels.get(order.price if order.is_bid else -order.price, {}))
        return level[: level.index(order.id)] if order.id in level else level

    @precondition(lambda self: self.desk.state.opened_rules().outcomes < 8)
    @rule(outcome=st.integers(0, 7), share_bps=st.integers(1, 9_999))
    def split_an_outcome(self, outcome: int, share_bps: int) -> None:
        """Everybody holds as many of the new outcome as of the one it was split from; no other price moves."""
        desk = self.desk
        self.run_command(desk.expire)
        outcome %= desk.state.opened_rules().outcomes
        before = [desk.state.house_price(i) for i in range(desk.state.opened_rules().outcomes)]
        known = len(desk.events)
        self.run_command(lambda: desk.split(outcome, share_bps))
        if len(desk.events) == known:
            return
        for vector in (self.mark_units, self.payout_units):
            vector.append(vector[outcome] // 3)
            vector[outcome] -= vector[-1]
        for holding in desk.state.holdings.values():
            assert holding.free[-1] == holding.free[outcome]
            assert holding.reserved[-1] == holding.reserved[outcome]
        after = [desk.state.house_price(i) for i in range(len(before) + 1)]
        for i, price in enumerate(before):
            if price is not None:
                assert abs((after[i] or 0) + (i == outcome) * (after[-1] or 0) - price) < 1e-9

    @precondition(lambda self: self.desk.state.orders)
    @rule(account=traders, index=st.integers(0, 50))
    def cancel_an_order(self, account: int, index: int) -> None:
        open_orders = sorted(self.desk.state.orders)
        order_id = open_orders[index % len(open_orders)]
        self.run_command(lambda: self.desk.cancel(order_id, account=account))

    @rule(account=st.one_of(traders, traders, st.none()))
    def cancel_all_orders(self, account: int | None) -> None:
        if self.twin is not None:
            assert decide.cancel_orders(self.twin, account=account) == decide.cancel_orders(
                self.desk.state, account=account
            )
        self.run_command(lambda: self.desk.cancel_all(account))

    @rule(account=traders, size=quantities)
    def mint(self, account: int, size: int) -> None:
        self.run_command(lambda: self.desk.mint(account, size))

    @rule(account=traders, size=quantities)
    def merge(self, account: int, size: int) -> None:
        self.run_command(lambda: self.desk.merge(account, size))

    @rule(microseconds=moments)
    def let_time_pass(self, microseconds: int) -> None:
        self.desk.now_us += microseconds
        self.run_command(self.desk.expire)

    @rule(account=traders)
    def halt_for_a_moment(self, account: int) -> None:
        """While a market is halted, orders are refused and cancellations carried out."""
        desk = self.desk
        self.run_command(lambda: desk.commit("MarketHalted", {}))
        assert not desk.attempt(lambda: desk.decision(account, "buy", 0, 5_000, 1), MarketNotOpen)
        assert not desk.attempt(lambda: desk.mint(account, 1), MarketNotOpen)
        self.run_command(lambda: desk.cancel_all(account))
        self.run_command(lambda: desk.commit("MarketResumed", {}))

    @rule()
    def continue_from_a_snapshot(self) -> None:
        document = json.loads(json.dumps(snapshot.dump(self.desk.state)))
        self.twin = snapshot.load(document)
        assert as_bytes(self.twin) == as_bytes(self.desk.state)

    @invariant()
    def every_invariant_holds(self) -> None:
        if hasattr(self, "desk"):
            check(self.desk, self.mark_units)

    def teardown(self) -> None:
        if not hasattr(self, "desk"):
            return
        self.close_and_settle()
        assert as_bytes(self.desk.replayed()) == as_bytes(self.desk.state)
        check_maker_fees(self.desk)

    def close_and_settle(self) -> None:
        desk = self.desk
        self.run_command(desk.close)
        check(desk, self.mark_units)
        assert set(desk.reserved.values()) == {0}
        assert not desk.attempt(lambda: desk.buy(ALICE, 5_000, 1), MarketNotOpen)

        escrow = desk.cash[ESCROW]
        settlement = desk.settle(self.payout_units)
        assert sum(units for _, units in settlement["payouts"]) == escrow
        assert desk.state.sets == 0
        assert not any(any(holding.free) or any(holding.reserved) for holding in desk.state.holdings.values())
        check(desk, self.mark_units)

        desk.sweep()
        assert desk.cash[ESCROW] == desk.cash[FEES] == desk.cash[HOUSE] == 0
        assert desk.state.status == "settled"


TestTradedMarket = TradedMarket.TestCase
