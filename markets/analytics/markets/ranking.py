"""Markets by what happened in them within 24 hours: for the list of markets, the watchlist, and the tops of the platform."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Case, F, Func, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from markets.analytics.markets.models import MarketBucket
from markets.analytics.markets.selectors import Windows
from markets.analytics.markets.tape import MINUTE_S
from markets.lifecycle.models import Market

_PRICES = ArrayField(IntegerField())


class LargestMove(Func):
    """The largest distance, in units, between two price vectors."""

    template = "(SELECT max(abs(new_price - old_price)) FROM unnest(%(expressions)s) AS moves (new_price, old_price))"
    output_field = IntegerField()


@dataclass(frozen=True, slots=True)
class DayFigures:
    """24 hours of a market: contracts, units paid, and the change of price per outcome in units (None: it was not open)."""

    contracts: int = 0
    value_units: int = 0
    changes_units: tuple[int | None, ...] = ()

    def change_units(self, outcome: int) -> int | None:
        return self.changes_units[outcome] if outcome < len(self.changes_units) else None


def with_day(markets: QuerySet[Market], *, now: datetime) -> QuerySet[Any]:
    """Adds `day_contracts`, `day_value_units`, `day_prices` (the price vector it began with), `day_move_units`.

    One index probe per market and column asked for; nothing depends on how much was traded.
    """
    since = Windows.ending(now).day
    earlier = MarketBucket.objects.filter(market=OuterRef("pk"), seconds=MINUTE_S, start__lt=since).order_by("-start")
    begun = Coalesce(
        Subquery(earlier.values("close_units")[:1]),
        Case(When(figures__opened_at__isnull=False, then=F("figures__opening_units")), output_field=_PRICES),
        output_field=_PRICES,
    )
    return markets.annotate(
        day_contracts=_difference("contracts", earlier),
        day_value_units=_difference("value_units", earlier),
        day_prices=begun,
        day_move_units=Coalesce(LargestMove(F("figures__price_units"), begun), Value(0)),
    )


def with_day_trades(markets: QuerySet[Any], *, now: datetime) -> QuerySet[Any]:
    """Adds `day_trades`, the number of trades within 24 hours."""
    since = Windows.ending(now).day
    earlier = MarketBucket.objects.filter(market=OuterRef("pk"), seconds=MINUTE_S, start__lt=since).order_by("-start")
    found: QuerySet[Any] = markets.annotate(day_trades=_difference("trades", earlier))
    return found


def _difference(name: str, earlier: QuerySet[MarketBucket]) -> Any:
    before = Coalesce(Subquery(earlier.values(f"{name}_after")[:1]), Value(0), output_field=BigIntegerField())
    return Coalesce(F(f"figures__{name}") - before, Value(0), output_field=BigIntegerField())


def day_figures(market_ids: Collection[UUID], *, now: datetime) -> dict[UUID, DayFigures]:
    """24 hours of each of these markets, in one query; the caller has checked who may see them."""
    rows = with_day(Market.objects.filter(pk__in=market_ids).order_by(), now=now).values_list(
        "pk", "day_contracts", "day_value_units", "day_prices", "figures__price_units"
    )
    return {pk: DayFigures(contracts, value, _changes(before, after)) for pk, contracts, value, before, after in rows}


def _changes(before: list[int] | None, after: list[int] | None) -> tuple[int | None, ...]:
    if not before or not after:
        return ()
    return tuple(new - before[index] if index < len(before) else None for index, new in enumerate(after))


def by_volume(markets: QuerySet[Market], *, now: datetime) -> QuerySet[Market]:
    """Those traded within 24 hours, the largest sum paid first."""
    return _traded(markets, now).order_by("-day_value_units", "-pk")


def by_move(markets: QuerySet[Market], *, now: datetime) -> QuerySet[Market]:
    """Those traded within 24 hours whose price moved, the largest move of an outcome first."""
    return _traded(markets, now).filter(day_move_units__gt=0).order_by("-day_move_units", "-pk")


def by_closing(markets: QuerySet[Market], *, now: datetime) -> QuerySet[Market]:
    """Those with a closing time to come, the soonest first."""
    return with_day(markets.filter(closes_at__gt=now), now=now).order_by("closes_at", "pk")


def _traded(markets: QuerySet[Market], now: datetime) -> QuerySet[Any]:
    return with_day(markets.filter(figures__last_trade_at__gte=Windows.ending(now).day), now=now)


RANKINGS = {"volume": by_volume, "movers": by_move, "closing": by_closing}
