"""Instances come, renew their leases, drain and leave. Only those who run the platform may do it (PermissionMissing).

Envoy is not asked before an instance is taken in: an address and a port cannot be wrong for it, and thousands may come at
once. After the commit every node's controller is told (`NOTIFY mesh_instances`) and publishes what there is then. A renewed
lease changes nothing for Envoy and tells nobody.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from governance.audit.deeds import record_deed
from governance.identity.models import User
from mesh.operators import require_operator
from mesh.registry.arriving import MOST_AT_ONCE, NewInstance, Registered, lines, write
from mesh.registry.errors import (
    BelongsToPlatform,
    InstanceNotFound,
    InvalidInstance,
    MeshNotFound,
    ServiceNotFound,
    ServiceTypeNeeded,
)
from mesh.registry.models import Instance, Mesh, Service
from mesh.registry.services import define_service

CHANNEL = "mesh_instances"


def announce() -> None:
    """Tell the controllers at commit that instances have changed; several calls in one transaction tell it once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


@transaction.atomic
def register_instances(*, actor: User, mesh: str, arriving: Sequence[NewInstance], now: datetime) -> Registered:
    """Take in instances of services that exist; one that is there already (service, address, port) is renewed.

    All or none, in one transaction, at most MOST_AT_ONCE. Locks: the services' rows for key share, so that none is removed
    meanwhile. Raises MeshNotFound, ServiceNotFound, InvalidInstance, AddressRefused.
    """
    require_operator(actor)
    if not 0 < len(arriving) <= MOST_AT_ONCE:
        raise InvalidInstance(f"From 1 to {MOST_AT_ONCE:,} instances at once.", most=MOST_AT_ONCE)
    service_ids = _service_ids(mesh, {each.service for each in arriving})
    registered = write(lines(arriving, service_ids, now=now), now=now)
    announce()
    return registered


def register_instance(
    *, actor: User, mesh: str, arriving: NewInstance, type: str | None, now: datetime
) -> tuple[Instance, bool]:
    """Take in one instance; whether it is new. `type`: of the service, which is made with the usual policy if it is missing.

    Raises MeshNotFound, ServiceTypeNeeded, InvalidInstance, AddressRefused, and what `define_service` raises.
    """
    require_operator(actor)
    known = Service.objects.filter(mesh__name=mesh, name=arriving.service).values_list("type", flat=True).first()
    if known is not None and type not in {None, known}:
        raise InvalidInstance(f"The service is of type {known}.", fields={"type": [f"The service is of type {known}."]})
    with transaction.atomic():
        if known is None:
            _define(actor, mesh, arriving.service, type, now)
        registered = register_instances(actor=actor, mesh=mesh, arriving=[arriving], now=now)
        instance = Instance.objects.select_related("service__mesh").get(pk=registered.ids[0])
    return instance, registered.new == 1


def _define(actor: User, mesh: str, name: str, type: str | None, now: datetime) -> None:
    if type is None:
        raise ServiceTypeNeeded(service=name)
    reason = f"First instance of {name}"
    define_service(actor=actor, mesh=mesh, name=name, values={"type": type}, reason=reason, now=now)


def _service_ids(mesh: str, names: Collection[str]) -> dict[str, str]:
    """The ids of the services as text, by name. Raises MeshNotFound, ServiceNotFound."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.name, s.id::text FROM mesh_service s JOIN mesh_mesh m ON m.id = s.mesh_id "
            "WHERE m.name = %s AND s.name = ANY(%s) ORDER BY s.id FOR KEY SHARE OF s",
            [mesh, sorted(names)],
        )
        found = dict(cursor.fetchall())
    missing = sorted(names - found.keys())
    if missing:
        if not Mesh.objects.filter(name=mesh).exists():
            raise MeshNotFound(mesh=mesh)
        raise ServiceNotFound(f"There is no service {missing[0]} in the mesh {mesh}.", service=missing[0])
    return found


def renew_leases(*, actor: User, instance_ids: Collection[UUID], now: datetime) -> set[UUID]:
    """Heartbeats: each lease runs from now on again. The ids of those renewed; the others' leases have run out.

    A lease that ended a moment ago is not renewed, though nobody has swept it yet. One statement, whatever their number.
    """
    require_operator(actor)
    with connection.cursor() as cursor:
        # In the order of their ids, so that two who renew the same instances do not wait for each other.
        cursor.execute(
            "WITH wanted AS (SELECT id FROM mesh_instance WHERE id = ANY(%(ids)s) "
            "AND (lease_until IS NULL OR lease_until > %(now)s) ORDER BY id FOR NO KEY UPDATE) "
            "UPDATE mesh_instance i SET lease_until = %(now)s + make_interval(secs => lease_s) FROM wanted "
            "WHERE i.id = wanted.id RETURNING i.id",
            {"ids": list(instance_ids), "now": now},
        )
        return {each for (each,) in cursor.fetchall()}


def deregister_instances(*, actor: User, instance_ids: Collection[UUID], reason: str) -> int:
    """Instances leave at once; how many there were. With a reason, each is written to the audit trail.

    Raises BelongsToPlatform if one of them is the platform's own, which it would register again.
    """
    require_operator(actor)
    with transaction.atomic():
        found = _locked(instance_ids)
        if any(each.service.is_platform and each.address is None for each in found):
            raise BelongsToPlatform
        _record(actor, found, "deregister", reason)
        Instance.objects.filter(pk__in=[each.pk for each in found]).delete()
        if found:
            announce()
    return len(found)


def drain_instances(*, actor: User, instance_ids: Collection[UUID], reason: str) -> int:
    """What the instances have begun goes on, and no new request reaches them; how many began to drain.

    Raises BelongsToPlatform if a part of the platform would be left with nobody to serve it.
    """
    require_operator(actor)
    with transaction.atomic():
        found = [each for each in _locked(instance_ids) if each.state == Instance.State.UP]
        ids = [each.pk for each in found]
        of_platform = {each.service_id for each in found if each.service.is_platform}
        others = Instance.objects.filter(service__in=of_platform, state=Instance.State.UP).exclude(pk__in=ids)
        if of_platform - set(others.values_list("service_id", flat=True)):
            raise BelongsToPlatform("Nobody else would serve this part of the platform.")
        _move(actor, found, Instance.State.DRAINING, "drain", reason)
    return len(found)


def resume_instances(*, actor: User, instance_ids: Collection[UUID], reason: str) -> int:
    """Draining instances take requests again; how many."""
    require_operator(actor)
    with transaction.atomic():
        found = [each for each in _locked(instance_ids) if each.state == Instance.State.DRAINING]
        _move(actor, found, Instance.State.UP, "resume", reason)
    return len(found)


def sweep(*, now: datetime) -> int:
    """Instances whose lease has run out leave; how many did. Cheap when there are none: one look into an index.

    Called every second by each node's controller and by a periodic task; whoever comes second finds nothing. Those that
    somebody is renewing or removing at this moment are left for the next round.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM mesh_instance WHERE id IN (SELECT id FROM mesh_instance WHERE lease_until <= %s "
            "ORDER BY id FOR UPDATE SKIP LOCKED)",
            [now],
        )
        gone = int(cursor.rowcount)
        if gone:
            announce()
    return gone


def _locked(instance_ids: Collection[UUID]) -> list[Instance]:
    """Raises InstanceNotFound if one of them is missing."""
    wanted = Instance.objects.filter(pk__in=instance_ids).order_by("pk").select_related("service")
    found = list(wanted.select_for_update(of=("self",)))
    if len(found) != len(set(instance_ids)):
        missing = sorted({str(each) for each in instance_ids} - {str(each.pk) for each in found})
        raise InstanceNotFound(instance=missing[0])
    return found


def _move(actor: User, found: Sequence[Instance], state: Instance.State, deed: str, reason: str) -> None:
    _record(actor, found, deed, reason)
    Instance.objects.filter(pk__in=[each.pk for each in found]).update(state=state)
    if found:
        announce()


def _record(actor: User, found: Sequence[Instance], deed: str, reason: str) -> None:
    """What a person does to single instances, with the reason; what programs do by the thousand has none and is not kept."""
    if not reason:
        return
    for each in found:
        told = f"{deed} the instance {each}"
        record_deed(actor=actor, target=each.service, organization_id=None, deed=told, reason=reason)
