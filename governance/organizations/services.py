"""Tenants come to be, and people join, change roles and leave.

Every change appends to the stream `organization-<id>` (ids only: no personal data stands in events) and is in the audit
trail. All of them lock the organization's row first, which guards both the stream and the rule about the last admin.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from governance.access.catalogue import ROLES
from governance.access.policies import has_permission, require
from governance.identity.models import User
from governance.organizations.errors import (
    AlreadyMember,
    LastAdmin,
    MemberNotFound,
    NoSuchUser,
    OrganizationNotFound,
    RoleNotYours,
    SlugTaken,
    UnknownRole,
)
from governance.organizations.models import Membership, Organization
from opinion_market.eventstore.append import NewEvent, append, metadata
from opinion_market.kernel.errors import NotPermitted

ADMIN = "admin"
# Held by the role `admin` alone, and so the mark of who may decide about roles.
_ADMIN_ONLY = "system.admin"


@transaction.atomic
def create_organization(*, actor: User | None, name: str, slug: str, now: datetime) -> Organization:
    """Make a tenant. For superusers, and for the platform itself (actor None).

    Raises NotPermitted, SlugTaken. Appends: OrganizationCreated.
    """
    if actor is not None and not actor.is_superuser:
        raise NotPermitted("Only a superuser may create an organization.")
    try:
        with transaction.atomic():
            organization = Organization.objects.create(name=name, slug=slug, created_at=now)
    except IntegrityError:
        raise SlugTaken from None
    _append(organization.pk, "OrganizationCreated", actor, now, {"slug": slug})
    return organization


@transaction.atomic
def add_member(
    *, actor: User | None, organization_id: UUID, user_id: UUID, now: datetime, role: str = ""
) -> Membership:
    """Take an active user in, as a trader (no role) or with a role.

    Locks: the organization. Raises PermissionMissing, RoleNotYours, UnknownRole, NoSuchUser, AlreadyMember.
    Appends: MemberAdded.
    """
    _lock(organization_id)
    _authorise(actor, organization_id, concerns_roles=bool(role))
    _check_role(role)
    if not User.objects.filter(pk=user_id, is_active=True).exists():
        raise NoSuchUser
    membership, created = Membership.objects.get_or_create(
        organization_id=organization_id, user_id=user_id, defaults={"role": role, "created_at": now}
    )
    if not created:
        raise AlreadyMember
    _append(organization_id, "MemberAdded", actor, now, {"user": str(user_id), "role": role})
    return membership


@transaction.atomic
def change_role(*, actor: User | None, organization_id: UUID, user_id: UUID, role: str, now: datetime) -> Membership:
    """Give a member another role, or none. Giving the role held already changes nothing.

    Locks: the organization. Raises PermissionMissing, RoleNotYours, UnknownRole, MemberNotFound, LastAdmin.
    Appends: MemberRoleChanged.
    """
    _lock(organization_id)
    _authorise(actor, organization_id, concerns_roles=True)
    _check_role(role)
    membership = _member(organization_id, user_id)
    previous = membership.role
    if role == previous:
        return membership
    if previous == ADMIN:
        _refuse_without_admin(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    _append(
        organization_id, "MemberRoleChanged", actor, now, {"user": str(user_id), "role": role, "previous": previous}
    )
    return membership


@transaction.atomic
def remove_member(*, actor: User | None, organization_id: UUID, user_id: UUID, now: datetime) -> None:
    """Let a member go; what they traded stays. Removing somebody who holds a role takes an admin.

    Locks: the organization. Raises PermissionMissing, RoleNotYours, MemberNotFound, LastAdmin. Appends: MemberRemoved.
    """
    _lock(organization_id)
    _authorise(actor, organization_id, concerns_roles=False)
    membership = _member(organization_id, user_id)
    if membership.role:
        _authorise(actor, organization_id, concerns_roles=True)
    if membership.role == ADMIN:
        _refuse_without_admin(membership)
    _append(organization_id, "MemberRemoved", actor, now, {"user": str(user_id), "role": membership.role})
    membership.delete()


def _authorise(actor: User | None, organization_id: UUID, *, concerns_roles: bool) -> None:
    if actor is None:
        return
    require(actor, "participants.update", organization_id)
    if concerns_roles and not has_permission(actor, _ADMIN_ONLY, organization_id):
        raise RoleNotYours


def _check_role(role: str) -> None:
    if role and role not in ROLES:
        raise UnknownRole(roles=list[object](ROLES))


def _lock(organization_id: UUID) -> None:
    found = Organization.objects.select_for_update(of=("self",)).filter(pk=organization_id).first()
    if found is None:
        raise OrganizationNotFound


def _member(organization_id: UUID, user_id: UUID) -> Membership:
    found = Membership.objects.filter(organization_id=organization_id, user_id=user_id).first()
    if found is None:
        raise MemberNotFound
    return found


def _refuse_without_admin(leaving: Membership) -> None:
    """Raises LastAdmin unless another active user is an admin. An admin who cannot sign in does not count."""
    others = Membership.objects.filter(organization_id=leaving.organization_id, role=ADMIN, user__is_active=True)
    if not others.exclude(pk=leaving.pk).exists():
        raise LastAdmin


def _append(organization_id: UUID, type: str, actor: User | None, now: datetime, data: Mapping[str, object]) -> None:
    who = metadata(actor=str(actor.pk) if actor else None, organization=str(organization_id))
    event = NewEvent(type=type, data=data, at=now, metadata=who)
    append(stream=f"organization-{organization_id}", expected_version=None, events=[event])
