"""What the gateway refuses."""

from opinion_market.kernel.errors import Conflict, DomainError, InvalidInput, NotFound


class RouteNotFound(NotFound):
    code = "route_not_found"
    title = "There is no such route."


class InvalidRoute(InvalidInput):
    """A route's conditions or actions contradict one another, or are not what Envoy understands; the message names the field."""

    code = "invalid_route"
    title = "The route cannot be like this."


class PlatformRoute(Conflict):
    """The platform's own routes keep it reachable: they can be ordered and disabled, but not removed or led elsewhere."""

    code = "platform_route"
    title = "This is one of the platform's own routes."


class LimitNotFound(NotFound):
    code = "limit_not_found"
    title = "There is no such limit."


class InvalidLimit(InvalidInput):
    code = "invalid_limit"
    title = "The limit cannot be like this."


class ProviderNotFound(NotFound):
    code = "provider_not_found"
    title = "There is no such identity provider."


class InvalidProvider(InvalidInput):
    """A JWT provider needs an issuer, an audience and public keys (RSA of 2,048 bits or more, or Ed25519); never private ones."""

    code = "invalid_provider"
    title = "The identity provider cannot be like this."


class ProviderInUse(Conflict):
    """Routes authenticate with this provider; change them first. `data.routes` names them."""

    code = "provider_in_use"
    title = "Routes depend on this identity provider."


class InvalidMiddleware(InvalidInput):
    """The order must name each step once, and limits per user, key or tenant count only after authentication."""

    code = "invalid_middleware"
    title = "The pipeline cannot be in this order."


class FrontDoorUnreachable(DomainError):
    """The front door does not answer, so a request cannot be sent through it."""

    code = "front_door_unreachable"
    status = 503
    title = "The front door does not answer."


class InvalidRequest(InvalidInput):
    code = "invalid_request"
    title = "This is no request that HTTP can carry."
