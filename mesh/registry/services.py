"""Meshes, services with their policies, and who depends on whom. Instances: `mesh.registry.instances`.

Only those who run the platform may change anything here (PermissionMissing). What decides Envoy's configuration is changed
inside of `changing`, which renders it, has Envoy itself validate it and publishes it, or undoes everything.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q

from governance.audit.deeds import record_deed
from governance.identity.models import User
from mesh.dataplane.services import changing
from mesh.operators import require_operator
from mesh.registry import policy
from mesh.registry.errors import (
    BelongsToPlatform,
    DependencyNotFound,
    InvalidDependency,
    InvalidPolicy,
    MeshExists,
    ServiceExists,
    ServiceInUse,
    ServiceNotFound,
)
from mesh.registry.models import Dependency, Mesh, Service
from mesh.registry.selectors import mesh_named, service_named


def create_mesh(*, actor: User, name: str, description: str, now: datetime) -> Mesh:
    """A set of services that call one another by name. Raises MeshExists, InvalidPolicy (the name)."""
    require_operator(actor)
    mesh = Mesh(name=name, description=description, created_at=now)
    try:
        mesh.clean_fields()
    except ValidationError as refused:
        raise InvalidPolicy("The mesh's name or description.", fields=dict(refused.message_dict)) from None
    try:
        with transaction.atomic():
            mesh.save(force_insert=True)
            record_deed(actor=actor, target=mesh, organization_id=None, deed="create the mesh", reason="")
    except IntegrityError:
        raise MeshExists(mesh=name) from None
    return mesh


def define_service(
    *, actor: User, mesh: str, name: str, values: Mapping[str, object], reason: str, now: datetime
) -> Service:
    """A service and the policy for calling it; what `values` leaves out is as the model says.

    Raises MeshNotFound, ServiceExists, InvalidPolicy, ConfigurationRefused.
    """
    require_operator(actor)
    service = Service(mesh=mesh_named(actor, mesh), name=name, created_at=now, updated_at=now)
    policy.changed(service, values)
    policy.check(service)
    with changing(actor=actor, reason=reason, now=now):
        try:
            with transaction.atomic():
                service.save(force_insert=True)
        except IntegrityError:
            raise ServiceExists(service=name) from None
        _note(actor, service, "register the service", reason)
    return service


def configure_service(
    *, actor: User, mesh: str, name: str, values: Mapping[str, object], reason: str, now: datetime
) -> Service:
    """Change the policy; what `values` leaves out stays. What changes nothing publishes nothing.

    Locks: the service's row. Raises MeshNotFound, ServiceNotFound, InvalidPolicy, BelongsToPlatform (its protocol or type
    is not for people to change), ConfigurationRefused.
    """
    require_operator(actor)
    found = service_named(actor, mesh=mesh, name=name)
    # Looked at before, too: `changing` would publish a snapshot that equals the last.
    if not policy.changed(found, values):
        return found
    policy.check(found)
    with changing(actor=actor, reason=reason, now=now):
        service = Service.objects.select_for_update(of=("self",)).filter(pk=found.pk).first()
        if service is None:
            raise ServiceNotFound(service=name)
        different = policy.changed(service, values)
        if service.is_platform and {"protocol", "type"} & set(different):
            raise BelongsToPlatform("Type and protocol of the platform's own parts are not for people to change.")
        policy.check(service)
        service.updated_at = now
        service.save(update_fields=[*different, "updated_at"])
        _note(actor, service, f"set {', '.join(f'{each} to {getattr(service, each)!r}' for each in different)}", reason)
    return service


def remove_service(*, actor: User, mesh: str, name: str, reason: str, now: datetime) -> None:
    """Take a service without instances out of the mesh, its dependencies and its circuits' history with it.

    Raises MeshNotFound, ServiceNotFound, ServiceInUse, BelongsToPlatform, ConfigurationRefused (a route still leads to it).
    """
    require_operator(actor)
    found = service_named(actor, mesh=mesh, name=name)
    if found.is_platform:
        raise BelongsToPlatform
    with changing(actor=actor, reason=reason, now=now):
        service = Service.objects.select_for_update(of=("self",)).filter(pk=found.pk).first()
        if service is None:
            raise ServiceNotFound(service=name)
        if service.instances.exists():
            raise ServiceInUse
        _note(actor, service, "remove the service", reason)
        try:
            service.delete()
        except ProtectedError as error:
            needed_by = sorted({str(each._meta.verbose_name) for each in error.protected_objects})
            raise ServiceInUse(f"It is still needed by: {', '.join(needed_by)}.", needed_by=list(needed_by)) from None


def declare_dependency(
    *, actor: User, mesh: str, caller: str, called: str, is_critical: bool, now: datetime
) -> Dependency:
    """Say that one service calls another; said again, whether it is critical changes.

    Raises MeshNotFound, ServiceNotFound, InvalidDependency.
    """
    require_operator(actor)
    if caller == called:
        raise InvalidDependency
    ends = [service_named(actor, mesh=mesh, name=name) for name in (caller, called)]
    dependency, _ = Dependency.objects.update_or_create(
        caller=ends[0], called=ends[1], defaults={"is_critical": is_critical}, create_defaults={
            "is_critical": is_critical, "created_at": now,
        },
    )  # fmt: skip
    return dependency


def withdraw_dependency(*, actor: User, dependency_id: UUID) -> None:
    """No longer say so. Raises DependencyNotFound, BelongsToPlatform."""
    require_operator(actor)
    found = Dependency.objects.filter(pk=dependency_id)
    if found.filter(Q(caller__is_platform=True) & Q(called__is_platform=True)).exists():
        raise BelongsToPlatform
    deleted, _ = found.delete()
    if not deleted:
        raise DependencyNotFound


def _note(actor: User, service: Service, deed: str, reason: str) -> None:
    record_deed(actor=actor, target=service, organization_id=None, deed=deed, reason=reason)
