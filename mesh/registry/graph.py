"""Services and who calls whom: as declared, and as observed in the calls of a window of time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from governance.access.policies import Caller
from mesh.registry import circuits, traffic
from mesh.registry.models import CircuitChange, Dependency, Service
from mesh.registry.selectors import dependencies, services, with_counts
from mesh.registry.traffic import NONE, Traffic

WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """A service, or a caller that named itself and is none (`id` None, no type)."""

    name: str
    mesh: str
    id: UUID | None = None
    type: str = ""
    type_name: str = ""
    is_routed: bool = False
    instances: int = 0
    serving: int = 0
    bad: int = 0
    draining: int = 0
    circuit: str = CircuitChange.State.CLOSED
    traffic: Traffic = NONE

    @property
    def health(self) -> str:
        """healthy; degraded: some of it is not; unhealthy: nothing serves; unserved: there is no instance; caller: no service."""
        if self.id is None:
            return "caller"
        if not self.instances:
            return "unserved"
        if not self.serving or self.circuit == CircuitChange.State.OPEN:
            return "unhealthy" if not self.serving else "degraded"
        return "degraded" if self.bad or self.circuit != CircuitChange.State.CLOSED else "healthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One calls the other. `traffic` is None if no call was seen."""

    caller: str
    called: str
    is_declared: bool = False
    is_critical: bool = False
    traffic: Traffic | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A mesh within a window; both in a fixed order."""

    mesh: str
    since: datetime
    until: datetime
    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]


def vertices(caller: Caller, *, now: datetime, mesh: str | None = None, window: timedelta = WINDOW) -> list[Vertex]:
    """Every service with its health, its breaker and the calls it had in the window, by mesh and name. Three queries."""
    rows = with_counts(services(caller))
    if mesh is not None:
        rows = rows.filter(mesh__name=mesh)
    breakers = circuits.circuits(caller)
    called = traffic.per_service(caller, since=now - window, until=now)
    return [_vertex(row, breakers, called) for row in rows]


def mesh_graph(caller: Caller, *, mesh: str, now: datetime, window: timedelta = WINDOW) -> Graph:
    """The mesh's services and their dependencies. Five queries, however many there are."""
    known = vertices(caller, now=now, mesh=mesh, window=window)
    observed = traffic.between_services(caller, since=now - window, until=now)
    pairs = {(one, other): figures for (its_mesh, one, other), figures in observed.items() if its_mesh == mesh}
    names = {each.name for each in known}
    # Calls of a service that has been removed since are left out.
    pairs = {pair: figures for pair, figures in pairs.items() if pair[1] in names}
    strangers = sorted({one for one, _ in pairs} - names)
    found = [*(Vertex(name=name, mesh=mesh) for name in strangers), *known]
    edges = _edges(dependencies(caller, mesh=mesh), pairs)
    return Graph(mesh=mesh, since=now - window, until=now, vertices=tuple(found), edges=tuple(edges))


def _vertex(
    row: Service, breakers: Mapping[tuple[UUID, str], circuits.Circuit], called: Mapping[tuple[str, ...], Traffic]
) -> Vertex:
    counted = vars(row)
    breaker = breakers.get((row.pk, ""))
    return Vertex(
        id=row.pk,
        name=row.name,
        mesh=row.mesh.name,
        type=row.type,
        type_name=row.get_type_display(),
        is_routed=row.protocol != Service.Protocol.TCP,
        instances=counted["instance_count"],
        serving=counted["serving_count"],
        bad=counted["bad_count"],
        draining=counted["draining_count"],
        circuit=breaker.state if breaker else CircuitChange.State.CLOSED,
        traffic=called.get((row.mesh.name, row.name), NONE),
    )


def _edges(declared: Iterable[Dependency], observed: Mapping[tuple[str, str], Traffic]) -> list[Edge]:
    wanted = {(each.caller.name, each.called.name): each.is_critical for each in declared}
    return [
        Edge(
            caller=one,
            called=other,
            is_declared=(one, other) in wanted,
            is_critical=wanted.get((one, other), False),
            traffic=observed.get((one, other)),
        )
        for one, other in sorted(wanted.keys() | observed.keys())
    ]
