"""The front door's own clusters, beside those of the mesh's services."""

from mesh.gateway.rendering.authentication import AUTHORISER
from mesh.gateway.rendering.names import Json
from mesh.gateway.rendering.responses import origins
from mesh.gateway.spec import Gateway


def clusters(gateway: Gateway) -> list[Json]:
    """The platform's authorisation service, and what stands between the cache and the services it keeps answers of."""
    return [_authoriser(), *origins(gateway)]


def _authoriser() -> Json:
    """granian, apart from its other requests, so that neither waits for the other."""
    limits: Json = {"max_connections": 1_024, "max_pending_requests": 4_096, "max_requests": 4_096}
    endpoint: Json = {"endpoint": {"address": {"pipe": {"path": "@sockets/granian.sock"}}}}
    return {
        "name": AUTHORISER,
        "type": "STATIC",
        "connect_timeout": "1s",
        "circuit_breakers": {"thresholds": [limits]},
        "load_assignment": {"cluster_name": AUTHORISER, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
