"""What of the gateway's rows the audit trail keeps by itself: every change, without secrets."""

from auditlog.registry import auditlog

from mesh.gateway.models import (
    BasicCredential,
    GatewaySettings,
    IdentityProvider,
    RateLimit,
    RevokedJwt,
    Route,
    SigningKey,
)


def begin() -> None:
    """Register the models; called once, when all models are there."""
    for model in (GatewaySettings, IdentityProvider, RateLimit, RevokedJwt, Route):
        auditlog.register(model, exclude_fields=["updated_at"])
    auditlog.register(BasicCredential, exclude_fields=["secret_hash"])
    auditlog.register(SigningKey, exclude_fields=["private_key"])
