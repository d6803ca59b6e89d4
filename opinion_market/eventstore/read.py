"""Reading events: one stream, or the whole store in its one order.

What has been archived is read from its file where `read_stream`, `read_window` and `event_at` come to it; the database knows
what lies where, so whoever reads only what is recent pays for no file.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from opinion_market.eventstore import archived
from opinion_market.eventstore.errors import EventNotFound
from opinion_market.eventstore.upcasting import upcast

# No event below this transaction id can appear any more: everything below has committed or been rolled back.
# Evaluated with the same snapshot as the query it stands in.
HORIZON = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"

_COLUMNS = (
    "position, transaction_id, stream, version, type, schema_version, data::text, metadata::text, recorded_at, "
    "previous_hash, hash"
)


@dataclass(frozen=True, slots=True, order=True)
class GlobalKey:
    """A place in the store's one order. The default stands before every event."""

    transaction_id: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as it stands in the store. `data` has the newest shape; `recorded_data` is what was hashed."""

    position: int
    transaction_id: int
    stream: str
    version: int
    type: str
    schema_version: int
    data: dict[str, Any]
    metadata: dict[str, Any]
    recorded_at: datetime
    previous_hash: bytes
    hash: bytes
    recorded_schema_version: int
    recorded_data: dict[str, Any]

    @property
    def key(self) -> GlobalKey:
        return GlobalKey(self.transaction_id, self.position)

    @property
    def organization_id(self) -> UUID | None:
        """The organization whose affair it is; None for the platform's own, and for what is no id at all."""
        try:
            return UUID(self.metadata.get("organization_id"))
        except (TypeError, ValueError, AttributeError):
            return None


def _event(row: tuple[Any, ...]) -> RecordedEvent:
    recorded_data = orjson.loads(row[6])
    schema_version, data = upcast(row[4], row[5], recorded_data)
    return RecordedEvent(
        position=row[0],
        transaction_id=row[1],
        stream=row[2],
        version=row[3],
        type=row[4],
        schema_version=schema_version,
        data=data,
        metadata=orjson.loads(row[7]),
        recorded_at=row[8],
        previous_hash=bytes(row[9]),
        hash=bytes(row[10]),
        recorded_schema_version=row[5],
        recorded_data=recorded_data,
    )


def _fetch(condition: str, parameters: list[Any]) -> list[RecordedEvent]:
    """`condition` is SQL from this package, never input."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM eventstore_event WHERE {condition}", parameters)  # noqa: S608
        return [_event(row) for row in cursor.fetchall()]


def read_stream(stream: str, *, after: int = 0, until: int | None = None, batch: int = 1000) -> Iterator[RecordedEvent]:
    """Events of a stream with after < version <= until, oldest first, `batch` per query. Sees the caller's own appends.

    Raises ArchiveDamaged when the beginning has been archived and its file cannot be read.
    """
    while True:
        events = _fetch(
            "stream = %s AND version > %s AND (%s::bigint IS NULL OR version <= %s) ORDER BY version LIMIT %s",
            [stream, after, until, until, batch],
        )
        # What is archived is a stream's beginning, never its last event: a gap before the first row, or no row up to `until`.
        last = (events[0].version - 1 if events else until) or 0
        if last > after and (old := archived.rows_of_stream(stream, after=after, until=last, limit=batch)):
            yield from map(_event, old)
            after = old[-1].version
            continue
        yield from events
        if len(events) < batch:
            return
        after = events[-1].version


def read_all(
    *, after: GlobalKey = GlobalKey(), limit: int = 1000, types: Collection[str] | None = None, stream_prefix: str = ""
) -> list[RecordedEvent]:
    """The next events of the whole store in its one order, as far as nothing can be inserted before them any more.

    A rare `types` or `stream_prefix` makes PostgreSQL look at many events to find `limit`; `read_window` bounds that, and
    alone gives what has been archived.
    """
    condition, parameters = "", list[Any]()
    if types is not None:
        condition += " AND type = ANY(%s)"
        parameters.append(list(types))
    if stream_prefix:
        condition += " AND starts_with(stream, %s)"
        parameters.append(stream_prefix)
    return _fetch(
        f"(transaction_id, position) > (%s, %s) AND transaction_id < {HORIZON}{condition} "
        "ORDER BY transaction_id, position LIMIT %s",
        [after.transaction_id, after.position, *parameters, limit],
    )


def read_window(
    *, after: GlobalKey, size: int, types: Collection[str] | Callable[[], Collection[str]] | None = None
) -> tuple[GlobalKey, list[RecordedEvent]]:
    """Look at the next `size` events: the key of the last one looked at, and those among them that have one of `types`.

    Types that are asked for are asked for when it is settled which events are looked at, so the answer is younger than they.

    The key equals `after` when there is nothing new. What lies below the horizon is final, so two queries may read it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT transaction_id, position FROM (SELECT transaction_id, position FROM eventstore_event "  # noqa: S608
            f"WHERE (transaction_id, position) > (%s, %s) AND transaction_id < {HORIZON} "
            "UNION ALL SELECT transaction_id, position FROM eventstore_archivedevent "
            "WHERE (transaction_id, position) > (%s, %s) "
            "ORDER BY transaction_id, position LIMIT %s) looked_at ORDER BY transaction_id DESC, position DESC LIMIT 1",
            [after.transaction_id, after.position, after.transaction_id, after.position, size],
        )
        row = cursor.fetchone()
    if row is None:
        return after, []
    until = GlobalKey(*row)
    old = archived.rows_between((after.transaction_id, after.position), row)
    wanted = None if types is None else list(types() if callable(types) else types)
    if wanted == []:
        return until, []
    events = _fetch(
        "(transaction_id, position) > (%s, %s) AND (transaction_id, position) <= (%s, %s) "
        "AND (%s::text[] IS NULL OR type = ANY(%s)) ORDER BY transaction_id, position",
        [after.transaction_id, after.position, until.transaction_id, until.position, wanted, wanted],
    )
    if old:
        events += [_event(row) for row in old if wanted is None or row.type in wanted]
        events.sort(key=lambda event: event.key)
    return until, events


def event_at(position: int) -> RecordedEvent:
    """The event at a global position, archived or not. Raises EventNotFound, ArchiveDamaged."""
    events = _fetch("position = %s", [position])
    if events:
        return events[0]
    row = archived.row_at(position)
    if row is None:
        raise EventNotFound(position=position)
    return _event(row)


def events_at(positions: Collection[int]) -> list[RecordedEvent]:
    """The events at these global positions, archived or not, in the store's order; unknown ones are left out.

    Raises ArchiveDamaged.
    """
    events = _fetch("position = ANY(%s) ORDER BY transaction_id, position", [list(positions)])
    if missing := set(positions).difference(event.position for event in events):
        events += [_event(row) for row in archived.rows_at(sorted(missing))]
        events.sort(key=lambda event: event.key)
    return events
