"""What is wanted of the data plane, as plain values: the only thing rendering knows. No Django, no Envoy words.

Times are milliseconds, shares are percent. Everything is ordered, so that the same wishes render to the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesh.gateway.spec import Gateway

if TYPE_CHECKING:
    # Doors are made of these values.
    from mesh.chaos.doors import Door

Json = dict[str, object]

# In a node's folder: which processes its supervisor started.
ROSTER = "processes.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where an instance listens: `address` and `port`, or `socket` (a name in the node's folder) on `node` alone."""

    address: str = ""
    port: int = 0
    socket: str = ""
    node: str = ""
    weight: int = 1
    version: str = "v1"
    is_draining: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """Requests (or, with an empty path, connections) that tell healthy instances from others."""

    path: str
    host: str
    interval_ms: int
    timeout_ms: int
    unhealthy_threshold: int
    healthy_threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outliers:
    """When an instance that fails real requests is left out for a while."""

    errors: int
    interval_ms: int
    ejection_ms: int
    max_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """What a service may be asked to bear at once; beyond it requests are refused without being sent."""

    connections: int
    pending: int
    requests: int
    retries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """Tries after the first, with exponential backoff and full jitter between base and max."""

    count: int
    on: str
    base_ms: int
    max_ms: int
    try_timeout_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How requests are divided between the other instances and those of one version.

    kind: none, weight (percent of requests), header (requests with it), blue_green (all), mirror (percent, copied).
    """

    kind: str = "none"
    version: str = ""
    percent: int = 0
    header: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service and the policy for calling it. `balancing` is one of `mesh.registry.models.Service.Balancing`."""

    mesh: str
    name: str
    endpoints: Sequence[Endpoint]
    http2: bool = False
    balancing: str = "round_robin"
    hash_header: str = ""
    connect_timeout_ms: int = 1_000
    timeout_ms: int = 15_000
    health: HealthCheck | None = None
    outliers: Outliers | None = None
    breaker: Breaker = field(
        default_factory=lambda: Breaker(connections=1024, pending=1024, requests=1024, retries=256)
    )
    retries: Retries | None = None
    split: Split = field(default_factory=Split)

    @property
    def key(self) -> str:
        """Its name in the data plane: `mesh/service`, the name of its cluster."""
        return f"{self.mesh}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something an experiment does to real traffic: on one service in the mesh, or on one route of the front door.

    kind: delay (`delay_ms`), abort (`status`), reset (the upstream connection closes), bandwidth (`kib_per_s`),
    unhealthy (the endpoint `instance`, as address:port or node/socket, gets no traffic), tcp_delay (each message to
    a TCP service waits `delay_ms`). `percent` of requests, to the hundredth;
    with `header` only those that carry it with `value` (empty: with any value). What may vary between two runs of the
    same experiment is not here, so that the same faults render to the same bytes.
    """

    experiment: str
    kind: str
    service: str = ""
    route: str = ""
    percent: float = 100.0
    delay_ms: int = 0
    status: int = 0
    kib_per_s: int = 0
    instance: str = ""
    header: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """All that is wanted at one moment."""

    services: Sequence[Service]
    gateway: Gateway
    faults: Sequence[Fault] = ()
    doors: Sequence["Door"] = ()
    default_mesh: str = "platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What differs from node to node: where it listens, and where its sockets and logs are."""

    node: str
    addresses: Sequence[str]
    port: int
    config: str
    sockets: str
    logs: str
    trusted_proxies: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Envoy's resources by the way they are delivered; `rds` and `ecds` (typed extension configs) by name.

    The same for all nodes (see `localising`).
    """

    cds: Sequence[Json]
    lds: Sequence[Json]
    rds: Mapping[str, Json]
    ecds: Mapping[str, Json]
