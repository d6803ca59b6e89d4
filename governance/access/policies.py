"""Who may do what, answered from the one catalogue.

Every question costs one query and is asked anew each time, so a role taken away acts on the next request. Whoever asks
often within one request (the console, the API's permission classes) reads an `Access` once and asks that.
An unknown permission is a programming error and raises KeyError, whoever asks: a misspelt check never passes silently.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from governance.access.catalogue import ALL_PERMISSIONS, ROLES
from governance.access.errors import PermissionMissing
from governance.identity.models import User
from governance.organizations.models import Membership, Organization
from opinion_market.kernel.prepared import run_prepared

Caller = User | AnonymousUser
# What confines a query to organizations: `organization_id__in=` takes either.
OrganizationIds = QuerySet[Organization, UUID] | list[UUID]


@cache
def roles_granting(permission: str) -> frozenset[str]:
    """The roles that grant a permission. Raises KeyError for one that is not in the catalogue."""
    if permission not in ALL_PERMISSIONS:
        raise KeyError(permission)
    return frozenset(role for role, granted in ROLES.items() if permission in granted)


@dataclass(frozen=True, slots=True)
class Access:
    """A caller's roles at one moment, by active organization; "" is a member without a role."""

    roles: Mapping[UUID, str]
    everything: bool = False

    def is_member(self, organization_id: UUID | None) -> bool:
        return self.everything or organization_id in self.roles

    def has(self, permission: str, organization_id: UUID | None) -> bool:
        """Whether the caller holds the permission in this organization."""
        granting = roles_granting(permission)
        return self.everything or (organization_id is not None and self.roles.get(organization_id, "") in granting)

    def organizations_with(self, permission: str) -> list[UUID] | None:
        """The organizations in which the caller holds the permission; None, for a superuser, is all of them."""
        if self.everything:
            return None
        granting = roles_granting(permission)
        return [organization for organization, role in self.roles.items() if role in granting]

    def has_anywhere(self, permission: str) -> bool:
        """Whether the caller holds the permission in some organization."""
        granting = roles_granting(permission)
        return self.everything or any(role in granting for role in self.roles.values())


# Written out: the ORM took longer to build this query than PostgreSQL to answer it, on every request.
_ROLES = """
SELECT s.organization_id, s.role FROM governance_membership s JOIN governance_organization o ON o.id = s.organization_id
WHERE s.user_id = %s AND o.is_active
"""


def access_of(user: Caller) -> Access:
    """The caller's roles now. One query; none for a superuser, an inactive user or a stranger."""
    if not (isinstance(user, User) and user.is_active):
        return Access({})
    if user.is_superuser:
        return Access({}, everything=True)
    return Access(dict(run_prepared(_ROLES, [user.pk]).fetchall()))


def has_permission(user: Caller, permission: str, organization_id: UUID) -> bool:
    """Whether the user holds the permission in this organization. Raises KeyError for an unknown permission."""
    granting = roles_granting(permission)
    if not (isinstance(user, User) and user.is_active):
        return False
    if user.is_superuser:
        return True
    held = Membership.objects.filter(user=user, organization_id=organization_id, organization__is_active=True)
    return held.filter(role__in=granting).exists()


def require(user: Caller, permission: str, organization_id: UUID) -> None:
    """Raises PermissionMissing (403) unless the user holds the permission in this organization."""
    if not has_permission(user, permission, organization_id):
        raise PermissionMissing(permission=permission)


def is_member(user: Caller, organization_id: UUID) -> bool:
    """Whether the user belongs to this organization, in whatever role or none."""
    return member_organization_ids(user).filter(pk=organization_id).exists()


def organizations_with(user: Caller, permission: str) -> QuerySet[Organization, UUID]:
    """Ids of the organizations in which the user holds the permission; to be used as a subquery (`organization__in=`)."""
    granting = roles_granting(permission)
    return _organizations_of(user, Membership.objects.filter(role__in=granting))


def member_organization_ids(user: Caller) -> QuerySet[Organization, UUID]:
    """Ids of the active organizations the user belongs to, in whatever role or none; all of them for a superuser."""
    return _organizations_of(user, Membership.objects.all())


def _organizations_of(user: Caller, memberships: QuerySet[Membership]) -> QuerySet[Organization, UUID]:
    ids = Organization.objects.order_by().values_list("id", flat=True)
    if not (isinstance(user, User) and user.is_active):
        return ids.none()
    if user.is_superuser:
        return ids
    held = memberships.filter(user=user).order_by().values("organization")
    return ids.filter(is_active=True, id__in=held)
