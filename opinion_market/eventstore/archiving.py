"""Archiving: rows of old, sealed events leave for compressed files, and can come back.

A file is written, synced and read back whole before its rows leave; rows, their places and the file's own row change in one
transaction. Killed anywhere, it leaves either the rows or the file with its places, at worst beside a file that no table
names and that the next run writes again under the same name.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from opinion_market.eventstore import archive_files
from opinion_market.eventstore.archive_files import EventRow
from opinion_market.eventstore.errors import ArchiveDamaged
from opinion_market.eventstore.models import Archive, ArchivedEvent, Seal
from opinion_market.eventstore.retention import Leaving, leaving
from opinion_market.kernel.bulk import Cell, cell, copy_lines, escape

log = logging.getLogger(__name__)

RETAINED = timedelta(days=365)
# What one file holds, give or take a stream: about 10 MB unpacked, and a second between two commits.
EVENTS_PER_FILE = 10_000
# Any number that no other advisory lock of ours has.
ARCHIVING_LOCK = 7_301_002

_FETCHED = 2000
_COLUMNS = (
    "position", "transaction_id", "stream", "version", "type", "schema_version", "data", "metadata", "recorded_at",
    "previous_hash", "hash",
)  # fmt: skip
_ROWS = (
    "SELECT event.position, transaction_id, event.stream, version, type, schema_version, data::text, metadata::text, "
    "recorded_at, previous_hash, hash FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS wanted (stream, first, last) "
    "JOIN eventstore_event event ON event.stream = wanted.stream AND version BETWEEN wanted.first AND wanted.last "
    "ORDER BY transaction_id, event.position"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A seal whose events are all older than the limit, and how many of them may leave now."""

    seal: Seal
    events: int


def candidates(*, before: datetime) -> Iterator[Candidate]:
    """Seals made before this time of which events may leave, oldest first."""
    for seal in _old_seals(before):
        if events := sum(each.events for each in leaving(seal)):
            yield Candidate(seal, events)


def _old_seals(before: datetime) -> Iterable[Seal]:
    """Those that have rows left. Sealed before this time means: each event was recorded before it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number FROM eventstore_seal seal WHERE sealed_at < %s AND EXISTS ("
            "SELECT FROM eventstore_event WHERE (transaction_id, position) >= (seal.first_transaction_id, "
            "seal.first_position) AND (transaction_id, position) <= (seal.last_transaction_id, seal.last_position)) "
            "ORDER BY number",
            [before],
        )
        numbers = [number for (number,) in cursor.fetchall()]
    return Seal.objects.filter(number__in=numbers).defer("blocks").order_by("number")


def archive_events(
    *,
    before: datetime,
    now: datetime,
    progress: Callable[[int], None] = lambda events: None,
    may_go_on: Callable[[], bool] = lambda: True,
) -> list[Archive]:
    """Archive what may leave, file by file; `progress` is told the events so far, `may_go_on` asked before each file.

    One process at a time: another one finds nothing to do. Raises OSError when a file cannot be written, ArchiveDamaged when
    it cannot be read back; nothing has left then but what earlier files hold.
    """
    made: list[Archive] = []
    events = 0
    for seal in _old_seals(before):
        for part in _parts(leaving(seal)):
            if not may_go_on():
                return made
            archive = _archive_part(seal, part, now=now)
            if archive is None:
                break
            made.append(archive)
            events += archive.events
            progress(events)
    return made


@transaction.atomic
def _archive_part(seal: Seal, part: list[Leaving], *, now: datetime) -> Archive | None:
    """One file. None if another process archives, or has archived some of it.

    Locks: an advisory lock until the commit. It gets its transaction id, and holds back the store's readers, only once the
    file is on disk.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ARCHIVING_LOCK])
        if not cursor.fetchone()[0]:
            log.info("Another process is archiving")
            return None
    written = archive_files.write(_rows(part))
    if written.events != sum(each.events for each in part):
        log.info("Another process has archived events of seal %s meanwhile", seal.number)
        return None
    places = _read_back(written)
    archive = Archive.objects.create(
        seal=seal,
        sha256=written.sha256,
        size_bytes=written.size_bytes,
        events=written.events,
        archived_at=now,
        verified_at=now,
    )
    copy_lines(
        "eventstore_archivedevent",
        ("position", "transaction_id", "stream", "version", "hash", "archive_id"),
        [
            f"{row.position}\t{row.transaction_id}\t{escape(row.stream)}\t{row.version}\t\\\\x{row.hash.hex()}\t{archive.pk}"
            for row in places
        ],
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT eventstore_remove_archived(%s)", [archive.pk])
        removed: int = cursor.fetchone()[0]
    if removed != written.events:
        raise ArchiveDamaged(f"{written.events:,} events were written and {removed:,} rows found to leave.")
    return archive


def _parts(found: list[Leaving]) -> Iterator[list[Leaving]]:
    """One file's worth after the other: as many streams as fit, of a longer stream a piece."""
    part: list[Leaving] = []
    room = EVENTS_PER_FILE
    for each in found:
        first = each.first_version
        while first <= each.last_version:
            last = min(each.last_version, first + room - 1)
            part.append(Leaving(each.stream, first, last))
            room -= part[-1].events
            first = last + 1
            if not room:
                yield part
                part, room = [], EVENTS_PER_FILE
    if part:
        yield part


def _rows(part: list[Leaving]) -> Iterator[EventRow]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            _ROWS,
            [
                [each.stream for each in part],
                [each.first_version for each in part],
                [each.last_version for each in part],
            ],
        )
        while rows := cursor.fetchmany(_FETCHED):
            yield from map(EventRow._make, rows)


def _read_back(written: archive_files.WrittenFile) -> list[EventRow]:
    """The file's rows, each with the hash that its contents have. Raises ArchiveDamaged otherwise."""
    rows = list(archive_files.read(written.sha256))
    if len(rows) != written.events or any(row.recomputed_hash() != row.hash for row in rows):
        raise ArchiveDamaged(file=archive_files.path_of(written.sha256).name)
    return rows


@transaction.atomic
def restore(*, archive: Archive, now: datetime) -> int:
    """Make a file's events rows again; the file stays. Returns how many; 0 if they are rows already.

    Locks: the file's row. Raises ArchiveDamaged.
    """
    archive = Archive.objects.select_for_update(of=("self",)).get(pk=archive.pk)
    if archive.restored_at is not None:
        return 0
    rows = list(archive_files.read(archive.sha256))
    copy_lines("eventstore_event", _COLUMNS, map(_line, rows))
    ArchivedEvent.objects.filter(archive=archive).delete()
    archive.restored_at = now
    archive.save(update_fields=["restored_at"])
    return len(rows)


def _line(row: EventRow) -> str:
    cells: tuple[Cell, ...] = (*row[:6], row.data, row.metadata, row.recorded_at)
    return "\t".join(map(cell, cells)) + f"\t\\\\x{row.previous_hash.hex()}\t\\\\x{row.hash.hex()}"
