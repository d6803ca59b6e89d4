"""The tree is RFC 6962's, compared with the RFC's own recursive definition; every leaf's path leads to its root."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinion_market.eventstore import merkle
from tools.verify_proof import Refused, root_from_path


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def split_at(count: int) -> int:
    """The largest power of two smaller than count."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1, over leaves that are hashed already."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split_at(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:]))


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split_at(len(leaves))
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def leaves_of(count: int) -> list[bytes]:
    return [merkle.leaf_hash(number, sha256(str(number).encode())) for number in range(count)]


@given(st.integers(0, 300))
def test_root_and_paths_are_the_rfcs(count: int) -> None:
    leaves = leaves_of(count)
    assert merkle.root(leaves) == naive_root(leaves)
    if leaves:
        tree = merkle.levels(leaves)
        for index in range(count):
            assert merkle.path(tree, index) == naive_path(index, leaves)


@given(st.integers(1, 200), st.sampled_from([1, 2, 4, 16, 64]))
def test_a_tree_over_the_roots_of_blocks_is_the_tree_over_the_leaves(count: int, block: int) -> None:
    leaves = leaves_of(count)
    blocks = [leaves[start : start + block] for start in range(0, count, block)]
    above = merkle.levels([merkle.root(each) for each in blocks])
    assert above[-1][0] == naive_root(leaves)
    for index in range(count):
        inner = merkle.path(merkle.levels(blocks[index // block]), index % block)
        assert inner + merkle.path(above, index // block) == naive_path(index, leaves)


@given(st.integers(1, 150), st.data())
def test_the_offline_check_accepts_every_leaf_and_no_other_place(count: int, data: st.DataObject) -> None:
    leaves = leaves_of(count)
    index = data.draw(st.integers(0, count - 1))
    path, root = naive_path(index, leaves), naive_root(leaves)
    assert root_from_path(leaves[index], index, count, path) == root
    other = data.draw(st.integers(0, count - 1).filter(lambda each: each != index)) if count > 1 else None
    if other is not None:
        assert leads_elsewhere(leaves[index], other, count, path, root)
        assert leads_elsewhere(leaves[other], index, count, path, root)
    assert leads_elsewhere(leaves[index], index, count, [*path, sha256(b"more")], root)
    if path:
        assert leads_elsewhere(leaves[index], index, count, path[:-1], root)


def leads_elsewhere(leaf: bytes, index: int, count: int, path: list[bytes], root: bytes) -> bool:
    try:
        return root_from_path(leaf, index, count, path) != root
    except Refused:
        return True


def test_known_vectors() -> None:
    """The roots that certificate-transparency's reference tests give for these inputs, as far as leaves may be given hashed."""
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [sha256(b"\x00" + bytes.fromhex(text)) for text in inputs]
    assert merkle.root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root(leaves[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert merkle.root(leaves[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    assert merkle.root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("position", [0, 2**62])
def test_a_leaf_is_no_node(position: int) -> None:
    digest = sha256(b"x")
    assert merkle.leaf_hash(position, digest) != merkle.node_hash(position.to_bytes(8, "big"), digest)
