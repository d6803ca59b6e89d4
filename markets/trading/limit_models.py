"""Limits that hold in all of an organization's markets, for all its members, unless a market or an account has its own."""

from django.db import models


class LimitDefaults(models.Model):
    """One row per organization that has any. An empty figure is no limit."""

    organization = models.OneToOneField(
        "governance.Organization", on_delete=models.PROTECT, primary_key=True, related_name="limit_defaults"
    )
    position_limit_contracts = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Most contracts of one outcome an account may come to hold."
    )
    order_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="Most open orders an account may have in one market."
    )
    order_quantity_limit = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Most contracts one order may fill or leave resting."
    )
    order_value_limit_units = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Most one order may cost, in units."
    )

    def __str__(self) -> str:
        return f"Limits of {self.organization}"
