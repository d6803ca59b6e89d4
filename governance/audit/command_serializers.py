"""What `/api/v1/event-sourcing/commands` takes and answers."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from governance.audit.event_sourcing_serializers import EventSerializer
from opinion_market.api.serializers import InputSerializer, StrictTextField
from opinion_market.eventstore.models import QueuedCommand


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "An order, later",
            value={
                "command": "PlaceOrder",
                "input": {
                    "market": "019ff2c4-6b1e-7b6a-9a54-3d1f0c9e2a11",
                    "outcome": 0,
                    "side": "buy",
                    "price": 5300,
                    "quantity": 20,
                },
                "mode": "async",
            },
            request_only=True,
        )
    ]
)
class CommandInputSerializer(InputSerializer):
    command = StrictTextField(max_length=60)
    input = serializers.DictField(default=dict, help_text="What the command takes; see `commands/catalogue`.")
    mode = serializers.ChoiceField(
        choices=["sync", "async"],
        default="sync",
        help_text="`async`, or the header `Prefer: respond-async`: store the command, answer 202 and carry it out later.",
    )


class CommandEventSerializer(EventSerializer):
    """An event the command appended."""

    data = serializers.DictField(
        allow_null=True,
        help_text="Null where it tells of others, as a market's events do; `system.audit` in its organization shows it.",
    )


class ProcessedSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["done", "accepted"], help_text="`accepted`: the work goes on.")
    result = serializers.DictField()
    events = CommandEventSerializer(many=True, help_text="What the command appended.")


class CommandProblemSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    status = serializers.IntegerField(help_text="The HTTP status it would have been.")
    title = serializers.CharField()
    message = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]  # likewise


class QueuedCommandSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    command = serializers.CharField()
    state = serializers.ChoiceField(choices=QueuedCommand.State.choices)
    status_url = serializers.SerializerMethodField(help_text="Ask here what has become of it.")
    input = serializers.DictField()
    actor = serializers.UUIDField(source="actor_id")
    correlation_id = serializers.CharField(help_text="Of the request that gave it; its events bear the command's id.")
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True, help_text="Start of the first attempt.")
    finished_at = serializers.DateTimeField(allow_null=True)
    result = serializers.DictField(allow_null=True)
    problem = CommandProblemSerializer(allow_null=True, help_text="Why it failed.")

    def get_status_url(self, row: QueuedCommand) -> str:
        return f"/api/v1/event-sourcing/commands/{row.pk}"


class CommandStateSerializer(QueuedCommandSerializer):
    events = CommandEventSerializer(many=True, help_text="What it appended.")


class CommandFilters(serializers.Serializer[Any]):
    command = serializers.CharField(required=False, max_length=60)
    state = serializers.ChoiceField(choices=QueuedCommand.State.choices, required=False)
    created_from = serializers.DateTimeField(required=False, help_text="Given at this time or later.")
    created_before = serializers.DateTimeField(required=False, help_text="Given before this time.")


class CommandTypeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    summary = serializers.CharField()
    permission = serializers.CharField(allow_null=True, help_text="null: the command itself decides.")
    platform_wide = serializers.BooleanField(help_text="For superusers.")
    input = serializers.DictField(help_text="JSON Schema of its input.")
