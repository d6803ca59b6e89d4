"""Limits over HTTP: set by staff with a reason, seen by traders, and kept by every order."""

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from opinion_market.eventstore.read import read_stream
from tests.api_markets.venue import ROOT, Person, Venue

FREE = {"position": None, "order_limit": None, "order_quantity": None}


def put(person: Person, path: str, body: dict, key: str | None = None):
    headers = {"Idempotency-Key": key} if key else {}
    return person.client.put(f"{ROOT}/{path}", body, format="json", headers=headers)


def limit_market(venue: Venue, market: str, **figures: int):
    response = put(venue.chief, f"markets/{market}/limits", {**FREE, "reason": "Thin market", **figures})
    assert response.status_code == 200, response.content
    return response.json()


def limit_member(venue: Venue, person: Person, **figures: int):
    body = {"open_orders": None, "position": None, "order_value": None, "reason": "On trial", **figures}
    path = f"organizations/{venue.organization.slug}/members/{person.user.pk}/limits"
    response = put(venue.chief, path, body)
    assert response.status_code == 200, response.content
    return response.json()


def limit_everybody(venue: Venue, **figures: int):
    body = {"position": None, "open_orders": None, "order_quantity": None, "order_value": None, "reason": "House rules"}
    response = put(venue.chief, f"organizations/{venue.organization.slug}/limits", {**body, **figures})
    assert response.status_code == 200, response.content
    return response.json()


def refusal(person: Person, market: str, **order) -> dict:
    response = person.client.post(
        f"{ROOT}/markets/{market}/orders",
        {"outcome": 0, "side": "buy", "type": "limit", "price": 5_000, "quantity": 10, **order},
        format="json",
    )
    assert response.status_code == 409, response.content
    return response.json()


def test_what_is_held_and_what_rests_count_together(venue):
    market, ann, bob = venue.market(), venue.trader(), venue.trader()
    limit_market(venue, market, position=30)
    bob.order(market, side="sell", price=6_000, quantity=10)
    ann.order(market, price=6_000, quantity=10)
    ann.order(market, price=4_000, quantity=20)
    problem = refusal(ann, market, price=3_000, quantity=1)
    assert problem["code"] == "position_limit_exceeded"
    figures = {name: problem["data"][name] for name in ("outcome", "position", "before", "limit")}
    assert figures == {"outcome": 0, "position": 31, "before": 30, "limit": 30}


def test_selling_no_is_buying_yes(venue):
    market, ann = venue.market(), venue.trader()
    limit_market(venue, market, position=15)
    ann.order(market, side="sell", outcome=1, price=6_000, quantity=15)
    assert refusal(ann, market, side="buy", outcome=0, price=3_000)["code"] == "position_limit_exceeded"
    assert refusal(ann, market, side="sell", outcome=1, price=7_000)["code"] == "position_limit_exceeded"
    ann.order(market, side="buy", outcome=1, price=3_000, quantity=15)
    assert refusal(ann, market, side="sell", outcome=0, price=8_000)["data"]["outcome"] == 1


def test_among_many_outcomes_selling_one_is_a_position_on_each_of_the_others(venue):
    market = venue.market(kind="categorical", outcomes=["Red", "Green", "Blue"], is_exhaustive=True)
    ann = venue.trader()
    limit_market(venue, market, position=10)
    ann.order(market, side="sell", outcome=0, price=6_000, quantity=6)
    ann.order(market, side="buy", outcome=1, price=2_000, quantity=4)
    problem = refusal(ann, market, side="buy", outcome=1, price=1_000, quantity=1)
    assert (problem["data"]["outcome"], problem["data"]["position"]) == (1, 11)
    ann.order(market, side="buy", outcome=0, price=1_000, quantity=10)


def test_a_lowered_limit_leaves_what_there_is_and_lets_everybody_out(venue):
    market, ann, bob = venue.market(), venue.trader(), venue.trader()
    bob.order(market, side="sell", price=6_000, quantity=50)
    ann.order(market, price=6_000, quantity=50)
    limit_market(venue, market, position=10, order_limit=0, order_quantity=1)
    assert refusal(ann, market, price=1_000, quantity=1)["code"] == "order_limit_exceeded"
    assert refusal(ann, market, price=1_000, quantity=2)["code"] == "order_too_large"
    ann.order(market, side="sell", price=9_000, quantity=30)
    ann.order(market, side="buy", outcome=1, price=1_000, quantity=20)
    assert refusal(ann, market, side="sell", price=9_000, quantity=11)["code"] == "order_too_large"


def test_open_orders_are_counted_in_each_market_by_itself(venue):
    here, there, ann = venue.market(), venue.market(), venue.trader()
    limit_member(venue, ann, open_orders=2)
    for price in (4_000, 4_100):
        ann.order(here, price=price)
    problem = refusal(ann, here, price=4_200)
    assert problem["code"] == "order_limit_exceeded"
    assert (problem["data"]["open_orders"], problem["data"]["limit"]) == (2, 2)
    ann.order(there)
    ann.order(here, price=4_200, time_in_force="ioc")
    venue.trader().order(here, price=4_200)


def test_a_batch_stops_at_the_limit(venue):
    market, ann = venue.market(), venue.trader()
    limit_market(venue, market, order_limit=3)
    orders = [
        {"market": market, "outcome": 0, "side": "buy", "type": "limit", "price": 4_000, "quantity": 1}
        for _ in range(5)
    ]
    results = ann.post("orders/batch", {"orders": orders}, expected=None)["results"]
    assert [each["status"] for each in results] == [201, 201, 201, 409, 409]
    assert {each["problem"]["code"] for each in results[3:]} == {"order_limit_exceeded"}


def test_the_accounts_own_figure_replaces_the_organizations_for_an_orders_value(venue):
    market, ann, bob = venue.market(), venue.trader(), venue.trader()
    limit_everybody(venue, order_value=50_000, position=500, open_orders=7)
    limit_member(venue, ann, order_value=100_000)
    ann.order(market, price=5_000, quantity=20)
    assert refusal(ann, market, price=5_000, quantity=21)["data"]["limit_units"] == 100_000
    assert refusal(bob, market, side="sell", price=5_500, quantity=12)["data"]["value_units"] == 54_000
    bob.order(market, side="sell", price=6_000, quantity=12)
    assert refusal(bob, market, price=1, quantity=600)["data"]["limit"] == 500


def test_a_markets_own_limit_replaces_the_organizations(venue):
    market, ann = venue.market(), venue.trader()
    limit_everybody(venue, position=5)
    assert refusal(ann, market, price=1_000, quantity=6)["data"]["limit"] == 5
    limit_market(venue, market, position=20)
    ann.order(market, price=1_000, quantity=20)
    limit_market(venue, market)
    assert refusal(ann, market, price=1_000, quantity=1)["data"]["limit"] == 5


def test_traders_see_what_binds_them(venue, anybody):
    market, ann = venue.market(is_public=True), venue.trader()
    limit_everybody(venue, position=500, order_value=9_000, order_quantity=80)
    limit_member(venue, ann, open_orders=3)
    limit_market(venue, market, position=40)
    assert ann.cash()["limits"] == {
        "open_orders": 3,
        "position": None,
        "order_value": 9_000,
        "market_open_orders": None,
        "market_position": 500,
        "market_order_quantity": 80,
    }
    assert anybody.get(f"markets/{market}")["position_limit"] == 40
    newcomer = venue.member()
    assert newcomer.cash()["limits"]["market_position"] == 500
    everywhere = ann.get(f"organizations/{venue.organization.slug}/limits")
    assert everywhere == {"open_orders": None, "position": 500, "order_quantity": 80, "order_value": 9_000}


def test_each_change_has_a_reason_is_an_event_and_is_audited(venue):
    market, ann = venue.market(), venue.trader()
    limit_market(venue, market, position=40)
    limit_member(venue, ann, open_orders=3)
    limit_everybody(venue, open_orders=9)
    account = ann.cash()["id"]
    streams = {
        f"market-{market}": ("MarketLimitsChanged", "position_limit_contracts", 40, "Thin market"),
        f"account-{account}": ("AccountLimitsChanged", "max_open_orders", 3, "On trial"),
        f"organization-{venue.organization.pk}": ("LimitDefaultsChanged", "order_limit", 9, "House rules"),
    }
    for stream, (kind, name, figure, reason) in streams.items():
        event = list(read_stream(stream))[-1]
        assert (event.type, event.data[name], event.data["reason"]) == (kind, figure, reason)
        assert event.metadata["actor"] == str(venue.chief.user.pk)
    deeds = LogEntry.objects.filter(changes__deed=["", "change of limits"], actor=venue.chief.user)
    assert {deed.changes["reason"][1] for deed in deeds} == {"Thin market", "On trial", "House rules"}
    shown = ann.get(f"markets/{market}/events")["results"][-1]
    assert shown["type"] == "MarketLimitsChanged"
    assert shown["data"]["position_limit_contracts"] == 40


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nothing_is_limited(venue, reason):
    market, ann = venue.market(), venue.trader()
    member = f"organizations/{venue.organization.slug}/members/{ann.user.pk}/limits"
    everybody = f"organizations/{venue.organization.slug}/limits"
    own = {"open_orders": 0, "position": 0, "order_value": 0, "reason": reason}
    for path, body in [
        (f"markets/{market}/limits", {**FREE, "position": 0, "reason": reason}),
        (member, own),
        (everybody, {**own, "order_quantity": 0}),
    ]:
        response = put(venue.chief, path, body)
        assert (response.status_code, response.json()["code"]) == (422, "reason_required"), path
    ann.order(market)


def test_a_figure_left_out_is_not_taken_for_no_limit(venue):
    market = venue.market()
    response = put(venue.chief, f"markets/{market}/limits", {"position": 5, "reason": "Half of it"})
    assert response.status_code == 422


def test_only_staff_of_the_organization_sets_limits(venue, elsewhere):
    market, ann = venue.market(is_public=True), venue.trader()
    slug, manager, viewer = venue.organization.slug, venue.member("manager"), venue.member("viewer")
    own = {"open_orders": 1, "position": 1, "order_value": 1, "reason": "x"}
    bodies = {
        f"markets/{market}/limits": {**FREE, "reason": "x"},
        f"organizations/{slug}/members/{ann.user.pk}/limits": own,
        f"organizations/{slug}/limits": {**own, "order_quantity": 1},
    }
    for path, body in bodies.items():
        assert put(ann, path, body).status_code == 403, path
        assert put(viewer, path, body).status_code == 403, path
        assert put(elsewhere.chief, path, body).status_code in (403, 404), path
        assert put(manager, path, body).status_code == 200, path
    assert elsewhere.trader().cash()["limits"]["market_open_orders"] is None


def test_limits_cost_an_order_no_query(venue):
    market, ann = venue.market(), venue.trader()
    ann.order(market)
    before = queries(lambda: ann.order(market))
    limit_everybody(venue, position=500, order_value=10**9, order_quantity=80, open_orders=90)
    limit_member(venue, ann, open_orders=30, position=400)
    limit_market(venue, market, position=300)
    assert queries(lambda: ann.order(market)) == before


def queries(act) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def test_a_repeated_request_sets_limits_once(venue):
    market = venue.market()
    body = {**FREE, "position": 5, "reason": "Once"}
    first = put(venue.chief, f"markets/{market}/limits", body, key="k")
    again = put(venue.chief, f"markets/{market}/limits", body, key="k")
    assert first.json() == again.json()
    assert [event.type for event in read_stream(f"market-{market}")].count("MarketLimitsChanged") == 1


@pytest.mark.parametrize("stage", ["draft", "halted"])
def test_limits_are_set_before_a_market_trades_and_bind_when_it_does(venue, stage):
    market, ann = venue.draft() if stage == "draft" else venue.market(), venue.trader()
    if stage == "halted":
        venue.chief.post(f"markets/{market}/halt", {"reason": "Storm"})
    limit_market(venue, market, order_quantity=3)
    if stage == "draft":
        venue.chief.post(f"markets/{market}/submit")
        venue.second.post(f"markets/{market}/approve")
    venue.chief.post(f"markets/{market}/open")
    assert refusal(ann, market, quantity=4)["code"] == "order_too_large"
    ann.order(market, quantity=3)
    venue.chief.post(f"markets/{market}/close", {"reason": "Over"})
    response = put(venue.chief, f"markets/{market}/limits", {**FREE, "reason": "Too late"})
    assert (response.status_code, response.json()["code"]) == (409, "wrong_state")


def test_an_amendment_is_within_the_limits_too(venue):
    market, ann = venue.market(), venue.trader()
    limit_market(venue, market, position=30)
    order = ann.order(market, price=4_000, quantity=20)["id"]
    assert ann.refused("patch", f"orders/{order}", {"quantity": 31}) == (409, "position_limit_exceeded")
    assert ann.patch(f"orders/{order}", {"quantity": 30})["remaining_quantity"] == 30
    limit_market(venue, market, position=10)
    assert ann.patch(f"orders/{order}", {"price": 3_900})["price"] == 3_900  # no worse than it was
    assert ann.patch(f"orders/{order}", {"quantity": 25})["remaining_quantity"] == 25
