"""What `/api/v1/event-sourcing` takes and answers."""

from typing import Any

from rest_framework import serializers

from opinion_market.api.serializers import InputSerializer, StrictIntegerField, StrictTextField
from opinion_market.eventstore.event_types import Category

SUBSCRIPTION_STATES = ["running", "rebuilding", "failed", "paused"]


class HexField(serializers.CharField):
    """Bytes as hexadecimal text."""

    def to_representation(self, value: Any) -> str:
        return bytes(value).hex()


class EventSerializer(serializers.Serializer[Any]):
    """An event exactly as it is recorded and hashed."""

    position = serializers.IntegerField(help_text="Unique in the whole store; grows, with gaps.")
    transaction_id = serializers.IntegerField(help_text="Events are ordered by this, then by position.")
    stream = serializers.CharField()
    version = serializers.IntegerField(help_text="1, 2, 3 … without gaps within the stream.")
    type = serializers.CharField()
    schema_version = serializers.IntegerField()
    data = serializers.DictField()  # type: ignore[assignment]  # a field, which the metaclass takes off the class
    metadata = serializers.DictField(help_text="actor, organization_id, correlation_id, causation_id.")
    recorded_at = serializers.DateTimeField()
    previous_hash = HexField(help_text="Hash of the stream's event before; zeros for the first.")
    hash = HexField(help_text="SHA-256 over the previous hash and this event.")


class EventFilters(serializers.Serializer[Any]):
    stream = serializers.CharField(required=False, max_length=100)
    type = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=20, help_text="May be repeated."
    )
    category = serializers.ChoiceField(
        choices=[each.value for each in Category if each is not Category.UNCATALOGUED and each is not Category.CUSTOM],
        required=False,
        help_text="All types of a category; together with `type`, those of them that are in it.",
    )
    since = serializers.DateTimeField(required=False, help_text="Recorded at this time or later.")
    until = serializers.DateTimeField(required=False, help_text="Recorded before this time.")
    order = serializers.ChoiceField(choices=["newest", "oldest"], default="newest", help_text="Which come first.")


class EventTypeSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    category = serializers.ChoiceField(choices=[each.value for each in Category])
    description = serializers.CharField(help_text="Empty for a type that is not catalogued.")
    streams = serializers.CharField(help_text="The streams it stands in.")
    schema_version = serializers.IntegerField(help_text="The newest shape of its data.")
    events = serializers.IntegerField(
        help_text="How many have happened in your organizations; counted a moment behind."
    )


class NewEventInput(InputSerializer):
    organization = serializers.UUIDField(help_text="Whose affair it is; you need `system.admin` there.")
    name = StrictTextField(max_length=50, help_text="The event goes to the stream note-<organization>-<name>.")
    type = StrictTextField(max_length=60, help_text="Begins with `custom.`, then letters and digits.")
    data = serializers.DictField(help_text="JSON without fractions.")  # type: ignore[assignment]  # likewise
    expected_version = StrictIntegerField(
        required=False, allow_null=True, default=None, min_value=0, help_text="Refuse if the stream is elsewhere."
    )


class StreamSerializer(serializers.Serializer[Any]):
    stream = serializers.CharField()
    kind = serializers.CharField()
    organization_id = serializers.UUIDField(allow_null=True)
    version = serializers.IntegerField(help_text="The last version, which is also the number of events.")
    last_type = serializers.CharField()
    first_recorded_at = serializers.DateTimeField()
    last_recorded_at = serializers.DateTimeField()


class AsOfSerializer(serializers.Serializer[Any]):
    """The moment the state is of."""

    version = serializers.IntegerField()
    at = serializers.DateTimeField(allow_null=True, help_text="As asked for.")
    position = serializers.IntegerField()
    recorded_at = serializers.DateTimeField(help_text="When the version was recorded.")
    snapshot_version = serializers.IntegerField(help_text="The snapshot it was computed from; 0: from the first event.")
    replayed_events = serializers.IntegerField(help_text="Events applied to that.")


class MomentFilters(serializers.Serializer[Any]):
    version = serializers.IntegerField(required=False, min_value=1, help_text="The state after this version.")
    at = serializers.DateTimeField(required=False, help_text="The state at this time. Not together with `version`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "version" in attrs and "at" in attrs:
            raise serializers.ValidationError("Give either version or at.", code="version_or_at")
        return attrs


class StreamStateSerializer(StreamSerializer):
    events_by_type = serializers.DictField(child=serializers.IntegerField())
    snapshots = serializers.ListField(child=serializers.IntegerField(), help_text="Versions there are snapshots of.")
    as_of = AsOfSerializer()
    state = serializers.DictField(help_text="What the events up to then make of it; its fields depend on the kind.")
    events = EventSerializer(many=True, help_text="The one it stands at, and up to five before and after it.")


class StreamFilters(serializers.Serializer[Any]):
    kind = serializers.CharField(required=False, max_length=100, help_text="The name up to its first hyphen.")
    search = serializers.CharField(
        required=False, max_length=100, help_text="Beginning of the name; of the id when `kind` is given."
    )


class RebuildSerializer(serializers.Serializer[Any]):
    """A rebuild beside the projection in use, which takes its place when it has caught up."""

    started_at = serializers.DateTimeField()
    reason = serializers.CharField()
    read_events = serializers.IntegerField(help_text="Of `events_to_read`.")
    events_to_read = serializers.IntegerField(help_text="About how many there were when it began.")
    percent = serializers.IntegerField()
    failures = serializers.IntegerField(help_text="Of its handler, in a row.")
    swap_failures = serializers.IntegerField(help_text="Times the tables were in use; it is tried again.")


class SubscriptionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    is_projection = serializers.BooleanField(help_text="Can be rebuilt from nothing.")
    types = serializers.ListField(child=serializers.CharField(), allow_null=True, help_text="null: all.")
    state = serializers.ChoiceField(choices=SUBSCRIPTION_STATES)
    tables = serializers.ListField(
        child=serializers.CharField(), help_text="A projection that names its tables is rebuilt beside the one in use."
    )
    rebuild = RebuildSerializer(allow_null=True)
    events_per_second = serializers.FloatField(allow_null=True, help_text="Handled per second of work.")
    events_last_minute = serializers.IntegerField(help_text="Handled in the last full minute.")
    paused_at = serializers.DateTimeField(source="checkpoint.paused_at", allow_null=True)
    transaction_id = serializers.IntegerField(source="checkpoint.transaction_id")
    position = serializers.IntegerField(source="checkpoint.position")
    handled_events = serializers.IntegerField(source="checkpoint.handled", help_text="Since the last rebuild.")
    updated_at = serializers.DateTimeField(source="checkpoint.updated_at", allow_null=True)
    events_behind = serializers.IntegerField(source="lag.events", help_text="Counted up to 100,000.")
    seconds_behind = serializers.FloatField(source="lag.seconds", help_text="Age of the oldest event not looked at.")
    failures = serializers.IntegerField(source="checkpoint.failures", help_text="In a row.")
    failed_at = serializers.DateTimeField(source="checkpoint.failed_at", allow_null=True)
    retry_at = serializers.DateTimeField(source="checkpoint.retry_at", allow_null=True)
    last_error = serializers.SerializerMethodField(help_text="For superusers; others see that it failed.")

    def get_last_error(self, state: Any) -> str:
        error: str = state.checkpoint.last_error
        return error if self.context.get("shows_errors") else error.partition(":")[0]


class SnapshotPolicySerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    is_default = serializers.BooleanField(help_text="Nobody has decided otherwise.")
    every_events = serializers.IntegerField(help_text="A snapshot after so many events.")
    max_age_s = serializers.IntegerField(
        allow_null=True, help_text="Of a stream that moved, when its newest is older. Seconds."
    )
    kept = serializers.IntegerField(help_text="Snapshots kept per stream.")


class TotalsSerializer(serializers.Serializer[Any]):
    total_events = serializers.IntegerField(help_text="Exact, up to the statistics' checkpoint.")
    uncounted_events = serializers.IntegerField(help_text="Newer ones of all organizations, up to 100,000.")
    events_this_hour = serializers.IntegerField(help_text="Since the full hour, UTC.")
    events_last_24_hours = serializers.IntegerField(help_text="This hour and the 23 before it.")
    streams = serializers.IntegerField()


class CountsField(serializers.DictField):
    """Numbers by state; a state without any is left out."""

    child = serializers.IntegerField()


class WorkSerializer(serializers.Serializer[Any]):
    commands_by_state = CountsField(help_text="Of everybody; empty for others than superusers.")
    oldest_waiting_command_s = serializers.FloatField(help_text="Seconds the oldest queued command has waited.")
    processes_by_state = CountsField()
    deliveries_by_state = CountsField(help_text="Of event handlers.")
    disabled_handlers = serializers.IntegerField(help_text="Those the platform disabled for their failures.")


class StatusSerializer(TotalsSerializer):
    status = serializers.ChoiceField(choices=["ok", "degraded"])
    last_position = serializers.IntegerField(allow_null=True, help_text="Of the newest event you may read.")
    last_recorded_at = serializers.DateTimeField(allow_null=True)
    subscriptions = serializers.IntegerField()
    failing_subscriptions = serializers.ListField(child=serializers.CharField())
    paused_subscriptions = serializers.ListField(child=serializers.CharField())
    rebuilding = serializers.ListField(child=serializers.CharField(), help_text="Projections being computed anew.")
    events_last_minute = serializers.IntegerField(
        help_text="Appended in the last full minute to the store, of all organizations; counted by its statistics."
    )
    work = WorkSerializer()
    seconds_behind = serializers.FloatField(help_text="Of the subscription furthest behind.")
    commands = serializers.ListField(child=serializers.CharField())


class TypeCountSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    events = serializers.IntegerField()


class CategoryCountSerializer(serializers.Serializer[Any]):
    category = serializers.ChoiceField(choices=[each.value for each in Category])
    events = serializers.IntegerField()


class DayCountSerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    events = serializers.IntegerField()


class HourCountSerializer(serializers.Serializer[Any]):
    hour = serializers.DateTimeField()
    events = serializers.IntegerField()


class KindCountSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    streams = serializers.IntegerField()
    events = serializers.IntegerField()


class DashboardSerializer(serializers.Serializer[Any]):
    generated_at = serializers.DateTimeField()
    totals = TotalsSerializer()
    events_per_type = TypeCountSerializer(many=True, help_text="Of the last 30 days, most frequent first.")
    events_per_day = DayCountSerializer(many=True, help_text="The last 30 days that have events, UTC.")
    events_per_hour = HourCountSerializer(many=True, help_text="The last 48 hours that have events, UTC.")
    streams_per_kind = KindCountSerializer(many=True)
    events_per_category = CategoryCountSerializer(many=True, help_text="Of the last 30 days.")
    longest_streams = StreamSerializer(many=True)
    work = WorkSerializer()
    newest_events = EventSerializer(many=True)
    subscriptions = SubscriptionSerializer(many=True)
