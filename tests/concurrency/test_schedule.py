"""Several schedulers at once, and orders at the very moment a market closes: each step is taken once."""

from datetime import timedelta

import pytest

from markets.lifecycle import services as lifecycle
from markets.lifecycle.models import Market
from markets.lifecycle.resolution import services as resolution
from markets.lifecycle.schedule import run_schedule
from markets.trading import services as trading
from markets.trading.memory import stream_of
from markets.trading.services import OrderRequest
from opinion_market.eventstore.read import read_stream
from opinion_market.kernel import clock
from tests.concurrency.arena import Arena, assert_books_hold, make_arena
from tests.concurrency.threads import at_once

pytestmark = pytest.mark.usefixtures("committed_db")

WORKERS = 4


def events_of(market: Market, type: str) -> list[dict]:
    return [event.data for event in read_stream(stream_of(str(market.pk))) if event.type == type]


def a_due_market(arena: Arena) -> Market:
    """Approved, and to open in the past of the clock that the test then shows."""
    creator, approver = arena.staff
    now = clock.now()
    draft = lifecycle.MarketDraft(
        question="Is it punctual?",
        criteria="By the clock.",
        opens_at=now + timedelta(minutes=1),
        closes_at=now + timedelta(minutes=2),
        dispute_window_s=60,
        auto_finalize=True,
    )
    market = lifecycle.create_market(actor=creator, organization_id=arena.organization.pk, draft=draft, now=now)
    lifecycle.submit_market(actor=creator, market=market).unwrap()
    lifecycle.approve_market(actor=approver, market=market).unwrap()
    return market


def test_workers_at_once_take_each_step_once(monkeypatch):
    arena = make_arena(traders=2, markets=0)
    market = a_due_market(arena)
    arena.markets.append(market)
    start = clock.now()

    def wind(minutes: int) -> None:
        monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=minutes, seconds=1))

    def work() -> list[int]:
        return at_once([lambda: run_schedule(now=clock.now())] * WORKERS)

    def order(trader: int, outcome: int, price: int) -> str | None:
        request = OrderRequest(outcome=outcome, side="buy", quantity=5, price=price)
        placed = trading.place_order(actor=arena.traders[trader], market_id=market.pk, request=request, now=clock.now())
        return placed.error.code if placed.error else None

    wind(1)
    work()
    assert len(events_of(market, "MarketOpened")) == 1
    assert (order(0, 0, 6_000), order(1, 1, 4_000)) == (None, None)
    wind(2)
    assert order(0, 0, 6_000) == "market_not_open"
    work()
    assert len(events_of(market, "MarketClosed")) == 1
    proposer, confirmer = arena.staff[1], arena.staff[0]
    resolution.resolve_market(actor=proposer, market=market, payout_units=[10_000, 0], evidence="seen").unwrap()
    resolution.confirm_resolution(actor=confirmer, market=market).unwrap()
    wind(4)
    work()
    assert len(events_of(market, "MarketSettled")) == 1
    (finalized,) = events_of(market, "ResolutionFinalized")
    market.refresh_from_db()
    assert finalized["due_at"] == clock.text(market.dispute_ends_at)
    assert market.status == "settled"
    assert_books_hold(arena)
