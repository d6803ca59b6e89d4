"""`/api/v1/orders` and `/api/v1/markets/{id}/orders`: placing, reading and cancelling one's own."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import AUTHENTICATED, MEMBER, access, signed_in_user
from governance.identity.errors import ScopeTooNarrow
from markets.engine import errors as engine
from markets.lifecycle.selectors import market_visible_to
from markets.trading import errors, limits, selectors, services
from markets.trading.api.cancelling import CancelInput, CancelResultsSerializer, cancel_result
from markets.trading.api.order_input import AmendmentInput, OrderInput, amendment_of, order_request
from markets.trading.api.requests import answer, answer_once, command_key, valid
from markets.trading.api.shapes import (
    CancelledOrdersSerializer,
    CancelledSerializer,
    OrderSerializer,
    OrderWithFillsSerializer,
    fill_body,
    order_body,
)
from markets.trading.models import Order
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.idempotency import IdempotentMixin, documents_key
from opinion_market.api.openapi import failing
from opinion_market.kernel import clock
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey

FILLS_SHOWN = 1_000

COMMAND_REFUSALS = (
    errors.OutcomeUnknown,
    IdempotencyKeyReused,
    InvalidIdempotencyKey,
    ScopeTooNarrow,
)
PLACING_REFUSALS = (
    errors.MarketNotFound,
    errors.NotAMember,
    errors.DuplicateClientOrderId,
    engine.MarketNotOpen,
    engine.PriceOutOfRange,
    engine.InvalidOrder,
    engine.InsufficientFunds,
    engine.WouldTake,
    engine.Unfillable,
    engine.NothingToReduce,
    engine.CommandExpired,
    errors.TradingBlocked,
    limits.PositionLimitExceeded,
    limits.OrderLimitExceeded,
    limits.OrderTooLarge,
    *COMMAND_REFUSALS,
)


class MarketOrderFilters(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Order.Status.choices, required=False)
    side = serializers.ChoiceField(choices=Order.Side.choices, required=False)
    client_order_id = serializers.CharField(required=False, max_length=64, trim_whitespace=False)
    created_from = serializers.DateTimeField(required=False, help_text="Created at this time or later.")
    created_before = serializers.DateTimeField(required=False, help_text="Created before this time.")


class OrderFilters(MarketOrderFilters):
    market = serializers.UUIDField(required=False)


class CancelFilters(serializers.Serializer[Any]):
    market = serializers.UUIDField(required=False, help_text="Only in this market.")


_LOOKUPS = {
    "status": "status",
    "side": "side",
    "client_order_id": "client_order_id",
    "market": "market_id",
    "created_from": "created_at__gte",
    "created_before": "created_at__lt",
}


class _OrderList(IdempotentMixin, GenericViewSet[Order]):
    serializer_class = OrderSerializer
    queryset = Order.objects.none()
    filter_backends = ()
    ordering = ("-id",)
    required_scope = "trade"

    def answer_page(self, request: Request, filters: dict[str, Any]) -> Response:
        found = selectors.orders_of(signed_in_user(request)).select_related(None)
        found = found.filter(**{_LOOKUPS[name]: value for name, value in filters.items()})
        return self.get_paginated_response([order_body(order) for order in self.paginate_queryset(found) or ()])


@extend_schema(tags=["orders"])
class MarketOrdersViewSet(_OrderList):
    """Your orders in one market."""

    permissions_required: ClassVar[dict[str, str]] = {"list": MEMBER, "create": MEMBER}

    @extend_schema(
        operation_id="market_orders_list",
        parameters=[MarketOrderFilters],
        responses=failing({200: OrderSerializer(many=True)}, errors.MarketNotFound, InvalidCursor),
    )
    def list(self, request: Request, market_id: UUID) -> Response:
        """Your own orders in the market, newest first, without their fills."""
        filters = valid(MarketOrderFilters, request.query_params)
        market_visible_to(access(request), market_id)
        return self.answer_page(request, {**filters, "market": market_id})

    @extend_schema(
        operation_id="market_orders_place",
        request=OrderInput,
        responses=failing({201: OrderWithFillsSerializer}, *PLACING_REFUSALS),
    )
    @documents_key
    def create(self, request: Request, market_id: UUID) -> HttpResponse:
        """Place an order. It is durable, and what could be filled is filled, when the answer comes.

        Send an `Idempotency-Key` or a `client_order_id` if you may have to repeat the request after a lost answer: the first
        repeats the answer, the second refuses a second order.
        """
        outcome = services.place_order(
            actor=signed_in_user(request),
            market_id=market_id,
            request=order_request(request.data),
            now=clock.now(),
            idempotency=command_key(request),
        )
        return answer(outcome, request)


@extend_schema(tags=["orders"])
class OrderViewSet(_OrderList):
    """Your orders in all markets."""

    permissions_required: ClassVar[dict[str, str]] = {
        "list": AUTHENTICATED,
        "retrieve": AUTHENTICATED,
        "partial_update": AUTHENTICATED,
        "destroy": AUTHENTICATED,
        "cancel_listed": AUTHENTICATED,
        "cancel_all": AUTHENTICATED,
    }

    @extend_schema(
        operation_id="orders_list",
        parameters=[OrderFilters],
        responses=failing({200: OrderSerializer(many=True)}, InvalidCursor),
    )
    def list(self, request: Request) -> Response:
        """Your own orders in all markets, newest first, without their fills."""
        return self.answer_page(request, valid(OrderFilters, request.query_params))

    @extend_schema(
        operation_id="orders_retrieve",
        responses=failing({200: OrderWithFillsSerializer}, engine.OrderNotFound),
    )
    def retrieve(self, request: Request, order_id: UUID) -> Response:
        """One of your orders with its fills."""
        order = selectors.order_of(signed_in_user(request), order_id)
        trades = list(selectors.trades_in_order(order)[:FILLS_SHOWN])
        fills = selectors.fills_in(trades, {order.account_id})
        return Response({**order_body(order), "fills": [fill_body(fill) for fill in fills]})

    @extend_schema(
        operation_id="orders_amend",
        request=AmendmentInput,
        responses=failing(
            {200: OrderWithFillsSerializer},
            engine.OrderNotFound,
            engine.OrderNotOpen,
            engine.MarketNotOpen,
            engine.PriceOutOfRange,
            engine.InvalidOrder,
            engine.InsufficientFunds,
            engine.WouldTake,
            engine.NothingToReduce,
            engine.CommandExpired,
            errors.TradingBlocked,
            limits.PositionLimitExceeded,
            limits.OrderTooLarge,
            *COMMAND_REFUSALS,
        ),
    )
    @documents_key
    def partial_update(self, request: Request, order_id: UUID) -> HttpResponse:
        """Change an open order's price, quantity or expiry.

        A smaller quantity alone keeps its place among the orders at its price. Anything else loses it: the order is placed
        anew under its id, and may trade at once; `fills` are those of this change.
        """
        amendment, valid_until = amendment_of(request.data)
        outcome = services.amend_order(
            actor=signed_in_user(request),
            order_id=order_id,
            amendment=amendment,
            valid_until=valid_until,
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="orders_cancel",
        responses=failing(
            {200: CancelledSerializer},
            engine.OrderNotFound,
            engine.OrderNotOpen,
            *COMMAND_REFUSALS,
        ),
    )
    @documents_key
    def destroy(self, request: Request, order_id: UUID) -> HttpResponse:
        """Cancel what is left of an open order; what it reserved is free when the answer comes."""
        outcome = services.cancel_order(
            actor=signed_in_user(request), order_id=order_id, idempotency=command_key(request)
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="orders_cancel_listed",
        request=CancelInput,
        responses=failing({200: CancelResultsSerializer}, *COMMAND_REFUSALS),
    )
    @documents_key
    def cancel_listed(self, request: Request) -> HttpResponse:
        """Cancel up to 500 of your open orders, in any markets; each has its own result, in the order given."""
        wanted: list[UUID] = valid(CancelInput, request.data)["orders"]

        def cancel() -> object:
            outcomes = services.cancel_listed_orders(actor=signed_in_user(request), order_ids=wanted)
            pairs = zip(wanted, outcomes, strict=True)
            return {"results": [cancel_result(order_id, outcome) for order_id, outcome in pairs]}

        return answer_once(command_key(request), cancel, now=clock.now())

    @extend_schema(
        operation_id="orders_cancel_all",
        parameters=[CancelFilters],
        responses=failing({200: CancelledOrdersSerializer}, errors.MarketNotFound, *COMMAND_REFUSALS),
    )
    @documents_key
    def cancel_all(self, request: Request) -> HttpResponse:
        """Cancel all your open orders, or those in one market. Each market is one transaction."""
        market_id: UUID | None = valid(CancelFilters, request.query_params).get("market")
        if market_id is not None:
            market_visible_to(access(request), market_id)

        def cancel() -> object:
            return {"cancelled": services.cancel_orders(actor=signed_in_user(request), market_id=market_id)}

        return answer_once(command_key(request), cancel, now=clock.now())
