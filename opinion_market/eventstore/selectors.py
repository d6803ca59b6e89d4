"""What auditors ask of the store. `organizations` confines the answer to theirs; None sees everything.

A stream belongs to one organization: the first named in its events' metadata. Confinement goes by the stream's summary, so an
event shows at most a moment after it is committed, and the exchange's inserts pay for no further index.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDay

from opinion_market.eventstore import subscriptions
from opinion_market.eventstore.errors import EventNotFound, StreamNotFound
from opinion_market.eventstore.models import (
    ArchivedEvent,
    Checkpoint,
    Delivery,
    Event,
    EventHandler,
    EventStatistic,
    Process,
    ProjectionRebuild,
    QueuedCommand,
    Snapshot,
    StreamSummary,
)
from opinion_market.eventstore.projections import registered as registered_projections
from opinion_market.eventstore.rebuilds import checkpoint_name
from opinion_market.eventstore.statistics import EVENT_STATISTICS, hour_of

Organizations = Collection[UUID] | None


def _theirs(organizations: Organizations) -> Q:
    return Q() if organizations is None else Q(organization_id__in=organizations)


def estimated_events() -> int:
    """About how many events there are, in no time: the planner's estimate, or a count while the table is too new for one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN reltuples > 0 THEN reltuples::bigint ELSE (SELECT count(*) FROM eventstore_event) END "
            "FROM pg_class WHERE oid = 'eventstore_event'::regclass"
        )
        estimate: int = cursor.fetchone()[0]
    return estimate


def events(
    *,
    organizations: Organizations,
    stream: str | None = None,
    types: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Event]:
    """Events, to be ordered by (transaction_id, position); `since` <= recorded_at < `until`.

    `types`: none named are all. Rare types have an index of their own; the frequent ones (`models.FREQUENT_TYPES`) and times are
    looked for along the store's order, event by event.
    """
    found = Event.objects.all()
    if organizations is not None:
        found = found.filter(stream__in=StreamSummary.objects.filter(_theirs(organizations)).values("stream"))
    if stream is not None:
        found = found.filter(stream=stream)
    if types:
        found = found.filter(type__in=types)
    if since is not None:
        found = found.filter(recorded_at__gte=since)
    if until is not None:
        found = found.filter(recorded_at__lt=until)
    return found


def events_at(positions: Collection[int]) -> list[Event]:
    """The events at these global positions, in the store's order."""
    return list(Event.objects.filter(position__in=positions))


def streams_of(positions: Collection[int]) -> dict[int, str]:
    """The stream of each event at these global positions, archived or not."""
    found = (model.objects.filter(position__in=positions) for model in (Event, ArchivedEvent))
    return {position: stream for rows in found for position, stream in rows.values_list("position", "stream")}


def require_readable(*, organizations: Organizations, position: int) -> None:
    """Raises EventNotFound unless the event, archived or not, is in a stream of these organizations."""
    if organizations is None:
        return
    theirs = StreamSummary.objects.filter(_theirs(organizations)).values("stream")
    rows = (model.objects.filter(position=position, stream__in=theirs) for model in (Event, ArchivedEvent))
    if not any(found.exists() for found in rows):
        raise EventNotFound(position=position)


def newest_event(*, organizations: Organizations) -> Event | None:
    """The last event of the store's order, as far as it is committed; None if there is none."""
    return events(organizations=organizations).order_by("-transaction_id", "-position").first()


def streams(*, organizations: Organizations, kind: str = "", search: str = "") -> QuerySet[StreamSummary]:
    """Streams, to be ordered by name; `search` is the beginning of the name, or of the id when a kind is given."""
    found = StreamSummary.objects.filter(_theirs(organizations))
    if kind:
        found = found.filter(kind=kind)
    if search:
        found = found.filter(stream__startswith=f"{kind}-{search}" if kind else search)
    return found


@dataclass(frozen=True, slots=True)
class StreamState:
    """A stream as it stands now: its events by type, and the versions there are snapshots of."""

    summary: StreamSummary
    events_by_type: dict[str, int]
    snapshots: list[int]


def stream_state(*, organizations: Organizations, stream: str) -> StreamState:
    """Reads the stream's events through its index. Raises StreamNotFound, also for a stream of another organization."""
    summary = StreamSummary.objects.filter(_theirs(organizations), stream=stream).first()
    if summary is None:
        raise StreamNotFound(stream=stream)
    by_type = Event.objects.filter(stream=stream).values_list("type").annotate(Count("position")).order_by("type")
    snapshots = Snapshot.objects.filter(stream=stream).order_by("-version").values_list("version", flat=True)
    return StreamState(summary, dict(by_type), list(snapshots))


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """A rebuild beside the projection in use: since when, how many events it has behind it, of about how many."""

    started_at: datetime
    reason: str
    read_events: int
    events_to_read: int
    failures: int
    swap_failures: int

    @property
    def percent(self) -> int:
        """Of the events there were when it began, as far as the planner's estimate tells; 100 only when it is swapped in."""
        return min(99, 100 * self.read_events // max(1, self.events_to_read))


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """How a subscription is doing. One that never ran has a checkpoint before the first event."""

    name: str
    is_projection: bool
    types: list[str] | None
    checkpoint: Checkpoint
    lag: subscriptions.Lag
    tables: tuple[str, ...] = ()
    rebuild: RebuildProgress | None = None
    events_last_minute: int = 0

    @property
    def state(self) -> str:
        """paused, failed, rebuilding or running; the first that is true."""
        if self.checkpoint.paused_at is not None:
            return "paused"
        if self.checkpoint.failures:
            return "failed"
        return "rebuilding" if self.rebuild is not None else "running"

    @property
    def events_per_second(self) -> float | None:
        """Events handled per second of work since the last rebuild; None before any work was measured."""
        busy_ms = self.checkpoint.busy_ms
        return round(1000 * self.checkpoint.handled / busy_ms, 1) if busy_ms else None


def subscription_states(*, now: datetime) -> list[SubscriptionState]:
    """Every registered subscription, by name, whether it has run yet or not."""
    checkpoints = Checkpoint.objects.in_bulk()
    projected = {projection.name: projection for projection in registered_projections()}
    beside = {rebuild.pk: rebuild for rebuild in ProjectionRebuild.objects.all()}
    states: list[SubscriptionState] = []
    for subscription in subscriptions.registered():
        checkpoint = checkpoints.get(subscription.name) or Checkpoint(subscriber=subscription.name)
        states.append(
            SubscriptionState(
                name=subscription.name,
                is_projection=subscription.name in projected,
                types=None if subscription.types is None else sorted(subscription.types),
                checkpoint=checkpoint,
                lag=subscriptions.lag(checkpoint, now=now),
                tables=projected[subscription.name].tables if subscription.name in projected else (),
                rebuild=_progress(beside.get(subscription.name), checkpoints),
                events_last_minute=subscriptions.events_per_minute(checkpoint, now=now),
            )
        )
    return states


def _progress(rebuild: ProjectionRebuild | None, checkpoints: dict[str, Checkpoint]) -> RebuildProgress | None:
    if rebuild is None:
        return None
    own = checkpoints.get(checkpoint_name(rebuild.projection)) or Checkpoint()
    with connection.cursor() as cursor:
        # Handled counts only the projection's own types; what is behind is counted along the store's order.
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM eventstore_event WHERE (transaction_id, position) > (%s, %s) LIMIT %s) x",
            [own.transaction_id, own.position, max(rebuild.events_to_read, 1)],
        )
        behind: int = cursor.fetchone()[0]
    return RebuildProgress(
        started_at=rebuild.started_at,
        reason=rebuild.reason,
        read_events=max(0, rebuild.events_to_read - behind),
        events_to_read=rebuild.events_to_read,
        failures=own.failures,
        swap_failures=rebuild.swap_failures,
    )


@dataclass(frozen=True, slots=True)
class Work:
    """Commands, processes and handlers as they stand: counts by state, and what waits too long or needs a person."""

    commands_by_state: dict[str, int]
    oldest_waiting_command_s: float
    processes_by_state: dict[str, int]
    deliveries_by_state: dict[str, int]
    disabled_handlers: int


def work(*, organizations: Organizations, now: datetime) -> Work:
    """Commands belong to people and not to organizations, so they are counted for None (superusers) alone."""
    everything = organizations is None
    commands = QueuedCommand.objects.all() if everything else QueuedCommand.objects.none()
    oldest = commands.filter(state=QueuedCommand.State.QUEUED).aggregate(at=Min("created_at"))["at"]
    handlers = EventHandler.objects.filter(_theirs(organizations))
    deliveries = Delivery.objects.filter(handler__in=handlers)
    processes = Process.objects.filter(_theirs(organizations))
    return Work(
        commands_by_state=_by_state(commands),
        oldest_waiting_command_s=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
        processes_by_state=_by_state(processes),
        deliveries_by_state=_by_state(deliveries),
        disabled_handlers=handlers.filter(is_active=False).exclude(disabled_reason="").count(),
    )


def _by_state(rows: QuerySet[Any]) -> dict[str, int]:
    return dict(rows.order_by().values_list("state").annotate(Count("pk")).order_by("state"))


@dataclass(frozen=True, slots=True)
class Totals:
    """Events counted by the projection `event_statistics`: exact up to its checkpoint, whole hours of UTC."""

    total_events: int
    events_this_hour: int
    events_last_24_hours: int
    streams: int
    uncounted_events: int


def totals(*, organizations: Organizations, now: datetime) -> Totals:
    """`events_last_24_hours` is this hour and the 23 before it. `uncounted_events` come on top, of all organizations."""
    hour = hour_of(now)
    counted = EventStatistic.objects.filter(_theirs(organizations)).aggregate(
        total=Sum("events", default=0),
        this_hour=Sum("events", filter=Q(hour__gte=hour), default=0),
        day=Sum("events", filter=Q(hour__gt=hour - timedelta(hours=24)), default=0),
    )
    checkpoint = Checkpoint.objects.filter(subscriber=EVENT_STATISTICS.name).first() or Checkpoint()
    return Totals(
        total_events=counted["total"],
        events_this_hour=counted["this_hour"],
        events_last_24_hours=counted["day"],
        streams=StreamSummary.objects.filter(_theirs(organizations)).count(),
        uncounted_events=subscriptions.lag(checkpoint, now=now).events,
    )


def events_per_type(*, organizations: Organizations, since: datetime) -> list[tuple[str, int]]:
    """Most frequent first."""
    found = EventStatistic.objects.filter(_theirs(organizations), hour__gte=since).values_list("type")
    return list(found.annotate(count=Sum("events")).order_by("-count", "type"))


def events_per_day(*, organizations: Organizations, since: datetime) -> list[tuple[datetime, int]]:
    """Days of UTC that have events, oldest first."""
    found = EventStatistic.objects.filter(_theirs(organizations), hour__gte=since)
    return list(found.annotate(day=TruncDay("hour")).values_list("day").annotate(count=Sum("events")).order_by("day"))


def events_per_hour(*, organizations: Organizations, since: datetime) -> list[tuple[datetime, int]]:
    """Hours of UTC that have events, oldest first."""
    found = EventStatistic.objects.filter(_theirs(organizations), hour__gte=since)
    return list(found.values_list("hour").annotate(count=Sum("events")).order_by("hour"))


def streams_per_kind(*, organizations: Organizations) -> list[tuple[str, int, int]]:
    """(kind, streams, events), most events first."""
    found = StreamSummary.objects.filter(_theirs(organizations)).values_list("kind")
    return list(found.annotate(streams=Count("stream"), total=Sum(F("version"))).order_by("-total", "kind"))


def longest_streams(*, organizations: Organizations, count: int) -> list[StreamSummary]:
    """The streams with most events."""
    return list(StreamSummary.objects.filter(_theirs(organizations)).order_by("-version", "stream")[:count])
