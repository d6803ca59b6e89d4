"""The markets somebody keeps an eye on: their own list, live, and never longer than it may be."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.organizations.models import Membership
from markets.watchlist import services
from tests.api_markets.venue import ROOT, Person
from tests.market_figures.replaying import count, events_of


def watch(person: Person, market: str) -> int:
    return person.client.put(f"{ROOT}/watchlist/{market}").status_code


def watched(person: Person) -> list[str]:
    return [each["market"] for each in person.get("watchlist")["markets"]]


def test_markets_are_put_on_the_list_and_taken_off(venue):
    ann, bob = venue.trader(), venue.trader()
    first, second = venue.market(), venue.market()
    assert [watch(ann, first), watch(ann, second), watch(ann, first)] == [201, 201, 200]
    assert watched(ann) == [second, first]
    assert watched(bob) == []
    assert bob.refused("get", f"watchlist/{first}") == (404, "not_watched")
    assert ann.get(f"watchlist/{first}")["market"] == first
    for _ in range(2):
        assert ann.client.delete(f"{ROOT}/watchlist/{first}").status_code == 204
    bob.client.delete(f"{ROOT}/watchlist/{second}")
    assert watched(ann) == [second]


def test_the_list_shows_live_prices_and_the_day(venue):
    ann, bob = venue.trader(), venue.trader()
    market = venue.market()
    watch(ann, market)
    bob.order(market, side="sell", price=3500, quantity=4)
    ann.order(market, price=3500, quantity=4)
    count(events_of(market))
    (shown,) = ann.get("watchlist")["markets"]
    assert (shown["volume_24h"], shown["volume_24h_value"], shown["status"]) == (4, 14_000, "open")
    assert [(each["price"], each["price_change_24h"]) for each in shown["outcomes"]] == [(3500, -1500), (6500, 1500)]


def test_only_markets_one_may_see_can_be_watched_and_are_shown(venue, elsewhere, anybody):
    market, public = venue.market(), venue.market(is_public=True)
    stranger = elsewhere.member()
    assert stranger.refused("put", f"watchlist/{market}") == (404, "market_not_found")
    assert watch(stranger, public) == 201
    leaver = venue.member()
    watch(leaver, market)
    Membership.objects.filter(user=leaver.user).delete()
    assert watched(leaver) == []
    assert leaver.refused("get", f"watchlist/{market}") == (404, "not_watched")
    assert leaver.client.delete(f"{ROOT}/watchlist/{market}").status_code == 204
    for method, path in (("get", "watchlist"), ("put", f"watchlist/{public}"), ("delete", f"watchlist/{public}")):
        assert anybody.refused(method, path) == (401, "not_authenticated")


def test_a_list_is_bounded(venue, monkeypatch):
    monkeypatch.setattr(services, "MOST_WATCHED", 2)
    ann = venue.member()
    markets = [venue.market() for _ in range(3)]
    assert [watch(ann, market) for market in markets] == [201, 201, 409]
    assert ann.refused("put", f"watchlist/{markets[2]}") == (409, "watchlist_full")
    assert watch(ann, markets[0]) == 200
    ann.client.delete(f"{ROOT}/watchlist/{markets[0]}")
    assert watch(ann, markets[2]) == 201


def test_a_longer_list_costs_no_more_queries(venue):
    ann = venue.member()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            ann.get("watchlist")
        return len(captured)

    watch(ann, venue.market())
    few = queries()
    for _ in range(4):
        watch(ann, venue.market())
    assert queries() == few
