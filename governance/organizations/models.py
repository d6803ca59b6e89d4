"""Tenants and who belongs to them."""

from django.conf import settings
from django.db import models

from governance.access.catalogue import ROLE_CHOICES
from opinion_market.kernel.models import UuidModel


class Organization(UuidModel):
    """A tenant: its markets, accounts and figures are its own. Only markets marked public are seen by others."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    is_active = models.BooleanField(
        default=True, help_text="Members of an inactive organization can neither read nor trade."
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def get_additional_data(self) -> dict[str, str]:
        """Lets the audit trail be shown to this tenant's auditors alone."""
        return {"organization_id": str(self.pk)}


class Membership(UuidModel):
    """A user's place in an organization. Without a role a member may read its markets and trade; a role adds staff duties."""

    organization = models.ForeignKey("governance.Organization", on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, blank=True, choices=ROLE_CHOICES, help_text="Empty for traders.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["organization", "user"]
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="membership_organization_user")]
        indexes = [models.Index(fields=["user"], name="membership_user")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.organization_id}"

    def get_additional_data(self) -> dict[str, str]:
        """Lets the audit trail be shown to this tenant's auditors alone."""
        return {"organization_id": str(self.organization_id)}
