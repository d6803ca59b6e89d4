"""Prepared statements for hot paths.

Django's cursors send each statement as text, to be parsed and planned every time. `run_prepared` uses the same
connection and transaction through the driver's own cursor, so that PostgreSQL keeps the plan and parameters travel apart
from the statement.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections

Parameters = Sequence[object] | Mapping[str, object]


def run_prepared(statement: str, parameters: Parameters, *, may_repeat: bool = True) -> psycopg.Cursor[tuple[Any, ...]]:
    """Execute a constant statement in the current transaction; the cursor holds its rows. Raises django.db errors.

    Outside of a transaction a kept connection that turns out to have been lost since its last request is opened anew and
    the statement sent again, which replaces Django's health check, a round trip per request. What must not happen twice
    (`may_repeat`) is preceded by that check instead.
    """
    # Looked up once: the proxy that `django.db.connection` is finds it anew for every attribute, 1 us each.
    kept: Any = connections[DEFAULT_DB_ALIAS]
    if not may_repeat:
        kept.close_if_health_check_failed()
    kept.ensure_connection()
    if not may_repeat or kept.in_atomic_block or kept.health_check_done:
        return _execute(kept, statement, parameters)
    try:
        cursor = _execute(kept, statement, parameters)
    except (InterfaceError, OperationalError):
        if not (kept.connection.closed or kept.connection.broken):
            raise
        kept.close()
        kept.ensure_connection()
        cursor = _execute(kept, statement, parameters)
    kept.health_check_done = True
    return cursor


def _execute(kept: Any, statement: str, parameters: Parameters) -> psycopg.Cursor[tuple[Any, ...]]:
    if kept.queries_logged:  # so that tests that count queries count these
        kept.queries_log.append({"sql": statement, "time": ""})
    cursor: psycopg.Cursor[tuple[Any, ...]] = psycopg.Cursor(kept.connection)
    with kept.wrap_database_errors:
        return cursor.execute(statement.encode(), parameters)


def array_literal(values: Iterable[object]) -> str:
    """A PostgreSQL array of integers or plain words, for a parameter cast to an array type; the driver's own adaptation of
    lists costs eight times as much."""
    return "{" + ",".join(map(str, values)) + "}"


def pipeline() -> AbstractContextManager[psycopg.Pipeline]:
    """Send the block's `run_prepared` statements without waiting for each; the first error is raised at its end."""
    connection.ensure_connection()
    pipelined: AbstractContextManager[psycopg.Pipeline] = connection.connection.pipeline()
    return pipelined
