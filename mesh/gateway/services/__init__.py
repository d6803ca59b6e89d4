"""Changing the gateway. Each change is tried by Envoy before it is committed (`mesh.dataplane.services.changing`)."""

from mesh.gateway.services.authentication import (
    change_provider,
    create_basic_credential,
    create_provider,
    remove_provider,
    revoke_basic_credential,
    revoke_jwt,
    rotate_signing_key,
)
from mesh.gateway.services.defaults import ensure_default_routes
from mesh.gateway.services.limits import change_limit, create_limit, remove_limit
from mesh.gateway.services.pipeline import change_settings
from mesh.gateway.services.routes import change_route, create_route, move_route, remove_route

__all__ = [
    "change_limit",
    "change_provider",
    "change_route",
    "change_settings",
    "create_basic_credential",
    "create_limit",
    "create_provider",
    "create_route",
    "ensure_default_routes",
    "move_route",
    "remove_limit",
    "remove_provider",
    "remove_route",
    "revoke_basic_credential",
    "revoke_jwt",
    "rotate_signing_key",
]
