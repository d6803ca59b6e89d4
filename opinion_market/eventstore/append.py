"""Appending: the only way into the event store."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from opinion_market.eventstore.errors import VersionConflict
from opinion_market.eventstore.hashing import GENESIS, canonical_json, event_hash
from opinion_market.kernel.bulk import copy_lines
from opinion_market.kernel.clock import microseconds
from opinion_market.kernel.correlation import correlation_id
from opinion_market.kernel.prepared import run_prepared

_COLUMNS = (
    "position",
    "stream",
    "version",
    "type",
    "schema_version",
    "data",
    "metadata",
    "recorded_at",
    "previous_hash",
    "hash",
)


# As in migration 0001: the sequence's increment.
POSITION_BLOCK = 64


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A fact about to be appended. `data` holds JSON values without fractions; personal data stays out of it."""

    type: str
    data: Mapping[str, object]
    at: datetime
    schema_version: int = 1
    metadata: Mapping[str, object] = field(default_factory=dict)


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
    starts = sorted(
        row[0]
        for row in run_prepared("SELECT nextval('eventstore_position') FROM generate_series(1, %s::int)", [blocks])
    )
    return [position for start in starts for position in range(start, start + POSITION_BLOCK)][:count]


@transaction.atomic
def append(
    *,
    stream: str,
    expected_version: int | None,
    events: Sequence[NewEvent],
    positions: Sequence[int] | None = None,
) -> Head:
    """Append to a stream whose last version the caller has read; None accepts whatever the version is.

    Returns the new head. Raises VersionConflict when the stream has another version, also if somebody appends at this
    very moment; the transaction the caller opened stays usable. Takes no lock. `positions` are for callers who name them
    in other rows, and hold a lock that guards the stream (see `reserve_positions`).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version, hash, transaction_id, pg_current_xact_id()::text::bigint FROM eventstore_event "
            "WHERE stream = %s ORDER BY version DESC LIMIT 1",
            [stream],
        )
        version, digest, last_transaction, this_transaction = cursor.fetchone() or (0, GENESIS, 0, 0)
    if expected_version not in {None, version}:
        raise VersionConflict(expected=expected_version, actual=version)
    # A transaction that had its id before the stream's last appender got one would put its events before theirs in the
    # global order. Its events take the later id instead: readers reach it only when both transactions have ended.
    later = last_transaction if last_transaction > this_transaction else None
    try:
        with transaction.atomic():
            return append_after(
                head=Head(version, bytes(digest)),
                stream=stream,
                events=events,
                positions=reserve_positions(len(events)) if positions is None else positions,
                transaction_id=later,
            )
    except IntegrityError as error:
        if "event_stream_version" not in str(error):
            raise
        raise VersionConflict(expected=version) from None


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
    columns, suffix = (
        (_COLUMNS, "") if transaction_id is None else ((*_COLUMNS, "transaction_id"), f"\t{transaction_id}")
    )
    lines: list[str] = []
    at, at_us, at_text = None, 0, ""
    for event, position in zip(events, positions, strict=False):
        version += 1
        data, meta = canonical_json(event.data), canonical_json(event.metadata)
        if event.at is not at:  # a batch's events mostly share one time; its formatting is as dear as a hash
            at, at_us, at_text = event.at, microseconds(event.at), str(event.at)
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
        # Canonical JSON escapes control characters, so backslashes are all that COPY could misread in it.
        document = f"{data.decode()}\t{meta.decode()}".replace("\\", "\\\\")
        lines.append(
            f"{position}\t{stream}\t{version}\t{event.type}\t{event.schema_version}\t{document}\t{at_text}\t"
            f"\\\\x{previous.hex()}\t\\\\x{digest.hex()}{suffix}"
        )
        previous = digest
    copy_lines("eventstore_event", columns, lines)
    ranges = _appended.get()
    if ranges is not None and events:
        ranges.append(StreamRange(stream, head.version + 1, version))
    return Head(version, previous)
