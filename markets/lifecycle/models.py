"""Markets: the question, its outcomes, its rules, and where it stands in its life."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q

from opinion_market.kernel.models import UuidModel

MAX_OUTCOMES = 64
OTHER = "Other"  # the outcome that stands for all that the others do not name


class MarketGroup(UuidModel):
    """A question answered by several independent binary markets, such as which candidates get into a parliament."""

    organization = models.ForeignKey("governance.Organization", on_delete=models.PROTECT, related_name="market_groups")
    question = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["organization", "-created_at"], name="market_group_organization")]

    def __str__(self) -> str:
        return self.question


class Market(UuidModel):
    """A question with mutually exclusive, exhaustive outcomes, one of which (or a split of them) a complete set pays 1 credit for.

    The row is also the market's lock and the cached head of its stream `market-<id>`; `version` is the last event applied.
    """

    class Kind(models.TextChoices):
        BINARY = "binary", "Binary"
        CATEGORICAL = "categorical", "Categorical"
        SCALAR = "scalar", "Scalar"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PENDING_APPROVAL = "pending_approval", "Pending approval"
        OPEN = "open", "Open"
        HALTED = "halted", "Halted"
        CLOSED = "closed", "Closed"
        RESOLVED = "resolved", "Resolved (proposed)"
        DISPUTED = "disputed", "Disputed"
        FINALIZED = "finalized", "Finalized"
        SETTLED = "settled", "Settled"
        VOIDED = "voided", "Voided"

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
    opens_at = models.DateTimeField(
        null=True, blank=True, help_text="Trading begins then, once approved; empty: when opened by hand."
    )
    closes_at = models.DateTimeField(null=True, blank=True, help_text="Trading stops then; empty: when closed by hand.")
    dispute_window_s = models.PositiveIntegerField(
        default=86_400, help_text="Seconds between a proposed resolution and the earliest finalization."
    )
    dispute_bond_units = models.BigIntegerField(
        default=0, help_text="What a holder puts down to dispute a resolution; lost if it is upheld. 0: nothing."
    )
    auto_finalize = models.BooleanField(
        default=False,
        help_text="Pay at the end of the dispute window, once a second person has confirmed the resolution.",
    )
    taker_fee_bps = models.PositiveSmallIntegerField(default=0)
    maker_fee_bps = models.SmallIntegerField(default=0, help_text="Negative: a rebate, paid out of the taker's fee.")
    group = models.ForeignKey(
        "markets.MarketGroup", null=True, blank=True, on_delete=models.PROTECT, related_name="markets"
    )
    group_label = models.CharField(max_length=120, blank=True, help_text="What it stands for within its group.")
    scalar_lower = models.DecimalField(
        max_digits=24, decimal_places=8, null=True, blank=True, help_text="At or below it, Short takes all."
    )
    scalar_upper = models.DecimalField(
        max_digits=24, decimal_places=8, null=True, blank=True, help_text="At or above it, Long takes all."
    )
    scalar_unit = models.CharField(max_length=40, blank=True, help_text="What the value is counted in.")
    settlement_value = models.DecimalField(
        max_digits=24, decimal_places=8, null=True, blank=True, help_text="The value a scalar market resolved at."
    )
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
    dispute_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="Until then the proposed resolution may be disputed; then it may be finalized."
    )
    finalizes_at = models.DateTimeField(null=True, blank=True, help_text="When the scheduler pays; empty: by hand.")
    retry_at = models.DateTimeField(
        null=True, blank=True, help_text="After a failure the scheduler leaves the market alone until then."
    )

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
                condition=Q(maker_fee_bps__gte=-F("taker_fee_bps")), name="market_rebate_within_taker_fee"
            ),
            models.CheckConstraint(
                condition=Q(kind="scalar", scalar_lower__isnull=False, scalar_upper__gt=F("scalar_lower"))
                | (~Q(kind="scalar") & Q(scalar_lower__isnull=True, scalar_upper__isnull=True)),
                name="market_bounds_iff_scalar",
            ),
            models.CheckConstraint(condition=Q(group__isnull=True) | Q(kind="binary"), name="market_group_is_binary"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "pending_approval", "open", "halted", "closed", "voided"])
                | Q(payout_units__isnull=False),
                name="market_resolved_has_payout",
            ),
            models.CheckConstraint(condition=Q(dispute_bond_units__gte=0), name="market_bond_not_negative"),
        ]
        indexes = [
            models.Index(fields=["organization", "status", "-created_at"], name="market_organization_status"),
            models.Index(fields=["closes_at"], condition=Q(status__in=["open", "halted"]), name="market_closing"),
            models.Index(
                fields=["opens_at"],
                condition=Q(status="pending_approval", approved_at__isnull=False, opens_at__isnull=False),
                name="market_opening",
            ),
            models.Index(
                fields=["finalizes_at"],
                condition=Q(status="resolved", finalizes_at__isnull=False),
                name="market_finalizing",
            ),
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
