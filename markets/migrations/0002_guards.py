"""What the database itself refuses: changing postings and trades, journals that do not balance, losing accounts or markets."""

from django.db import migrations

from opinion_market.kernel.append_only import append_only

# Statement-level with a transition table: one grouping per COPY, not a check per row. A journal's postings always
# arrive in one statement, so it can be checked as soon as that statement ends.
BALANCED = """
CREATE FUNCTION markets_refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    unbalanced bigint;
BEGIN
    SELECT event_position INTO unbalanced FROM added GROUP BY event_position HAVING sum(delta_units) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'The journal of event % does not sum to zero', unbalanced USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER markets_posting_balanced AFTER INSERT ON markets_posting
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION markets_refuse_unbalanced();
"""

# Orders, trades, postings and positions carry no foreign keys in the database, which would be checked row by row (ADR 0006).
# The sequencer writes them under locks on the very rows they refer to, and those rows are never deleted.
NEVER_DELETED = """
CREATE FUNCTION markets_refuse_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: orders, trades and postings refer to its rows', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER markets_account_kept BEFORE DELETE OR TRUNCATE ON markets_account
    FOR EACH STATEMENT EXECUTE FUNCTION markets_refuse_deletion();
CREATE TRIGGER markets_market_kept BEFORE DELETE OR TRUNCATE ON markets_market
    FOR EACH STATEMENT EXECUTE FUNCTION markets_refuse_deletion();
"""


class Migration(migrations.Migration):
    dependencies = [("markets", "0001_initial"), ("eventstore", "0001_initial")]

    operations = [
        append_only("markets_posting"),
        append_only("markets_trade"),
        migrations.RunSQL(
            BALANCED,
            "DROP TRIGGER markets_posting_balanced ON markets_posting; DROP FUNCTION markets_refuse_unbalanced();",
        ),
        migrations.RunSQL(
            NEVER_DELETED,
            "DROP TRIGGER markets_account_kept ON markets_account; DROP TRIGGER markets_market_kept ON markets_market; "
            "DROP FUNCTION markets_refuse_deletion();",
        ),
    ]
