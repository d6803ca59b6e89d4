"""Disputes and reviews over HTTP: what happens to the bonds, and who may decide."""

import pytest

from tests.api_markets.endings import BOND, WHY, a_resolved_market, available, wind
from tests.api_markets.venue import CREDIT, Venue

pytestmark = pytest.mark.usefixtures("everything_adds_up")


def test_an_upheld_resolution_is_final_and_keeps_the_bond(venue):
    market, ann, bob = a_resolved_market(venue)
    assert bob.post(f"markets/{market}/dispute", WHY)["status"] == "disputed"
    assert available(bob) == 996 * CREDIT - BOND
    assert venue.third.refused("post", f"markets/{market}/finalize") == (409, "wrong_state")
    upheld = venue.third.post(f"markets/{market}/review", {"decision": "uphold", "reason": "It works."})
    assert upheld["status"] == "resolved"
    assert bob.refused("post", f"markets/{market}/dispute", WHY) == (409, "dispute_window_closed")
    assert venue.second.refused("post", f"markets/{market}/withdraw-resolution", WHY) == (409, "wrong_state")
    assert venue.chief.post(f"markets/{market}/finalize")["status"] == "settled"
    assert (available(ann), available(bob)) == (1004 * CREDIT, 996 * CREDIT - BOND)
    entries = {(entry["reason"], entry["units"]) for entry in bob.get("account/entries")["results"]}
    assert ("bond", -BOND) in entries


def test_an_overturned_resolution_returns_the_bonds_and_may_be_disputed_again(venue):
    market, ann, bob = a_resolved_market(venue)
    fourth = venue.member("admin")
    for person in (bob, ann):
        person.post(f"markets/{market}/dispute", WHY)
    assert bob.refused("post", f"markets/{market}/dispute", WHY) == (409, "already_disputed")
    same = {"decision": "overturn", "outcome": 0, "reason": "x"}
    assert venue.third.refused("post", f"markets/{market}/review", same) == (422, "same_resolution")
    overturned = {"decision": "overturn", "outcome": 1, "reason": "It was dry."}
    assert venue.third.post(f"markets/{market}/review", overturned)["status"] == "resolved"
    assert (available(ann), available(bob)) == (994 * CREDIT, 996 * CREDIT)
    assert venue.chief.refused("post", f"markets/{market}/finalize") == (409, "dispute_window_open")
    assert ann.post(f"markets/{market}/dispute", WHY)["status"] == "disputed"
    uphold = {"decision": "uphold", "reason": "It was dry."}
    for partial in (venue.third, venue.second):
        assert partial.refused("post", f"markets/{market}/review", uphold) == (403, "duties_not_separate")
    fourth.post(f"markets/{market}/review", uphold)
    venue.second.post(f"markets/{market}/finalize")
    assert (available(ann), available(bob)) == (994 * CREDIT - BOND, 1006 * CREDIT)
    states = [proposal["state"] for proposal in ann.get(f"markets/{market}/dossier")["proposals"]]
    assert states == ["overturned", "final"]


def test_only_holders_dispute_with_a_reason_in_time_and_with_the_bond_at_hand(venue, monkeypatch):
    market, ann, bob = a_resolved_market(venue, dispute_bond=995 * CREDIT)
    path = f"markets/{market}/dispute"
    assert venue.trader().refused("post", path, WHY) == (409, "nothing_held")
    assert Venue().trader().refused("post", path, WHY) == (404, "market_not_found")
    assert bob.refused("post", path, {"reason": " "}) == (422, "reason_required")
    assert ann.refused("post", path, WHY) == (409, "insufficient_funds")
    wind(monkeypatch, seconds=3600)
    assert bob.refused("post", path, WHY) == (409, "dispute_window_closed")
    assert bob.get(f"markets/{market}")["status"] == "resolved"


def test_whoever_has_a_part_in_it_does_not_review_it(venue):
    market, _, bob = a_resolved_market(venue)
    holder = venue.member("admin")
    root = venue.member("admin")
    root.user.is_superuser = True
    root.user.save()
    venue.third.post(f"markets/{market}/confirm")
    bob.post(f"markets/{market}/dispute", WHY)
    uphold = {"decision": "uphold", "reason": "x"}
    review = f"markets/{market}/review"
    assert bob.refused("post", review, uphold) == (403, "permission_missing")
    for partial in (venue.chief, venue.second, venue.third):
        assert partial.refused("post", review, uphold) == (403, "duties_not_separate")
    assert holder.refused("post", review, {**uphold, "outcome": 1}) == (422, "invalid_input")
    assert holder.refused("post", review, {"decision": "overturn", "reason": "x"}) == (422, "invalid_input")
    assert root.post(review, uphold)["status"] == "resolved"


def test_a_superuser_who_created_or_proposed_decides_nothing_either(venue):
    venue.second.user.is_superuser = True
    venue.second.user.save()
    market, _, bob = a_resolved_market(venue)
    bob.post(f"markets/{market}/dispute", WHY)
    uphold = {"decision": "uphold", "reason": "x"}
    assert venue.second.refused("post", f"markets/{market}/review", uphold) == (403, "duties_not_separate")
    venue.second.post(f"markets/{market}/void", WHY)
    assert venue.second.refused("post", f"markets/{market}/approve-void") == (403, "duties_not_separate")


def test_a_withdrawn_dispute_returns_the_bond(venue):
    market, _, bob = a_resolved_market(venue)
    bob.post(f"markets/{market}/dispute", WHY)
    assert venue.third.refused("post", f"markets/{market}/withdraw-resolution", WHY) == (409, "wrong_state")
    assert venue.second.post(f"markets/{market}/withdraw-resolution", WHY)["status"] == "closed"
    assert available(bob) == 996 * CREDIT
    venue.second.post(f"markets/{market}/resolve", {"outcome": 1, "evidence": "Read again."})
    assert bob.get(f"markets/{market}")["outcomes"][1]["payout"] == 10_000


def test_a_step_repeated_with_its_key_is_taken_once(venue):
    market, _, bob = a_resolved_market(venue)
    first = bob.post(f"markets/{market}/dispute", WHY, key="one")
    assert bob.post(f"markets/{market}/dispute", WHY, key="one") == first
    assert available(bob) == 996 * CREDIT - BOND
