"""The kill switch while the account's own programs go on trading, and the limits under the same fire."""

import time
from threading import Event

import pytest
from django.db import connection, transaction

from markets.engine.exposure import exposure_of
from markets.trading import kill_switch
from markets.trading import services as trading
from markets.trading.limit_services import MemberLimits, set_account_limits
from markets.trading.models import Order
from markets.trading.selectors import account_ids_of
from markets.trading.services import OrderRequest
from markets.trading.session import market_session
from opinion_market.kernel import clock
from tests.concurrency.arena import Arena, assert_books_hold, make_arena
from tests.concurrency.threads import at_once

pytestmark = pytest.mark.usefixtures("committed_db")

PLACING_THREADS = 8


class Program:
    """Places small orders of one trader in turn over the arena's markets until told to stop, and keeps every answer."""

    def __init__(self, arena: Arena, number: int, stop: Event) -> None:
        self.arena, self.number, self.stop = arena, number, stop
        self.accepted: list[tuple[float, str]] = []
        self.refusals: list[str] = []

    def run(self) -> None:
        sent = 0
        while not self.stop.is_set():
            sent += 1
            market = self.arena.markets[sent % len(self.arena.markets)]
            request = OrderRequest(
                outcome=sent % 2, side="buy" if self.number % 2 else "sell", quantity=1, price=4_000 + sent % 1_000
            )
            outcome = trading.place_order(
                actor=self.arena.traders[0], market_id=market.pk, request=request, now=clock.now()
            )
            if outcome.error is None:
                self.accepted.append((time.monotonic(), outcome.unwrap()["id"]))
            else:
                self.refusals.append(outcome.error.code)


def test_once_it_has_answered_no_order_is_open_and_none_is_accepted():
    arena, stop = make_arena(traders=2, markets=3), Event()
    programs = [Program(arena, number, stop) for number in range(PLACING_THREADS)]
    trader = arena.traders[0]
    answered: list[tuple[float, int]] = []

    def pull_the_switch() -> None:
        try:
            time.sleep(0.7)
            kill_switch.block_own(actor=trader, organization_ids=[arena.organization.pk], now=clock.now())
            open_orders = Order.objects.filter(account__in=account_ids_of(trader), status="open")
            answered.append((time.monotonic(), open_orders.count()))
            time.sleep(0.5)
        finally:
            stop.set()
            connection.close()

    at_once([*(program.run for program in programs), pull_the_switch])
    [(moment, open_orders)] = answered
    accepted = [at for program in programs for at, _ in program.accepted]
    assert len(accepted) > PLACING_THREADS
    assert open_orders == 0
    assert not [at for at in accepted if at > moment]
    assert all(program.refusals and program.refusals[-1] == "trading_blocked" for program in programs)
    placed = Order.objects.filter(account__in=account_ids_of(trader))
    assert not placed.filter(status="open").exists()
    assert placed.count() == len(accepted)
    assert_books_hold(arena)


@pytest.mark.parametrize(
    ("orders", "position", "code", "reached"),
    [(40, 7, "position_limit_exceeded", (14, 7)), (12, 100, "order_limit_exceeded", (12, 6))],
)
def test_many_threads_together_reach_a_limit_and_stay_within_it(orders, position, code, reached):
    arena, stop = make_arena(traders=1, markets=1), Event()
    trader = arena.traders[0]
    limits = MemberLimits(max_open_orders=orders, max_position_contracts=position, max_order_value_units=None)
    set_account_limits(
        actor=arena.staff[0], owner_id=trader.pk, organization_id=arena.organization.pk, limits=limits, reason="test",
        now=clock.now(),
    )  # fmt: skip
    programs = [Program(arena, 1, stop) for _ in range(4)]

    def end() -> None:
        time.sleep(0.7)
        stop.set()

    at_once([*(program.run for program in programs), end])
    [account] = account_ids_of(trader)
    assert {refused for program in programs for refused in program.refusals} == {code}
    open_orders = Order.objects.filter(account=account, status="open").count()
    # Every program buys Yes and No in turn, so that both sides fill up; the last few may not be even.
    assert open_orders == reached[0]
    assert worst_position(arena, account) >= reached[1]
    assert worst_position(arena, account) <= position
    assert_books_hold(arena)


def worst_position(arena: Arena, account: int) -> int:
    with transaction.atomic(), market_session(str(arena.markets[0].pk), now=clock.now()) as session:
        return max(exposure_of(session.state, account).worst_positions())
