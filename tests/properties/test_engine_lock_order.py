"""What a batch locks before it matches covers every account it then touches; deadlock freedom stands on this."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from markets.engine.effects import Effects
from markets.engine.matching import makers_within_reach
from markets.engine.state import MarketState
from markets.engine.units import SET_UNITS
from opinion_market.kernel.errors import DomainError
from tests.engine.desk import ESCROW, FEES, HOUSE, Desk
from tests.engine.flow import Ask, random_ask

MANY = range(101, 125)  # enough accounts that most are not in the batch


def within_reach(state: MarketState, batch: list[Ask], takers: set[int]) -> set[int]:
    """Makers found from each book's and side's total quantity and most aggressive limit, as the sequencer does."""
    two = state.opened_rules().outcomes == 2
    totals: dict[tuple[int, bool], int] = {}
    limits: dict[tuple[int, bool], list[int]] = {}
    for ask in batch:
        mirrored = two and ask.outcome == 1
        side = (0 if mirrored else ask.outcome, ask.buys != mirrored)
        totals[side] = totals.get(side, 0) + ask.size
        limits.setdefault(side, []).append(SET_UNITS - ask.price if mirrored else ask.price)
    makers: set[int] = set()
    for (book, is_bid), quantity in totals.items():
        limit = max(limits[book, is_bid]) if is_bid else min(limits[book, is_bid])
        makers |= makers_within_reach(state, book=book, is_bid=is_bid, quantity=quantity, limit=limit, takers=takers)
    return makers


def touched(effects: Effects) -> set[int]:
    """Accounts whose cash, contracts or orders an event changed."""
    owners = {order.account for order in effects.orders.values()}
    return (set(effects.cash) | effects.holders | owners) - {ESCROW, FEES, HOUSE}


def someones(rng: Random, ask: Ask) -> Ask:
    return Ask(rng.choice(MANY), ask.buys, ask.outcome, ask.price, ask.size, ask.terms)


def busy_desk(rng: Random, outcomes: int, liquidity: int) -> Desk:
    """A market whose books are full of orders of many accounts."""
    desk = Desk(outcomes=outcomes, liquidity=liquidity, taker_fee_bps=50, balance=10**8, traders=MANY)
    for _ in range(rng.randint(10, 80)):
        place(desk, someones(rng, random_ask(rng, outcomes)))
    return desk


def place(desk: Desk, ask: Ask) -> set[int]:
    """Place an order, unless it is refused. Returns the accounts it touched."""
    try:
        data = desk.decision(ask.account, ask.side, ask.outcome, ask.price, ask.size, **ask.terms_at(desk.now_us))
    except DomainError:
        return set()
    desk.commit("OrderPlaced", data)
    return touched(desk.last_effects)


@given(
    seed=st.integers(0, 2**32 - 1),
    outcomes=st.integers(2, 4),
    liquidity=st.sampled_from([0, 0, 30]),
    size=st.integers(1, 12),
)
def test_makers_within_reach_cover_every_account_a_batch_touches(
    seed: int, outcomes: int, liquidity: int, size: int
) -> None:
    rng = Random(seed)
    desk = busy_desk(rng, outcomes, liquidity)
    batch = [someones(rng, random_ask(rng, outcomes)) for _ in range(size)]
    cancelled = rng.sample(sorted(desk.state.orders), k=min(2, len(desk.state.orders)))
    due = {order.account for order in desk.state.due(desk.now_us)}
    takers = due | {ask.account for ask in batch} | {desk.state.orders[order_id].account for order_id in cancelled}
    locked = takers | within_reach(desk.state, batch, takers)

    desk.expire()
    for order_id in cancelled:
        if order_id in desk.state.orders:
            desk.cancel(order_id)
            assert touched(desk.last_effects) <= locked
    for ask in batch:
        assert place(desk, ask) <= locked
