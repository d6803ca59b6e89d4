"""What everybody may know of a market: its book, its trades, its events - and who is behind them stays hidden."""

import json
import math

import pytest

from markets.trading.memory import load
from tests.api_markets.venue import Person, Venue


@pytest.fixture
def market(venue: Venue) -> str:
    return venue.market(is_public=True, taker_fee_bps=50)


def test_both_outcomes_show_the_one_book(venue, market, anybody):
    ann, bob = venue.trader(), venue.trader()
    ann.order(market, price=4000, quantity=3)
    ann.order(market, price=4000, quantity=4)
    bob.order(market, outcome=1, price=3000, quantity=5)
    book = anybody.get(f"markets/{market}/book")
    yes, no = book["outcomes"]
    assert yes["bids"] == [{"price": 4000, "quantity": 7, "orders": 2}]
    assert yes["offers"] == [{"price": 7000, "quantity": 5, "orders": 1}]
    assert no["bids"] == [{"price": 3000, "quantity": 5, "orders": 1}]
    assert no["offers"] == [{"price": 6000, "quantity": 7, "orders": 2}]
    assert (book["version"], book["sequence"]) == (venue.chief.get(f"markets/{market}")["version"], 0)
    assert yes["house_price"] is None


def test_a_book_is_as_deep_as_asked(venue, market):
    ann = venue.trader()
    for price in range(1000, 1005):
        ann.order(market, price=price, quantity=1)
    bids = ann.get(f"markets/{market}/book", depth=2)["outcomes"][0]["bids"]
    assert [level["price"] for level in bids] == [1004, 1003]
    assert len(ann.get(f"markets/{market}/book")["outcomes"][0]["bids"]) == 5
    for depth in ("0", "501", "deep"):
        assert ann.refused("get", f"markets/{market}/book?depth={depth}") == (422, "invalid_input")


@pytest.mark.parametrize("prior", [None, [2000, 5000, 3000]])
def test_the_houses_price_is_that_of_its_curve(venue, prior):
    market = venue.market(
        kind="categorical", outcomes=["A", "B", "C"], is_exhaustive=True, house_liquidity=100, house_prior=prior
    )
    ann, bob = venue.trader(), venue.trader()
    for outcome, side, quantity in [(0, "buy", 40), (2, "buy", 10), (1, "sell", 25), (0, "sell", 15)]:
        ann.order(market, outcome=outcome, side=side, quantity=quantity, type="market", price=None)
    bob.post(f"markets/{market}/mint", {"quantity": 3})
    shown = [float(each["house_price"]) for each in ann.get(f"markets/{market}/book")["outcomes"]]
    state = load(market).state
    curve = [state.house_price(outcome) * 10_000 for outcome in range(3)]
    assert shown == pytest.approx(curve, abs=1e-4)
    assert math.isclose(sum(shown), 10_000, abs_tol=1e-3)


def test_trades_are_listed_without_those_who_made_them(venue, market, anybody):
    ann, bob = venue.trader(), venue.trader()
    bob.order(market, outcome=1, price=4000, quantity=9)
    for _ in range(3):
        ann.order(market, price=6000, quantity=3)
    newest = anybody.get(f"markets/{market}/trades")["results"]
    assert [trade["sequence"] for trade in newest] == [3, 2, 1]
    assert {name for trade in newest for name in trade} == {
        "sequence", "outcome", "taker_side", "price", "quantity", "value", "price_after", "with_house", "executed_at",
    }  # fmt: skip
    assert (newest[0]["outcome"], newest[0]["taker_side"], newest[0]["price"]) == (0, "buy", 6000)
    oldest = anybody.get(f"markets/{market}/trades", order="oldest", after=1)["results"]
    assert [trade["sequence"] for trade in oldest] == [2, 3]
    assert anybody.get(f"markets/{market}/trades", outcome=1)["results"] == []


def test_pages_of_trades_and_events_have_no_gap_while_trading_goes_on(venue, market):
    ann, bob = venue.trader(), venue.trader()
    bob.order(market, side="sell", price=6000, quantity=100)

    def numbers(path: str, name: str) -> list[int]:
        page = ann.get(path, order="oldest", limit=4)
        seen = []
        while True:
            seen += [each[name] for each in page["results"]]
            if len(seen) < 12:
                ann.order(market, price=6000, quantity=1)
            if page["next"] is None:
                return seen
            page = ann.client.get(page["next"]).json()

    for _ in range(6):
        ann.order(market, price=6000, quantity=1)
    trades = numbers(f"markets/{market}/trades", "sequence")
    assert trades == list(range(1, len(trades) + 1))
    versions = numbers(f"markets/{market}/events", "version")
    assert versions == list(range(1, len(versions) + 1))
    assert ann.get(f"markets/{market}/events", after=5, limit=1)["results"][0]["version"] == 6


def everything_happens(venue: Venue, market: str) -> list[Person]:
    ann, bob = venue.trader(), venue.trader()
    bob.order(market, side="sell", price=6000, quantity=5, client_order_id="bobs-secret-name")
    ann.order(market, price=6000, quantity=3)
    ann.order(market, side="sell", price=9000, quantity=1)
    ann.order(market, price=9500, quantity=1)
    ann.delete("orders")
    ann.post(f"markets/{market}/mint", {"quantity": 2})
    ann.post(f"markets/{market}/merge", {"quantity": 1})
    bob.order(market, price=1000)
    venue.chief.post(f"markets/{market}/close", {"reason": "Over."})
    return [ann, bob]


def test_the_stream_tells_traders_what_happened_but_not_whose_it_was(venue, market, anybody):
    people = everything_happens(venue, market)
    secrets = {str(person.user.pk) for person in (*people, venue.chief, venue.second)} | {"bobs-secret-name"}
    for reader in (*people, anybody, Venue().chief):
        events = reader.get(f"markets/{market}/events")["results"]
        assert {event["type"] for event in events} >= {"OrderPlaced", "OrdersCancelled", "SetsMinted", "SetsMerged"}
        assert all(event["metadata"] is None and event["hash"] is None for event in events)
        text = json.dumps(events)
        assert not [secret for secret in secrets if secret in text]
        for hidden in ("account", "maker_account", "cash", "client_order_id", "taker_stock", "taker_fee", "accounts"):
            assert f'"{hidden}"' not in text


def test_staff_reads_the_stream_as_it_is_recorded(venue, market):
    ann, _ = everything_happens(venue, market)
    events = venue.member("auditor").get(f"markets/{market}/events", type="OrderPlaced")["results"]
    assert {event["type"] for event in events} == {"OrderPlaced"}
    assert ann.cash()["id"] in {event["data"]["order"]["account"] for event in events}
    assert str(ann.user.pk) in {event["metadata"]["actor"] for event in events}
    assert all(len(event["hash"]) == 64 for event in events)
