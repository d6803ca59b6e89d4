"""A market in one line, with its last 24 hours: how the tops and the watchlist show it."""

from typing import Any

from rest_framework import serializers

from markets.analytics.markets.ranking import DayFigures
from markets.lifecycle.models import Market


class HeadlineOutcomeSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, which the metaclass takes off the class
    price = serializers.IntegerField(help_text="Units; the last one.")
    price_change_24h = serializers.IntegerField(
        allow_null=True, help_text="Units; since the opening price if the market opened later."
    )


class HeadlineSerializer(serializers.Serializer[Any]):
    market = serializers.UUIDField()
    question = serializers.CharField()
    category = serializers.CharField()
    status = serializers.ChoiceField(choices=Market.Status.choices)
    closes_at = serializers.DateTimeField(allow_null=True)
    volume_24h = serializers.IntegerField(help_text="Contracts.")
    volume_24h_value = serializers.IntegerField(help_text="Units paid for them.")
    outcomes = HeadlineOutcomeSerializer(many=True)


def headline_body(market: Market, day: DayFigures) -> dict[str, object]:
    """A market, read with its outcomes."""
    return {
        "market": market.pk,
        "question": market.question,
        "category": market.category,
        "status": market.status,
        "closes_at": market.closes_at,
        "volume_24h": day.contracts,
        "volume_24h_value": day.value_units,
        "outcomes": [
            {
                "index": outcome.index,
                "label": outcome.label,
                "price": market.price_units[outcome.index],
                "price_change_24h": day.change_units(outcome.index),
            }
            for outcome in market.outcomes.all()
        ],
    }
