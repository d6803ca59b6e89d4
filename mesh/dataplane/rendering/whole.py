"""All resources of what is wanted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mesh.chaos import doors
from mesh.chaos import rendering as chaos
from mesh.dataplane.rendering import mesh_routes
from mesh.dataplane.rendering.clusters import clusters_of
from mesh.dataplane.rendering.listeners import FRONT_DOOR, listeners
from mesh.dataplane.spec import Desired, Fault, Json, Resources, Service
from mesh.gateway import rendering as gateway
from mesh.gateway.spec import Route

_CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"


def render(desired: Desired) -> Resources:
    """Envoy's resources. Raises nothing for wishes that Envoy would refuse: `mesh.dataplane.validation` asks Envoy itself."""
    return Resources(
        cds=_clusters(desired),
        lds=listeners(desired),
        rds={FRONT_DOOR: _front_door(desired), mesh_routes.NAME: mesh_routes.mesh_routes(desired)},
        ecds=gateway.extension_configs(desired.gateway),
    )


def _clusters(desired: Desired) -> list[Json]:
    unhealthy = [fault for fault in desired.faults if fault.kind == "unhealthy"]
    affected = {fault.service for fault in unhealthy}
    versions = _routed_versions(desired.gateway.routes)
    found: list[Json] = []
    for service in desired.services:
        wanted = _reduced(service, unhealthy) if service.key in affected else service
        found.extend(clusters_of(wanted, versions.get(service.key, ())))
    own = [*gateway.clusters(desired.gateway), *chaos.clusters(desired.faults), *doors.clusters(desired.doors)]
    return [{"@type": _CLUSTER, **cluster} for cluster in [*found, *own]]


def _routed_versions(routes: Iterable[Route]) -> dict[str, set[str]]:
    """Which versions of which services the front door's routes name."""
    found: dict[str, set[str]] = {}
    for route in routes:
        found.setdefault(route.upstream, set()).add(route.version)
        for backend in route.split:
            found.setdefault(backend.service, set()).add(backend.version)
    return found


def _reduced(service: Service, faults: Sequence[Fault]) -> Service:
    own = [fault for fault in faults if fault.service == service.key]
    return replace(service, endpoints=chaos.without(service.endpoints, own))


def _front_door(desired: Desired) -> Json:
    hosts = gateway.virtual_hosts(desired.gateway, _cluster_name)
    upstreams = {route.name: route.upstream for route in desired.gateway.routes}
    for host in hosts:
        host["routes"] = [faulty for route in _routes_of(host) for faulty in _with_faults(route, desired, upstreams)]
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": FRONT_DOOR,
        "virtual_hosts": hosts,
        # What the client itself says of its address stands before what Envoy found, and is not believed.
        "request_headers_to_remove": ["x-envoy-external-address"],
    }


def _cluster_name(key: str, version: str) -> str:
    return f"{key}@{version}" if version else key


def _concerns(fault: Fault, route: str, upstream: str) -> bool:
    """A fault of a route is that route's alone; a fault of a service meets whoever calls it, the front door too."""
    return fault.route == route if fault.route else fault.service == upstream


def _routes_of(host: Json) -> Sequence[Json]:
    routes = host["routes"]
    return routes if isinstance(routes, list) else []


def _with_faults(route: Json, desired: Desired, upstreams: Mapping[str, str]) -> list[Json]:
    """The routes to put in place of this one: itself, with what experiments do to it."""
    name = str(route.get("name", ""))
    faults = [each for each in desired.faults if _concerns(each, name, upstreams.get(name, ""))]
    filters = chaos.per_route(faults)
    if filters:
        present = route.get("typed_per_filter_config")
        route = {**route, "typed_per_filter_config": {**(present if isinstance(present, dict) else {}), **filters}}
    return chaos.split_for_resets(route, faults)
