"""The risk of a portfolio over HTTP: exact for what was traded, and confined to whom it concerns."""

import csv
import io
from itertools import product

from tests.api_markets.venue import Venue

PORTFOLIO = "ai-analytics/analytics/portfolio"
START = 1_000 * 10_000


def test_two_markets_are_the_four_ways_they_can_end(venue: Venue) -> None:
    ann, bob = venue.trader(), venue.trader()
    sport, weather = venue.market(category="sport"), venue.market(category="weather")
    for market, price, quantity in ((sport, 4_000, 100), (weather, 9_000, 50)):
        bob.order(market, side="sell", price=price, quantity=quantity)
        ann.order(market, price=price, quantity=quantity)
    found = ann.get(PORTFOLIO)
    cash = START - 400_000 - 450_000
    assert (found["balance"], found["method"], found["draws"]) == (cash, "exact", 0)
    assert found["expected_total"] == START
    assert found["worst_total"] == cash
    assert found["best_total"] == cash + 1_500_000
    ways = sorted(
        (100 * 10_000 * won_sport + 50 * 10_000 * won_weather, (40 if won_sport else 60) * (90 if won_weather else 10))
        for won_sport, won_weather in product((0, 1), repeat=2)
    )
    # 6% lose both, 54% keep the weather only: the worst 5% and 1% lie within losing both.
    assert ways[0] == (0, 600)
    for tail in found["tails"]:
        assert tail["value_at_risk"] == tail["expected_shortfall"] == 850_000
        assert tail["value_at_risk_low"] == tail["value_at_risk_high"] == 850_000
    assert [(each["category"], each["expected"], each["at_risk"]) for each in found["categories"]] == [
        ("weather", 450_000, 450_000),
        ("sport", 400_000, 400_000),
    ]
    assert found["concentration_millionths"] == (450**2 + 400**2) * 1_000_000 // 850**2
    assert {each["market"] for each in found["markets"]} == {sport, weather}


def test_open_orders_count_in_the_worst_case_only(venue: Venue) -> None:
    ann = venue.trader()
    market = venue.market(maker_fee_bps=100)
    ann.order(market, price=4_000, quantity=10)
    ann.order(market, outcome=1, price=3_000, quantity=10)
    found = ann.get(PORTFOLIO)
    # If both fill, ten sets cost 7,000 each and pay 10,000: one alone is what may lose.
    fees = {price: -(-price * (10_000 - price) * 10 * 100 // 10**8) for price in (4_000, 3_000)}
    assert found["worst_total"] == START - 40_000 - fees[4_000]
    assert found["expected_total"] == START
    assert found["reserved"] == 70_000 + sum(fees.values())
    assert found["worst_total"] >= found["balance"] - found["reserved"]
    assert [tail["value_at_risk"] for tail in found["tails"]] == [0, 0]
    assert found["concentration_millionths"] is None


def test_an_empty_portfolio_risks_nothing(venue: Venue) -> None:
    found = venue.member().get(PORTFOLIO)
    assert found["markets"] == found["categories"] == []
    assert found["worst_total"] == found["best_total"] == found["expected_total"] == 0


def test_a_finalized_market_is_certain_and_a_settled_one_is_gone(venue: Venue) -> None:
    ann, bob = venue.trader(), venue.trader()
    market = venue.market(dispute_window_s=0)
    bob.order(market, side="sell", price=4_000, quantity=10)
    ann.order(market, price=4_000, quantity=10)
    venue.chief.post(f"markets/{market}/close", {"reason": "It is over."})
    venue.second.post(f"markets/{market}/resolve", {"outcome": 0, "evidence": "Seen."})
    assert ann.get(PORTFOLIO)["worst_total"] == START - 40_000
    venue.third.post(f"markets/{market}/finalize")
    found = ann.get(PORTFOLIO)
    assert found["worst_total"] == found["best_total"] == found["balance"] == START + 60_000


def test_staff_may_look_at_a_members_risk_within_the_own_organization(venue: Venue, elsewhere: Venue) -> None:
    ann, bob = venue.trader(), venue.trader()
    market = venue.market()
    bob.order(market, side="sell", price=4_000, quantity=10)
    ann.order(market, price=4_000, quantity=10)
    own = ann.get(PORTFOLIO)
    seen = venue.member("analyst").get(PORTFOLIO, user=str(ann.user.pk))
    assert {**seen, "at": None} == {**own, "at": None}
    for stranger in (bob, elsewhere.chief):
        assert stranger.refused("get", f"{PORTFOLIO}?user={ann.user.pk}") == (404, "trader_not_found")
        assert stranger.refused("get", f"{PORTFOLIO}.csv?user={ann.user.pk}") == (404, "trader_not_found")
    outside = f"{PORTFOLIO}?organization={elsewhere.organization.slug}"
    assert ann.refused("get", outside) == (404, "organization_not_found")


def test_the_export_has_a_line_per_market(venue: Venue) -> None:
    ann, bob = venue.trader(), venue.trader()
    market = venue.market(category="sport")
    bob.order(market, side="sell", price=4_000, quantity=10)
    ann.order(market, price=4_000, quantity=10)
    response = ann.client.get(f"/api/v1/{PORTFOLIO}.csv")
    (line,) = csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode()))
    assert (line["market"], line["category"], line["expected"], line["worst"], line["at_risk"]) == (
        market,
        "sport",
        "40000",
        "0",
        "40000",
    )
