"""Two projections of the store itself: events per hour, type and organization; and what streams there are."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from opinion_market.eventstore.models import EventStatistic, StreamSummary
from opinion_market.eventstore.projections import Projection
from opinion_market.eventstore.read import RecordedEvent


def stream_kind(stream: str) -> str:
    """`market` for `market-<uuid>`."""
    return stream.partition("-")[0]


def hour_of(at: datetime) -> datetime:
    """Start of the hour, UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _count(events: Sequence[RecordedEvent]) -> None:
    counts = Counter((hour_of(event.recorded_at), event.type, event.organization_id) for event in events)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventstore_eventstatistic AS kept (hour, type, organization_id, events) "
            "SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::uuid[], %s::bigint[]) "
            "ON CONFLICT (hour, type, organization_id) DO UPDATE SET events = kept.events + excluded.events",
            [*map(list, zip(*counts, strict=True)), list(counts.values())],
        )


def _summarize(events: Sequence[RecordedEvent]) -> None:
    first: dict[str, RecordedEvent] = {}
    last: dict[str, RecordedEvent] = {}
    organizations: dict[str, UUID | None] = {}
    for event in events:
        first.setdefault(event.stream, event)
        last[event.stream] = event
        organizations[event.stream] = organizations.get(event.stream) or event.organization_id
    streams = list(last)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventstore_streamsummary AS kept "
            "(stream, kind, organization_id, version, last_type, first_recorded_at, last_recorded_at) "
            "SELECT * FROM unnest(%s::text[], %s::text[], %s::uuid[], %s::bigint[], %s::text[], %s::timestamptz[], "
            "%s::timestamptz[]) ON CONFLICT (stream) DO UPDATE SET version = excluded.version, "
            "organization_id = coalesce(kept.organization_id, excluded.organization_id), "
            "last_type = excluded.last_type, last_recorded_at = excluded.last_recorded_at",
            [
                streams,
                [stream_kind(stream) for stream in streams],
                [organizations[stream] for stream in streams],
                [last[stream].version for stream in streams],
                [last[stream].type for stream in streams],
                [first[stream].recorded_at for stream in streams],
                [last[stream].recorded_at for stream in streams],
            ],
        )


EVENT_STATISTICS = Projection(
    "event_statistics", _count, reset=EventStatistic.objects.all().delete, tables=("eventstore_eventstatistic",)
)
STREAM_SUMMARIES = Projection(
    "stream_summaries", _summarize, reset=StreamSummary.objects.all().delete, tables=("eventstore_streamsummary",)
)
