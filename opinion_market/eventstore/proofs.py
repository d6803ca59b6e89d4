"""Inclusion proofs: that an event is the one that was sealed, for whoever has neither our database nor our word.

`tools/verify_proof.py` checks the documents made here. Everything in them is recomputed there; nothing is only for show.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from opinion_market.eventstore.errors import NotSealedYet, SealBroken
from opinion_market.eventstore.leaves import KeyRange, leaves_of_ranges
from opinion_market.eventstore.merkle import BLOCK, levels, path
from opinion_market.eventstore.models import Seal
from opinion_market.eventstore.read import GlobalKey, RecordedEvent, event_at
from opinion_market.eventstore.sealing import Block, blocks_of, last_key
from opinion_market.kernel.clock import microseconds

EVENT_FORMAT = "opinion-market event proof 1"
# 64 blocks are 65,536 leaves: 6 MB in memory at once.
_BLOCKS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Inclusion:
    """An event's place in its seal's tree, and the siblings on the way to the root, lowest first."""

    seal: Seal
    leaf_index: int
    path: tuple[bytes, ...]


def inclusion_of(event: RecordedEvent) -> Inclusion:
    """Raises NotSealedYet, SealBroken. Reads at most the 1,024 leaves around the event."""
    found = inclusions([event.key]).get(event.position)
    if found is None:
        raise NotSealedYet(position=event.position)
    return found


def seal_number_of(key: GlobalKey) -> int | None:
    """The seal that covers this place in the store's order; None while there is none."""
    return next((number for number, _ in _sealed_in([key])), None)


def inclusions(keys: Collection[GlobalKey]) -> dict[int, Inclusion]:
    """By position; events that are not sealed yet are left out. Raises SealBroken.

    Reads the 1,024 leaves around each event, those of 64 such blocks per statement.
    """
    in_seal: dict[int, list[GlobalKey]] = defaultdict(list)
    for number, key in _sealed_in(keys):
        in_seal[number].append(key)
    seals = Seal.objects.select_related("key").in_bulk(in_seal)
    wanted: list[_WantedBlock] = []
    for number, sealed in in_seal.items():
        wanted += _wanted_blocks(seals[number], sealed)
    found: dict[int, Inclusion] = {}
    for start in range(0, len(wanted), _BLOCKS_AT_ONCE):
        part = wanted[start : start + _BLOCKS_AT_ONCE]
        for block, leaves in zip(part, leaves_of_ranges([block.range for block in part]), strict=True):
            found |= _included(block, leaves)
    return found


def _sealed_in(keys: Collection[GlobalKey]) -> Iterator[tuple[int, GlobalKey]]:
    """(number of the seal, key) of those that are sealed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seal.number, wanted.transaction_id, wanted.position "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (transaction_id, position) CROSS JOIN LATERAL ("
            "SELECT number FROM eventstore_seal WHERE (last_transaction_id, last_position) >= "
            "(wanted.transaction_id, wanted.position) ORDER BY last_transaction_id, last_position LIMIT 1) seal",
            [[key.transaction_id for key in keys], [key.position for key in keys]],
        )
        for number, transaction_id, position in cursor.fetchall():
            yield number, GlobalKey(transaction_id, position)


@dataclass(frozen=True, slots=True)
class _WantedBlock:
    """A block of a seal, the siblings of its root, and the positions in it that are asked for."""

    seal: Seal
    number: int
    block: Block
    range: KeyRange
    siblings: list[bytes]
    positions: frozenset[int]


def _wanted_blocks(seal: Seal, keys: Sequence[GlobalKey]) -> Iterator[_WantedBlock]:
    blocks = blocks_of(seal)
    firsts = [block.first for block in blocks]
    above = levels([block.root for block in blocks])
    if above[-1][0] != bytes(seal.root):
        raise SealBroken(seal=seal.number)
    ends = [*firsts[1:], GlobalKey(last_key(seal).transaction_id, last_key(seal).position + 1)]
    by_block: dict[int, set[int]] = defaultdict(set)
    for key in keys:
        # An event that somebody put before the seal's first one has no block; the first one's root shows that.
        by_block[max(0, bisect_right(firsts, key) - 1)].add(key.position)
    for number, positions in by_block.items():
        yield _WantedBlock(
            seal=seal,
            number=number,
            block=blocks[number],
            range=KeyRange(firsts[number], ends[number]),
            siblings=path(above, number),
            positions=frozenset(positions),
        )


def _included(wanted: _WantedBlock, leaves: Sequence[tuple[int, bytes]]) -> dict[int, Inclusion]:
    tree = levels([leaf for _, leaf in leaves]) if leaves else [[b""]]
    indexes = {position: index for index, (position, _) in enumerate(leaves) if position in wanted.positions}
    if tree[-1][0] != wanted.block.root or len(indexes) != len(wanted.positions):
        raise SealBroken(seal=wanted.seal.number)
    return {
        position: Inclusion(wanted.seal, wanted.number * BLOCK + index, (*path(tree, index), *wanted.siblings))
        for position, index in indexes.items()
    }


def event_document(event: RecordedEvent) -> dict[str, object]:
    """An event in the form its hash is computed from, with the hash."""
    return {
        "position": event.position,
        "stream": event.stream,
        "version": event.version,
        "type": event.type,
        "schema_version": event.recorded_schema_version,
        "at_us": microseconds(event.recorded_at),
        "data": event.recorded_data,
        "metadata": event.metadata,
        "previous_hash": event.previous_hash.hex(),
        "hash": event.hash.hex(),
    }


def seal_document(seal: Seal) -> dict[str, object]:
    """A seal, read with its key: what it covers, its chain, its signature, and the public key to check it with."""
    return {
        "number": seal.number,
        "first": {"transaction_id": seal.first_transaction_id, "position": seal.first_position},
        "last": {"transaction_id": seal.last_transaction_id, "position": seal.last_position},
        "events": seal.events,
        "root": bytes(seal.root).hex(),
        "previous_hash": bytes(seal.previous_hash).hex(),
        "hash": bytes(seal.hash).hex(),
        "sealed_at_us": microseconds(seal.sealed_at),
        "key_id": seal.key_id,
        "public_key": bytes(seal.key.public_key).hex(),
        "signature": bytes(seal.signature).hex(),
    }


def inclusion_document(inclusion: Inclusion) -> dict[str, object]:
    """Where the leaf is and how it leads to the root; the seal itself stands elsewhere in the document."""
    return {
        "seal": inclusion.seal.number,
        "leaf_index": inclusion.leaf_index,
        "path": [node.hex() for node in inclusion.path],
    }


def event_proof(position: int) -> dict[str, object]:
    """The proof document of one event. Raises EventNotFound, NotSealedYet, SealBroken, ArchiveDamaged."""
    event = event_at(position)
    inclusion = inclusion_of(event)
    return {
        "format": EVENT_FORMAT,
        "event": event_document(event),
        "inclusion": inclusion_document(inclusion),
        "seal": seal_document(inclusion.seal),
    }
