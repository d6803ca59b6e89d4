"""Reading orders, trades and positions, and who may trade where."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from governance.access.policies import member_organization_ids
from governance.identity.models import User
from markets.ledger.models import Account
from markets.ledger.selectors import trader_account
from markets.lifecycle.models import Market
from markets.trading.errors import MarketNotFound, NotAMember
from markets.trading.models import Order, Position, Trade


@dataclass(frozen=True, slots=True)
class Seat:
    """A user's place at a market: the account they trade it from."""

    market_id: UUID
    account_id: int
    organization_id: UUID


def seats(*, user: User, market_ids: set[UUID], now: datetime) -> dict[UUID, Seat]:
    """The user's seats at these markets, in one query if they have traded there before; accounts are opened as needed.

    Markets the user may not see, or may see but not trade in, are left out; `refusal` says why.
    """
    members = member_organization_ids(user)
    rows = Market.objects.filter(pk__in=market_ids, organization_id__in=members).values_list("pk", "organization_id")
    found = {}
    accounts: dict[UUID, int] = dict(
        Account.objects.filter(kind=Account.Kind.TRADER, owner=user, organization__markets__in=market_ids)
        .distinct()
        .values_list("organization_id", "pk")
    )
    for market_id, organization_id in rows:
        if organization_id not in accounts:
            accounts[organization_id] = trader_account(owner_id=user.pk, organization_id=organization_id, now=now).pk
        found[market_id] = Seat(market_id, accounts[organization_id], organization_id)
    return found


def refusal(market_id: UUID) -> MarketNotFound | NotAMember:
    """Why a user has no seat at a market: it is public but not theirs, or it is as if it did not exist."""
    if Market.objects.filter(pk=market_id, is_public=True).exclude(status=Market.Status.DRAFT).exists():
        return NotAMember(market=str(market_id))
    return MarketNotFound(market=str(market_id))


def seat(*, user: User, market_id: UUID, now: datetime) -> Seat:
    """The user's seat at one market. Raises MarketNotFound, NotAMember."""
    found = seats(user=user, market_ids={market_id}, now=now)
    if market_id not in found:
        raise refusal(market_id)
    return found[market_id]


def orders_of(user: User) -> QuerySet[Order]:
    """A user's own orders, newest first."""
    return Order.objects.filter(account__in=_accounts_of(user)).select_related("market").order_by("-id")


def trades_of(user: User) -> QuerySet[Trade]:
    """Trades a user took part in, newest first."""
    accounts = _accounts_of(user)
    return (
        Trade.objects.filter(Q(taker_account__in=accounts) | Q(maker_account__in=accounts))
        .select_related("market")
        .order_by("-id")
    )


def positions_of(user: User) -> QuerySet[Position]:
    """A user's contracts, empty rows left out."""
    return (
        Position.objects.filter(account__in=_accounts_of(user))
        .exclude(free_contracts=0, reserved_contracts=0)
        .select_related("market")
        .order_by("market_id", "outcome")
    )


def _accounts_of(user: User) -> list[int]:
    """Ids of the user's accounts in organizations they still belong to."""
    return list(
        Account.objects.filter(
            kind=Account.Kind.TRADER, owner=user, organization_id__in=member_organization_ids(user)
        ).values_list("pk", flat=True)
    )
