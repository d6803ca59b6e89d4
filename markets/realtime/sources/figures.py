"""Reading what happened within 24 hours, per organization and as a caller may see it, in a worker's thread.

Trades and volumes come from the projection of market figures, which follows the events at a short distance. Volumes are the
units paid; active are those who traded within the 24 hours.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Count

from governance.access.policies import Access
from governance.identity.models import User
from governance.organizations.models import Membership, Organization
from markets.analytics.markets.models import MarketTrader
from markets.analytics.markets.ranking import by_volume, with_day_trades
from markets.analytics.markets.selectors import Windows
from markets.ledger.models import Account
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import markets_visible_to
from opinion_market.kernel import clock

TOP = 10

Figures = dict[str, Any]


def read_system(access: Access) -> Figures:
    """`system_metrics` and `top_markets` of the markets and organizations a caller may see. Three queries."""
    now = clock.now()
    traded = list(with_day_trades(by_volume(markets_visible_to(access), now=now), now=now))
    return {
        "system_metrics": {
            "total_users": _users(access),
            "active_users": _active_traders().filter(**_within(access)).aggregate(n=Count("owner", distinct=True))["n"],
            "total_volume_24h": sum(market.day_value_units for market in traded),
            "total_trades_24h": sum(market.day_trades for market in traded),
        },
        "top_markets": [_top(market) for market in traded[:TOP]],
    }


def _within(access: Access) -> dict[str, object]:
    return {} if access.everything else {"organization__in": list(access.roles)}


def _users(access: Access) -> int:
    """Active members of the caller's organizations; everybody for a superuser."""
    if access.everything:
        return User.objects.filter(is_active=True).count()
    found = Membership.objects.filter(user__is_active=True, **_within(access))
    users: int = found.aggregate(n=Count("user", distinct=True))["n"]
    return users


def _active_traders() -> Any:
    since = Windows.ending(clock.now()).day
    # The index is by market: those without a recent trade are not looked into.
    markets = Market.objects.filter(figures__last_trade_at__gte=since).order_by()
    recent = MarketTrader.objects.filter(market__in=markets.values("pk"), last_traded_at__gte=since)
    return Account.objects.filter(kind=Account.Kind.TRADER, pk__in=recent.values("account"))


def _top(market: Any) -> Figures:
    price = market.price_units[0]
    return {
        "market_id": market.pk,
        "current_price": price,
        "volume_24h": market.day_value_units,
        "price_change_24h": price - market.day_prices[0] if market.day_prices else 0,
    }


def read_organizations(organization_ids: Collection[UUID] | None) -> dict[UUID, Figures]:
    """The dashboard's line of each of these organizations, or of all. Five queries."""
    now = clock.now()
    organizations = Organization.objects.filter(is_active=True).order_by("slug")
    if organization_ids is not None:
        organizations = organizations.filter(pk__in=organization_ids)
    lines: dict[UUID, Figures] = {
        each.pk: {
            "organization": each.pk,
            "slug": each.slug,
            "total_users": 0,
            "active_users": 0,
            "open_markets": 0,
            "total_volume_24h": 0,
            "total_trades_24h": 0,
        }
        for each in organizations
    }
    members = Membership.objects.filter(organization__in=lines, user__is_active=True)
    _count(lines, "total_users", members.values("organization").annotate(n=Count("user", distinct=True)))
    active = _active_traders().filter(organization__in=lines)
    _count(lines, "active_users", active.values("organization").annotate(n=Count("owner", distinct=True)))
    markets = Market.objects.filter(organization__in=lines)
    open_ones = markets.filter(status=Market.Status.OPEN)
    _count(lines, "open_markets", open_ones.order_by().values("organization").annotate(n=Count("pk")))
    for market in with_day_trades(by_volume(markets, now=now), now=now):
        lines[market.organization_id]["total_volume_24h"] += market.day_value_units
        lines[market.organization_id]["total_trades_24h"] += market.day_trades
    return lines


def _count(lines: dict[UUID, Figures], name: str, rows: Any) -> None:
    for row in rows.order_by():
        lines[row["organization"]][name] = row["n"]
