"""`/api/v1/positions`, `/fills` and `/portfolio`: what the caller holds and how they came by it."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import AUTHENTICATED, signed_in_user
from governance.organizations.errors import OrganizationNotFound
from governance.organizations.selectors import organization_by, organizations_visible_to
from markets.trading import selectors
from markets.trading.api.requests import valid
from markets.trading.api.shapes import (
    OwnFillSerializer,
    PositionSerializer,
    own_fill_body,
    position_body,
)
from markets.trading.models import Position, Trade
from markets.trading.portfolio import MarketHoldings, Portfolio, portfolio_of
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.openapi import failing
from opinion_market.kernel import clock


class PositionFilters(serializers.Serializer[Any]):
    market = serializers.UUIDField(required=False)


class FillFilters(serializers.Serializer[Any]):
    market = serializers.UUIDField(required=False)
    order = serializers.UUIDField(required=False, help_text="Only this order's; it must be yours.")
    executed_from = serializers.DateTimeField(required=False, help_text="At this time or later.")
    executed_before = serializers.DateTimeField(required=False, help_text="Before this time.")


class PortfolioFilters(serializers.Serializer[Any]):
    organization = serializers.CharField(required=False, max_length=60, help_text="Id or short name; all if left out.")


class HeldOutcomeSerializer(PositionSerializer):
    label = serializers.CharField()  # type: ignore[assignment]  # a field, which the metaclass takes off the class
    market = None  # type: ignore[assignment]  # stands one level higher


class MarketHoldingsSerializer(serializers.Serializer[Any]):
    market = serializers.UUIDField()
    organization = serializers.UUIDField()
    question = serializers.CharField()
    status = serializers.CharField()
    value = serializers.IntegerField(help_text="Units, at the last prices.")
    positions = HeldOutcomeSerializer(many=True)


class PortfolioSerializer(serializers.Serializer[Any]):
    """Cash and contracts in units. Contracts are valued at the last prices, which nobody has to pay."""

    at = serializers.DateTimeField()
    balance = serializers.IntegerField(help_text="Cash, reserved cash included.")
    reserved = serializers.IntegerField(help_text="Cash that open orders may need.")
    available = serializers.IntegerField()
    positions_value = serializers.IntegerField()
    total = serializers.IntegerField(help_text="Balance and positions.")
    markets = MarketHoldingsSerializer(many=True)


@extend_schema(tags=["account"])
class PositionViewSet(GenericViewSet[Position]):
    permissions_required: ClassVar[dict[str, str]] = {"list": AUTHENTICATED}
    serializer_class = PositionSerializer
    queryset = Position.objects.none()
    filter_backends = ()
    ordering = ("market_id", "outcome", "account_id")

    @extend_schema(
        operation_id="positions_list",
        parameters=[PositionFilters],
        responses=failing({200: PositionSerializer(many=True)}, InvalidCursor),
    )
    def list(self, request: Request) -> Response:
        """Your contracts, per market and outcome. Outcomes you hold nothing of are left out."""
        filters = valid(PositionFilters, request.query_params)
        found = selectors.positions_of(signed_in_user(request))
        if "market" in filters:
            found = found.filter(market_id=filters["market"])
        return self.get_paginated_response([position_body(each) for each in self.paginate_queryset(found) or ()])


@extend_schema(tags=["account"])
class FillViewSet(GenericViewSet[Trade]):
    permissions_required: ClassVar[dict[str, str]] = {"list": AUTHENTICATED}
    serializer_class = OwnFillSerializer
    queryset = Trade.objects.none()
    filter_backends = ()
    ordering = ("-id",)

    @extend_schema(
        operation_id="fills_list",
        parameters=[FillFilters],
        responses=failing({200: OwnFillSerializer(many=True)}, InvalidCursor),
    )
    def list(self, request: Request) -> Response:
        """Fills of your orders, newest first, in the terms of each order's own outcome."""
        user = signed_in_user(request)
        filters = valid(FillFilters, request.query_params)
        accounts = selectors.account_ids_of(user)
        found = selectors.trades_of(
            accounts,
            market_id=filters.get("market"),
            order_id=filters.get("order"),
            executed_from=filters.get("executed_from"),
            executed_before=filters.get("executed_before"),
        )
        fills = selectors.fills_in(self.paginate_queryset(found) or (), accounts)
        return self.get_paginated_response([own_fill_body(fill) for fill in fills])


@extend_schema(tags=["account"])
class PortfolioView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUTHENTICATED}

    @extend_schema(
        operation_id="portfolio",
        parameters=[PortfolioFilters],
        responses=failing({200: PortfolioSerializer}, OrganizationNotFound),
    )
    def get(self, request: Request) -> Response:
        """What you have, in one organization or all: cash, and contracts valued at the last prices."""
        user = signed_in_user(request)
        filters = valid(PortfolioFilters, request.query_params)
        if "organization" in filters:
            organizations = [organization_by(user, filters["organization"]).pk]
        else:
            organizations = list(organizations_visible_to(user).values_list("pk", flat=True))
        return Response({"at": clock.now(), **portfolio_body(portfolio_of(user, organizations))})


def portfolio_body(portfolio: Portfolio) -> dict[str, object]:
    """A portfolio as it is answered, but for the time it was read."""
    balance, reserved = portfolio.balance_units, portfolio.reserved_units
    return {
        "balance": balance,
        "reserved": reserved,
        "available": balance - reserved,
        "positions_value": portfolio.positions_value_units,
        "total": balance + portfolio.positions_value_units,
        "markets": [_holdings_body(holdings) for holdings in portfolio.holdings],
    }


def _holdings_body(holdings: MarketHoldings) -> dict[str, object]:
    market = holdings.market
    labels = {outcome.index: outcome.label for outcome in market.outcomes.all()}
    positions = []
    for position in holdings.positions:
        body = position_body(position)
        del body["market"]
        positions.append({**body, "label": labels[position.outcome]})
    return {
        "market": str(market.pk),
        "organization": str(market.organization_id),
        "question": market.question,
        "status": market.status,
        "value": holdings.value_units,
        "positions": positions,
    }
