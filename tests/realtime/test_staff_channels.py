"""`performance` and `alerts`: what those who operate the platform are told, and nobody else."""

from markets.performance.recording import meter, record
from opinion_market.kernel import clock
from tests.governance.people import a_user
from tests.realtime.served import Served, Talk


def told(talk: Talk, name: str) -> list[int]:
    """The counts of the next list of alerts that speaks of this."""
    while True:
        counts = [
            each["count"] for each in talk.next("update", kind="alerts")["data"]["alerts"] if each["name"] == name
        ]
        if counts:
            return counts


def test_the_performance_of_the_platform_is_for_superusers_alone(served: Served, venue):
    for person in (venue.chief, venue.member("analyst"), venue.trader()):
        with served.talk_as(person.user) as talk:
            assert talk.refused("subscribe", channel="performance") == "not_permitted"
            for metrics_type in ("performance", "event_store"):
                assert talk.refused("get_metrics", metrics_type=metrics_type) == "not_permitted"
    with served.talk() as stranger:
        stranger.next("connection_established")
        assert stranger.refused("subscribe", channel="performance") == "not_permitted"
        assert stranger.refused("subscribe", channel="alerts") == "permission_missing"
        assert stranger.refused("get_metrics", metrics_type="alerts") == "permission_missing"


def test_figures_arrive_as_time_passes_and_count_the_orders_placed(served: Served, venue):
    market, ann = venue.market(), venue.trader()
    with served.talk_as(a_user(superuser=True)) as talk:
        snapshot = talk.subscribe("performance")
        assert len(snapshot["exchange"]["slots"]) in {60, 61}
        assert {each["name"] for each in snapshot["event_store"]["projections"]} >= {
            "market_figures",
            "event_statistics",
        }
        meter().take()
        for price in (4000, 4100, 4200):
            ann.order(market, price=price)
        ann.order_refused(market, price=5000, quantity=10**6)
        record(meter(), now=clock.now())
        exchange = talk.next("update", kind="exchange")["data"]["exchange"]
        while exchange["now"]["commands"] < 4:
            exchange = talk.next("update", kind="exchange")["data"]["exchange"]
        now = exchange["now"]
        assert (now["orders"], now["commands"], now["refused"], now["orders_per_s"]) == (3, 4, 1, 0.3)
        assert now["p50_us"] <= now["p95_us"] <= now["p99_us"]
        assert sum(each["refused"] for each in exchange["slots"]) == 1
        assert sum(each["commands"] for each in exchange["recent"]["refusals"]) >= 1
        talk.say("get_metrics", metrics_type="performance", time_range="5m")
        answer = talk.next("metrics_response")["data"]["exchange"]
        assert sum(each["refused"] for each in answer["slots"]) == answer["summary"]["refused"] >= 1
        assert sum(each["batches"] for each in answer["batch_sizes"]) == answer["summary"]["batches"] >= 4
        talk.say("get_metrics", metrics_type="event_store")
        assert talk.next("metrics_response")["time_range"] == "now"


def test_alerts_come_when_something_changes_and_only_to_those_concerned(served: Served, venue, elsewhere):
    waiting = "markets_approval"
    analyst, stranger = venue.member("analyst"), elsewhere.member("admin")
    with served.talk_as(analyst.user) as ours, served.talk_as(stranger.user) as theirs:
        assert ours.subscribe("alerts") == theirs.subscribe("alerts") == {"alerts": []}
        created = venue.draft()
        venue.chief.post(f"markets/{created}/submit")
        assert told(ours, waiting) == [1]
        venue.second.post(f"markets/{created}/approve")
        venue.chief.post(f"markets/{created}/open")
        while ours.next("update", kind="alerts")["data"]["alerts"]:
            pass
        assert theirs.is_silent()
        theirs.say("get_metrics", metrics_type="alerts")
        assert theirs.next("metrics_response")["data"] == {"alerts": []}
        assert theirs.refused("get_metrics", metrics_type="alerts", time_range="24h") == "unknown_metrics"


def test_members_without_a_role_are_told_of_nothing(served: Served, venue):
    with served.talk_as(venue.trader().user) as talk:
        assert talk.refused("subscribe", channel="alerts") == "permission_missing"
        assert talk.refused("get_metrics", metrics_type="alerts") == "permission_missing"


def test_a_role_taken_away_ends_the_alerts(served: Served, venue):
    auditor = venue.member("auditor")
    with served.talk_as(auditor.user) as talk:
        talk.subscribe("alerts")
        auditor.user.memberships.all().delete()
        assert talk.closed() == (4403, "role taken away")
