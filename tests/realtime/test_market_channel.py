"""`market:<id>`: the snapshot, what follows it without gaps, resuming, and who may watch."""

from threading import Thread

from django.db import connection


def test_a_watcher_sees_the_book_the_trades_and_the_end_of_trading(served, venue):
    market, ann, bob = venue.market(), venue.trader(), venue.trader()
    ann.order(market, side="buy", price=4000, quantity=10)
    with served.talk_as(bob.user) as talk:
        snapshot = talk.subscribe(f"market:{market}")
        assert snapshot["market"]["id"] == market
        assert snapshot["book"]["outcomes"][0]["bids"] == [{"price": 4000, "quantity": 10, "orders": 1}]
        assert snapshot["trades"] == []
        bob.order(market, side="sell", price=4000, quantity=4)
        trades = talk.next("update", kind="trades")
        assert trades["data"]["trades"] == bob.get(f"markets/{market}/trades")["results"]
        book = talk.next("update", kind="book")["data"]["book"]
        assert {**book, "at": ""} == {**bob.get(f"markets/{market}/book"), "at": ""}
        venue.chief.post(f"markets/{market}/halt", {"reason": "A storm."})
        assert talk.next("update", kind="status")["data"]["market"]["status"] == "halted"


def test_what_is_told_of_a_market_under_load_has_no_gap_and_repeats_nothing(served, venue):
    market, watcher = venue.market(house_liquidity=100), venue.member()
    pairs = [(venue.trader(), venue.trader()) for _ in range(2)]

    def trade(pair):
        for index in range(15):
            pair[index % 2].order(market, side="buy", outcome=index % 2, price=9000, quantity=1)
        connection.close()

    threads = [Thread(target=trade, args=(pair,)) for pair in pairs]
    for thread in threads:
        thread.start()
    with served.talk_as(watcher.user) as talk:
        sequences = [trade["sequence"] for trade in talk.subscribe(f"market:{market}")["trades"]]
        frame_numbers, versions = [0], [0]
        for thread in threads:
            thread.join()
        truth = watcher.get(f"markets/{market}/book")
        last = {}
        while (sequences or [0])[-1] < truth["sequence"] or last.get("outcomes") != truth["outcomes"]:
            frame = talk.next("update")
            frame_numbers.append(frame["sequence"])
            if frame["data"]["kind"] == "trades":
                sequences += [trade["sequence"] for trade in frame["data"]["trades"]]
            elif frame["data"]["kind"] == "book":
                versions.append(frame["data"]["book"]["version"])
                last = frame["data"]["book"]
    assert truth["sequence"] >= 30
    assert sequences == list(range(1, truth["sequence"] + 1))
    assert frame_numbers == list(range(len(frame_numbers)))
    assert versions == sorted(versions)
    assert last["outcomes"] == truth["outcomes"]


def test_a_client_that_was_away_gets_every_trade_it_missed(served, venue):
    market, ann = venue.market(house_liquidity=100), venue.trader()
    with served.talk_as(ann.user) as talk:
        talk.subscribe(f"market:{market}")
        ann.order(market, price=9000, quantity=1)
        last = talk.next("update", kind="trades")["data"]["trades"][-1]["sequence"]
    for _ in range(5):
        ann.order(market, price=9000, quantity=1)
    with served.talk_as(ann.user) as talk:
        snapshot = talk.subscribe(f"market:{market}", resume_from=last)
        assert [trade["sequence"] for trade in snapshot["trades"]] == [2, 3, 4, 5, 6]
        assert snapshot["resumed"] is True
        assert talk.refused("subscribe", channel=f"market:{market}", filters={"resume_from": 99}) == "invalid_frame"


def test_the_snapshot_may_be_asked_for_again(served, venue):
    market, ann = venue.market(), venue.trader()
    with served.talk_as(ann.user) as talk:
        talk.subscribe(f"market:{market}")
        ann.order(market, price=3000, quantity=2)
        talk.next("update", kind="book")
        talk.say("subscribe", channel=f"market:{market}", id=7)
        assert talk.next("subscription_confirmed")["id"] == 7
        again = talk.next("initial_data")
        assert (again["sequence"], again["id"]) == (2, 7)
        assert again["data"]["book"]["outcomes"][0]["bids"][0]["price"] == 3000


def test_only_the_kinds_asked_for_are_sent(served, venue):
    market, ann = venue.market(house_liquidity=100), venue.trader()
    with served.talk_as(ann.user) as talk:
        talk.subscribe(f"market:{market}", kinds=["trades"])
        ann.order(market, price=9000, quantity=1)
        ann.order(market, price=9000, quantity=1)
        told = []
        while len(told) < 2:  # one frame, if both were committed before the market was read
            news = talk.next("update")["data"]
            assert news["kind"] == "trades"
            told += news["trades"]
        assert talk.is_silent()


def test_after_unsubscribing_nothing_more_is_sent(served, venue):
    market, ann = venue.market(), venue.trader()
    with served.talk_as(ann.user) as talk:
        talk.subscribe(f"market:{market}")
        talk.say("unsubscribe", channel=f"market:{market}")
        talk.next("unsubscription_confirmed")
        ann.order(market, price=3000, quantity=2)
        assert talk.is_silent()


def test_another_tenants_market_does_not_exist(served, venue, elsewhere):
    private, public = elsewhere.market(), elsewhere.market(is_public=True)
    with served.talk_as(venue.trader().user) as talk:
        assert talk.refused("subscribe", channel=f"market:{private}") == "market_not_found"
        assert talk.subscribe(f"market:{public}")["market"]["id"] == public
        elsewhere.trader().order(private)
        assert talk.is_silent()


def test_strangers_see_public_markets_and_none_of_the_people(served, venue):
    private, public, draft = venue.market(), venue.market(is_public=True), venue.draft(is_public=True)
    with served.talk() as talk:
        assert talk.next("connection_established")["user"] is None
        assert talk.subscribe(f"market:{public}")["market"]["created_by"] is None
        for hidden in (private, draft):
            assert talk.refused("subscribe", channel=f"market:{hidden}") == "market_not_found"
