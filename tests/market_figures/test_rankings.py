"""Where something happens: the tops, and the day's figures in the list of markets."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from markets.analytics.markets.projection import MARKET_FIGURES
from opinion_market.kernel import clock
from tests.api_markets.venue import Venue
from tests.market_figures.replaying import count, events_of

TOPS = "ai-analytics/analytics/markets"


def a_traded_market(venue: Venue, *, price: int, quantity: int, **market: object) -> str:
    """One trade at this price, counted."""
    created = venue.market(**market)
    ann, bob = venue.trader(), venue.trader()
    ann.order(created, side="sell", price=price, quantity=quantity)
    bob.order(created, price=price, quantity=quantity)
    count(events_of(created))
    return created


def names(answer) -> list[str]:
    return [each["market"] for each in answer["markets"]]


def test_the_most_traded_and_the_biggest_movers_come_first(venue):
    much = a_traded_market(venue, price=5100, quantity=50)
    moved = a_traded_market(venue, price=2000, quantity=1)
    less = a_traded_market(venue, price=4500, quantity=20)
    still = a_traded_market(venue, price=5000, quantity=30)
    count(events_of(venue.market()))
    ann = venue.member()
    assert names(ann.get(TOPS)) == [much, still, less, moved]
    assert names(ann.get(TOPS, by="movers")) == [moved, less, much]
    assert names(ann.get(TOPS, by="volume", limit=1)) == [much]
    (top,) = ann.get(TOPS, by="movers", limit=1)["markets"]
    assert (top["volume_24h"], top["volume_24h_value"]) == (1, 2000)
    assert [outcome["price_change_24h"] for outcome in top["outcomes"]] == [-3000, 3000]


def test_yesterdays_trades_no_longer_count(venue):
    market = a_traded_market(venue, price=3000, quantity=5)
    before = clock.now() - timedelta(days=1, minutes=2)
    events = events_of(market, lambda version: before)
    MARKET_FIGURES.reset()
    count(events)
    ann = venue.member()
    assert names(ann.get(TOPS)) == names(ann.get(TOPS, by="movers")) == []
    (listed,) = ann.get("markets")["results"]
    assert (listed["volume"], listed["volume_24h"]) == (5, 0)
    assert [outcome["price_change_24h"] for outcome in listed["outcomes"]] == [0, 0]


def test_those_that_close_soonest_come_first_and_those_past_are_left_out(venue):
    now = clock.now()
    later, sooner = (venue.market(closes_at=(now + timedelta(days=days)).isoformat()) for days in (3, 1))
    venue.market()
    found = venue.member().get(TOPS, by="closing")
    assert names(found) == [sooner, later]
    assert found["markets"][0]["volume_24h"] == 0


def test_only_open_markets_that_one_may_see_are_named(venue, elsewhere, anybody):
    public = a_traded_market(venue, price=4000, quantity=5, is_public=True, category="weather")
    private = a_traded_market(venue, price=4000, quantity=9)
    halted = a_traded_market(venue, price=4000, quantity=7)
    venue.chief.post(f"markets/{halted}/halt", {"reason": "x"})
    assert names(venue.member().get(TOPS)) == [private, public]
    assert set(names(venue.member().get(TOPS, by="movers"))) == {private, public}
    for by in ("volume", "movers"):
        for stranger in (anybody, elsewhere.chief):
            assert names(stranger.get(TOPS, by=by)) == [public]
    assert names(venue.member().get(TOPS, category="weather")) == [public]
    assert names(venue.member().get(TOPS, organization=elsewhere.organization.slug)) == []
    assert venue.member().refused("get", f"{TOPS}?by=luck") == (422, "invalid_input")


def test_the_list_of_markets_tells_the_day(venue):
    traded = a_traded_market(venue, price=6500, quantity=4)
    unopened = venue.draft()
    listed = {market["id"]: market for market in venue.chief.get("markets")["results"]}
    assert (listed[traded]["volume_24h"], listed[traded]["volume_24h_value"]) == (4, 26_000)
    assert [outcome["price_change_24h"] for outcome in listed[traded]["outcomes"]] == [1500, -1500]
    assert [outcome["price_change_24h"] for outcome in listed[unopened]["outcomes"]] == [None, None]
    assert venue.chief.get(f"markets/{traded}")["volume_24h"] == 4


@pytest.mark.parametrize("path", ["markets", TOPS, f"{TOPS}?by=movers"])
def test_more_markets_cost_no_more_queries(venue, path):
    ann = venue.member()

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            ann.get(path)
        return len(captured)

    a_traded_market(venue, price=6500, quantity=4)
    few = queries()
    for _ in range(4):
        a_traded_market(venue, price=6500, quantity=4)
    assert queries() == few
