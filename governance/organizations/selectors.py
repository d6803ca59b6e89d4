"""Reading tenants and their members. Whoever asks is a required argument; what they may not see does not exist."""

from uuid import UUID

from django.db.models import Q, QuerySet

from governance.access.policies import Caller, member_organization_ids, require
from governance.organizations.errors import MemberNotFound, OrganizationNotFound
from governance.organizations.models import Membership, Organization


def organizations_visible_to(user: Caller) -> QuerySet[Organization]:
    """The active organizations the user belongs to; all for a superuser."""
    return Organization.objects.filter(id__in=member_organization_ids(user))


def organization_by(user: Caller, reference: str | UUID) -> Organization:
    """An organization the user belongs to, by id or slug. Raises OrganizationNotFound."""
    found = organizations_visible_to(user).filter(_matching(reference)).first()
    if found is None:
        raise OrganizationNotFound
    return found


def members_of(user: Caller, organization: Organization) -> QuerySet[Membership]:
    """The organization's members with their users, for those who hold participants.read. Raises PermissionMissing."""
    require(user, "participants.read", organization.pk)
    return Membership.objects.filter(organization=organization).select_related("user")


def membership_of(organization: Organization, user_id: UUID) -> Membership:
    """Raises MemberNotFound."""
    found = Membership.objects.filter(organization=organization, user_id=user_id).select_related("user").first()
    if found is None:
        raise MemberNotFound
    return found


def _matching(reference: str | UUID) -> Q:
    try:
        return Q(pk=UUID(str(reference)))
    except ValueError:
        return Q(slug=reference)
