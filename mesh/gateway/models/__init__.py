"""The gateway's tables: routes, limits, who proves identities, what is the same for all routes, and the request log."""

from mesh.gateway.models.authentication import BasicCredential, IdentityProvider, RevokedJwt, SigningKey
from mesh.gateway.models.limits import RateLimit
from mesh.gateway.models.requests import RequestLog
from mesh.gateway.models.routes import GatewaySettings, Route, RouteBackend

__all__ = [
    "BasicCredential",
    "GatewaySettings",
    "IdentityProvider",
    "RateLimit",
    "RequestLog",
    "RevokedJwt",
    "Route",
    "RouteBackend",
    "SigningKey",
]
