"""Health, circuit breakers, calls and observed dependencies, as the rows tell them."""

from datetime import timedelta
from random import Random

import pytest

from mesh.client.models import ServiceCall
from mesh.dataplane.models import Node
from mesh.registry.models import CircuitChange, Instance

pytestmark = pytest.mark.django_db


def call(now, **given) -> ServiceCall:
    usual = {
        "trace_id": "t", "caller": "", "mesh": "yard", "service": "pricing", "instance": "127.0.0.1:9001", "method": "GET",
        "path": "/", "status": 200, "attempts": 1, "duration_us": 1_000, "node": "here", "at": now - timedelta(seconds=5),
    }  # fmt: skip
    return ServiceCall(**{**usual, **given})


def change(service, after, now, instance="", node="here", before="closed") -> None:
    CircuitChange.objects.create(
        service=service, instance=instance, node=node, before=before, after=after, cause="5 in a row", at=now
    )


def health(yard, service="pricing"):
    return yard.operator.get(f"microservices/services/{service}/health", mesh="yard")


def test_a_service_is_as_well_as_its_instances(yard):
    service = yard.service()
    assert health(yard)["health"] == "unserved"
    first, second = yard.register(expected=201), yard.register(port=9002)
    assert health(yard)["health"] == "healthy"
    Instance.objects.filter(pk=first["id"]).update(health="ejected")
    told = health(yard)
    assert (told["health"], told["instances"]["ejected"], told["instances"]["all"]) == ("degraded", 1, 2)
    Instance.objects.filter(pk=second["id"]).update(health="unhealthy")
    assert health(yard)["health"] == "unhealthy"
    Instance.objects.filter(service=service).update(health="healthy")
    assert health(yard)["health"] == "healthy"


def test_an_open_breaker_shows_until_it_closes_and_the_worst_node_counts(yard, now):
    service = yard.service()
    yard.register()
    change(service, "open", now - timedelta(seconds=9), node="one")
    change(service, "half_open", now - timedelta(seconds=8), node="two")
    told = health(yard)
    assert told["health"] == "degraded"
    assert [(each["instance"], each["state"]) for each in told["circuits"]] == [("", "open")]
    change(service, "closed", now - timedelta(seconds=5), node="one", before="open")
    assert health(yard)["circuits"][0]["state"] == "half_open"
    change(service, "closed", now - timedelta(seconds=4), node="two", before="half_open")
    assert health(yard)["health"] == "healthy"
    changes = yard.operator.get("microservices/dashboard")["circuit_changes"]
    assert [each["after"] for each in changes] == ["closed", "closed", "half_open", "open"]


def test_the_status_counts_open_breakers_of_instances_that_are_there(yard, now):
    service = yard.service()
    yard.register()
    change(service, "open", now, instance="127.0.0.1:9001")
    change(service, "open", now, instance="10.9.9.9:1")
    assert yard.operator.get("microservices/status")["open_circuits"] == 1


def test_the_status_says_which_node_is_in_trouble(yard, now):
    yard.register()
    assert yard.operator.get("microservices/status")["status"] == "ok"
    usual = {"first_seen_at": now, "last_seen_at": now, "is_envoy_live": True}
    Node.objects.create(name="well", **usual)
    Node.objects.create(name="silent", **{**usual, "last_seen_at": now - timedelta(minutes=1)})
    Node.objects.create(name="dead", **{**usual, "is_envoy_live": False})
    status = yard.operator.get("microservices/status")
    assert status["status"] == "degraded"
    assert [text.split()[0] for text in status["troubles"]] == ["Envoy", "The"]
    assert "dead" in status["troubles"][0]
    assert "silent" in status["troubles"][1]


def test_observed_dependencies_stand_beside_declared_ones_with_their_figures(yard, now):
    for name in ("web", "pricing", "quotes"):
        yard.service(name)
    yard.operator.post("microservices/dependencies", {"mesh": "yard", "caller": "web", "called": "pricing"}, 201)
    random = Random(7)
    durations = [random.randrange(100, 100_000) for _ in range(200)]
    ServiceCall.objects.bulk_create(
        [
            *(call(now, caller="web", duration_us=each, status=503 if each % 4 == 0 else 200) for each in durations),
            call(now, caller="pricing", service="quotes"),
            call(now, caller="robot", service="quotes", status=404),
            call(now, caller="web", service="gone"),
            call(now, caller="web", at=now - timedelta(hours=1)),
            call(now, caller="web", mesh="elsewhere"),
            call(now, caller=""),
        ]
    )
    graph = yard.operator.get("microservices/graph", mesh="yard")
    edges = {(each["caller"], each["called"]): each for each in graph["dependencies"]}
    assert set(edges) == {("web", "pricing"), ("pricing", "quotes"), ("robot", "quotes")}
    seen = edges["web", "pricing"]
    assert (seen["is_declared"], edges["pricing", "quotes"]["is_declared"]) == (True, False)
    assert seen["traffic"]["calls"] == 200
    assert seen["traffic"]["errors"] == sum(each % 4 == 0 for each in durations)
    assert seen["traffic"]["p95_us"] == sorted(durations)[189]
    assert seen["traffic"]["per_s"] == pytest.approx(200 / 300)
    assert edges["robot", "quotes"]["traffic"]["errors"] == 0
    vertices = {each["name"]: each for each in graph["services"]}
    assert (vertices["robot"]["health"], vertices["robot"]["id"]) == ("caller", None)
    assert vertices["pricing"]["traffic"]["calls"] == 201
    longer = yard.operator.get("microservices/graph", mesh="yard", window_s=7_200)["dependencies"]
    assert max(each["traffic"]["calls"] for each in longer) == 201


def test_calls_are_found_by_what_is_known_of_them(yard, now):
    ServiceCall.objects.bulk_create(
        [
            call(now, trace_id="a", caller="web", status=503, flags="UO", attempts=1),
            call(now, trace_id="b", attempts=3, duration_us=90_000),
            call(now, trace_id="c", service="quotes", at=now - timedelta(hours=2)),
        ]
    )

    def traces(**query):
        return sorted(each["trace_id"] for each in yard.operator.get("microservices/calls", **query)["results"])

    assert traces() == ["a", "b", "c"]
    assert traces(errors="true") == ["a"]
    assert traces(flag="UO") == ["a"]
    assert traces(service="pricing", min_attempts=2) == ["b"]
    assert traces(min_duration_us=50_000) == ["b"]
    assert traces(until=(now - timedelta(hours=1)).isoformat()) == ["c"]
    assert traces(trace_id="c", mesh="yard") == ["c"]


def test_the_dashboard_counts_calls_minute_by_minute_without_gaps(yard, now):
    minute = now.replace(second=0, microsecond=0)
    ServiceCall.objects.bulk_create(
        [
            call(now, at=minute - timedelta(minutes=3, seconds=-1)),
            call(now, at=minute - timedelta(minutes=3, seconds=-2), status=500),
            call(now, at=minute - timedelta(minutes=1, seconds=-2)),
        ]
    )
    minutes = yard.operator.get("microservices/dashboard")["per_minute"]
    assert len(minutes) == 60
    assert [(each["calls"], each["errors"]) for each in minutes if each["calls"]] == [(2, 1), (1, 0)]


@pytest.mark.parametrize("path", ["status", "dashboard", "graph?mesh=yard"])
def test_what_is_shown_costs_the_same_however_much_there_is(yard, now, path, django_assert_max_num_queries):
    def cost() -> int:
        with django_assert_max_num_queries(30) as counted:
            yard.operator.client.get(f"/api/v1/microservices/{path}")
        return len(counted)

    yard.register()
    few = cost()
    for number in range(4):
        yard.register(f"s{number}", port=9100 + number)
    ServiceCall.objects.bulk_create([call(now, service=f"s{number}", caller="pricing") for number in range(4)])
    assert cost() == few
