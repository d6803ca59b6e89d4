"""Markets that wait for somebody: which step, and how many."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When

from markets.lifecycle.models import Market
from markets.lifecycle.resolution.models import DecisionRequest

NEEDS = {
    "approval": "await approval",
    "opening": "are approved and not open yet",
    "closing": "are past closing time and still open",
    "resolution": "are closed and await a resolution",
    "review": "are disputed and await a review",
    "decision": "await a second person's decision to void or correct them",
    "finalization": "can be finalized: the dispute window has passed",
    "resumption": "are halted",
}


def conditions(now: datetime) -> dict[str, Q]:
    """By need, which markets have it; no market has two."""
    status = Market.Status
    overdue = Q(status__in=[status.OPEN, status.HALTED], closes_at__lte=now)
    asked = Exists(DecisionRequest.objects.filter(market=OuterRef("pk"), state=DecisionRequest.State.PENDING))
    needs = {
        "approval": Q(status=status.PENDING_APPROVAL, approved_by=None),
        "opening": Q(status=status.PENDING_APPROVAL, approved_by__isnull=False),
        "closing": overdue,
        "resolution": Q(status=status.CLOSED),
        "review": Q(status=status.DISPUTED),
        "finalization": Q(status=status.RESOLVED, dispute_ends_at__lte=now),
        "resumption": Q(status=status.HALTED) & ~Q(closes_at__lte=now, closes_at__isnull=False),
    }
    return {"decision": Q(asked)} | {need: condition & ~Q(asked) for need, condition in needs.items()}


def _of(organizations: Collection[UUID] | None) -> QuerySet[Market]:
    return Market.objects.all() if organizations is None else Market.objects.filter(organization__in=organizations)


def waiting_counts(organizations: Collection[UUID] | None, now: datetime) -> dict[str, int]:
    """How many markets have each need. One statement."""
    counts = {need: Count("pk", filter=condition) for need, condition in conditions(now).items()}
    return _of(organizations).order_by().aggregate(**counts)


def waiting_markets(organizations: Collection[UUID] | None, now: datetime, *, most: int) -> list[tuple[str, Market]]:
    """The markets that have waited longest, with what each needs. One statement."""
    needs = [When(condition, then=Value(need)) for need, condition in conditions(now).items()]
    waiting = _of(organizations).annotate(need=Case(*needs, default=Value(""), output_field=CharField()))
    found = waiting.exclude(need="").select_related("organization").order_by("created_at", "pk")[:most]
    return [(market.need, market) for market in found]
