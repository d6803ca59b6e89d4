"""API keys: create, revoke, and recognise.

A key reads `om_<prefix>_<secret>`: the prefix is shown in lists, the secret only once. Only SHA-256 of the whole key is
kept. That is enough here, where it would not be for passwords: the secret has 256 random bits, so there is nothing to
guess offline, and a slow salted hash would only make each request slow (and impossible to look up by index).
"""

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q

from governance.identity.errors import ApiKeyNotFound, InvalidExpiry
from governance.identity.models import ApiKey, User
from governance.identity.user_events import record_key_created, record_key_revoked
from opinion_market.kernel.errors import NotPermitted
from opinion_market.kernel.prepared import run_prepared

KEY_MARK = "om_"
_KEY = re.compile(r"om_[0-9a-f]{8}_[A-Za-z0-9_-]{43}")
_USE_RECORDED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_api_key(
    *, actor: User, name: str, scope: str, now: datetime, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make a key for the actor; returns it and its text, which cannot be had again.

    Raises InvalidExpiry. Appends: ApiKeyCreated. Audited; the secret is in no log, event or trail.
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
    record_key_created(actor=actor, key=key, now=now)
    return key, text


@transaction.atomic
def revoke_api_key(*, actor: User, api_key_id: UUID, now: datetime, reason: str = "") -> ApiKey:
    """End a key at once and for good; a key already revoked stays as it is.

    The owner may, and a superuser. Locks: the key. Raises ApiKeyNotFound, NotPermitted. Appends: ApiKeyRevoked.
    """
    key = ApiKey.objects.select_for_update(of=("self",)).filter(pk=api_key_id).first()
    if key is None:
        raise ApiKeyNotFound
    if key.user_id != actor.pk and not actor.is_superuser:
        raise NotPermitted
    if key.revoked_at is None:
        key.revoked_at, key.revocation_reason = now, reason
        key.save(update_fields=["revoked_at", "revocation_reason"])
        record_key_revoked(actor=actor, key=key, now=now)
    return key


def recognise_api_key(text: str, *, now: datetime) -> ApiKey | None:
    """The live key with this text, its active user joined; None if it is unknown, expired or revoked.

    One query. Writes the time of use, at most once a minute per key and outside any transaction of the request.
    """
    if not _KEY.fullmatch(text):
        return None
    row = run_prepared(_live_key_statement(), [_digest(text), now]).fetchone()
    key = _key_of_row(row) if row else None
    if key is not None and (key.last_used_at is None or key.last_used_at <= now - _USE_RECORDED_EVERY):
        # Of many requests at once the first records; the others find nothing left to update.
        due = ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=now - _USE_RECORDED_EVERY), pk=key.pk)
        due.update(last_used_at=now)
    return key


@cache
def _live_key_statement() -> str:
    """A live key by its hash, with its user. Built once: the ORM took 40% of a whole order's request to build it anew."""
    columns = [f"k.{field.column}" for field in ApiKey._meta.concrete_fields]
    columns += [f"u.{field.column}" for field in User._meta.concrete_fields]
    return (
        f"SELECT {', '.join(columns)} FROM governance_apikey k JOIN governance_user u ON u.id = k.user_id "  # noqa: S608
        "WHERE k.secret_hash = %s AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > %s) AND u.is_active"
    )


def _key_of_row(row: tuple[Any, ...]) -> ApiKey:
    key_fields = [field.attname for field in ApiKey._meta.concrete_fields]
    user_fields = [field.attname for field in User._meta.concrete_fields]
    key = ApiKey.from_db(DEFAULT_DB_ALIAS, key_fields, row[: len(key_fields)])
    key.user = User.from_db(DEFAULT_DB_ALIAS, user_fields, row[len(key_fields) :])
    return key


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
