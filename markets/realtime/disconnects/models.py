"""Who wants their orders cancelled when their socket drops."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from opinion_market.kernel.models import UuidModel

LONGEST_GRACE_S = 60


class CancelOnDisconnect(UuidModel):
    """A lease on open orders: they are cancelled when it expires, which the process that holds the socket keeps putting off.

    One per user and API key (sessions and tokens share the one without a key): the socket that asked last holds it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    api_key = models.ForeignKey("governance.ApiKey", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    holder = models.UUIDField(help_text="The socket that asked last; another each time one asks.")
    market_ids = ArrayField(models.UUIDField(), null=True, blank=True, help_text="Only in these; null: in all markets.")
    grace_s = models.PositiveSmallIntegerField(help_text="Seconds within which to come back and ask again.")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="When somebody last set about cancelling.")
    done_at = models.DateTimeField(null=True, blank=True, help_text="When all had been cancelled.")
    cancelled_orders = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "cancel on disconnect"
        verbose_name_plural = "cancels on disconnect"
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "api_key"], name="cancel_on_disconnect_one_each", nulls_distinct=False
            ),
            models.UniqueConstraint(fields=["holder"], name="cancel_on_disconnect_holder"),
            models.CheckConstraint(condition=Q(grace_s__lte=LONGEST_GRACE_S), name="cancel_on_disconnect_grace"),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(claimed_at__isnull=False), name="cancel_on_disconnect_claimed_first"
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], condition=Q(done_at=None), name="cancel_on_disconnect_due")]

    def __str__(self) -> str:
        return f"{self.user} within {self.grace_s} s"
