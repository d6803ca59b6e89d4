"""What policies do to real requests through a real Envoy."""

import threading
import time
from collections import Counter

import httpx
import pytest

from mesh.dataplane.spec import Breaker, Endpoint, HealthCheck, Outliers, Retries, Split
from tests.mesh.processes import Instance, Node, service, start_upstream, upstreams, wanting

RETRIES = Retries(count=2, on="connect-failure,refused-stream,reset", base_ms=5, max_ms=50, try_timeout_ms=0)
OUTLIERS = Outliers(errors=3, interval_ms=100, ejection_ms=2_000, max_percent=50)
HEALTH = HealthCheck(
    path="/", host="orders", interval_ms=200, timeout_ms=500, unhealthy_threshold=1, healthy_threshold=1
)


def answers(node: Node, count: int, *, url: str = "http://orders/", **headers: str) -> Counter[str]:
    with node.client() as client:
        return Counter(client.get(url, headers=headers).text for _ in range(count))


@pytest.mark.parametrize("balancing", ["round_robin", "weighted"])
def test_even_strategies_are_even_and_weights_are_kept(node: Node, balancing: str) -> None:
    weights = {"a": 1, "b": 2, "c": 5} if balancing == "weighted" else {"a": 1, "b": 1, "c": 1}
    with upstreams(*weights) as instances:
        endpoints = [
            Endpoint(address="127.0.0.1", port=each.port, weight=weight)
            for each, weight in zip(instances, weights.values(), strict=True)
        ]
        node.publish(wanting(service("orders", *endpoints, balancing=balancing)))
        node.start()
        counts = answers(node, 1_600)
    for name, weight in weights.items():
        assert counts[name] / 1_600 == pytest.approx(weight / sum(weights.values()), abs=0.01)


@pytest.mark.parametrize("balancing", ["random", "least_request"])
def test_random_choices_are_spread_evenly(node: Node, balancing: str) -> None:
    with upstreams("a", "b") as instances:
        node.publish(wanting(service("orders", *instances, balancing=balancing)))
        node.start()
        counts = answers(node, 2_500)
    # 5 percentage points are five standard deviations of a fair coin thrown 2,500 times.
    assert counts["a"] / 2_500 == pytest.approx(0.5, abs=0.05)


def test_a_ring_gives_one_caller_one_instance_and_many_callers_all(node: Node) -> None:
    with upstreams("a", "b", "c") as instances:
        wish = service("orders", *instances, balancing="ring_hash", hash_header="x-user")
        node.publish(wanting(wish))
        node.start()
        assert len(answers(node, 20, **{"x-user": "alice"})) == 1
        with node.client() as client:
            spread = Counter(client.get("http://orders/", headers={"x-user": f"user-{n}"}).text for n in range(900))
    # A ring of 1,024 points cannot be quite even; all carry a fair part.
    assert len(spread) == 3
    assert min(spread.values()) > 200


def test_splits_send_the_share_they_say(node: Node) -> None:
    with upstreams("old", "new") as (old, new):
        endpoints = [old.endpoint, Endpoint(address="127.0.0.1", port=new.port, version="v2")]

        def publish(split: Split) -> None:
            node.publish(wanting(service("orders", *endpoints, split=split)))

        publish(Split())
        node.start()
        publish(Split(kind="weight", version="v2", percent=20))
        # Five standard deviations of 2,000 draws at 20 percent are 4.5 percentage points.
        assert answers(node, 2_000)["new"] / 2_000 == pytest.approx(0.2, abs=0.045)
        publish(Split(kind="header", version="v2", header="x-canary", value="yes"))
        assert answers(node, 20) == {"old": 20}
        assert answers(node, 20, **{"x-canary": "yes"}) == {"new": 20}
        publish(Split(kind="blue_green", version="v2"))
        assert answers(node, 20) == {"new": 20}
        publish(Split(kind="mirror", version="v2", percent=100))
        assert answers(node, 20, url="http://orders/slow/1") == {"old": 20}
        with httpx.Client() as direct:
            assert int(direct.get(f"http://127.0.0.1:{new.port}/most").text) >= 1


def call_until(node: Node, done: threading.Event, seen: list[tuple[float, int]]) -> None:
    with node.client() as client:
        while not done.is_set():
            status = client.get("http://orders/").status_code
            seen.append((time.monotonic(), status))


def killed_under_load(node: Node, victim: Instance, *, for_s: float) -> tuple[float, list[tuple[float, int]]]:
    seen: list[tuple[float, int]] = []
    done = threading.Event()
    callers = [threading.Thread(target=call_until, args=(node, done, seen)) for _ in range(4)]
    for each in callers:
        each.start()
    time.sleep(0.3)
    killed_at = time.monotonic()
    victim.kill()
    time.sleep(for_s)
    done.set()
    for each in callers:
        each.join()
    return killed_at, seen


def test_a_killed_instance_costs_nothing_with_retries(node: Node) -> None:
    with upstreams("a", "b", "c") as instances:
        node.publish(wanting(service("orders", *instances, retries=RETRIES, outliers=OUTLIERS, health=HEALTH)))
        node.start()
        _, seen = killed_under_load(node, instances[0], for_s=1.0)
    assert len(seen) > 200
    assert [status for _, status in seen if status != 200] == []


def test_without_retries_a_killed_instance_is_left_out_within_a_second(node: Node) -> None:
    with upstreams("a", "b", "c") as instances:
        node.publish(wanting(service("orders", *instances, outliers=OUTLIERS, health=HEALTH)))
        node.start()
        killed_at, seen = killed_under_load(node, instances[0], for_s=2.0)
    failed = [at for at, status in seen if status != 200]
    assert len(seen) > 100
    # It may happen that nobody was on the line.
    assert max(failed, default=killed_at) - killed_at < 1.0


def test_a_breaker_holds_back_what_is_beyond_its_limit_at_once(node: Node) -> None:
    limit = Breaker(connections=4, pending=1, requests=4, retries=0)
    with upstreams("a") as (instance,):
        node.publish(wanting(service("orders", instance, breaker=limit)))
        node.start()
        seen: list[tuple[int, str, float]] = []

        def call() -> None:
            with node.client() as client:
                for _ in range(5):
                    started = time.monotonic()
                    answer = client.get("http://orders/slow/100")
                    code = answer.json()["code"] if answer.status_code != 200 else ""
                    seen.append((answer.status_code, code, time.monotonic() - started))

        callers = [threading.Thread(target=call) for _ in range(16)]
        for each in callers:
            each.start()
        for each in callers:
            each.join()
        with httpx.Client() as direct:
            most = int(direct.get(f"http://127.0.0.1:{instance.port}/most").text)
        overflow = node.admin.statistics(r"^cluster[.]platform/orders[.]upstream_rq_pending_overflow$")
    refused = [took for status, _, took in seen if status == 503]
    assert most <= 4
    assert {code for status, code, _ in seen if status == 503} == {"circuit_open"}
    assert sum(int(each) for each in overflow.values()) == len(refused) > 0
    # Refused without waiting: the quickest tells what Envoy takes, the others what this machine was doing besides.
    assert min(refused) < 0.005


def test_an_instance_comes_back_after_it_was_left_out(node: Node) -> None:
    with upstreams("a", "b") as (a, b):
        node.publish(wanting(service("orders", a, b, retries=RETRIES, outliers=OUTLIERS, health=HEALTH)))
        node.start()
        a.kill()
        assert set(answers(node, 100)) == {"b"}
        again = start_upstream("a", a.port)
        try:
            until = time.monotonic() + 10
            while "a" not in answers(node, 10):
                assert time.monotonic() < until
                time.sleep(0.1)
        finally:
            again.kill()
