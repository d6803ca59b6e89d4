"""What the sequencer writes beside the events: orders, trades and positions, for reading. The stream is the truth."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from opinion_market.kernel.models import UuidModel
from opinion_market.kernel.money import credits_text


class Order(UuidModel):
    """An order as its owner gave it, and what became of it: filled + open + cancelled = quantity."""

    class Side(models.TextChoices):
        BUY = "buy", "Buy"
        SELL = "sell", "Sell"

    class Type(models.TextChoices):
        LIMIT = "limit", "Limit"
        MARKET = "market", "Market"

    class TimeInForce(models.TextChoices):
        GTC = "gtc", "Good till cancelled"
        GTD = "gtd", "Good till date"
        IOC = "ioc", "Immediate or cancel"
        FOK = "fok", "Fill or kill"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        FILLED = "filled", "Filled"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Expired"

    market = models.ForeignKey(
        "markets.Market", on_delete=models.PROTECT, related_name="orders", db_index=False, db_constraint=False
    )
    account = models.ForeignKey(
        "markets.Account", on_delete=models.PROTECT, related_name="orders", db_index=False, db_constraint=False
    )
    outcome = models.PositiveSmallIntegerField()
    side = models.CharField(max_length=4, choices=Side.choices)
    type = models.CharField(max_length=6, choices=Type.choices)
    time_in_force = models.CharField(max_length=3, choices=TimeInForce.choices)
    post_only = models.BooleanField(default=False)
    reduce_only = models.BooleanField(default=False, help_text="Gave up contracts held, and did nothing else.")
    budget_units = models.BigIntegerField(
        null=True, blank=True, help_text="What a market order to buy was to spend at most, its fees included."
    )
    price_units = models.PositiveIntegerField(help_text="Limit, or worst price of a market order.")
    quantity = models.PositiveBigIntegerField(help_text="Contracts.")
    expires_at = models.DateTimeField(null=True, blank=True)
    client_order_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 - unique where given
    status = models.CharField(max_length=9, choices=Status.choices)
    filled_quantity = models.PositiveBigIntegerField(default=0)
    cancelled_quantity = models.PositiveBigIntegerField(default=0)
    filled_value_units = models.BigIntegerField(
        default=0, help_text="Sum of price x quantity over its fills, in its own outcome's terms."
    )
    fees_units = models.BigIntegerField(default=0)
    reserved_units = models.BigIntegerField(default=0, help_text="Cash reserved while open.")
    reserved_contracts = models.BigIntegerField(
        default=0, help_text="Contracts (or baskets of all others) reserved while open."
    )
    event_version = models.BigIntegerField(help_text="Version of the market's stream that placed it.")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    terms_from_sequence = models.BigIntegerField(
        db_default=0, help_text="The market's trade from which on these terms held; 0 unless it was amended."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "client_order_id"],
                condition=Q(client_order_id__isnull=False),
                name="order_client_order_id",
            ),
            models.CheckConstraint(
                condition=Q(price_units__gte=1) & Q(price_units__lte=9_999), name="order_price_in_range"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="order_quantity_positive"),
            models.CheckConstraint(
                condition=Q(status="open", quantity__gt=F("filled_quantity") + F("cancelled_quantity"))
                | (
                    ~Q(status="open")
                    & Q(quantity=F("filled_quantity") + F("cancelled_quantity"), reserved_units=0, reserved_contracts=0)
                ),
                name="order_quantities_add_up",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="order_account"),
            models.Index(fields=["market", "-id"], name="order_market"),
            # The market first: the book is read by it. Open orders are few, and an account's are found by skipping.
            models.Index(fields=["market", "account"], condition=Q(status="open"), name="order_open"),
            models.Index(
                fields=["expires_at"], condition=Q(status="open", expires_at__isnull=False), name="order_expiring"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} at {credits_text(self.price_units)}"


class Trade(models.Model):
    """One match, in the terms of the book it happened in (`outcome`, price of that outcome). Append-only.

    A missing maker order means the house market maker; then `value_units` is exact and `price_units` its rounded average.
    `taker_stock` and `maker_stock` are the contracts each side delivered instead of cash, which tells mint, merge and transfer apart.
    """

    id = models.BigAutoField(primary_key=True)
    market = models.ForeignKey(
        "markets.Market", on_delete=models.PROTECT, related_name="trades", db_index=False, db_constraint=False
    )
    sequence = models.BigIntegerField(help_text="1, 2, 3 … without gaps within the market.")
    outcome = models.PositiveSmallIntegerField()
    taker_side = models.CharField(max_length=4, choices=Order.Side.choices)
    price_units = models.PositiveIntegerField()
    quantity = models.PositiveBigIntegerField()
    value_units = models.BigIntegerField(help_text="What the buyer of the outcome paid for it.")
    price_after_units = models.PositiveIntegerField(help_text="The market's price of the outcome after the trade.")
    taker_order = models.UUIDField()
    maker_order = models.UUIDField(null=True)
    taker_account = models.ForeignKey(
        "markets.Account", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    maker_account = models.ForeignKey(
        "markets.Account", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    taker_fee_units = models.BigIntegerField(default=0)
    maker_fee_units = models.BigIntegerField(default=0)
    taker_stock = models.PositiveBigIntegerField(default=0)
    maker_stock = models.PositiveBigIntegerField(default=0)
    executed_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["market", "sequence"], name="trade_market_sequence"),
            models.CheckConstraint(condition=~Q(taker_account=F("maker_account")), name="trade_never_with_oneself"),
        ]
        indexes = [
            models.Index(fields=["taker_account", "-id"], name="trade_taker"),
            models.Index(fields=["maker_account", "-id"], name="trade_maker"),
            models.Index(fields=["taker_order"], name="trade_taker_order"),
            models.Index(fields=["maker_order"], name="trade_maker_order"),
            BrinIndex(fields=["executed_at"], name="trade_executed", pages_per_range=16, autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"#{self.sequence}: {self.quantity} at {credits_text(self.price_units)}"


class Position(models.Model):
    """Contracts an account holds on one outcome. The house market maker's holdings are rows too."""

    account = models.ForeignKey(
        "markets.Account", on_delete=models.PROTECT, related_name="positions", db_index=False, db_constraint=False
    )
    market = models.ForeignKey(
        "markets.Market", on_delete=models.PROTECT, related_name="positions", db_constraint=False
    )
    outcome = models.PositiveSmallIntegerField()
    free_contracts = models.BigIntegerField(default=0)
    reserved_contracts = models.BigIntegerField(default=0, help_text="Promised to open sell orders.")

    class Meta:
        ordering = ["account", "market", "outcome"]
        constraints = [
            models.UniqueConstraint(fields=["account", "market", "outcome"], name="position_account_market_outcome"),
            models.CheckConstraint(
                condition=Q(free_contracts__gte=0) & Q(reserved_contracts__gte=0), name="position_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.free_contracts + self.reserved_contracts} of outcome {self.outcome}"
