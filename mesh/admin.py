"""What Django's admin finds of the mesh: an explicit list over its subpackages. Nobody inside the project imports from here."""

from mesh.gateway.admin.hidden import HIDDEN
from mesh.gateway.admin.limits import RateLimitAdmin
from mesh.gateway.admin.overview import GatewaySettingsAdmin
from mesh.gateway.admin.providers import BasicCredentialAdmin, IdentityProviderAdmin
from mesh.gateway.admin.requests import RequestLogAdmin
from mesh.gateway.admin.routes import RouteAdmin

__all__ = [
    "HIDDEN",
    "BasicCredentialAdmin",
    "GatewaySettingsAdmin",
    "IdentityProviderAdmin",
    "RateLimitAdmin",
    "RequestLogAdmin",
    "RouteAdmin",
]
