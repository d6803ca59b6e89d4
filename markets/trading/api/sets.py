"""`/api/v1/markets/{id}/mint` and `/merge`: complete sets for 1 credit each, and back."""

from typing import ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from governance.access.drf import MEMBER, signed_in_user
from markets.engine import errors as engine
from markets.engine.units import MAX_QUANTITY
from markets.trading import errors, services
from markets.trading.api.orders import COMMAND_REFUSALS
from markets.trading.api.requests import answer, command_key, valid
from markets.trading.api.shapes import HoldingSerializer
from opinion_market.api.idempotency import IdempotentMixin, documents_key
from opinion_market.api.openapi import failing
from opinion_market.api.serializers import InputSerializer, StrictIntegerField
from opinion_market.kernel import clock


@extend_schema_serializer(examples=[OpenApiExample("Ten sets", value={"quantity": 10}, request_only=True)])
class SetsInput(InputSerializer):
    quantity = StrictIntegerField(min_value=1, max_value=MAX_QUANTITY, help_text="Complete sets.")
    valid_until = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Refuse the command if its turn comes later than this."
    )


class _SetsView(IdempotentMixin):
    permissions_required: ClassVar[dict[str, str]] = {"post": MEMBER}
    required_scope = "trade"


@extend_schema(tags=["sets"])
class MintView(_SetsView):
    @extend_schema(
        operation_id="market_sets_mint",
        request=SetsInput,
        responses=failing(
            {200: HoldingSerializer},
            errors.MarketNotFound,
            errors.NotAMember,
            engine.MarketNotOpen,
            engine.InsufficientFunds,
            engine.CommandExpired,
            *COMMAND_REFUSALS,
        ),
    )
    @documents_key
    def post(self, request: Request, market_id: UUID) -> HttpResponse:
        """Buy complete sets, one contract of every outcome, at 10,000 units each. They are kept until an order uses them."""
        wanted = valid(SetsInput, request.data)
        outcome = services.mint_sets(
            actor=signed_in_user(request),
            market_id=market_id,
            now=clock.now(),
            idempotency=command_key(request),
            **wanted,
        )
        return answer(outcome, request)


@extend_schema(tags=["sets"])
class MergeView(_SetsView):
    @extend_schema(
        operation_id="market_sets_merge",
        request=SetsInput,
        responses=failing(
            {200: HoldingSerializer},
            errors.MarketNotFound,
            errors.NotAMember,
            engine.MarketNotOpen,
            engine.InsufficientContracts,
            engine.CommandExpired,
            *COMMAND_REFUSALS,
        ),
    )
    @documents_key
    def post(self, request: Request, market_id: UUID) -> HttpResponse:
        """Give complete sets back for 10,000 units each. Possible while the market is halted, too."""
        wanted = valid(SetsInput, request.data)
        outcome = services.merge_sets(
            actor=signed_in_user(request),
            market_id=market_id,
            now=clock.now(),
            idempotency=command_key(request),
            **wanted,
        )
        return answer(outcome, request)
