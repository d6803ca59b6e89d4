"""Reading people and their keys."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from governance.identity.errors import ApiKeyNotFound
from governance.identity.models import ApiKey, User


def api_keys_of(user: User) -> QuerySet[ApiKey]:
    """The user's own keys, revoked ones included."""
    return ApiKey.objects.filter(user=user)


def api_key_of(user: User, api_key_id: UUID) -> ApiKey:
    """One of the user's own keys. Raises ApiKeyNotFound, also for a key of somebody else."""
    found = api_keys_of(user).filter(pk=api_key_id).first()
    if found is None:
        raise ApiKeyNotFound
    return found


def active_user_by_name(username: str) -> User | None:
    """An active user, by user name in any case."""
    return User.objects.filter(username__iexact=username, is_active=True).first()


def api_keys_expiring(*, now: datetime, within: timedelta) -> QuerySet[ApiKey]:
    """Live keys that have been used and expire within this time: whoever depends on them should make others."""
    return ApiKey.objects.filter(
        revoked_at=None, expires_at__gt=now, expires_at__lte=now + within, last_used_at__isnull=False
    )
