import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

from opinion_market.kernel.append_only import append_only

# Rows of events leave only through `eventstore_remove_archived`, which opens the first trigger for its own statement; the
# second one looks at every row that left. Both go from the file's rows to the events by index, whatever the planner knows of
# tables that have just been filled: reading a million events to find ten thousand took seconds per file.
_REFUSE = """
CREATE FUNCTION eventstore_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('eventstore.archiving', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% on % is refused: its rows are written once and never changed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$
"""
_REQUIRE_ARCHIVED = """
CREATE FUNCTION eventstore_require_archived() RETURNS trigger LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF current_setting('eventstore.archiving', true) = 'on' AND (EXISTS (
        SELECT FROM gone WHERE NOT EXISTS (
            SELECT FROM eventstore_archivedevent kept
            JOIN eventstore_archive file ON file.id = kept.archive_id
            JOIN eventstore_seal seal ON seal.number = file.seal_id
            WHERE kept.position = gone.position AND kept.transaction_id = gone.transaction_id
                AND kept.stream = gone.stream AND kept.version = gone.version AND kept.hash = gone.hash
                AND file.restored_at IS NULL
                AND (gone.transaction_id, gone.position) <= (seal.last_transaction_id, seal.last_position)
        )
    ) OR EXISTS (
        SELECT FROM (SELECT stream, max(version) AS version FROM gone GROUP BY stream) ended
        WHERE coalesce((SELECT max(version) FROM eventstore_event WHERE stream = ended.stream), 0) <= ended.version
    )) THEN
        RAISE EXCEPTION 'DELETE on eventstore_event is refused: not every row is sealed, archived and followed by another of its stream'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$
"""
_REMOVE = """
CREATE FUNCTION eventstore_remove_archived(wanted bigint) RETURNS bigint LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    removed bigint;
BEGIN
    PERFORM set_config('eventstore.archiving', 'on', true);
    DELETE FROM eventstore_event event USING eventstore_archivedevent kept
        WHERE kept.archive_id = wanted AND event.position = kept.position AND event.hash = kept.hash;
    GET DIAGNOSTICS removed = ROW_COUNT;
    PERFORM set_config('eventstore.archiving', 'off', true);
    RETURN removed;
END
$$
"""
_REQUIRE_RESTORED = """
CREATE FUNCTION eventstore_require_restored() RETURNS trigger LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM gone WHERE NOT EXISTS (
            SELECT FROM eventstore_event event
            WHERE event.position = gone.position AND event.stream = gone.stream AND event.version = gone.version
                AND event.hash = gone.hash
        )
    ) THEN
        RAISE EXCEPTION 'DELETE on eventstore_archivedevent is refused: its events are in no table but in their file'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('number', models.BigIntegerField(help_text='1, 2, 3 … without gaps.', primary_key=True, serialize=False)),
                ('first_transaction_id', models.BigIntegerField()),
                ('first_position', models.BigIntegerField()),
                ('last_transaction_id', models.BigIntegerField()),
                ('last_position', models.BigIntegerField()),
                ('events', models.BigIntegerField(help_text='Leaves of the tree, at least one.')),
                ('root', models.BinaryField(help_text='Merkle root, RFC 6962 with SHA-256.', max_length=32)),
                ('previous_hash', models.BinaryField(help_text='Hash of the seal before; zeros for the first.', max_length=32)),
                ('hash', models.BinaryField(help_text="SHA-256 over the seal's content.", max_length=32)),
                ('sealed_at', models.DateTimeField()),
                ('signature', models.BinaryField(help_text="Ed25519 over the seal's content.", max_length=64)),
                ('blocks', models.BinaryField(help_text='Per 1,024 leaves: transaction id, position (8 bytes each), root (32).')),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='SealKey',
            fields=[
                ('id', models.CharField(db_collation='C', help_text='First 16 hexadecimal digits of its SHA-256.', max_length=16, primary_key=True, serialize=False)),
                ('public_key', models.BinaryField(help_text='Ed25519.', max_length=32)),
                ('introduced_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['introduced_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Archive',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sha256', models.CharField(db_collation='C', help_text='Of the file, which is <sha256>.jsonl.gz.', max_length=64)),
                ('size_bytes', models.BigIntegerField()),
                ('events', models.BigIntegerField()),
                ('archived_at', models.DateTimeField()),
                ('verified_at', models.DateTimeField(help_text='The file was read back whole and every hash recomputed.')),
                ('restored_at', models.DateTimeField(help_text='Its events are rows again since then.', null=True)),
                ('seal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='archives', to='eventstore.seal')),
            ],
            options={
                'verbose_name': 'archive file',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='seal',
            name='key',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='seals', to='eventstore.sealkey'),
        ),
        migrations.CreateModel(
            name='ArchivedEvent',
            fields=[
                ('position', models.BigIntegerField(primary_key=True, serialize=False)),
                ('transaction_id', models.BigIntegerField()),
                ('stream', models.CharField(db_collation='C', max_length=100)),
                ('version', models.BigIntegerField()),
                ('hash', models.BinaryField(max_length=32)),
                ('archive', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='archived', to='eventstore.archive')),
            ],
            options={
                'ordering': ['transaction_id', 'position'],
                'indexes': [models.Index(fields=['transaction_id', 'position'], name='archived_global_order'), django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['archive'], name='archived_archive', pages_per_range=16)],
                'constraints': [models.UniqueConstraint(fields=('stream', 'version'), name='archived_stream_version')],
            },
        ),
        migrations.AddIndex(
            model_name='seal',
            index=models.Index(fields=['last_transaction_id', 'last_position'], name='seal_last_key'),
        ),
        migrations.AddConstraint(
            model_name='seal',
            constraint=models.CheckConstraint(condition=models.Q(('events__gte', 1), ('number__gte', 1)), name='seal_is_not_empty'),
        ),
        append_only("eventstore_sealkey"),
        append_only("eventstore_seal"),
        migrations.RunSQL(
            sql=[
                _REFUSE,
                _REQUIRE_ARCHIVED,
                _REMOVE,
                _REQUIRE_RESTORED,
                "DROP TRIGGER eventstore_event_append_only ON eventstore_event",
                "CREATE TRIGGER eventstore_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON eventstore_event "
                "FOR EACH STATEMENT EXECUTE FUNCTION eventstore_refuse_change()",
                "CREATE TRIGGER eventstore_event_archived_only AFTER DELETE ON eventstore_event "
                "REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION eventstore_require_archived()",
                "CREATE TRIGGER eventstore_archivedevent_append_only BEFORE UPDATE OR TRUNCATE "
                "ON eventstore_archivedevent FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
                "CREATE TRIGGER eventstore_archivedevent_restored_only AFTER DELETE ON eventstore_archivedevent "
                "REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION eventstore_require_restored()",
            ],
            reverse_sql=[
                "DROP TRIGGER eventstore_archivedevent_restored_only ON eventstore_archivedevent",
                "DROP TRIGGER eventstore_archivedevent_append_only ON eventstore_archivedevent",
                "DROP TRIGGER eventstore_event_archived_only ON eventstore_event",
                "DROP TRIGGER eventstore_event_append_only ON eventstore_event",
                "CREATE TRIGGER eventstore_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON eventstore_event "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
                "DROP FUNCTION eventstore_require_restored()",
                "DROP FUNCTION eventstore_remove_archived(bigint)",
                "DROP FUNCTION eventstore_require_archived()",
                "DROP FUNCTION eventstore_refuse_change()",
            ],
        ),
    ]
