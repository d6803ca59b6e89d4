"""Aggregates: what a stream's events make of a thing, at any of its versions or at any moment.

Apps register their kinds in `ready()`; a stream of any other kind is folded generically. Costs are bounded: at most
MOST_REPLAYED events are read for one answer, starting from the nearest snapshot where the kind has snapshots.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from opinion_market.eventstore.errors import NoSuchVersion, TooFarBack
from opinion_market.eventstore.read import RecordedEvent, read_stream
from opinion_market.eventstore.statistics import stream_kind

# About two seconds of a market's replay.
MOST_REPLAYED = 50_000

State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """What is asked for: the stream after its event `version`; `at` if it was asked for by time."""

    stream: str
    version: int
    at: datetime | None = None

    @property
    def id(self) -> str:
        """The name's part after the kind."""
        return self.stream.partition("-")[2]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A state, and what it took: the version of the snapshot it started from (0: none) and the events applied to it."""

    state: Mapping[str, Any]
    replayed_events: int
    snapshot_version: int = 0


@dataclass(frozen=True, slots=True)
class AggregateType:
    """A kind of streams.

    `load` answers the state. `confidential`: the events hold what others than the actor own; only auditors of the
    organization read them. `snapshot` keeps a snapshot of a stream as it stands and tells whether it took one.
    """

    kind: str
    summary: str
    load: Callable[[Moment], Loaded]
    confidential: bool = False
    snapshot: Callable[[str, datetime], bool] | None = None


_registered: dict[str, AggregateType] = {}


def register(aggregate: AggregateType) -> None:
    """Raises ValueError for a kind that is taken."""
    if _registered.setdefault(aggregate.kind, aggregate) != aggregate:
        raise ValueError(f"There is another aggregate for {aggregate.kind!r}.")


def registered() -> list[AggregateType]:
    """All kinds that have been registered, by name."""
    return [_registered[kind] for kind in sorted(_registered)]


def type_of(stream: str) -> AggregateType:
    """The stream's kind; the generic one if it has none of its own."""
    return _registered.get(stream_kind(stream), GENERIC)


def folding(apply: Callable[[State, RecordedEvent], None]) -> Callable[[Moment], Loaded]:
    """A loader that applies every event up to the moment to an empty state."""

    def load(moment: Moment) -> Loaded:
        require_affordable(moment, after=0)
        state: State = {}
        for event in read_stream(moment.stream, until=moment.version):
            apply(state, event)
        return Loaded(state, moment.version)

    return load


def require_affordable(moment: Moment, *, after: int) -> None:
    """Raises TooFarBack when more than MOST_REPLAYED events lie between the nearest snapshot (`after`) and the moment."""
    if moment.version - after > MOST_REPLAYED:
        raise TooFarBack(version=moment.version, nearest_snapshot=after, most_events=MOST_REPLAYED)


def _merge(state: State, event: RecordedEvent) -> None:
    """The generic fold: how often each type happened, and the last value of every top-level field."""
    counts = state.setdefault("events", {})
    counts[event.type] = counts.get(event.type, 0) + 1
    state.setdefault("fields", {}).update(event.data)


GENERIC = AggregateType("", "How often each type happened, and the last value of every field.", folding(_merge))


@dataclass(frozen=True, slots=True)
class AsOf:
    """A stream at a moment: its state, the event it stands at, and the events around it."""

    moment: Moment
    event: RecordedEvent
    loaded: Loaded
    around: list[RecordedEvent] = field(default_factory=list)


def as_of(*, stream: str, head: int, version: int | None = None, at: datetime | None = None, around: int = 5) -> AsOf:
    """The stream at a version or a moment; as it stands at `head` without either.

    Raises NoSuchVersion for a version it never had or a moment before its first event, TooFarBack.
    """
    wanted = version if version is not None else version_at(stream, at) if at is not None else head
    events = list(read_stream(stream, after=max(0, wanted - around - 1), until=wanted + around))
    standing = next((event for event in events if event.version == wanted), None)
    if standing is None:
        raise NoSuchVersion(version=wanted, newest=head)
    moment = Moment(stream, wanted, at)
    return AsOf(moment, standing, type_of(stream).load(moment), events)


def version_at(stream: str, at: datetime) -> int:
    """The last version recorded at or before the moment; 0 before the first event.

    A binary search over the stream's index, for times grow with versions: 20 probes for a million events.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE search (low, high) AS (
              SELECT 0::bigint, coalesce(max(version), 0) FROM eventstore_event WHERE stream = %(stream)s
              UNION ALL
              SELECT CASE WHEN is_before THEN middle ELSE low END, CASE WHEN is_before THEN high ELSE middle - 1 END
              FROM (
                SELECT low, high, (low + high + 1) / 2 AS middle, (
                  SELECT recorded_at <= %(at)s FROM eventstore_event
                  WHERE stream = %(stream)s AND version = (low + high + 1) / 2
                ) AS is_before
                FROM search WHERE low < high
              ) probed
            )
            SELECT low FROM search WHERE low = high
            """,
            {"stream": stream, "at": at},
        )
        found: int = cursor.fetchone()[0]
    return found
