"""What the gateway's views share: reading bodies and the names of things that requests refer to."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from rest_framework.serializers import Serializer

from governance.identity.models import User
from mesh.gateway.errors import InvalidLimit, InvalidProvider, InvalidRoute
from mesh.gateway.models import IdentityProvider, Route
from mesh.operators import require_operator
from mesh.registry.models import Service
from opinion_market.kernel.errors import InvalidInput


def valid(shape: type[Serializer[Any]], given: Any) -> dict[str, Any]:
    """The input in this shape. Raises ValidationError."""
    serializer = shape(data=given)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def service_named(text: str, refusal: type[InvalidInput], field: str = "upstream") -> Service:
    """A service by `mesh/service`. Raises `refusal`."""
    mesh, _, name = text.partition("/")
    found = Service.objects.select_related("mesh").filter(mesh__name=mesh, name=name).first()
    if found is None:
        raise refusal(f"{field}: there is no service {text}.", field=field)
    return found


def with_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """A route's values with the rows that its names stand for. Raises InvalidRoute."""
    read = dict(values)
    if "headers" in read:
        read["headers"] = [dict(each) for each in read["headers"]]
    if "upstream" in read:
        read["upstream"] = service_named(read["upstream"], InvalidRoute)
    if read.get("authentication") is not None:
        read["authentication"] = _named(
            IdentityProvider.objects.filter(name=read["authentication"]).first,
            InvalidRoute(f"authentication: there is no provider {read['authentication']}.", field="authentication"),
        )
    if read.get("cors") is not None:
        read["cors"] = dict(read["cors"])
    return read


def backends_of(given: list[Mapping[str, Any]] | None) -> list[dict[str, Any]] | None:
    """A split with its services. Raises InvalidRoute."""
    if given is None:
        return None
    return [{**each, "service": service_named(each["service"], InvalidRoute, "backends")} for each in given]


def limit_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """A limit's values with the route that its name stands for. Raises InvalidLimit."""
    read = dict(values)
    if read.get("route") is not None:
        read["route"] = _named(
            Route.objects.filter(name=read["route"]).first,
            InvalidLimit(f"route: there is no route {read['route']}.", field="route"),
        )
    return read


def provider_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """A provider's values with the service that its name stands for. Raises InvalidProvider."""
    read = dict(values)
    if read.get("service") is not None:
        read["service"] = service_named(read["service"], InvalidProvider, "service")
    return read


def user_of(caller: User, user_id: UUID) -> User:
    """An active user. Raises InvalidProvider, PermissionMissing."""
    require_operator(caller)
    found = User.objects.filter(pk=user_id, is_active=True).first()
    if found is None:
        raise InvalidProvider("user: there is no such active user.", field="user")
    return found


def _named(find: Callable[[], Any], refusal: InvalidInput) -> Any:
    found = find()
    if found is None:
        raise refusal
    return found
