"""Making, changing, ordering and removing routes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from governance.identity.models import User
from mesh.dataplane.services import changing
from mesh.gateway.checking import check_route
from mesh.gateway.errors import InvalidRoute, PlatformRoute, RouteNotFound
from mesh.gateway.models import Route, RouteBackend
from mesh.gateway.services.defaults import WEB
from mesh.gateway.services.filling import fill
from mesh.operators import require_operator
from mesh.registry.models import Service

GAP = 10
FIELDS = frozenset(
    {
        "name", "is_enabled", "description", "hosts", "match", "path", "methods", "headers", "upstream",
        "upstream_version", "rewrite", "timeout_ms", "is_open_ended", "is_websocket", "retries", "retry_on",
        "authentication", "cors", "is_compressed", "has_security_headers", "body_limit_bytes", "cache_s", "api_version",
        "deprecated_at", "sunset_at", "successor",
    }
)  # fmt: skip
# What of the platform's own routes may be changed: they must stay what makes the platform reachable.
PLATFORM_FIELDS = frozenset(
    {"is_enabled", "description", "timeout_ms", "is_compressed", "has_security_headers", "body_limit_bytes"}
)
Backends = Sequence[Mapping[str, Any]]


def create_route(
    *, actor: User, values: Mapping[str, object], backends: Backends = (), reason: str, now: datetime
) -> Route:
    """A new route, tried before the platform's own catch-all and after all others.

    `values`: the fields of the model by name; `backends`: mappings of service, version and weight, if it is split.
    Locks: the configuration. Raises: InvalidRoute, ConfigurationRefused, PermissionMissing.
    """
    require_operator(actor)
    with changing(actor=actor, reason=reason, now=now):
        route = Route(created_at=now, updated_at=now)
        fill(route, values, allowed=FIELDS, refusal=InvalidRoute)
        check_route(route, backends)
        route.save()
        _set_backends(route, backends)
        _in_order(_with(route))
    return route


def change_route(
    *,
    actor: User,
    route_id: UUID,
    values: Mapping[str, object],
    backends: Backends | None = None,
    reason: str,
    now: datetime,
) -> Route:
    """Change what is named; `backends` replaces the split (empty: none), None leaves it.

    Locks: the configuration. Raises: RouteNotFound, InvalidRoute, PlatformRoute, ConfigurationRefused, PermissionMissing.
    """
    require_operator(actor)
    with changing(actor=actor, reason=reason, now=now):
        route = _route(route_id)
        if route.is_platform and (set(values) - PLATFORM_FIELDS or backends):
            raise PlatformRoute(
                "Of the platform's own routes only limits, headers and whether they are on can be changed."
            )
        if route.is_platform and route.name == WEB and values.get("is_enabled") is False:
            raise PlatformRoute("Without this route nobody reaches the console to turn it on again.")
        fill(route, values, allowed=FIELDS, refusal=InvalidRoute)
        kept: Backends = list(route.backends.values("service", "version", "weight"))
        check_route(route, kept if backends is None else backends)
        route.updated_at = now
        route.save()
        if backends is not None:
            route.backends.all().delete()
            _set_backends(route, backends)
    return route


def move_route(*, actor: User, route_id: UUID, before: UUID | None, reason: str, now: datetime) -> None:
    """Try the route before another one, or last. Raises RouteNotFound, ConfigurationRefused, PermissionMissing."""
    require_operator(actor)
    with changing(actor=actor, reason=reason, now=now):
        moved = _route(route_id)
        others = [each for each in Route.objects.all() if each.pk != moved.pk]
        place = len(others)
        if before is not None:
            places = [index for index, each in enumerate(others) if each.pk == before]
            if not places:
                raise RouteNotFound
            place = places[0]
        _in_order([*others[:place], moved, *others[place:]])


def remove_route(*, actor: User, route_id: UUID, reason: str, now: datetime) -> None:
    """Remove it with its limits. Raises RouteNotFound, PlatformRoute, ConfigurationRefused, PermissionMissing."""
    require_operator(actor)
    with changing(actor=actor, reason=reason, now=now):
        route = _route(route_id)
        if route.is_platform:
            raise PlatformRoute("The platform's own routes can be disabled, not removed.")
        route.delete()


def _route(route_id: UUID) -> Route:
    found = Route.objects.select_for_update(of=("self",)).filter(pk=route_id).first()
    if found is None:
        raise RouteNotFound
    return found


def _set_backends(route: Route, backends: Backends) -> None:
    rows = [
        RouteBackend(route=route, service=each["service"], version=each.get("version", ""), weight=each["weight"])
        for each in backends
        if isinstance(each["service"], Service)
    ]
    if len(rows) != len(backends) or len({(row.service_id, row.version) for row in rows}) != len(rows):
        raise InvalidRoute("backends: each names another service or version.", field="backends")
    RouteBackend.objects.bulk_create(rows)


def _with(new: Route) -> list[Route]:
    """All routes, the new one before the first of the platform's own, whose last takes every request that is left."""
    others = [each for each in Route.objects.all() if each.pk != new.pk]
    place = next((index for index, each in enumerate(others) if each.is_platform), len(others))
    return [*others[:place], new, *others[place:]]


def _in_order(routes: Sequence[Route]) -> None:
    for index, route in enumerate(routes):
        route.position = index * GAP
    Route.objects.bulk_update(routes, ["position"])
