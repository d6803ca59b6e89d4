import django.db.models.deletion
import django.db.models.expressions
import opinion_market.kernel.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0001_initial'),
        ('markets', '0002_guards'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='market',
            name='group_label',
            field=models.CharField(blank=True, help_text='What it stands for within its group.', max_length=120),
        ),
        migrations.AddField(
            model_name='market',
            name='scalar_lower',
            field=models.DecimalField(blank=True, decimal_places=8, help_text='At or below it, Short takes all.', max_digits=24, null=True),
        ),
        migrations.AddField(
            model_name='market',
            name='scalar_unit',
            field=models.CharField(blank=True, help_text='What the value is counted in.', max_length=40),
        ),
        migrations.AddField(
            model_name='market',
            name='scalar_upper',
            field=models.DecimalField(blank=True, decimal_places=8, help_text='At or above it, Long takes all.', max_digits=24, null=True),
        ),
        migrations.AddField(
            model_name='market',
            name='settlement_value',
            field=models.DecimalField(blank=True, decimal_places=8, help_text='The value a scalar market resolved at.', max_digits=24, null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='budget_units',
            field=models.BigIntegerField(blank=True, help_text='What a market order to buy was to spend at most, its fees included.', null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='reduce_only',
            field=models.BooleanField(default=False, help_text='Gave up contracts held, and did nothing else.'),
        ),
        migrations.AddField(
            model_name='order',
            name='terms_from_sequence',
            field=models.BigIntegerField(db_default=0, help_text="The market's trade from which on these terms held; 0 unless it was amended."),
        ),
        migrations.AlterField(
            model_name='market',
            name='kind',
            field=models.CharField(choices=[('binary', 'Binary'), ('categorical', 'Categorical'), ('scalar', 'Scalar')], max_length=12),
        ),
        migrations.AlterField(
            model_name='market',
            name='maker_fee_bps',
            field=models.SmallIntegerField(default=0, help_text="Negative: a rebate, paid out of the taker's fee."),
        ),
        migrations.CreateModel(
            name='MarketGroup',
            fields=[
                ('id', models.UUIDField(default=opinion_market.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('question', models.CharField(max_length=300)),
                ('description', models.TextField(blank=True)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='market_groups', to='governance.organization')),
            ],
            options={
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.AddField(
            model_name='market',
            name='group',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='markets', to='markets.marketgroup'),
        ),
        migrations.AddConstraint(
            model_name='market',
            constraint=models.CheckConstraint(condition=models.Q(('maker_fee_bps__gte', django.db.models.expressions.CombinedExpression(models.F('taker_fee_bps'), '*', models.Value(-1)))), name='market_rebate_within_taker_fee'),
        ),
        migrations.AddConstraint(
            model_name='market',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'scalar'), ('scalar_lower__isnull', False), ('scalar_upper__gt', models.F('scalar_lower'))), models.Q(models.Q(('kind', 'scalar'), _negated=True), ('scalar_lower__isnull', True), ('scalar_upper__isnull', True)), _connector='OR'), name='market_bounds_iff_scalar'),
        ),
        migrations.AddConstraint(
            model_name='market',
            constraint=models.CheckConstraint(condition=models.Q(('group__isnull', True), ('kind', 'binary'), _connector='OR'), name='market_group_is_binary'),
        ),
        migrations.AddIndex(
            model_name='marketgroup',
            index=models.Index(fields=['organization', '-created_at'], name='market_group_organization'),
        ),
    ]
