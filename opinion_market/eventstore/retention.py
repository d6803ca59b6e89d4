"""What may leave for an archive file: events that are sealed, old enough, and that nothing which still works needs.

An event stays a row while one of these holds:
- it is the last of its stream (whoever appends continues it) or not older than the stream's oldest snapshot;
- an earlier event of its stream is still a row, so that what has left is always a stream's beginning;
- the app whose kind of stream it is says that the stream is still needed (`keep`).
"""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db import connection

from opinion_market.eventstore.models import Seal
from opinion_market.eventstore.statistics import stream_kind

# Of the streams given, those that must stay in the database whole.
StillNeeded = Callable[[Collection[str]], Collection[str]]

_still_needed: dict[str, StillNeeded] = {}


def keep(kind: str, still_needed: StillNeeded) -> None:
    """Have the streams of a kind asked for before they are archived. Raises ValueError if somebody else does already."""
    if _still_needed.setdefault(kind, still_needed) != still_needed:
        raise ValueError(f"Streams of the kind {kind!r} are asked for already.")


@dataclass(frozen=True, slots=True)
class Leaving:
    """The events of one stream that may leave, both versions included; all under one seal."""

    stream: str
    first_version: int
    last_version: int

    @property
    def events(self) -> int:
        return self.last_version - self.first_version + 1


_CANDIDATES = """
SELECT spans.stream, spans.first, least(spans.last, heads.version - 1, coalesce(snapshots.oldest - 1, spans.last))
FROM (
    SELECT stream, min(version) AS first, max(version) AS last FROM eventstore_event
    WHERE (transaction_id, position) >= (%s, %s) AND (transaction_id, position) <= (%s, %s) GROUP BY stream
) spans
CROSS JOIN LATERAL (
    SELECT version FROM eventstore_event WHERE stream = spans.stream ORDER BY version DESC LIMIT 1
) heads
CROSS JOIN LATERAL (
    SELECT version FROM eventstore_event WHERE stream = spans.stream ORDER BY version LIMIT 1
) firsts
LEFT JOIN LATERAL (
    SELECT min(version) AS oldest FROM eventstore_snapshot WHERE stream = spans.stream
) snapshots ON true
WHERE firsts.version = spans.first
AND least(spans.last, heads.version - 1, coalesce(snapshots.oldest - 1, spans.last)) >= spans.first
ORDER BY spans.stream
"""


def leaving(seal: Seal) -> list[Leaving]:
    """What may leave of the events under a seal, by stream. Reads them all."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CANDIDATES,
            [seal.first_transaction_id, seal.first_position, seal.last_transaction_id, seal.last_position],
        )
        candidates = [Leaving(*row) for row in cursor.fetchall()]
    by_kind: dict[str, list[str]] = defaultdict(list)
    for each in candidates:
        by_kind[stream_kind(each.stream)].append(each.stream)
    needed: set[str] = set()
    for kind, streams in by_kind.items():
        if kind in _still_needed:
            needed.update(_still_needed[kind](streams))
    return [each for each in candidates if each.stream not in needed]
