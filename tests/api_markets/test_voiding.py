"""Voiding over HTTP: two people, the frozen prices, and what happens to orders, bonds and drafts."""

import pytest

from tests.api_markets.endings import WHY, a_resolved_market, a_traded_market, available
from tests.api_markets.venue import CREDIT

pytestmark = pytest.mark.usefixtures("everything_adds_up")


def test_voiding_pays_the_prices_at_which_trading_stopped(venue):
    market, ann, _ = a_traded_market(venue, taker_fee_bps=100, kind="categorical", outcomes=["A", "B"])
    ann.order(market, price=100, outcome=2)
    prices = [outcome["price"] for outcome in ann.get(f"markets/{market}")["outcomes"]]
    asked = venue.second.post(f"markets/{market}/void", {"reason": "The race was cancelled."})
    assert asked["status"] == "halted"
    assert ann.order_refused(market) == (409, "market_not_open")
    assert venue.chief.refused("post", f"markets/{market}/open") == (409, "decision_pending")
    assert venue.second.refused("post", f"markets/{market}/void", WHY) == (409, "decision_pending")
    assert venue.second.refused("post", f"markets/{market}/approve-void") == (403, "duties_not_separate")
    assert venue.chief.refused("post", f"markets/{market}/approve-void") == (403, "duties_not_separate")
    assert venue.third.post(f"markets/{market}/approve-void")["status"] == "voided"
    voided = ann.get(f"markets/{market}")
    payout = [outcome["payout"] for outcome in voided["outcomes"]]
    assert sum(payout) == 10_000
    assert all(abs(paid - 10_000 * price / sum(prices)) < 1 for paid, price in zip(payout, prices, strict=True))
    assert (voided["open_sets"], ann.get("positions")["results"]) == (0, [])
    assert ann.cash()["reserved"] == 0
    assert venue.third.refused("post", f"markets/{market}/approve-void") == (409, "wrong_state")
    assert venue.third.refused("post", f"markets/{market}/void", WHY) == (409, "wrong_state")


def test_a_disputed_market_that_is_voided_returns_the_bonds(venue):
    market, ann, bob = a_resolved_market(venue)
    bob.post(f"markets/{market}/dispute", WHY)
    venue.second.post(f"markets/{market}/void", WHY)
    venue.third.post(f"markets/{market}/approve-void", {"reason": "Agreed."})
    assert (available(ann), available(bob)) == (1000 * CREDIT, 1000 * CREDIT)
    (proposal,) = bob.get(f"markets/{market}/dossier")["proposals"]
    assert (proposal["state"], proposal["disputes"][0]["bond"]) == ("voided", "returned")


def test_a_void_that_is_rejected_changes_nothing_but_the_halt(venue):
    market, _, _ = a_traded_market(venue)
    assert venue.third.refused("post", f"markets/{market}/reject-void", WHY) == (409, "nothing_requested")
    venue.second.post(f"markets/{market}/void", WHY)
    assert venue.third.post(f"markets/{market}/reject-void", {"reason": "It goes on."})["status"] == "halted"
    assert venue.chief.post(f"markets/{market}/open")["status"] == "open"


@pytest.mark.parametrize("submitted", [False, True])
def test_what_never_opened_is_voided_without_paying(venue, submitted):
    market = venue.draft()
    if submitted:
        venue.chief.post(f"markets/{market}/submit")
    venue.chief.post(f"markets/{market}/void", WHY)
    assert venue.second.post(f"markets/{market}/approve-void")["status"] == "voided"
    assert venue.chief.get(f"markets/{market}")["outcomes"][0]["payout"] is None
    assert venue.chief.get(f"markets/{market}/dossier")["payouts"] == []
