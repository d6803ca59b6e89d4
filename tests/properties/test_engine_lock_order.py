"""What a batch locks before it matches covers every account it then touches; deadlock freedom stands on this."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from markets.engine.effects import Effects
from markets.engine.placing import Amendment, amend_order
from markets.engine.units import MAX_QUANTITY
from markets.trading.reach import Incoming, makers_of
from opinion_market.kernel.errors import DomainError
from tests.engine.desk import ESCROW, FEES, HOUSE, Desk
from tests.engine.flow import Ask, random_ask

MANY = range(101, 125)  # enough accounts that most are not in the batch


def incoming(ask: Ask, now_us: int) -> Incoming:
    """The order as the sequencer sees it before it matches anything."""
    budget = ask.terms_at(now_us).get("budget_units")
    return Incoming(ask.outcome, ask.buys, ask.price, ask.size if budget is None else MAX_QUANTITY, budget)


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
    open_orders = sorted(desk.state.orders)
    cancelled = rng.sample(open_orders, k=min(2, len(open_orders)))
    amended = [
        random_amendment(rng, desk, order_id) for order_id in rng.sample(open_orders, k=min(3, len(open_orders)))
    ]
    orders = [incoming(ask, desk.now_us) for ask in batch]
    for order_id, amendment in amended:
        order = desk.state.orders[order_id]
        orders.append(Incoming(order.outcome, order.is_buy, amendment.price or 0, amendment.quantity or 0))
    due = {order.account for order in desk.state.due(desk.now_us)}
    takers = due | {ask.account for ask in batch}
    takers |= {desk.state.orders[order_id].account for order_id in (*cancelled, *(name for name, _ in amended))}
    locked = takers | makers_of(desk.state, orders, takers)

    desk.expire()
    for order_id in cancelled:
        if order_id in desk.state.orders:
            desk.cancel(order_id)
            assert touched(desk.last_effects) <= locked
    for order_id, amendment in amended:
        assert amend(desk, order_id, amendment) <= locked
    for ask in batch:
        assert place(desk, ask) <= locked


def random_amendment(rng: Random, desk: Desk, order_id: str) -> tuple[str, Amendment]:
    order = desk.state.orders[order_id]
    price = max(1, min(9_999, order.own_price + rng.randint(-1_500, 1_500)))
    return order_id, Amendment(price=price, quantity=order.quantity + rng.randint(0, 30))


def amend(desk: Desk, order_id: str, amendment: Amendment) -> set[int]:
    """Amend an order, unless it is refused or gone. Returns the accounts it touched."""
    order = desk.state.orders.get(order_id)
    if order is None:
        return set()
    try:
        type, data = amend_order(
            desk.state,
            order_id=order_id,
            account=order.account,
            amendment=amendment,
            available=desk.available(order.account),
            now_us=desk.now_us,
        )
    except DomainError:
        return set()
    desk.commit(type, data)
    return touched(desk.last_effects)
