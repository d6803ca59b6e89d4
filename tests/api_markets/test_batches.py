"""Up to 500 orders at once, each with its own result."""

from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api_markets.venue import CREDIT, Venue, an_order


def test_each_order_of_a_batch_has_its_own_result(venue):
    ann, bob = venue.trader(credits=100), venue.trader()
    rain, goal, foreign = venue.market(), venue.market(), Venue().market(is_public=True)
    bob.order(rain, side="sell", price=6000, quantity=5)
    orders = [
        {"market": rain, **an_order(price=6000, quantity=5)},
        {"market": goal, **an_order(price=20_000)},
        {"market": goal, **an_order(price=4000, client_order_id="one")},
        {"market": goal, **an_order(price=4000, client_order_id="one")},
        {"market": foreign, **an_order()},
        {"market": str(uuid4()), **an_order()},
        {"market": "rain", **an_order()},
        {**an_order()},
        {"market": rain, **an_order(quantity="10", colour="red")},
        {"market": rain, **an_order(quantity=1_000_000)},
        ["no", "order"],
    ]
    results = ann.post("orders/batch", {"orders": orders}, expected=200)["results"]
    assert [result["index"] for result in results] == list(range(len(orders)))
    told = [(result["status"], result["problem"]["code"] if result["problem"] else None) for result in results]
    assert told == [
        (201, None),
        (422, "price_out_of_range"),
        (201, None),
        (409, "duplicate_client_order_id"),
        (403, "not_a_member"),
        (404, "market_not_found"),
        (422, "invalid_input"),
        (422, "invalid_input"),
        (422, "invalid_input"),
        (409, "insufficient_funds"),
        (422, "invalid_input"),
    ]
    assert [result["order"] is None for result in results] == [result["problem"] is not None for result in results]
    assert results[0]["order"] == ann.get(f"orders/{results[0]['order']['id']}")
    assert results[0]["order"]["status"] == "filled"
    fields = {(error["field"], error["code"]) for error in results[8]["problem"]["errors"]}
    assert fields == {("quantity", "invalid"), ("colour", "unknown")}
    assert ann.cash()["reserved"] == 4 * CREDIT


def test_a_batch_holds_1_to_500_orders(venue):
    ann = venue.trader()
    for orders in ([], [an_order()] * 501, "orders", None, {"0": an_order()}):
        assert ann.refused("post", "orders/batch", {"orders": orders}) == (422, "invalid_input")
    assert ann.refused("post", "orders/batch", {}) == (422, "invalid_input")
    assert ann.refused("post", "orders/batch", [an_order()]) == (422, "invalid_input")


def test_500_orders_take_no_more_queries_than_two(venue):
    ann, market = venue.trader(credits=100_000), venue.market()

    def queries(count: int) -> int:
        batch = {"orders": [{"market": market, **an_order(price=1 + index, quantity=1)} for index in range(count)]}
        with CaptureQueriesContext(connection) as captured:
            results = ann.post("orders/batch", batch)["results"]
        assert {result["status"] for result in results} == {201}
        return len(captured)

    few = queries(2)
    assert queries(500) <= few


def test_the_orders_of_a_batch_are_carried_out_in_order(venue):
    ann, bob, market = venue.trader(), venue.trader(), venue.market()
    for price in (6000, 5900, 5800):
        bob.order(market, side="sell", price=price, quantity=1)
    batch = {"orders": [{"market": market, **an_order(price=9000, quantity=1)} for _ in range(3)]}
    results = ann.post("orders/batch", batch)["results"]
    assert [result["order"]["fills"][0]["sequence"] for result in results] == [1, 2, 3]
    assert [result["order"]["fills"][0]["price"] for result in results] == [5800, 5900, 6000]
