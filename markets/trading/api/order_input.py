"""The body of a new order."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from markets.engine.placing import Amendment
from markets.engine.units import MAX_PRICE, MAX_QUANTITY, MIN_PRICE, SET_UNITS
from markets.trading.models import Order
from markets.trading.services import OrderRequest
from opinion_market.api.serializers import InputSerializer, StrictBooleanField, StrictIntegerField, StrictTextField
from opinion_market.kernel.clock import microseconds

LONGEST_CLIENT_ORDER_ID = 64
_PRICE = {"type": ["integer", "null"], "minimum": MIN_PRICE, "maximum": MAX_PRICE}

INPUT_EXAMPLE = {
    "outcome": 0,
    "side": "buy",
    "type": "limit",
    "price": 5300,
    "quantity": 20,
    "time_in_force": "gtc",
    "post_only": False,
    "client_order_id": "hedge-17",
}


# The range of prices is the engine's to refuse, with a code of its own.
@extend_schema_field(_PRICE)
class PriceField(StrictIntegerField):
    """Units."""


@extend_schema_serializer(examples=[OpenApiExample("Limit order", value=INPUT_EXAMPLE, request_only=True)])
class OrderInput(InputSerializer):
    """An order. `expires_at` goes with `gtd`; `post_only` with `gtc` and `gtd`; a market order is `ioc` or `fok`.

    It has a `quantity`; a market order to buy may have a `budget` instead.
    """

    outcome = StrictIntegerField(min_value=0, max_value=32_767, help_text="Place in the market's outcomes, from 0.")
    side = serializers.ChoiceField(choices=Order.Side.choices)
    type = serializers.ChoiceField(choices=Order.Type.choices, default="limit")
    price = PriceField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Limit in units, 1 to 9,999; a market order's worst price, which may be left out.",
    )
    quantity = StrictIntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=MAX_QUANTITY, help_text="Contracts."
    )
    budget = StrictIntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=MAX_QUANTITY * SET_UNITS,
        help_text="Units a market order to buy spends at most, its fees included; it buys what that affords.",
    )
    time_in_force = serializers.ChoiceField(
        choices=Order.TimeInForce.choices,
        required=False,
        allow_null=True,
        default=None,
        help_text="gtc unless given; ioc for a market order.",
    )
    post_only = StrictBooleanField(default=False, help_text="Refuse the order rather than let it take.")
    reduce_only = StrictBooleanField(
        default=False, help_text="Only give up contracts held and free; what goes beyond them is cancelled."
    )
    client_order_id = StrictTextField(
        required=False,
        allow_null=True,
        default=None,
        max_length=LONGEST_CLIENT_ORDER_ID,
        trim_whitespace=False,
        help_text="Yours; unique among all orders of your account.",
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="When a gtd order is taken off the book."
    )
    valid_until = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Refuse the order if its turn comes later than this."
    )


@extend_schema_serializer(examples=[OpenApiExample("A smaller quantity", value={"quantity": 12}, request_only=True)])
class AmendmentInput(InputSerializer):
    """Other terms; what is left out stays as it is."""

    price = PriceField(required=False, help_text="Limit in units, 1 to 9,999.")
    quantity = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=MAX_QUANTITY,
        help_text="The order's new whole in contracts, with what is filled already.",
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When it is taken off the book; null: only when cancelled."
    )
    valid_until = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Refuse the change if its turn comes later than this."
    )


class BatchedOrderInput(OrderInput):
    market = serializers.UUIDField()


def order_request(body: object) -> OrderRequest:
    """The order a body describes. Raises ValidationError, with one entry per field."""
    serializer = OrderInput(data=body)
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    return OrderRequest(**values)


def amendment_of(body: object) -> tuple[Amendment, datetime | None]:
    """The amendment a body describes, and until when it is valid. Raises ValidationError."""
    serializer = AmendmentInput(data=body)
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    expires_at = values.get("expires_at")
    amendment = Amendment(
        price=values.get("price"),
        quantity=values.get("quantity"),
        expires_us=microseconds(expires_at) if expires_at is not None else None,
        new_expiry="expires_at" in values,
    )
    return amendment, values["valid_until"]
