"""What one caller does to the others who share its batch: nothing."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

import pytest
from django.db import OperationalError, connection, transaction

from markets.engine.orders import NewOrder
from markets.ledger.selectors import trader_account
from markets.lifecycle.models import Market
from markets.trading import batch, session
from markets.trading.commands import Command, Outcome, PlaceOrder
from markets.trading.memory import MarketMemory
from markets.trading.models import Order, Trade
from markets.trading.replies import Reply
from markets.trading.sequencer import submit
from markets.trading.session import Cause, MarketSession
from opinion_market.kernel import clock
from opinion_market.kernel.ids import uuid7_text
from tests.concurrency.arena import Arena, assert_books_hold, make_arena
from tests.concurrency.hammer import hammer
from tests.concurrency.threads import at_once

pytestmark = pytest.mark.usefixtures("committed_db")

CAUSE = Cause("test", uuid7_text())


@dataclass(frozen=True, kw_only=True)
class Exploding(Command):
    """A programming error in a command, after it has changed the market."""

    order: NewOrder

    def accounts(self, state: object) -> set[int]:
        return {self.order.account}

    def decide(self, session: MarketSession) -> Reply:
        PlaceOrder(cause=self.cause, order=self.order).decide(session)
        raise RuntimeError("a bug")


def order(arena: Arena, trader: int = 0, *, is_buy: bool = True, price: int = 4_000, quantity: int = 5) -> NewOrder:
    account = trader_account(owner_id=arena.traders[trader].pk, organization_id=arena.organization.pk, now=clock.now())
    return NewOrder(uuid7_text(), account.pk, 0, is_buy, price, quantity)


def buying(arena: Arena, trader: int = 0, **changes: int) -> PlaceOrder:
    return PlaceOrder(cause=CAUSE, order=order(arena, trader, **changes))


def selling(arena: Arena, trader: int, price: int) -> PlaceOrder:
    return PlaceOrder(cause=CAUSE, order=order(arena, trader, is_buy=False, price=price))


def placed(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.unwrap()["id"] for outcome in outcomes]


@contextmanager
def market_row_locked(market: Market) -> Iterator[None]:
    """Whoever leads the first batch waits, so that all who come after are in the second."""

    def queue_up() -> None:
        submit(str(market.pk), [])
        connection.close()

    first = Thread(target=queue_up)
    with transaction.atomic():
        Market.objects.select_for_update().get(pk=market.pk)
        first.start()
        time.sleep(0.2)
        yield
    first.join()


def test_a_bug_in_one_command_reaches_its_caller_and_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    arena = make_arena(traders=6, markets=1)
    market = arena.markets[0]
    good = [buying(arena, trader) for trader in range(5)]
    bad = Exploding(cause=CAUSE, order=order(arena, 5))
    results: dict[str, list[Outcome] | str] = {}

    def send(command: Command, name: str) -> None:
        try:
            results[name] = submit(str(market.pk), [command])
        except RuntimeError as error:
            results[name] = str(error)
        finally:
            connection.close()

    threads = [Thread(target=send, args=(command, command.order.id)) for command in (*good[:2], bad, *good[2:])]
    with market_row_locked(market):
        for thread in threads:
            thread.start()
        time.sleep(0.3)
    for thread in threads:
        thread.join(30)

    assert results.pop(bad.order.id) == "a bug"
    assert {name: placed(outcomes) for name, outcomes in results.items() if isinstance(outcomes, list)} == {
        command.order.id: [command.order.id] for command in good
    }
    rows = Order.objects.filter(market=market).values_list("pk", flat=True)
    assert {str(key) for key in rows} == {command.order.id for command in good}
    assert "A batch of 6 commands" in caplog.text  # they did share one
    assert_books_hold(arena)


def test_a_refused_command_leaves_its_batch_as_if_it_had_not_been_there() -> None:
    arena = make_arena(traders=3, markets=1)
    market = arena.markets[0]
    commands = [
        buying(arena, 0, price=5_000, quantity=5),
        buying(arena, 1, price=0),
        buying(arena, 1, price=9_999, quantity=900_000_000),
        selling(arena, 2, price=5_000),
    ]
    outcomes = submit(str(market.pk), commands)

    assert [outcome.error.code if outcome.error else "placed" for outcome in outcomes] == [
        "placed",
        "price_out_of_range",
        "insufficient_funds",
        "placed",
    ]
    assert [(t.price_units, t.quantity) for t in Trade.objects.filter(market=market)] == [(5_000, 5)]
    assert_books_hold(arena)


def test_every_waiting_thread_gets_its_own_answers() -> None:
    arena = make_arena(traders=4, markets=1)
    market = str(arena.markets[0].pk)
    commands = [[[buying(arena, thread % 4, quantity=1) for _ in range(3)] for _ in range(10)] for thread in range(12)]

    def trade(groups: list[list[PlaceOrder]]) -> bool:
        return all(placed(submit(market, group)) == [command.order.id for command in group] for group in groups)

    assert at_once([lambda groups=groups: trade(groups) for groups in commands], seconds=60) == [True] * 12
    assert Order.objects.filter(market=market).count() == 12 * 10 * 3
    assert_books_hold(arena)


def test_a_market_another_process_traded_is_caught_up_with(monkeypatch: pytest.MonkeyPatch) -> None:
    arena = make_arena(traders=2, markets=1)
    market = str(arena.markets[0].pk)
    submit(market, [buying(arena, 0, price=3_000)])
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(session, "MEMORY", MarketMemory())
        submit(market, [buying(arena, 0, price=5_000, quantity=5)])
    [outcome] = submit(market, [selling(arena, 1, price=4_500)])

    assert [fill["price"] for fill in outcome.unwrap()["fills"]] == [5_000]
    assert_books_hold(arena)


@pytest.mark.parametrize(
    "failure", [RuntimeError("a bug"), OperationalError("a disk full")], ids=lambda e: type(e).__name__
)
def test_memory_is_right_after_a_transaction_was_rolled_back(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    arena = make_arena(traders=2, markets=1)
    market = str(arena.markets[0].pk)
    submit(market, [buying(arena, 0, price=5_000, quantity=5)])
    write = batch.write

    def written_in_vain(written: MarketSession) -> None:
        write(written)
        raise failure

    with monkeypatch.context() as broken:
        broken.setattr(batch, "write", written_in_vain)
        with pytest.raises(type(failure)):
            submit(market, [selling(arena, 1, price=4_000)])
    assert not Trade.objects.filter(market=market).exists()
    [outcome] = submit(market, [selling(arena, 1, price=4_500)])

    assert outcome.unwrap()["filled_quantity"] == 5
    assert_books_hold(arena)


def test_a_transaction_that_lost_a_race_is_repeated_unnoticed(monkeypatch: pytest.MonkeyPatch) -> None:
    arena = make_arena(traders=1, markets=1)
    market = str(arena.markets[0].pk)
    write, attempts = batch.write, list[int]()

    def deadlocked_once(written: MarketSession) -> None:
        attempts.append(len(attempts))
        write(written)
        if len(attempts) == 1:
            raise OperationalError("deadlock detected")

    monkeypatch.setattr(batch, "write", deadlocked_once)
    command = buying(arena)

    assert placed(submit(market, [command])) == [command.order.id]
    assert len(attempts) == 2
    assert Order.objects.filter(market=market).count() == 1
    assert_books_hold(arena)


@pytest.mark.slow
def test_organizations_share_nothing() -> None:
    arenas = [make_arena(traders=2, markets=1) for _ in range(2)]
    at_once([lambda arena=arena: hammer(arena, seed=7, threads=4, seconds=1) for arena in arenas])

    for arena in arenas:
        trades = Trade.objects.filter(market__in=arena.markets)
        sides = {*trades.values_list("taker_account__organization", flat=True)}
        sides |= {*trades.values_list("maker_account__organization", flat=True)}
        assert sides == {arena.organization.pk}
        assert_books_hold(arena)
