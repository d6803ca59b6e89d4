"""The event store's tables. Events are appended and read, never changed: triggers in the database refuse the rest."""

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from opinion_market.eventstore.command_models import Process, QueuedCommand
from opinion_market.eventstore.fields import ExactJSONField
from opinion_market.eventstore.handler_models import Delivery, EventHandler
from opinion_market.eventstore.seal_models import Archive, ArchivedEvent, Seal, SealKey
from opinion_market.eventstore.upkeep_models import ProjectionRebuild, SnapshotPolicy

__all__ = [
    "Archive",
    "ArchivedEvent",
    "Checkpoint",
    "CurrentTransactionId",
    "Delivery",
    "Event",
    "EventHandler",
    "EventStatistic",
    "Process",
    "ProjectionRebuild",
    "QueuedCommand",
    "Seal",
    "SealKey",
    "Snapshot",
    "SnapshotPolicy",
    "StreamSummary",
]

# Types so frequent that their events are soon found along the store's order. All others have an index of their own, which
# these do not pay for.
FREQUENT_TYPES = ("OrderPlaced", "OrdersCancelled")


class CurrentTransactionId(models.Func):
    """The 64-bit id of the transaction that inserts the row; never reused, so it fits a bigint for ever."""

    function = "pg_current_xact_id"
    template = "%(function)s()::text::bigint"
    output_field = models.BigIntegerField()
    allowed_default = True


class Event(models.Model):
    """One fact, in its stream's order.

    `position` is unique and grows, but commits may become visible out of its order: readers of the whole store order by
    (`transaction_id`, `position`) and stay below the oldest running transaction (see `read`). Positions have gaps.
    """

    position = models.BigIntegerField(primary_key=True)
    # Collation C: comparing bytes makes the index cheaper to insert into and lets LIKE 'market-%' use it.
    stream = models.CharField(max_length=100, db_collation="C", help_text="What it happened to: market-<uuid>.")
    version = models.BigIntegerField(help_text="1, 2, 3 … without gaps within the stream.")
    type = models.CharField(max_length=60, help_text="What happened: OrderPlaced, MarketOpened …")
    schema_version = models.PositiveSmallIntegerField(
        default=1, help_text="Shape of the data; older ones are upcast on reading."
    )
    data = ExactJSONField(help_text="The fact itself: integers, texts, booleans, lists and objects; no fractions.")
    metadata = ExactJSONField(help_text="actor, organization_id, correlation_id, causation_id.")
    recorded_at = models.DateTimeField()
    transaction_id = models.BigIntegerField(
        db_default=CurrentTransactionId(),
        help_text="The inserting transaction, or the stream's last one if that is later (see `append`).",
    )
    previous_hash = models.BinaryField(
        max_length=32, help_text="Hash of the event before it in the stream; 32 zero bytes for the first."
    )
    hash = models.BinaryField(max_length=32, help_text="SHA-256 over the previous hash and this event; see `hashing`.")

    class Meta:
        ordering = ["transaction_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["stream", "version"], name="event_stream_version"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="event_version_positive"),
            models.CheckConstraint(condition=Exact(Length("hash"), 32), name="event_hash_length"),
            models.CheckConstraint(condition=Exact(Length("previous_hash"), 32), name="event_previous_hash_length"),
        ]
        indexes = [
            models.Index(fields=["transaction_id", "position"], name="event_global_order"),
            models.Index(
                fields=["type", "transaction_id", "position"],
                condition=~models.Q(type__in=FREQUENT_TYPES),
                name="event_rare_types",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream} #{self.version} {self.type}"


class Snapshot(models.Model):
    """The state of a stream after `version`, to start a replay from. A cache: may be deleted at any time."""

    stream = models.CharField(max_length=100, db_collation="C")
    version = models.BigIntegerField()
    schema_version = models.PositiveSmallIntegerField(default=1)
    state = models.BinaryField(help_text="Canonical JSON, compressed with zlib.")
    state_hash = models.BinaryField(max_length=32, help_text="SHA-256 over stream, versions and state.")
    taken_at = models.DateTimeField()

    class Meta:
        ordering = ["stream", "-version"]
        constraints = [models.UniqueConstraint(fields=["stream", "version"], name="snapshot_stream_version")]

    def __str__(self) -> str:
        return f"{self.stream} at #{self.version}"


class Checkpoint(models.Model):
    """How far a subscriber has read: the key of the last event it is past, moved in the handling transaction."""

    subscriber = models.CharField(primary_key=True, max_length=100)
    transaction_id = models.BigIntegerField(default=0)
    position = models.BigIntegerField(default=0)
    handled = models.BigIntegerField(default=0, help_text="Events handled since the last rebuild.")
    updated_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="Failures in a row; 0 after a success.")
    last_error = models.TextField(blank=True)
    failed_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True, help_text="Not tried again before; null when nothing failed.")
    paused_at = models.DateTimeField(null=True, help_text="Somebody stopped it; it reads nothing until it is resumed.")
    busy_ms = models.BigIntegerField(default=0, db_default=0, help_text="Time spent on the events handled.")
    minute = models.DateTimeField(null=True, help_text="The last minute in which events were handled.")
    minute_handled = models.BigIntegerField(default=0, db_default=0, help_text="Events handled in that minute.")
    earlier_handled = models.BigIntegerField(
        default=0, db_default=0, help_text="Events handled in the minute before it."
    )

    class Meta:
        verbose_name = "subscription"
        ordering = ["subscriber"]

    def __str__(self) -> str:
        return self.subscriber


class EventStatistic(models.Model):
    """Events of a type appended within an hour, per organization. Kept by the projection `event_statistics`."""

    hour = models.DateTimeField(help_text="Start of the hour, UTC.")
    type = models.CharField(max_length=60)
    organization_id = models.UUIDField(null=True, help_text="Null: events of the platform itself.")
    events = models.BigIntegerField()

    class Meta:
        ordering = ["hour", "type", "organization_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "type", "organization_id"], name="event_statistic_key", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h {self.type}: {self.events}"


class StreamSummary(models.Model):
    """What is known of a stream without reading it. Kept by the projection `stream_summaries`, a moment behind.

    Listing streams from the events themselves would cost an index probe per stream and could not be confined to an
    organization without one more index on the exchange's hottest table.
    """

    stream = models.CharField(primary_key=True, max_length=100, db_collation="C")
    kind = models.CharField(max_length=100, db_collation="C", help_text="The name up to its first hyphen.")
    organization_id = models.UUIDField(null=True)
    version = models.BigIntegerField(help_text="The last version, which is also the number of events.")
    last_type = models.CharField(max_length=60)
    first_recorded_at = models.DateTimeField()
    last_recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = "stream"
        ordering = ["stream"]
        indexes = [
            models.Index(fields=["organization_id", "stream"], name="stream_organization"),
            models.Index(fields=["kind", "stream"], name="stream_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} ({self.version})"
