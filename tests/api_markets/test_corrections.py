"""Corrections over HTTP: the difference is paid, shortfalls are kept, and two people without a stake decide."""

import pytest

from tests.api_markets.endings import YES, a_resolved_market, available, correct, settled
from tests.api_markets.venue import CREDIT, Venue

pytestmark = pytest.mark.usefixtures("everything_adds_up")


def test_a_correction_moves_the_difference_and_repeats_from_the_last(venue):
    market, ann, bob = a_resolved_market(venue, dispute_window_s=0)
    settled(venue, market)
    assert (available(ann), available(bob)) == (1004 * CREDIT, 996 * CREDIT)
    correct(venue, market, payout=[2_500, 7_500])
    assert (available(ann), available(bob)) == (994 * CREDIT + 25_000, 996 * CREDIT + 75_000)
    correct(venue, market, outcome=1)
    assert (available(ann), available(bob)) == (994 * CREDIT, 1006 * CREDIT)
    story = ann.get(f"markets/{market}/dossier")
    assert story["market"]["payout"] == [0, 10_000]
    assert story["proof"]["payouts_equal_ledger"] is True
    own = next(row for row in story["payouts"] if row["account"]["own"])
    assert (own["paid_units"], own["corrected_units"], own["total_units"]) == (10 * CREDIT, -10 * CREDIT, 0)


def test_what_an_account_cannot_give_back_the_subsidy_pays_and_gets_back_later(venue):
    market, ann, bob = a_resolved_market(venue, dispute_window_s=0)
    settled(venue, market)
    members = f"organizations/{venue.organization.slug}/members"
    venue.chief.post(f"{members}/{ann.user.pk}/withdraw", {"units": 1001 * CREDIT, "note": "gone"})
    correct(venue, market, outcome=1)
    assert (available(ann), available(bob)) == (0, 1006 * CREDIT)
    owed = {
        row["account"]["name"]: row["shortfall_units"]
        for row in venue.chief.get(f"markets/{market}/dossier")["payouts"]
    }
    assert owed == {str(ann.user): 7 * CREDIT, str(bob.user): 0}
    correct(venue, market, outcome=0)
    assert (available(ann), available(bob)) == (3 * CREDIT, 996 * CREDIT)
    assert {row["shortfall_units"] for row in ann.get(f"markets/{market}/dossier")["payouts"]} == {0}


def test_a_correction_the_subsidy_cannot_cover_is_refused(venue):
    poor = Venue()
    market, ann, bob = a_resolved_market(poor, dispute_window_s=0)
    settled(poor, market)
    slug = poor.organization.slug
    members = f"organizations/{slug}/members"
    house = poor.draft(house_liquidity=100_000)
    poor.chief.post(f"markets/{house}/submit")
    poor.second.post(f"markets/{house}/approve")
    poor.chief.post(f"markets/{house}/open")
    rest = poor.draft(house_liquidity=44_269)
    poor.chief.post(f"markets/{rest}/submit")
    poor.second.post(f"markets/{rest}/approve")
    poor.chief.post(f"markets/{rest}/open")
    poor.chief.post(f"{members}/{ann.user.pk}/withdraw", {"units": 1004 * CREDIT, "note": "gone"})
    poor.second.post(f"markets/{market}/correct", {"outcome": 1, "reason": "Read wrongly."})
    assert poor.third.refused("post", f"markets/{market}/approve-correction") == (409, "insufficient_cover")
    poor.chief.post(f"organizations/{slug}/subsidy", {"units": 10 * CREDIT})
    assert poor.third.post(f"markets/{market}/approve-correction")["status"] == "settled"
    assert available(bob) == 1006 * CREDIT


def test_two_people_without_a_stake_correct(venue):
    market, ann, _ = a_resolved_market(venue, dispute_window_s=0)
    other = {"outcome": 1, "reason": "x"}
    path = f"markets/{market}/correct"
    assert venue.second.refused("post", path, other) == (409, "wrong_state")
    settled(venue, market)
    assert ann.refused("post", path, other) == (403, "permission_missing")
    assert venue.chief.refused("post", path, other) == (403, "duties_not_separate")
    assert venue.second.refused("post", path, {"outcome": 0, "reason": "x"}) == (422, "same_resolution")
    venue.second.post(path, other)
    assert venue.third.refused("post", path, other) == (409, "decision_pending")
    for partial in (venue.second, venue.chief):
        assert partial.refused("post", f"markets/{market}/approve-correction") == (403, "duties_not_separate")
    venue.second.post(f"markets/{market}/reject-correction", {"reason": "It was right."})
    assert venue.third.refused("post", f"markets/{market}/approve-correction") == (409, "nothing_requested")


def test_who_held_contracts_when_it_settled_corrects_nothing(venue):
    insider = venue.member("admin")
    venue.fund(insider, 10)
    market = venue.market(dispute_window_s=0)
    insider.post(f"markets/{market}/mint", {"quantity": 1})
    venue.chief.post(f"markets/{market}/close", {"reason": "Over."})
    venue.second.post(f"markets/{market}/resolve", YES)
    settled(venue, market)
    other = {"outcome": 1, "reason": "x"}
    assert insider.refused("post", f"markets/{market}/correct", other) == (403, "duties_not_separate")
    venue.second.post(f"markets/{market}/correct", other)
    assert insider.refused("post", f"markets/{market}/approve-correction") == (403, "duties_not_separate")


def test_the_house_is_corrected_through_the_subsidy(venue):
    market = venue.market(house_liquidity=50, dispute_window_s=0)
    ann = venue.trader()
    ann.order(market, price=9000, quantity=20)
    spent = 1000 * CREDIT - available(ann)
    venue.chief.post(f"markets/{market}/close", {"reason": "Over."})
    venue.second.post(f"markets/{market}/resolve", {"outcome": 1, "evidence": "Dry."})
    settled(venue, market)
    correct(venue, market, outcome=0)
    assert available(ann) == 1000 * CREDIT - spent + 20 * CREDIT
    assert ann.get(f"markets/{market}/dossier")["proof"]["payouts_equal_ledger"] is True
