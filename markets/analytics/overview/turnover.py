"""What was traded in organizations over a time: how much, by how many, and which markets moved. `organizations`: None is all.

From the projection of market figures, which follows the events at a short distance. Each function is one statement.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet, Sum

from markets.analytics.markets.models import MarketBucket, MarketTrader, MarketTraderDay
from markets.analytics.markets.ranking import with_day
from markets.analytics.markets.tape import floor
from markets.ledger.models import Account
from markets.lifecycle.models import Market

Organizations = Collection[UUID] | None

HOUR_S, DAY_S = 3_600, 86_400
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """What was traded within an hour or a day (UTC): the units paid, contracts, trades."""

    at: datetime
    value_units: int = 0
    contracts: int = 0
    trades: int = 0


def markets_of(organizations: Organizations) -> QuerySet[Market]:
    """The markets of these organizations, in no order."""
    found = Market.objects.order_by()
    return found if organizations is None else found.filter(organization__in=organizations)


def _traded(organizations: Organizations, since: datetime) -> QuerySet[Market]:
    # Markets have an index by their last trade; those without a recent one are not looked into.
    return markets_of(organizations).filter(figures__last_trade_at__gte=since)


def turnover(organizations: Organizations, *, since: datetime, until: datetime, seconds: int) -> list[Interval]:
    """Hours (`seconds` HOUR_S) or days (DAY_S) from the one that holds `since`; those without a trade are zero."""
    first = floor(since, seconds)
    buckets = MarketBucket.objects.filter(
        market__in=_traded(organizations, first).values("pk"), seconds=seconds, start__gte=first, start__lt=until
    )
    sums = buckets.order_by().values_list("start").annotate(Sum("value_units"), Sum("contracts"), Sum("trades"))
    found = {start: Interval(start, *rest) for start, *rest in sums}
    made, at = [], first
    while at < until:
        made.append(found.get(at, Interval(at)))
        at += timedelta(seconds=seconds)
    return made


def active_traders(organizations: Organizations, *, since: datetime) -> int:
    """People who made or took a trade since then, each counted once; exact for a time that ends now."""
    recent = MarketTrader.objects.filter(
        market__in=_traded(organizations, since).values("pk"), last_traded_at__gte=since
    )
    traders = Account.objects.filter(kind=Account.Kind.TRADER, pk__in=recent.order_by().values("account"))
    people: int = traders.order_by().aggregate(n=Count("owner", distinct=True))["n"]
    return people


def active_traders_by_day(
    organizations: Organizations, *, since: datetime, until: datetime
) -> list[tuple[datetime, int]]:
    """People who traded on each day (UTC) from the one that holds `since`."""
    first = floor(since, DAY_S)
    days = MarketTraderDay.objects.filter(
        market__in=_traded(organizations, first).values("pk"), day__gte=first.date(), account__kind=Account.Kind.TRADER
    )
    found = dict(days.order_by().values_list("day").annotate(Count("account__owner", distinct=True)))
    made, at = [], first
    while at < until:
        made.append((at, found.get(at.date(), 0)))
        at += _DAY
    return made


def _with_changes(organizations: Organizations, since: datetime) -> QuerySet[Any]:
    """Markets traded since then, with what changed since: `with_day` counts from 24 hours before the moment it is given."""
    changed: QuerySet[Any] = with_day(_traded(organizations, since), now=since + _DAY)
    return changed.select_related("organization", "figures").prefetch_related("outcomes")


def movers(organizations: Organizations, *, since: datetime, most: int) -> list[Any]:
    """Markets whose price moved most since then, as `ranking.with_day` describes them."""
    moved = _with_changes(organizations, since).filter(day_move_units__gt=0)
    return list(moved.order_by("-day_move_units", "-pk")[:most])


def most_traded(organizations: Organizations, *, since: datetime, most: int) -> list[Any]:
    """Markets in which most was paid since then, as `ranking.with_day` describes them."""
    return list(_with_changes(organizations, since).order_by("-day_value_units", "-pk")[:most])


@dataclass(frozen=True, slots=True)
class Stock:
    """Markets as they stand: how many in all, open ones, created and resolved for good since a moment; the last trade's time."""

    markets: int
    open: int
    created: int
    settled: int
    last_trade_at: datetime | None


def stock(organizations: Organizations, *, since: datetime) -> Stock:
    """Counted now."""
    final = Q(status__in=[Market.Status.FINALIZED, Market.Status.SETTLED], resolved_at__gte=since)
    return Stock(
        **markets_of(organizations).aggregate(
            markets=Count("pk"),
            open=Count("pk", filter=Q(status=Market.Status.OPEN)),
            created=Count("pk", filter=Q(created_at__gte=since)),
            settled=Count("pk", filter=final),
            last_trade_at=Max("last_trade_at"),
        )
    )
