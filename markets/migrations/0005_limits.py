import django.db.models.deletion
import django.db.models.expressions
import opinion_market.kernel.ids
from django.conf import settings
from django.db import migrations, models

from opinion_market.kernel.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0001_initial"),
        ("markets", "0004_lifecycle"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LimitDefaults",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="limit_defaults",
                        serialize=False,
                        to="governance.organization",
                    ),
                ),
                (
                    "position_limit_contracts",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="Most contracts of one outcome an account may come to hold.", null=True
                    ),
                ),
                (
                    "order_limit",
                    models.PositiveIntegerField(
                        blank=True, help_text="Most open orders an account may have in one market.", null=True
                    ),
                ),
                (
                    "order_quantity_limit",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="Most contracts one order may fill or leave resting.", null=True
                    ),
                ),
                (
                    "order_value_limit_units",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="Most one order may cost, in units.", null=True
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RewardCampaign",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=opinion_market.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "category",
                    models.CharField(
                        blank=True, help_text="All open markets of it, instead of one market.", max_length=60
                    ),
                ),
                ("budget_units", models.PositiveBigIntegerField(help_text="Paid in equal parts over the hours.")),
                (
                    "max_distance_units",
                    models.PositiveIntegerField(help_text="From the mid price; further orders score nothing."),
                ),
                (
                    "min_size_contracts",
                    models.PositiveBigIntegerField(help_text="Smaller resting orders are not looked at."),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(help_text="A whole number of hours after the start.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("scheduled", "Scheduled"),
                            ("running", "Running"),
                            ("finished", "Finished"),
                            ("stopped", "Stopped"),
                        ],
                        default="scheduled",
                        max_length=9,
                    ),
                ),
                (
                    "hours_paid",
                    models.PositiveIntegerField(default=0, help_text="Hours that have been decided, paid or not."),
                ),
                ("paid_units", models.PositiveBigIntegerField(default=0)),
                ("returned_units", models.PositiveBigIntegerField(default=0, help_text="To the subsidy, at the end.")),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("end_reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "ordering": ["-starts_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="RewardHour",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("hour", models.PositiveIntegerField(help_text="0 is the first.")),
                ("starts_at", models.DateTimeField()),
                ("budget_units", models.PositiveBigIntegerField()),
                ("paid_units", models.PositiveBigIntegerField(help_text="The budget, or nothing if nobody quoted.")),
                ("accounts", models.PositiveIntegerField(help_text="How many were paid.")),
                ("event_position", models.BigIntegerField(help_text="Global position of the event that paid it.")),
            ],
            options={
                "ordering": ["campaign", "-hour"],
            },
        ),
        migrations.CreateModel(
            name="RewardPayout",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("weight", models.BigIntegerField()),
                ("units", models.PositiveBigIntegerField()),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="RewardSample",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("sampled_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-sampled_at", "campaign"],
            },
        ),
        migrations.CreateModel(
            name="RewardScore",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("score", models.DecimalField(decimal_places=0, max_digits=40)),
                ("share", models.BigIntegerField()),
            ],
            options={
                "ordering": ["sample", "account"],
            },
        ),
        migrations.AddField(
            model_name="account",
            name="block_reason",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="account",
            name="blocked_at",
            field=models.DateTimeField(
                blank=True, help_text="New orders are refused since then; empty: trading.", null=True
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="blocked_by_staff",
            field=models.BooleanField(default=False, help_text="Only staff may release it."),
        ),
        migrations.AddField(
            model_name="account",
            name="max_open_orders",
            field=models.PositiveIntegerField(blank=True, help_text="In one market; empty: no limit.", null=True),
        ),
        migrations.AddField(
            model_name="account",
            name="max_order_value_units",
            field=models.PositiveBigIntegerField(
                blank=True, help_text="Most one order may cost; empty: the organization's default.", null=True
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="max_position_contracts",
            field=models.PositiveBigIntegerField(
                blank=True, help_text="Of one outcome of a market; empty: no limit.", null=True
            ),
        ),
        migrations.AddField(
            model_name="market",
            name="order_limit",
            field=models.PositiveIntegerField(
                blank=True, help_text="Most open orders an account may have here; empty: the default.", null=True
            ),
        ),
        migrations.AddField(
            model_name="market",
            name="order_quantity_limit",
            field=models.PositiveBigIntegerField(
                blank=True,
                help_text="Most contracts one order may fill or leave resting; empty: the default.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="market",
            name="position_limit_contracts",
            field=models.PositiveBigIntegerField(
                blank=True,
                help_text="Most contracts of one outcome an account may come to hold; empty: the default.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="account",
            name="kind",
            field=models.CharField(choices=[('trader', 'Trader'), ('escrow', 'Escrow'), ('house', 'House market maker'), ('bond', 'Bonds of disputes'), ('market_fees', 'Fees of a market'), ('fees', 'Fees'), ('subsidy', 'Subsidy'), ('campaign', 'Reward campaign'), ('external', 'Outside world')], max_length=12),
        ),
        migrations.AlterField(
            model_name="posting",
            name="reason",
            field=models.CharField(choices=[('deposit', 'Deposit'), ('withdrawal', 'Withdrawal'), ('trade', 'Trade'), ('fee', 'Fee'), ('mint', 'Sets minted'), ('merge', 'Sets merged'), ('subsidy', 'Subsidy'), ('payout', 'Payout'), ('sweep', 'Fees swept'), ('bond', 'Bond of a dispute'), ('correction', 'Correction of a payout'), ('reward', 'Liquidity reward')], max_length=10),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(
                condition=models.Q(("blocked_at__isnull", False)), fields=["blocked_at"], name="account_blocked"
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("blocked_at__isnull", False),
                    models.Q(("block_reason", ""), ("blocked_by_staff", False)),
                    _connector="OR",
                ),
                name="account_block_has_a_time",
            ),
        ),
        migrations.AddField(
            model_name="rewardcampaign",
            name="account",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reward_campaign",
                to="markets.account",
            ),
        ),
        migrations.AddField(
            model_name="rewardcampaign",
            name="created_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="rewardcampaign",
            name="market",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reward_campaigns",
                to="markets.market",
            ),
        ),
        migrations.AddField(
            model_name="rewardcampaign",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reward_campaigns",
                to="governance.organization",
            ),
        ),
        migrations.AddField(
            model_name="rewardhour",
            name="campaign",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="hours", to="markets.rewardcampaign"
            ),
        ),
        migrations.AddField(
            model_name="rewardpayout",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rewards",
                to="markets.account",
            ),
        ),
        migrations.AddField(
            model_name="rewardpayout",
            name="hour",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="payouts", to="markets.rewardhour"
            ),
        ),
        migrations.AddField(
            model_name="rewardsample",
            name="campaign",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="samples", to="markets.rewardcampaign"
            ),
        ),
        migrations.AddField(
            model_name="rewardscore",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="markets.account",
            ),
        ),
        migrations.AddField(
            model_name="rewardscore",
            name="sample",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="scores", to="markets.rewardsample"
            ),
        ),
        migrations.AddIndex(
            model_name="rewardcampaign",
            index=models.Index(
                condition=models.Q(("state__in", ["scheduled", "running"])),
                fields=["starts_at"],
                name="reward_campaign_live",
            ),
        ),
        migrations.AddConstraint(
            model_name="rewardcampaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("category", ""), ("market__isnull", False)),
                    models.Q(("market__isnull", True), models.Q(("category", ""), _negated=True)),
                    _connector="OR",
                ),
                name="reward_campaign_market_or_category",
            ),
        ),
        migrations.AddConstraint(
            model_name="rewardcampaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="reward_campaign_has_a_duration"
            ),
        ),
        migrations.AddConstraint(
            model_name="rewardcampaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "budget_units__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("paid_units"), "+", models.F("returned_units")
                        ),
                    )
                ),
                name="reward_campaign_in_budget",
            ),
        ),
        migrations.AddConstraint(
            model_name="rewardcampaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("max_distance_units__gte", 1), ("max_distance_units__lte", 9999)),
                name="reward_campaign_distance_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="rewardcampaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["running", "finished"]), _negated=True),
                    ("account__isnull", False),
                    _connector="OR",
                ),
                name="reward_campaign_started_has_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="rewardhour",
            constraint=models.UniqueConstraint(fields=("campaign", "hour"), name="reward_hour_once"),
        ),
        migrations.AddIndex(
            model_name="rewardpayout",
            index=models.Index(fields=["account", "-id"], name="reward_payout_account"),
        ),
        migrations.AddConstraint(
            model_name="rewardpayout",
            constraint=models.UniqueConstraint(fields=("hour", "account"), name="reward_payout_once"),
        ),
        migrations.AddConstraint(
            model_name="rewardsample",
            constraint=models.UniqueConstraint(fields=("campaign", "sampled_at"), name="reward_sample_once_a_minute"),
        ),
        migrations.AddConstraint(
            model_name="rewardscore",
            constraint=models.UniqueConstraint(fields=("sample", "account"), name="reward_score_sample_account"),
        ),
        migrations.AddConstraint(
            model_name="rewardscore",
            constraint=models.CheckConstraint(
                condition=models.Q(("score__gt", 0), ("share__gte", 0)), name="reward_score_positive"
            ),
        ),
        # What an hour paid is history, as the postings are that paid it.
        append_only("markets_rewardhour"),
        append_only("markets_rewardpayout"),
    ]
