"""Accounts and postings: double-entry book-keeping in integer units (1 credit = 10,000 units)."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q


class Account(models.Model):
    """A place where money is. The balance is the sum of the account's postings, kept here under the account's row lock.

    `reserved_units` is the part of the balance that open orders may need; it moves without postings, since nothing changes hands.
    """

    class Kind(models.TextChoices):
        TRADER = "trader", "Trader"  # a user's cash in an organization
        ESCROW = "escrow", "Escrow"  # what a market's complete sets will pay
        HOUSE = "house", "House market maker"  # a market's LMSR cash
        BOND = "bond", "Bonds of disputes"  # of a market; waits there until the dispute is decided
        MARKET_FEES = "market_fees", "Fees of a market"  # swept to FEES at settlement, so that markets share no row
        FEES = "fees", "Fees"  # an organization's income
        SUBSIDY = "subsidy", "Subsidy"  # what an organization sets aside for its house market makers
        CAMPAIGN = "campaign", "Reward campaign"  # what a liquidity campaign still has to pay
        EXTERNAL = "external", "Outside world"  # the other side of deposits and withdrawals; runs negative

    id = models.BigAutoField(primary_key=True)
    organization = models.ForeignKey("governance.Organization", on_delete=models.PROTECT, related_name="accounts")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="accounts"
    )
    market = models.ForeignKey(
        "markets.Market", null=True, blank=True, on_delete=models.PROTECT, related_name="accounts"
    )
    balance_units = models.BigIntegerField(default=0)
    reserved_units = models.BigIntegerField(default=0)
    max_open_orders = models.PositiveIntegerField(null=True, blank=True, help_text="In one market; empty: no limit.")
    max_position_contracts = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Of one outcome of a market; empty: no limit."
    )
    max_order_value_units = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Most one order may cost; empty: the organization's default."
    )
    blocked_at = models.DateTimeField(
        null=True, blank=True, help_text="New orders are refused since then; empty: trading."
    )
    blocked_by_staff = models.BooleanField(default=False, help_text="Only staff may release it.")
    block_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "owner"], condition=Q(kind="trader"), name="account_one_per_trader"
            ),
            models.UniqueConstraint(
                fields=["market", "kind"], condition=Q(market__isnull=False), name="account_one_per_market_kind"
            ),
            models.UniqueConstraint(
                fields=["organization", "kind"],
                condition=Q(kind__in=["fees", "subsidy", "external"]),
                name="account_one_per_organization_kind",
            ),
            models.CheckConstraint(condition=Q(reserved_units__gte=0), name="account_reserved_not_negative"),
            models.CheckConstraint(
                condition=Q(kind="external") | Q(balance_units__gte=F("reserved_units")),
                name="account_available_not_negative",
            ),
            models.CheckConstraint(condition=Q(kind="trader") ^ Q(owner__isnull=True), name="account_owner_iff_trader"),
            models.CheckConstraint(
                condition=Q(kind__in=["escrow", "house", "bond", "market_fees"]) ^ Q(market__isnull=True),
                name="account_market_iff_of_market",
            ),
            models.CheckConstraint(
                condition=Q(blocked_at__isnull=False) | Q(blocked_by_staff=False, block_reason=""),
                name="account_block_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["owner"], condition=Q(owner__isnull=False), name="account_owner"),
            models.Index(fields=["blocked_at"], condition=Q(blocked_at__isnull=False), name="account_blocked"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"

    @property
    def available_units(self) -> int:
        """What a new order or a withdrawal may use."""
        return self.balance_units - self.reserved_units


class Posting(models.Model):
    """One line of a journal: `delta_units` into (or, negative, out of) an account. Append-only, enforced by triggers.

    A journal is the set of postings caused by one stream's events in one transaction: one event's, or those of a batch of
    orders, whose trades share a line on the market's escrow and on its fee account (ADR 0025); that line names the last
    event that moved it. A trigger refuses a statement whose postings do not sum to zero.
    """

    class Reason(models.TextChoices):
        DEPOSIT = "deposit", "Deposit"
        WITHDRAWAL = "withdrawal", "Withdrawal"
        TRADE = "trade", "Trade"
        FEE = "fee", "Fee"
        MINT = "mint", "Sets minted"
        MERGE = "merge", "Sets merged"
        SUBSIDY = "subsidy", "Subsidy"
        PAYOUT = "payout", "Payout"
        SWEEP = "sweep", "Fees swept"
        BOND = "bond", "Bond of a dispute"
        CORRECTION = "correction", "Correction of a payout"
        REWARD = "reward", "Liquidity reward"

    id = models.BigAutoField(primary_key=True)
    event_position = models.BigIntegerField(help_text="Global position of the event that caused it.")
    account = models.ForeignKey(
        "markets.Account", on_delete=models.PROTECT, related_name="postings", db_index=False, db_constraint=False
    )
    reason = models.CharField(max_length=10, choices=Reason.choices)
    delta_units = models.BigIntegerField()
    balance_after_units = models.BigIntegerField(help_text="The account's balance after this line.")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["account", "-id"], name="posting_account"),
            # Positions grow as rows are appended, so block ranges find a journal in a few pages and cost an insert nothing.
            BrinIndex(fields=["event_position"], name="posting_event", pages_per_range=16, autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.delta_units:+d} on #{self.account_id}"
