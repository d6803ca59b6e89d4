"""What the endpoints of groups take and answer."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from markets.lifecycle.api.shapes import LONGEST_TEXT, MarketSerializer
from opinion_market.api.serializers import InputSerializer, StrictTextField


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "An election",
            value={"organization": "weather-desk", "question": "Which parties enter parliament?"},
            request_only=True,
        )
    ]
)
class GroupInput(InputSerializer):
    organization = StrictTextField(max_length=60, help_text="Id or short name.")
    question = StrictTextField(max_length=300)
    description = StrictTextField(max_length=LONGEST_TEXT, allow_blank=True, default="")


class GroupSerializer(serializers.Serializer[Any]):
    """Independent binary markets under one question. Their prices need not sum to anything."""

    id = serializers.UUIDField()
    organization = serializers.UUIDField()
    question = serializers.CharField()
    description = serializers.CharField()
    created_at = serializers.DateTimeField()


class GroupWithMarketsSerializer(GroupSerializer):
    markets = MarketSerializer(many=True, help_text="Those you may see, in the order they were created.")
