"""Making, changing and removing rate limits. A change of one starts the counters of its unit of time anew, and no others."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from governance.identity.models import User
from mesh.dataplane.services import changing
from mesh.gateway.checking import check_limit
from mesh.gateway.errors import InvalidLimit, LimitNotFound
from mesh.gateway.models import RateLimit
from mesh.gateway.selectors import current_settings
from mesh.gateway.services.filling import fill
from mesh.operators import require_operator

FIELDS = frozenset({"name", "scope", "unit", "requests", "route", "is_enabled"})


def create_limit(*, actor: User, values: Mapping[str, object], reason: str, now: datetime) -> RateLimit:
    """A new limit. Raises InvalidLimit, ConfigurationRefused, PermissionMissing."""
    require_operator(actor)
    with changing(actor=actor, reason=reason, now=now):
        limit = RateLimit(created_at=now, updated_at=now)
        return _save(limit, values)


def change_limit(*, actor: User, limit_id: UUID, values: Mapping[str, object], reason: str, now: datetime) -> RateLimit:
    """Change what is named. Raises LimitNotFound, InvalidLimit, ConfigurationRefused, PermissionMissing."""
    require_operator(actor)
    with changing(actor=actor, reason=reason, now=now):
        limit = _limit(limit_id)
        limit.updated_at = now
        return _save(limit, values)


def remove_limit(*, actor: User, limit_id: UUID, reason: str, now: datetime) -> None:
    """Raises LimitNotFound, ConfigurationRefused, PermissionMissing."""
    require_operator(actor)
    with changing(actor=actor, reason=reason, now=now):
        _limit(limit_id).delete()


def _save(limit: RateLimit, values: Mapping[str, object]) -> RateLimit:
    fill(limit, values, allowed=FIELDS, refusal=InvalidLimit)
    check_limit(limit, current_settings().middleware)
    limit.save()
    return limit


def _limit(limit_id: UUID) -> RateLimit:
    found = RateLimit.objects.select_for_update(of=("self",)).filter(pk=limit_id).first()
    if found is None:
        raise LimitNotFound
    return found
