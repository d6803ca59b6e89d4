"""Reading the standings of the caller's organizations. Who hides is left out at once, before ranks are computed anew."""

from uuid import UUID

from django.db.models import QuerySet

from governance.access.policies import Caller
from governance.organizations.selectors import organization_by, organizations_visible_to
from markets.analytics.leaderboards.errors import OrganizationNeeded
from markets.analytics.leaderboards.models import Listing, Standing


def organization_ranked(user: Caller, reference: str | None) -> UUID:
    """The organization named, or the caller's only one. Raises OrganizationNotFound, OrganizationNeeded."""
    if reference is not None:
        return organization_by(user, reference).pk
    own = list(organizations_visible_to(user).values_list("pk", flat=True)[:2])
    if len(own) != 1:
        raise OrganizationNeeded
    return own[0]


def standings_in(organization_id: UUID) -> QuerySet[Standing]:
    """An organization's standings that may be shown, with their people, in order of rank."""
    shown = Standing.objects.filter(organization_id=organization_id)
    hidden = Listing.objects.filter(shown=Listing.Shown.HIDDEN)
    return (
        shown.exclude(account__owner__in=hidden.values("user"))
        .select_related("account__owner__listing")
        .order_by("window", "metric", "category", "rank", "id")
    )
