"""`/api/v1/markets/{id}/limits`: what each account may hold and order in one market."""

from typing import ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework.request import Request

from governance.access.drf import access, signed_in_user
from governance.access.errors import PermissionMissing
from markets.lifecycle.api.step_shapes import StepSerializer
from markets.lifecycle.errors import ReasonRequired, WrongState
from markets.lifecycle.limits import set_market_limits
from markets.lifecycle.selectors import market_visible_to
from markets.trading.api.limits import LimitReasonInput, contracts_field, orders_field
from markets.trading.api.requests import answer, command_key, valid
from markets.trading.errors import MarketNotFound, OutcomeUnknown
from opinion_market.api.idempotency import IdempotentMixin, documents_key
from opinion_market.api.openapi import failing
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Small stakes",
            value={"position": 500, "order_limit": 20, "order_quantity": None, "reason": "Thin market."},
            request_only=True,
        )
    ]
)
class MarketLimitsInput(LimitReasonInput):
    position = contracts_field("Contracts of one outcome that an account may come to hold, beyond complete sets.")
    order_limit = orders_field()
    order_quantity = contracts_field("Contracts one order may fill or leave resting.")


@extend_schema(tags=["market steps"])
class MarketLimitsView(IdempotentMixin):
    permissions_required: ClassVar[dict[str, str]] = {"put": "markets.update"}

    @extend_schema(
        operation_id="markets_limits_set",
        request=MarketLimitsInput,
        responses=failing(
            {200: StepSerializer},
            MarketNotFound,
            PermissionMissing,
            ReasonRequired,
            WrongState,
            IdempotencyKeyReused,
            InvalidIdempotencyKey,
            OutcomeUnknown,
        ),
    )
    @documents_key
    def put(self, request: Request, market_id: UUID) -> HttpResponse:
        """Set all of a market's own limits; null leaves a figure to the organization's default. Needs markets.update.

        Takes its turn among the orders: those after it are bound. What is held and open stays.
        """
        wanted = valid(MarketLimitsInput, request.data)
        outcome = set_market_limits(
            actor=signed_in_user(request),
            market=market_visible_to(access(request), market_id),
            position_limit_contracts=wanted["position"],
            order_limit=wanted["order_limit"],
            order_quantity_limit=wanted["order_quantity"],
            reason=wanted["reason"],
            idempotency=command_key(request),
        )
        return answer(outcome, request)
