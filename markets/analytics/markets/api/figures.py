"""`/api/v1/ai-analytics/analytics/market/{id}`: a market's figures and their history, as JSON or CSV."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import PUBLIC, access
from markets.analytics.markets.api.shapes import (
    INTERVAL_CHOICES,
    FiguresSerializer,
    HistorySerializer,
    figures_body,
    history_body,
)
from markets.analytics.markets.api.tables import figures_csv, history_csv
from markets.analytics.markets.selectors import Figures, figures_of
from markets.analytics.markets.series import (
    DEFAULT_INTERVALS,
    MOST_INTERVALS,
    EmptyHistory,
    Interval,
    Stretch,
    TooLongHistory,
    history,
)
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import market_visible_to
from markets.trading.api.requests import valid
from markets.trading.errors import MarketNotFound
from opinion_market.api.openapi import PUBLIC_AUTH, failing
from opinion_market.kernel import clock

_CSV_ANSWER = (200, "text/csv")


class FormatFilters(serializers.Serializer[Any]):
    format = serializers.ChoiceField(choices=["json", "csv"], default="json")


class SpanFilters(serializers.Serializer[Any]):
    interval = serializers.ChoiceField(choices=INTERVAL_CHOICES, default="hour")
    to = serializers.DateTimeField(
        required=False, help_text="Up to the interval that holds this time; now if left out."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of Python's own, so it cannot be declared like the others."""
        spans = " or ".join(f"{count} {name}s" for name, count in DEFAULT_INTERVALS.items())
        begin = serializers.DateTimeField(
            required=False, help_text=f"From the interval that holds this time on; {spans} if left out."
        )
        return {**super().get_fields(), "from": begin}


class HistoryFilters(SpanFilters):
    format = serializers.ChoiceField(choices=["json", "csv"], default="json")


@extend_schema(tags=["analytics"], auth=PUBLIC_AUTH)
class MarketFiguresViewSet(GenericViewSet[Market]):
    """Figures are seen by whoever sees the market."""

    permissions_required: ClassVar[dict[str, str]] = {
        "retrieve": PUBLIC,
        "export": PUBLIC,
        "history": PUBLIC,
        "export_history": PUBLIC,
    }
    queryset = Market.objects.none()
    filter_backends = ()
    pagination_class = None

    @extend_schema(
        operation_id="market_figures",
        parameters=[FormatFilters],
        responses=failing({200: FiguresSerializer, _CSV_ANSWER: OpenApiTypes.STR}, MarketNotFound),
    )
    def retrieve(self, request: Request, market_id: UUID) -> HttpResponseBase:
        """Volume, traders, spread, depth, liquidity, price changes, volatility and momentum, in half-open windows up to now.

        `?format=csv` gives a line per outcome.
        """
        wanted = valid(FormatFilters, request.query_params)["format"]
        found = self._figures(request, market_id)
        return figures_csv(found) if wanted == "csv" else Response(figures_body(found))

    @extend_schema(
        operation_id="market_figures_export",
        responses=failing({_CSV_ANSWER: OpenApiTypes.STR}, MarketNotFound),
    )
    def export(self, request: Request, market_id: UUID) -> HttpResponseBase:
        """The figures as CSV, a line per outcome."""
        return figures_csv(self._figures(request, market_id))

    @extend_schema(
        operation_id="market_figures_history",
        parameters=[HistoryFilters],
        responses=failing(
            {200: HistorySerializer, _CSV_ANSWER: OpenApiTypes.STR}, MarketNotFound, EmptyHistory, TooLongHistory
        ),
        description=(
            "Volume, prices of every outcome and, by day, the number of traders, per hour or day of UTC that saw a trade. "
            f"At most {MOST_INTERVALS:,} intervals."
        ),
    )
    def history(self, request: Request, market_id: UUID) -> HttpResponseBase:
        filters = valid(HistoryFilters, request.query_params)
        market, stretch, intervals = self._history(request, market_id, filters)
        if filters["format"] == "csv":
            return _as_csv(market, intervals)
        return Response(history_body(market, stretch, intervals))

    @extend_schema(
        operation_id="market_figures_history_export",
        parameters=[SpanFilters],
        responses=failing({_CSV_ANSWER: OpenApiTypes.STR}, MarketNotFound, EmptyHistory, TooLongHistory),
    )
    def export_history(self, request: Request, market_id: UUID) -> HttpResponseBase:
        """The history as CSV, a line per interval and outcome."""
        market, _, intervals = self._history(request, market_id, valid(SpanFilters, request.query_params))
        return _as_csv(market, intervals)

    def _figures(self, request: Request, market_id: UUID) -> Figures:
        return figures_of(market_visible_to(access(request), market_id), now=clock.now())

    def _history(
        self, request: Request, market_id: UUID, filters: dict[str, Any]
    ) -> tuple[Market, Stretch, list[Interval]]:
        market = market_visible_to(access(request), market_id)
        stretch = Stretch.of(filters["interval"], filters.get("from"), filters.get("to"), now=clock.now())
        return market, stretch, history(market_id, stretch)


def _as_csv(market: Market, intervals: list[Interval]) -> HttpResponseBase:
    return history_csv(market.pk, [outcome.label for outcome in market.outcomes.all()], intervals)
