"""Appending: the only way into the event store."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from struct import Struct
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction

from opinion_market.eventstore.errors import VersionConflict
from opinion_market.eventstore.hashing import GENESIS, canonical_json, event_hash
from opinion_market.kernel.binary_copy import bigint_cell, bytes_cell, copy_binary, text_cell, time_cell
from opinion_market.kernel.clock import microseconds
from opinion_market.kernel.correlation import correlation_id
from opinion_market.kernel.prepared import run_prepared

_COLUMNS = (
    "position",
    "version",
    "schema_version",
    "previous_hash",
    "hash",
    "type",
    "data",
    "metadata",
    "stream",
    "recorded_at",
)
# The first five of them, each after its length.
_pack_event = Struct("!h iq iq ih i32s i32s").pack


# As in migration 0001: the sequence's increment.
POSITION_BLOCK = 64


class NewEvent(NamedTuple):
    """A fact about to be appended. `data` holds JSON values without fractions; personal data stays out of it."""

    type: str
    data: Mapping[str, object]
    at: datetime
    schema_version: int = 1
    metadata: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of a stream: its version and hash. An empty stream has version 0."""

    version: int = 0
    hash: bytes = GENESIS


@dataclass(frozen=True, slots=True)
class StreamRange:
    """Events of one stream, both versions included."""

    stream: str
    first_version: int
    last_version: int


_appended: ContextVar[list[StreamRange] | None] = ContextVar("appended", default=None)


@contextmanager
def appended_events() -> Iterator[list[StreamRange]]:
    """Collect what this thread appends inside the block, also in transactions that are rolled back later."""
    ranges: list[StreamRange] = []
    token = _appended.set(ranges)
    try:
        yield ranges
    finally:
        _appended.reset(token)


def metadata(
    *, actor: str | None, organization: str | None = None, causation: str | None = None, correlation: str | None = None
) -> dict[str, object]:
    """Who and why: the acting user's id (None for the platform itself), the organization whose affair it is (None: the
    platform's; decides which auditors may read the event), the cause, the correlation id of the work at hand."""
    return {
        "actor": actor,
        "organization_id": organization,
        "causation_id": causation,
        "correlation_id": correlation or correlation_id(),
    }


def stream_head(stream: str) -> Head:
    """The last version and hash of a stream; `Head()` if it has no events."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version, hash FROM eventstore_event WHERE stream = %s ORDER BY version DESC LIMIT 1", [stream]
        )
        row = cursor.fetchone()
    return Head(row[0], bytes(row[1])) if row else Head()


def reserve_positions(count: int) -> list[int]:
    """`count` ascending global positions, unique for ever; those not used stay gaps.

    The sequence hands out blocks of POSITION_BLOCK, so a batch costs one call and not one per event. Call it after the
    stream is locked or its head read: subscribers expect later versions at later positions.
    """
    blocks = -(-count // POSITION_BLOCK)
    starts = (
        row[0]
        for row in run_prepared("SELECT nextval('eventstore_position') FROM generate_series(1, %s::int)", [blocks])
    )
    return _positions(starts, count)


def _positions(starts: Iterable[int], count: int) -> list[int]:
    """The first `count` positions of the blocks that start there."""
    return [position for start in sorted(starts) for position in range(start, start + POSITION_BLOCK)][:count]


def append(
    *,
    stream: str,
    expected_version: int | None,
    events: Sequence[NewEvent],
    positions: Sequence[int] | None = None,
) -> Head:
    """Append to a stream whose last version the caller has read; None accepts whatever the version is.

    In the caller's transaction, or durable by itself. Returns the new head. Raises VersionConflict when the stream has another
    version, also if somebody appends at this very moment; the transaction the caller opened stays usable. Takes no lock.
    `positions` are for callers who name them in other rows, and hold a lock that guards the stream (see `reserve_positions`).
    """
    if len(events) == 1:
        return _append_one(stream, expected_version, events[0], positions[0] if positions else None)
    version, digest, last_transaction, this_transaction, starts = _head_and_positions(
        stream, 0 if positions is not None else len(events)
    )
    if expected_version not in {None, version}:
        raise VersionConflict(expected=expected_version, actual=version)
    # A transaction that had its id before the stream's last appender got one would put its events before theirs in the
    # global order. Its events take the later id instead: readers reach it only when both transactions have ended.
    later = last_transaction if this_transaction is not None and last_transaction > this_transaction else None
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            return append_after(
                head=Head(version, bytes(digest)),
                stream=stream,
                events=events,
                positions=_positions(starts, len(events)) if positions is None else positions,
                transaction_id=later,
            )
    except IntegrityError as error:
        if "event_stream_version" not in str(error):
            raise
        raise VersionConflict(expected=version) from None


# The positions are drawn after the statement's snapshot was taken, in which the head is read: if the append succeeds, what
# stands before it in the stream had drawn its own before that snapshot.
_HEAD_AND_POSITIONS = """
SELECT coalesce(head.version, 0), coalesce(head.hash, %(genesis)s::bytea), coalesce(head.transaction_id, 0),
  CASE WHEN %(within)s::boolean AND head.version IS NOT NULL THEN pg_current_xact_id()::text::bigint END,
  ARRAY(SELECT nextval('eventstore_position') FROM generate_series(1, %(blocks)s::int))
FROM (SELECT) AS always LEFT JOIN LATERAL (
  SELECT version, hash, transaction_id FROM eventstore_event
  WHERE stream = %(stream)s::text ORDER BY version DESC LIMIT 1) AS head ON true
"""


def _head_and_positions(stream: str, count: int) -> tuple[int, bytes, int, int | None, list[int]]:
    """The head's version, hash and transaction, this transaction if it began earlier, and the starts of blocks for `count` positions."""
    parameters = {
        "stream": stream,
        "genesis": GENESIS,
        "blocks": -(-count // POSITION_BLOCK),
        "within": connection.in_atomic_block,
    }
    (row,) = run_prepared(_HEAD_AND_POSITIONS, parameters).fetchall()
    return row


# One round trip and one statement, hence durable by itself outside of a transaction. PostgreSQL hashes as `event_hash` does.
# Of two who append after the same head, the second waits for the first and then inserts nothing.
_APPEND_ONE = """
INSERT INTO eventstore_event (position, stream, version, type, schema_version, data, metadata, recorded_at,
  previous_hash, hash, transaction_id)
SELECT coalesce(%(position)s::bigint, nextval('eventstore_position')), %(stream)s::text, next.version, %(type)s::text,
  %(schema_version)s::int, %(data)s::text::json, %(metadata)s::text::json, %(at)s::timestamptz, next.previous,
  sha256(next.previous || convert_to(concat_ws(E'\n', %(stream)s::text, next.version, %(type)s::text,
    %(schema_version)s::int, %(at_us)s::bigint, %(data)s::text, %(metadata)s::text), 'UTF8')),
  greatest(next.last_transaction, pg_current_xact_id()::text::bigint)
FROM (
  SELECT coalesce(head.version, 0) + 1 AS version, coalesce(head.hash, %(genesis)s::bytea) AS previous,
    coalesce(head.transaction_id, 0) AS last_transaction
  FROM (SELECT) AS always LEFT JOIN LATERAL (
    SELECT version, hash, transaction_id FROM eventstore_event
    WHERE stream = %(stream)s::text ORDER BY version DESC LIMIT 1) AS head ON true
) AS next
WHERE %(expected)s::bigint IS NULL OR next.version = %(expected)s::bigint + 1
ON CONFLICT (stream, version) DO NOTHING
RETURNING version, hash
"""


def _append_one(stream: str, expected_version: int | None, event: NewEvent, position: int | None) -> Head:
    parameters = {
        "stream": stream,
        "expected": expected_version,
        "position": position,
        "type": event.type,
        "schema_version": event.schema_version,
        "data": canonical_json(event.data).decode(),
        "metadata": canonical_json(event.metadata).decode(),
        "at": event.at,
        "at_us": microseconds(event.at),
        "genesis": GENESIS,
    }
    row = run_prepared(_APPEND_ONE, parameters, may_repeat=False).fetchone()
    if row is None:
        actual = stream_head(stream).version
        if expected_version not in {None, actual}:
            raise VersionConflict(expected=expected_version, actual=actual)
        raise VersionConflict(expected=actual)
    version, digest = row
    _note(stream, version, version)
    return Head(version, bytes(digest))


def append_after(
    *,
    head: Head,
    stream: str,
    events: Sequence[NewEvent],
    positions: Sequence[int],
    transaction_id: int | None = None,
) -> Head:
    """Append after a head the caller knows to be current (it holds the lock that guards the stream) in its transaction.

    One COPY for all events. Raises django.db.IntegrityError if the head was not current after all. The lock must be the
    first thing in the transaction that writes: a transaction gets its id then, and ids order the store's readers
    (otherwise use `append`). `transaction_id` replaces the running one; only `append` gives it.
    """
    if len(positions) < len(events):
        raise ValueError(f"{len(events)} events need as many positions, not {len(positions)}.")
    version, previous = head.version, head.hash
    columns, own = (
        (_COLUMNS, b"") if transaction_id is None else ((*_COLUMNS, "transaction_id"), bigint_cell(transaction_id))
    )
    rows: list[bytes] = []
    at, at_us, end = None, 0, b""
    described, meta = None, b""
    for event, position in zip(events, positions, strict=False):
        version += 1
        data = canonical_json(event.data)
        if event.at is not at:  # a batch's events mostly share one time
            at, at_us, end = event.at, microseconds(event.at), text_cell(stream) + time_cell(event.at) + own
        if event.metadata is not described:  # and those of one request their metadata
            described, meta = event.metadata, canonical_json(event.metadata)
        digest = event_hash(
            previous,
            stream=stream,
            version=version,
            type=event.type,
            schema_version=event.schema_version,
            at_us=at_us,
            data=data,
            metadata=meta,
        )
        numbers = _pack_event(len(columns), 8, position, 8, version, 2, event.schema_version, 32, previous, 32, digest)
        rows.append(b"".join((numbers, text_cell(event.type), bytes_cell(data), bytes_cell(meta), end)))
        previous = digest
    copy_binary("eventstore_event", columns, rows)
    if events:
        _note(stream, head.version + 1, version)
    return Head(version, previous)


def _note(stream: str, first_version: int, last_version: int) -> None:
    ranges = _appended.get()
    if ranges is not None:
        ranges.append(StreamRange(stream, first_version, last_version))
