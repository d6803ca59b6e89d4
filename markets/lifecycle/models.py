"""Markets: the question, its outcomes, its rules, and where it stands in its life."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from opinion_market.kernel.models import UuidModel


class Market(UuidModel):
    """A question with mutually exclusive, exhaustive outcomes, one of which (or a split of them) a complete set pays 1 credit for.

    The row is also the market's lock and the cached head of its stream `market-<id>`; `version` is the last event applied.
    """

    class Kind(models.TextChoices):
        BINARY = "binary", "Binary"
        CATEGORICAL = "categorical", "Categorical"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PENDING_APPROVAL = "pending_approval", "Pending approval"
        OPEN = "open", "Open"
        HALTED = "halted", "Halted"
        CLOSED = "closed", "Closed"
        RESOLVED = "resolved", "Resolved (proposed)"
        FINALIZED = "finalized", "Finalized"
        SETTLED = "settled", "Settled"

    organization = models.ForeignKey("governance.Organization", on_delete=models.PROTECT, related_name="markets")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="markets_created")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    question = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    criteria = models.TextField(
        help_text="How the market will be resolved. Frozen, with its hash in the stream, when it opens."
    )
    criteria_hash = models.CharField(max_length=64, blank=True, editable=False, help_text="SHA-256, set at opening.")
    category = models.CharField(max_length=60, blank=True, db_index=True)
    is_public = models.BooleanField(
        default=False, help_text="Visible outside of its organization; trading stays with members."
    )
    closes_at = models.DateTimeField(null=True, blank=True, help_text="Trading stops then; empty: when closed by hand.")
    dispute_window_s = models.PositiveIntegerField(
        default=86_400, help_text="Seconds between a proposed resolution and the earliest finalization."
    )
    taker_fee_bps = models.PositiveSmallIntegerField(default=0)
    maker_fee_bps = models.PositiveSmallIntegerField(default=0)
    house_liquidity = models.PositiveBigIntegerField(
        default=0, help_text="LMSR b in contracts; 0: no house market maker."
    )
    house_prior_units = ArrayField(
        models.PositiveIntegerField(),
        null=True,
        blank=True,
        help_text="Opening prices per outcome, summing to 10,000; empty: equal.",
    )
    position_limit_contracts = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        help_text="Most contracts of one outcome an account may come to hold; empty: the default.",
    )
    order_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="Most open orders an account may have here; empty: the default."
    )
    order_quantity_limit = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Most contracts one order may fill or leave resting; empty: the default."
    )

    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DRAFT)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    payout_units = ArrayField(
        models.PositiveIntegerField(), null=True, blank=True, help_text="What a contract on each outcome pays."
    )
    resolution_note = models.TextField(blank=True, help_text="The evidence given with the resolution.")
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    # Written by the sequencer with each batch.
    version = models.BigIntegerField(default=0)
    head_hash = models.BinaryField(default=bytes(32), help_text="Hash of the stream's last event.")
    trade_sequence = models.BigIntegerField(default=0, help_text="Sequence of the last trade; gap-free.")
    open_sets = models.BigIntegerField(
        default=0, help_text="Complete sets in existence; escrow holds 1 credit for each."
    )
    volume_contracts = models.BigIntegerField(default=0)
    volume_units = models.BigIntegerField(default=0)
    price_units = ArrayField(models.IntegerField(), default=list, help_text="Last price per outcome.")
    last_trade_at = models.DateTimeField(null=True, blank=True)

    search = models.GeneratedField(
        expression=models.Func(models.Value("english"), models.F("question"), function="to_tsvector"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(taker_fee_bps__lte=10_000) & Q(maker_fee_bps__lte=10_000), name="market_fees_at_most_all"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "pending_approval", "open", "halted", "closed"])
                | Q(payout_units__isnull=False),
                name="market_resolved_has_payout",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "status", "-created_at"], name="market_organization_status"),
            models.Index(fields=["closes_at"], condition=Q(status__in=["open", "halted"]), name="market_closing"),
            GinIndex(fields=["search"], name="market_search"),
        ]

    def __str__(self) -> str:
        return self.question


class Outcome(models.Model):
    """One possible answer; `index` is its place in every vector of the market."""

    market = models.ForeignKey("markets.Market", on_delete=models.CASCADE, related_name="outcomes")
    index = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=120)

    class Meta:
        ordering = ["market", "index"]
        constraints = [
            models.UniqueConstraint(fields=["market", "index"], name="outcome_market_index"),
            models.UniqueConstraint(fields=["market", "label"], name="outcome_market_label"),
        ]

    def __str__(self) -> str:
        return self.label
