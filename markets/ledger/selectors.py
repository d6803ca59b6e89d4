"""Reading accounts, and finding the one a member trades from."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet, Sum

from markets.ledger.models import Account, Posting


def trader_accounts(*, owner_id: UUID, organization_ids: QuerySet[object] | list[UUID]) -> QuerySet[Account]:
    """A user's cash accounts in these organizations."""
    return Account.objects.filter(
        kind=Account.Kind.TRADER, owner_id=owner_id, organization_id__in=organization_ids
    ).select_related("organization")


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


def trial_balance(organization_ids: QuerySet[object] | list[UUID]) -> list[dict[str, object]]:
    """Balance per kind of account, in units; over an organization they sum to zero."""
    return list(
        Account.objects.filter(organization_id__in=organization_ids)
        .values("organization__name", "kind")
        .annotate(balance_units=Sum("balance_units"), reserved_units=Sum("reserved_units"))
        .order_by("organization__name", "kind")
    )
