"""What a batch writes: one line for its trades on the market's own accounts, and only the positions that changed."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import DEFAULT_DB_ALIAS, IntegrityError, OperationalError, connections, transaction

from markets.engine import snapshot
from markets.engine.orders import NewOrder
from markets.ledger.models import Account, Posting
from markets.ledger.selectors import trader_account
from markets.trading import session
from markets.trading.commands import MintSets, PlaceOrder
from markets.trading.memory import MarketMemory, load, stream_of
from markets.trading.models import Position
from markets.trading.sequencer import submit
from markets.trading.session import Cause, MarketSession
from opinion_market.eventstore.snapshots import save_snapshot
from opinion_market.kernel import clock
from opinion_market.kernel.ids import uuid7_text
from tests.concurrency.arena import Arena, assert_books_hold, make_arena

pytestmark = pytest.mark.usefixtures("committed_db")

CAUSE = Cause("test", uuid7_text())


def account(arena: Arena, trader: int) -> int:
    owner = arena.traders[trader]
    return trader_account(owner_id=owner.pk, organization_id=arena.organization.pk, now=clock.now()).pk


def buying(arena: Arena, trader: int, *, price: int = 5_000) -> PlaceOrder:
    return PlaceOrder(cause=CAUSE, order=NewOrder(uuid7_text(), account(arena, trader), 0, True, price, 5))


def selling(arena: Arena, trader: int, *, price: int = 5_000) -> PlaceOrder:
    return PlaceOrder(cause=CAUSE, order=NewOrder(uuid7_text(), account(arena, trader), 0, False, price, 5))


def carry_out(arena: Arena, *commands: PlaceOrder | MintSets) -> None:
    for outcome in submit(str(arena.markets[0].pk), commands):
        outcome.unwrap()


@contextmanager
def another_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(session, "MEMORY", MarketMemory())
        yield


def lines(arena: Arena) -> Counter[tuple[str, str]]:
    """Postings on the market's own accounts, and those that its trades made on traders', by kind of account and reason."""
    found = Posting.objects.filter(account__organization=arena.organization)
    own = found.filter(account__market=arena.markets[0])
    traders = found.filter(account__kind=Account.Kind.TRADER, reason=Posting.Reason.TRADE)
    return Counter((own | traders).values_list("account__kind", "reason"))


def test_trades_of_a_batch_share_a_line_on_the_markets_accounts_and_each_trader_has_a_line_per_trade() -> None:
    arena = make_arena(traders=4, markets=1)
    carry_out(arena, *(selling(arena, 0) for _ in range(3)), *(buying(arena, trader) for trader in (1, 2, 3)))

    assert lines(arena) == {("escrow", "trade"): 1, ("market_fees", "fee"): 1, ("trader", "trade"): 6}
    assert_books_hold(arena)


def test_what_minting_moves_between_trades_has_its_own_line_and_the_balances_run_on() -> None:
    arena = make_arena(traders=4, markets=1)
    mint = MintSets(cause=CAUSE, account=account(arena, 3), quantity=7)
    carry_out(arena, selling(arena, 0), buying(arena, 1), mint, selling(arena, 0), buying(arena, 2))

    escrow = Posting.objects.filter(account__market=arena.markets[0], account__kind="escrow").order_by("id")
    assert list(escrow.values_list("reason", "delta_units", "balance_after_units")) == [
        ("trade", 50_000, 50_000),
        ("mint", 70_000, 120_000),
        ("trade", 50_000, 170_000),
    ]
    assert_books_hold(arena)


def test_what_trades_move_to_and_fro_leaves_no_empty_line() -> None:
    arena = make_arena(traders=2, markets=1)
    there, back = (selling(arena, 0), buying(arena, 1)), (selling(arena, 1), buying(arena, 0))
    carry_out(arena, *there, *back)

    assert lines(arena) == {("market_fees", "fee"): 1, ("trader", "trade"): 4}
    assert_books_hold(arena)


def test_books_with_a_line_for_each_trade_as_they_were_kept_before_still_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    record: Callable[..., object] = MarketSession.record

    def post_at_once(self: MarketSession, *args: object) -> object:
        effects = record(self, *args)
        self.postings += self.traded.values()
        self.traded.clear()
        return effects

    arena = make_arena(traders=4, markets=1)
    with monkeypatch.context() as before:
        before.setattr(MarketSession, "record", post_at_once)
        carry_out(arena, *(selling(arena, 0) for _ in range(3)), *(buying(arena, trader) for trader in (1, 2, 3)))
    assert lines(arena)["escrow", "trade"] == 3
    carry_out(arena, selling(arena, 1), buying(arena, 2))
    assert_books_hold(arena)


def test_the_database_refuses_postings_that_do_not_sum_to_zero() -> None:
    arena = make_arena(traders=1, markets=1)
    line = {"event_position": 1, "account_id": account(arena, 0), "reason": "trade", "balance_after_units": 0}
    with pytest.raises(IntegrityError, match="sum to zero"), transaction.atomic():
        Posting.objects.bulk_create(Posting(**line, delta_units=units, recorded_at=clock.now()) for units in (3, -2))


def test_a_position_another_process_changed_and_this_one_changes_back_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arena = make_arena(traders=2, markets=1)
    carry_out(arena, selling(arena, 0), buying(arena, 1))
    with another_process(monkeypatch):
        carry_out(arena, selling(arena, 1), buying(arena, 0))
    carry_out(arena, selling(arena, 0), buying(arena, 1))

    held = Position.objects.filter(account_id=account(arena, 1), outcome=0).get()
    assert held.free_contracts == 5
    assert_books_hold(arena)


def test_a_market_whose_last_batch_left_a_snapshot_is_found_by_a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    arena = make_arena(traders=2, markets=1)
    carry_out(arena, selling(arena, 0))
    market = arena.markets[0]
    market.refresh_from_db()
    save_snapshot(
        stream=stream_of(str(market.pk)),
        version=market.version,
        state=snapshot.dump(load(str(market.pk)).state),
        at=clock.now(),
        schema_version=snapshot.SCHEMA_VERSION,
    )
    with another_process(monkeypatch):
        carry_out(arena, buying(arena, 1))
    assert_books_hold(arena)


def test_what_a_failed_commit_left_in_memory_is_not_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    arena = make_arena(traders=2, markets=1)
    carry_out(arena, selling(arena, 0, price=6_000))

    def full_disk() -> None:
        raise OperationalError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(connections[DEFAULT_DB_ALIAS], "_commit", full_disk)
        with pytest.raises(OperationalError):
            carry_out(arena, buying(arena, 1, price=6_000))
    with another_process(monkeypatch):
        carry_out(arena, buying(arena, 1, price=3_000), buying(arena, 1, price=3_100))
    carry_out(arena, buying(arena, 1, price=6_000))

    assert_books_hold(arena)
