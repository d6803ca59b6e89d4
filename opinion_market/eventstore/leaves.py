"""The hashes of events in the store's order, whether their rows are still there or have left for an archive file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from opinion_market.eventstore.merkle import leaf_hash
from opinion_market.eventstore.read import HORIZON, GlobalKey

_FETCHED = 2048

_IN = "(transaction_id, position) > (%(after_transaction)s, %(after_position)s) AND {until}"
_UNTIL = "(transaction_id, position) <= (%(until_transaction)s, %(until_position)s)"
_SELECT = (
    "SELECT transaction_id, position, hash FROM eventstore_event WHERE {where} "
    "UNION ALL SELECT transaction_id, position, hash FROM eventstore_archivedevent WHERE {where} "
    "ORDER BY transaction_id, position LIMIT %(limit)s"
)
_BLOCKS = (
    "SELECT wanted.number, found.position, found.hash FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::bigint[], "
    "%s::bigint[]) AS wanted (number, from_transaction, from_position, to_transaction, to_position) CROSS JOIN LATERAL ("
    "SELECT transaction_id, position, hash FROM eventstore_event WHERE (transaction_id, position) >= "
    "(wanted.from_transaction, wanted.from_position) AND (transaction_id, position) < "
    "(wanted.to_transaction, wanted.to_position) "
    "UNION ALL SELECT transaction_id, position, hash FROM eventstore_archivedevent WHERE (transaction_id, position) >= "
    "(wanted.from_transaction, wanted.from_position) AND (transaction_id, position) < "
    "(wanted.to_transaction, wanted.to_position)) found "
    "ORDER BY wanted.number, found.transaction_id, found.position"
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """An event's place in the store's order, and its leaf's hash."""

    key: GlobalKey
    hash: bytes


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Events with start <= key < end."""

    start: GlobalKey
    end: GlobalKey


def leaves_between(after: GlobalKey, until: GlobalKey | None = None, *, limit: int | None = None) -> Iterator[Leaf]:
    """Leaves with after < key <= until in order; without `until`, as far as nothing can be inserted before them any more.

    A server-side cursor in constant memory; to be called within a transaction.
    """
    # The horizon's text is put in at call time.
    where = _IN.format(until=_UNTIL if until is not None else f"transaction_id < {HORIZON}")
    end = until or GlobalKey()
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            _SELECT.format(where=where),
            {
                "after_transaction": after.transaction_id,
                "after_position": after.position,
                "until_transaction": end.transaction_id,
                "until_position": end.position,
                "limit": limit,
            },
        )
        while rows := cursor.fetchmany(_FETCHED):
            for transaction_id, position, digest in rows:
                yield Leaf(GlobalKey(transaction_id, position), leaf_hash(position, bytes(digest)))


def leaves_of_ranges(ranges: Sequence[KeyRange]) -> list[list[tuple[int, bytes]]]:
    """For each range its leaves in order, as (position, leaf's hash). One statement."""
    found: list[list[tuple[int, bytes]]] = [[] for _ in ranges]
    with connection.cursor() as cursor:
        cursor.execute(
            _BLOCKS,
            [
                list(range(len(ranges))),
                [each.start.transaction_id for each in ranges],
                [each.start.position for each in ranges],
                [each.end.transaction_id for each in ranges],
                [each.end.position for each in ranges],
            ],
        )
        for number, position, digest in cursor.fetchall():
            found[number].append((position, leaf_hash(position, bytes(digest))))
    return found
