import django.contrib.postgres.fields
import django.db.models.deletion
import opinion_market.kernel.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("markets", "0005_limits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.UUIDField(default=opinion_market.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('text', models.CharField(max_length=4000)),
                ('created_at', models.DateTimeField()),
                ('edited_at', models.DateTimeField(blank=True, null=True)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
                ('hidden_at', models.DateTimeField(blank=True, null=True)),
                ('hidden_reason', models.CharField(blank=True, max_length=200)),
                ('answers_count', models.PositiveIntegerField(default=0)),
                ('reports_count', models.PositiveIntegerField(default=0, help_text='Reports nobody has decided on yet.')),
                ('author', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='comments', to=settings.AUTH_USER_MODEL)),
                ('hidden_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('market', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='markets.market')),
                ('parent', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='markets.comment')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='CommentReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=200)),
                ('reported_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('comment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='markets.comment')),
                ('reporter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-reported_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='MarketBucket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seconds', models.PositiveIntegerField(help_text='60, 3600 or 86400.')),
                ('start', models.DateTimeField(help_text='A whole minute, hour or day, UTC.')),
                ('open_units', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), help_text='After the first trade.', size=None)),
                ('high_units', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ('low_units', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ('close_units', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ('book_contracts', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), help_text="Per outcome's book; two outcomes have one, the first's.", size=None)),
                ('contracts', models.BigIntegerField()),
                ('value_units', models.BigIntegerField()),
                ('trades', models.BigIntegerField()),
                ('contracts_after', models.BigIntegerField()),
                ('value_units_after', models.BigIntegerField()),
                ('trades_after', models.BigIntegerField()),
                ('market', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='markets.market')),
            ],
            options={
                'ordering': ['market_id', 'seconds', 'start'],
            },
        ),
        migrations.CreateModel(
            name='MarketFigures',
            fields=[
                ('market', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='figures', serialize=False, to='markets.market')),
                ('version', models.BigIntegerField(help_text="The last event of the market's stream that is counted.")),
                ('opened_at', models.DateTimeField(null=True)),
                ('opening_units', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list, help_text='Price per outcome when it opened.', size=None)),
                ('price_units', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list, help_text='Last price per outcome.', size=None)),
                ('house_liquidity', models.BigIntegerField(default=0, help_text='LMSR b in contracts; 0: no house market maker.')),
                ('house_prior_units', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list, size=None)),
                ('house_sold', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, help_text='Contracts per outcome the house sold net.', size=None)),
                ('contracts', models.BigIntegerField(default=0)),
                ('value_units', models.BigIntegerField(default=0)),
                ('trades', models.BigIntegerField(default=0)),
                ('last_trade_at', models.DateTimeField(null=True)),
                ('largest_sequence', models.BigIntegerField(help_text='The trade of most contracts; the earliest of equals.', null=True)),
                ('largest_outcome', models.PositiveSmallIntegerField(null=True)),
                ('largest_contracts', models.BigIntegerField(default=0)),
                ('largest_value_units', models.BigIntegerField(default=0)),
                ('largest_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name_plural': 'market figures',
                'ordering': ['market_id'],
                'indexes': [models.Index(fields=['last_trade_at'], name='figures_last_trade')],
            },
        ),
        migrations.CreateModel(
            name='MarketTrader',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_traded_at', models.DateTimeField()),
                ('last_traded_at', models.DateTimeField()),
                ('trades', models.BigIntegerField()),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='markets.account')),
                ('market', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='markets.market')),
            ],
            options={
                'ordering': ['market_id', 'account_id'],
            },
        ),
        migrations.CreateModel(
            name='MarketTraderDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='markets.account')),
                ('market', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='markets.market')),
            ],
            options={
                'ordering': ['market_id', 'day', 'account_id'],
            },
        ),
        migrations.CreateModel(
            name='WatchedMarket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('added_at', models.DateTimeField()),
                ('market', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='markets.market')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='watched_markets', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['user_id', '-added_at', '-id'],
            },
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['market', 'parent', '-id'], name='comment_market'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['parent', 'id'], name='comment_answers'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['author', '-created_at'], name='comment_author'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(condition=models.Q(('reports_count__gt', 0)), fields=['-reports_count', '-id'], name='comment_reported'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='comment_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('hidden_at__isnull', True), ('hidden_by__isnull', True), ('hidden_reason', '')), models.Q(('hidden_at__isnull', False), ('hidden_by__isnull', False), models.Q(('hidden_reason', ''), _negated=True)), _connector='OR'), name='comment_hidden_by_somebody_for_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='commentreport',
            constraint=models.UniqueConstraint(fields=('comment', 'reporter'), name='report_comment_reporter'),
        ),
        migrations.AddConstraint(
            model_name='marketbucket',
            constraint=models.UniqueConstraint(fields=('market', 'seconds', 'start'), name='bucket_market_seconds_start'),
        ),
        migrations.AddIndex(
            model_name='markettrader',
            index=models.Index(fields=['market', 'last_traded_at'], name='trader_market_last'),
        ),
        migrations.AddConstraint(
            model_name='markettrader',
            constraint=models.UniqueConstraint(fields=('market', 'account'), name='trader_market_account'),
        ),
        migrations.AddConstraint(
            model_name='markettraderday',
            constraint=models.UniqueConstraint(fields=('market', 'day', 'account'), name='trader_market_day_account'),
        ),
        migrations.AddConstraint(
            model_name='watchedmarket',
            constraint=models.UniqueConstraint(fields=('user', 'market'), name='watched_user_market'),
        ),
    ]
