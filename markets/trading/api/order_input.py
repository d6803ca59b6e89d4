"""The body of a new order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from markets.engine.placing import Amendment
from markets.engine.units import MAX_PRICE, MAX_QUANTITY, MIN_PRICE, SET_UNITS
from markets.trading.api.requests import valid
from markets.trading.models import Order
from markets.trading.services import OrderRequest
from opinion_market.api.serializers import InputSerializer, StrictBooleanField, StrictIntegerField, StrictTextField
from opinion_market.api.well_formed import WellFormed
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


class _MarketOnly(serializers.Serializer[Any]):
    market = serializers.UUIDField()


_QUICK = WellFormed(OrderInput)
_QUICK_IN_BATCH = WellFormed(BatchedOrderInput)


def order_request(body: object) -> OrderRequest:
    """The order a body describes. Raises ValidationError, with one entry per field."""
    values = _QUICK.read(body)
    return OrderRequest(**(values if values is not None else valid(OrderInput, body)))


def batched_order_request(item: object) -> tuple[UUID, OrderRequest]:
    """An order of a batch with its market. Raises ValidationError."""
    values = _QUICK_IN_BATCH.read(item)
    if values is not None:
        return values.pop("market"), OrderRequest(**values)
    if not isinstance(item, Mapping):
        raise serializers.ValidationError({"non_field_errors": ["An order is an object."]})
    market_id: UUID = valid(_MarketOnly, {"market": item["market"]} if "market" in item else {})["market"]
    return market_id, order_request({name: value for name, value in item.items() if name != "market"})


def amendment_of(body: object) -> tuple[Amendment, datetime | None]:
    """The amendment a body describes, and until when it is valid. Raises ValidationError."""
    values = valid(AmendmentInput, body)
    expires_at = values.get("expires_at")
    amendment = Amendment(
        price=values.get("price"),
        quantity=values.get("quantity"),
        expires_us=microseconds(expires_at) if expires_at is not None else None,
        new_expiry="expires_at" in values,
    )
    return amendment, values["valid_until"]
