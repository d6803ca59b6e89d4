"""What the trading endpoints answer, as documented; the `..._body` functions make the bodies."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from markets.engine.units import SET_UNITS
from markets.trading.models import Order, Position, Trade
from markets.trading.portfolio import price_units, value_units
from markets.trading.replies import Reply, average_price
from markets.trading.selectors import FILL_ROLES, Fill

ORDER_EXAMPLE = {
    "id": "019ff2c4-6b1e-7b6a-9a54-3d1f0c9e2a11",
    "market": "019ff2c0-11d2-7c3b-8f0e-5a7d2b9c4e10",
    "outcome": 0,
    "side": "buy",
    "type": "limit",
    "price": 5300,
    "quantity": 20,
    "time_in_force": "gtc",
    "post_only": False,
    "reduce_only": False,
    "budget": None,
    "expires_at": None,
    "client_order_id": "hedge-17",
    "status": "open",
    "filled_quantity": 12,
    "remaining_quantity": 8,
    "cancelled_quantity": 0,
    "average_price": "5266.6667",
    "fees": 158,
    "created_at": "2026-11-21T09:30:00.123456Z",
    "updated_at": "2026-11-21T09:30:00.123456Z",
    "fills": [
        {
            "sequence": 318,
            "price": 5250,
            "quantity": 8,
            "fee": 100,
            "role": "taker",
            "executed_at": "2026-11-21T09:30:00.123456Z",
        },
        {
            "sequence": 319,
            "price": 5300,
            "quantity": 4,
            "fee": 58,
            "role": "taker",
            "executed_at": "2026-11-21T09:30:00.123456Z",
        },
    ],
}


class FillSerializer(serializers.Serializer[Any]):
    sequence = serializers.IntegerField(help_text="The trade's number in its market; gap-free.")
    price = serializers.IntegerField(help_text="Units, of the order's own outcome; the house's rounded average.")
    quantity = serializers.IntegerField(help_text="Contracts.")
    fee = serializers.IntegerField(help_text="Units you paid; negative for a rebate.")
    role = serializers.ChoiceField(choices=FILL_ROLES)
    executed_at = serializers.DateTimeField()


class OrderSerializer(serializers.Serializer[Any]):
    """An order as it was given, and what became of it: filled + remaining + cancelled = quantity."""

    id = serializers.UUIDField()
    market = serializers.UUIDField()
    outcome = serializers.IntegerField()
    side = serializers.ChoiceField(choices=Order.Side.choices)
    type = serializers.ChoiceField(choices=Order.Type.choices)
    price = serializers.IntegerField(help_text="Limit, or worst price of a market order, in units.")
    quantity = serializers.IntegerField(help_text="Contracts.")
    time_in_force = serializers.ChoiceField(choices=Order.TimeInForce.choices)
    post_only = serializers.BooleanField()
    reduce_only = serializers.BooleanField()
    budget = serializers.IntegerField(allow_null=True, help_text="Units the order was to spend at most.")
    expires_at = serializers.DateTimeField(allow_null=True)
    client_order_id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=Order.Status.choices)
    filled_quantity = serializers.IntegerField()
    remaining_quantity = serializers.IntegerField()
    cancelled_quantity = serializers.IntegerField()
    average_price = serializers.CharField(
        allow_null=True, help_text="Units with four decimals, as text; null before the first fill."
    )
    fees = serializers.IntegerField(help_text="Units paid so far, less the rebates earned.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


@extend_schema_serializer(examples=[OpenApiExample("Partly filled", value=ORDER_EXAMPLE, response_only=True)])
class OrderWithFillsSerializer(OrderSerializer):
    fills = FillSerializer(many=True, help_text="Oldest first, at most 1,000; /fills?order= has all.")


class OwnFillSerializer(FillSerializer):
    id = serializers.IntegerField(help_text="The trade's id, unique over all markets.")
    market = serializers.UUIDField()
    order = serializers.UUIDField(help_text="Your order.")
    outcome = serializers.IntegerField(help_text="Your order's.")
    side = serializers.ChoiceField(choices=Order.Side.choices, help_text="Your order's.")
    value = serializers.IntegerField(help_text="Exactly what the contracts cost, in units, without fees.")


class PositionSerializer(serializers.Serializer[Any]):
    market = serializers.UUIDField()
    outcome = serializers.IntegerField()
    free = serializers.IntegerField(help_text="Contracts.")
    reserved = serializers.IntegerField(help_text="Contracts promised to your open orders.")
    price = serializers.IntegerField(help_text="The outcome's last price, in units.")
    value = serializers.IntegerField(help_text="Free and reserved contracts at that price, in units.")


class TradeSerializer(serializers.Serializer[Any]):
    """A trade in the terms of its book. Markets with two outcomes have one book, the first outcome's."""

    sequence = serializers.IntegerField(help_text="1, 2, 3 … without gaps.")
    outcome = serializers.IntegerField(help_text="The book's.")
    taker_side = serializers.ChoiceField(choices=Order.Side.choices)
    price = serializers.IntegerField(help_text="Units; the house's rounded average.")
    quantity = serializers.IntegerField(help_text="Contracts.")
    value = serializers.IntegerField(help_text="Exactly what the buyer of the outcome paid for it, in units.")
    price_after = serializers.IntegerField(help_text="The outcome's price after the trade, in units.")
    with_house = serializers.BooleanField(help_text="The maker was the house market maker.")
    executed_at = serializers.DateTimeField()


class HoldingSerializer(serializers.Serializer[Any]):
    """Your contracts in the market after minting or merging, per outcome, and the cash left to use."""

    market = serializers.UUIDField()
    free = serializers.ListField(child=serializers.IntegerField())
    reserved = serializers.ListField(child=serializers.IntegerField())
    available = serializers.IntegerField(help_text="Units.")


class CancelledSerializer(serializers.Serializer[Any]):
    cancelled = serializers.ListField(child=serializers.UUIDField(), help_text="Ids of the orders cancelled.")
    cancelled_quantity = serializers.IntegerField(help_text="Contracts that had not been filled.")


class CancelledOrdersSerializer(serializers.Serializer[Any]):
    cancelled = serializers.DictField(
        child=serializers.ListField(child=serializers.UUIDField()), help_text="Ids of the orders cancelled, per market."
    )


def order_body(order: Order) -> Reply:
    """A row of the orders table in the shape in which placing it was answered, without its fills."""
    return {
        "id": str(order.pk),
        "market": str(order.market_id),
        "outcome": order.outcome,
        "side": order.side,
        "type": order.type,
        "price": order.price_units,
        "quantity": order.quantity,
        "time_in_force": order.time_in_force,
        "post_only": order.post_only,
        "reduce_only": order.reduce_only,
        "budget": order.budget_units,
        "expires_at": order.expires_at,
        "client_order_id": order.client_order_id,
        "status": order.status,
        "filled_quantity": order.filled_quantity,
        "remaining_quantity": order.quantity - order.filled_quantity - order.cancelled_quantity,
        "cancelled_quantity": order.cancelled_quantity,
        "average_price": average_price(order.filled_value_units, order.filled_quantity),
        "fees": order.fees_units,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
    }


def fill_body(fill: Fill) -> Reply:
    """A fill as it stands within its order."""
    return {
        "sequence": fill.trade.sequence,
        "price": fill.price,
        "quantity": fill.trade.quantity,
        "fee": fill.fee,
        "role": fill.role,
        "executed_at": fill.trade.executed_at,
    }


def own_fill_body(fill: Fill) -> Reply:
    """A fill that stands alone."""
    return {
        "id": fill.trade.pk,
        "market": str(fill.trade.market_id),
        "order": str(fill.order.pk),
        "outcome": fill.order.outcome,
        "side": fill.order.side,
        **fill_body(fill),
        "value": fill.value,
    }


def position_body(position: Position) -> Reply:
    """Contracts on one outcome."""
    return {
        "market": str(position.market_id),
        "outcome": position.outcome,
        "free": position.free_contracts,
        "reserved": position.reserved_contracts,
        "price": price_units(position),
        "value": value_units(position),
    }


def trade_body(trade: Trade) -> Reply:
    """A trade without those who made it."""
    return {
        "sequence": trade.sequence,
        "outcome": trade.outcome,
        "taker_side": trade.taker_side,
        "price": trade.price_units,
        "quantity": trade.quantity,
        "value": trade.value_units,
        "price_after": trade.price_after_units,
        "with_house": trade.maker_order is None,
        "executed_at": trade.executed_at,
    }


def price_text(price: float) -> str:
    """A price in (0, 1) as units with four decimals: what is no integer has no exact JSON number."""
    return f"{price * SET_UNITS:.4f}"
