"""`/api/v1/ai-analytics/analytics/markets`: where something happens, among the markets the caller may see."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access.drf import PUBLIC, access
from markets.analytics.markets.api.headlines import HeadlineSerializer, headline_body
from markets.analytics.markets.ranking import RANKINGS, day_figures
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import markets_visible_to, matching
from markets.trading.api.requests import valid
from opinion_market.api.openapi import PUBLIC_AUTH, failing
from opinion_market.kernel import clock

MOST = 50


class TopFilters(serializers.Serializer[Any]):
    by = serializers.ChoiceField(
        choices=list(RANKINGS),
        default="volume",
        help_text="Units paid within 24 hours, the largest move of an outcome's price in them, or the closing time.",
    )
    category = serializers.CharField(required=False, max_length=60)
    organization = serializers.CharField(required=False, max_length=60, help_text="Id or short name.")
    limit = serializers.IntegerField(default=10, min_value=1, max_value=MOST)


class TopsSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    markets = HeadlineSerializer(many=True, help_text="The first first.")


@extend_schema(tags=["analytics"], auth=PUBLIC_AUTH)
class TopMarketsView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": PUBLIC}

    @extend_schema(operation_id="top_markets", parameters=[TopFilters], responses=failing({200: TopsSerializer}))
    def get(self, request: Request) -> Response:
        """Open markets you may see: the most traded, the biggest movers, or those that close soonest."""
        filters = valid(TopFilters, request.query_params)
        now = clock.now()
        among = matching(
            markets_visible_to(access(request)),
            statuses=[Market.Status.OPEN],
            category=filters.get("category"),
            organization=filters.get("organization"),
        )
        found = list(RANKINGS[filters["by"]](among, now=now).prefetch_related("outcomes")[: filters["limit"]])
        days = day_figures([market.pk for market in found], now=now)
        return Response({"at": now, "markets": [headline_body(market, days[market.pk]) for market in found]})
