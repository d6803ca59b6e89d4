"""Verification: every stream's hash chain recomputed from what is recorded.

Found: an event whose data, metadata, type or time was changed (`wrong_hash`), one removed, moved or inserted inside a stream
(`missing_version`, `wrong_previous_hash`), events removed from a stream's end or a stream removed whole, as long as the
stream's summary or a snapshot remembers it (`missing_end`), and versions that stand in another order in the store than in
their stream (`out_of_order`). Archived events are checked in their files, and the chain across the boundary. The whole store's
check looks at the seals too (`verify_seals`), which find a chain that was recomputed to its end.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction

from opinion_market.eventstore.archive_files import EventRow
from opinion_market.eventstore.breaks import Break, BreakKind, Verification
from opinion_market.eventstore.hashing import GENESIS
from opinion_market.eventstore.verify_archives import predecessor_hash, verify_archives
from opinion_market.eventstore.verify_seals import verify_seals

_FETCHED = 2000

_IN_SCOPE = "(%(stream)s::text IS NULL OR stream = %(stream)s) AND (%(since)s::bigint IS NULL OR position >= %(since)s)"
_EVENTS = (
    "SELECT position, transaction_id, stream, version, type, schema_version, data::text, metadata::text, recorded_at, "  # noqa: S608 - no input
    f"previous_hash, hash FROM eventstore_event WHERE {_IN_SCOPE} ORDER BY stream, version"
)
_REMEMBERED = (
    "SELECT stream, max(version) FROM (SELECT stream, version FROM eventstore_streamsummary "
    "UNION ALL SELECT stream, version FROM eventstore_snapshot) known "
    "WHERE (%(stream)s::text IS NULL OR stream = %(stream)s) GROUP BY stream HAVING NOT EXISTS "
    "(SELECT FROM eventstore_event e WHERE e.stream = known.stream AND e.version = max(known.version)) ORDER BY stream"
)


@transaction.atomic
def verify_events(
    *, stream: str | None = None, since: int | None = None, progress: Callable[[int], None] = lambda events: None
) -> Verification:
    """Recompute the chains of all streams, with the seals, of one, or of the events from a global position on.

    Streams rows through a server-side cursor in constant memory; takes no lock; `progress` is told the events so far, and
    then the leaves of the seals so far.
    """
    result = Verification()
    verify_archives(result, stream=stream, since=since, progress=progress)
    scope = {"stream": stream, "since": since}
    before: EventRow | None = None
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
    if stream is None and since is None:
        verify_seals(result, progress=progress)
    return result


def _links(scope: dict[str, Any]) -> Iterator[EventRow]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_EVENTS, scope)
        while rows := cursor.fetchmany(_FETCHED):
            for row in rows:
                yield EventRow(*row)


def _predecessor(link: EventRow) -> EventRow | None:
    with connection.cursor() as cursor:
        cursor.execute(
            _EVENTS.replace("ORDER BY", "AND version = %(version)s ORDER BY"),
            {"stream": link.stream, "since": None, "version": link.version - 1},
        )
        row = cursor.fetchone()
    return EventRow(*row) if row else None


def _check(link: EventRow, before: EventRow | None, result: Verification) -> None:
    """Each event is judged against the recorded one before it, so that one break is not repeated down the stream."""

    def note(kind: BreakKind, explanation: str) -> None:
        result.note(Break(kind, link.stream, link.version, link.position, explanation))

    last_version, last_hash = (before.version, bytes(before.hash)) if before else (0, GENESIS)
    if before is None and link.version > 1 and (archived := predecessor_hash(link.stream, link.version - 1)):
        last_version, last_hash = link.version - 1, archived
    if link.version != last_version + 1:
        note(BreakKind.MISSING_VERSION, f"version {last_version + 1} is missing before version {link.version}")
    elif bytes(link.previous_hash) != last_hash:
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
