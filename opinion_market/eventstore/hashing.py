"""The hash chain of a stream: each event's hash covers the event and the hash before it.

Canonical form (one line each, then data and metadata): stream, version, type, schema version, time in microseconds since
1970, canonical JSON of data, canonical JSON of metadata. Canonical JSON has sorted keys, no white space and no fractions,
so an event read back from the database hashes to the same value.
"""

import hashlib
from collections.abc import Mapping

import orjson

GENESIS = bytes(32)


def canonical_json(value: Mapping[str, object]) -> bytes:
    """Sorted keys, no white space. Raises TypeError for integers beyond 64 bits and for what JSON cannot hold."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def event_hash(
    previous: bytes,
    *,
    stream: str,
    version: int,
    type: str,
    schema_version: int,
    at_us: int,
    data: bytes,
    metadata: bytes,
) -> bytes:
    """SHA-256 (32 bytes) over the previous hash and the event's canonical form."""
    header = f"{stream}\n{version}\n{type}\n{schema_version}\n{at_us}\n".encode()
    return hashlib.sha256(b"".join((previous, header, data, b"\n", metadata))).digest()
