"""Bulk insert by PostgreSQL's COPY in text format.

COPY parses no SQL and plans nothing, and one write carries all rows; the text is built here, since adapting each value
through the driver costs more. Callers give columns of plain values; escaping is done here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

Cell = str | int | bool | None | datetime | UUID

NULL = "\\N"

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def escape(text: str) -> str:
    """Text as it may stand in a COPY text cell."""
    return text.translate(_ESCAPES)


def cell(value: Cell) -> str:
    """One value in COPY's text format; None is NULL."""
    if value is None:
        return NULL
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if value is True:
        return "t"
    if value is False:
        return "f"
    return str(value)


def copy_lines(table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """COPY ready-made lines (tab-separated, escaped, without newline) into `table` in the current transaction.

    `table` and `columns` are names from the code, never input. Constraint violations raise django.db errors.
    """
    text = "\n".join(lines)
    if not text:
        return
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    # Django wraps the errors of execute() but not those of copy().
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.write(text + "\n")


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """COPY rows of plain values into `table`; the convenient form of `copy_lines` where speed matters less."""
    copy_lines(table, columns, ("\t".join(map(cell, row)) for row in rows))
