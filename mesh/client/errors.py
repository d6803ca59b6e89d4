"""What calling a service through the mesh can come to."""

from opinion_market.kernel.errors import DomainError, NotFound


class ServiceUnknown(NotFound):
    code = "service_not_found"
    title = "The mesh has no service of this name."


class MeshUnreachable(DomainError):
    """This node's Envoy does not answer, so nothing was sent."""

    code = "mesh_unreachable"
    status = 503
    title = "The mesh cannot be reached from this node."


class CallUnfinished(DomainError):
    """The service may have acted on the request."""

    code = "call_unfinished"
    status = 504
    title = "The answer did not come in time, or broke off."
