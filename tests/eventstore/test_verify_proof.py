"""The offline check and the platform agree on every byte that is hashed, though they share no code."""

import ast
import sys

from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from opinion_market.eventstore.hashing import canonical_json, event_hash
from tools import verify_proof

INTEGERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(TEXTS, VALUES, max_size=5)


@given(DOCUMENTS)
def test_both_write_the_same_canonical_json(document: dict[str, object]) -> None:
    assert verify_proof.canonical_json(document) == canonical_json(document)


@given(DOCUMENTS, DOCUMENTS, st.binary(min_size=32, max_size=32), st.integers(0, 2**60))
def test_both_compute_the_same_hash_of_an_event(
    data: dict[str, object], metadata: dict[str, object], previous: bytes, at_us: int
) -> None:
    digest = event_hash(
        previous, stream="test-ü", version=3, type="Counted", schema_version=2, at_us=at_us,
        data=canonical_json(data), metadata=canonical_json(metadata),
    )  # fmt: skip
    event = {
        "position": 1, "stream": "test-ü", "version": 3, "type": "Counted", "schema_version": 2, "at_us": at_us,
        "data": data, "metadata": metadata, "previous_hash": previous.hex(), "hash": digest.hex(),
    }  # fmt: skip
    assert verify_proof.check_event(event) == digest


def test_the_program_needs_nothing_but_cryptography() -> None:
    source = (settings.BASE_DIR / "tools" / "verify_proof.py").read_text()
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - sys.stdlib_module_names == {"cryptography"}
