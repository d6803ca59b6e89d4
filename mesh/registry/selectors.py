"""What there is in the mesh: meshes, services, instances. For those who run the platform (PermissionMissing for others)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from governance.access.policies import Caller
from mesh.dataplane import spec
from mesh.operators import require_operator
from mesh.registry.errors import InstanceNotFound, MeshNotFound, ServiceNotFound
from mesh.registry.models import Dependency, Instance, Mesh, Service
from opinion_market.kernel import clock

DEFAULT_MESH = "platform"


def meshes(caller: Caller) -> QuerySet[Mesh]:
    """All meshes, by name, each with `service_count`."""
    require_operator(caller)
    return Mesh.objects.annotate(service_count=Count("services")).order_by("name")


def mesh_named(caller: Caller, name: str) -> Mesh:
    """Raises MeshNotFound."""
    require_operator(caller)
    mesh = Mesh.objects.filter(name=name).first()
    if mesh is None:
        raise MeshNotFound(mesh=name)
    return mesh


def with_counts(services: QuerySet[Service]) -> QuerySet[Service]:
    """Each with `instance_count`, `serving_count` (up and not known to be bad), `bad_count` and `draining_count`."""
    up, bad = Q(instances__state="up"), Q(instances__health__in=["unhealthy", "ejected"])
    return services.annotate(
        instance_count=Count("instances"),
        serving_count=Count("instances", filter=up & ~bad),
        bad_count=Count("instances", filter=bad),
        draining_count=Count("instances", filter=Q(instances__state="draining")),
    )


def services(caller: Caller) -> QuerySet[Service]:
    """All services with their meshes, by mesh and name."""
    require_operator(caller)
    return Service.objects.select_related("mesh").order_by("mesh__name", "name")


def service_named(caller: Caller, *, mesh: str, name: str) -> Service:
    """Raises MeshNotFound, ServiceNotFound."""
    require_operator(caller)
    service = Service.objects.select_related("mesh").filter(mesh__name=mesh, name=name).first()
    if service is None:
        mesh_named(caller, mesh)
        raise ServiceNotFound(service=name)
    return service


def instances(
    caller: Caller,
    *,
    now: datetime,
    mesh: str | None = None,
    service: str | None = None,
    type: str | None = None,
    version: str | None = None,
    health: str | None = None,
    state: str | None = None,
    node: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> QuerySet[Instance]:
    """Instances that fit everything asked, the oldest first. Those whose lease has run out are gone already.

    `metadata`: top-level names and the texts they must have.
    """
    require_operator(caller)
    wanted = {
        "service__mesh__name": mesh,
        "service__name": service,
        "service__type": type,
        "version": version,
        "health": health,
        "state": state,
        "node": node,
        "metadata__contains": dict(metadata) if metadata else None,
    }
    asked = {name: value for name, value in wanted.items() if value is not None}
    return leased(now).filter(**asked).select_related("service__mesh").order_by("id")


def leased(now: datetime) -> QuerySet[Instance]:
    """Instances that have not left: without a lease, or with one that still runs."""
    return Instance.objects.filter(Q(lease_until__isnull=True) | Q(lease_until__gt=now))


def instance_by(caller: Caller, instance_id: UUID, *, now: datetime) -> Instance:
    """Raises InstanceNotFound."""
    found = instances(caller, now=now).filter(pk=instance_id).first()
    if found is None:
        raise InstanceNotFound(instance=str(instance_id))
    return found


def dependencies(caller: Caller, *, mesh: str | None = None) -> QuerySet[Dependency]:
    """What services declare, by caller and called."""
    require_operator(caller)
    found = Dependency.objects.select_related("caller__mesh", "called__mesh")
    if mesh is not None:
        found = found.filter(caller__mesh__name=mesh)
    return found.order_by("caller__name", "called__name", "id")


def services_wanted(now: datetime | None = None) -> list[spec.Service]:
    """What the data plane shall know of services, by mesh and name. Two queries, however many there are.

    Services that are only registered (TCP) are left out, and so are instances whose lease has run out and those that
    nobody calls. Draining ones stay, marked: what they have begun goes on, and nothing new reaches them.
    """
    found = Service.objects.exclude(protocol=Service.Protocol.TCP).select_related("mesh")
    rows = (
        leased(now or clock.now())
        .exclude(address__isnull=True, socket="")
        .exclude(service__protocol=Service.Protocol.TCP)
        .order_by("address", "port", "node", "socket", "id")
        .values_list("service_id", "address", "port", "socket", "node", "weight", "version", "state")
    )
    endpoints: dict[UUID, list[spec.Endpoint]] = {}
    for service_id, address, port, socket, node, weight, version, state in rows.iterator():
        endpoints.setdefault(service_id, []).append(
            spec.Endpoint(
                address=address or "",
                port=port or 0,
                socket=socket,
                node=node,
                weight=weight,
                version=version,
                is_draining=state == Instance.State.DRAINING,
            )
        )
    ordered = sorted(found, key=lambda each: (each.mesh.name, each.name))
    return [_wanted(each, endpoints.get(each.pk, ())) for each in ordered]


def _wanted(service: Service, endpoints: Sequence[spec.Endpoint]) -> spec.Service:
    return spec.Service(
        mesh=service.mesh.name,
        name=service.name,
        endpoints=tuple(endpoints),
        http2=service.protocol == Service.Protocol.HTTP2,
        balancing=service.load_balancing,
        hash_header=service.hash_header,
        connect_timeout_ms=service.connect_timeout_ms,
        timeout_ms=service.timeout_ms,
        health=_health(service),
        outliers=_outliers(service),
        breaker=spec.Breaker(
            connections=service.max_connections,
            pending=service.max_pending,
            requests=service.max_requests,
            retries=service.max_retries,
        ),
        retries=_retries(service),
        split=spec.Split(
            kind=service.split,
            version=service.split_version,
            percent=service.split_percent,
            header=service.split_header,
            value=service.split_header_value,
        ),
    )


def _health(service: Service) -> spec.HealthCheck | None:
    if service.health_check == Service.HealthCheck.NONE:
        return None
    return spec.HealthCheck(
        path=service.health_path if service.health_check == Service.HealthCheck.HTTP else "",
        host=service.health_host or service.name,
        interval_ms=service.health_interval_ms,
        timeout_ms=service.health_timeout_ms,
        unhealthy_threshold=service.unhealthy_threshold,
        healthy_threshold=service.healthy_threshold,
    )


def _outliers(service: Service) -> spec.Outliers | None:
    if not service.outlier_errors:
        return None
    return spec.Outliers(
        errors=service.outlier_errors,
        interval_ms=service.outlier_interval_ms,
        ejection_ms=service.ejection_ms,
        max_percent=service.max_ejection_percent,
    )


def _retries(service: Service) -> spec.Retries | None:
    if not service.retries:
        return None
    return spec.Retries(
        count=service.retries,
        on=service.retry_on,
        base_ms=service.retry_base_ms,
        max_ms=service.retry_max_ms,
        try_timeout_ms=service.try_timeout_ms,
    )
