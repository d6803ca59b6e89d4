"""Reading orders, trades and positions, and who may trade where."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from governance.access.policies import member_organization_ids
from governance.identity.models import User
from markets.engine.errors import OrderNotFound
from markets.engine.units import SET_UNITS
from markets.ledger.models import Account
from markets.ledger.selectors import trader_account
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import UNPUBLISHED
from markets.trading.errors import MarketNotFound, NotAMember
from markets.trading.models import Order, Position, Trade
from opinion_market.kernel.prepared import array_literal, run_prepared


@dataclass(frozen=True, slots=True)
class Seat:
    """A user's place at a market: the account they trade it from."""

    market_id: UUID
    account_id: int
    organization_id: UUID


# Members of an active organization, as in `governance.access.policies.member_organization_ids`, but superusers too must be
# members: seeing everything is their duty, trading is not. Written out, because building this query with the
# ORM took half of an order's time over HTTP outside of the sequencer.
_SEATS = """
SELECT m.id, m.organization_id, a.id FROM markets_market m
LEFT JOIN markets_account a ON a.organization_id = m.organization_id AND a.owner_id = %s AND a.kind = 'trader'
WHERE m.id = ANY(%s::uuid[]) AND EXISTS (
  SELECT FROM governance_membership s JOIN governance_organization o ON o.id = s.organization_id
  WHERE s.user_id = %s AND s.organization_id = m.organization_id AND o.is_active)
"""


def seats(*, user: User, market_ids: set[UUID], now: datetime) -> dict[UUID, Seat]:
    """The user's seats at these markets, in one query; an account that does not exist yet is opened.

    Markets the user may not see, or may see but not trade in, are left out; `refusal` says why. A superuser sees every
    market, but trades, like anybody, only as a member.
    """
    if not user.is_active:
        return {}
    rows = run_prepared(_SEATS, [user.pk, array_literal(market_ids), user.pk]).fetchall()
    found = {}
    opened: dict[UUID, int] = {}
    for market_id, organization_id, account_id in rows:
        if account_id is None and organization_id not in opened:
            opened[organization_id] = trader_account(owner_id=user.pk, organization_id=organization_id, now=now).pk
        found[market_id] = Seat(market_id, account_id or opened[organization_id], organization_id)
    return found


def refusal(market_id: UUID) -> MarketNotFound | NotAMember:
    """Why a user has no seat at a market: it is public but not theirs, or it is as if it did not exist."""
    public = Market.objects.filter(pk=market_id, is_public=True, organization__is_active=True)
    if public.exclude(status__in=UNPUBLISHED).exists():
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
    return Order.objects.filter(account__in=account_ids_of(user)).select_related("market").order_by("-id")


def order_of(user: User, order_id: UUID) -> Order:
    """One of the user's own orders. Raises OrderNotFound."""
    found = orders_of(user).filter(pk=order_id).first()
    if found is None:
        raise OrderNotFound(order_id=str(order_id))
    return found


def trades_of(
    accounts: Collection[int],
    *,
    market_id: UUID | None = None,
    order_id: UUID | None = None,
    executed_from: datetime | None = None,
    executed_before: datetime | None = None,
) -> QuerySet[Trade]:
    """Trades these accounts took part in (through that order), newest first; executed_from <= executed_at < executed_before."""
    found = Trade.objects.filter(Q(taker_account__in=accounts) | Q(maker_account__in=accounts)).order_by("-id")
    if market_id is not None:
        found = found.filter(market_id=market_id)
    if order_id is not None:
        found = found.filter(
            Q(taker_order=order_id, taker_account__in=accounts) | Q(maker_order=order_id, maker_account__in=accounts)
        )
    if executed_from is not None:
        found = found.filter(executed_at__gte=executed_from)
    if executed_before is not None:
        found = found.filter(executed_at__lt=executed_before)
    return found


def trades_in_order(order: Order) -> QuerySet[Trade]:
    """The trades an order took part in, in the order they happened."""
    return Trade.objects.filter(Q(taker_order=order.pk) | Q(maker_order=order.pk)).order_by("id")


FILL_ROLES = [("taker", "Taker"), ("maker", "Maker")]


@dataclass(frozen=True, slots=True)
class Fill:
    """A trade from the side of one of its orders: prices and values in that order's own outcome's terms, in units."""

    trade: Trade
    order: Order
    role: str

    @property
    def mirrored(self) -> bool:
        return self.trade.outcome != self.order.outcome

    @property
    def price(self) -> int:
        price = self.trade.price_units
        return SET_UNITS - price if self.mirrored else price

    @property
    def value(self) -> int:
        value = self.trade.value_units
        return SET_UNITS * self.trade.quantity - value if self.mirrored else value

    @property
    def fee(self) -> int:
        return self.trade.taker_fee_units if self.role == "taker" else self.trade.maker_fee_units


def fills_in(trades: Collection[Trade], accounts: Collection[int]) -> list[Fill]:
    """The trades as fills of the orders these accounts had in them, one each; one query for the orders."""
    sides = [
        (trade, "taker", trade.taker_order)
        if trade.taker_account_id in accounts
        else (trade, "maker", trade.maker_order)
        for trade in trades
    ]
    orders = Order.objects.in_bulk({order_id for _, _, order_id in sides if order_id is not None})
    return [Fill(trade, orders[order_id], role) for trade, role, order_id in sides if order_id is not None]


def positions_of(user: User) -> QuerySet[Position]:
    """A user's contracts, empty rows left out."""
    return (
        Position.objects.filter(account__in=account_ids_of(user))
        .exclude(free_contracts=0, reserved_contracts=0)
        .select_related("market")
        .order_by("market_id", "outcome")
    )


def trades_in(market_id: UUID) -> QuerySet[Trade]:
    """A market's trades; whoever reads them may see the market."""
    return Trade.objects.filter(market_id=market_id)


def account_ids_of(user: User) -> list[int]:
    """Ids of the user's accounts in organizations they still belong to."""
    return list(
        Account.objects.filter(
            kind=Account.Kind.TRADER, owner=user, organization_id__in=member_organization_ids(user)
        ).values_list("pk", flat=True)
    )
