"""Merkle trees over events: RFC 6962 (section 2.1) with SHA-256.

A leaf covers an event's global position (8 bytes, big-endian) and its hash. The prefix bytes 0x00 (leaf) and 0x01 (node) keep
one from passing for the other. Pairing neighbours level by level, and carrying an odd last node up as it is, gives the
RFC's tree; aligned blocks of a power of two are its subtrees, so a long tree is computed from its blocks' roots.
"""

import hashlib
from collections.abc import Sequence

BLOCK = 1024

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(position: int, event_hash: bytes) -> bytes:
    """The leaf of an event at a global position; `event_hash` has 32 bytes."""
    return hashlib.sha256(b"\x00" + position.to_bytes(8, "big") + event_hash).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def levels(nodes: Sequence[bytes]) -> list[Sequence[bytes]]:
    """All levels of the tree over these nodes, from the nodes themselves up to the root; at least one node."""
    found: list[Sequence[bytes]] = [nodes]
    while len(nodes) > 1:
        above = [node_hash(left, right) for left, right in zip(nodes[::2], nodes[1::2], strict=False)]
        if len(nodes) % 2:
            above.append(nodes[-1])
        found.append(above)
        nodes = above
    return found


def root(nodes: Sequence[bytes]) -> bytes:
    """The root of the tree over these nodes: leaves, or the roots of whole blocks."""
    return levels(nodes)[-1][0] if nodes else EMPTY_ROOT


def path(tree: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """The audit path of a node, lowest sibling first; `tree` as `levels` gives it."""
    found: list[bytes] = []
    for level in tree[:-1]:
        sibling = index ^ 1
        if sibling < len(level):
            found.append(level[sibling])
        index >>= 1
    return found
