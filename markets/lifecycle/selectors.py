"""Reading markets: who may see which, and finding among them."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from governance.access.policies import Access
from markets.lifecycle.errors import GroupNotFound
from markets.lifecycle.models import Market, MarketGroup
from markets.trading.errors import MarketNotFound

READ = "markets.read"
UNPUBLISHED = (Market.Status.DRAFT, Market.Status.PENDING_APPROVAL)
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)


def markets_visible_to(access: Access) -> QuerySet[Market]:
    """Markets the caller may read.

    Everybody: public ones of active organizations once they have opened. Members: their organizations' too. Whoever holds
    markets.read: also drafts and those awaiting approval. Superusers: all.
    """
    if access.everything:
        return Market.objects.all()
    staff = [each for each in access.roles if access.has(READ, each)]
    published = Q(is_public=True, organization__is_active=True) | Q(organization_id__in=list(access.roles))
    return Market.objects.filter(Q(published, ~Q(status__in=UNPUBLISHED)) | Q(organization_id__in=staff))


def market_visible_to(access: Access, market_id: UUID) -> Market:
    """One market with its organization. Raises MarketNotFound."""
    found = markets_visible_to(access).select_related("organization").filter(pk=market_id).first()
    if found is None:
        raise MarketNotFound(market=str(market_id))
    return found


def groups_visible_to(access: Access, *, organization: str | None = None) -> QuerySet[MarketGroup]:
    """Groups of the caller's organizations, and those with a market that the caller may read."""
    groups = MarketGroup.objects.all()
    if organization is not None:
        groups = groups.filter(_organization(organization))
    if access.everything:
        return groups
    seen = markets_visible_to(access).filter(group=OuterRef("pk"))
    return groups.filter(Q(organization_id__in=list(access.roles)) | Exists(seen))


def group_visible_to(access: Access, group_id: UUID) -> MarketGroup:
    """One group. Raises GroupNotFound."""
    found = groups_visible_to(access).filter(pk=group_id).first()
    if found is None:
        raise GroupNotFound(group=str(group_id))
    return found


def matching(
    markets: QuerySet[Market],
    *,
    statuses: Collection[str] = (),
    kind: str | None = None,
    category: str | None = None,
    group: UUID | None = None,
    organization: str | None = None,
    is_public: bool | None = None,
    closing_from: datetime | None = None,
    closing_before: datetime | None = None,
    search: str | None = None,
) -> QuerySet[Market]:
    """Those among the markets that satisfy everything given; closing_from <= closes_at < closing_before.

    search: words of the question, in the syntax of web search engines ("exact phrase", or, -not). organization: id or slug.
    """
    if statuses:
        markets = markets.filter(status__in=statuses)
    if kind is not None:
        markets = markets.filter(kind=kind)
    if category is not None:
        markets = markets.filter(category=category)
    if group is not None:
        markets = markets.filter(group_id=group)
    if organization is not None:
        markets = markets.filter(_organization(organization))
    if is_public is not None:
        markets = markets.filter(is_public=is_public)
    if closing_from is not None:
        markets = markets.filter(closes_at__gte=closing_from)
    if closing_before is not None:
        markets = markets.filter(closes_at__lt=closing_before)
    if search is not None:
        markets = markets.filter(search=SearchQuery(search, config="english", search_type="websearch"))
    return markets


def with_closing_order(markets: QuerySet[Market]) -> QuerySet[Market]:
    """Adds `closes_or_never`, which orders markets without a closing time last."""
    return markets.annotate(closes_or_never=Coalesce(F("closes_at"), Value(_NEVER)))


def _organization(reference: str) -> Q:
    try:
        return Q(organization_id=UUID(reference))
    except ValueError:
        return Q(organization__slug=reference)
