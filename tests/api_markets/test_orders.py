"""Orders over HTTP: placing, reading, cancelling, and every way to be refused."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils.timezone import now

from tests.api_markets.venue import CREDIT, an_order
from tests.governance.people import calling_with_key


@pytest.fixture
def market(venue):
    return venue.market(taker_fee_bps=100)


def test_an_order_is_answered_with_all_that_became_of_it(venue, market):
    ann, bob = venue.trader(), venue.trader()
    resting = bob.order(market, outcome=1, price=4700, quantity=12, client_order_id="quote-1")
    assert (resting["status"], resting["remaining_quantity"], resting["fills"]) == ("open", 12, [])
    taken = ann.order(market, price=5300, quantity=20)
    assert {name: taken[name] for name in an_order(price=5300, quantity=20)} == an_order(price=5300, quantity=20)
    assert (taken["status"], taken["filled_quantity"], taken["remaining_quantity"]) == ("open", 12, 8)
    assert taken["average_price"] == "5300.0000"
    (fill,) = taken["fills"]
    assert (fill["sequence"], fill["price"], fill["quantity"], fill["role"]) == (1, 5300, 12, "taker")
    assert taken["fees"] == fill["fee"] == -(-100 * 5300 * 4700 * 12 // (10_000 * 10_000))
    assert ann.get(f"orders/{taken['id']}") == taken
    made = bob.get(f"orders/{resting['id']}")
    assert (made["status"], made["client_order_id"], made["average_price"]) == ("filled", "quote-1", "4700.0000")
    assert [(each["price"], each["role"], each["fee"]) for each in made["fills"]] == [(4700, "maker", 0)]


def test_orders_are_found_by_what_they_are(venue, market):
    ann, other = venue.trader(), venue.market()
    bid = ann.order(market, price=4000, client_order_id="b")["id"]
    offer = ann.order(market, side="sell", price=6000)["id"]
    elsewhere = ann.order(other, price=4000)["id"]
    ann.delete(f"orders/{offer}")

    def found(path="orders", **query):
        return [order["id"] for order in ann.get(path, **query)["results"]]

    assert found() == [elsewhere, offer, bid]
    assert found(market=market) == found(f"markets/{market}/orders") == [offer, bid]
    assert found(status="open") == [elsewhere, bid]
    assert found(side="sell") == [offer]
    assert found(client_order_id="b") == [bid]
    assert found(created_from=now().isoformat()) == []
    assert found(created_before=now().isoformat()) == [elsewhere, offer, bid]
    assert ann.refused("get", "orders?status=lost") == (422, "invalid_input")
    assert venue.trader().get("orders")["results"] == []


@pytest.mark.parametrize(
    ("order", "refusal"),
    [
        ({"price": 0}, (422, "price_out_of_range")),
        ({"price": 10_000}, (422, "price_out_of_range")),
        ({"price": None}, (422, "price_out_of_range")),
        ({"outcome": 2}, (422, "invalid_order")),
        ({"post_only": True, "time_in_force": "ioc"}, (422, "invalid_order")),
        ({"type": "market", "time_in_force": "gtc"}, (422, "invalid_order")),
        ({"time_in_force": "gtd"}, (422, "invalid_order")),
        ({"expires_at": "2031-01-01T00:00:00Z"}, (422, "invalid_order")),
        ({"time_in_force": "gtd", "expires_at": "2001-01-01T00:00:00Z"}, (422, "invalid_order")),
        ({"price": 6000, "post_only": True}, (409, "would_take")),
        ({"price": 6000, "quantity": 11, "time_in_force": "fok"}, (409, "unfillable")),
        ({"quantity": 1_000_000}, (409, "insufficient_funds")),
        ({"client_order_id": "used"}, (409, "duplicate_client_order_id")),
        ({"valid_until": "2001-01-01T00:00:00Z"}, (409, "command_expired")),
        ({"price": 50.5}, (422, "invalid_input")),
        ({"price": "5000"}, (422, "invalid_input")),
        ({"quantity": 0}, (422, "invalid_input")),
        ({"quantity": True}, (422, "invalid_input")),
        ({"side": "hold"}, (422, "invalid_input")),
        ({"side": ["buy"]}, (422, "invalid_input")),
        ({"time_in_force": "day"}, (422, "invalid_input")),
        ({"client_order_id": ""}, (422, "invalid_input")),
        ({"client_order_id": "x" * 65}, (422, "invalid_input")),
        ({"valid_until": "soon"}, (422, "invalid_input")),
        ({"amount": 5}, (422, "invalid_input")),
    ],
)
def test_a_refused_order_changes_nothing(venue, market, order, refusal):
    ann, bob = venue.trader(), venue.trader()
    ann.order(market, price=1000, client_order_id="used")
    bob.order(market, side="sell", price=6000)
    before = (ann.cash(), ann.get("orders"), ann.get(f"markets/{market}")["version"])
    assert ann.order_refused(market, **order) == refusal
    assert (ann.cash(), ann.get("orders"), ann.get(f"markets/{market}")["version"]) == before


@pytest.mark.parametrize("body", [[], "order", 5, None, {}])
def test_what_is_no_order_is_refused(venue, market, body):
    response = venue.trader().client.post(f"/api/v1/markets/{market}/orders", body, format="json")
    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")


def test_only_an_open_market_trades(venue, market):
    ann = venue.trader()
    resting = ann.order(market)["id"]
    assert ann.order_refused(venue.draft()) == (409, "market_not_open")
    venue.chief.post(f"markets/{market}/halt", {"reason": "Wait."})
    assert ann.order_refused(market) == (409, "market_not_open")
    assert ann.refused("post", f"markets/{market}/mint", {"quantity": 1}) == (409, "market_not_open")
    assert ann.delete(f"orders/{resting}") == {"cancelled": [resting], "cancelled_quantity": 10}


def test_a_market_order_needs_no_price(venue, market):
    ann, bob = venue.trader(), venue.trader()
    bob.order(market, side="sell", price=9000, quantity=4)
    order = an_order(type="market")
    del order["price"]
    taken = ann.post(f"markets/{market}/orders", order)
    assert (taken["time_in_force"], taken["status"], taken["price"]) == ("ioc", "cancelled", 9999)
    assert (taken["filled_quantity"], taken["cancelled_quantity"]) == (4, 6)


def test_an_order_can_be_good_till_a_date(venue, market):
    ann = venue.trader()
    at = now() + timedelta(hours=1)
    order = ann.order(market, time_in_force="gtd", expires_at=at.isoformat())
    assert ann.get(f"orders/{order['id']}") == order
    assert order["expires_at"].startswith(at.isoformat()[:26])


def test_a_cancelled_order_gives_back_what_it_reserved(venue, market):
    ann = venue.trader(credits=100)
    order = ann.order(market, price=5000, quantity=10)["id"]
    assert ann.cash()["reserved"] >= 5 * CREDIT
    assert ann.delete(f"orders/{order}")["cancelled_quantity"] == 10
    assert ann.cash()["available"] == ann.cash()["balance"] == 100 * CREDIT
    assert ann.refused("delete", f"orders/{order}") == (409, "order_not_open")
    assert ann.refused("delete", f"orders/{uuid4()}") == (404, "order_not_found")
    assert venue.trader().refused("delete", f"orders/{order}") == (404, "order_not_found")


def test_all_orders_are_cancelled_at_once_or_by_market(venue, market):
    ann, bob, other = venue.trader(), venue.trader(), venue.market()
    mine = [ann.order(market, price=4000)["id"], ann.order(market, price=4100)["id"]]
    elsewhere = ann.order(other)["id"]
    bobs = bob.order(market)["id"]
    assert ann.delete(f"orders?market={market}") == {"cancelled": {market: mine}}
    assert ann.delete("orders") == {"cancelled": {other: [elsewhere]}}
    assert ann.delete("orders") == {"cancelled": {}}
    assert bob.get(f"orders/{bobs}")["status"] == "open"
    assert ann.refused("delete", f"orders?market={uuid4()}") == (404, "market_not_found")


def test_sets_are_minted_and_merged(venue, market):
    ann = venue.trader(credits=10)
    minted = ann.post(f"markets/{market}/mint", {"quantity": 4})
    assert minted == {"market": market, "free": [4, 4], "reserved": [0, 0], "available": 6 * CREDIT}
    assert [position["free"] for position in ann.get("positions", market=market)["results"]] == [4, 4]
    merge = f"markets/{market}/merge"
    assert ann.post(merge, {"quantity": 3})["free"] == [1, 1]
    assert ann.refused("post", merge, {"quantity": 2}) == (409, "insufficient_contracts")
    assert ann.refused("post", f"markets/{market}/mint", {"quantity": 100}) == (409, "insufficient_funds")
    assert ann.refused("post", merge, {"quantity": 0}) == (422, "invalid_input")
    late = {"quantity": 1, "valid_until": "2001-01-01T00:00:00Z"}
    assert ann.refused("post", merge, late) == (409, "command_expired")
    assert ann.refused("post", f"markets/{market}/mint", late) == (409, "command_expired")


def test_fills_are_told_in_the_terms_of_ones_own_order(venue, market):
    ann, bob = venue.trader(), venue.trader()
    bid = ann.order(market, price=6000, quantity=5)["id"]
    bob.order(market, outcome=1, price=5000, quantity=5)
    (hers,) = ann.get("fills")["results"]
    (his,) = bob.get("fills")["results"]
    assert (hers["price"], hers["value"], hers["role"], hers["side"]) == (6000, 30_000, "maker", "buy")
    assert (his["price"], his["value"], his["role"], his["outcome"]) == (4000, 20_000, "taker", 1)
    assert his["fee"] > hers["fee"] == 0
    assert hers["sequence"] == his["sequence"] == 1
    assert [fill["order"] for fill in ann.get("fills", order=bid)["results"]] == [bid]
    assert bob.get("fills", order=bid)["results"] == []
    assert ann.get("fills", market=market, executed_before=now().isoformat())["results"] == [hers]
    assert ann.get("fills", executed_from=now().isoformat())["results"] == []


@pytest.mark.parametrize("scope", ["read", "trade", "admin"])
def test_a_key_of_scope_read_may_not_trade(venue, market, scope):
    ann = venue.trader()
    key = calling_with_key(ann.user, scope)
    allowed = scope != "read"
    placed = key.post(f"/api/v1/markets/{market}/orders", an_order(), format="json")
    batch = key.post("/api/v1/orders/batch", {"orders": [{"market": market, **an_order()}]}, format="json")
    minted = key.post(f"/api/v1/markets/{market}/mint", {"quantity": 1}, format="json")
    cancelled = key.delete("/api/v1/orders")
    statuses = [answer.status_code for answer in (placed, batch, minted, cancelled)]
    assert statuses == ([201, 200, 200, 200] if allowed else [403] * 4)
    assert key.get("/api/v1/orders").status_code == 200
    step = key.post(f"/api/v1/markets/{market}/submit", {}, format="json")
    assert step.json()["code"] == ("permission_missing" if scope == "admin" else "scope_too_narrow")


def test_pages_of_orders_stay_put_while_trading_goes_on(venue, market):
    ann = venue.trader()
    placed = [ann.order(market, price=1000 + index)["id"] for index in range(7)]
    page = ann.get("orders", limit=3)
    seen = [order["id"] for order in page["results"]]
    while page["next"]:
        ann.order(market, price=2000)
        page = ann.client.get(page["next"]).json()
        seen += [order["id"] for order in page["results"]]
    assert seen == placed[::-1]
