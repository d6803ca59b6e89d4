"""Cancelling a list of orders: the body, and each order's result."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from markets.trading.commands import Outcome
from opinion_market.api.serializers import InputSerializer

MAX_ORDERS = 500


class CancelInput(InputSerializer):
    orders = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MAX_ORDERS)


class CancelResultSerializer(serializers.Serializer[Any]):
    """One order's: how much of it was cancelled, or why nothing was."""

    order = serializers.UUIDField()
    status = serializers.IntegerField(help_text="What cancelling this order alone would have been answered with.")
    cancelled_quantity = serializers.IntegerField(allow_null=True, help_text="Contracts; null when it was refused.")
    code = serializers.CharField(allow_null=True, help_text="Of the refusal; null when it was cancelled.")


class CancelResultsSerializer(serializers.Serializer[Any]):
    results = CancelResultSerializer(many=True)


def cancel_result(order_id: UUID, outcome: Outcome) -> dict[str, object]:
    """What became of one order."""
    error = outcome.error
    quantity = outcome.reply["cancelled_quantity"] if outcome.reply is not None else None
    return {
        "order": str(order_id),
        "status": outcome.status,
        "cancelled_quantity": quantity,
        "code": error.code if error is not None else None,
    }
