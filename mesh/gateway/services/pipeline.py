"""Changing what holds for all routes: the order of the pipeline, security headers, what is logged, the cache's bounds."""

from collections.abc import Mapping
from datetime import datetime

from governance.identity.models import User
from mesh.dataplane.services import changing
from mesh.gateway.checking import check_middleware, check_security_headers
from mesh.gateway.errors import InvalidMiddleware
from mesh.gateway.models import GatewaySettings, RateLimit
from mesh.gateway.selectors import current_settings
from mesh.gateway.services.filling import fill
from mesh.operators import require_operator

FIELDS = frozenset(
    {
        "middleware", "security_headers", "log_share_ppm", "log_slow_ms", "log_retention_days", "cache_max_bytes",
        "cache_max_entries",
    }
)  # fmt: skip


def change_settings(*, actor: User, values: Mapping[str, object], reason: str, now: datetime) -> GatewaySettings:
    """Change what is named. A new order of the pipeline, and new bounds, replace the listener: limits count anew.

    Raises: InvalidMiddleware, ConfigurationRefused, PermissionMissing.
    """
    require_operator(actor)
    with changing(actor=actor, reason=reason, now=now):
        kept = current_settings()
        # The row may not be there yet: then it is validated as one that is made.
        kept.updated_at = now
        fill(kept, values, allowed=FIELDS, refusal=InvalidMiddleware)
        check_middleware(kept.middleware, RateLimit.objects.filter(is_enabled=True))
        check_security_headers(kept.security_headers)
        kept.save()
    return kept
