"""A command repeated at the same moment from many threads has one effect, and everybody gets the one answer."""

from uuid import UUID

import pytest

from governance.identity.models import User
from markets.trading import services as trading
from markets.trading.batch import execute
from markets.trading.commands import Command, IdempotencyKey, Outcome
from markets.trading.models import Order
from markets.trading.services import OrderRequest
from opinion_market.kernel import clock
from opinion_market.kernel.idempotency import IdempotencyKeyReused
from opinion_market.kernel.ids import uuid7_text
from tests.concurrency.arena import Arena, assert_books_hold, make_arena
from tests.concurrency.threads import at_once

pytestmark = pytest.mark.usefixtures("committed_db")

THREADS = 16
ORDER = OrderRequest(outcome=0, side="buy", quantity=10, price=4_000)


def place(trader: User, market_id: UUID, request: OrderRequest, key: IdempotencyKey | None = None) -> Outcome:
    return trading.place_order(actor=trader, market_id=market_id, request=request, now=clock.now(), idempotency=key)


def key_of(trader: User, request_hash: str = "the same body") -> IdempotencyKey:
    return IdempotencyKey(trader.pk, f"key-{uuid7_text()}", request_hash)


def orders_in(arena: Arena) -> int:
    return Order.objects.filter(market__in=arena.markets).count()


def test_one_idempotency_key_places_one_order_and_all_get_its_answer() -> None:
    arena = make_arena(traders=1, markets=1)
    [trader], [market] = arena.traders, arena.markets
    key = key_of(trader)
    outcomes = at_once([lambda: place(trader, market.pk, ORDER, key)] * THREADS)

    assert orders_in(arena) == 1
    assert {outcome.unwrap()["id"] for outcome in outcomes} == {str(Order.objects.get(market=market).pk)}
    assert [outcome.reply for outcome in outcomes] == [outcomes[0].reply] * THREADS
    assert sum(not outcome.replayed for outcome in outcomes) == 1
    assert_books_hold(arena)


def test_a_refusal_is_repeated_word_for_word_even_once_it_would_succeed() -> None:
    arena = make_arena(traders=1, markets=1, funds_units=100)
    [trader], [market] = arena.traders, arena.markets
    key = key_of(trader)
    first = at_once([lambda: place(trader, market.pk, ORDER, key)] * THREADS)
    arena.deposit(trader, 10**9)
    later = place(trader, market.pk, ORDER, key)

    answers = [(o.status, o.error.code, o.error.message, o.error.data) for o in (*first, later) if o.error]
    assert answers == [answers[0]] * (THREADS + 1)
    assert answers[0][1] == "insufficient_funds"
    assert orders_in(arena) == 0


def test_one_key_for_two_bodies_serves_one_of_them() -> None:
    arena = make_arena(traders=1, markets=1)
    [trader], [market] = arena.traders, arena.markets
    one = key_of(trader)
    other = IdempotencyKey(one.caller, one.key, "another body")
    outcomes = at_once([lambda k=k: place(trader, market.pk, ORDER, k) for k in [one, other] * (THREADS // 2)])

    assert orders_in(arena) == 1
    refused = [outcome for outcome in outcomes if isinstance(outcome.error, IdempotencyKeyReused)]
    assert len(refused) == THREADS // 2
    assert len({outcome.unwrap()["id"] for outcome in outcomes if outcome.error is None}) == 1


def test_one_key_sent_to_two_markets_at_once_has_one_effect() -> None:
    arena = make_arena(traders=2, markets=2)
    trader = arena.traders[0]
    for _ in range(5):
        key, before = key_of(trader), orders_in(arena)
        outcomes = at_once([lambda m=m, k=key: place(trader, m.pk, ORDER, k) for m in arena.markets * 4])
        assert orders_in(arena) == before + 1
        assert len({outcome.unwrap()["id"] for outcome in outcomes}) == 1
    assert_books_hold(arena)


def test_batches_of_several_processes_find_each_others_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread carries out its own batch, past this process's queue, as so many processes would."""
    arena = make_arena(traders=1, markets=1)
    [trader], [market] = arena.traders, arena.markets
    monkeypatch.setattr(trading, "submit", _as_a_process_of_its_own)
    key = key_of(trader)
    outcomes = at_once([lambda: place(trader, market.pk, ORDER, key)] * 8)

    assert orders_in(arena) == 1
    assert [outcome.reply for outcome in outcomes] == [outcomes[0].reply] * 8
    assert_books_hold(arena)


def _as_a_process_of_its_own(market_id: str, commands: list[Command]) -> list[Outcome]:
    return execute(market_id, commands, now=clock.now())


def test_one_client_order_id_is_taken_once_over_all_markets() -> None:
    arena = make_arena(traders=1, markets=2)
    [trader] = arena.traders
    request = OrderRequest(outcome=0, side="buy", quantity=10, price=4_000, client_order_id=f"mine-{uuid7_text()}")
    outcomes = at_once([lambda m=m: place(trader, m.pk, request) for m in arena.markets * (THREADS // 2)])

    assert orders_in(arena) == 1
    assert sorted(o.error.code if o.error else "placed" for o in outcomes) == [
        *["duplicate_client_order_id"] * (THREADS - 1),
        "placed",
    ]
    assert_books_hold(arena)
