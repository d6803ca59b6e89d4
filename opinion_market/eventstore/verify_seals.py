"""Verification of the seals: each root recomputed from the events, the chain followed, each signature checked.

This finds what the hash chains cannot: a chain that somebody with the table owner's rights has recomputed to its end, as far
as it was sealed. They could also recompute roots and chain of the seals, but not sign them: the newest seal must bear the
signature of this installation's key, and by its chain it vouches for all before it, whatever key signed those. Not found:
seals cut off at the end; whoever keeps a seal of their own (`tools/verify_proof.py --seals`) finds that too.
"""

import hashlib
from collections.abc import Callable

from opinion_market.eventstore.breaks import Break, BreakKind, Verification
from opinion_market.eventstore.hashing import GENESIS
from opinion_market.eventstore.leaves import leaves_between
from opinion_market.eventstore.merkle import BLOCK, root
from opinion_market.eventstore.models import Seal
from opinion_market.eventstore.read import GlobalKey
from opinion_market.eventstore.seal_keys import is_signed, key_id, signing_key
from opinion_market.eventstore.sealing import content, last_key


def verify_seals(result: Verification, *, progress: Callable[[int], None] = lambda events: None) -> None:
    """Note what is broken, in the order of the seals; `progress` is told the leaves so far.

    Constant memory but for one root per 1,024 events of a seal. To be called within a transaction.
    """
    before: Seal | None = None
    leaves = 0
    for seal in Seal.objects.order_by("number").select_related("key").defer("blocks").iterator(chunk_size=500):
        for kind, explanation in faults(seal, before):
            result.note(Break(kind, "seal", seal.number, None, explanation))
        result.seals += 1
        leaves += seal.events
        progress(leaves)
        before = seal
    if before is not None and before.key_id != signing_key().id:
        explanation = (
            "the newest seal is not signed with this installation's key; after a rotation run seal_events first"
        )
        result.note(Break(BreakKind.SEAL_KEY, "seal", before.number, None, explanation))


def own_faults(seal: Seal) -> list[tuple[BreakKind, str]]:
    """What is wrong with a seal, read with its key, as it stands: its hash and its signature. Cheap."""
    faults: list[tuple[BreakKind, str]] = []
    signed = content(seal)
    public_key = bytes(seal.key.public_key)
    if hashlib.sha256(signed).digest() != bytes(seal.hash):
        faults.append((BreakKind.SEAL_CHAIN, "its contents do not have its hash"))
    if key_id(public_key) != seal.key_id:
        faults.append((BreakKind.SEAL_KEY, "its public key is not the one it names"))
    elif not is_signed(signed, bytes(seal.signature), public_key):
        faults.append((BreakKind.SEAL_SIGNATURE, "its signature is not its key's"))
    return faults


def root_fault(seal: Seal, before: Seal | None) -> tuple[BreakKind, str] | None:
    """Whether the events since the seal before are those that were sealed. Reads them all."""
    events, found = _recomputed(last_key(before) if before else GlobalKey(), last_key(seal))
    if events != seal.events:
        return BreakKind.SEAL_ROOT, f"{seal.events:,} events were sealed and {events:,} are there"
    if found != bytes(seal.root):
        return BreakKind.SEAL_ROOT, "the events do not have its root"
    return None


def faults(seal: Seal, before: Seal | None) -> list[tuple[BreakKind, str]]:
    """What is wrong with a seal, read with its key, given the one before it. Reads its events."""
    found = own_faults(seal)
    if seal.number != (before.number + 1 if before else 1):
        found.append((BreakKind.SEAL_CHAIN, f"seal {before.number + 1 if before else 1} is missing"))
    elif bytes(seal.previous_hash) != (bytes(before.hash) if before else GENESIS):
        found.append((BreakKind.SEAL_CHAIN, "it does not continue the seal before it"))
    if (fault := root_fault(seal, before)) is not None:
        found.append(fault)
    return found


def _recomputed(after: GlobalKey, until: GlobalKey) -> tuple[int, bytes]:
    """Number and root of the events with after < key <= until."""
    blocks, pending, events = list[bytes](), list[bytes](), 0
    for leaf in leaves_between(after, until):
        pending.append(leaf.hash)
        events += 1
        if len(pending) == BLOCK:
            blocks.append(root(pending))
            pending = []
    if pending:
        blocks.append(root(pending))
    return events, root(blocks)
