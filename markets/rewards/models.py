"""Liquidity campaigns: what they promise, how quoting was scored, and what was paid."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from opinion_market.kernel.models import UuidModel


class RewardCampaign(UuidModel):
    """A budget paid hour by hour to those whose orders rest near the mid price, in one market or in a category.

    Its row is the lock of its stream `campaign-<id>`. Its hours are counted from `starts_at`: hour 0, 1, ...
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled"
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"
        STOPPED = "stopped", "Stopped"

    organization = models.ForeignKey(
        "governance.Organization", on_delete=models.PROTECT, related_name="reward_campaigns"
    )
    name = models.CharField(max_length=120)
    market = models.ForeignKey(
        "markets.Market", null=True, blank=True, on_delete=models.PROTECT, related_name="reward_campaigns"
    )
    category = models.CharField(max_length=60, blank=True, help_text="All open markets of it, instead of one market.")
    budget_units = models.PositiveBigIntegerField(help_text="Paid in equal parts over the hours.")
    max_distance_units = models.PositiveIntegerField(help_text="From the mid price; further orders score nothing.")
    min_size_contracts = models.PositiveBigIntegerField(help_text="Smaller resting orders are not looked at.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="A whole number of hours after the start.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.SCHEDULED)
    account = models.OneToOneField(
        "markets.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="reward_campaign"
    )
    hours_paid = models.PositiveIntegerField(default=0, help_text="Hours that have been decided, paid or not.")
    paid_units = models.PositiveBigIntegerField(default=0)
    returned_units = models.PositiveBigIntegerField(default=0, help_text="To the subsidy, at the end.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(market__isnull=False, category="") | (Q(market__isnull=True) & ~Q(category="")),
                name="reward_campaign_market_or_category",
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="reward_campaign_has_a_duration"),
            models.CheckConstraint(
                condition=Q(budget_units__gte=F("paid_units") + F("returned_units")), name="reward_campaign_in_budget"
            ),
            models.CheckConstraint(
                condition=Q(max_distance_units__gte=1) & Q(max_distance_units__lte=9_999),
                name="reward_campaign_distance_in_range",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["running", "finished"]) | Q(account__isnull=False),
                name="reward_campaign_started_has_account",
            ),
        ]
        indexes = [
            models.Index(
                fields=["starts_at"], condition=Q(state__in=["scheduled", "running"]), name="reward_campaign_live"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RewardSample(models.Model):
    """One look at the books for a campaign, at a whole minute."""

    id = models.BigAutoField(primary_key=True)
    campaign = models.ForeignKey("markets.RewardCampaign", on_delete=models.PROTECT, related_name="samples")
    sampled_at = models.DateTimeField()

    class Meta:
        ordering = ["-sampled_at", "campaign"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "sampled_at"], name="reward_sample_once_a_minute"),
        ]

    def __str__(self) -> str:
        return f"{self.sampled_at:%Y-%m-%d %H:%M}"


class RewardScore(models.Model):
    """What an account's quotes were worth in a sample; `share` is its part of all scores there, in parts of 10^12."""

    id = models.BigAutoField(primary_key=True)
    sample = models.ForeignKey("markets.RewardSample", on_delete=models.CASCADE, related_name="scores")
    account = models.ForeignKey(
        "markets.Account", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    score = models.DecimalField(max_digits=40, decimal_places=0)
    share = models.BigIntegerField()

    class Meta:
        ordering = ["sample", "account"]
        constraints = [
            models.UniqueConstraint(fields=["sample", "account"], name="reward_score_sample_account"),
            models.CheckConstraint(condition=Q(score__gt=0) & Q(share__gte=0), name="reward_score_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.share} for #{self.account_id}"


class RewardHour(models.Model):
    """An hour of a campaign that has been decided: what there was to pay, and what was paid."""

    id = models.BigAutoField(primary_key=True)
    campaign = models.ForeignKey("markets.RewardCampaign", on_delete=models.PROTECT, related_name="hours")
    hour = models.PositiveIntegerField(help_text="0 is the first.")
    starts_at = models.DateTimeField()
    budget_units = models.PositiveBigIntegerField()
    paid_units = models.PositiveBigIntegerField(help_text="The budget, or nothing if nobody quoted.")
    accounts = models.PositiveIntegerField(help_text="How many were paid.")
    event_position = models.BigIntegerField(help_text="Global position of the event that paid it.")

    class Meta:
        ordering = ["campaign", "-hour"]
        constraints = [models.UniqueConstraint(fields=["campaign", "hour"], name="reward_hour_once")]

    def __str__(self) -> str:
        return f"Hour {self.hour}"


class RewardPayout(models.Model):
    """What an account was paid for an hour. `weight`: the sum of its shares over the hour's samples."""

    id = models.BigAutoField(primary_key=True)
    hour = models.ForeignKey("markets.RewardHour", on_delete=models.PROTECT, related_name="payouts")
    account = models.ForeignKey("markets.Account", on_delete=models.PROTECT, related_name="rewards", db_index=False)
    weight = models.BigIntegerField()
    units = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["hour", "account"], name="reward_payout_once")]
        indexes = [models.Index(fields=["account", "-id"], name="reward_payout_account")]

    def __str__(self) -> str:
        return f"{self.units} to #{self.account_id}"
