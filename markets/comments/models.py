"""What people say about a market. The text is personal data: it stands here and nowhere else."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from opinion_market.kernel.models import UuidModel

LONGEST_TEXT = 4_000
LONGEST_REASON = 200


class Comment(UuidModel):
    """A remark, or an answer to one. Rows are kept: its author may delete it and staff may hide it, for everybody's eyes."""

    market = models.ForeignKey("markets.Market", on_delete=models.CASCADE, related_name="comments", db_index=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comments", db_index=False
    )
    parent = models.ForeignKey(
        "markets.Comment", null=True, blank=True, on_delete=models.CASCADE, related_name="answers", db_index=False
    )
    text = models.CharField(max_length=LONGEST_TEXT)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    hidden_reason = models.CharField(max_length=LONGEST_REASON, blank=True)
    answers_count = models.PositiveIntegerField(default=0)
    reports_count = models.PositiveIntegerField(default=0, help_text="Reports nobody has decided on yet.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="comment_not_empty"),
            models.CheckConstraint(
                condition=Q(hidden_at__isnull=True, hidden_by__isnull=True, hidden_reason="")
                | (Q(hidden_at__isnull=False, hidden_by__isnull=False) & ~Q(hidden_reason="")),
                name="comment_hidden_by_somebody_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["market", "parent", "-id"], name="comment_market"),
            models.Index(fields=["parent", "id"], name="comment_answers"),
            models.Index(fields=["author", "-created_at"], name="comment_author"),
            models.Index(fields=["-reports_count", "-id"], condition=Q(reports_count__gt=0), name="comment_reported"),
        ]

    def __str__(self) -> str:
        # The audit trail keeps this: no word of the text.
        return f"comment {self.pk}"


class CommentReport(models.Model):
    """Somebody thinks that staff should look at a comment. `decided_at`: since then staff have hidden or kept it."""

    comment = models.ForeignKey("markets.Comment", on_delete=models.CASCADE, related_name="reports", db_index=False)
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=LONGEST_REASON)
    reported_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-reported_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["comment", "reporter"], name="report_comment_reporter")]

    def __str__(self) -> str:
        return f"report of comment {self.comment_id}"
