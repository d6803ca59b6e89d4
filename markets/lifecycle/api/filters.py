"""What a list of markets may be narrowed to and ordered by."""

from typing import Any

from rest_framework import serializers

from markets.lifecycle.models import Market

ORDERINGS: dict[str, tuple[str, ...]] = {
    "newest": ("-created_at", "-id"),
    "volume": ("-volume_units", "-id"),
    "closing": ("closes_or_never", "id"),
}


class MarketFilters(serializers.Serializer[Any]):
    status = serializers.ListField(
        child=serializers.ChoiceField(choices=Market.Status.choices),
        required=False,
        max_length=len(Market.Status.values),
        help_text="May be repeated.",
    )
    kind = serializers.ChoiceField(choices=Market.Kind.choices, required=False)
    category = serializers.CharField(required=False, max_length=60)
    group = serializers.UUIDField(required=False, help_text="Markets of this group.")
    organization = serializers.CharField(required=False, max_length=60, help_text="Id or short name.")
    is_public = serializers.ChoiceField(choices=["true", "false"], required=False)
    closing_from = serializers.DateTimeField(required=False, help_text="Closes at this time or later.")
    closing_before = serializers.DateTimeField(required=False, help_text="Closes before this time.")
    search = serializers.CharField(
        required=False, max_length=200, help_text='Words of the question; "a phrase", or, -not.'
    )
    ordering = serializers.ChoiceField(
        choices=list(ORDERINGS),
        default="newest",
        help_text="`volume` moves while markets trade, so a market may change pages while you turn them.",
    )
