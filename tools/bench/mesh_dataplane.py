"""The mesh on a real Envoy: publishing at size, failover, starting from disk, the breaker; with the tests' Envoy and instances."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from mesh.dataplane.rendering.whole import render
from mesh.dataplane.spec import Breaker, Desired, HealthCheck, Outliers, Retries, Service
from mesh.dataplane.validation import check
from mesh.gateway.spec import Gateway, Route
from tests.mesh.processes import Instance, Node, service, upstreams

SERVICES, ROUTES = 300, 1_000
PUBLISHES = 20
FAILOVERS = 5

_OUTLIERS = Outliers(errors=3, interval_ms=100, ejection_ms=5_000, max_percent=50)
_HEALTH = HealthCheck(
    path="/", host="orders", interval_ms=200, timeout_ms=500, unhealthy_threshold=1, healthy_threshold=1
)
_RETRIES = Retries(count=2, on="connect-failure,refused-stream,reset", base_ms=5, max_ms=50, try_timeout_ms=0)


def measure() -> dict[str, Any]:
    """All figures of the data plane, in milliseconds where nothing else is said."""
    return {
        "publish": _with_node(_publish),
        "start_from_disk_ms": _with_node(_start_from_disk),
        "failover": {
            "with_retries": [_with_node(lambda node: _failover(node, _RETRIES)) for _ in range(FAILOVERS)],
            "without": [_with_node(lambda node: _failover(node, None)) for _ in range(FAILOVERS)],
        },
        "breaker": _with_node(_breaker),
    }


def _with_node(action: Callable[[Node], Any]) -> Any:
    with TemporaryDirectory(prefix="om-mesh-") as folder:
        node = Node(Path(folder))
        try:
            return action(node)
        finally:
            node.close()


def _wishes(instance: Instance) -> Desired:
    services = [service(f"service-{each}", instance) for each in range(SERVICES)]
    routes = [
        Route(name=f"route-{each}", path=f"/{each}/", upstream=f"platform/service-{each % SERVICES}")
        for each in range(ROUTES)
    ]
    return Desired(services=services, gateway=Gateway(routes=routes))


def _publish(node: Node) -> dict[str, Any]:
    """One service's policy and one route change each time; every publish is acknowledged."""
    with upstreams("a") as (instance,):
        wishes = _wishes(instance)
        node.publish(wishes)
        node.start()
        took: dict[str, list[float]] = {"render": [], "validate": [], "publish": []}
        for turn in range(PUBLISHES):
            changed = _changed(wishes, turn)
            started = time.perf_counter()
            resources = render(changed)
            took["render"].append((time.perf_counter() - started) * 1000)
            started = time.perf_counter()
            node.publish(changed)
            took["publish"].append((time.perf_counter() - started) * 1000)
            if turn < 5:
                started = time.perf_counter()
                check(resources)
                took["validate"].append((time.perf_counter() - started) * 1000)
        return {
            "services": SERVICES,
            "routes": ROUTES,
            **{f"{name}_ms": {"median": median(each), "worst": max(each)} for name, each in took.items()},
            "envoy_mib": node.admin.memory_bytes() / 2**20,
        }


def _changed(wishes: Desired, turn: int) -> Desired:
    services: list[Service] = list(wishes.services)
    services[turn] = replace(services[turn], timeout_ms=1_000 + turn)
    routes = list(wishes.gateway.routes)
    routes[turn] = replace(routes[turn], upstream=f"platform/service-{(turn + 7) % SERVICES}")
    return replace(wishes, services=services, gateway=replace(wishes.gateway, routes=routes))


def _start_from_disk(node: Node) -> list[float]:
    """From the process's start to the first answer, with 300 services and 1,000 routes and nobody to ask."""
    with upstreams("a") as (instance,):
        node.publish(_wishes(instance))
        took = []
        for _ in range(FAILOVERS):
            started = time.perf_counter()
            node.start()
            with node.client() as client:
                client.get("http://service-7/").raise_for_status()
            took.append((time.perf_counter() - started) * 1000)
            node.kill()
        return took


def _failover(node: Node, retries: Retries | None) -> dict[str, float]:
    """One of three instances is killed under the load of four callers."""
    with upstreams("a", "b", "c") as instances:
        wish = service("orders", *instances, outliers=_OUTLIERS, health=_HEALTH, retries=retries)
        node.publish(Desired(services=[wish], gateway=Gateway(routes=[])))
        node.start()
        seen: list[tuple[float, int]] = []
        done = threading.Event()

        def call() -> None:
            with node.client() as client:
                while not done.is_set():
                    status = client.get("http://orders/").status_code
                    seen.append((time.monotonic(), status))

        callers = [threading.Thread(target=call) for _ in range(4)]
        for each in callers:
            each.start()
        time.sleep(1)
        killed_at = time.monotonic()
        instances[0].kill()
        time.sleep(3)
        done.set()
        for each in callers:
            each.join()
    failed = [at for at, status in seen if status != 200]
    return {
        "requests": len(seen),
        "failed": len(failed),
        "last_failure_ms": (max(failed) - killed_at) * 1000 if failed else 0.0,
    }


def _breaker(node: Node) -> dict[str, float]:
    """A service that may have four requests in hand, asked by sixteen callers: how soon the others are told."""
    limit = Breaker(connections=4, pending=1, requests=4, retries=0)
    with upstreams("a") as (instance,):
        wish = service("orders", instance, breaker=limit)
        node.publish(Desired(services=[wish], gateway=Gateway(routes=[])))
        node.start()
        refused: list[float] = []

        def call() -> None:
            with node.client() as client:
                for _ in range(20):
                    started = time.perf_counter()
                    if client.get("http://orders/slow/50").status_code == 503:
                        refused.append((time.perf_counter() - started) * 1000)

        callers = [threading.Thread(target=call) for _ in range(16)]
        for each in callers:
            each.start()
        for each in callers:
            each.join()
        with node.client() as client:
            most = int(client.get("http://orders/most").text)
        time.sleep(0.3)
        inside = [line["us"] / 1000 for line in _log(node) if line["flags"] == "UO"]
    return {
        "limit": 4,
        "most_in_hand": most,
        "refused": len(refused),
        "in_envoy_p50_ms": median(inside),
        "in_envoy_p99_ms": quantiles(inside, n=100)[98],
        # The callers are sixteen threads of one Python.
        "seen_p50_ms": median(refused),
    }


def _log(node: Node) -> list[dict[str, Any]]:
    """The calls as Envoy saw them; its log is flushed every 50 ms here."""
    return [json.loads(line) for line in Path(node.host.logs, "mesh.json").read_text().splitlines()]
