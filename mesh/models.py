"""What Django finds of the mesh: an explicit list over its subpackages. Nobody inside the project imports from here."""

from mesh.client.models import ServiceCall
from mesh.dataplane.models import Acknowledgement, ConfigSnapshot, Node
from mesh.gateway.models import (
    BasicCredential,
    GatewaySettings,
    IdentityProvider,
    RateLimit,
    RequestLog,
    RevokedJwt,
    Route,
    RouteBackend,
    SigningKey,
)
from mesh.registry.models import CircuitChange, Dependency, Instance, Mesh, Service

__all__ = [
    "Acknowledgement",
    "BasicCredential",
    "CircuitChange",
    "ConfigSnapshot",
    "Dependency",
    "GatewaySettings",
    "IdentityProvider",
    "Instance",
    "Mesh",
    "Node",
    "RateLimit",
    "RequestLog",
    "RevokedJwt",
    "Route",
    "RouteBackend",
    "Service",
    "ServiceCall",
    "SigningKey",
]
