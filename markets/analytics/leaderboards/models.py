"""Standings as they were last computed, and how people wish to be listed."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from opinion_market.kernel.models import UuidModel


class Listing(UuidModel):
    """How a user appears on leaderboards. Without a row: under a pseudonym that the platform makes up."""

    class Shown(models.TextChoices):
        PSEUDONYM = "pseudonym", "Under a pseudonym"
        NAME = "name", "Under the own name"
        HIDDEN = "hidden", "Not at all"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="listing")
    shown = models.CharField(max_length=9, choices=Shown.choices, default=Shown.PSEUDONYM)
    pseudonym = models.CharField(max_length=40, blank=True, help_text="Empty: one is made up.")
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["user"]
        constraints = [
            models.UniqueConstraint(Lower("pseudonym"), condition=~models.Q(pseudonym=""), name="listing_pseudonym")
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.shown}"


class Standing(models.Model):
    """An account's place on one of an organization's leaderboards. Replaced as a whole whenever they are computed.

    score: what is ranked, shrunk towards the mean (see `shrinkage`); raw: the same before shrinking. In units for profit, in
    millionths for return, Brier and logarithmic scores. Equal scores share a rank.
    """

    class Window(models.TextChoices):
        WEEK = "7d", "7 days"
        MONTH = "30d", "30 days"
        QUARTER = "90d", "90 days"
        ALL = "all", "All time"

    class Metric(models.TextChoices):
        PROFIT = "profit", "Profit"
        RETURN = "roi", "Return on investment"
        BRIER = "brier", "Brier score"
        LOG = "log", "Logarithmic score"

    id = models.BigAutoField(primary_key=True)
    organization = models.ForeignKey("governance.Organization", on_delete=models.CASCADE, related_name="+")
    window = models.CharField(max_length=3, choices=Window.choices)
    metric = models.CharField(max_length=6, choices=Metric.choices)
    category = models.CharField(max_length=60, blank=True, help_text="Empty: all markets.")
    account = models.ForeignKey("markets.Account", on_delete=models.CASCADE, related_name="+")
    rank = models.PositiveIntegerField()
    score = models.BigIntegerField()
    raw = models.BigIntegerField()
    markets = models.PositiveIntegerField(help_text="Markets that count.")
    fills = models.BigIntegerField(help_text="Own sides of trades within the window.")
    credibility_millionths = models.PositiveIntegerField(help_text="Weight of the own mean against everybody's.")
    computed_at = models.DateTimeField()

    class Meta:
        ordering = ["organization", "window", "metric", "category", "rank", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "window", "metric", "category", "account"], name="standing_place"
            )
        ]
        indexes = [
            models.Index(fields=["organization", "window", "metric", "category", "rank", "id"], name="standing_order")
        ]

    def __str__(self) -> str:
        return f"{self.rank}. #{self.account_id}"
