"""`dashboard`, `get_metrics` and the socket that pushes figures."""

from tests.market_figures.replaying import count, events_of

PUSHED = "/api/v1/ai-analytics/ws/analytics/my-screen"


def test_figures_are_pushed_at_once_and_when_something_was_traded(served, venue):
    market, ann = venue.market(house_liquidity=100), venue.trader()
    with served.talk_as(ann.user, PUSHED) as talk:
        first = talk.next("analytics_update")
        assert first["system_metrics"]["total_users"] == 4
        before = first["system_metrics"]  # other tests leave public markets, which everybody sees
        ann.order(market, price=9000, quantity=5)
        count(events_of(market))
        pushed = talk.next("analytics_update")
        while pushed["system_metrics"]["total_trades_24h"] == before["total_trades_24h"]:
            pushed = talk.next("analytics_update")
        trade = ann.get(f"markets/{market}/trades")["results"][0]
        assert pushed["system_metrics"] == {
            "total_users": 4,
            "active_users": before["active_users"] + 1,
            "total_volume_24h": before["total_volume_24h"] + trade["value"],
            "total_trades_24h": before["total_trades_24h"] + 1,
        }
        assert next(each for each in pushed["top_markets"] if each["market_id"] == market) == {
            "market_id": market,
            "current_price": trade["price_after"],
            "volume_24h": trade["value"],
            "price_change_24h": trade["price_after"] - 5000,
        }
        assert pushed["timestamp"] > first["timestamp"]


def test_strangers_and_other_tenants_get_no_figures_of_mine(served, venue, elsewhere):
    market, ann = venue.market(house_liquidity=100), venue.trader()
    ann.order(market, price=9000, quantity=5)
    count(events_of(market))
    with served.talk(PUSHED) as stranger, served.talk_as(elsewhere.trader().user, PUSHED) as other:
        for talk, users in ((stranger, 0), (other, 4)):
            pushed = talk.next("analytics_update")
            assert pushed["system_metrics"]["total_users"] == users
            assert pushed["system_metrics"]["active_users"] == 0
            assert market not in {top["market_id"] for top in pushed["top_markets"]}
        assert stranger.refused("subscribe", channel="markets") == "invalid_frame"


def test_the_dashboard_is_for_those_who_may_read_analytics(served, venue):
    with served.talk_as(venue.trader().user) as talk:
        assert talk.refused("subscribe", channel="dashboard") == "permission_missing"
        assert talk.refused("get_metrics", metrics_type="dashboard", time_range="24h") == "permission_missing"
    market = venue.market()
    with served.talk_as(venue.member("analyst").user) as talk:
        (line,) = talk.subscribe("dashboard")["organizations"]
        assert (line["organization"], line["open_markets"], line["total_users"]) == (str(venue.organization.pk), 1, 5)
        venue.chief.post(f"markets/{market}/halt", {"reason": "A storm."})
        (line,) = talk.next("update", kind="dashboard")["data"]["organizations"]
        assert line["open_markets"] == 0
        talk.say("get_metrics", metrics_type="dashboard", time_range="24h", id="a")
        answer = talk.next("metrics_response")
        assert (answer["id"], answer["data"]["organizations"]) == ("a", [line])
        assert talk.refused("get_metrics", metrics_type="weather", time_range="24h") == "unknown_metrics"
        assert talk.refused("get_metrics", metrics_type="system", time_range="7y") == "unknown_metrics"
