"""A tenant of the demonstration with the people who act in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from governance.identity.models import User
from governance.organizations.models import Organization
from markets.simulation.staff import Staff
from markets.simulation.tenants import TENANTS, Tenant


@dataclass(frozen=True, slots=True)
class Cast:
    """A tenant with its people."""

    tenant: Tenant
    organization: Organization
    staff: Staff
    traders: Mapping[str, User]


def cast_of(tenant: Tenant, organization: Organization, users: Mapping[str, User]) -> Cast:
    """The tenant's staff and traders among its users, by username."""
    parts = (users[tenant.username(part)] for part in ("manager", "approver", "resolver", "admin"))
    return Cast(tenant, organization, Staff(*parts), {name: users[name] for name in tenant.behaviours})


def casts() -> list[Cast]:
    """The tenants that have been seeded."""
    organizations = {found.slug: found for found in Organization.objects.filter(slug__in=[t.slug for t in TENANTS])}
    people = {name for tenant in TENANTS for name in tenant.people}
    users = {user.username: user for user in User.objects.filter(username__in=people)}
    return [
        cast_of(tenant, organizations[tenant.slug], users)
        for tenant in TENANTS
        if tenant.slug in organizations and tenant.people.keys() <= users.keys()
    ]
