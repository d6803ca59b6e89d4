"""Tenants do not see, and cannot touch, one another's markets, orders and money."""

import pytest

from tests.api_markets.venue import Person, Venue, an_order

STEPS = ["submit", "return", "approve", "open", "halt", "close", "resolve", "withdraw-resolution", "finalize"]
JUDGING = ["confirm", "void", "approve-void", "reject-void", "approve-correction", "reject-correction"]
MARKET_READS = ["", "/book", "/trades", "/prices", "/events", "/comments", "/evidence", "/dossier", "/dossier/download"]
SUM = {"units": 1}


def callers(venue: Venue, elsewhere: Venue) -> dict[str, Person]:
    return {"trader": elsewhere.trader(), "viewer": elsewhere.member("viewer"), "admin": elsewhere.chief}


@pytest.mark.parametrize("caller", ["trader", "viewer", "admin"])
def test_a_foreign_market_does_not_exist(venue, elsewhere, caller):
    stranger = callers(venue, elsewhere)[caller]
    not_found = (404, "market_not_found")
    for market in (venue.market(), venue.draft(), venue.draft(is_public=True)):
        for read in (*MARKET_READS, "/orders"):
            assert stranger.refused("get", f"markets/{market}{read}") == not_found
        assert stranger.order_refused(market) == not_found
        for deed in ("mint", "merge"):
            assert stranger.refused("post", f"markets/{market}/{deed}", {"quantity": 1}) == not_found
        assert stranger.refused("delete", f"orders?market={market}") == not_found
        expected = not_found if caller == "admin" else (403, "permission_missing")
        assert stranger.refused("post", f"markets/{market}/dispute", {"reason": "x"}) == not_found
        assert stranger.refused("post", f"markets/{market}/evidence/links", {"url": "http://a.b"}) == not_found
        for step in (*STEPS, *JUDGING):
            body = {"outcome": 0, "evidence": "x"} if step == "resolve" else {}
            assert stranger.refused("post", f"markets/{market}/{step}", body) == expected
        (result,) = stranger.post("orders/batch", {"orders": [{"market": market, **an_order()}]})["results"]
        assert (result["status"], result["problem"]["code"]) == not_found
        assert market not in [each["id"] for each in stranger.get("markets")["results"]]


def test_a_public_market_may_be_read_by_all_and_traded_by_members(venue, elsewhere, anybody):
    market, stranger = venue.market(is_public=True), elsewhere.trader()
    for reader in (anybody, stranger, elsewhere.chief, venue.member()):
        for read in MARKET_READS:
            reader.get(f"markets/{market}{read}")
        assert market in [each["id"] for each in reader.get("markets")["results"]]
    assert stranger.order_refused(market) == (403, "not_a_member")
    assert stranger.refused("post", f"markets/{market}/mint", {"quantity": 1}) == (403, "not_a_member")
    (result,) = stranger.post("orders/batch", {"orders": [{"market": market, **an_order()}]})["results"]
    assert (result["status"], result["problem"]["code"]) == (403, "not_a_member")
    assert stranger.get(f"markets/{market}/orders")["results"] == []
    assert elsewhere.chief.refused("post", f"markets/{market}/halt", {"reason": "x"}) == (403, "permission_missing")


def test_drafts_are_for_those_who_may_read_markets_as_staff(venue, anybody):
    draft, waiting = venue.draft(is_public=True), venue.draft()
    venue.chief.post(f"markets/{waiting}/submit")
    for market in (draft, waiting):
        for role in ("viewer", "auditor", "manager"):
            assert venue.member(role).get(f"markets/{market}")["id"] == market
        for reader in (venue.member(), anybody):
            assert reader.refused("get", f"markets/{market}") == (404, "market_not_found")
            assert reader.get("markets")["results"] == []


def test_strangers_must_sign_in_for_everything_else(venue, anybody):
    market, slug, member = venue.market(is_public=True), venue.organization.slug, venue.member().user.pk
    unknown = (401, "not_authenticated")
    own = ["orders", "positions", "fills", "account", "account/entries", "account/entries.csv", "portfolio"]
    for path in (*own, f"markets/{market}/orders", f"organizations/{slug}/subsidy"):
        assert anybody.refused("get", path) == unknown
    deeds = [f"markets/{market}/{deed}" for deed in ("orders", "mint", "merge", *STEPS)]
    for path in (*deeds, "markets", "orders/batch", f"organizations/{slug}/members/{member}/deposit"):
        assert anybody.refused("post", path) == unknown
    assert anybody.refused("delete", "orders") == unknown


def test_orders_and_money_are_ones_own(venue, elsewhere):
    market, ann, bob = venue.market(), venue.trader(), venue.trader()
    order = ann.order(market, price=4000)["id"]
    bob.order(market, side="sell", price=3000, quantity=3)
    for other in (bob, elsewhere.trader(), elsewhere.chief, venue.chief):
        assert other.refused("get", f"orders/{order}") == (404, "order_not_found")
        assert other.refused("delete", f"orders/{order}") == (404, "order_not_found")
        assert order not in [each["id"] for each in other.get("orders")["results"]]
        assert other.get("fills", order=order)["results"] == []
        assert other.delete("orders", expected=200)["cancelled"] == {}
        ours = {entry["account"] for entry in other.get("account/entries")["results"]}
        assert ann.cash()["id"] not in ours
    assert ann.get(f"orders/{order}")["status"] == "open"


def test_who_leaves_an_organization_has_nothing_there_any_more(venue):
    market, ann = venue.market(), venue.trader()
    order = ann.order(market)["id"]
    members = f"organizations/{venue.organization.slug}/members"
    venue.chief.delete(f"{members}/{ann.user.pk}", expected=204)
    assert ann.get("orders")["results"] == ann.get("positions")["results"] == ann.get("account")["accounts"] == []
    assert ann.refused("delete", f"orders/{order}") == (404, "order_not_found")
    assert ann.order_refused(market) == (404, "market_not_found")


def test_staff_handles_the_money_of_its_own_members_only(venue, elsewhere):
    slug, ann, foreign = venue.organization.slug, venue.trader(), elsewhere.trader()
    for deed in ("deposit", "withdraw"):
        for stranger in (elsewhere.chief,):
            path = f"organizations/{slug}/members/{ann.user.pk}/{deed}"
            assert stranger.refused("post", path, SUM) == (404, "organization_not_found")
        path = f"organizations/{slug}/members/{foreign.user.pk}/{deed}"
        assert venue.chief.refused("post", path, SUM) == (404, "member_not_found")
        for powerless in (ann, venue.member("viewer"), venue.member("auditor")):
            path = f"organizations/{slug}/members/{ann.user.pk}/{deed}"
            assert powerless.refused("post", path, SUM) == (403, "permission_missing")
    assert elsewhere.chief.refused("post", f"organizations/{slug}/subsidy", SUM) == (404, "organization_not_found")
    assert ann.refused("post", f"organizations/{slug}/subsidy", SUM) == (403, "permission_missing")
    assert elsewhere.chief.refused("get", f"account?organization={slug}") == (404, "organization_not_found")
    assert elsewhere.chief.refused("get", f"portfolio?organization={slug}") == (404, "organization_not_found")


def test_a_market_is_not_created_in_a_foreign_organization(venue, elsewhere):
    body = {"organization": venue.organization.slug, "question": "Q?", "criteria": "C."}
    assert elsewhere.chief.refused("post", "markets", body) == (404, "organization_not_found")
    assert venue.trader().refused("post", "markets", body) == (403, "permission_missing")


def test_a_superuser_sees_every_market_but_trades_only_as_a_member(venue, elsewhere):
    market, everywhere = venue.market(), elsewhere.trader()
    everywhere.user.is_superuser = True
    everywhere.user.save()
    assert everywhere.get(f"markets/{market}")["id"] == market
    assert everywhere.order_refused(market) == (404, "market_not_found")
    everywhere.order(elsewhere.market())
