"""Reading what has been archived: the database knows in which file an event lies, the file has its contents."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import connection

from opinion_market.eventstore import archive_files
from opinion_market.eventstore.archive_files import EventRow

_PLACES = (
    "SELECT kept.position, file.sha256 FROM eventstore_archivedevent kept "
    "JOIN eventstore_archive file ON file.id = kept.archive_id WHERE "
)


def rows_of_stream(stream: str, *, after: int, until: int | None, limit: int) -> list[EventRow]:
    """Archived events of a stream with after < version <= until, by version. Raises ArchiveDamaged."""
    return _rows(
        "kept.stream = %s AND kept.version > %s AND (%s::bigint IS NULL OR kept.version <= %s) "
        "ORDER BY kept.version LIMIT %s",
        [stream, after, until, until, limit],
    )


def rows_between(after: tuple[int, int], until: tuple[int, int]) -> list[EventRow]:
    """Archived events with after < (transaction id, position) <= until, in that order. Raises ArchiveDamaged."""
    return _rows(
        "(kept.transaction_id, kept.position) > (%s, %s) AND (kept.transaction_id, kept.position) <= (%s, %s) "
        "ORDER BY kept.transaction_id, kept.position",
        [*after, *until],
    )


def row_at(position: int) -> EventRow | None:
    """The archived event at a global position; None if none there is archived. Raises ArchiveDamaged."""
    return next(iter(_rows("kept.position = %s", [position])), None)


def rows_at(positions: Sequence[int]) -> list[EventRow]:
    """The archived ones among the events at these positions, in the store's order. Raises ArchiveDamaged."""
    return _rows("kept.position = ANY(%s) ORDER BY kept.transaction_id, kept.position", [list(positions)])


def _rows(condition: str, parameters: list[Any]) -> list[EventRow]:
    """`condition` is SQL from this module, never input. Each file is unpacked once."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACES + condition, parameters)
        places: list[tuple[int, str]] = cursor.fetchall()
    in_file: dict[str, list[int]] = defaultdict(list)
    for position, sha256 in places:
        in_file[sha256].append(position)
    found = {
        row.position: row for sha256, positions in in_file.items() for row in archive_files.rows_at(sha256, positions)
    }
    return [found[position] for position, _ in places]
