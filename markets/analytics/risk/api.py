"""`/api/v1/ai-analytics/analytics/portfolio`: what a portfolio may come to."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access.drf import AUTHENTICATED, signed_in_user
from governance.organizations.errors import OrganizationNotFound
from markets.analytics.csv_answers import csv_answer
from markets.analytics.risk.portfolio import MarketRisk, PortfolioRisk, risk_of
from markets.analytics.traders.api import organizations_asked
from markets.analytics.traders.errors import TraderNotFound
from markets.analytics.traders.selectors import accounts_of
from markets.trading.api.requests import valid
from opinion_market.api.openapi import failing
from opinion_market.kernel import clock

MARKET_COLUMNS = ("market", "organization", "question", "category", "expected", "worst", "best", "at_risk")


class RiskFilters(serializers.Serializer[Any]):
    user = serializers.UUIDField(
        required=False, help_text="Somebody else's: takes analytics.read and participants.read where they belong."
    )
    organization = serializers.CharField(required=False, max_length=60, help_text="Id or short name; all if left out.")


class TailSerializer(serializers.Serializer[Any]):
    level = serializers.IntegerField(help_text="Percent.")
    value_at_risk = serializers.IntegerField(help_text="Smallest loss that is not exceeded with this probability.")
    expected_shortfall = serializers.IntegerField(help_text="Mean loss in the rest of the cases.")
    value_at_risk_low = serializers.IntegerField(help_text="95% confidence; equal to the value if computed exactly.")
    value_at_risk_high = serializers.IntegerField()


class CategoryRiskSerializer(serializers.Serializer[Any]):
    category = serializers.CharField(help_text="Empty: markets without one.")
    markets = serializers.IntegerField()
    expected = serializers.IntegerField()
    at_risk = serializers.IntegerField()
    share_millionths = serializers.IntegerField(help_text="Of the expected value of all contracts.")


class MarketRiskSerializer(serializers.Serializer[Any]):
    market = serializers.UUIDField()
    organization = serializers.UUIDField()
    question = serializers.CharField()
    category = serializers.CharField()
    expected = serializers.IntegerField(help_text="Contracts at the market's chances.")
    worst = serializers.IntegerField(help_text="Contracts in the worst case, open orders included.")
    best = serializers.IntegerField()
    at_risk = serializers.IntegerField(help_text="Expected less worst.")


class PortfolioRiskSerializer(serializers.Serializer[Any]):
    """Units. Markets are taken to settle independently, each outcome with the chance its last price says."""

    user = serializers.UUIDField()
    organizations = serializers.ListField(child=serializers.UUIDField())
    at = serializers.DateTimeField()
    balance = serializers.IntegerField(help_text="Cash, reserved cash included.")
    reserved = serializers.IntegerField()
    expected_total = serializers.IntegerField(help_text="Cash and the expected value of the contracts.")
    worst_total = serializers.IntegerField(help_text="Cash and contracts in the worst case of all, which is exact.")
    best_total = serializers.IntegerField()
    method = serializers.ChoiceField(choices=["exact", "simulated"])
    draws = serializers.IntegerField(help_text="0 if exact.")
    tails = TailSerializer(many=True, help_text="At 95% and 99%; losses against the expected value.")
    concentration_millionths = serializers.IntegerField(
        allow_null=True, help_text="Herfindahl's index over markets: 1,000,000 if all is in one."
    )
    categories = CategoryRiskSerializer(many=True)
    markets = MarketRiskSerializer(many=True)


def _asked(request: Request) -> tuple[UUID, list[UUID], PortfolioRisk]:
    filters = valid(RiskFilters, request.query_params)
    user_id: UUID = filters.get("user", signed_in_user(request).pk)
    organizations = organizations_asked(request, user_id, filters.get("organization"))
    return user_id, organizations, risk_of(accounts_of(user_id, organizations))


@extend_schema(tags=["analytics"])
class PortfolioRiskView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUTHENTICATED}

    @extend_schema(
        operation_id="portfolio_risk",
        parameters=[RiskFilters],
        responses=failing({200: PortfolioRiskSerializer}, TraderNotFound, OrganizationNotFound),
    )
    def get(self, request: Request) -> Response:
        """What your portfolio may come to: the worst case, the expected value, value at risk, exposure, concentration."""
        user_id, organizations, risk = _asked(request)
        return Response({"user": user_id, "organizations": organizations, "at": clock.now(), **risk_body(risk)})


@extend_schema(tags=["analytics"])
class PortfolioRiskExportView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUTHENTICATED}

    @extend_schema(
        operation_id="portfolio_risk_export",
        parameters=[RiskFilters],
        responses=failing({(200, "text/csv"): OpenApiTypes.STR}, TraderNotFound, OrganizationNotFound),
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Each market's part in the portfolio's risk as CSV."""
        _, _, risk = _asked(request)
        rows = ([market_body(market)[name] for name in MARKET_COLUMNS] for market in risk.markets)
        return csv_answer("portfolio.csv", MARKET_COLUMNS, rows)


def market_body(risk: MarketRisk) -> dict[str, object]:
    market = risk.market
    return {
        "market": market.pk,
        "organization": market.organization_id,
        "question": market.question,
        "category": market.category,
        "expected": risk.expected_units,
        "worst": risk.worst_units,
        "best": risk.exposure.best_units(),
        "at_risk": risk.at_risk_units,
    }


def risk_body(risk: PortfolioRisk) -> dict[str, object]:
    settlement = risk.settlement
    return {
        "balance": risk.balance_units,
        "reserved": risk.reserved_units,
        "expected_total": risk.expected_total_units,
        "worst_total": risk.worst_total_units,
        "best_total": risk.best_total_units,
        "method": "simulated" if settlement.draws else "exact",
        "draws": settlement.draws,
        "tails": [
            {
                "level": tail.level,
                "value_at_risk": tail.value_at_risk_units,
                "expected_shortfall": tail.expected_shortfall_units,
                "value_at_risk_low": tail.low_units,
                "value_at_risk_high": tail.high_units,
            }
            for tail in settlement.tails
        ],
        "concentration_millionths": risk.concentration_millionths,
        "categories": [
            {
                "category": category.category,
                "markets": category.markets,
                "expected": category.expected_units,
                "at_risk": category.at_risk_units,
                "share_millionths": category.share_millionths,
            }
            for category in risk.categories
        ],
        "markets": [market_body(market) for market in risk.markets],
    }
