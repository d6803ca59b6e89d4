"""Tables whose rows are written once: the database itself refuses every later change.

    operations = [..., append_only("markets_posting")]

The trigger fires once per statement, so it costs an insert nothing. `refuse_change()` raises SQLSTATE 23001
(restrict_violation), which Django shows as `django.db.IntegrityError`. Only the table's owner can switch the trigger off.
"""

from django.db.migrations import RunSQL

_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: its rows are written once and never changed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$
"""


def append_only(table: str) -> RunSQL:
    """A reversible migration operation that makes PostgreSQL refuse UPDATE, DELETE and TRUNCATE on `table`.

    `table` is a name from the code, never input. Undoing it leaves the function, which other tables may use.
    """
    return RunSQL(
        sql=[
            _FUNCTION,
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        ],
        reverse_sql=[f"DROP TRIGGER {table}_append_only ON {table}"],
    )
