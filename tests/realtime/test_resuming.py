"""Coming back: what a client missed of its own orders and fills, once and whole."""

import random

from tests.realtime.test_book_deltas import some_trading


def fill_keys(fills):
    return [(fill["market"], fill["sequence"]) for fill in fills]


def some_news(talk, most):
    for _ in range(most):
        try:
            yield talk.next("update", patience_s=0.3)["data"]
        except TimeoutError:
            return


def test_fills_and_ended_orders_that_were_missed_come_with_the_next_subscription(served, venue):
    market, other = venue.market(), venue.market()
    ann, bob = venue.trader(), venue.trader()
    kept = ann.order(market, side="buy", price=4000, quantity=10)
    dropped = ann.order(other, side="buy", price=3000, quantity=1)
    with served.talk_as(ann.user) as talk:
        cursor = talk.subscribe("orders")["cursor"]
        bob.order(market, side="sell", price=4000, quantity=1)
        seen = talk.next("update", kind="fills")["data"]
        cursor = seen["cursor"]
    for _ in range(2):
        bob.order(market, side="sell", price=4000, quantity=2)
    ann.delete(f"orders/{dropped['id']}")
    with served.talk_as(ann.user) as talk:
        missed = talk.subscribe("orders", resume_from=cursor)
        assert missed["resumed"] is True
        assert missed["fills"] == ann.get("fills")["results"][:2]
        assert [order["id"] for order in missed["ended"]] == [dropped["id"]]
        assert [(order["id"], order["remaining_quantity"]) for order in missed["orders"]] == [(kept["id"], 5)]
        bob.order(market, side="sell", price=4000, quantity=5)
        assert [fill["quantity"] for fill in talk.next("update", kind="fills")["data"]["fills"]] == [5]
        again = talk.subscribe("orders", resume_from=missed["cursor"], market=other)
        assert again["fills"] == []
        for nonsense in (7, "x", "1.2;", cursor + ";", "9" * 99):
            assert talk.refused("subscribe", channel="orders", filters={"resume_from": nonsense}) == "invalid_frame"


def test_whenever_a_client_breaks_off_it_has_had_every_fill_once_in_the_end(served, venue):
    chance = random.Random(11)
    markets = [venue.market(house_liquidity=50) for _ in range(2)]
    ann, bob = venue.trader(100_000), venue.trader(100_000)
    fills, states, cursor = [], {}, None
    for _ in range(8):
        with served.talk_as(ann.user) as talk:
            snapshot = talk.subscribe("orders", **({"resume_from": cursor} if cursor else {}))
            cursor = snapshot["cursor"]
            fills += fill_keys(reversed(snapshot["fills"]))
            states.update((order["id"], order["status"]) for order in snapshot["orders"] + snapshot["ended"])
            for _ in range(7):
                some_trading([ann, bob], chance.choice(markets), chance)
            for data in some_news(talk, chance.randint(0, 3)):  # and then it breaks off, in the middle
                cursor = data["cursor"]
                fills += fill_keys(data.get("fills", ()))
                states.update((order["id"], order["status"]) for order in data.get("orders", ()))
            talk.drop()
        for _ in range(3):
            some_trading([ann, bob], chance.choice(markets), chance)
    with served.talk_as(ann.user) as talk:
        snapshot = talk.subscribe("orders", resume_from=cursor)
    fills += fill_keys(reversed(snapshot["fills"]))
    states.update((order["id"], order["status"]) for order in snapshot["orders"] + snapshot["ended"])
    truth = fill_keys(ann.get("fills", limit=200)["results"])
    assert len(truth) > 10
    assert sorted(fills) == sorted(truth)
    assert states == {order["id"]: order["status"] for order in ann.get("orders", limit=200)["results"]}
