"""People, the API keys that act for them, and the refresh tokens that no longer do."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower

from opinion_market.kernel.ids import uuid7
from opinion_market.kernel.models import UuidModel


class User(AbstractUser):
    """A person or a program that signs in. Events and logs name users by id only, never by name or address."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(blank=True)
    display_name = models.CharField(
        max_length=80, blank=True, help_text="Shown to other traders instead of the username."
    )

    class Meta:
        ordering = ["username"]
        constraints = [
            models.UniqueConstraint(Lower("username"), name="user_username_ci"),
            models.UniqueConstraint(Lower("email"), condition=~models.Q(email=""), name="user_email_ci"),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username


class ApiKey(UuidModel):
    """A secret that lets a program act for a user within a scope. Only its hash is kept."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        TRADE = "trade", "Read and trade"
        ADMIN = "admin", "All that the user may do"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80, help_text="What uses this key, so that you know which to revoke.")
    prefix = models.CharField(max_length=16, help_text="The first characters of the key, to recognise it by.")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the whole key.")
    scope = models.CharField(max_length=5, choices=Scope.choices, default=Scope.READ)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revocation_reason = models.CharField(max_length=200, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="Recorded at most once a minute.")

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["user", "-created_at"], name="api_key_user")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class RevokedToken(models.Model):
    """A refresh token (JWT) that was used or given back, and may not be used again.

    Only the random token id is kept, never the token; once the token has expired by itself the row may go.
    """

    jti = models.CharField(primary_key=True, max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.jti
