"""Tables of the same names in a schema of their own, which take the place of those in use when they are complete.

A projection's handler names its tables without a schema, so that under another search path the same handler, unchanged,
writes the shadows. Everything a table has comes along under its own name (columns, defaults, identity, constraints, indexes,
foreign keys, storage options), so that later migrations find what they expect.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, transaction

from opinion_market.eventstore.errors import NotRebuildable

_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
# Readers finish in milliseconds; a table that is not free after this is tried again later, so that nobody queues behind us.
_LOCK_WAIT = "2s"

_OUTSIDERS = """
SELECT 'foreign key ' || conname FROM pg_constraint
WHERE contype = 'f' AND confrelid = ANY(%(tables)s::regclass[]) AND NOT conrelid = ANY(%(tables)s::regclass[])
UNION ALL
SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = ANY(%(tables)s::regclass[])
UNION ALL
SELECT DISTINCT 'view ' || r.ev_class::regclass FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
  AND d.refobjid = ANY(%(tables)s::regclass[]) AND r.ev_class <> d.refobjid
"""
# An index is known by what it indexes; its name, and its table's schema, are all that differ.
_INDEXES = """
SELECT c.relname, regexp_replace(pg_get_indexdef(i.indexrelid), '^(CREATE (?:UNIQUE )?INDEX) \\S+ ON (?:ONLY )?\\S+ ', '\\1 ')
  || CASE WHEN i.indisprimary THEN ' primary' ELSE '' END
  || CASE WHEN EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
     THEN ' constraint' ELSE '' END
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = %s::regclass ORDER BY c.relname
"""


def schema_of(projection: str) -> str:
    """The shadows' schema. Raises ValueError for a name that is no plain word."""
    if not _NAME.fullmatch(projection):
        raise ValueError(f"{projection!r} cannot name a schema.")
    return f"rebuild_{projection}"


@contextmanager
def shadowing(projection: str) -> Iterator[None]:
    """Within the block, in its transaction, unqualified names mean the shadows where there are any."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('search_path')")
        before = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('search_path', %s, true)", [f"{schema_of(projection)}, public"])
        yield
        # Not only at the transaction's end: the caller may go on in an outer one.
        cursor.execute("SELECT set_config('search_path', %s, true)", [before])


def exist(projection: str) -> bool:
    """Whether there are shadows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [schema_of(projection)])
        found: bool = cursor.fetchone()[0]
    return found


@transaction.atomic
def create(projection: str, tables: Sequence[str]) -> None:
    """Make empty shadows, in place of any there were. Raises NotRebuildable for tables that others hang on to.

    Locks: the tables in SHARE mode at most, and tables they refer to, for as long as it takes to make empty ones.
    """
    schema = schema_of(projection)
    qualified = [f"public.{_quoted(table)}" for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(_OUTSIDERS, {"tables": qualified})
        outsiders = [row[0] for row in cursor.fetchall()]
        if outsiders:
            raise NotRebuildable(projection=projection, because=list[object](outsiders))
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_WAIT])
        cursor.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        cursor.execute(f"CREATE SCHEMA {schema}")
        for table in tables:
            cursor.execute(f"CREATE TABLE {schema}.{_quoted(table)} (LIKE public.{_quoted(table)} INCLUDING ALL)")
            _copy_options(schema, table)
        for table in tables:
            _copy_index_names(schema, table)
            _copy_foreign_keys(projection, table)
        cursor.execute("SELECT set_config('lock_timeout', '0', true)")


@transaction.atomic
def swap(projection: str, tables: Sequence[str]) -> None:
    """Put the shadows in the place of the tables, which are dropped. Raises django.db.OperationalError if they are in use.

    Locks: the tables, exclusively. Whoever waits for them then reads the new ones.
    """
    schema = schema_of(projection)
    with connection.cursor() as cursor:
        # Deferred checks of what was just written would forbid the ALTER.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_WAIT])
        cursor.execute("DROP TABLE " + ", ".join(f"public.{_quoted(table)}" for table in tables))
        for table in tables:
            cursor.execute(f"ALTER TABLE {schema}.{_quoted(table)} SET SCHEMA public")
        cursor.execute(f"DROP SCHEMA {schema}")
        cursor.execute("SELECT set_config('lock_timeout', '0', true)")


def analyze(projection: str, tables: Sequence[str]) -> None:
    """Give the planner figures of the shadows, so that the first readers are served as well as the last."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {schema_of(projection)}.{_quoted(table)}")


@transaction.atomic
def drop(projection: str) -> None:
    """Throw the shadows away, if there are any."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {schema_of(projection)} CASCADE")


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _copy_options(schema: str, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE oid = %s::regclass",
            [f"public.{_quoted(table)}"],
        )
        options = cursor.fetchone()[0]
        if options:
            cursor.execute(f"ALTER TABLE {schema}.{_quoted(table)} SET ({options})")


def _copy_index_names(schema: str, table: str) -> None:
    """LIKE makes up names for indexes and the constraints that stand on them."""
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, [f"public.{_quoted(table)}"])
        originals = cursor.fetchall()
        cursor.execute(_INDEXES, [f"{schema}.{_quoted(table)}"])
        made: dict[str, list[str]] = {}
        for name, definition in cursor.fetchall():
            made.setdefault(definition, []).append(name)
        # First out of the way, so that no made-up name is one that another index is to have.
        renamed: list[tuple[str, str]] = []
        for number, (name, definition) in enumerate(originals):
            cursor.execute(f"ALTER INDEX {schema}.{_quoted(made[definition].pop())} RENAME TO swapped_{number}")
            renamed.append((f"swapped_{number}", name))
        for temporary, name in renamed:
            cursor.execute(f"ALTER INDEX {schema}.{temporary} RENAME TO {_quoted(name)}")


def _copy_foreign_keys(projection: str, table: str) -> None:
    """Foreign keys among the shadows stay among them: the search path resolves the name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass",
            [f"public.{_quoted(table)}"],
        )
        keys = cursor.fetchall()
    with shadowing(projection), connection.cursor() as cursor:
        for name, definition in keys:
            cursor.execute(f"ALTER TABLE {_quoted(table)} ADD CONSTRAINT {_quoted(name)} {definition}")
