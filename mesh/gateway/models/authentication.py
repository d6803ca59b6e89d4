"""Who proves the identities of callers, with which keys, and what is no longer accepted."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from mesh.registry.models import between, is_label
from opinion_market.kernel.models import UuidModel


class IdentityProvider(UuidModel):
    """A way to prove who is calling, which routes refer to."""

    class Kind(models.TextChoices):
        JWT = "jwt", "JSON web token"
        API_KEY = "api_key", "API key of this platform"
        OAUTH2 = "oauth2", "OAuth 2 token of this platform"
        BASIC = "basic", "Basic"
        CUSTOM = "custom", "External authorisation service"

    name = models.CharField(max_length=63, unique=True, validators=[is_label])
    kind = models.CharField(max_length=7, choices=Kind.choices)
    description = models.CharField(max_length=200, blank=True)
    issuer = models.CharField(max_length=300, blank=True, help_text="JWT: what `iss` must be.")
    audiences = models.JSONField(default=list, blank=True, help_text="JWT: one of them must be in `aud`.")
    is_own_issuer = models.BooleanField(
        default=False, help_text="JWT: signed by this platform; its keys are taken by themselves."
    )
    jwks = models.TextField(blank=True, help_text="JWT: the issuer's public keys, a JSON Web Key Set (RS256, EdDSA).")
    user_claim = models.CharField(max_length=60, default="sub")
    organization_claim = models.CharField(max_length=60, blank=True)
    service = models.ForeignKey("mesh.Service", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    path = models.CharField(max_length=200, default="/", help_text="External service: what is put before the path.")
    timeout_ms = models.PositiveIntegerField(default=1_000, validators=between(10, 10_000))
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="custom") | Q(service__isnull=False), name="provider_custom_service"
            ),
            models.CheckConstraint(
                condition=~Q(kind="jwt") | (~Q(issuer="") & ~Q(audiences=[])), name="provider_jwt_issuer_and_audience"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RevokedJwt(models.Model):
    """A token that is refused although it has not expired, by its `jti`."""

    provider = models.ForeignKey("mesh.IdentityProvider", on_delete=models.CASCADE, related_name="revoked")
    jti = models.CharField(max_length=120)
    expires_at = models.DateTimeField(db_index=True, help_text="When it would have expired; forgotten afterwards.")
    revoked_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["provider", "jti"], name="revoked_jwt_once")]

    def __str__(self) -> str:
        return self.jti


class SigningKey(models.Model):
    """A key with which this platform signs the tokens it issues (OAuth 2). One is active; retired ones still verify."""

    class Algorithm(models.TextChoices):
        RS256 = "RS256", "RS256 (RSA, 2,048 bits)"
        EDDSA = "EdDSA", "EdDSA (Ed25519)"

    kid = models.CharField(max_length=32, primary_key=True)
    algorithm = models.CharField(max_length=5, choices=Algorithm.choices)
    public_jwk = models.JSONField()
    # Encrypted with a key derived from the installation's secret; worthless in a copy of the database.
    private_key = models.BinaryField(editable=False)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["retired_at"], condition=Q(retired_at=None), nulls_distinct=False, name="signing_key_one_active"
            )
        ]

    def __str__(self) -> str:
        return self.kid


class BasicCredential(UuidModel):
    """A generated name and password for a program that knows nothing but Basic authentication; acts for a user.

    The password has 256 random bits, so its SHA-256 is kept and not a slow hash: there is nothing to guess.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    username = models.CharField(max_length=40, unique=True)
    secret_hash = models.CharField(max_length=64, editable=False)
    description = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.username
