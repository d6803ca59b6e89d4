"""Amending, reduce-only orders, budgets, rebates and cancelling lists, as a trader meets them over HTTP."""

import pytest

from tests.api_markets.venue import CREDIT, Venue

pytestmark = pytest.mark.django_db


def test_an_order_is_amended_in_place_or_placed_anew(venue: Venue) -> None:
    market, trader = venue.market(), venue.trader()
    order = trader.order(market, price=4000, quantity=10, client_order_id="quote-1")
    smaller = trader.patch(f"orders/{order['id']}", {"quantity": 6})
    assert (smaller["quantity"], smaller["remaining_quantity"], smaller["status"]) == (6, 6, "open")
    dearer = trader.patch(f"orders/{order['id']}", {"price": 4500, "expires_at": "2099-01-01T00:00:00Z"})
    read = trader.get(f"orders/{order['id']}")
    for name in ("id", "price", "quantity", "remaining_quantity", "time_in_force", "client_order_id", "created_at"):
        assert read[name] == dearer[name], name
    assert (read["price"], read["quantity"], read["time_in_force"]) == (4500, 6, "gtd")
    assert trader.cash()["reserved"] == 6 * 4500
    types = [event["type"] for event in trader.get(f"markets/{market}/events")["results"]]
    assert types[-2:] == ["OrderReduced", "OrderAmended"]


def test_an_amended_order_trades_at_once_where_its_price_allows(venue: Venue) -> None:
    market, maker, trader = venue.market(), venue.trader(), venue.trader()
    maker.order(market, side="sell", price=6000, quantity=4)
    order = trader.order(market, price=5000, quantity=10)
    answer = trader.patch(f"orders/{order['id']}", {"price": 6000})
    assert [(fill["price"], fill["quantity"]) for fill in answer["fills"]] == [(6000, 4)]
    assert trader.get(f"orders/{order['id']}")["filled_quantity"] == 4
    (trade,) = trader.get(f"markets/{market}/trades")["results"]
    assert trade["quantity"] == 4


def test_amending_is_refused_with_a_code(venue: Venue) -> None:
    market, maker, trader = venue.market(), venue.trader(), venue.trader()
    order = trader.order(market, price=5000, quantity=10)
    path = f"orders/{order['id']}"
    assert maker.refused("patch", path, {"quantity": 5}) == (404, "order_not_found")
    assert trader.refused("patch", path, {}) == (422, "invalid_order")
    assert trader.refused("patch", path, {"price": 0}) == (422, "price_out_of_range")
    assert trader.refused("patch", path, {"side": "sell"})[0] == 422
    assert trader.refused("patch", path, {"quantity": 10_000}) == (409, "insufficient_funds")
    maker.order(market, side="sell", price=5000, quantity=10)
    assert trader.refused("patch", path, {"quantity": 5}) == (409, "order_not_open")


def test_repeating_an_amendment_with_its_key_has_one_effect(venue: Venue) -> None:
    market, trader = venue.market(), venue.trader()
    order = trader.order(market, price=4000, quantity=10)
    answers = [trader.patch(f"orders/{order['id']}", {"price": 4100}, key="again") for _ in range(2)]
    assert answers[0] == answers[1]
    assert len([e for e in trader.get(f"markets/{market}/events")["results"] if e["type"] == "OrderAmended"]) == 1


def test_a_reduce_only_order_never_opens_a_position(venue: Venue) -> None:
    market, maker, trader = venue.market(), venue.trader(), venue.trader()
    assert trader.order_refused(market, side="sell", reduce_only=True) == (409, "nothing_to_reduce")
    maker.order(market, side="sell", price=5000, quantity=7)
    trader.order(market, price=5000, quantity=7)
    order = trader.order(market, side="sell", price=6000, quantity=20, reduce_only=True)
    assert (order["remaining_quantity"], order["cancelled_quantity"], order["reduce_only"]) == (7, 13, True)
    assert trader.get(f"orders/{order['id']}")["reduce_only"] is True
    (position,) = trader.get("positions")["results"]
    assert (position["free"], position["reserved"]) == (0, 7)


def test_a_market_order_spends_its_budget(venue: Venue) -> None:
    market, maker, trader = venue.market(taker_fee_bps=50), venue.trader(), venue.trader()
    maker.order(market, side="sell", price=2500, quantity=100)
    before = trader.cash()["balance"]
    order = trader.post(
        f"markets/{market}/orders", {"outcome": 0, "side": "buy", "type": "market", "budget": 10 * CREDIT}, 201
    )
    assert (order["status"], order["budget"], order["quantity"]) == ("filled", 10 * CREDIT, order["filled_quantity"])
    spent = before - trader.cash()["balance"]
    assert spent <= 10 * CREDIT < spent + 2510
    assert trader.get(f"orders/{order['id']}")["budget"] == 10 * CREDIT


def test_a_budget_goes_with_market_orders_to_buy_only(venue: Venue) -> None:
    market, trader = venue.market(), venue.trader()
    path = f"markets/{market}/orders"
    for body in (
        {"outcome": 0, "side": "sell", "type": "market", "budget": CREDIT},
        {"outcome": 0, "side": "buy", "type": "limit", "price": 5000, "budget": CREDIT},
        {"outcome": 0, "side": "buy", "type": "market", "budget": CREDIT, "quantity": 5},
        {"outcome": 0, "side": "buy", "type": "market"},
    ):
        assert trader.refused("post", path, body) == (422, "invalid_order")
    results = trader.post("orders/batch", {"orders": [{"market": market, "outcome": 0, "side": "buy"}]})["results"]
    assert [result["problem"]["code"] for result in results] == ["invalid_order"]


def test_makers_are_paid_rebates_out_of_the_takers_fee(venue: Venue) -> None:
    market, maker, taker = venue.market(taker_fee_bps=100, maker_fee_bps=-50), venue.trader(), venue.trader()
    maker.order(market, side="sell", price=5000, quantity=10)
    taker.order(market, price=5000, quantity=10)
    (fill,) = maker.get("fills")["results"]
    assert (fill["role"], fill["fee"]) == ("maker", -125)
    assert maker.cash()["balance"] == 1_000 * CREDIT - 50_000 + 125
    assert venue.chief.refused(
        "post",
        "markets",
        {
            "organization": venue.organization.slug, "question": "?", "criteria": "!", "taker_fee_bps": 10,
            "maker_fee_bps": -11,
        },
    ) == (422, "invalid_market")  # fmt: skip


def test_a_list_of_orders_is_cancelled_each_with_its_own_result(venue: Venue) -> None:
    markets, trader, other = [venue.market(), venue.market()], venue.trader(), venue.trader()
    mine = [trader.order(market, price=4000)["id"] for market in markets]
    theirs = other.order(markets[0], price=3000)["id"]
    results = trader.post("orders/cancel", {"orders": [mine[1], theirs, mine[0]]})["results"]
    assert [(result["order"], result["status"], result["code"]) for result in results] == [
        (mine[1], 200, None),
        (theirs, 404, "order_not_found"),
        (mine[0], 200, None),
    ]
    assert other.get(f"orders/{theirs}")["status"] == "open"
    (again,) = trader.post("orders/cancel", {"orders": [mine[0]]})["results"]
    assert (again["status"], again["code"]) == (409, "order_not_open")
