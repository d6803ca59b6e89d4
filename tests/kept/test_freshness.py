"""Whoever was told of a change never reads what was before it: in this process, in others, and among threads."""

import json
import random
import subprocess
from datetime import datetime, timedelta
from functools import partial

import pytest

from markets.lifecycle.api import kept as kept_markets
from markets.trading.api import market_data, prices
from opinion_market.api.representations import Representations
from opinion_market.kernel import clock
from tests.api_markets.venue import Person, Venue
from tests.concurrency.processes import start_module
from tests.concurrency.threads import at_once

USERS = (market_data, prices, kept_markets)


@pytest.fixture
def venue(db: None) -> Venue:
    return Venue()


@pytest.fixture
def market(venue: Venue) -> str:
    return venue.market(house_liquidity=50)


def use(monkeypatch: pytest.MonkeyPatch, kept: Representations) -> None:
    """Answer from this store, as another process would from its own."""
    for module in USERS:
        monkeypatch.setattr(module, "KEPT", kept)


def reads(market: str) -> list[str]:
    return [
        f"markets/{market}/book",
        f"markets/{market}/book?depth=2",
        f"markets/{market}/prices?interval=1d&fill=last",
        f"markets/{market}/prices?interval=1d&outcome=1",
        f"markets/{market}",
        "markets",
        "markets?limit=1&ordering=volume",
    ]


def without_the_moment(answer: dict) -> dict:
    return {name: value for name, value in answer.items() if name not in {"at", "next", "previous"}}


def test_answers_are_those_of_a_process_that_keeps_nothing(venue, market, monkeypatch):
    """Random life in a market; after each step every reader, with a store that has seen some of the past, knows of it."""
    dice = random.Random(11)
    ann, bob = venue.trader(), venue.trader()
    staff = (venue.chief, venue.member("viewer"))
    stores = [Representations(), Representations()]
    other = venue.market()
    steps = [
        lambda: ann.order(market, price=dice.randint(3000, 7000), quantity=dice.randint(1, 9)),
        lambda: bob.order(market, side="buy", outcome=1, price=dice.randint(3000, 7000), quantity=dice.randint(1, 9)),
        lambda: ann.delete("orders"),
        lambda: bob.post(f"markets/{market}/mint", {"quantity": 2}),
        lambda: ann.order(other, price=5000, quantity=1),
        lambda: venue.market(question=f"Question {dice.random()}"),
        lambda: venue.chief.post(f"markets/{venue.draft()}/submit"),
    ]
    weights = [8, 8, 2, 2, 2, 1, 1]
    for _ in range(40):
        dice.choices(steps, weights)[0]()
        reader = dice.choice([ann, bob, *staff])
        store = dice.choice(stores)
        for path in reads(market):
            use(monkeypatch, store)
            given = reader.get(path)
            use(monkeypatch, Representations())
            assert without_the_moment(given) == without_the_moment(reader.get(path)), path
    use(monkeypatch, stores[0])
    venue.chief.post(f"markets/{market}/halt", {"reason": "x"})
    assert ann.get(f"markets/{market}/book")["status"] == "halted"
    assert ann.get(f"markets/{market}")["status"] == "halted"
    assert "halted" in [each["status"] for each in ann.get("markets")["results"]]


def test_what_is_unchanged_is_not_read_from_the_tables_again(venue, market, django_assert_num_queries):
    ann = venue.trader()
    ann.order(market, price=4000)
    for path in reads(market):
        ann.get(path)
        with django_assert_num_queries(2 if path.startswith("markets?") or path == "markets" else 1):
            ann.get(path)


def test_a_book_loses_an_order_when_its_time_has_come_though_nothing_is_written(venue, market, monkeypatch):
    ann = venue.trader()
    now = clock.now()
    for seconds, price in ((60, 4000), (120, 3000)):
        expires_at = now + timedelta(seconds=seconds)
        ann.order(market, price=price, time_in_force="gtd", expires_at=expires_at.isoformat())
    ann.order(market, price=2000)

    def bids_and_tag(at: datetime) -> tuple[list[int], str]:
        monkeypatch.setattr(clock, "now", lambda: at)
        response = ann.client.get(f"/api/v1/markets/{market}/book")
        return [level["price"] for level in response.json()["outcomes"][0]["bids"]], response["ETag"]

    all_of_them, tag = bids_and_tag(now)
    assert all_of_them == [4000, 3000, 2000]
    assert bids_and_tag(now + timedelta(seconds=59)) == ([4000, 3000, 2000], tag)
    fewer, later_tag = bids_and_tag(now + timedelta(seconds=60))
    assert fewer == [3000, 2000]
    assert later_tag != tag
    assert bids_and_tag(now + timedelta(seconds=121))[0] == [2000]


def test_candles_move_on_with_the_clock(venue, market, monkeypatch):
    ann, bob = venue.trader(), venue.trader()
    now = clock.now()
    bob.order(market, side="sell", price=6000)
    ann.order(market, price=6000, quantity=3)

    def starts(at: datetime) -> list[str]:
        monkeypatch.setattr(clock, "now", lambda: at)
        return [each["start"] for each in ann.get(f"markets/{market}/prices?interval=1m&fill=last")["candles"]]

    first = starts(now)
    assert len(starts(now + timedelta(minutes=3))) == len(first) + 3
    assert starts(now + timedelta(days=30))[-1] > first[-1]


@pytest.mark.usefixtures("committed_db")
def test_an_order_answered_here_stands_in_the_book_of_another_process():
    venue = Venue()
    market, ann = venue.market(), venue.trader()
    with start_module("tests.kept.reader", {}, stdin=subprocess.PIPE) as other:

        def read(path: str, reader: Person) -> tuple[int, dict]:
            assert other.stdin is not None
            assert other.stdout is not None
            other.stdin.write(f"/api/v1/{path} {reader.user.pk}\n")
            other.stdin.flush()
            status, body = json.loads(other.stdout.readline())
            return status, body

        for price in range(4000, 4010):
            order = ann.order(market, price=price, quantity=1)
            bids = read(f"markets/{market}/book", ann)[1]["outcomes"][0]["bids"]
            assert bids[0]["price"] == price
            if price % 2:
                ann.delete(f"orders/{order['id']}")
                bids = read(f"markets/{market}/book", ann)[1]["outcomes"][0]["bids"]
                assert price not in [level["price"] for level in bids]
        versions = {read(path, ann)[1]["version"] for path in (f"markets/{market}", f"markets/{market}/book")}
        assert versions == {ann.get(f"markets/{market}")["version"]}
        assert read(f"markets/{market}", Venue().chief)[0] == 404
        other.communicate()


@pytest.mark.usefixtures("committed_db")
def test_threads_that_trade_and_read_at_once_all_find_their_own_orders():
    venue = Venue()
    market = venue.market()
    traders = [venue.trader() for _ in range(4)]

    def trade(person: Person, base: int) -> None:
        version = 0
        for price in range(base, base + 12):
            order = person.order(market, price=price, quantity=1)
            book = person.get(f"markets/{market}/book", depth=500)
            assert price in [level["price"] for level in book["outcomes"][0]["bids"]]
            assert book["version"] >= version
            version = book["version"]
            person.delete(f"orders/{order['id']}")
            book = person.get(f"markets/{market}/book", depth=500)
            assert price not in [level["price"] for level in book["outcomes"][0]["bids"]]
            assert person.get(f"markets/{market}")["version"] >= book["version"]

    at_once([partial(trade, person, 1000 * (index + 1)) for index, person in enumerate(traders)])
