"""What the steps of a market's life take and answer."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from markets.lifecycle.api.shapes import LONGEST_TEXT
from markets.lifecycle.models import MAX_OUTCOMES, Market
from markets.lifecycle.resolution.evidence import MAX_PIECES
from opinion_market.api.serializers import InputSerializer, StrictIntegerField, StrictTextField


@extend_schema_serializer(
    examples=[
        OpenApiExample("A new candidate", value={"label": "Ms. Ito", "share_bps": 4000}, request_only=True),
    ]
)
class NewOutcomeInput(InputSerializer):
    label = StrictTextField(max_length=120, help_text="Of the new outcome.")  # type: ignore[assignment]  # likewise
    share_bps = StrictIntegerField(
        min_value=1, max_value=9_999, default=5_000, help_text="The part of Other's price the new outcome starts with."
    )


class NothingInput(InputSerializer):
    """No body, or an empty object."""


@extend_schema_serializer(
    examples=[OpenApiExample("Why", value={"reason": "The venue was evacuated."}, request_only=True)]
)
class ReasonInput(InputSerializer):
    reason = StrictTextField(
        max_length=2_000, allow_blank=True, default="", help_text="Everybody can read it in the market's events."
    )


class PayoutInput(InputSerializer):
    """One of `outcome`, which then pays 10,000 units, `payout`, or a scalar market's `value`."""

    outcome = StrictIntegerField(min_value=0, max_value=MAX_OUTCOMES - 1, required=False, help_text="The winner.")
    payout = serializers.ListField(
        child=StrictIntegerField(),
        required=False,
        max_length=MAX_OUTCOMES,
        help_text="Units per contract of each outcome, summing to 10,000.",
    )
    value = serializers.DecimalField(24, 8, required=False, help_text="What a scalar market's question came to.")
    items = serializers.ListField(
        child=serializers.UUIDField(),
        default=list,
        max_length=MAX_PIECES,
        help_text="Ids of evidence added before at `markets/{id}/evidence`.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(name in attrs for name in ("outcome", "payout", "value")) != 1:
            raise serializers.ValidationError("Give one of outcome, payout and value.", code="outcome_or_payout")
        return attrs


@extend_schema_serializer(
    examples=[
        OpenApiExample("One outcome", value={"outcome": 0, "evidence": "Station log of 1 March."}, request_only=True),
        OpenApiExample("A split", value={"payout": [5000, 5000], "evidence": "Tied."}, request_only=True),
    ]
)
class ResolutionInput(PayoutInput):
    evidence = StrictTextField(max_length=LONGEST_TEXT, allow_blank=True, default="", help_text="Required.")


@extend_schema_serializer(
    examples=[OpenApiExample("Opened", value={"status": "open", "version": 4}, response_only=True)]
)
class StepSerializer(serializers.Serializer[Any]):
    """Where the market stands after the step."""

    status = serializers.ChoiceField(choices=Market.Status.choices)
    version = serializers.IntegerField(help_text="The market's last event.")
