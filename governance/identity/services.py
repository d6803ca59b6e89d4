"""API keys: create, revoke, and recognise.

A key reads `om_<prefix>_<secret>`: the prefix is shown in lists, the secret only once. Only SHA-256 of the whole key is
kept. That is enough here, where it would not be for passwords: the secret has 256 random bits, so there is nothing to
guess offline, and a slow salted hash would only make each request slow (and impossible to look up by index).
"""

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from governance.identity.errors import ApiKeyNotFound, InvalidExpiry
from governance.identity.models import ApiKey, User
from opinion_market.kernel.errors import NotPermitted

KEY_MARK = "om_"
_KEY = re.compile(r"om_[0-9a-f]{8}_[A-Za-z0-9_-]{43}")
_USE_RECORDED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_api_key(
    *, actor: User, name: str, scope: str, now: datetime, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make a key for the actor; returns it and its text, which cannot be had again.

    Raises InvalidExpiry. Audited; the secret is in no log, event or trail.
    """
    if expires_at is not None and expires_at <= now:
        raise InvalidExpiry
    prefix = f"{KEY_MARK}{secrets.token_hex(4)}"
    text = f"{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        user=actor,
        name=name,
        prefix=prefix,
        secret_hash=_digest(text),
        scope=ApiKey.Scope(scope),
        created_at=now,
        expires_at=expires_at,
    )
    return key, text


@transaction.atomic
def revoke_api_key(*, actor: User, api_key_id: UUID, now: datetime, reason: str = "") -> ApiKey:
    """End a key at once and for good; a key already revoked stays as it is.

    The owner may, and a superuser. Locks: the key. Raises ApiKeyNotFound, NotPermitted.
    """
    key = ApiKey.objects.select_for_update(of=("self",)).filter(pk=api_key_id).first()
    if key is None:
        raise ApiKeyNotFound
    if key.user_id != actor.pk and not actor.is_superuser:
        raise NotPermitted
    if key.revoked_at is None:
        key.revoked_at, key.revocation_reason = now, reason
        key.save(update_fields=["revoked_at", "revocation_reason"])
    return key


def recognise_api_key(text: str, *, now: datetime) -> ApiKey | None:
    """The live key with this text, its active user joined; None if it is unknown, expired or revoked.

    One query. Writes the time of use, at most once a minute per key and outside any transaction of the request.
    """
    if not _KEY.fullmatch(text):
        return None
    live = ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None, user__is_active=True)
    key = live.select_related("user").filter(secret_hash=_digest(text)).first()
    if key is not None and (key.last_used_at is None or key.last_used_at <= now - _USE_RECORDED_EVERY):
        # Of many requests at once the first records; the others find nothing left to update.
        due = ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=now - _USE_RECORDED_EVERY), pk=key.pk)
        due.update(last_used_at=now)
    return key


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
