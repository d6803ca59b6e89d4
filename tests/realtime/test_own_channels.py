"""`orders`, `portfolio` and `markets`: what is mine, and what I may see."""


def test_a_trader_sees_their_order_rest_fill_and_go(served, venue):
    market, ann, bob = venue.market(), venue.trader(), venue.trader()
    with served.talk_as(ann.user) as talk:
        snapshot = talk.subscribe("orders")
        assert [snapshot[name] for name in ("orders", "fills", "ended", "resumed")] == [[], [], [], None]
        order = ann.order(market, side="buy", price=4000, quantity=10)
        (placed,) = talk.next("update", kind="orders")["data"]["orders"]
        assert (placed["id"], placed["status"], placed["remaining_quantity"]) == (order["id"], "open", 10)
        bob.order(market, side="sell", price=4000, quantity=4)
        assert talk.next("update", kind="fills")["data"]["fills"] == ann.get("fills")["results"]
        (filled,) = talk.next("update", kind="orders")["data"]["orders"]
        assert filled == {name: value for name, value in ann.get(f"orders/{order['id']}").items() if name != "fills"}
        ann.delete(f"orders/{order['id']}")
        assert talk.next("update", kind="orders")["data"]["orders"][0]["status"] == "cancelled"


def test_an_order_that_never_rests_is_told_too(served, venue):
    market, ann = venue.market(house_liquidity=100), venue.trader()
    with served.talk_as(ann.user) as talk:
        talk.subscribe("orders")
        unfilled = ann.order(market, price=2000, quantity=1, time_in_force="ioc")
        assert talk.next("update", kind="orders")["data"]["orders"][0]["id"] == unfilled["id"]
        taken = ann.order(market, price=9000, quantity=3, time_in_force="ioc")
        assert talk.next("update", kind="fills")["data"]["fills"][0]["order"] == taken["id"]
        assert talk.next("update", kind="orders")["data"]["orders"][0]["status"] == "filled"


def test_whoever_has_traded_before_is_shown_what_stands_and_nothing_twice(served, venue):
    market, ann, bob = venue.market(), venue.trader(), venue.trader()
    ann.order(market, side="buy", price=4000, quantity=10)
    bob.order(market, side="sell", price=4000, quantity=4)
    with served.talk_as(ann.user) as talk:
        snapshot = talk.subscribe("orders")
        assert [order["remaining_quantity"] for order in snapshot["orders"]] == [6]
        assert snapshot["fills"] == ann.get("fills")["results"]
        bob.order(market, side="sell", price=4000, quantity=1)
        (fill,) = talk.next("update", kind="fills")["data"]["fills"]
        assert fill["quantity"] == 1


def test_nobody_is_told_of_anothers_orders_or_money(served, venue):
    market, ann, bob = venue.market(), venue.trader(), venue.trader()
    with served.talk_as(bob.user) as talk:
        talk.subscribe("orders")
        talk.subscribe("portfolio")
        ann.order(market, side="buy", price=4000, quantity=10)
        venue.fund(ann, 5)
        assert talk.is_silent(1.5)


def test_the_portfolio_follows_cash_and_prices(served, venue):
    market, ann, bob = venue.market(house_liquidity=100), venue.trader(), venue.trader()
    with served.talk_as(ann.user) as talk:
        shown = talk.subscribe("portfolio")["portfolio"]
        assert {**shown, "at": ""} == {**ann.get("portfolio"), "at": ""}
        for act in (
            lambda: ann.order(market, price=9000, quantity=5),
            lambda: bob.order(market, price=9000, quantity=20),
            lambda: venue.fund(ann, 7),
        ):
            act()
            truth = ann.get("portfolio")
            while {**shown, "at": ""} != {**truth, "at": ""}:
                shown = talk.next("update", kind="portfolio")["data"]["portfolio"]


def test_strangers_have_no_orders(served, venue):
    with served.talk() as talk:
        assert talk.refused("subscribe", channel="orders") == "not_authenticated"
        assert talk.refused("subscribe", channel="portfolio") == "not_authenticated"


def test_the_ticker_shows_every_market_one_may_see(served, venue, elsewhere):
    mine, secret, public = venue.market(house_liquidity=100), elsewhere.market(), elsewhere.market(is_public=True)
    venue.draft()
    ann = venue.trader()
    with served.talk_as(ann.user) as talk:
        shown = {line["market"] for line in talk.subscribe("markets")["markets"]}
        assert {mine, public} <= shown
        assert secret not in shown
        ann.order(mine, price=9000, quantity=5)
        (line,) = talk.next("update", kind="ticker")["data"]["markets"]
        truth = ann.get(f"markets/{mine}")
        assert line["market"] == mine
        assert line["prices"] == [outcome["price"] for outcome in truth["outcomes"]]
        assert (line["volume"], line["sequence"]) == (5, 1)


def test_the_ticker_can_be_narrowed(served, venue):
    first, second = venue.market(), venue.market()
    ann = venue.trader()
    with served.talk_as(ann.user) as talk:
        lines = talk.subscribe("markets", markets=[first])["markets"]
        assert [line["market"] for line in lines] == [first]
        ann.order(second)
        assert talk.is_silent()
        ours = talk.subscribe("markets", organization=venue.organization.slug)["markets"]
        assert {line["market"] for line in ours} == {first, second}
        assert talk.refused("subscribe", channel="markets", filters={"markets": "all"}) == "invalid_frame"
