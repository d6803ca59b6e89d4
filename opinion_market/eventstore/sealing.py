"""Seals: every hour the events that are new get a Merkle root, chained to the seal before and signed.

A seal's content, which its hash and its signature cover, is text, one line each: `opinion-market seal 1`, number, first key's
transaction id and position, last key's, number of events, root, previous seal's hash (hexadecimal), time in microseconds
since 1970, key id.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from opinion_market.eventstore.hashing import GENESIS
from opinion_market.eventstore.leaves import leaves_between
from opinion_market.eventstore.merkle import BLOCK, root
from opinion_market.eventstore.models import Seal
from opinion_market.eventstore.read import GlobalKey
from opinion_market.eventstore.seal_keys import SigningKey, introduce_key
from opinion_market.kernel.clock import microseconds

log = logging.getLogger(__name__)

# About 5 s of work and 1 MB of memory; what is beyond goes into the next seal of the same run.
MOST_EVENTS = 1_000_000
# Any number that no other advisory lock of ours has.
SEALING_LOCK = 7_301_001


def content(seal: Seal) -> bytes:
    """What the seal's hash and signature cover."""
    return (
        f"opinion-market seal 1\n{seal.number}\n{seal.first_transaction_id}\n{seal.first_position}\n"
        f"{seal.last_transaction_id}\n{seal.last_position}\n{seal.events}\n{bytes(seal.root).hex()}\n"
        f"{bytes(seal.previous_hash).hex()}\n{microseconds(seal.sealed_at)}\n{seal.key_id}\n"
    ).encode()


def last_key(seal: Seal) -> GlobalKey:
    """The place of the last event it covers."""
    return GlobalKey(seal.last_transaction_id, seal.last_position)


@dataclass(frozen=True, slots=True)
class Block:
    """1,024 leaves of a seal, or what is left at its end: the first one's place and the root over them."""

    first: GlobalKey
    root: bytes


_BLOCK_BYTES = 48


def pack(blocks: list[Block]) -> bytes:
    """Blocks as a seal's row keeps them."""
    return b"".join(
        block.first.transaction_id.to_bytes(8, "big") + block.first.position.to_bytes(8, "big") + block.root
        for block in blocks
    )


def blocks_of(seal: Seal) -> list[Block]:
    """The inverse of `pack`."""
    packed = bytes(seal.blocks)
    return [
        Block(
            GlobalKey(int.from_bytes(packed[at : at + 8], "big"), int.from_bytes(packed[at + 8 : at + 16], "big")),
            packed[at + 16 : at + _BLOCK_BYTES],
        )
        for at in range(0, len(packed), _BLOCK_BYTES)
    ]


def seal_events(*, now: datetime) -> list[Seal]:
    """Seal all events that are new and final; none if there are none, or if another process is sealing.

    What was missed while nothing ran is made up for by one run. Appends: SealKeyIntroduced, the first time a key signs.
    """
    key = introduce_key(now=now)
    made: list[Seal] = []
    while (seal := _seal_next(key, now=now)) is not None:
        made.append(seal)
        if seal.events < MOST_EVENTS:
            break
    return made


@transaction.atomic
def _seal_next(key: SigningKey, *, now: datetime) -> Seal | None:
    """Locks: an advisory lock until the commit, so that seals form one chain; it is not waited for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALING_LOCK])
        if not cursor.fetchone()[0]:
            log.info("Another process is sealing")
            return None
    before = Seal.objects.order_by("-number").defer("blocks").first()
    blocks: list[Block] = []
    start, pending, events = GlobalKey(), list[bytes](), 0
    first, last = GlobalKey(), GlobalKey()
    for leaf in leaves_between(last_key(before) if before else GlobalKey(), limit=MOST_EVENTS):
        if not pending:
            start = leaf.key
        if not events:
            first = leaf.key
        pending.append(leaf.hash)
        events, last = events + 1, leaf.key
        if len(pending) == BLOCK:
            blocks.append(Block(start, root(pending)))
            pending = []
    if not events:
        return None
    if pending:
        blocks.append(Block(start, root(pending)))
    seal = Seal(
        number=before.number + 1 if before else 1,
        first_transaction_id=first.transaction_id,
        first_position=first.position,
        last_transaction_id=last.transaction_id,
        last_position=last.position,
        events=events,
        root=root([block.root for block in blocks]),
        previous_hash=bytes(before.hash) if before else GENESIS,
        sealed_at=now,
        key_id=key.id,
        blocks=pack(blocks),
    )
    signed = content(seal)
    seal.hash, seal.signature = hashlib.sha256(signed).digest(), key.sign(signed)
    seal.save(force_insert=True)
    return seal
