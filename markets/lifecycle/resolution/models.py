"""What was proposed, disputed, shown and asked for. Written beside the events by the market's own transactions, and kept."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q

from opinion_market.kernel.models import UuidModel


def evidence_storage() -> Storage:
    """Where evidence files are kept: named by the settings, so that migrations do not fix the folder."""
    return storages["evidence"]


class ResolutionProposal(UuidModel):
    """A resolution as it was proposed, and what became of it. Never changed back: the next one is another row."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        WITHDRAWN = "withdrawn", "Withdrawn"
        DISPUTED = "disputed", "Disputed"
        OVERTURNED = "overturned", "Overturned"
        FINAL = "final", "Final"
        VOIDED = "voided", "Voided with its market"

    market = models.ForeignKey("markets.Market", on_delete=models.PROTECT, related_name="proposals")
    number = models.PositiveSmallIntegerField(help_text="1, 2, 3 … within the market.")
    payout_units = ArrayField(models.PositiveIntegerField(), help_text="What a contract on each outcome pays.")
    note = models.TextField(help_text="The reasoning given with it.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    replaces = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="replaced_by",
        help_text="Overturned by it.",
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    disputable_until = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.TextField(blank=True, help_text="Why it was upheld, overturned or withdrawn.")

    class Meta:
        ordering = ["market", "number"]
        constraints = [models.UniqueConstraint(fields=["market", "number"], name="proposal_market_number")]

    def __str__(self) -> str:
        return f"Proposal {self.number}"


class Dispute(UuidModel):
    """A holder's objection to a proposal, and the bond put down for it."""

    class Bond(models.TextChoices):
        NONE = "none", "None"
        HELD = "held", "Held"
        RETURNED = "returned", "Returned"
        FORFEITED = "forfeited", "Forfeited"

    proposal = models.ForeignKey("markets.ResolutionProposal", on_delete=models.PROTECT, related_name="disputes")
    account = models.ForeignKey("markets.Account", on_delete=models.PROTECT, related_name="disputes")
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    bond_units = models.BigIntegerField()
    bond = models.CharField(max_length=9, choices=Bond.choices)
    raised_at = models.DateTimeField()

    class Meta:
        ordering = ["proposal", "raised_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "proposal"], name="dispute_one_per_account_and_proposal"),
            models.CheckConstraint(condition=Q(bond="none") ^ Q(bond_units__gt=0), name="dispute_bond_iff_units"),
        ]

    def __str__(self) -> str:
        return f"Dispute of {self.proposal_id}"


class DecisionRequest(UuidModel):
    """What takes two people: voiding a market, or correcting what it paid. One may wait at a time per market."""

    class Kind(models.TextChoices):
        VOID = "void", "Void"
        CORRECTION = "correction", "Correct"

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"

    market = models.ForeignKey("markets.Market", on_delete=models.PROTECT, related_name="decision_requests")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    payout_units = ArrayField(
        models.PositiveIntegerField(), null=True, blank=True, help_text="Empty where nothing was ever traded."
    )
    reason = models.TextField()
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.TextField(blank=True)

    class Meta:
        ordering = ["market", "requested_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["market"], condition=Q(state="pending"), name="decision_one_pending"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_state_display()})"


class Evidence(UuidModel):
    """A file or a link given for a proposal, a dispute or a correction. Its hash stands in the market's stream.

    Until it is given with one of them it belongs to who added it, and is dropped after a day.
    """

    class Kind(models.TextChoices):
        FILE = "file", "File"
        LINK = "link", "Link"

    market = models.ForeignKey("markets.Market", on_delete=models.PROTECT, related_name="evidence")
    proposal = models.ForeignKey(
        "markets.ResolutionProposal", null=True, blank=True, on_delete=models.PROTECT, related_name="evidence"
    )
    dispute = models.ForeignKey(
        "markets.Dispute", null=True, blank=True, on_delete=models.PROTECT, related_name="evidence"
    )
    request = models.ForeignKey(
        "markets.DecisionRequest", null=True, blank=True, on_delete=models.PROTECT, related_name="evidence"
    )
    kind = models.CharField(max_length=4, choices=Kind.choices)
    name = models.CharField(max_length=200, help_text="The file's name, or the link's title.")
    url = models.CharField(max_length=2_000, blank=True)
    file = models.FileField(storage=evidence_storage, blank=True, max_length=200)
    media_type = models.CharField(max_length=40, blank=True, help_text="As found in the contents.")
    size_bytes = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, help_text="Of the file's bytes, or of the link's address.")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["market", "added_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(proposal__isnull=True, dispute__isnull=True)
                | Q(proposal__isnull=True, request__isnull=True)
                | Q(dispute__isnull=True, request__isnull=True),
                name="evidence_for_one_thing",
            ),
            models.CheckConstraint(condition=Q(kind="file") ^ Q(file=""), name="evidence_file_iff_file"),
        ]
        indexes = [
            models.Index(
                fields=["added_at"],
                condition=Q(proposal__isnull=True, dispute__isnull=True, request__isnull=True),
                name="evidence_not_given",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def as_data(self) -> dict[str, object]:
        """What the event says of it."""
        data: dict[str, object] = {"id": str(self.pk), "kind": self.kind, "name": self.name, "sha256": self.sha256}
        if self.kind == self.Kind.LINK:
            return {**data, "url": self.url}
        return {**data, "media_type": self.media_type, "size_bytes": self.size_bytes}
