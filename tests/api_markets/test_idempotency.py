"""The same key, the same answer, one effect - for every command of the exchange."""

import pytest

from tests.api_markets.venue import CREDIT, Person, Venue, an_order


def post_twice(person: Person, path: str, body: object) -> tuple[object, object]:
    """Two answers to the same request under one key; the second is marked."""
    first, second = (
        person.client.post(f"/api/v1/{path}", body, format="json", headers={"Idempotency-Key": "again"})
        for _ in range(2)
    )
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert second.status_code == first.status_code
    return first, second


@pytest.fixture
def market(venue: Venue) -> str:
    return venue.market()


def test_a_repeated_order_is_placed_once(venue, market):
    ann = venue.trader()
    first, second = post_twice(ann, f"markets/{market}/orders", an_order())
    assert second.content == first.content
    assert len(ann.get("orders")["results"]) == 1
    other = an_order(quantity=11)
    assert ann.refused("post", f"markets/{market}/orders", other, key="again") == (422, "idempotency_key_reused")
    assert ann.refused("post", f"markets/{market}/mint", {"quantity": 1}, key="again") == (
        422,
        "idempotency_key_reused",
    )
    venue.trader().order(market, key="again")


def test_a_refusal_is_repeated_too(venue, market):
    ann = venue.trader(credits=1)
    first, second = post_twice(ann, f"markets/{market}/orders", an_order())
    refusals = [{**answer.json(), "correlation_id": None} for answer in (first, second)]
    assert refusals[0] == refusals[1]
    assert refusals[0]["code"] == "insufficient_funds"
    venue.fund(ann, 1000)
    assert ann.refused("post", f"markets/{market}/orders", an_order(), key="again") == (409, "insufficient_funds")


def test_sets_are_minted_once(venue, market):
    ann = venue.trader(credits=10)
    first, second = post_twice(ann, f"markets/{market}/mint", {"quantity": 2})
    assert second.content == first.content
    assert ann.cash()["balance"] == 8 * CREDIT


def test_an_order_is_cancelled_once(venue, market):
    ann = venue.trader()
    order = ann.order(market)["id"]
    assert ann.delete(f"orders/{order}", key="x") == ann.delete(f"orders/{order}", key="x")
    assert ann.refused("delete", f"orders/{order}") == (409, "order_not_open")


def test_cancelling_all_is_answered_alike(venue, market):
    ann = venue.trader()
    order = ann.order(market)["id"]
    assert ann.delete("orders", key="x") == {"cancelled": {market: [order]}}
    later = ann.order(market)["id"]
    assert ann.delete("orders", key="x") == {"cancelled": {market: [order]}}
    assert ann.get(f"orders/{later}")["status"] == "open"


def test_a_batch_is_carried_out_once(venue, market):
    ann = venue.trader()
    stranger = Venue().market()
    batch = {"orders": [{"market": market, **an_order()}, {"market": stranger, **an_order()}, "nothing"]}
    first, second = post_twice(ann, "orders/batch", batch)
    assert second.content == first.content
    assert [result["status"] for result in first.json()["results"]] == [201, 404, 422]
    assert len(ann.get("orders")["results"]) == 1
    batch["orders"].pop()
    assert ann.refused("post", "orders/batch", batch, key="again") == (422, "idempotency_key_reused")


def test_a_deposit_is_made_once(venue):
    ann = venue.member()
    path = f"organizations/{venue.organization.slug}/members/{ann.user.pk}/deposit"
    first, second = post_twice(venue.chief, path, {"units": 5})
    assert second.content == first.content
    assert ann.cash()["balance"] == 5


@pytest.mark.parametrize("key", ["", "ü", "x" * 201, "tab\there"])
def test_unfit_keys_are_refused(venue, market, key):
    ann = venue.trader()
    code = "invalid_idempotency_key"
    assert ann.refused("post", f"markets/{market}/orders", an_order(), key=key) == (422, code)
    assert ann.refused("post", "orders/batch", {"orders": [an_order()]}, key=key) == (422, code)
    assert ann.refused("delete", "orders", key=key) == (422, code)
    assert ann.get("orders")["results"] == []


def test_a_batch_takes_a_shorter_key(venue, market):
    ann = venue.trader()
    batch = {"orders": [{"market": market, **an_order()}]}
    assert ann.refused("post", "orders/batch", batch, key="x" * 161) == (422, "invalid_idempotency_key")
    assert ann.post("orders/batch", batch, key="x" * 160)["results"][0]["status"] == 201
