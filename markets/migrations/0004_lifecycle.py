import django.contrib.postgres.fields
import django.db.models.deletion
import markets.lifecycle.resolution.models
import opinion_market.kernel.ids
from django.conf import settings
from django.db import migrations, models


# Resolutions proposed before there were proposals: every market that stands resolved, or later, has one.
EARLIER_RESOLUTIONS = """
UPDATE markets_market SET dispute_ends_at = resolved_at + dispute_window_s * interval '1 second'
WHERE status = 'resolved';
INSERT INTO markets_resolutionproposal
    (id, market_id, number, payout_units, note, state, proposed_by_id, proposed_at, disputable_until, decision)
SELECT uuidv7(), id, 1, payout_units, resolution_note, CASE status WHEN 'resolved' THEN 'proposed' ELSE 'final' END,
    resolved_by_id, resolved_at, resolved_at + dispute_window_s * interval '1 second', ''
FROM markets_market WHERE payout_units IS NOT NULL AND resolved_by_id IS NOT NULL;
"""


def drop_replaced_entry(apps, schema_editor):
    """Beat keeps the entries it once had, and would go on starting a task that there is not any more."""
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name="close-due-markets").delete()


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0001_initial'),
        ('markets', '0003_trading'),
        ('django_celery_beat', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DecisionRequest',
            fields=[
                ('id', models.UUIDField(default=opinion_market.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('void', 'Void'), ('correction', 'Correct')], max_length=10)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('approved', 'Approved'), ('rejected', 'Rejected')], default='pending', max_length=8)),
                ('payout_units', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), blank=True, help_text='Empty where nothing was ever traded.', null=True, size=None)),
                ('reason', models.TextField()),
                ('requested_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decision', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['market', 'requested_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.UUIDField(default=opinion_market.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('reason', models.TextField()),
                ('bond_units', models.BigIntegerField()),
                ('bond', models.CharField(choices=[('none', 'None'), ('held', 'Held'), ('returned', 'Returned'), ('forfeited', 'Forfeited')], max_length=9)),
                ('raised_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['proposal', 'raised_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.UUIDField(default=opinion_market.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('file', 'File'), ('link', 'Link')], max_length=4)),
                ('name', models.CharField(help_text="The file's name, or the link's title.", max_length=200)),
                ('url', models.CharField(blank=True, max_length=2000)),
                ('file', models.FileField(blank=True, max_length=200, storage=markets.lifecycle.resolution.models.evidence_storage, upload_to='')),
                ('media_type', models.CharField(blank=True, help_text='As found in the contents.', max_length=40)),
                ('size_bytes', models.PositiveIntegerField(default=0)),
                ('sha256', models.CharField(help_text="Of the file's bytes, or of the link's address.", max_length=64)),
                ('added_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['market', 'added_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='ResolutionProposal',
            fields=[
                ('id', models.UUIDField(default=opinion_market.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField(help_text='1, 2, 3 … within the market.')),
                ('payout_units', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), help_text='What a contract on each outcome pays.', size=None)),
                ('note', models.TextField(help_text='The reasoning given with it.')),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('withdrawn', 'Withdrawn'), ('disputed', 'Disputed'), ('overturned', 'Overturned'), ('final', 'Final'), ('voided', 'Voided with its market')], default='proposed', max_length=10)),
                ('proposed_at', models.DateTimeField()),
                ('disputable_until', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decision', models.TextField(blank=True, help_text='Why it was upheld, overturned or withdrawn.')),
            ],
            options={
                'ordering': ['market', 'number'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='account',
            name='account_market_iff_of_market',
        ),
        migrations.RemoveConstraint(
            model_name='market',
            name='market_resolved_has_payout',
        ),
        migrations.AddField(
            model_name='market',
            name='auto_finalize',
            field=models.BooleanField(default=False, help_text='Pay at the end of the dispute window, once a second person has confirmed the resolution.'),
        ),
        migrations.AddField(
            model_name='market',
            name='dispute_bond_units',
            field=models.BigIntegerField(default=0, help_text='What a holder puts down to dispute a resolution; lost if it is upheld. 0: nothing.'),
        ),
        migrations.AddField(
            model_name='market',
            name='dispute_ends_at',
            field=models.DateTimeField(blank=True, help_text='Until then the proposed resolution may be disputed; then it may be finalized.', null=True),
        ),
        migrations.AddField(
            model_name='market',
            name='finalizes_at',
            field=models.DateTimeField(blank=True, help_text='When the scheduler pays; empty: by hand.', null=True),
        ),
        migrations.AddField(
            model_name='market',
            name='opens_at',
            field=models.DateTimeField(blank=True, help_text='Trading begins then, once approved; empty: when opened by hand.', null=True),
        ),
        migrations.AddField(
            model_name='market',
            name='retry_at',
            field=models.DateTimeField(blank=True, help_text='After a failure the scheduler leaves the market alone until then.', null=True),
        ),
        migrations.AlterField(
            model_name='account',
            name='kind',
            field=models.CharField(choices=[('trader', 'Trader'), ('escrow', 'Escrow'), ('house', 'House market maker'), ('bond', 'Bonds of disputes'), ('market_fees', 'Fees of a market'), ('fees', 'Fees'), ('subsidy', 'Subsidy'), ('external', 'Outside world')], max_length=12),
        ),
        migrations.AlterField(
            model_name='market',
            name='status',
            field=models.CharField(choices=[('draft', 'Draft'), ('pending_approval', 'Pending approval'), ('open', 'Open'), ('halted', 'Halted'), ('closed', 'Closed'), ('resolved', 'Resolved (proposed)'), ('disputed', 'Disputed'), ('finalized', 'Finalized'), ('settled', 'Settled'), ('voided', 'Voided')], default='draft', max_length=16),
        ),
        migrations.AlterField(
            model_name='posting',
            name='reason',
            field=models.CharField(choices=[('deposit', 'Deposit'), ('withdrawal', 'Withdrawal'), ('trade', 'Trade'), ('fee', 'Fee'), ('mint', 'Sets minted'), ('merge', 'Sets merged'), ('subsidy', 'Subsidy'), ('payout', 'Payout'), ('sweep', 'Fees swept'), ('bond', 'Bond of a dispute'), ('correction', 'Correction of a payout')], max_length=10),
        ),
        migrations.AddIndex(
            model_name='market',
            index=models.Index(condition=models.Q(('approved_at__isnull', False), ('opens_at__isnull', False), ('status', 'pending_approval')), fields=['opens_at'], name='market_opening'),
        ),
        migrations.AddIndex(
            model_name='market',
            index=models.Index(condition=models.Q(('finalizes_at__isnull', False), ('status', 'resolved')), fields=['finalizes_at'], name='market_finalizing'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['escrow', 'house', 'bond', 'market_fees']), ('market__isnull', True), _connector='XOR'), name='account_market_iff_of_market'),
        ),
        migrations.AddConstraint(
            model_name='market',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'pending_approval', 'open', 'halted', 'closed', 'voided']), ('payout_units__isnull', False), _connector='OR'), name='market_resolved_has_payout'),
        ),
        migrations.AddConstraint(
            model_name='market',
            constraint=models.CheckConstraint(condition=models.Q(('dispute_bond_units__gte', 0)), name='market_bond_not_negative'),
        ),
        migrations.AddField(
            model_name='decisionrequest',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='decisionrequest',
            name='market',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decision_requests', to='markets.market'),
        ),
        migrations.AddField(
            model_name='decisionrequest',
            name='requested_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='dispute',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='markets.account'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='raised_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='evidence',
            name='added_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='evidence',
            name='dispute',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='markets.dispute'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='market',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='markets.market'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='request',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='markets.decisionrequest'),
        ),
        migrations.AddField(
            model_name='resolutionproposal',
            name='confirmed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='resolutionproposal',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='resolutionproposal',
            name='market',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='markets.market'),
        ),
        migrations.AddField(
            model_name='resolutionproposal',
            name='proposed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='resolutionproposal',
            name='replaces',
            field=models.OneToOneField(blank=True, help_text='Overturned by it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='markets.resolutionproposal'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='proposal',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='markets.resolutionproposal'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='proposal',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='markets.resolutionproposal'),
        ),
        migrations.AddConstraint(
            model_name='decisionrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'pending')), fields=('market',), name='decision_one_pending'),
        ),
        migrations.AddConstraint(
            model_name='resolutionproposal',
            constraint=models.UniqueConstraint(fields=('market', 'number'), name='proposal_market_number'),
        ),
        migrations.AddIndex(
            model_name='evidence',
            index=models.Index(condition=models.Q(('dispute__isnull', True), ('proposal__isnull', True), ('request__isnull', True)), fields=['added_at'], name='evidence_not_given'),
        ),
        migrations.AddConstraint(
            model_name='evidence',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('dispute__isnull', True), ('proposal__isnull', True)), models.Q(('proposal__isnull', True), ('request__isnull', True)), models.Q(('dispute__isnull', True), ('request__isnull', True)), _connector='OR'), name='evidence_for_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='evidence',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'file'), ('file', ''), _connector='XOR'), name='evidence_file_iff_file'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.UniqueConstraint(fields=('account', 'proposal'), name='dispute_one_per_account_and_proposal'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('bond', 'none'), ('bond_units__gt', 0), _connector='XOR'), name='dispute_bond_iff_units'),
        ),
        migrations.RunSQL(EARLIER_RESOLUTIONS, migrations.RunSQL.noop),
        migrations.RunPython(drop_replaced_entry, migrations.RunPython.noop),
    ]
