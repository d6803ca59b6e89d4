"""Reading accounts, and finding the one a member trades from."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum

from governance.access.policies import OrganizationIds
from markets.ledger.models import Account, Posting


def trader_accounts(*, owner_id: UUID, organization_ids: OrganizationIds) -> QuerySet[Account]:
    """A user's cash accounts in these organizations."""
    return Account.objects.filter(
        kind=Account.Kind.TRADER, owner_id=owner_id, organization_id__in=organization_ids
    ).select_related("organization__limit_defaults")


def trader_account(*, owner_id: UUID, organization_id: UUID, now: datetime) -> Account:
    """The user's account in the organization, opened empty if there is none. Membership is the caller's to check."""
    account, _ = Account.objects.get_or_create(
        kind=Account.Kind.TRADER, owner_id=owner_id, organization_id=organization_id, defaults={"created_at": now}
    )
    return account


def organization_account(*, kind: Account.Kind, organization_id: UUID | str, now: datetime) -> Account:
    """One of an organization's own accounts (fees, subsidy, external), opened empty if there is none."""
    account, _ = Account.objects.get_or_create(kind=kind, organization_id=organization_id, defaults={"created_at": now})
    return account


def postings(account: Account) -> QuerySet[Posting]:
    """An account's statement, newest first."""
    return Posting.objects.filter(account=account).order_by("-id")


def statement_of(
    *,
    owner_id: UUID,
    organization_ids: OrganizationIds,
    reasons: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Posting]:
    """All postings on a user's accounts in these organizations, newest first; since <= recorded_at < until."""
    accounts = trader_accounts(owner_id=owner_id, organization_ids=organization_ids).values_list("pk", flat=True)
    found = Posting.objects.filter(account__in=list(accounts)).select_related("account").order_by("-id")
    if reasons:
        found = found.filter(reason__in=reasons)
    if since is not None:
        found = found.filter(recorded_at__gte=since)
    if until is not None:
        found = found.filter(recorded_at__lt=until)
    return found


def trial_balance(organization_ids: OrganizationIds) -> list[dict[str, Any]]:
    """Balance per kind of account, in units; over an organization they sum to zero."""
    return [
        dict(row)
        for row in Account.objects.filter(organization_id__in=organization_ids)
        .values("organization__name", "kind")
        .annotate(balance_units=Sum("balance_units"), reserved_units=Sum("reserved_units"))
        .order_by("organization__name", "kind")
    ]
