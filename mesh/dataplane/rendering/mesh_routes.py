"""The mesh's routes: one virtual host per service, with its retries, timeout, split and faults.

A service is called as `http://<service>.<mesh>/`, those of the default mesh also as `http://<service>/`.
Reference: envoy.config.route.v3.RouteConfiguration.
"""

from collections.abc import Sequence

from mesh.chaos.rendering import per_route, split_for_resets
from mesh.dataplane.rendering.clusters import CALLER_HEADER, name_of
from mesh.dataplane.rendering.durations import duration
from mesh.dataplane.spec import Desired, Fault, Json, Retries, Service

NAME = "mesh"
INSTANCE_HEADER = "x-mesh-instance"


def mesh_routes(desired: Desired) -> Json:
    """The route configuration of the mesh listener."""
    faults: dict[str, list[Fault]] = {}
    for fault in desired.faults:
        if fault.service and not fault.route:
            faults.setdefault(fault.service, []).append(fault)
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": NAME,
        "virtual_hosts": [
            _virtual_host(service, desired.default_mesh, faults.get(service.key, [])) for service in desired.services
        ],
        "response_headers_to_add": [
            {
                "header": {"key": INSTANCE_HEADER, "value": "%UPSTREAM_HOST%"},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
    }


def _virtual_host(service: Service, default_mesh: str, faults: Sequence[Fault]) -> Json:
    names = [f"{service.name}.{service.mesh}"]
    if service.mesh == default_mesh:
        names.append(service.name)
    host: Json = {
        "name": service.key,
        "domains": names,
        "routes": [each for route in _routes(service) for each in split_for_resets(route, faults)],
        "include_attempt_count_in_response": True,
    }
    fault_filters = per_route(faults)
    if fault_filters:
        host["typed_per_filter_config"] = fault_filters
    return host


def _routes(service: Service) -> list[Json]:
    split = service.split
    everything: Json = {"prefix": "/"}
    versioned = name_of(service, split.version)
    if split.kind == "weight":
        shares = [
            {"name": versioned, "weight": split.percent},
            {"name": name_of(service), "weight": 100 - split.percent},
        ]
        action: Json = {"weighted_clusters": {"clusters": shares}}
        return [{"match": everything, "route": {**action, **_policy(service)}}]
    if split.kind == "header":
        wanted: Json = {"name": split.header}
        if split.value:
            wanted["string_match"] = {"exact": split.value}
        else:
            wanted["present_match"] = True
        return [
            {"match": {**everything, "headers": [wanted]}, "route": {"cluster": versioned, **_policy(service)}},
            {"match": everything, "route": {"cluster": name_of(service), **_policy(service)}},
        ]
    cluster = versioned if split.kind == "blue_green" else name_of(service)
    route: Json = {"cluster": cluster, **_policy(service)}
    if split.kind == "mirror":
        share = {"default_value": {"numerator": split.percent, "denominator": "HUNDRED"}}
        route["request_mirror_policies"] = [{"cluster": versioned, "runtime_fraction": share}]
    return [{"match": everything, "route": route}]


def _policy(service: Service) -> Json:
    policy: Json = {"timeout": duration(service.timeout_ms)}
    if service.retries is not None and service.retries.count > 0:
        policy["retry_policy"] = retry_policy(service.retries)
    if service.balancing == "ring_hash":
        policy["hash_policy"] = [{"header": {"header_name": service.hash_header or CALLER_HEADER}}]
    return policy


def retry_policy(retries: Retries) -> Json:
    """Envoy waits a random time below base * 2^(try - 1), at most max: exponential backoff with full jitter."""
    policy: Json = {
        "retry_on": retries.on,
        "num_retries": retries.count,
        "retry_back_off": {"base_interval": duration(retries.base_ms), "max_interval": duration(retries.max_ms)},
        # Another instance than the one that failed, where there is one.
        "retry_host_predicate": [
            {
                "name": "envoy.retry_host_predicates.previous_hosts",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
                },
            }
        ],
        "host_selection_retry_max_attempts": 3,
    }
    if retries.try_timeout_ms > 0:
        policy["per_try_timeout"] = duration(retries.try_timeout_ms)
    return policy
