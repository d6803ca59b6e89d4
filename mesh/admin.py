"""What Django's admin finds of the mesh: an explicit list over its subpackages. Nobody inside the project imports from here."""

from mesh.chaos.admin import ExperimentAdmin
from mesh.chaos.score_admin import ResilienceScoreAdmin
from mesh.dataplane.admin import ConfigSnapshotAdmin, NodeAdmin
from mesh.gateway.admin.hidden import HIDDEN
from mesh.gateway.admin.limits import RateLimitAdmin
from mesh.gateway.admin.overview import GatewaySettingsAdmin
from mesh.gateway.admin.providers import BasicCredentialAdmin, IdentityProviderAdmin
from mesh.gateway.admin.requests import RequestLogAdmin
from mesh.gateway.admin.routes import RouteAdmin
from mesh.registry.console.instance_admin import InstanceAdmin
from mesh.registry.console.service_admin import ServiceAdmin

__all__ = [
    "HIDDEN",
    "BasicCredentialAdmin",
    "ConfigSnapshotAdmin",
    "ExperimentAdmin",
    "GatewaySettingsAdmin",
    "IdentityProviderAdmin",
    "InstanceAdmin",
    "NodeAdmin",
    "RateLimitAdmin",
    "RequestLogAdmin",
    "ResilienceScoreAdmin",
    "RouteAdmin",
    "ServiceAdmin",
]
