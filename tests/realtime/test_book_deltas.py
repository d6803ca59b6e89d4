"""Book deltas: a client that applies them has the book that GET /book answers, whatever it was too slow to be told."""

import json
import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from markets.realtime.channels.deltas import delta
from markets.realtime.frames import Update, encode
from markets.realtime.limits import Limits
from markets.realtime.outbox import Numbering, Outbox
from tests.realtime.book_copy import BookCopy

PRICES = st.integers(1, 9)
SIDE = st.dictionaries(PRICES, st.tuples(st.integers(1, 5), st.integers(1, 3)), max_size=6)
OUTCOME = st.tuples(SIDE, SIDE, PRICES, st.sampled_from([None, "10.0000"]))


def a_book(version, sides):
    def levels(side, *, best_last=False):
        return [
            {"price": price, "quantity": side[price][0], "orders": side[price][1]}
            for price in sorted(side, reverse=best_last)
        ]

    outcomes = [
        {"outcome": index, "last_price": last, "house_price": house,
         "bids": levels(bids, best_last=True), "offers": levels(offers)}
        for index, (bids, offers, last, house) in enumerate(sides)
    ]  # fmt: skip
    return {"market": "m", "status": "open", "version": version, "sequence": 0, "house_liquidity": 0,
            "outcomes": outcomes}  # fmt: skip


@given(st.lists(st.tuples(OUTCOME, OUTCOME), min_size=2, max_size=8), st.data())
def test_deltas_applied_to_a_snapshot_give_every_later_book_however_slowly_they_are_read(states, data):
    books = [a_book(version, sides) for version, sides in enumerate(states)]
    outbox, numbering = Outbox(Limits()), Numbering("market:m")
    copy = BookCopy(books[0])
    for before, after in pairwise(books):
        whole = encode({"kind": "book", "book": after})
        part = encode({"kind": "book_delta", "delta": delta(before, after)})
        outbox.put_update(numbering, Update(part, "book", whole))
        if data.draw(st.booleans()):
            copy.hear(json.loads(outbox.take())["data"])
            assert copy.as_answered() == after
    while (frame := outbox.take()) is not None:
        copy.hear(json.loads(frame)["data"])
    assert copy.as_answered() == books[-1]


def test_a_snapshot_is_not_undone_by_a_state_that_waited_before_it():
    outbox, numbering = Outbox(Limits()), Numbering("market:m")
    outbox.put_update(numbering, Update("1", "book"))
    outbox.put_update(numbering, Update('"a trade"'))
    outbox.put_snapshot(numbering, "2")
    outbox.put_update(numbering, Update("3", "book"))
    assert [json.loads(outbox.take())["data"] for _ in range(3)] == ["a trade", 2, 3]
    assert outbox.take() is None


def some_trading(pairs, market, chance):
    """One random command: an order that rests or trades, or a cancellation."""
    trader = chance.choice(pairs)
    resting = trader.get("orders", status="open", market=market)["results"]
    if resting and chance.random() < 0.35:
        trader.delete(f"orders/{chance.choice(resting)['id']}")
    else:
        terms = {"outcome": chance.choice((0, 1)), "side": chance.choice(("buy", "sell"))}
        price = chance.randrange(2_000, 8_000, 250)
        trader.order(market, expected=None, quantity=chance.randint(1, 6), price=price, **terms)


def test_a_copy_kept_by_deltas_equals_the_book_at_each_version_of_random_trading(served, venue):
    chance = random.Random(7)
    market, traders = venue.market(house_liquidity=50), [venue.trader(100_000) for _ in range(3)]
    truth = {}
    with served.talk_as(traders[0].user) as talk:
        copy = BookCopy(talk.subscribe(f"market:{market}", book="deltas")["book"])
        for _ in range(50):
            some_trading(traders, market, chance)
            book = traders[0].get(f"markets/{market}/book")
            truth[book["version"]] = book
        last, compared, deltas = max(truth), 0, 0
        while copy.version < last:
            data = talk.next("update")["data"]
            deltas += data["kind"] == "book_delta"
            if copy.hear(data):
                assert {**copy.as_answered(), "at": ""} == {**truth[copy.version], "at": ""}
                compared += 1
    assert compared >= 10
    assert deltas >= 10


def test_whoever_asks_for_deltas_gets_no_whole_books_and_the_others_no_deltas(served, venue):
    market, ann = venue.market(), venue.trader()
    with served.talk_as(ann.user) as whole, served.talk_as(ann.user) as deltas:
        whole.subscribe(f"market:{market}", kinds=["book"])
        snapshot = deltas.subscribe(f"market:{market}", kinds=["book"], book="deltas")
        ann.order(market, side="buy", price=4000, quantity=10)
        told = deltas.next("update")["data"]
        assert told["kind"] == "book_delta"
        assert told["delta"]["previous_version"] == snapshot["book"]["version"] < told["delta"]["version"]
        level = {"price": 4000, "quantity": 10, "orders": 1}
        assert [outcome["bids"] for outcome in told["delta"]["outcomes"]] == [[level], []]
        assert whole.next("update")["data"]["kind"] == "book"
        assert deltas.refused("subscribe", channel=f"market:{market}", filters={"book": ["deltas"]}) == "invalid_frame"
