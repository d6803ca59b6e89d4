"""Verification of archived events: each file read whole, each event's hash recomputed, each link to the event before it."""

from collections.abc import Callable, Iterable, Sequence

from django.db import connection

from opinion_market.eventstore import archive_files
from opinion_market.eventstore.archive_files import EventRow
from opinion_market.eventstore.breaks import Break, BreakKind, Verification
from opinion_market.eventstore.errors import ArchiveDamaged
from opinion_market.eventstore.hashing import GENESIS
from opinion_market.eventstore.models import Archive, ArchivedEvent

_BEFORE = (
    "SELECT kept.stream, kept.hash FROM unnest(%s::text[], %s::bigint[]) AS wanted (stream, version) "
    "JOIN eventstore_archivedevent kept ON kept.stream = wanted.stream AND kept.version = wanted.version"
)


def verify_archives(
    result: Verification,
    *,
    stream: str | None = None,
    since: int | None = None,
    progress: Callable[[int], None] = lambda events: None,
) -> None:
    """Note what is broken in the files that hold events in scope; one file at a time in memory."""
    scope = ArchivedEvent.objects.all()
    if stream is not None:
        scope = scope.filter(stream=stream)
    if since is not None:
        scope = scope.filter(position__gte=since)
    if not scope.exists():
        return
    _check_beginnings(stream, result)
    archives = Archive.objects.filter(restored_at=None).order_by("pk")
    if stream is not None or since is not None:
        archives = archives.filter(pk__in=scope.order_by().values("archive"))
    for archive in archives:
        _check_file(archive, stream, since, result)
        result.archives += 1
        progress(result.events)


def predecessor_hash(stream: str, version: int) -> bytes | None:
    """The hash of a version of a stream that has been archived; None if it has not."""
    found = ArchivedEvent.objects.filter(stream=stream, version=version).values_list("hash", flat=True).first()
    return None if found is None else bytes(found)


def _check_file(archive: Archive, stream: str | None, since: int | None, result: Verification) -> None:
    try:
        rows = list(archive_files.read(archive.sha256))
    except ArchiveDamaged as damage:
        result.note(Break(BreakKind.ARCHIVE_DAMAGED, archive.file_name, 0, None, damage.message))
        return
    places = {
        position: bytes(digest)
        for position, digest in ArchivedEvent.objects.filter(archive=archive).values_list("position", "hash")
    }
    if places.keys() != {row.position for row in rows}:
        explanation = f"it holds {len(rows):,} events and {len(places):,} are looked for in it, or others"
        result.note(Break(BreakKind.ARCHIVE_DAMAGED, archive.file_name, 0, None, explanation))
    in_scope = [
        row for row in rows if (stream is None or row.stream == stream) and (since is None or row.position >= since)
    ]
    last = _hashes_before(in_scope)
    for row in in_scope:
        for kind, explanation in _faults(row, last.get(row.stream), places.get(row.position)):
            result.note(Break(kind, row.stream, row.version, row.position, explanation))
        last[row.stream] = row.hash
        result.events += 1


def _faults(row: EventRow, before: bytes | None, kept: bytes | None) -> Iterable[tuple[BreakKind, str]]:
    if before is None and row.version > 1:
        yield BreakKind.MISSING_VERSION, f"version {row.version - 1} is missing before version {row.version}"
    elif row.previous_hash != (before or GENESIS):
        yield BreakKind.WRONG_PREVIOUS_HASH, "it does not continue the event before it"
    if row.recomputed_hash() != row.hash or (kept is not None and row.hash != kept):
        yield BreakKind.WRONG_HASH, "its archived contents do not have the hash recorded with it"


def _hashes_before(rows: Sequence[EventRow]) -> dict[str, bytes]:
    """For each stream of the file the hash of the archived event before its first one."""
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row.stream, row.version)
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [list(first), [version - 1 for version in first.values()]])
        return {name: bytes(digest) for name, digest in cursor.fetchall()}


def _check_beginnings(stream: str | None, result: Verification) -> None:
    """What is archived of a stream is its beginning, without gaps; its last event is a row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT stream, max(version) FROM eventstore_archivedevent WHERE %s::text IS NULL OR stream = %s "
            "GROUP BY stream HAVING min(version) <> 1 OR max(version) <> count(*) OR NOT EXISTS (SELECT FROM "
            "eventstore_event event WHERE event.stream = eventstore_archivedevent.stream "
            "AND event.version = max(eventstore_archivedevent.version) + 1) ORDER BY stream",
            [stream, stream],
        )
        for name, version in cursor.fetchall():
            explanation = f"of the versions up to {version + 1} some are neither archived nor in the database"
            result.note(Break(BreakKind.MISSING_VERSION, name, version + 1, None, explanation))
