"""The platform registers its own parts: who they are, where they answer, and on whom they depend.

`web` (granian) and `realtime` (uvicorn) are called through Envoy at unix sockets of their node. The others are registered and
watched: `worker` fetches its work from Redis; a periodic task that it carries out registers it and renews its lease, so
that one which died or lost its Redis leaves by itself. `database` and `redis` are where the settings say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from mesh.dataplane.services import changing
from mesh.registry.instances import announce
from mesh.registry.models import Dependency, Instance, Mesh, Service
from mesh.registry.selectors import DEFAULT_MESH

# Renewed every 5 seconds (`mesh.renew_worker`).
WORKER_LEASE_S = 20


@dataclass(frozen=True, slots=True)
class Part:
    """One of the platform's own services, with those it calls and whether it can do without them."""

    name: str
    type: Service.Type
    protocol: Service.Protocol
    description: str
    needs: tuple[str, ...] = ()
    likes: tuple[str, ...] = ()


_HTTP, _TCP = Service.Protocol.HTTP, Service.Protocol.TCP
PARTS = (
    Part("web", Service.Type.TRADING, _HTTP, "API, console and pages (granian)", ("database",), ("redis",)),
    Part("realtime", Service.Type.MARKET_DATA, _HTTP, "WebSocket and event streams (uvicorn)", ("database", "redis")),
    Part("worker", Service.Type.ANALYTICS, _TCP, "Background work (Celery)", ("database", "redis")),
    Part("database", Service.Type.TRADING, _TCP, "Books and records (PostgreSQL)"),
    Part("redis", Service.Type.CACHING, _TCP, "Caches, queues and messages (Redis)"),
)

# Requests may stay open for long, and a part of the platform is never ejected or refused for a few failures in a row: with one
# instance of each there is nobody to turn to.
_ROUTED = {
    "timeout_ms": 0,
    "outlier_errors": 0,
    "max_requests": 65_536,
    "max_pending": 65_536,
    "max_connections": 65_536,
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a server answers; without an address at a unix socket that is not the mesh's, or under a name."""

    address: str | None
    port: int | None
    metadata: Mapping[str, str]


def register_platform(*, node: str, sockets: Mapping[str, str], now: datetime) -> bool:
    """Register what is not registered yet; whether anything was. Idempotent, and safe on several nodes at once.

    `sockets`: by service, the name of its unix socket in the node's folder. A policy that people have changed is left alone.
    Raises what `changing` raises.
    """
    wanted = _instances(node, sockets, now)
    if _is_complete(wanted):
        return False
    with changing(actor=None, reason="The platform registers its own parts", now=now):
        mesh, _ = Mesh.objects.get_or_create(
            name=DEFAULT_MESH, defaults={"description": "The platform's own parts", "created_at": now}
        )
        services = {part.name: _service(mesh, part, now) for part in PARTS}
        for name, instance in wanted:
            instance.service = services[name]
        Instance.objects.bulk_create([instance for _, instance in wanted], ignore_conflicts=True)
        _declare(services, now)
        announce()
    return True


def renew_worker(*, node: str, now: datetime) -> None:
    """The node's worker lives: its lease runs from now on again, or it is registered anew."""
    lease_until = now + timedelta(seconds=WORKER_LEASE_S)
    worker = Service.objects.filter(mesh__name=DEFAULT_MESH, name="worker").first()
    if worker is None:  # the platform is not registered yet
        return
    with transaction.atomic():
        own = Instance.objects.filter(service=worker, node=node, address__isnull=True, socket="")
        if own.update(lease_until=lease_until, lease_s=WORKER_LEASE_S):
            return
        Instance.objects.bulk_create([Instance(service=worker, **_worker(node, now))], ignore_conflicts=True)
        announce()


def _service(mesh: Mesh, part: Part, now: datetime) -> Service:
    policy = _ROUTED if part.protocol == _HTTP else {}
    made = {"type": part.type, "protocol": part.protocol, "description": part.description, "is_platform": True}
    service, _ = Service.objects.get_or_create(
        mesh=mesh, name=part.name, defaults={**made, **policy, "created_at": now, "updated_at": now}
    )
    return service


def _declare(services: Mapping[str, Service], now: datetime) -> None:
    declared = [
        Dependency(
            caller=services[part.name], called=services[called], is_critical=called in part.needs, created_at=now
        )
        for part in PARTS
        for called in (*part.needs, *part.likes)
    ]
    Dependency.objects.bulk_create(declared, ignore_conflicts=True)


def _instances(node: str, sockets: Mapping[str, str], now: datetime) -> list[tuple[str, Instance]]:
    wanted = [
        (name, Instance(socket=socket, node=node, metadata={"server": _SERVERS[name]}, registered_at=now))
        for name, socket in sockets.items()
    ]
    database = settings.DATABASES["default"]
    places = {
        "database": _place(str(database["HOST"]), str(database["PORT"] or 5432)),
        "redis": _redis_place(str(settings.CACHES["default"]["LOCATION"])),
    }
    for name, place in places.items():
        # A server that all nodes share has no node of its own; one without an address needs the node that reaches it.
        its_node = "" if place.address else node
        wanted.append(
            (
                name,
                Instance(
                    address=place.address,
                    port=place.port,
                    node=its_node,
                    metadata=dict(place.metadata),
                    registered_at=now,
                ),
            )
        )
    return wanted


_SERVERS = {"web": "granian", "realtime": "uvicorn"}


def _worker(node: str, now: datetime) -> dict[str, object]:
    return {
        "node": node,
        "metadata": {"server": "celery", "watched": "through Redis"},
        "lease_s": WORKER_LEASE_S,
        "lease_until": now + timedelta(seconds=WORKER_LEASE_S),
        "registered_at": now,
    }


def _place(host: str, port: str) -> _Place:
    if not host or host.startswith("/"):
        return _Place(None, None, {"reached": "by a unix socket"})
    try:
        return _Place(str(ip_address("127.0.0.1" if host == "localhost" else host)), int(port), {})
    except ValueError:
        return _Place(None, None, {"reached": f"{host}:{port}"})


def _redis_place(url: str) -> _Place:
    """From the address of Redis, without what it holds of credentials."""
    parts = urlsplit(url)
    return _place("" if parts.scheme == "unix" else parts.hostname or "", str(parts.port or 6379))


def _is_complete(wanted: list[tuple[str, Instance]]) -> bool:
    """Whether all parts, these instances and the dependencies are registered."""
    rows = Instance.objects.filter(service__mesh__name=DEFAULT_MESH, service__is_platform=True)
    there = set(rows.values_list("service__name", "node", "socket", "address"))
    has_all = all((name, each.node, each.socket, each.address) in there for name, each in wanted)
    expected = sum(len(part.needs) + len(part.likes) for part in PARTS)
    declared = Dependency.objects.filter(caller__is_platform=True, called__is_platform=True).count()
    return has_all and declared >= expected
