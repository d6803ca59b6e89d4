"""The markets somebody keeps an eye on."""

from django.conf import settings
from django.db import models


class WatchedMarket(models.Model):
    """A market on a user's watchlist."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watched_markets", db_index=False
    )
    market = models.ForeignKey("markets.Market", on_delete=models.CASCADE, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["user_id", "-added_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "market"], name="watched_user_market")]

    def __str__(self) -> str:
        return f"{self.market_id} watched by {self.user_id}"
