"""The dashboard of what is traded: volume, traders, movers and how well prices foretold, of the organizations one may analyse."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse

from governance.access.pages import visible_organizations
from governance.access.per_request import access_for
from markets.analytics.markets.tape import floor
from markets.analytics.overview import forecasts, turnover
from markets.analytics.overview.turnover import DAY_S, HOUR_S
from markets.oversight.columns import percent

PERMISSION = "analytics.read"
RANGES: dict[str, tuple[str, timedelta, int]] = {
    "24h": ("24 hours", timedelta(hours=24), HOUR_S),
    "7d": ("7 days", timedelta(days=7), HOUR_S),
    "30d": ("30 days", timedelta(days=30), DAY_S),
    "90d": ("90 days", timedelta(days=90), DAY_S),
}
DEFAULT_RANGE = "7d"
MARKETS_SHOWN = 8
# One bar would say little.
_FEWEST_DAYS = timedelta(days=7)


def chosen_organizations(request: HttpRequest) -> list[UUID] | None:
    """The organization that is asked for, or all in which the viewer holds the permission; None for all there are.

    Raises PermissionDenied for an organization that is not theirs, whether it exists or not.
    """
    scope = access_for(request).organizations_with(PERMISSION)
    asked = request.GET.get("organization", "")
    if not asked:
        return scope
    try:
        organization = UUID(asked)
    except ValueError:
        raise PermissionDenied from None
    if not visible_organizations(request, PERMISSION).filter(pk=organization).exists():
        raise PermissionDenied
    return [organization]


def figures(request: HttpRequest, range_name: str, now: datetime) -> dict[str, Any]:
    """A dozen queries, however much was traded. The time begins with a whole hour or day (UTC)."""
    organizations = chosen_organizations(request)
    _, back, seconds = RANGES[range_name]
    since = floor(now - back, seconds)
    intervals = turnover.turnover(organizations, since=since, until=now, seconds=seconds)
    days = turnover.active_traders_by_day(organizations, since=now - max(back, _FEWEST_DAYS), until=now)
    stock = turnover.stock(organizations, since=since)
    found = forecasts.scored(forecasts.half_way(organizations, since=since))
    return {
        "at": now,
        "range": range_name,
        "seconds": seconds,
        "organizations": None if organizations is None else [str(each) for each in organizations],
        "totals": {
            "value_units": sum(each.value_units for each in intervals),
            "contracts": sum(each.contracts for each in intervals),
            "trades": sum(each.trades for each in intervals),
            "traders": turnover.active_traders(organizations, since=since),
            "markets": stock.markets,
            "open": stock.open,
            "created": stock.created,
            "settled": stock.settled,
            "last_trade_at": stock.last_trade_at,
        },
        "intervals": [
            {"at": each.at, "value_units": each.value_units, "contracts": each.contracts, "trades": each.trades}
            for each in intervals
        ],
        "days": [{"at": at, "traders": traders} for at, traders in days],
        "movers": [_moved(each) for each in turnover.movers(organizations, since=since, most=MARKETS_SHOWN)],
        "busiest": [_moved(each) for each in turnover.most_traded(organizations, since=since, most=MARKETS_SHOWN)],
        "forecasts": {
            "markets": found.markets,
            "brier": found.brier,
            "bins": [
                {
                    "low": each.low,
                    "high": each.high,
                    "outcomes": each.outcomes,
                    "price": each.price_units,
                    "paid": each.paid_units,
                }
                for each in found.bins
            ],
        },
    }


def _moved(market: Any) -> dict[str, Any]:
    """A market with the change of the outcome that moved most."""
    prices, before = market.figures.price_units, market.day_prices or []
    changes = [price - earlier for price, earlier in zip(prices, before, strict=False)]
    outcome = max(range(len(changes)), key=lambda index: abs(changes[index]), default=0)
    labels = [each.label for each in sorted(market.outcomes.all(), key=lambda each: each.index)]
    return {
        "question": market.question,
        "organization": market.organization.name,
        "link": reverse("admin:markets_market_change", args=[market.pk]),
        "outcome": labels[outcome] if outcome < len(labels) else "",
        "price": percent(prices[outcome]) if outcome < len(prices) else "",
        "change_units": changes[outcome] if changes else 0,
        "value_units": market.day_value_units,
        "contracts": market.day_contracts,
    }
