"""A statement's postings must sum to zero together: a batch's trades share one line on each of the market's own accounts."""

from django.db import migrations

BY_STATEMENT = """
CREATE OR REPLACE FUNCTION markets_refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    total numeric;
BEGIN
    SELECT sum(delta_units) INTO total FROM added;
    IF total <> 0 THEN
        RAISE EXCEPTION 'These postings do not sum to zero but to %', total USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
"""

# As in 0002.
BY_EVENT = """
CREATE OR REPLACE FUNCTION markets_refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("markets", "0007_user_figures")]

    operations = [migrations.RunSQL(BY_STATEMENT, BY_EVENT)]
