"""The engine and an independent, naive exchange get the same commands and must agree on everything that matters."""

from collections.abc import Callable
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from markets.engine.units import MAX_QUANTITY, SET_UNITS
from opinion_market.kernel.errors import DomainError
from tests.engine.desk import ESCROW, FEES, TRADERS, Desk, EventData
from tests.engine.flow import Ask, random_ask
from tests.engine.naive_book import NaiveExchange
from tests.engine.naive_orders import Refused, Trade, Wish

seeds = st.integers(0, 2**32 - 1)
lengths = st.integers(1, 400)


class Pair:
    """The engine on its desk, and the naive exchange beside it."""

    def __init__(self, outcomes: int, balance: int, taker_fee_bps: int = 0, maker_fee_bps: int = 0) -> None:
        self.desk = Desk(outcomes=outcomes, balance=balance, taker_fee_bps=taker_fee_bps, maker_fee_bps=maker_fee_bps)
        self.naive = NaiveExchange(outcomes, dict.fromkeys(TRADERS, balance), taker_fee_bps, maker_fee_bps)

    def place(self, ask: Ask) -> None:
        desk, naive = self.desk, self.naive
        naive.expire(desk.now_us)  # the desk's order does so itself
        terms = ask.terms_at(desk.now_us)
        kind = "post_only" if ask.terms.get("post_only") else ask.terms.get("time_in_force", "gtc")
        name = f"o{len(desk.orders) + 1}"
        trades: list[Trade] = []
        events: list[EventData] = []
        self.both(
            lambda: trades.extend(
                naive.place(
                    name,
                    ask.account,
                    ask.side,
                    ask.outcome,
                    ask.price,
                    MAX_QUANTITY if "budget_units" in terms else ask.size,
                    kind,
                    terms.get("expires_us"),
                    terms.get("reduce_only", False),
                    terms.get("budget_units"),
                )
            ),
            lambda: events.append(desk.order(ask.account, ask.side, ask.outcome, ask.price, ask.size, **terms)),
        )
        assert [
            (fill["maker_account"], fill["maker_order"], self.price_for_taker(ask, fill["price"]), fill["quantity"])
            for data in events
            for fill in data["fills"]
        ] == [(trade.maker, trade.maker_order, trade.price, trade.quantity) for trade in trades]

    def amend_one(self, rng: Random) -> None:
        """Another price, another quantity, or both, for somebody's open order."""
        if not self.desk.state.orders:
            return
        order = self.desk.state.orders[rng.choice(sorted(self.desk.state.orders))]
        account = order.account if rng.random() < 0.9 else rng.choice(TRADERS)
        price = None if rng.random() < 0.4 else max(1, min(9_999, order.own_price + 100 * rng.randint(-15, 15)))
        quantity = None if rng.random() < 0.3 else max(1, order.quantity + rng.randint(-12, 6))
        if order.expires_us is not None and order.expires_us <= self.desk.now_us + 1:
            return  # expiring others may take the desk one moment on
        self.naive.expire(self.desk.now_us)
        trades: list[Trade] = []
        events: list[EventData] = []
        self.both(
            lambda: trades.extend(self.naive.amend(order.id, account, price, quantity)),
            lambda: events.append(self.desk.amend(order.id, account, price=price, quantity=quantity)),
        )
        assert [(fill["maker_order"], fill["quantity"]) for data in events for fill in data.get("fills", ())] == [
            (trade.maker_order, trade.quantity) for trade in trades
        ]

    def both(self, naive: Callable[[], object], engine: Callable[[], object]) -> None:
        """Both carry the command out, or both refuse it for the same reason."""
        assert refusal_of(naive) == refusal_of(engine)

    def price_for_taker(self, ask: Ask, price: int) -> int:
        """A fill's price, which is in the book's terms, per contract of what the taker wanted to own."""
        mirrored = self.desk.state.opened_rules().outcomes == 2 and ask.outcome == 1
        return price if ask.buys != mirrored else SET_UNITS - price

    def change_sets(self, rng: Random) -> None:
        account, quantity, minting = rng.choice(TRADERS), rng.randint(1, 6), rng.random() < 0.5
        naive = self.naive.mint if minting else self.naive.merge
        engine = self.desk.mint if minting else self.desk.merge
        self.both(lambda: naive(account, quantity), lambda: engine(account, quantity))

    def cancel_one(self, rng: Random) -> None:
        if self.desk.state.orders:
            name = rng.choice(sorted(self.desk.state.orders))
            self.desk.cancel(name)
            self.naive.cancel(name)

    def assert_equal(self, *, with_reserves: bool) -> None:
        desk, naive = self.desk, self.naive
        assert {account: desk.cash[account] for account in TRADERS} == naive.cash
        assert (desk.cash[ESCROW], desk.cash[FEES]) == (naive.escrow, naive.fees)
        for account in TRADERS:
            assert desk.free(account) == naive.free[account]
            assert desk.state.holding(account).reserved == naive.aside[account]
            if with_reserves:
                assert desk.reserved[account] == naive.reserved(account)
        assert self.resting_in_engine() == [self.described(wish) for wish in sorted(naive.waiting, key=by_name)]

    def resting_in_engine(self) -> list[tuple[str, int, int, int]]:
        orders = sorted(self.desk.state.orders.values(), key=lambda order: int(order.id[1:]))
        return [(order.id, order.cash_price, order.remaining, order.stock) for order in orders]

    def described(self, wish: Wish) -> tuple[str, int, int, int]:
        return wish.name, wish.limit, len(wish.aside), wish.aside.count("contracts")


def refusal_of(command: Callable[[], object]) -> str | None:
    """The code of the refusal a command meets, or None where it is carried out."""
    try:
        command()
    except Refused as refusal:
        return str(refusal)
    except DomainError as refusal:
        return refusal.code
    return None


def by_name(wish: Wish) -> int:
    return int(wish.name[1:])


def trade(pair: Pair, seed: int, commands: int, *, with_reserves: bool) -> None:
    """Random commands to both, and a comparison after each."""
    rng = Random(seed)
    outcomes = pair.desk.state.opened_rules().outcomes
    for _ in range(commands):
        chance = rng.random()
        if chance < 0.8:
            ask = random_ask(rng, outcomes)
            pair.place(Ask(ask.account, ask.buys, ask.outcome, ask.price, min(ask.size, 40), ask.terms))
        elif chance < 0.86:
            pair.change_sets(rng)
        elif chance < 0.95:
            pair.amend_one(rng)
        else:
            pair.cancel_one(rng)
        pair.assert_equal(with_reserves=with_reserves)


@given(outcomes=st.integers(2, 5), balance=st.sampled_from([20_000, 60_000, 500_000]), seed=seeds, commands=lengths)
def test_priority_settlements_and_reserves_agree_when_money_is_short(
    outcomes: int, balance: int, seed: int, commands: int
) -> None:
    trade(Pair(outcomes, balance), seed, commands, with_reserves=True)


@given(
    outcomes=st.integers(2, 4),
    taker_fee_bps=st.sampled_from([0, 1, 70, 333, 10_000]),
    maker_fee_bps=st.sampled_from([0, 1, 50, 10_000, -1, -70]),
    seed=seeds,
    commands=lengths,
)
def test_fees_agree(outcomes: int, taker_fee_bps: int, maker_fee_bps: int, seed: int, commands: int) -> None:
    maker_fee_bps = max(maker_fee_bps, -taker_fee_bps)
    plenty = 100_000_000  # how much of it fees reserve is the engine's own affair
    trade(Pair(outcomes, plenty, taker_fee_bps, maker_fee_bps), seed, commands, with_reserves=False)
