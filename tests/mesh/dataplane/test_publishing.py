"""Publishing to a running Envoy: nothing fails on the way, and what is refused changes nothing."""

import threading
import time
from dataclasses import replace

import pytest

from mesh.dataplane.publishing import PublicationRefused
from mesh.dataplane.rendering.whole import render
from mesh.dataplane.spec import Endpoint
from mesh.dataplane.validation import ConfigurationRefused, check
from mesh.gateway.spec import Gateway, Route
from tests.mesh.processes import Node, service, upstreams, wanting


def test_forty_publishes_under_load_fail_no_request(node: Node) -> None:
    with upstreams("a", "b") as (a, b):
        # Each publish moves the service to other instances, adds a service and takes one away.
        wishes = [wanting(service("orders", a if turn % 2 else b), service(f"other-{turn}", b)) for turn in range(41)]
        node.publish(wishes[0])
        node.start()
        statuses: list[int] = []
        done = threading.Event()

        def call() -> None:
            with node.client() as client:
                while not done.is_set():
                    statuses.append(client.get("http://orders/").status_code)

        callers = [threading.Thread(target=call) for _ in range(4)]
        for each in callers:
            each.start()
        for wish in wishes[1:]:
            node.publish(wish)
        done.set()
        for each in callers:
            each.join()
    assert len(statuses) > 500
    assert [status for status in statuses if status != 200] == []


def test_what_envoy_would_refuse_is_refused_with_its_words() -> None:
    with pytest.raises(ConfigurationRefused, match="invalid-host-name"):
        check(render(wanting(service("orders", Endpoint(address="invalid-host-name", port=80)))))


def test_a_route_to_a_service_that_is_not_there_is_refused() -> None:
    nowhere = Gateway(routes=[Route(name="lost", upstream="platform/nowhere")])
    with pytest.raises(ConfigurationRefused, match="platform/nowhere"):
        check(render(wanting(gateway=nowhere)))


def test_what_a_running_envoy_refuses_leaves_the_traffic_as_it_was(node: Node) -> None:
    with upstreams("a") as (a,):
        good = wanting(service("orders", a))
        node.publish(good)
        node.start()
        bad = node.documents(wanting(service("orders", Endpoint(address="nonsense", port=80)), service("new", a)))
        with pytest.raises(PublicationRefused):
            node.publisher.publish(bad)
        with node.client() as client:
            assert client.get("http://orders/").text == "a"
            assert client.get("http://new/").json()["code"] == "unknown_service"
        assert node.publisher.is_taken(node.documents(good))
        # And a start from the folder finds the good one.
        node.kill()
        node.start()
        with node.client() as client:
            assert client.get("http://orders/").text == "a"


def test_the_same_wishes_are_published_once(node: Node) -> None:
    with upstreams("a") as (a,):
        wish = wanting(service("orders", a))
        node.publish(wish)
        node.start()
        before = node.admin.statistics("config_reload$")
        node.publish(replace(wish))
        assert node.admin.statistics("config_reload$") == before


def test_without_its_control_plane_a_killed_envoy_serves_again_from_disk_within_a_second(node: Node) -> None:
    with upstreams("a") as (a,):
        node.publish(wanting(service("orders", a)))
        node.start()
        node.kill()
        killed_at = time.monotonic()
        node.start()
        with node.client() as client:
            assert client.get("http://orders/").text == "a"
        assert time.monotonic() - killed_at < 1


def test_three_hundred_services_and_a_thousand_routes(node: Node) -> None:
    with upstreams("a") as (a,):
        services = [service(f"service-{each}", a) for each in range(300)]
        routes = [
            Route(name=f"route-{each}", path=f"/{each}/", upstream=f"platform/service-{each % 300}")
            for each in range(1000)
        ]
        node.publish(wanting(*services, gateway=Gateway(routes=routes)))
        node.start()
        moved = [Route(name="first", path="/first/", upstream="platform/service-7"), *routes]
        started = time.monotonic()
        node.publish(wanting(*services[1:], service("service-0", a, timeout_ms=99), gateway=Gateway(routes=moved)))
        took_s = time.monotonic() - started
        with node.client() as client:
            assert client.get("http://service-299/").text == "a"
        assert node.admin.memory_bytes() < 200 * 2**20
        # The benchmark measures it on a quiet machine; here only that it is no matter of many seconds.
        assert took_s < 5
