"""What the traders' figures and the leaderboards keep."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import opinion_market.kernel.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0001_initial"),
        ("markets", "0006_market_figures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountCash",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="markets.account",
                    ),
                ),
                ("balance_units", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="MarketCourse",
            fields=[
                (
                    "market",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="markets.market",
                    ),
                ),
                ("price_units", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ("prior_units", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ("escrow_account", models.BigIntegerField()),
                ("fee_account", models.BigIntegerField()),
                ("house_account", models.BigIntegerField()),
                ("liquidity", models.BigIntegerField()),
                (
                    "house_sold",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "closed_ms",
                    models.BigIntegerField(help_text="When trading closed, milliseconds since 1970.", null=True),
                ),
                (
                    "payout_units",
                    django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), null=True, size=None),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=opinion_market.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "shown",
                    models.CharField(
                        choices=[
                            ("pseudonym", "Under a pseudonym"),
                            ("name", "Under the own name"),
                            ("hidden", "Not at all"),
                        ],
                        default="pseudonym",
                        max_length=9,
                    ),
                ),
                ("pseudonym", models.CharField(blank=True, help_text="Empty: one is made up.", max_length=40)),
                ("updated_at", models.DateTimeField()),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="listing", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["user"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("pseudonym"),
                        condition=models.Q(("pseudonym", ""), _negated=True),
                        name="listing_pseudonym",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MarketClose",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("price_units", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                (
                    "market",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.market",
                    ),
                ),
            ],
            options={
                "ordering": ["market", "day"],
                "constraints": [models.UniqueConstraint(fields=("market", "day"), name="market_close_day")],
            },
        ),
        migrations.CreateModel(
            name="Standing",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "window",
                    models.CharField(
                        choices=[("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days"), ("all", "All time")],
                        max_length=3,
                    ),
                ),
                (
                    "metric",
                    models.CharField(
                        choices=[
                            ("profit", "Profit"),
                            ("roi", "Return on investment"),
                            ("brier", "Brier score"),
                            ("log", "Logarithmic score"),
                        ],
                        max_length=6,
                    ),
                ),
                ("category", models.CharField(blank=True, help_text="Empty: all markets.", max_length=60)),
                ("rank", models.PositiveIntegerField()),
                ("score", models.BigIntegerField()),
                ("raw", models.BigIntegerField()),
                ("markets", models.PositiveIntegerField(help_text="Markets that count.")),
                ("fills", models.BigIntegerField(help_text="Own sides of trades within the window.")),
                (
                    "credibility_millionths",
                    models.PositiveIntegerField(help_text="Weight of the own mean against everybody's."),
                ),
                ("computed_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="markets.account"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="governance.organization"
                    ),
                ),
            ],
            options={
                "ordering": ["organization", "window", "metric", "category", "rank", "id"],
                "indexes": [
                    models.Index(
                        fields=["organization", "window", "metric", "category", "rank", "id"], name="standing_order"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "window", "metric", "category", "account"), name="standing_place"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TraderDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "contracts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        help_text="Held per outcome, promised ones included.",
                        size=None,
                    ),
                ),
                (
                    "basis_units",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        help_text="What those contracts cost, per outcome.",
                        size=None,
                    ),
                ),
                ("cash_units", models.BigIntegerField(help_text="Net cash from the market, fees included.")),
                ("fees_units", models.BigIntegerField()),
                ("turnover_units", models.BigIntegerField(help_text="Cash paid and received in trades, without fees.")),
                ("invested_units", models.BigIntegerField(help_text="Cash paid for contracts.")),
                ("fills", models.BigIntegerField()),
                ("traded_contracts", models.BigIntegerField()),
                ("day", models.DateField()),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.account",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.market",
                    ),
                ),
            ],
            options={
                "ordering": ["account", "market", "day"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("account", "market", "day"), name="trader_day_account_market")
                ],
            },
        ),
        migrations.CreateModel(
            name="TraderResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "contracts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        help_text="Held per outcome, promised ones included.",
                        size=None,
                    ),
                ),
                (
                    "basis_units",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        help_text="What those contracts cost, per outcome.",
                        size=None,
                    ),
                ),
                ("cash_units", models.BigIntegerField(help_text="Net cash from the market, fees included.")),
                ("fees_units", models.BigIntegerField()),
                ("turnover_units", models.BigIntegerField(help_text="Cash paid and received in trades, without fees.")),
                ("invested_units", models.BigIntegerField(help_text="Cash paid for contracts.")),
                ("fills", models.BigIntegerField()),
                ("traded_contracts", models.BigIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                ("forecast", models.JSONField(help_text="Sums of the forecasts so far; see `forecast.Forecast`.")),
                ("brier_millionths", models.IntegerField(null=True)),
                ("log_micronats", models.IntegerField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.account",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.market",
                    ),
                ),
            ],
            options={
                "ordering": ["account", "market"],
                "abstract": False,
                "indexes": [models.Index(fields=["market"], name="trader_result_market")],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "market"), name="trader_result_account_market")
                ],
            },
        ),
    ]
