"""Bulk insert by COPY in binary format, for the hot path: PostgreSQL parses no text, and times, ids and hashes travel as bytes.

A row is a 16-bit count of its cells and the cells, each a 32-bit length and so many bytes, big-endian; NULL has the length -1.
Whoever writes one packs its integers by a `struct` of their own, so the columns' exact types count: 8 bytes for a bigint, 2
for a smallint. Source: PostgreSQL's documentation of COPY, "Binary Format".
"""

from binascii import unhexlify
from collections.abc import Sequence
from datetime import datetime
from struct import Struct
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

from opinion_market.kernel.clock import microseconds

NULL = b"\xff\xff\xff\xff"

# A signature, no flags, no extension.
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
# PostgreSQL counts from 2000-01-01.
_EPOCH_US = 946_684_800_000_000

_length = Struct("!i").pack
_bigint = Struct("!iq").pack


def bytes_cell(value: bytes) -> bytes:
    """A cell of a bytea or uuid column."""
    return _length(len(value)) + value


def text_cell(value: str) -> bytes:
    """A cell of a text column."""
    return bytes_cell(value.encode())


def bigint_cell(value: int) -> bytes:
    """A cell of a bigint column."""
    return _bigint(8, value)


def time_cell(at: datetime) -> bytes:
    """A cell of a timestamptz column."""
    return _bigint(8, microseconds(at) - _EPOCH_US)


def uuid_bytes(text: str) -> bytes:
    """The 16 bytes of a UUID in its 36-character form."""
    return unhexlify(text.replace("-", ""))


def copy_binary(table: str, columns: Sequence[str], rows: Sequence[bytes]) -> None:
    """COPY ready-made rows into `table` in the current transaction.

    `table` and `columns` are names from the code, never input. Constraint violations raise django.db errors.
    """
    if not rows:
        return
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
    kept: Any = connections[DEFAULT_DB_ALIAS]
    kept.ensure_connection()
    if kept.queries_logged:  # so that tests that count queries count these
        kept.queries_log.append({"sql": statement, "time": ""})
    # The driver's own cursor, as in `prepared`: Django's costs as much again as the driver does.
    with kept.wrap_database_errors, psycopg.Cursor(kept.connection).copy(statement.encode()) as copy:
        copy.write(b"".join((_HEADER, *rows, _TRAILER)))
