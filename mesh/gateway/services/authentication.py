"""Identity providers, the platform's signing keys, revoked tokens, and credentials for Basic authentication."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from governance.identity.models import User
from mesh.dataplane.services import changing
from mesh.gateway.checking import check_provider
from mesh.gateway.errors import InvalidProvider, ProviderInUse, ProviderNotFound
from mesh.gateway.models import BasicCredential, IdentityProvider, RevokedJwt, SigningKey
from mesh.gateway.services.filling import fill
from mesh.gateway.signing import VERIFIES_FOR, active_key, digest, new_key
from mesh.operators import require_operator

FIELDS = frozenset(
    {
        "name", "kind", "description", "issuer", "audiences", "is_own_issuer", "jwks", "user_claim",
        "organization_claim", "service", "path", "timeout_ms",
    }
)  # fmt: skip


def create_provider(*, actor: User, values: Mapping[str, object], reason: str, now: datetime) -> IdentityProvider:
    """A new provider. One for this platform's own tokens makes a signing key if there is none.

    Raises: InvalidProvider, ConfigurationRefused, PermissionMissing.
    """
    require_operator(actor)
    with changing(actor=actor, reason=reason, now=now):
        return _save(IdentityProvider(created_at=now, updated_at=now), values, now)


def change_provider(
    *, actor: User, provider_id: UUID, values: Mapping[str, object], reason: str, now: datetime
) -> IdentityProvider:
    """Change what is named; this is also how an issuer's rotated keys are taken.

    Raises: ProviderNotFound, InvalidProvider, ConfigurationRefused, PermissionMissing.
    """
    require_operator(actor)
    with changing(actor=actor, reason=reason, now=now):
        provider = _provider(provider_id)
        provider.updated_at = now
        return _save(provider, values, now)


def remove_provider(*, actor: User, provider_id: UUID, reason: str, now: datetime) -> None:
    """Raises ProviderNotFound, ProviderInUse, ConfigurationRefused, PermissionMissing."""
    require_operator(actor)
    with changing(actor=actor, reason=reason, now=now):
        provider = _provider(provider_id)
        using = list(provider.routes.values_list("name", flat=True))
        if using:
            raise ProviderInUse(f"These routes authenticate with it: {', '.join(using)}.", routes=list[object](using))
        provider.delete()


def revoke_jwt(
    *, actor: User, provider_id: UUID, jti: str, expires_at: datetime, reason: str, now: datetime
) -> RevokedJwt:
    """Refuse a token, by its `jti`, until it would have expired. Repeating it changes nothing.

    Raises: ProviderNotFound, InvalidProvider, ConfigurationRefused, PermissionMissing.
    """
    require_operator(actor)
    with changing(actor=actor, reason=reason, now=now):
        provider = _provider(provider_id)
        if provider.kind != IdentityProvider.Kind.JWT:
            raise InvalidProvider("Only JSON web tokens are revoked here.", field="kind")
        if not 0 < len(jti) <= 120 or expires_at <= now:
            raise InvalidProvider("jti: of a token that has not expired, at most 120 characters.", field="jti")
        RevokedJwt.objects.filter(expires_at__lte=now).delete()
        revoked, _ = RevokedJwt.objects.get_or_create(
            provider=provider, jti=jti, defaults={"expires_at": expires_at, "revoked_at": now}
        )
    return revoked


def rotate_signing_key(*, actor: User, algorithm: str, reason: str, now: datetime) -> SigningKey:
    """Sign with a new key from now on. The one before still verifies; those retired for long enough are dropped.

    Raises: InvalidProvider, ConfigurationRefused, PermissionMissing.
    """
    require_operator(actor)
    if algorithm not in SigningKey.Algorithm.values:
        raise InvalidProvider("algorithm: RS256 or EdDSA.", field="algorithm")
    with changing(actor=actor, reason=reason, now=now):
        SigningKey.objects.filter(retired_at__lt=now - VERIFIES_FOR).delete()
        SigningKey.objects.filter(retired_at=None).update(retired_at=now)
        key = new_key(algorithm, now=now)
        key.save(force_insert=True)
    return key


@transaction.atomic
def create_basic_credential(*, actor: User, user: User, description: str, now: datetime) -> tuple[BasicCredential, str]:
    """A generated name and password with which a program acts for the user; the password cannot be had again.

    Raises PermissionMissing.
    """
    require_operator(actor)
    password = secrets.token_urlsafe(32)
    credential = BasicCredential.objects.create(
        user=user,
        username=f"gw-{secrets.token_hex(6)}",
        secret_hash=digest(password),
        description=description[:80],
        created_at=now,
    )
    return credential, password


@transaction.atomic
def revoke_basic_credential(*, actor: User, credential_id: UUID, now: datetime) -> None:
    """End it at once. Raises ProviderNotFound, PermissionMissing."""
    require_operator(actor)
    found = BasicCredential.objects.select_for_update(of=("self",)).filter(pk=credential_id).first()
    if found is None:
        raise ProviderNotFound("There is no such credential.")
    if found.revoked_at is None:
        found.revoked_at = now
        found.save(update_fields=["revoked_at"])


def _save(provider: IdentityProvider, values: Mapping[str, object], now: datetime) -> IdentityProvider:
    fill(provider, values, allowed=FIELDS, refusal=InvalidProvider)
    check_provider(provider)
    if provider.is_own_issuer and active_key() is None:
        new_key("EdDSA", now=now).save(force_insert=True)
    provider.save()
    return provider


def _provider(provider_id: UUID) -> IdentityProvider:
    found = IdentityProvider.objects.select_for_update(of=("self",)).filter(pk=provider_id).first()
    if found is None:
        raise ProviderNotFound
    return found
