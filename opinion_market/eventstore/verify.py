"""Verification: every stream's hash chain recomputed from what is recorded.

Found: an event whose data, metadata, type or time was changed (`wrong_hash`), one removed, moved or inserted inside a stream
(`missing_version`, `wrong_previous_hash`), events removed from a stream's end or a stream removed whole, as long as the
stream's summary or a snapshot remembers it (`missing_end`), and versions that stand in another order in the store than in
their stream (`out_of_order`). Not found: a chain that somebody with the table owner's rights has recomputed to its end.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from django.db import connection, transaction

from opinion_market.eventstore.hashing import GENESIS, canonical_json, event_hash
from opinion_market.kernel.clock import microseconds

_FETCHED = 2000

_IN_SCOPE = "(%(stream)s::text IS NULL OR stream = %(stream)s) AND (%(since)s::bigint IS NULL OR position >= %(since)s)"
_EVENTS = (
    "SELECT stream, version, position, transaction_id, type, schema_version, data::text, metadata::text, recorded_at, "  # noqa: S608 - no input
    f"previous_hash, hash FROM eventstore_event WHERE {_IN_SCOPE} ORDER BY stream, version"
)
_REMEMBERED = (
    "SELECT stream, max(version) FROM (SELECT stream, version FROM eventstore_streamsummary "
    "UNION ALL SELECT stream, version FROM eventstore_snapshot) known "
    "WHERE (%(stream)s::text IS NULL OR stream = %(stream)s) GROUP BY stream HAVING NOT EXISTS "
    "(SELECT FROM eventstore_event e WHERE e.stream = known.stream AND e.version = max(known.version)) ORDER BY stream"
)


class BreakKind(StrEnum):
    MISSING_VERSION = "missing_version"
    WRONG_PREVIOUS_HASH = "wrong_previous_hash"
    WRONG_HASH = "wrong_hash"
    OUT_OF_ORDER = "out_of_order"
    MISSING_END = "missing_end"


@dataclass(frozen=True, slots=True)
class Break:
    """A broken link: the event at which it shows. `position` is None when that event is the missing one."""

    kind: BreakKind
    stream: str
    version: int
    position: int | None
    explanation: str


@dataclass(slots=True)
class Verification:
    """What was looked at, how many links are broken, and the first broken one of each kind."""

    events: int = 0
    streams: int = 0
    counts: Counter[BreakKind] = field(default_factory=Counter)
    first: dict[BreakKind, Break] = field(default_factory=dict)

    @property
    def intact(self) -> bool:
        return not self.counts

    def note(self, found: Break) -> None:
        self.counts[found.kind] += 1
        self.first.setdefault(found.kind, found)


@dataclass(frozen=True, slots=True)
class _Link:
    stream: str
    version: int
    position: int
    transaction_id: int
    type: str
    schema_version: int
    data: str
    metadata: str
    recorded_at: datetime
    previous_hash: bytes
    hash: bytes

    def recomputed_hash(self) -> bytes:
        return event_hash(
            bytes(self.previous_hash),
            stream=self.stream,
            version=self.version,
            type=self.type,
            schema_version=self.schema_version,
            at_us=microseconds(self.recorded_at),
            data=canonical_json(orjson.loads(self.data)),
            metadata=canonical_json(orjson.loads(self.metadata)),
        )


@transaction.atomic
def verify_events(
    *, stream: str | None = None, since: int | None = None, progress: Callable[[int], None] = lambda events: None
) -> Verification:
    """Recompute the chains of all streams, of one, or of the events from a global position on.

    Streams rows through a server-side cursor in constant memory; takes no lock; `progress` is told the events so far.
    """
    result = Verification()
    scope = {"stream": stream, "since": since}
    before: _Link | None = None
    for link in _links(scope):
        if before is None or before.stream != link.stream:
            result.streams += 1
            before = _predecessor(link) if since is not None else None
        _check(link, before, result)
        before = link
        result.events += 1
        if result.events % _FETCHED == 0:
            progress(result.events)
    _check_ends(scope, result)
    progress(result.events)
    return result


def _links(scope: dict[str, Any]) -> Iterator[_Link]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_EVENTS, scope)
        while rows := cursor.fetchmany(_FETCHED):
            for row in rows:
                yield _Link(*row)


def _predecessor(link: _Link) -> _Link | None:
    with connection.cursor() as cursor:
        cursor.execute(
            _EVENTS.replace("ORDER BY", "AND version = %(version)s ORDER BY"),
            {"stream": link.stream, "since": None, "version": link.version - 1},
        )
        row = cursor.fetchone()
    return _Link(*row) if row else None


def _check(link: _Link, before: _Link | None, result: Verification) -> None:
    """Each event is judged against the recorded one before it, so that one break is not repeated down the stream."""

    def note(kind: BreakKind, explanation: str) -> None:
        result.note(Break(kind, link.stream, link.version, link.position, explanation))

    last_version = before.version if before else 0
    if link.version != last_version + 1:
        note(BreakKind.MISSING_VERSION, f"version {last_version + 1} is missing before version {link.version}")
    elif bytes(link.previous_hash) != (bytes(before.hash) if before else GENESIS):
        note(BreakKind.WRONG_PREVIOUS_HASH, "it does not continue the event before it")
    if before and (link.transaction_id, link.position) < (before.transaction_id, before.position):
        note(BreakKind.OUT_OF_ORDER, "it stands before its predecessor in the store's order")
    if link.recomputed_hash() != bytes(link.hash):
        note(BreakKind.WRONG_HASH, "its contents do not have the hash recorded with it")


def _check_ends(scope: dict[str, Any], result: Verification) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBERED, scope)
        for stream, version in cursor.fetchall():
            explanation = f"the stream is known to have reached version {version}, which is not there"
            result.note(Break(BreakKind.MISSING_END, stream, version, None, explanation))
