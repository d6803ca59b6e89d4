"""The mesh as a whole: what the status, the dashboard and a service's health are made of."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q

from governance.access.policies import Caller
from mesh.dataplane.models import ConfigSnapshot, Node
from mesh.operators import require_operator
from mesh.registry import circuits, traffic
from mesh.registry.graph import Vertex, vertices
from mesh.registry.models import CircuitChange, Instance, Mesh
from mesh.registry.selectors import leased
from mesh.registry.traffic import Traffic

MINUTE = timedelta(minutes=1)
# Controllers write themselves down every second.
SILENT_AFTER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything at one moment. `troubles`: in sentences, empty if all is well."""

    at: datetime
    meshes: int
    services: list[Vertex]
    instances: dict[str, int]
    leased: int
    open_circuits: int
    half_open_circuits: int
    traffic: Traffic
    nodes: list[Node]
    troubles: list[str]


def overview(caller: Caller, *, now: datetime) -> Overview:
    """A constant number of queries. `instances`: how many there are by health, and `draining`, `all`."""
    require_operator(caller)
    known = vertices(caller, now=now)
    counted = instances_by_health(caller, now=now)
    states = _standing_circuits(caller, now)
    nodes = list(Node.objects.select_related("snapshot").order_by("name"))
    return Overview(
        at=now,
        meshes=Mesh.objects.count(),
        services=known,
        instances=counted,
        leased=leased(now).filter(lease_until__isnull=False).count(),
        open_circuits=states.count(CircuitChange.State.OPEN),
        half_open_circuits=states.count(CircuitChange.State.HALF_OPEN),
        traffic=traffic.in_all(caller, since=now - MINUTE, until=now),
        nodes=nodes,
        troubles=[*_service_troubles(known), *_node_troubles(nodes, now)],
    )


def instances_by_health(caller: Caller, *, now: datetime, service_id: UUID | None = None) -> dict[str, int]:
    """How many there are by health, how many of them drain (`draining`), and `all`; of one service or of all."""
    require_operator(caller)
    present = leased(now) if service_id is None else leased(now).filter(service=service_id)
    health = {str(each): Count("id", filter=Q(health=each)) for each in Instance.Health.values}
    found: dict[str, int] = present.aggregate(
        all=Count("id"), draining=Count("id", filter=Q(state="draining")), **health
    )
    return found


def _standing_circuits(caller: Caller, now: datetime) -> list[str]:
    """The states of services' breakers and of the instances that are still there."""
    found = [each for each in circuits.circuits(caller).values() if each.state != CircuitChange.State.CLOSED]
    wanted = {each.service_id for each in found if each.instance}
    there = (
        {(each.service_id, circuits.name_of(each)) for each in leased(now).filter(service__in=wanted)}
        if wanted
        else set()
    )
    return [each.state for each in found if not each.instance or (each.service_id, each.instance) in there]


def _service_troubles(known: list[Vertex]) -> list[str]:
    told = {
        "unhealthy": "{} has no instance that serves.",
        "degraded": "{} is impaired: some of its instances, or its breaker.",
    }
    return [told[each.health].format(f"{each.mesh}/{each.name}") for each in known if each.health in told]


def _node_troubles(nodes: list[Node], now: datetime) -> list[str]:
    found = []
    for each in nodes:
        if now - each.last_seen_at > SILENT_AFTER:
            found.append(
                f"The controller of {each.name} has been silent since {each.last_seen_at:%Y-%m-%d %H:%M:%S} UTC."
            )
        elif not each.is_envoy_live:
            found.append(f"Envoy on {each.name} is not live.")
        if each.trouble:
            found.append(f"{each.name}: {each.trouble}")
    return found


def latest_snapshots(caller: Caller, *, most: int) -> list[ConfigSnapshot]:
    """The newest configurations, without their contents."""
    require_operator(caller)
    return list(ConfigSnapshot.objects.select_related("made_by").defer("resources", "rows").order_by("-id")[:most])
