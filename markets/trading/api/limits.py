"""`/api/v1/organizations/{organization}/limits` and `.../members/{user}/limits`: what bounds positions and orders."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.access.drf import MEMBER, signed_in_user
from governance.access.errors import PermissionMissing
from governance.access.policies import require
from governance.organizations.errors import MemberNotFound, OrganizationNotFound
from governance.organizations.selectors import membership_of, organization_by
from markets.engine.units import MAX_QUANTITY
from markets.ledger.api.shapes import AccountSerializer, account_body
from markets.ledger.services import MAX_UNITS
from markets.lifecycle.errors import ReasonRequired
from markets.trading import limit_services
from markets.trading.api.requests import valid
from markets.trading.limit_models import LimitDefaults
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.api.openapi import failing
from opinion_market.api.serializers import InputSerializer, StrictIntegerField, StrictTextField
from opinion_market.kernel import clock
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey

MOST_ORDERS = 1_000_000
UPDATE_MEMBERS = "participants.update"
KEY_REFUSALS = (IdempotencyKeyReused, InvalidIdempotencyKey)


def contracts_field(text: str) -> StrictIntegerField:
    """A number of contracts, or null for no limit; it must be given, so that none is taken away by forgetting it."""
    return StrictIntegerField(min_value=0, max_value=MAX_QUANTITY, allow_null=True, help_text=text)


def orders_field() -> StrictIntegerField:
    """A number of open orders, or null for no limit."""
    return StrictIntegerField(
        min_value=0, max_value=MOST_ORDERS, allow_null=True, help_text="Open orders per account in one market."
    )


def units_field() -> StrictIntegerField:
    """What one order may cost, or null for no limit."""
    return StrictIntegerField(min_value=0, max_value=MAX_UNITS, allow_null=True, help_text="Units one order may cost.")


class LimitReasonInput(InputSerializer):
    reason = StrictTextField(max_length=200, allow_blank=True, default="", help_text="Required. Kept in the event.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Careful",
            value={"open_orders": 50, "position": 1000, "order_value": None, "reason": "New program on trial."},
            request_only=True,
        )
    ]
)
class MemberLimitsInput(LimitReasonInput):
    open_orders = orders_field()
    position = contracts_field("Contracts of one outcome that may come to be held, beyond complete sets.")
    order_value = units_field()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Everywhere",
            value={
                "open_orders": 500,
                "position": 100_000,
                "order_quantity": 20_000,
                "order_value": 50_000_000,
                "reason": "House rules of 2027.",
            },
            request_only=True,
        )
    ]
)
class DefaultLimitsInput(LimitReasonInput):
    open_orders = orders_field()
    position = contracts_field("Contracts of one outcome that an account may come to hold, beyond complete sets.")
    order_quantity = contracts_field("Contracts one order may fill or leave resting.")
    order_value = units_field()


class DefaultLimitsSerializer(serializers.Serializer[Any]):
    """What bounds everybody where neither the market nor the account has a figure of its own; null is no limit."""

    open_orders = serializers.IntegerField(allow_null=True)
    position = serializers.IntegerField(allow_null=True)
    order_quantity = serializers.IntegerField(allow_null=True)
    order_value = serializers.IntegerField(allow_null=True, help_text="Units.")


def _defaults_body(defaults: LimitDefaults) -> dict[str, object]:
    return {
        "open_orders": defaults.order_limit,
        "position": defaults.position_limit_contracts,
        "order_quantity": defaults.order_quantity_limit,
        "order_value": defaults.order_value_limit_units,
    }


@extend_schema(tags=["staff"])
class DefaultLimitsView(IdempotentMixin):
    permissions_required: ClassVar[dict[str, str]] = {"get": MEMBER, "put": "markets.update"}

    @extend_schema(
        operation_id="organization_limits_retrieve",
        responses=failing({200: DefaultLimitsSerializer}, OrganizationNotFound),
    )
    def get(self, request: Request, reference: str) -> Response:
        """The limits that hold in your organization's markets unless a market has its own."""
        organization = organization_by(signed_in_user(request), reference)
        found = LimitDefaults.objects.filter(organization=organization).first()
        return Response(_defaults_body(found or LimitDefaults()))

    @extend_schema(
        operation_id="organization_limits_set",
        request=DefaultLimitsInput,
        responses=failing(
            {200: DefaultLimitsSerializer}, PermissionMissing, OrganizationNotFound, ReasonRequired, *KEY_REFUSALS
        ),
    )
    @idempotent
    def put(self, request: Request, reference: str) -> Response:
        """Set them all. Binds every order from then on; what is held and open stays. Needs markets.update."""
        wanted = valid(DefaultLimitsInput, request.data)
        actor = signed_in_user(request)
        defaults = limit_services.set_default_limits(
            actor=actor,
            organization_id=organization_by(actor, reference).pk,
            limits=limit_services.DefaultLimits(
                position_limit_contracts=wanted["position"],
                order_limit=wanted["open_orders"],
                order_quantity_limit=wanted["order_quantity"],
                order_value_limit_units=wanted["order_value"],
            ),
            reason=wanted["reason"],
            now=clock.now(),
        )
        return Response(_defaults_body(defaults))


@extend_schema(tags=["staff"])
class MemberLimitsView(IdempotentMixin):
    permissions_required: ClassVar[dict[str, str]] = {"put": UPDATE_MEMBERS}

    @extend_schema(
        operation_id="members_limits_set",
        request=MemberLimitsInput,
        responses=failing(
            {200: AccountSerializer},
            PermissionMissing,
            OrganizationNotFound,
            MemberNotFound,
            ReasonRequired,
            *KEY_REFUSALS,
        ),
    )
    @idempotent
    def put(self, request: Request, reference: str, user_id: UUID) -> Response:
        """Set a member's own limits. Binds every order from then on; what is held and open stays."""
        wanted = valid(MemberLimitsInput, request.data)
        actor = signed_in_user(request)
        organization = organization_by(actor, reference)
        require(actor, UPDATE_MEMBERS, organization.pk)
        membership_of(organization, user_id)
        account = limit_services.set_account_limits(
            actor=actor,
            owner_id=user_id,
            organization_id=organization.pk,
            limits=limit_services.MemberLimits(
                max_open_orders=wanted["open_orders"],
                max_position_contracts=wanted["position"],
                max_order_value_units=wanted["order_value"],
            ),
            reason=wanted["reason"],
            now=clock.now(),
        )
        return Response(account_body(account))
