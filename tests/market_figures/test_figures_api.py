"""A market's figures over HTTP: what they show, to whom, and as CSV."""

import csv
import io
import math
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from markets.analytics.markets.projection import MARKET_FIGURES
from opinion_market.kernel import clock
from tests.api_markets.venue import ROOT, Venue
from tests.market_figures.replaying import count, events_of

PATH = "ai-analytics/analytics/market"


def counted(market: str) -> str:
    count(events_of(market))
    return market


@pytest.fixture
def market(venue: Venue) -> str:
    """Ann sells 30 to Bob at 40%, then Bob bids 35% for 10 and Ann asks 45% for 20."""
    market = venue.market(is_public=True)
    ann, bob = venue.trader(), venue.trader()
    ann.order(market, side="sell", price=4000, quantity=30)
    bob.order(market, price=4000, quantity=30)
    bob.order(market, price=3500, quantity=10)
    ann.order(market, side="sell", price=4500, quantity=20)
    return counted(market)


def csv_of(person, path, **query):
    response = person.client.get(f"{ROOT}/{path}", query)
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_a_market_tells_its_volume_its_traders_and_its_book(market, anybody):
    found = anybody.get(f"{PATH}/{market}")
    traded = {"contracts": 30, "value": 120_000, "trades": 1}
    assert (found["total"], found["last_24h"], found["last_7d"]) == (traded, traded, traded)
    assert (found["participants"], found["active_traders_24h"]) == (2, 2)
    assert found["largest_trade"]["contracts"] == 30
    assert found["version"] == events_of(market)[-1].version
    yes, no = found["outcomes"]
    assert (yes["price"], yes["price_change_24h"], no["price_change_1h"]) == (4000, -1000, 1000)
    assert (yes["best_bid"], yes["best_offer"], yes["spread"]) == (3500, 4500, 1000)
    assert (no["best_bid"], no["best_offer"], no["spread"]) == (5500, 6500, 1000)
    assert yes["depth"] == [
        {"within": 100, "bids": 0, "offers": 0},
        {"within": 500, "bids": 10, "offers": 20},
        {"within": 1000, "bids": 10, "offers": 20},
    ]
    assert no["depth"][1] == {"within": 500, "bids": 20, "offers": 10}
    # 40 points x 0 for a spread of 10 cents, 40 x 10 / 510 for the depth, 20 x 12 / 1012 for 12 credits of volume.
    assert yes["liquidity_score"] == no["liquidity_score"] == found["liquidity_score"] == round(400 / 510 + 240 / 1012)


def test_the_windows_are_half_open_and_begin_at_whole_minutes(market, anybody):
    found = anybody.get(f"{PATH}/{market}")
    at, windows = datetime.fromisoformat(found["at"]), found["windows"]
    for name, length in (("hour", timedelta(hours=1)), ("day", timedelta(days=1)), ("week", timedelta(days=7))):
        begin = datetime.fromisoformat(windows[name])
        assert (begin.second, begin.microsecond) == (0, 0)
        assert length <= at - begin < length + timedelta(minutes=1)


def test_a_trade_at_the_windows_beginning_is_in_it_and_one_before_is_not(venue, market, anybody):
    now = clock.now()
    begin = now.replace(second=0, microsecond=0) - timedelta(days=1)
    for at, contracts in ((begin, 30), (begin - timedelta(microseconds=1), 0), (begin - timedelta(days=6), 0)):
        MARKET_FIGURES.reset()
        count(events_of(market, lambda version, at=at: at))
        found = anybody.get(f"{PATH}/{market}")
        if datetime.fromisoformat(found["windows"]["day"]) != begin:
            pytest.skip("the minute turned")
        assert found["last_24h"]["contracts"] == contracts
        if at > begin - timedelta(days=6):
            assert found["last_7d"]["contracts"] == 30
        assert (found["participants"], found["active_traders_24h"]) == (2, 2 if contracts else 0)


some_orders = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(["buy", "sell"]), st.integers(2_000, 8_000), st.integers(1, 40)),
    max_size=6,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(house=st.sampled_from([0, 5, 100, 1_000]), orders=some_orders, outcome=st.integers(0, 1), data=st.data())
def test_what_is_quoted_can_be_traded_and_no_more(venue, house, orders, outcome, data):
    market = venue.market(house_liquidity=house)
    maker, taker = venue.trader(), venue.trader(1_000_000)
    for of, side, price, quantity in orders:
        maker.order(market, outcome=of, side=side, price=price, quantity=quantity)
    shown = taker.get(f"{PATH}/{counted(market)}")["outcomes"][outcome]
    side = data.draw(st.sampled_from(["buy", "sell"]))
    best, step = (shown["best_offer"], -1) if side == "buy" else (shown["best_bid"], 1)
    order = {"outcome": outcome, "side": side, "time_in_force": "fok"}
    if best is None:
        limit = 9_999 if side == "buy" else 1
        assert taker.order_refused(market, **order, price=limit, quantity=1) == (409, "unfillable")
        return
    if 1 < best < 9_999:
        assert taker.order_refused(market, **order, price=best + step, quantity=1) == (409, "unfillable")
    if shown["spread"] is None:
        return
    assert shown["spread"] == shown["best_offer"] - shown["best_bid"] >= 0
    near = data.draw(st.sampled_from(shown["depth"]))
    middle = (shown["best_bid"] + shown["best_offer"]) / 2
    limit = math.floor(middle + near["within"]) if side == "buy" else math.ceil(middle - near["within"])
    depth = near["offers" if side == "buy" else "bids"]
    if 1 <= limit <= 9_999:
        placed = taker.order(market, **{**order, "time_in_force": "ioc"}, price=limit, quantity=depth + 5)
        assert placed["filled_quantity"] == depth
    else:
        taker.order(market, **order, price=best, quantity=1)


def test_a_market_nothing_has_happened_in_has_figures_too(venue):
    for market, reader in ((counted(venue.market()), venue.member()), (venue.draft(), venue.chief)):
        found = reader.get(f"{PATH}/{market}")
        assert found["total"] == {"contracts": 0, "value": 0, "trades": 0}
        assert (found["participants"], found["liquidity_score"], found["largest_trade"]) == (0, 0, None)
        assert [outcome["spread"] for outcome in found["outcomes"]] == [None, None]
        assert [outcome["momentum_24h"] for outcome in found["outcomes"]] == [None, None]
        assert reader.get(f"{PATH}/{market}/history")["intervals"] == []
        assert len(csv_of(reader, f"{PATH}/{market}.csv")) == 2


def test_figures_are_seen_by_those_who_see_the_market(venue, elsewhere, market, anybody):
    hidden = counted(venue.market())
    for path in ("", ".csv", "/history", "/history.csv"):
        for stranger in (anybody, elsewhere.chief, elsewhere.trader()):
            assert stranger.refused("get", f"{PATH}/{hidden}{path}") == (404, "market_not_found")
            stranger.client.get(f"{ROOT}/{PATH}/{market}{path}")
        assert venue.member().client.get(f"{ROOT}/{PATH}/{hidden}{path}").status_code == 200


def test_the_figures_are_exported_as_csv(market, anybody):
    told = anybody.get(f"{PATH}/{market}")
    for rows in (csv_of(anybody, f"{PATH}/{market}.csv"), csv_of(anybody, f"{PATH}/{market}", format="csv")):
        assert [row["label"] for row in rows] == ["Yes", "No"]
        for row, outcome in zip(rows, told["outcomes"], strict=True):
            assert int(row["contracts_24h"]) == 30
            assert int(row["price"]) == outcome["price"]
            assert int(row["price_change_24h"]) == outcome["price_change_24h"]
            assert int(row["bids_within_500"]) == outcome["depth"][1]["bids"]
    assert anybody.refused("get", f"{PATH}/{market}?format=xml") == (422, "invalid_input")


def test_the_history_is_shown_and_exported(market, anybody):
    (hour,) = anybody.get(f"{PATH}/{market}/history")["intervals"]
    (day,) = anybody.get(f"{PATH}/{market}/history", interval="day")["intervals"]
    assert (hour["contracts"], hour["value"], hour["trades"], hour["traders"]) == (30, 120_000, 1, None)
    assert (day["contracts"], day["traders"]) == (30, 2)
    prices = {"outcome": 1, "open": 6000, "high": 6000, "low": 6000, "close": 6000, "contracts": 0}
    assert hour["outcomes"][1] == prices
    for path, query in (("history.csv", {}), ("history", {"format": "csv"})):
        rows = csv_of(anybody, f"{PATH}/{market}/{path}", **query)
        assert [(row["label"], row["close"]) for row in rows] == [("Yes", "4000"), ("No", "6000")]


def test_a_history_is_bounded(market, anybody):
    now = clock.now()
    long_ago = (now - timedelta(hours=2_001)).isoformat()
    assert anybody.get(f"{PATH}/{market}/history", interval="day", **{"from": long_ago})["intervals"]
    query = {"from": long_ago}
    response = anybody.client.get(f"{ROOT}/{PATH}/{market}/history", query)
    assert (response.status_code, response.json()["code"]) == (422, "too_long_history")
    response = anybody.client.get(f"{ROOT}/{PATH}/{market}/history", {"from": now.isoformat(), "to": long_ago})
    assert (response.status_code, response.json()["code"]) == (422, "empty_history")


def test_an_outcomes_label_is_no_formula(venue):
    market = venue.market(kind="categorical", outcomes=["=1+1", "@SUM(A1)", "C"], is_exhaustive=True)
    rows = csv_of(venue.member(), f"{PATH}/{market}.csv")
    assert [row["label"] for row in rows] == ["1+1", "SUM(A1)", "C"]


@pytest.mark.parametrize("house_liquidity", [0, 80])
def test_an_outcome_split_off_and_an_amended_order_are_counted(venue, house_liquidity):
    market = venue.market(kind="categorical", outcomes=["Ito", "Okafor"], house_liquidity=house_liquidity)
    ann, bob = venue.trader(), venue.trader()
    ann.order(market, side="sell", outcome=2, price=3000, quantity=10)
    bob.order(market, outcome=2, price=3600, quantity=10)
    venue.chief.post(f"markets/{market}/outcomes", {"label": "Weiss", "share_bps": 5000})
    resting = bob.order(market, outcome=3, price=200, quantity=5)["id"]
    ann.order(market, side="sell", outcome=3, price=9000, quantity=5)
    bob.patch(f"orders/{resting}", {"price": 9000})
    counted(market)
    found = bob.get(f"{PATH}/{market}")
    trades = bob.get(f"markets/{market}/trades")["results"]
    assert found["total"]["trades"] == len(trades) >= 2
    assert found["total"]["contracts"] == sum(trade["quantity"] for trade in trades)
    shown = bob.get(f"markets/{market}")["outcomes"]
    assert [outcome["price"] for outcome in found["outcomes"]] == [outcome["price"] for outcome in shown]
    assert len(csv_of(bob, f"{PATH}/{market}/history.csv")) >= 4
