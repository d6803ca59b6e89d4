"""The control loop against a real Envoy and a real database: what staff change reaches traffic, and what Envoy sees comes back."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import Client

from governance.identity.models import User
from mesh.client.mesh_client import MeshClient
from mesh.client.models import ServiceCall
from mesh.dataplane import services
from mesh.dataplane.bootstrap import ADMIN_SOCKET
from mesh.dataplane.collecting import ROTATED_AT_BYTES
from mesh.dataplane.controller import Controller
from mesh.dataplane.models import Acknowledgement, ConfigSnapshot
from mesh.dataplane.models import Node as NodeRow
from mesh.dataplane.rendering.listeners import MESH_SOCKET
from mesh.dataplane.this_node import WEB_SOCKETS
from mesh.dataplane.validation import ConfigurationRefused
from mesh.registry.models import CircuitChange, Instance, Mesh, Service
from mesh.registry.platform_parts import register_platform
from opinion_market.kernel.clock import now
from opinion_market.kernel.ids import uuid7_text
from tests.mesh.processes import Node, start_upstream, upstreams

pytestmark = pytest.mark.xdist_group("mesh")


@contextmanager
def controlling(node: Node, *, log_bytes: int = ROTATED_AT_BYTES) -> Iterator[Controller]:
    """A controller in a thread of its own, as `run_mesh --controller` is a process of its own."""
    controller = Controller(node.host, Path(node.host.sockets, ADMIN_SOCKET), log_bytes=log_bytes)
    thread = threading.Thread(target=controller.run)
    thread.start()
    try:
        yield controller
    finally:
        controller.stop.set()
        thread.join()


# The aim is a second; the machine does other things besides, and `make bench-mesh` measures it alone.
SOON_S = 3


def eventually(condition: Callable[[], bool], within_s: float = 10) -> float:
    """Wait for something to come true; return how long it took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < within_s
        time.sleep(0.02)
    return time.monotonic() - started


@pytest.fixture
def operator(committed_db: None) -> User:
    register_platform(node="here", sockets=WEB_SOCKETS, now=now())
    return User.objects.create_superuser(f"operator-{uuid7_text()}", password=None)


@pytest.fixture
def mesh(committed_db: None) -> Mesh:
    """A mesh of the test's own: rows stay in the database."""
    return Mesh.objects.create(name=f"m-{uuid7_text()[-12:]}", created_at=now())


def make_service(mesh: Mesh, operator: User, **policy: object) -> Service:
    with services.changing(actor=operator, reason="a new service", now=now()):
        return Service.objects.create(
            mesh=mesh, name="orders", type="trading", created_at=now(), updated_at=now(), **policy
        )


def register(service: Service, port: int) -> Instance:
    made = Instance.objects.create(service=service, address="127.0.0.1", port=port, registered_at=now())
    services.follow_instances(now=now())
    return made


@pytest.fixture
def running(node: Node, operator: User) -> Iterator[Node]:
    """A node that runs what is in the database."""
    services.follow_instances(now=now())
    with controlling(node):
        eventually(lambda: Path(node.host.config, "lds.json").exists())
        node.start()
        newest = ConfigSnapshot.objects.latest("pk")
        eventually(lambda: Acknowledgement.objects.filter(node="here", snapshot__gte=newest.pk).exists())
        yield node


def status_of(node: Node, mesh: Mesh, path: str = "/") -> int:
    with node.client() as client:
        return client.get(f"http://orders.{mesh.name}{path}").status_code


def test_a_change_reaches_traffic_within_a_second(running: Node, mesh: Mesh, operator: User) -> None:
    with upstreams("a") as (a,):
        assert status_of(running, mesh) == 404
        orders = make_service(mesh, operator)
        register(orders, a.port)
        assert eventually(lambda: status_of(running, mesh) == 200) < SOON_S
        eventually(lambda: ConfigSnapshot.objects.latest("pk").state == ConfigSnapshot.State.LIVE)
        node = NodeRow.objects.get(name="here")
        eventually(lambda: NodeRow.objects.get(name="here").is_envoy_live)
        assert node.snapshot_id == ConfigSnapshot.objects.latest("pk").pk


def test_a_refused_change_changes_nothing(running: Node, mesh: Mesh, operator: User) -> None:
    orders = make_service(mesh, operator)
    before = ConfigSnapshot.objects.latest("pk").pk
    with (
        pytest.raises(ConfigurationRefused, match="header"),
        services.changing(actor=operator, reason="a mistake", now=now()),
    ):
        Service.objects.filter(pk=orders.pk).update(split="header", split_version="v2", split_header="not a header\n")
    orders.refresh_from_db()
    assert orders.split == "none"
    assert ConfigSnapshot.objects.latest("pk").pk == before


def test_going_back_restores_the_policy_and_keeps_the_instances(running: Node, mesh: Mesh, operator: User) -> None:
    with upstreams("a") as (a,):
        orders = make_service(mesh, operator, timeout_ms=1_000)
        earlier = ConfigSnapshot.objects.latest("pk").pk
        register(orders, a.port)
        with services.changing(actor=operator, reason="too short", now=now()):
            Service.objects.filter(pk=orders.pk).update(timeout_ms=20)
        eventually(lambda: status_of(running, mesh, "/slow/100") == 504)
        services.roll_back(actor=operator, snapshot_id=earlier, reason="it was too short", now=now())
        assert eventually(lambda: status_of(running, mesh, "/slow/100") == 200) < SOON_S
        orders.refresh_from_db()
        assert orders.timeout_ms == 1_000


def test_a_killed_instance_opens_its_circuit_and_closes_it_when_it_is_back(
    running: Node, mesh: Mesh, operator: User
) -> None:
    with upstreams("a", "b") as (a, b):
        orders = make_service(mesh, operator, outlier_errors=2, outlier_interval_ms=100, ejection_ms=500)
        victim = register(orders, a.port)
        register(orders, b.port)
        eventually(lambda: status_of(running, mesh) == 200)

        def states() -> list[str]:
            status_of(running, mesh)
            changes = CircuitChange.objects.filter(service=orders, instance=f"127.0.0.1:{a.port}").order_by("pk")
            return list(changes.values_list("after", flat=True))

        a.kill()
        eventually(lambda: states()[:1] == ["open"])
        victim.refresh_from_db()
        assert victim.health == Instance.Health.EJECTED
        again = start_upstream("a", a.port)
        try:
            eventually(lambda: states()[-1:] == ["closed"])
        finally:
            again.kill()
        assert "half_open" in states()
        eventually(lambda: Instance.objects.get(pk=victim.pk).health == Instance.Health.HEALTHY)


def test_a_call_is_found_by_its_trace_id(running: Node, mesh: Mesh, operator: User) -> None:
    with upstreams("a") as (a,):
        register(make_service(mesh, operator), a.port)
        eventually(lambda: status_of(running, mesh) == 200)
        with MeshClient(caller="web", socket=Path(running.host.sockets, MESH_SOCKET)) as client:
            answer = client.call("orders", mesh=mesh.name, path="/a?secret=1")
    assert (answer.status, answer.body, answer.instance) == (200, b"a", f"127.0.0.1:{a.port}")
    assert answer.headers["x-request-id"] == answer.trace_id
    eventually(lambda: ServiceCall.objects.filter(trace_id=answer.trace_id).exists())
    row = ServiceCall.objects.get(trace_id=answer.trace_id)
    assert (row.mesh, row.service, row.caller, row.path, row.status) == (mesh.name, "orders", "web", "/a", 200)
    assert (row.instance, row.attempts, row.node) == (answer.instance, 1, "here")


def test_calls_are_stored_once_across_a_restart_and_a_full_log(node: Node, operator: User, mesh: Mesh) -> None:
    services.follow_instances(now=now())
    with upstreams("a") as (a,):
        for turn in range(3):
            with controlling(node, log_bytes=20_000):
                if turn == 0:
                    eventually(lambda: Path(node.host.config, "lds.json").exists())
                    node.start()
                    register(make_service(mesh, operator), a.port)
                    eventually(lambda: status_of(node, mesh) == 200)
                with node.client() as client:
                    for _ in range(100):
                        client.get(f"http://orders.{mesh.name}/turn/{turn}")
        with controlling(node, log_bytes=20_000):
            stored = ServiceCall.objects.filter(mesh=mesh.name, path__startswith="/turn/")
            eventually(lambda: stored.count() >= 300)
            time.sleep(1)
            assert stored.count() == 300


def test_only_operators_see_and_restore_configurations(running: Node, operator: User, client: Client) -> None:
    newest = ConfigSnapshot.objects.latest("pk")
    page = f"/console/mesh/configsnapshot/{newest.pk}/change/"
    staff = User.objects.create_user(f"staff-{uuid7_text()}", is_staff=True)
    client.force_login(staff)
    assert client.get(page).status_code in {302, 403}
    client.force_login(operator)
    assert client.get(page).status_code == 200
